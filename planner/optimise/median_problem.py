"""SitingProblem: a siting question in plain arrays, and the short lists of it that a median needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.arrays import Mask, Minutes, People, Positions, frozen
from planner.errors import DataError, QuestionError


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

    def nearest(self, opened: Mask) -> Minutes:
        """Minutes from each point to its quickest open site, ``(demand,)``; ``inf`` where it reaches none."""
        from planner.optimise import median_kernels as kernels

        nobody = np.zeros(self.sites, bool)
        best = kernels.caps(self.starts, self.points, self.minutes, np.asarray(opened, bool), nobody, self.demand)[0]
        return np.asarray(best)

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


@dataclass(frozen=True, eq=False)
class ShortLists:
    """What a median has left to decide, as one short list a demand point.

    A point's list holds the candidates that serve it sooner than its ``cap``: the minutes it costs when none
    of them opens, to a kept site or unserved. Points without people or without a list are out; what they
    cost is in ``constant``. ``sites`` and ``rows`` give the positions in the problem. Lists ascend by minutes,
    then site; ``by_site_*`` holds the same pairs by site.
    """

    sites: Positions
    rows: Positions
    first: Positions
    site: Positions
    minutes: Minutes
    weight: People
    cap: Minutes
    by_site_first: Positions
    by_site_point: Positions
    by_site_minutes: Minutes
    constant: float

    def only(self, possible: Mask, cap: Minutes, constant: float = 0.0) -> ShortLists:
        """The lists with fewer sites ``(sites,)`` and lower caps ``(rows,)``; emptied ones join the constant."""
        from planner.optimise import median_kernels as kernels

        new_site = np.where(possible, np.cumsum(possible) - 1, -1).astype(np.int32)
        first, site, minutes = kernels.shorten(self.first, self.site, self.minutes, new_site, cap)
        left = np.diff(first) > 0
        kept_first = np.concatenate((first[:1], first[1:][left]))
        gone = float(self.weight[~left] @ cap[~left])
        by_site = kernels.turned(kept_first, site, minutes, int(possible.sum()))
        return ShortLists(
            self.sites[possible], self.rows[left], kept_first, site, minutes, self.weight[left], cap[left],
            by_site[0], by_site[1], by_site[2], self.constant + constant + gone,
        )  # fmt: skip

    def near(self, within: Minutes) -> ShortLists:
        """The lists without sites further than ``within`` ``(rows,)``: for searching, not for proving."""
        from planner.optimise import median_kernels as kernels

        every = np.arange(len(self.sites), dtype=np.int32)
        first, site, minutes = kernels.shorten(self.first, self.site, self.minutes, every, np.minimum(within, self.cap))
        by_site = kernels.turned(first, site, minutes, len(self.sites))
        return replace(
            self, first=first, site=site, minutes=minutes,
            by_site_first=by_site[0], by_site_point=by_site[1], by_site_minutes=by_site[2],
        )  # fmt: skip


def short_lists(problem: SitingProblem, unserved: Minutes) -> tuple[ShortLists, Mask]:
    """Turn a problem into short lists; ``unserved`` ``(demand,)`` is what a point costs that no open site serves.

    Also tells which points any kept or possible site reaches, ``(demand,)``; the others are left out.
    """
    from planner.optimise import median_kernels as kernels

    kept_best, reached, lists = kernels.caps(
        problem.starts, problem.points, problem.minutes, problem.kept, problem.possible, problem.demand
    )
    cap = np.minimum(unserved, kept_best)
    counts = reached & (problem.people > 0)
    sites = np.flatnonzero(problem.possible)
    if len(sites) and problem.new:
        slowest = kernels.furthest(problem.starts, problem.points, problem.minutes, problem.possible, problem.demand)
        cap = np.where(lists == len(sites), np.minimum(cap, slowest), cap)
    allowed = problem.possible if problem.new else np.zeros_like(problem.possible)
    first, site, minutes = kernels.lists_by_point(
        problem.starts, problem.points, problem.minutes, allowed, np.where(counts, cap, -1.0)
    )
    left = np.diff(first) > 0
    idle = counts & ~left
    constant = float(problem.people[idle] @ cap[idle])
    first = np.concatenate((first[:1], first[1:][left]))
    by_site = kernels.turned(first, site, minutes, len(sites))
    rows = np.flatnonzero(left)
    made = ShortLists(
        sites, rows, first, site, minutes, problem.people[rows], cap[rows], by_site[0], by_site[1], by_site[2], constant
    )
    return made, reached
