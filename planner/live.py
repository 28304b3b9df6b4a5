"""Live coverage: sites are added, moved and removed, and the answer follows in milliseconds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from planner.arrays import Mask, Minutes, Positions
from planner.coverage import Coverage, Towards
from planner.errors import CrsError, IdError
from planner.network import Network
from planner.routing.search import Desk, Search
from planner.sites import Sites

Row = tuple[Positions, Minutes, bool]
"""The points a site reaches, their minutes, and whether it is connected."""


class LiveCoverage:
    """A coverage that follows its sites as they are added, moved and removed, one search a change.

    For trying places on a map: a change takes milliseconds whatever the number of sites, and tells the people
    it wins or loses. ``coverage`` is where it starts, and must come from ``network``.

    Examples
    --------
    >>> live = LiveCoverage(network, coverage)  # doctest: +SKIP
    >>> live.add("site:new", (x, y))  # people who reach a site now, and none before  # doctest: +SKIP
    312.4

    """

    def __init__(self, network: Network, coverage: Coverage, *, towards: Towards = "sites") -> None:
        if coverage.demand.crs != network.crs:
            raise CrsError(
                f"the coverage is in {coverage.demand.crs.to_string()}, the network in {network.crs.to_string()}"
            )
        self.demand, self.limit = coverage.demand, coverage.limit
        self._network, self._coverage = network, coverage
        homes = network.attach(self.demand.xy)
        self._search = Search.prepare(network, homes, minutes=self.limit, towards=towards)
        self._desk = Desk(self._search)
        self._rows: dict[str, Row] = {}
        for at, site in enumerate(coverage.sites.ids):
            row = slice(coverage.starts[at], coverage.starts[at + 1])
            self._rows[site] = (coverage.points[row], coverage.minutes[row], bool(coverage.connected_sites[at]))
        self._sites_near = np.bincount(coverage.points, minlength=len(self.demand))

    @property
    def ids(self) -> tuple[str, ...]:
        """IDs of the sites as they stand, the newest last."""
        return tuple(self._rows)

    @property
    def covered(self) -> Mask:
        """Whether each demand point reaches at least one site, shape ``(demand,)``."""
        return self._sites_near > 0

    @property
    def share(self) -> float:
        """Share of the people, 0 to 1, who reach at least one site; 0 where nobody lives."""
        return float(self.demand.people[self.covered].sum()) / self.demand.total if self.demand.total else 0.0

    def minutes_to(self, site: str) -> pd.Series:
        """Minutes between a site and each point in its reach, by demand ID."""
        points, minutes, _ = self._row(site)
        return pd.Series(minutes.astype(float), index=self.demand.ids[points], name="minutes")

    def add(self, site: str, xy: tuple[float, float]) -> float:
        """Open a site; give the people who reach a site now and none before. Raises `IdError` for an ID in use."""
        if site in self._rows:
            raise IdError(f"there is a site {site!r} already; move() it, or give the new one another ID")
        row = self._searched(xy)
        fresh = row[0][self._sites_near[row[0]] == 0]
        self._sites_near[row[0]] += 1
        self._rows[site] = row
        return float(self.demand.people[fresh].sum())

    def remove(self, site: str) -> float:
        """Close a site; give the people who reach none any more. Raises `IdError` for an unknown one."""
        points = self._row(site)[0]
        del self._rows[site]
        self._sites_near[points] -= 1
        return float(self.demand.people[points[self._sites_near[points] == 0]].sum())

    def move(self, site: str, xy: tuple[float, float]) -> float:
        """Move a site; give by how many people its being there changes those who reach a site."""
        row = self._searched(xy)
        before = self.remove(site)
        after = float(self.demand.people[row[0][self._sites_near[row[0]] == 0]].sum())
        self._sites_near[row[0]] += 1
        self._rows[site] = row
        return after - before

    def coverage(self, sites: Sites) -> Coverage:
        """Give the coverage of these sites, each of which must be live; raises `IdError` for any other."""
        rows = [self._row(site) for site in sites.ids]
        starts = np.concatenate(([0], np.cumsum([len(points) for points, _, _ in rows], dtype=np.int64)))
        points = np.concatenate([points for points, _, _ in rows] or [np.empty(0, np.int32)])
        minutes = np.concatenate([minutes for _, minutes, _ in rows] or [np.empty(0, np.float32)])
        connected = np.array([connected for _, _, connected in rows], bool)
        return replace(
            self._coverage, sites=sites, starts=starts, points=points, minutes=minutes, connected_sites=connected
        )

    def _row(self, site: str) -> Row:
        if site not in self._rows:
            raise IdError(f"there is no site {site!r}; live are {', '.join(map(repr, list(self._rows)[:3]))} …")
        return self._rows[site]

    def _searched(self, xy: tuple[float, float]) -> Row:
        doors, connected = self._search.doors(self._network.attach(np.array([xy], dtype=float)))
        found = self._desk.fill(doors, np.arange(len(connected)), lambda _: False)
        if found is None or not len(connected):
            return np.empty(0, np.int32), np.empty(0, np.float32), False
        return found[1].copy(), found[2].copy(), True

    def __repr__(self) -> str:
        return f"<LiveCoverage: {len(self._rows):,} sites reached by {self.share:.1%} within {self.limit:g} minutes>"
