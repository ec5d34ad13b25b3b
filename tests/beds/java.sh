#!/usr/bin/env bash
# Makes target/bed/java, the Java of the tests: that of the Spark bed, with options for JVMs that live for seconds and an
# archive of Spark's classes. Both halve the CPU time of a start of Spark.
set -euo pipefail
cd "$(dirname "$0")"
. ./steps.sh
. "$target/env"

java=$beds/java
stamp=$(cat java.sh steps.sh "$beds/spark/.stamp"; "$JAVA_HOME/bin/java" -version 2>&1)
if is_made "$java" "$stamp"; then
    step java "$java"
    exit
fi

step java "$java, with an archive of Spark's classes (half a minute)"
new=$(mktemp -d "$beds/java.XXXXXX")
trap 'rm -rf "$new"' EXIT
mkdir "$new/bin"
ln -s "$JAVA_HOME"/bin/* "$new/bin/"
rm "$new/bin/java"
# A JVM can use the archive if its class path begins with the jars of the archive. The class path of a driver begins with
# its configuration folder, so that the script moves this folder to the end. Any other JVM starts without the archive.
cat >"$new/bin/java" <<EOF
#!/bin/sh
previous=
for each; do
    shift
    case \$previous:\$each in -cp:*/conf/:*) each=\${each#*:}:\${each%%:*} ;; esac
    set -- "\$@" "\$each"
    previous=\$each
done
exec '$JAVA_HOME/bin/java' $jvm_options -XX:SharedArchiveFile='$java/spark.jsa' '-Xlog:cds*=off' "\$@"
EOF
chmod -R a+rX "$new"
chmod +x "$new/bin/java"

cat >"$new/program.py" <<'EOF'
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize(range(4), 2).map(lambda n: n + 1).sum()
spark.range(4).selectExpr("id % 2 AS half").groupBy("half").count().collect()
spark.stop()
EOF
JDK_JAVA_OPTIONS="$jvm_options -XX:ArchiveClassesAtExit=$new/spark.jsa" \
    "$beds/spark/bin/spark-submit" --master 'local[1]' "$new/program.py" >"$new/log" 2>&1 || {
    cat "$new/log" >&2
    exit 1
}
rm "$new/program.py" "$new/log"
echo "$stamp" >"$new/.stamp"
rm -rf "$java"
mv "$new" "$java"
