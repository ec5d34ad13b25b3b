"""The mean greenness of each season, from clear observations only."""

from landsat import SEASONS, Observation
from pyspark import SparkFiles
from pyspark.sql import SparkSession

if __name__ == "__main__":
    spark = SparkSession.builder.getOrCreate()
    with open(SparkFiles.get("observations.csv")) as file:
        lines = file.readlines()[1:]

    means = (
        spark.sparkContext.parallelize(lines, 4)
        .map(Observation.parse)
        .filter(lambda observation: observation.clear)
        .map(lambda observation: (observation.season, (observation.ndvi, 1)))
        .reduceByKey(lambda a, b: (a[0] + b[0], a[1] + b[1]))
        .collectAsMap()
    )

    print(f"{'season':<8}{'ndvi':>6}{'clear':>7}")
    for season in SEASONS:
        total, count = means[season]
        print(f"{season:<8}{total / count:>6.2f}{count:>7}")
    spark.stop()
