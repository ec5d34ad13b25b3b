#!/usr/bin/env bash
# Fetches Spark with its Mesos backend from PyPI, once, and prints its home.
# usage: spark.sh CACHE_DIR [VERSION]
set -euo pipefail
version=${2:-3.5.9}
mkdir -p "$1"
cache=$(cd "$1" && pwd)
home=$cache/$version
exec 9>"$cache/.lock"
flock 9
if [ ! -d "$home" ]; then
    work=$(mktemp -d "$cache/.making-XXXXXX")
    trap 'rm -rf "$work"' EXIT
    pip install --quiet --target "$work/python" "pyspark==$version" >&2
    mv "$work/python" "$home"
    echo "mesos bed: Spark $version fetched (${SECONDS} s)" >&2
fi
echo "$home/pyspark"
