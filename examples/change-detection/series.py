"""Time series in the shape of Landsat's Analysis Ready Data, made up: what the sensor would have seen of a few pixels.

Reflectances are scaled by 10,000, the brightness temperature is in tenths of a Kelvin, days are Python's ordinals, and the
quality band has one bit for each kind of look."""

import math
from datetime import date, timedelta

BANDS = ("blue", "green", "red", "nir", "swir1", "swir2", "thermal")
CLEAR, CLOUD = 1 << 1, 1 << 5

FOREST = {"blue": 300, "green": 500, "red": 400, "nir": 3000, "swir1": 1500, "swir2": 700, "thermal": 2900}
BARE = {"blue": 900, "green": 1200, "red": 1600, "nir": 2200, "swir1": 3000, "swir2": 2400, "thermal": 3000}

FIRST, LAST, REVISIT = date(1999, 1, 6), date(2006, 12, 20), timedelta(days=16)
CLEARED = date(2003, 5, 1)


def days():
    day = FIRST
    while day <= LAST:
        yield day
        day += REVISIT


def noise(*seed):
    """Between -1 and 1, the same each time."""
    return math.sin(sum((at + 1) * 12.9898 * value for at, value in enumerate(seed))) * 43758.5453 % 2 - 1


def reflectance(band, day, x, y, cover):
    season = math.cos(2 * math.pi * (day.timetuple().tm_yday - 200) / 365.25)
    return round(cover[band] * (1 + 0.08 * season) + 20 * noise(day.toordinal(), x, y, BANDS.index(band)))


def pixel(x, y, cleared=None):
    """The arguments of `ccd.detect` for a pixel of forest, which was cut on a day, or never."""
    dates = list(days())
    covers = [BARE if cleared and day >= cleared else FOREST for day in dates]
    bands = {
        f"{band}s": [reflectance(band, day, x, y, cover) for day, cover in zip(dates, covers)] for band in BANDS
    }
    quality = [CLOUD if noise(day.toordinal(), x) > 0.6 else CLEAR for day in dates]
    return {"dates": [day.toordinal() for day in dates], **bands, "qas": quality}


def chip(x, y, size):
    """Every pixel of a square whose upper left corner is (x, y), 30 m apart. Where the sum of column and row is even, the
    forest was cut."""
    for row in range(size):
        for column in range(size):
            place = (x + 30 * column, y - 30 * row)
            yield place, pixel(*place, cleared=CLEARED if (row + column) % 2 == 0 else None)
