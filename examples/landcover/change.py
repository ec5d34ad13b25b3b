"""Counts how land cover changed between the first and the last year of landcover.csv."""

import csv

from pyspark import SparkFiles
from pyspark.sql import SparkSession


def rows(name):
    # The driver reads the file and hands its rows out, so that executors on other machines need no copy of it.
    with open(SparkFiles.get(name), newline="") as file:
        return list(csv.DictReader(file))


def first_to_last(years):
    covers = [cover for _, cover in sorted(years)]
    return covers[0], covers[-1]


if __name__ == "__main__":
    spark = SparkSession.builder.getOrCreate()
    pixels = (
        spark.sparkContext.parallelize(rows("landcover.csv"), 4)
        .map(lambda row: (row["pixel"], (int(row["year"]), row["cover"])))
        .groupByKey()
        .mapValues(first_to_last)
        .values()
    )
    changes = pixels.map(lambda change: (change, 1)).reduceByKey(lambda a, b: a + b).collect()

    print(f"{'from':<12}{'to':<12}{'pixels':>6}")
    for (before, after), count in sorted(changes, key=lambda change: (-change[1], change[0])):
        if before != after:
            print(f"{before:<12}{after:<12}{count:>6}")
    changed = sum(count for (before, after), count in changes if before != after)
    print(f"{changed} of {pixels.count()} pixels changed")
    spark.stop()
