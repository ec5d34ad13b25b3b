#!/usr/bin/env bash
# connector.sh FOLDER: fetches the jars of the Spark-Cassandra Connector from Maven Central into a folder, and holds them
# against connector.sha256.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(realpath -m "$1")
command -v mvn >/dev/null || { echo "image/connector.sh: Maven is missing: apt-get install maven" >&2; exit 1; }
mvn --batch-mode --quiet --file "$here/connector.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$folder"
cd "$folder"
sha256sum --check --strict --quiet "$here/connector.sha256"
diff <(ls ./*.jar) <(sed 's/.* //; s|^|./|' "$here/connector.sha256") >&2 || { echo "image/connector.sh: other jars came than connector.sha256 lists" >&2; exit 1; }
