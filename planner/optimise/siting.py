"""SitingProblem: a siting question in plain arrays, for medians and centres alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.arrays import Mask, Minutes, People, Positions, frozen
from planner.errors import DataError, OptimiseError, QuestionError


@dataclass(frozen=True, eq=False)
class SitingProblem:
    """Who lives where, which site reaches whom how soon, and what may open: no map, no IDs.

    ``starts`` ``(sites + 1,)``, ``points`` and ``minutes`` ``(pairs,)`` are compressed rows, one a site; a
    pair that is absent is out of reach. ``people`` is ``(demand,)``; ``kept`` and ``possible`` ``(sites,)``
    tell which sites stay open and which may open; at most ``new`` of the latter do. Ties go to the lower
    position. Raises `DataError` for arrays that disagree, `QuestionError` for an impossible ``new``.
    """

    starts: Positions
    points: Positions
    minutes: Minutes
    people: People
    kept: Mask
    possible: Mask
    new: int

    def __post_init__(self) -> None:
        if np.asarray(self.minutes).dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            object.__setattr__(self, "minutes", np.asarray(self.minutes, np.float64))
        kinds: dict[str, Any] = {
            "starts": np.int64, "points": np.int32, "minutes": np.asarray(self.minutes).dtype,
            "people": np.float64, "kept": np.bool_, "possible": np.bool_,
        }  # fmt: skip
        for name, kind in kinds.items():
            object.__setattr__(self, name, frozen(getattr(self, name), kind))
        self._check_rows()
        self._check_numbers()
        if isinstance(self.new, bool) or not isinstance(self.new, int | np.integer) or self.new < 0:
            raise QuestionError(f"new must be a whole number, 0 or more, not {self.new!r}")

    @classmethod
    def from_matrix(
        cls,
        minutes: npt.ArrayLike,
        *,
        new: int,
        people: npt.ArrayLike | None = None,
        kept: npt.ArrayLike | None = None,
        possible: npt.ArrayLike | None = None,
    ) -> SitingProblem:
        """Make a problem from a matrix ``(sites, demand)``; ``inf`` and ``nan`` mean out of reach.

        Everyone counts 1 unless ``people`` tells otherwise; every site may open that is not kept.
        """
        matrix = np.atleast_2d(np.asarray(minutes))
        if matrix.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            matrix = matrix.astype(np.float64)
        sites, demand = matrix.shape
        within = np.isfinite(matrix)
        starts = np.concatenate(([0], np.cumsum(within.sum(axis=1))))
        stays = np.zeros(sites, bool) if kept is None else np.asarray(kept, bool)
        opens = ~stays if possible is None else np.asarray(possible, bool)
        weights = np.ones(demand) if people is None else np.asarray(people, float)
        return cls(starts, np.nonzero(within)[1], matrix[within], weights, stays, opens, new)

    @property
    def sites(self) -> int:
        """Number of sites."""
        return len(self.kept)

    @property
    def demand(self) -> int:
        """Number of demand points."""
        return len(self.people)

    def checked(self, opened: npt.ArrayLike) -> Mask:
        """A choice of open sites ``(sites,)`` as a mask; raises `OptimiseError` where the problem does not allow it."""
        opened = np.asarray(opened, bool)
        if (self.kept & ~opened).any() or (opened & ~self.kept & ~self.possible).any():
            raise OptimiseError("the choice closes a site it had to keep, or opens one that may not open")
        if (count := int((opened & self.possible).sum())) > self.new:
            raise OptimiseError(f"the choice opens {count} new sites, {self.new} were asked")
        return opened

    def nearest(self, opened: Mask) -> Minutes:
        """Minutes from each point to its quickest open site, ``(demand,)``; ``inf`` where it reaches none."""
        best = np.full(self.demand, np.inf)
        pairs = np.repeat(np.asarray(opened, bool), np.diff(self.starts))
        np.minimum.at(best, self.points[pairs], self.minutes[pairs].astype(np.float64))
        return best

    def _check_rows(self) -> None:
        if len(self.starts) != self.sites + 1 or self.starts[0] != 0 or (np.diff(self.starts) < 0).any():
            raise DataError(f"starts must rise from 0 and have one entry a site and one more: {self.sites + 1:,}")
        if not self.starts[-1] == len(self.points) == len(self.minutes):
            raise DataError("starts must end at the number of pairs; points and minutes must have one entry a pair")
        if len(self.possible) != self.sites:
            raise DataError(f"kept tells of {self.sites:,} sites, possible of {len(self.possible):,}")
        if (both := np.flatnonzero(self.kept & self.possible)).size:
            raise DataError(f"site {both[0]} both stays open and may open; a kept site is not a candidate")

    def _check_numbers(self) -> None:
        if len(self.points) and not (self.points.min() >= 0 and self.points.max() < self.demand):
            raise DataError(f"a pair names a demand point outside 0 to {self.demand - 1:,}")
        if len(self.minutes) and not (self.minutes.min() >= 0 and np.isfinite(self.minutes.max())):
            raise DataError("minutes must be numbers, 0 or more; leave a pair out where a point is out of reach")
        if self.demand and not (self.people.min() >= 0 and np.isfinite(self.people.sum())):
            raise DataError("people must be finite numbers, 0 or more")
