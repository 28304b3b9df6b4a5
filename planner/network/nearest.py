"""Nearest: the edge next to each point, by a grid of road segments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from planner.arrays import Lines, Metres, Points, Positions
from planner.compiling import compiling
from planner.network.hilbert import hilbert_distance

if TYPE_CHECKING:
    from planner.network.nearest_kernels import Cells

LEAST_CELL_METRES = 10.0
SEGMENTS_A_CELL = 1.5  # a cell is so many times as wide as segments usually are; tried on a city of 500,000 edges


@dataclass(frozen=True, eq=False)
class Found:
    """Nearest edge of each point, how far along it and how far away; ``edge`` is -1 where none is within the limit."""

    edge: Positions
    fraction: Metres
    metres: Metres


@dataclass(frozen=True, eq=False)
class NearestEdges:
    """Edges cut into straight segments, in order of edges and along each.

    ``ends`` ``(segments, 4)`` are x and y of the two ends, from ``origin``, so that no digits are lost; ``before``
    is the length of the edge up to the segment, ``whole`` that of the edge.
    """

    ends: Metres
    edge: Positions
    before: Metres
    whole: Metres
    origin: Points

    @classmethod
    def of(cls, lines: Lines, edges: Positions) -> NearestEdges:
        """Prepare the lines of the edges at these positions, ascending."""
        xy, line = shapely.get_coordinates(lines[edges], return_index=True)
        origin = xy.min(axis=0)
        xy -= origin
        here = np.flatnonzero(line[1:] == line[:-1])
        ends = np.hstack((xy[here], xy[here + 1]))
        reached = np.concatenate(([0.0], np.cumsum(np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]))))
        of = line[here]
        first = np.searchsorted(of, np.arange(len(edges) + 1))
        starts = reached[first[:-1]]
        whole = (reached[first[1:]] - starts)[of]
        return cls(ends, edges[of], reached[:-1] - starts[of], whole, origin)

    def find(self, xy: Points, limit_metres: float) -> Found:
        """Nearest edge within the limit of each point; of edges equally near, the lower, and its earlier place."""
        from planner.network.nearest_kernels import along, nearest_segments

        _loops()
        order = np.argsort(hilbert_distance(xy), kind="stable")  # neighbours one after another share the cache
        points = xy - self.origin
        segment, squares = nearest_segments(points, order, self._cells, self.ends, float(limit_metres))
        metres = np.sqrt(squares)
        segment[metres > limit_metres] = -1
        hit = segment >= 0
        fraction = np.minimum(along(points, segment, self.ends, self.before) / self.whole[segment], 1.0)
        return Found(np.where(hit, self.edge[segment], -1), fraction, np.where(hit, metres, np.inf))

    @cached_property
    def _cells(self) -> Cells:
        from planner.network.nearest_kernels import laid_out

        usual = float(np.median(np.hypot(self.ends[:, 2] - self.ends[:, 0], self.ends[:, 3] - self.ends[:, 1])))
        return laid_out(self.ends, max(LEAST_CELL_METRES, SEGMENTS_A_CELL * usual))


@cache
def _loops() -> None:
    """Compile the loops, or load them, on one point and one segment; said where it takes long."""
    from planner.network.nearest_kernels import along, laid_out, nearest_segments

    point, segment = np.zeros((1, 2)), np.array([[0.0, 0.0, 1.0, 1.0]])
    with compiling():
        which, _ = nearest_segments(point, np.zeros(1, np.int64), laid_out(segment, 1.0), segment, 1.0)
        along(point, which, segment, np.zeros(1))
