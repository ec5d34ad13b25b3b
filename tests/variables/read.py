"""Lists the environment variables that the pyspark of this Python reads: in its classes, its scripts and its own code."""

import glob
import os
import re
import struct
import zipfile

import pyspark

HOME = os.path.dirname(pyspark.__file__)
NAME = re.compile(r"_?(SPARK|PYSPARK|PYTHON|IPYTHON|SPARKR|HADOOP|YARN|JAVA|MESOS)_?[A-Z0-9_]*[A-Z0-9]|MASTER|DEPLOY_MODE|CONTAINER_ID|LOCAL_DIRS")
# Prefixes and words of other kinds, Spark's own tests, and what only a part reads that no job of ours runs.
OTHERS = {"SPARK", "PYSPARK", "PYTHON", "YARN", "JAVA", "MESOS", "HADOOP"}
FOREIGN = re.compile(r"SPARK_(TEST_|CONNECT_(?!MODE|LOCAL)|PARTITION_|DATAFRAME_)|PYSPARK_ARCHIVES_PATH")


def constants(data):
    """The UTF-8 texts of a class, and those that are string constants."""
    count, at, index, texts, strings = struct.unpack(">H", data[8:10])[0], 10, 1, {}, []
    while index < count:
        tag = data[at]
        if tag == 1:
            length = struct.unpack(">H", data[at + 1 : at + 3])[0]
            texts[index] = data[at + 3 : at + 3 + length].decode("utf-8", "replace")
            at += 3 + length
        elif tag == 8:
            strings.append(struct.unpack(">H", data[at + 1 : at + 3])[0])
            at += 3
        elif tag in (5, 6):
            at += 9
            index += 1
        else:
            at += {7: 3, 16: 3, 19: 3, 20: 3, 15: 4}.get(tag, 5)
        index += 1
    return set(texts.values()), [texts[string] for string in strings]


def of_classes():
    for jar in glob.glob(f"{HOME}/jars/spark-*.jar"):
        with zipfile.ZipFile(jar) as archive:
            for name in archive.namelist():
                if name.endswith(".class"):
                    texts, strings = constants(archive.read(name))
                    if "getenv" in texts or {"env", "scala/sys/package$"} <= texts:
                        yield from strings


def of_scripts():
    for script in ("spark-class", "pyspark", "spark-shell", "spark-submit", "load-spark-env.sh", "find-spark-home"):
        with open(f"{HOME}/bin/{script}") as text:
            yield from re.findall(r"\$\{?([A-Z_]+)", text.read())


def of_python():
    for file in glob.glob(f"{HOME}/**/*.py", recursive=True):
        if "/tests/" not in file and "/testing/" not in file:
            with open(file) as text:
                yield from re.findall(r"(?:environ(?:\.get)?[\[(]|getenv\()\s*\"([A-Z_]+)\"", text.read())


names = {name for names in (of_classes(), of_scripts(), of_python()) for name in names}
own = {"SPARK_ENV_SH", "SPARK_JARS_DIR", "SPARK_SCALA_VERSION_1"}  # variables of the scripts themselves
for name in sorted(names - OTHERS - own):
    if NAME.fullmatch(name) and not FOREIGN.match(name) and not name.endswith("_"):
        print(name)
