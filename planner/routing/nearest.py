"""Nearest: the quickest site of each demand point, or the few quickest, without all pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.arrays import Minutes, Positions, frozen
from planner.compiling import compiling
from planner.errors import QuestionError
from planner.network import Attachment, Network
from planner.routing.search import Search
from planner.routing.terminals import Towards


@dataclass(frozen=True, eq=False)
class Nearest:
    """The quickest sites of each point, quickest first, both of shape ``(points, count)``.

    ``site`` is -1 and ``minutes`` infinite where fewer are within the limit.
    """

    site: Positions
    minutes: Minutes

    def __post_init__(self) -> None:
        object.__setattr__(self, "site", frozen(self.site, np.int32))
        object.__setattr__(self, "minutes", frozen(self.minutes, np.float64))


def nearest(
    network: Network,
    sites: Attachment,
    demand: Attachment,
    *,
    minutes: float,
    count: int = 1,
    towards: Towards = "sites",
    rank: Positions | None = None,
) -> Nearest:
    """Find the ``count`` quickest sites within the limit of each demand point, in one search from all sites at once.

    Ties go to the site of lower ``rank``, shape ``(sites,)``, by default the earlier one.
    """
    if count < 1:
        raise QuestionError(f"count must be 1 or more, not {count!r}")
    search = Search.prepare(network, demand, minutes=minutes, towards=towards)
    doors, site_of = search.doors(sites)
    ranks = np.arange(len(sites)) if rank is None else np.asarray(rank)
    order = np.argsort(ranks[site_of], kind="stable")  # from here on, a site is its place in the order of ranks
    doors = type(doors)(*(array[order] for array in doors))
    with compiling():
        place, ticks = _labels(search, doors, count)
    site = np.full((len(demand), count), -1, np.int64)
    time = np.full((len(demand), count), np.inf)
    found = place >= 0
    site[search.homes.point] = np.where(found, np.append(site_of[order], -1)[place], -1)
    time[search.homes.point] = np.where(found, _minutes(ticks), np.inf)
    return Nearest(site, time)


def _labels(search: Search, doors: object, count: int) -> tuple[Positions, Positions]:
    from planner.routing.nearest_kernels import homes_nearest, nodes_nearest, nodes_nearest_one

    if count == 1:
        place, ticks = nodes_nearest_one(search.arcs, doors, search.cut, search.shift)
    else:
        place, ticks = nodes_nearest(search.arcs, doors, count, search.cut)
    return homes_nearest(search.homes, doors, place, ticks, search.cut)


def _minutes(ticks: Positions) -> Minutes:
    from planner.routing.ticks import TICKS_PER_MINUTE

    return ticks / TICKS_PER_MINUTE
