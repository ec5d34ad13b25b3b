#!/usr/bin/env bash
# The image of Spark jobs for nodes, localhost/lcmap-spark:bed, as an archive: the podman bed's own.
set -euo pipefail
cd "$(dirname "$0")"
. ../steps.sh

archive=$beds/kubernetes/spark.tar # not in images/, which every node has from the beginning
mkdir -p "$beds/kubernetes"
exec 9>"$beds/kubernetes/spark.lock"
flock 9 # two tests may ask at once
../podman.sh
stamp=$(cat spark-image.sh "$beds/podman/.stamp" | sha256sum)
[ -f "$archive" ] && [ "$(cat "$archive.stamp" 2>/dev/null)" = "$stamp" ] && exit
export CONTAINERS_CONF=$beds/podman/containers.conf CONTAINERS_STORAGE_CONF=$beds/podman/storage.conf
rm -f "$archive"
podman save --quiet --output "$archive" localhost/lcmap-spark:bed
echo "$stamp" >"$archive.stamp"
step image "localhost/lcmap-spark:bed, for nodes"
