"""Reached: the stretches of road within minutes of a site, cut exactly where the time is up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from planner.arrays import Minutes, Points, Positions
from planner.network import Attachment, Network
from planner.routing.reach import TOLERANCE_MINUTES
from planner.routing.search import Search
from planner.routing.terminals import Towards
from planner.routing.ticks import TICKS_PER_MINUTE, as_ticks, in_ticks

Stretches = npt.NDArray[np.float64]
"""Rows of (edge, start, end): a road from one fraction of it to another, shape ``(stretches, 3)``."""

Pieces = npt.NDArray[np.float64]
"""Straight pieces of road, rows of (x0, y0, x1, y1) in metres."""


@dataclass(frozen=True, eq=False)
class Shapes:
    """Vertices of all roads: ``starts`` ``(edges + 1,)``, and of each its place and the fraction of its road there."""

    starts: Positions
    xy: Points
    fraction: Minutes

    @classmethod
    def of(cls, network: Network) -> Shapes:
        """Lay out a network's lines, once; they are kept with it."""
        kept = vars(network)
        if "_shapes" not in kept:
            xy, edge = shapely.get_coordinates(network.lines, return_index=True)
            starts = np.concatenate(([0], np.cumsum(np.bincount(edge, minlength=len(network)))))
            step = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
            step[starts[:-1]] = 0.0
            run = np.cumsum(step)
            run -= run[starts[edge]]
            whole = run[starts[1:] - 1][edge]
            fraction = np.divide(run, whole, out=np.zeros(len(run)), where=whole > 0)
            fraction[starts[1:] - 1] = 1.0
            kept["_shapes"] = cls(starts, xy, fraction)
        found: Shapes = kept["_shapes"]
        return found

    def pieces(self, stretches: Stretches) -> Pieces:
        """Straight pieces of road in the given stretches."""
        from planner.routing.area_kernels import cut_pieces

        room = np.empty((max(64, 4 * len(stretches)), 4))
        while (count := cut_pieces(stretches, self.starts, self.xy, self.fraction, room)) > len(room):
            room = np.empty((count, 4))
        return room[:count]


class Walker:
    """Searches from sites that give roads instead of people."""

    def __init__(self, network: Network, sites: Attachment, *, minutes: float, towards: Towards) -> None:
        nobody = Attachment(np.empty(0, np.int32), np.empty(0), np.empty(0))
        self.search = Search.prepare(network, nobody, minutes=minutes, towards=towards)
        self.doors, self.site_of = self.search.doors(sites)
        self.edge = sites.edge[self.site_of]
        self.work = self.search.work()
        along, against = network.forward, network.backward
        if towards == "sites":
            along, against = against, along
        self.ends = (network.tail.copy(), network.head.copy(), as_ticks(in_ticks(along)), as_ticks(in_ticks(against)))
        self.near = edges_at_nodes(network)
        self.room = np.empty((4096, 3))

    def stretches(self, door: int, minutes: float) -> Stretches:
        """Stretches within minutes of a site, disjoint, by edge and fraction."""
        from planner.routing.area_kernels import reached_stretches
        from planner.routing.kernels import ENTRY

        cut = int(np.floor((minutes + TOLERANCE_MINUTES) * TICKS_PER_MINUTE))
        while True:
            rows = reached_stretches(
                self.search.arcs, self.doors, door, self.ends, self.near, self.work, cut, self.search.shift, self.room
            )
            if rows >= 0:
                break
            if rows == -1:
                self.room = np.empty((2 * len(self.room), 3))
            else:
                self.work = self.work._replace(pool=np.empty(2 * len(self.work.pool), ENTRY))
        return _merged(np.concatenate((self.room[:rows], self._own_road(door, minutes))))

    def _own_road(self, door: int, minutes: float) -> Stretches:
        """Stretch of the site's own road reached without passing its ends."""
        left = minutes + TOLERANCE_MINUTES - float(self.doors.access[door]) / TICKS_PER_MINUTE
        if left < 0:
            return np.empty((0, 3))
        here = float(self.doors.fraction[door])
        low = here - left / float(self.doors.downward[door])
        high = here + left / float(self.doors.upward[door])
        return np.array([[self.edge[door], max(0.0, low), min(1.0, high)]])


def edges_at_nodes(network: Network) -> tuple[Positions, Positions]:
    """Give the edges at each node, self-loops once: ``starts`` ``(nodes + 1,)`` and the edges."""
    loops = network.tail == network.head
    edge = np.concatenate((np.arange(len(network)), np.flatnonzero(~loops)))
    node = np.concatenate((network.tail, network.head[~loops]))
    starts = np.concatenate(([0], np.cumsum(np.bincount(node, minlength=len(network.xy)))))
    return starts, edge[np.argsort(node, kind="stable")]


def unreached(stretches: Stretches, edges: Positions) -> Stretches:
    """Stretches of the given edges that are not among those reached."""
    asked = np.unique(edges)
    mine = stretches[np.isin(stretches[:, 0], asked)]
    at = np.concatenate((asked, mine[:, 0], mine[:, 0], asked))
    where = np.concatenate((np.zeros(len(asked)), mine[:, 1], mine[:, 2], np.ones(len(asked))))
    kind = np.concatenate(
        (np.full(len(asked), 0), np.full(len(mine), 1), np.full(len(mine), 2), np.full(len(asked), 3))
    )
    order = np.lexsort((kind, where, at))
    at, where, kind = at[order], where[order], kind[order]
    gap = np.flatnonzero((kind[:-1] % 2 == 0) & (at[1:] == at[:-1]) & (where[1:] > where[:-1]))
    return np.column_stack((at[gap], where[gap], where[gap + 1]))


def _merged(stretches: Stretches) -> Stretches:
    """Join stretches of an edge that overlap or touch."""
    rows = stretches[np.lexsort((stretches[:, 1], stretches[:, 0]))]
    return np.array(list(_joined(rows))).reshape(-1, 3) if _overlaps(rows) else rows


def _overlaps(rows: Stretches) -> bool:
    return bool(((rows[1:, 0] == rows[:-1, 0]) & (rows[1:, 1] <= rows[:-1, 2])).any())


def _joined(rows: Stretches) -> Iterator[tuple[float, float, float]]:
    edge, start, end = rows[0]
    for other, low, high in rows[1:]:
        if other == edge and low <= end:
            end = max(end, high)
        else:
            yield edge, start, end
            edge, start, end = other, low, high
    yield edge, start, end
