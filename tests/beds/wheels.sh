#!/usr/bin/env bash
# The wheels that `pip install 'lcmap-spark[spark]'` needs beside its own, in target/bed/wheels: those of the Spark bed,
# which pip has in its cache since then.
set -euo pipefail
cd "$(dirname "$0")"
. ./steps.sh

spark=$beds/spark wheels=$beds/wheels
stamp=$("$spark/bin/pip" --disable-pip-version-check freeze | grep -E '^(py4j|pyspark)==')
if ! is_made "$wheels" "$stamp"; then
    step wheels "$(xargs <<<"$stamp"), into $wheels"
    new=$(mktemp -d "$beds/wheels.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    # shellcheck disable=SC2086 # a word for each package
    "$spark/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$new" $stamp ||
        missing wheels "pip could not fetch them: see above"
    echo "$stamp" >"$new/.stamp"
    chmod 755 "$new"
    rm -rf "$wheels"
    mv "$new" "$wheels"
fi
step wheels "$wheels"
