"""Detects land cover change in every pixel of a chip (CCDC, by pyccd), and saves the segments to Cassandra.

    spark-submit --py-files series.py detect.py -x -1821585 -y 2891595 --pixels 4

A segment is a time in which a pixel's series follows one model. It ends in a break, or with the series."""

import argparse
import json
import warnings
from datetime import date

import ccd
import numpy
from pyspark import SparkFiles
from pyspark.sql import SparkSession

import series

SCHEMA = "x int, y int, start date, stop date, broke date, probability double, observations int, nir double, red double"
COLUMNS = {"keyspace": "landcover", "table": "segments"}


def made_up(options):
    """A chip in the shape of Landsat's ARD, from series.py."""
    return list(series.chip(options.x, options.y, options.pixels))


def stored(options):
    """The chip that a chip service has answered with, from a file of the job."""
    with open(SparkFiles.get(options.answer)) as file:
        answer = json.load(file)
    return [((entry["x"], entry["y"]), entry["series"]) for entry in answer["pixels"]]


def segments(pixel):
    """What pyccd finds in a pixel, a row for each segment."""
    (x, y), bands = pixel
    warnings.filterwarnings("ignore", category=FutureWarning, module="ccd")  # pyccd was written for an older scipy
    found = ccd.detect(**{name: numpy.asarray(values) for name, values in bands.items()})
    for model in found["change_models"]:
        broke = model["change_probability"] == 1.0
        yield (
            x,
            y,
            date.fromordinal(model["start_day"]),
            date.fromordinal(model["end_day"]),
            date.fromordinal(model["break_day"]) if broke else None,
            float(model["change_probability"]),
            int(model["observation_count"]),
            float(model["nir"]["magnitude"]),
            float(model["red"]["magnitude"]),
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-x", type=int, required=True, help="the chip's left edge, in metres (Albers)")
    parser.add_argument("-y", type=int, required=True, help="its upper edge")
    parser.add_argument("--pixels", type=int, default=4, help="pixels on a side")
    parser.add_argument("--answer", help="a chip service's answer among the job's files, instead of a chip made up")
    options = parser.parse_args()

    spark = SparkSession.builder.getOrCreate()
    pixels = stored(options) if options.answer else made_up(options)
    rows = spark.sparkContext.parallelize(pixels, min(4, len(pixels))).flatMap(segments)
    frame = spark.createDataFrame(rows, SCHEMA)
    frame.write.format("org.apache.spark.sql.cassandra").options(**COLUMNS).mode("append").save()

    # What was saved, and not what was computed.
    saved = spark.read.format("org.apache.spark.sql.cassandra").options(**COLUMNS).load()
    side = 30 * options.pixels
    of_chip = saved.where(f"x >= {options.x} and x < {options.x + side} and y <= {options.y} and y > {options.y - side}")
    breaks = of_chip.where("broke is not null").groupBy("broke").count().orderBy("broke").collect()
    print(f"{of_chip.count()} segments of {of_chip.select('x', 'y').distinct().count()} pixels are saved")
    for row in breaks:
        print(f"{row['count']} pixels changed on {row['broke']}")
    spark.stop()


if __name__ == "__main__":
    main()
