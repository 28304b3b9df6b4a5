"""Coverage: who can reach which site, and how soon."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from planner.arrays import Mask, Minutes, Positions, frozen
from planner.demand import Demand
from planner.errors import CrsError, DataError, QuestionError
from planner.layers import same_crs
from planner.network import Attachment, Network
from planner.profiles import Profile
from planner.routing import Router, default_router, nearest, people_in_reach
from planner.routing.reach import TOLERANCE_MINUTES, Reach
from planner.sites import Sites

Towards = Literal["sites", "people"]


@dataclass(frozen=True, eq=False)
class Coverage:
    """Every (site, demand) pair within the limit; a pair that is absent is out of reach, never a number.

    ``starts`` ``(sites + 1,)``, ``points`` ``(pairs,)`` and ``minutes`` ``(pairs,)`` are compressed rows,
    one row a site, demand positions ascending. ``connected`` and ``connected_sites`` tell the points
    that hang on a road; the people of those that do not count as not served.
    """

    demand: Demand
    sites: Sites
    starts: Positions
    points: Positions
    minutes: Minutes
    limit: float
    connected: Mask
    connected_sites: Mask
    profile: Profile | None = None

    def __post_init__(self) -> None:
        kinds = {
            "starts": np.int64, "points": np.int32, "minutes": np.float32,
            "connected": np.bool_, "connected_sites": np.bool_,
        }  # fmt: skip
        for name, kind in kinds.items():
            object.__setattr__(self, name, frozen(getattr(self, name), kind))
        same_crs(self.demand, self.sites)
        if len(self.starts) != len(self.sites) + 1 or not len(self.points) == len(self.minutes) == self.starts[-1]:
            raise DataError("coverage needs one row a site, and as many minutes as points")
        if len(self.connected) != len(self.demand) or len(self.connected_sites) != len(self.sites):
            raise DataError("coverage needs to know of every point and every site whether it is connected")
        if len(self.points) and not (self.points.min() >= 0 and self.points.max() < len(self.demand)):
            raise DataError("coverage names a demand point that does not exist")
        most = np.float32(self.limit + TOLERANCE_MINUTES)
        if len(self.minutes) and not (self.minutes.min() >= 0 and self.minutes.max() <= most):
            raise DataError(f"coverage holds only pairs from 0 to {self.limit:g} minutes")

    @classmethod
    def from_pairs(
        cls, demand: Demand, sites: Sites, *, site: Positions, point: Positions, minutes: Minutes, limit: float
    ) -> Coverage:
        """Make a coverage from known (site, point, minutes) triples, in any order; those over the limit are left out."""
        site, point = np.asarray(site), np.asarray(point)
        reach = Reach.from_pairs(site, point, np.asarray(minutes, float), sites=len(sites), limit=limit)
        everyone, every_site = np.ones(len(demand), bool), np.ones(len(sites), bool)
        return cls(demand, sites, reach.starts, reach.points, reach.minutes, limit, everyone, every_site)

    def within(self, minutes: float) -> Coverage:
        """The same coverage at a stricter limit; a looser one needs `cover` again."""
        if minutes > self.limit:
            raise QuestionError(
                f"travel times are known only up to {self.limit:g} minutes; cover() again for {minutes:g}"
            )
        kept = Reach(self.starts, self.points, self.minutes).within(minutes)
        return replace(self, starts=kept.starts, points=kept.points, minutes=kept.minutes, limit=minutes)

    @cached_property
    def site(self) -> Positions:
        """Site position of each pair, shape ``(pairs,)``."""
        return frozen(np.repeat(np.arange(len(self.sites)), np.diff(self.starts)), np.int32)

    @property
    def matrix(self) -> csr_array:
        """Ones where a site reaches a point, shape ``(sites, demand)``."""
        ones = np.ones(len(self.points))
        return csr_array((ones, self.points, self.starts), shape=(len(self.sites), len(self.demand)))

    def covered(self, ids: Iterable[str]) -> Mask:
        """Whether each demand point reaches at least one of the given sites, shape ``(demand,)``."""
        return self.covered_by(self.sites.positions(ids))

    def covered_by(self, positions: Positions) -> Mask:
        """Whether each demand point reaches at least one of the sites at these positions, shape ``(demand,)``."""
        chosen = np.zeros(len(self.sites), bool)
        chosen[positions] = True
        found = np.zeros(len(self.demand), bool)
        found[self.points[chosen[self.site]]] = True
        return found

    def share(self, ids: Iterable[str]) -> float:
        """Share of the people, 0 to 1, who reach at least one of the given sites; 0 where nobody lives."""
        total = self.demand.total
        return float(self.demand.people[self.covered(ids)].sum()) / total if total else 0.0

    def nearest(self, ids: Iterable[str]) -> pd.DataFrame:
        """Nearest of the given sites to each point: ``site`` and ``minutes``, by demand ID; only points in reach.

        Ties go to the lower site ID.
        """
        positions = self.sites.positions(ids)
        chosen = np.zeros(len(self.sites), bool)
        chosen[positions] = True
        pairs = np.flatnonzero(chosen[self.site])
        by_id = np.argsort(np.argsort(self.sites.ids.to_numpy(dtype=object)))
        order = pairs[np.lexsort((by_id[self.site[pairs]], self.minutes[pairs], self.points[pairs]))]
        point, first = np.unique(self.points[order], return_index=True)
        best = order[first]
        columns = {"site": self.sites.ids[self.site[best]], "minutes": self.minutes[best].astype(float)}
        return pd.DataFrame(columns, index=self.demand.ids[point])

    def __repr__(self) -> str:
        return (
            f"<Coverage of {len(self.demand):,} points by {len(self.sites):,} sites within {self.limit:g} minutes,"
            f" {len(self.points):,} pairs>"
        )


def cover(
    network: Network,
    demand: Demand,
    sites: Sites,
    *,
    minutes: float,
    towards: Towards = "sites",
    router: Router | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Coverage:
    """Find every demand point each site can be reached from in the given minutes, door to door.

    Travel is from people to the site, or ``towards="people"`` for deliveries. The straight leg between a
    point and its road counts, at the profile's access speed. ``progress(done, sites)`` is called now and
    then; raising from it stops the search without damage. Raises `CrsError` where layers and network
    disagree, `QuestionError` for a limit that is not a number above 0.
    """
    if not 0 < minutes < float("inf"):
        raise QuestionError(f"minutes must be a number above 0, not {minutes!r}")
    homes, doors = _attached(network, demand, sites)
    reach = (router or default_router()).reach(
        network, doors, homes, minutes=minutes, towards=towards, progress=progress
    )
    return Coverage(
        demand,
        sites,
        reach.starts,
        reach.points,
        reach.minutes,
        minutes,
        homes.connected,
        doors.connected,
        network.profile,
    )


def nearest_sites(
    network: Network, demand: Demand, sites: Sites, *, minutes: float, count: int = 1, towards: Towards = "sites"
) -> pd.DataFrame:
    """Find the ``count`` quickest sites of each demand point within the limit, without working out all pairs.

    A row is a point and one of its sites: ``site`` (ID), ``minutes`` and ``rank`` (1 is the quickest), by demand
    ID; points out of reach have none. Ties go to the lower site ID.
    """
    homes, doors = _attached(network, demand, sites)
    rank = np.argsort(np.argsort(sites.ids.to_numpy(dtype=object), kind="stable"), kind="stable")
    found = nearest(network, doors, homes, minutes=minutes, count=count, towards=towards, rank=rank)
    point, place = np.nonzero(found.site >= 0)
    columns = {"site": sites.ids[found.site[point, place]], "minutes": found.minutes[point, place], "rank": place + 1}
    return pd.DataFrame(columns, index=demand.ids[point])


def people_reached(
    network: Network, demand: Demand, sites: Sites, *, minutes: float, towards: Towards = "sites"
) -> pd.Series:
    """Count the people within the limit of each site, by site ID, without keeping any pair."""
    homes, doors = _attached(network, demand, sites)
    people = people_in_reach(network, doors, homes, demand.people, minutes=minutes, towards=towards)
    return pd.Series(people, index=sites.ids, name="people")


def _attached(network: Network, demand: Demand, sites: Sites) -> tuple[Attachment, Attachment]:
    same_crs(demand, sites)
    if demand.crs != network.crs:
        raise CrsError(f"layers are in {demand.crs.to_string()}, the network in {network.crs.to_string()}")
    return network.attach(demand.xy), network.attach(sites.xy)
