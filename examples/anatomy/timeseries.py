"""What the steps of anatomy.py do: time series of Landsat observations in, the greatest change of each pixel out."""

import csv
from itertools import groupby

from pyspark import SparkFiles


def read_timeseries_data():
    """The clear observations of each pixel, in order: (pixel, [(date, ndvi), ...]). The driver reads them."""
    with open(SparkFiles.get("observations.csv"), newline="") as file:
        clear = [row for row in csv.DictReader(file) if row["qa"] == "clear"]
    series = groupby(clear, key=lambda row: row["pixel"])
    return [(int(pixel), [(row["date"], ndvi(row)) for row in rows]) for pixel, rows in series]


def ndvi(row):
    red, nir = int(row["red"]), int(row["nir"])
    return (nir - red) / (nir + red)


def calculate_change_detection(series):
    """The two neighbouring observations of a pixel that differ most. Executors compute it."""
    pixel, observations = series
    return pixel, max(zip(observations, observations[1:]), key=lambda pair: abs(pair[1][1] - pair[0][1]))


def save(changes):
    """Here: prints them. The driver gets them for it; with a database, executors would write them there."""
    print(f"{'pixel':<7}{'from':<12}{'to':<12}{'change':>6}")
    for pixel, ((before, was), (after, now)) in changes.collect():
        print(f"{pixel:<7}{before:<12}{after:<12}{now - was:>+6.2f}")
