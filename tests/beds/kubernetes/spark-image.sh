#!/usr/bin/env bash
# The image of Spark jobs for nodes, localhost/lcmap-spark:bed, as an archive: the podman bed's own.
set -euo pipefail
cd "$(dirname "$0")"
. ../steps.sh

images=$beds/kubernetes/images
mkdir -p "$images"
exec 9>"$beds/kubernetes/images.lock"
flock 9 # two tests may ask at once
../podman.sh
stamp=$(cat spark-image.sh "$beds/podman/.stamp" | sha256sum)
[ -f "$images/spark.tar" ] && [ "$(cat "$images/.spark.stamp" 2>/dev/null)" = "$stamp" ] && exit
export CONTAINERS_CONF=$beds/podman/containers.conf CONTAINERS_STORAGE_CONF=$beds/podman/storage.conf
rm -f "$images/spark.tar"
podman save --quiet --output "$images/spark.tar" localhost/lcmap-spark:bed
echo "$stamp" >"$images/.spark.stamp"
step image "localhost/lcmap-spark:bed, for nodes"
