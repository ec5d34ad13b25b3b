"""The first job of every newcomer: a sum."""

import pyspark

sc = pyspark.SparkContext()
print("The sum of 0, 1 and 2 is", sc.parallelize(range(3)).sum())
sc.stop()
