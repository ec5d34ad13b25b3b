#!/usr/bin/env bash
# files.sh PROGRAMS FOLDER: puts what the Dockerfile copies into a folder: the agent and libmesos.so of a folder, and the
# Spark-Cassandra Connector from Maven Central, by checksum.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
programs=$1 folder=$2
rm -rf "$folder"
mkdir -p "$folder"
cp "$programs/lcmap-agent" "$programs/libmesos.so" "$folder/"
"$here/connector.sh" "$folder/connector"
