"""The anatomy of a Spark job, in five steps."""

import pyspark

from timeseries import calculate_change_detection, read_timeseries_data, save

# create Spark cluster
sc = pyspark.SparkContext()

# load and partition input data (10 partitions)
rdd1 = sc.parallelize(read_timeseries_data(), 10)

# construct execution graph: nothing is computed yet
rdd2 = rdd1.map(calculate_change_detection)

# save calculation results: this computes them
save(rdd2)

# shut down Spark cluster
sc.stop()
