#!/usr/bin/env bash
# The Cassandra bed, target/bed/cassandra: Cassandra and Spark's connector as jars from Maven Central, and a Python with
# pyccd and Cassandra's driver. Run it as often as you like: what is there already is left alone.
set -euo pipefail
cd "$(dirname "$0")"
. ../steps.sh

bed=$beds/cassandra
stamp=$(cat build.sh ./*.xml ../../../image/connector.* requirements.txt "$beds/spark/.stamp" | sha256sum)
mkdir -p "$beds"
exec 9>"$beds/cassandra.lock"
flock 9 # two tests may ask at once
if ! is_made "$bed" "$stamp"; then
    step cassandra "Cassandra and pyccd, into $bed (a minute)"
    rm -rf "$bed"
    command -v mvn >/dev/null || missing Maven "install Maven: apt-get install maven"
    mvn --batch-mode --quiet --file server.xml org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$bed/server" || missing Cassandra "Maven could not fetch it: see above"
    ../../../image/connector.sh "$bed/connector" || missing "Spark's connector" "Maven could not fetch it: see above"
    "$beds/spark/bin/python3" -m venv "$bed/python"
    "$bed/python/bin/pip" install --quiet --disable-pip-version-check --no-compile -r requirements.txt ||
        missing pyccd "pip could not install it: see above"
    echo "$stamp" >"$bed/.stamp"
fi
step cassandra "$bed"
