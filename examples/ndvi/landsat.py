"""Landsat observations: what one line of observations.csv means."""

from datetime import date
from typing import NamedTuple

SEASONS = ["winter", "spring", "summer", "autumn"]


class Observation(NamedTuple):
    pixel: int
    taken: date
    red: int
    nir: int
    qa: str

    @classmethod
    def parse(cls, line):
        pixel, taken, red, nir, qa = line.strip().split(",")
        return cls(int(pixel), date.fromisoformat(taken), int(red), int(nir), qa)

    @property
    def clear(self):
        return self.qa == "clear"

    @property
    def season(self):
        return SEASONS[self.taken.month % 12 // 3]

    @property
    def ndvi(self):
        """How green it is: -1 is water, 0 is bare, 1 is dense leaves."""
        return (self.nir - self.red) / (self.nir + self.red)
