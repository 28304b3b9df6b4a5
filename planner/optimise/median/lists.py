"""Short lists: what a median has left to decide, one list of sites for each demand point."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planner.arrays import Mask, Minutes, People, Positions
from planner.optimise.siting import SitingProblem


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
        from planner.optimise.median import kernels

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
        from planner.optimise.median import kernels

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
    from planner.optimise.median import kernels

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
