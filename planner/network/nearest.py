"""Nearest: the edge next to each point, by a grid of road segments searched in whole arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely

from planner.arrays import Lines, Metres, Points, Positions
from planner.network.hilbert import hilbert_distance

PAIRS_AT_ONCE = 100_000  # of a point and a segment: what a core's cache holds
LEAST_CELL_METRES = 10.0
SEGMENTS_A_CELL = 1.5  # a cell is so many times as wide as segments usually are; tried on a city of 500,000 edges
COARSER = 4  # times the cells of the grid before, where nothing was near enough


@dataclass(frozen=True, eq=False)
class Found:
    """Nearest edge of each point, how far along it and how far away; ``edge`` is -1 where none is within the limit."""

    edge: Positions
    fraction: Metres
    metres: Metres


@dataclass(frozen=True, eq=False)
class Grid:
    """Segments by the square cells they touch: ``key`` of the cell, ascending, and ``segment``.

    ``ends`` ``(4, entries)`` repeats x and y of the segments' two ends, so that a cell's lie together in memory.
    """

    cell_metres: float
    key: Positions
    segment: Positions
    ends: Metres

    @classmethod
    def of(cls, ends: Metres, cell: float) -> Grid:
        """Lay segments out; long ones in parts of at most a cell's length, so that none touches over four cells."""
        step = ends[2:] - ends[:2]
        parts = np.maximum(np.ceil(np.hypot(*step) / cell).astype(np.int64), 1)
        segment = np.repeat(np.arange(len(parts)), parts)
        nth = np.arange(len(segment)) - np.repeat(np.cumsum(parts) - parts, parts)
        share = np.stack((nth, nth + 1)) / parts[segment]
        x, y = ends[:2, None, segment] + share * step[:, None, segment]
        west, east = np.sort((x // cell).astype(np.int64), axis=0)
        south, north = np.sort((y // cell).astype(np.int64), axis=0)
        wide, high = west < east, south < north
        both = wide & high
        key = np.concatenate(
            (_key(west, south), _key(east, south)[wide], _key(west, north)[high], _key(east, north)[both])
        )
        owner = np.concatenate((segment, segment[wide], segment[high], segment[both]))
        order = np.argsort(key, kind="stable")
        return cls(cell, key[order], owner[order], ends[:, owner[order]])

    def around(self, xy: Points, rings: int) -> tuple[Positions, Positions]:
        """Where the entries near each point lie: first and number, a run for each row of cells up to ``rings`` away."""
        column, row = (xy // self.cell_metres).astype(np.int64).T[..., None]
        rows = row + np.arange(-rings, rings + 1)
        begin = np.searchsorted(self.key, _key(column - rings, rows))
        return begin, np.searchsorted(self.key, _key(column + rings + 1, rows)) - begin

    def room(self, xy: Points, rings: int) -> Metres:
        """Distance from each point to the border of the cells around it: whatever is nearer has been seen."""
        inside = xy % self.cell_metres
        return np.asarray(self.cell_metres * rings + np.minimum(inside, self.cell_metres - inside).min(axis=1))


@dataclass(frozen=True, eq=False)
class NearestEdges:
    """Edges cut into straight segments, in order of edges and along each.

    ``ends`` ``(4, segments)`` are x and y of the two ends, from ``origin``, so that no digits are lost; ``before``
    is the length of the edge up to the segment, ``whole`` that of the edge.
    """

    ends: Metres
    edge: Positions
    before: Metres
    whole: Metres
    origin: Points
    _grids: dict[float, Grid] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Lines, edges: Positions) -> NearestEdges:
        """Prepare the lines of the edges at these positions, ascending."""
        xy, line = shapely.get_coordinates(lines[edges], return_index=True)
        origin = xy.min(axis=0)
        here = np.flatnonzero(line[1:] == line[:-1])
        ends = np.vstack(((xy[here] - origin).T, (xy[here + 1] - origin).T))
        reached = np.concatenate(([0.0], np.cumsum(np.hypot(*(ends[2:] - ends[:2])))))
        of = line[here]
        first = np.searchsorted(of, np.arange(len(edges) + 1))
        starts = reached[first[:-1]]
        whole = (reached[first[1:]] - starts)[of]
        return cls(ends, edges[of], reached[:-1] - starts[of], whole, origin)

    def find(self, xy: Points, limit_metres: float) -> Found:
        """Nearest edge within the limit of each point; of edges equally near, the lower, and its earlier place."""
        order = np.argsort(hilbert_distance(xy), kind="stable")  # neighbours one after another share the cache
        points = xy[order] - self.origin
        metres, segment = np.full(len(xy), np.inf), np.full(len(xy), -1, np.int64)
        left, cell, rings = np.arange(len(xy)), self._finest, 1
        while len(left):
            grid = self._grid(cell)
            metres[left], segment[left] = self._search(points[left], grid, rings)
            certain = grid.room(points[left], rings)
            left = left[(metres[left] >= certain) & (certain <= limit_metres)]
            widening_is_cheaper = len(left) * (4 * rings + 1) < len(self.edge)
            cell, rings = (cell, 2 * rings) if widening_is_cheaper else (cell * COARSER, 1)
        segment[metres > limit_metres] = -1
        return self._found(points, segment, metres, order)

    def _found(self, points: Points, segment: Positions, metres: Metres, order: Positions) -> Found:
        hit = np.flatnonzero(segment >= 0)
        edge, fraction, away = np.full(len(order), -1, np.int64), np.zeros(len(order)), np.full(len(order), np.inf)
        at, to = segment[hit], order[hit]
        ends = self.ends[:, at]
        passed = self.before[at] + _share(points[hit].T, ends) * np.hypot(*(ends[2:] - ends[:2]))
        edge[to], away[to] = self.edge[at], metres[hit]
        fraction[to] = np.minimum(passed / self.whole[at], 1.0)
        return Found(edge, fraction, away)

    @cached_property
    def _finest(self) -> float:
        return max(LEAST_CELL_METRES, SEGMENTS_A_CELL * float(np.median(np.hypot(*(self.ends[2:] - self.ends[:2])))))

    def _grid(self, cell: float) -> Grid:
        if cell not in self._grids:
            self._grids[cell] = Grid.of(self.ends, cell)
        return self._grids[cell]

    def _search(self, xy: Points, grid: Grid, rings: int) -> tuple[Metres, Positions]:
        """Distance to the nearest segment in the cells around each point, and which; -1 where there is none."""
        begin, count = grid.around(xy, rings)
        best, which = np.full(len(xy), np.inf), np.full(len(xy), -1, np.int64)
        pairs = np.cumsum(count.sum(axis=1))
        block = pairs // PAIRS_AT_ONCE
        stops = np.append(np.flatnonzero(np.diff(block)) + 1, len(xy))
        for start, stop in zip(np.append(0, stops[:-1]), stops, strict=True):
            these = slice(int(start), int(stop))
            best[these], which[these] = _nearest_of(xy[these].T, begin[these], count[these], grid)
        return np.sqrt(best), which


def _nearest_of(xy: Metres, begin: Positions, count: Positions, grid: Grid) -> tuple[Metres, Positions]:
    """Square of the distance to the nearest of the entries in each point's runs, and its segment."""
    each, runs = count.sum(axis=1), count.ravel()
    best, which = np.full(len(each), np.inf), np.full(len(each), -1, np.int64)
    some = each > 0
    if not some.any():
        return best, which
    entry = np.arange(runs.sum()) + np.repeat(begin.ravel() - (np.cumsum(runs) - runs), runs)
    squares = _square_metres(np.repeat(xy, each, axis=1), grid.ends[:, entry])
    first = (np.cumsum(each) - each)[some]
    least = np.minimum.reduceat(squares, first)
    ties = np.flatnonzero(squares == np.repeat(least, each[some]))
    lowest = np.full(len(squares), np.iinfo(np.int64).max)
    lowest[ties] = grid.segment[entry[ties]]
    best[some], which[some] = least, np.minimum.reduceat(lowest, first)
    return best, which


def _share(xy: Metres, ends: Metres) -> Metres:
    """Share of each segment passed where it is nearest to its point, 0 to 1."""
    dx, dy = ends[2] - ends[0], ends[3] - ends[1]
    dot = (xy[0] - ends[0]) * dx + (xy[1] - ends[1]) * dy
    share: Metres = dot / np.maximum(dx * dx + dy * dy, np.finfo(float).tiny)
    return np.minimum(np.maximum(share, 0.0), 1.0)


def _square_metres(xy: Metres, ends: Metres) -> Metres:
    share = _share(xy, ends)
    rest = 1.0 - share  # so that 0 and 1 give the very corners, and edges that meet in one are equally near
    dx, dy = rest * ends[0] + share * ends[2] - xy[0], rest * ends[1] + share * ends[3] - xy[1]
    squares: Metres = dx * dx + dy * dy
    return squares


def _key(column: Positions, row: Positions) -> Positions:
    return row * np.int64(2**32) + column
