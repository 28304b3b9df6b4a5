"""Dijkstra: the router on SciPy's search; slower than the compiled one, same answers to the bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from planner.arrays import Minutes, Positions
from planner.network import Attachment, Network
from planner.routing.graph import Graph, graph_of
from planner.routing.reach import TOLERANCE_MINUTES, Reach, is_within
from planner.routing.terminals import Terminals, Towards, along_edge, terminals

BLOCK_CELLS = 4_000_000  # of a dense block of minutes, sites x (nodes + demand)


@dataclass(frozen=True)
class Dijkstra:
    """Searches with `scipy.sparse.csgraph.dijkstra`, some sites at a time, never past the limit.

    Needs nothing compiled on the spot. Each site is a node of its own, joined to the ends of its edge.
    """

    name: str = "SciPy"

    def reach(
        self,
        network: Network,
        sites: Attachment,
        demand: Attachment,
        *,
        minutes: float,
        towards: Towards = "sites",
        progress: Callable[[int, int], None] | None = None,
    ) -> Reach:
        """See `Router.reach`."""
        graph = graph_of(network, towards)
        doors = terminals(network, sites, arriving=towards == "sites")
        homes = terminals(network, demand, arriving=towards != "sites")
        found = [_direct(network, doors, homes, minutes, towards)]
        step = max(1, BLOCK_CELLS // (graph.nodes + len(homes) + 1))
        for first in range(0, len(doors) if len(homes) else 0, step):
            found.append(_block(graph, doors, homes, np.arange(first, min(first + step, len(doors))), minutes))
            if progress:
                progress(min(first + step, len(doors)), len(sites))
        site, point, time = (np.concatenate(part) for part in zip(*found, strict=True))
        if progress:
            progress(len(sites), len(sites))
        return Reach.from_pairs(doors.point[site], homes.point[point], time, sites=len(sites), limit=minutes)


Pairs = tuple[Positions, Positions, Minutes]


def _block(graph: Graph, doors: Terminals, homes: Terminals, rows: Positions, limit: float) -> Pairs:
    """Search from some sites: (site, point, minutes) of the pairs that meet at an end of the point's edge."""
    found = dijkstra(
        _with_sites(graph, doors, rows), indices=graph.nodes + np.arange(len(rows)), limit=limit + TOLERANCE_MINUTES
    )
    time = np.minimum(found[:, homes.tail] + homes.to_tail, found[:, homes.head] + homes.to_head)
    row, point = np.nonzero(is_within(time, limit))
    return rows[row], point, time[row, point]


def _with_sites(graph: Graph, doors: Terminals, rows: Positions) -> csr_array:
    """Add a node for each site, joined to the ends of its edge."""
    ends = np.column_stack((doors.tail[rows], doors.head[rows])).ravel()
    minutes = np.column_stack((doors.to_tail[rows], doors.to_head[rows])).ravel()
    size = graph.nodes + len(rows)
    starts = np.concatenate((graph.starts, graph.starts[-1] + 2 * np.arange(1, len(rows) + 1)))
    heads, weights = np.concatenate((graph.heads, ends)), np.concatenate((graph.minutes, minutes))
    return csr_array((weights, heads, starts), shape=(size, size))


def _direct(network: Network, doors: Terminals, homes: Terminals, limit: float, towards: Towards) -> Pairs:
    """Pairs on one and the same edge, travelled along it without leaving it."""
    order = np.argsort(homes.edge, kind="stable")
    first = np.searchsorted(homes.edge[order], doors.edge, side="left")
    count = np.searchsorted(homes.edge[order], doors.edge, side="right") - first
    site = np.repeat(np.arange(len(doors)), count)
    within_row = np.arange(len(site)) - np.repeat(np.cumsum(count) - count, count)
    point = order[np.repeat(first, count) + within_row]
    start, end = homes.fraction[point], doors.fraction[site]
    if towards == "people":
        start, end = end, start
    time = along_edge(network, doors.edge[site], start, end) + homes.access[point] + doors.access[site]
    near = is_within(time, limit)
    return site[near], point[near], time[near]
