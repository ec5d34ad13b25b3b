#!/usr/bin/env bash
# The Spark bed: Java, and a private Python environment with Spark and Jupyter in target/bed/spark.
# Run it as often as you like: what is there already is left alone. `. target/env` then puts it on PATH.
set -euo pipefail
cd "$(dirname "$0")"
. ./steps.sh

spark=$beds/spark

# Spark 3.5 runs on Java 8, 11 and 17 (https://spark.apache.org/docs/3.5.0/), and fails on 24 and later.
is_fit() { # JAVA_HOME
    local version
    version=$("$1/bin/java" -version 2>&1) && grep -qE 'version "(11|17)[."]' <<<"$version"
}

java_home() {
    local java candidate
    java=$(readlink -f "$(command -v java || true)")
    for candidate in ${JAVA_HOME:+"$JAVA_HOME"} ${java:+"${java%/bin/java}"} /usr/lib/jvm/*; do
        if [ -x "$candidate/bin/java" ] && is_fit "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

python_with_venv() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
            command -v "$python"
            return
        fi
    done
}

java=$(java_home)
if [ -z "$java" ]; then
    apt_install openjdk-17-jre-headless
    java=$(java_home)
    [ -n "$java" ] || missing "Java 17" "openjdk-17-jre-headless was installed, and no Java 17 is in /usr/lib/jvm"
fi
step java "$java"

python=$(python_with_venv)
if [ -z "$python" ]; then
    apt_install python3 python3-venv
    python=$(python_with_venv)
    [ -n "$python" ] || missing "Python 3 with venv" "python3 -m venv does not work: install Python 3.8 or later"
fi
step python "$python ($("$python" -V))"

stamp=$("$python" -V; sha256sum <spark-requirements.txt)
if ! is_made "$spark" "$stamp"; then
    step installing "$(grep -v '^#' spark-requirements.txt | xargs), into $spark (about a minute)"
    rm -rf "$spark"
    "$python" -m venv "$spark"
    "$spark/bin/pip" install --quiet --disable-pip-version-check -r spark-requirements.txt ||
        missing "Spark and Jupyter" "pip could not install them: see above"
    echo "$stamp" >"$spark/.stamp"
fi
step spark "$spark ($("$spark/bin/pip" --disable-pip-version-check freeze | grep -iE '^(pyspark|notebook)==' | xargs))"

cat >"$target/env" <<EOF
# Written by tests/beds/spark.sh. Puts lcmap-spark, Spark and Jupyter on this shell's PATH: . target/env
export JAVA_HOME='$java'
export PATH='$target/bin':'$spark/bin':"\$JAVA_HOME/bin":"\$PATH"
unset SPARK_HOME
EOF
