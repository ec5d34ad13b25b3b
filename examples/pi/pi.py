"""Pi by throwing darts: python pi.py [PARTITIONS]"""

import random
import sys

from pyspark.sql import SparkSession

DARTS = 100_000


def hits(partition):
    darts = random.Random(partition)
    return sum(darts.random() ** 2 + darts.random() ** 2 < 1 for _ in range(DARTS))


if __name__ == "__main__":
    partitions = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    spark = SparkSession.builder.getOrCreate()
    inside = spark.sparkContext.parallelize(range(partitions), partitions).map(hits).sum()
    print(f"Pi is roughly {4 * inside / (partitions * DARTS):.4f}")
    spark.stop()
