"""Reach: which points each site is within minutes of, as compressed rows; and what "within" means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.arrays import Mask, Minutes, Positions, frozen

TOLERANCE_MINUTES = 1e-6
"""What a time may exceed the limit by and still be within it: room for the rounding of sums, 60 microseconds."""


def is_within(minutes: Minutes, limit: float) -> Mask:
    """Tell which times are within the limit: <=, to a tolerance of 1e-6 minutes, decided in float64.

    Times already stored as float32 are compared with the limit rounded alike, so that rounding never loses a pair.
    """
    times = np.asarray(minutes)
    most = limit + TOLERANCE_MINUTES
    return times <= (np.float32(most) if times.dtype == np.float32 else most)


@dataclass(frozen=True, eq=False)
class Reach:
    """Compressed rows, one a site: ``starts`` ``(sites + 1,)``, ``points`` and ``minutes`` ``(pairs,)``.

    Points ascend within a row; a point that is absent is out of reach.
    """

    starts: Positions
    points: Positions
    minutes: Minutes

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", frozen(self.starts, np.int64))
        object.__setattr__(self, "points", frozen(self.points, np.int32))
        object.__setattr__(self, "minutes", frozen(self.minutes, np.float32))

    @classmethod
    def from_pairs(cls, site: Positions, point: Positions, minutes: Minutes, *, sites: int, limit: float) -> Reach:
        """Compress (site, point, minutes) triples in any order, the quickest of repeated pairs, those over the limit left out."""
        kept = np.flatnonzero(is_within(minutes, limit))
        order = kept[np.lexsort((minutes[kept], point[kept], site[kept]))]
        again = (np.diff(site[order], prepend=-1) == 0) & (np.diff(point[order], prepend=-1) == 0)
        order = order[~again]
        starts = np.zeros(sites + 1, np.int64)
        np.cumsum(np.bincount(site[order], minlength=sites), out=starts[1:])
        return cls(starts, point[order], minutes[order])

    def within(self, minutes: float) -> Reach:
        """Only the pairs within a stricter limit."""
        kept = np.flatnonzero(is_within(self.minutes, minutes))
        starts, points, times = np.searchsorted(kept, self.starts), self.points[kept], self.minutes[kept]
        for array in (starts, points, times):
            array.flags.writeable = False  # ours alone, so that nothing copies them again
        return Reach(starts, points, times)
