#!/usr/bin/env bash
# Fetches Mesos' Java classes of some versions from Maven Central, once, and prints the folder: mesos-<version>.jar each.
# usage: classes.sh CACHE_DIR
set -euo pipefail
versions=(1.0.0 1.4.0 1.9.0 1.11.0)
mkdir -p "$1"
cache=$(cd "$1" && pwd)
exec 9>"$cache/.lock"
flock 9
for version in "${versions[@]}"; do
    [ -f "$cache/mesos-$version.jar" ] && continue
    mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
        -Dartifact="org.apache.mesos:mesos:$version:jar:shaded-protobuf" -DoutputDirectory="$cache/.fetched" >&2
    mv "$cache/.fetched/mesos-$version-shaded-protobuf.jar" "$cache/mesos-$version.jar"
done
rm -rf "$cache/.fetched"
echo "$cache"
