"""Reached: the stretches of road within minutes of a site, cut exactly where the time is up, and those around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from planner.arrays import Metres, Minutes, Points, Positions
from planner.network import Attachment, Network
from planner.routing.reach import TOLERANCE_MINUTES
from planner.routing.search import Search
from planner.routing.terminals import Towards
from planner.routing.ticks import TICKS_PER_MINUTE, as_ticks, in_ticks

if TYPE_CHECKING:
    from planner.routing.area_kernels import Marks, Ways
    from planner.routing.outline_kernels import Cells

MOST_CELLS = 4_000_000
CELL_METRES = 100.0

Stretches = npt.NDArray[np.float64]
"""Rows of (edge, start, end): a road from one fraction of it to another, shape ``(stretches, 3)``."""

Pieces = npt.NDArray[np.float64]
"""Straight pieces of road: rows of (x0, y0, x1, y1, row of the stretch, key of the piece), in metres."""


@dataclass(frozen=True, eq=False)
class Shapes:
    """Vertices of all roads: ``starts`` ``(edges + 1,)``, and of each its place and the fraction of its road there."""

    starts: Positions
    xy: Points
    fraction: Minutes
    metres: Metres

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
            whole = run[starts[1:] - 1]
            fraction = np.divide(run, whole[edge], out=np.zeros(len(run)), where=whole[edge] > 0)
            fraction[starts[1:] - 1] = 1.0
            kept["_shapes"] = cls(starts, xy, fraction, whole)
        found: Shapes = kept["_shapes"]
        return found

    def pieces(self, stretches: Stretches) -> Pieces:
        """Straight pieces of road in the given stretches."""
        from planner.routing.area_kernels import cut_pieces

        room = np.empty((max(64, 4 * len(stretches)), 6))
        while (count := cut_pieces(stretches, self.starts, self.xy, self.fraction, room)) > len(room):
            room = np.empty((count, 6))
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
        """Stretches within minutes of a site, disjoint; those of an edge follow one another.

        They lie in this walker's own memory, and hold until it is asked again.
        """
        from planner.routing.area_kernels import reached_stretches

        cut = int(np.floor((minutes + TOLERANCE_MINUTES) * TICKS_PER_MINUTE))
        own = int(self.edge[door])
        while True:
            rows: int = reached_stretches(
                self.search.arcs, self.doors, door, own, self.ends, self.near,
                self.work, cut, self.search.shift, self.room,
            )  # fmt: skip
            if rows >= 0:
                return self.room[:rows]
            if rows == -1:
                self.room = np.empty((2 * len(self.room), 3))
            else:
                self.work = self.search.roomier(self.work)


class Surroundings:
    """Finds the roads around those reached that are not reached themselves."""

    def __init__(self, network: Network) -> None:
        from planner.routing.area_kernels import Marks

        self.shapes = Shapes.of(network)
        self.ways, self.cells = _ways(network, self.shapes)
        edges, nodes = len(network), len(network.xy)
        self.marks: Marks = Marks(*(np.zeros(size, np.int32) for size in (edges, edges, nodes, edges)))
        self.turn = 0
        self.room = np.empty((1024, 4))

    def unreached(
        self, stretches: Stretches, pieces: Pieces, *, metres: float, slit_metres: float
    ) -> tuple[Stretches, Metres]:
        """Give the stretches not reached within ``metres`` of the pieces reached, and half the width to leave out there.

        That is ``slit_metres``, by which they are also shortened where they meet a place that is reached.
        """
        from planner.routing.area_kernels import mark_reached, unreached_near

        while True:
            self.turn += 1
            mark_reached(stretches, self.ways.tail, self.ways.head, self.marks, self.turn)
            rows = unreached_near(
                stretches, pieces, metres, slit_metres, self.ways, self.cells, self.marks, self.turn, self.room
            )
            if rows <= len(self.room):
                return self.room[:rows, :3], self.room[:rows, 3]
            self.room = np.empty((2 * rows, 4))


def _ways(network: Network, shapes: Shapes) -> tuple[Ways, Cells]:
    """Lay out the straight segments of a network in cells, once; they are kept with it."""
    from planner.routing.area_kernels import Ways
    from planner.routing.outline_kernels import cells_of

    kept = vars(network)
    if "_ways" not in kept:
        edge = np.repeat(np.arange(len(network), dtype=np.int32), np.diff(shapes.starts))
        first = np.flatnonzero(edge[1:] == edge[:-1])
        a, b = shapes.xy[first], shapes.xy[first + 1]
        boxes = np.hstack((np.minimum(a, b), np.maximum(a, b)))
        size = max(CELL_METRES, float(np.sqrt(np.ptp(shapes.xy, axis=0).prod() / MOST_CELLS)))
        ways = Ways(network.tail.copy(), network.head.copy(), shapes.metres, edge[first])
        kept["_ways"] = (ways, cells_of(boxes, size))
    found: tuple[Ways, Cells] = kept["_ways"]
    return found


def edges_at_nodes(network: Network) -> tuple[Positions, Positions]:
    """Give the edges at each node, self-loops once: ``starts`` ``(nodes + 1,)`` and the edges; kept with the network."""
    kept = vars(network)
    if "_edges_at_nodes" not in kept:
        loops = network.tail == network.head
        edge = np.concatenate((np.arange(len(network)), np.flatnonzero(~loops)))
        node = np.concatenate((network.tail, network.head[~loops]))
        starts = np.concatenate(([0], np.cumsum(np.bincount(node, minlength=len(network.xy)))))
        kept["_edges_at_nodes"] = (starts, edge[np.argsort(node, kind="stable")])
    found: tuple[Positions, Positions] = kept["_edges_at_nodes"]
    return found
