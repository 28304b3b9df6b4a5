"""Ticks: the whole units of time a search counts in, so that sums are exact in whatever order they are made.

A tick is 2^-30 minutes, 56 nanoseconds. Every time is rounded to ticks once, where it enters a search; from there
on all sums are exact, in float64 as in integers, so routers agree to the bit. A path of a thousand roads is off by
at most 0.0000005 minutes, which the tolerance of "within" (0.000001) covers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.arrays import Minutes

TICKS_PER_MINUTE = 2.0**30
LONGEST_MINUTES = 480.0
"""The longest limit a compiled search can count to; an arc that takes longer is never part of a way within it."""

NEVER = 1 << 60
"""Ticks of what cannot be reached; two of them still add up without overflow."""


def in_ticks(minutes: Minutes) -> Minutes:
    """Round minutes to whole ticks, still in minutes."""
    return np.rint(minutes * TICKS_PER_MINUTE) / TICKS_PER_MINUTE


def as_ticks(minutes: Minutes) -> npt.NDArray[np.int64]:
    """Count minutes in ticks, infinity as `NEVER`."""
    ticks = np.rint(np.minimum(minutes * TICKS_PER_MINUTE, float(NEVER)))
    return ticks.astype(np.int64)
