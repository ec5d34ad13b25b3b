"""Eight tasks of two seconds each, twice, with a pause between: long enough to have something happen in the middle."""

import sys
import time

from pyspark.sql import SparkSession


def slowly(number):
    time.sleep(2)
    return number


context = SparkSession.builder.appName("slow").getOrCreate().sparkContext
for turn in range(2):
    if turn > 0:
        time.sleep(float(sys.argv[1]))
    total = context.parallelize(range(8), 8).map(slowly).sum()
    print(f"turn {turn}: {total}", flush=True)
context.stop()
