"""Kernels of nearest: segments laid out in rows of square cells, and the circle round each point searched for its nearest.

Every distance comes from one formula and is compared exactly; cells only decide which segments are looked at, a hair's
breadth generously, so that rounding never hides one.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
# numba infers the types of what it compiles
from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from planner.compiling import compiler

Array: TypeAlias = npt.NDArray[Any]
jit = compiler(__file__)

HAIR = 1e-6  # metres
TINY = np.finfo(np.float64).tiny


class Cells(NamedTuple):
    """Segments by the cells they touch: ``column`` and ``segment`` of each entry, row ``i`` from ``starts[i]``."""

    width: float
    starts: Array
    column: Array
    segment: Array


@jit
def laid_out(ends, width):
    """Lay out segments, ``ends`` ``(segments, 4)`` with no coordinate below 0, in cells of a width; columns ascend."""
    rows, columns = int(max(ends[:, 1].max(), ends[:, 3].max()) / width) + 2, 0
    starts = np.zeros(rows + 1, np.int64)
    total = 0
    for at in range(len(ends)):
        low, high = _rows(ends[at], width)
        for row in range(low, min(high, rows - 1) + 1):
            first, last = _columns(ends[at], row, width)
            starts[row + 1] += last - first + 1
            total += last - first + 1
            columns = max(columns, last + 1)
    starts = np.cumsum(starts)
    column, segment = np.empty(total, np.int32), np.empty(total, np.int32)
    following = starts.copy()
    for at in range(len(ends)):
        low, high = _rows(ends[at], width)
        for row in range(low, min(high, rows - 1) + 1):
            first, last = _columns(ends[at], row, width)
            for one in range(first, last + 1):
                column[following[row]], segment[following[row]] = one, at
                following[row] += 1
    _put_in_order(starts, column, segment, columns)
    return Cells(width, starts, column, segment)


@jit
def _rows(end, width):
    low, high = min(end[1], end[3]), max(end[1], end[3])
    return int(max(low - HAIR, 0.0) / width), int((high + HAIR) / width)


@jit
def _columns(end, row, width):
    """First and last column a segment touches in a row."""
    x, y, dx, dy = end[0], end[1], end[2] - end[0], end[3] - end[1]
    one, other = 0.0, 1.0
    if abs(dy) > HAIR:
        one, other = (row * width - HAIR - y) / dy, ((row + 1) * width + HAIR - y) / dy
        one, other = min(max(min(one, other), 0.0), 1.0), min(max(one, other, 0.0), 1.0)
    low, high = min(x + one * dx, x + other * dx), max(x + one * dx, x + other * dx)
    return int(max(low - HAIR, 0.0) / width), int((high + HAIR) / width)


@jit
def _put_in_order(starts, column, segment, columns):
    """Sort the entries of each row by column, entries of a cell as they came: by counting, rows stay in place."""
    count = np.zeros(columns + 1, np.int64)
    for one in column:
        count[one + 1] += 1
    count = np.cumsum(count)
    by_column, row_of = np.empty(len(column), np.int64), np.empty(len(column), np.int32)
    for row in range(len(starts) - 1):
        for at in range(starts[row], starts[row + 1]):
            by_column[count[column[at]]], row_of[at] = at, row
            count[column[at]] += 1
    following, old_column, old_segment = starts.copy(), column.copy(), segment.copy()
    for at in by_column:
        to = following[row_of[at]]
        column[to], segment[to] = old_column[at], old_segment[at]
        following[row_of[at]] += 1


@jit
def nearest_segments(xy, order, cells, ends, limit):
    """Nearest segment within the limit of each point, -1 where there is none, and the square of its distance.

    Points are taken in the given order. Of segments equally near the lowest is taken.
    """
    segment, squares = np.full(len(xy), -1, np.int64), np.full(len(xy), np.inf)
    for point in order:
        x, y = xy[point, 0], xy[point, 1]
        radius, best, which = 0.5 * cells.width, np.inf, -1
        while True:
            radius = min(radius, limit + HAIR)
            best, which = _in_circle(x, y, radius, cells, ends, best, which)
            if best <= radius * radius or radius > limit:
                break
            radius = 2.0 * radius if which < 0 else math.sqrt(best) + HAIR
        segment[point], squares[point] = which, best
    return segment, squares


@jit
def _in_circle(x, y, radius, cells, ends, best, which):
    """Nearest segment of the cells a circle touches; the circle shrinks to the nearest seen."""
    rows = len(cells.starts) - 1
    middle = int(min(max(y / cells.width, 0.0), rows - 1.0))
    for side in range(2):
        row = middle if side == 0 else middle - 1
        while 0 <= row < rows:
            away = max(row * cells.width - y, y - (row + 1) * cells.width, HAIR) - HAIR
            within = min(radius * radius, best)
            if away * away > within:
                break
            best, which = _in_row(x, y, math.sqrt(within - away * away) + HAIR, row, cells, ends, best, which)
            row += 1 if side == 0 else -1
    return best, which


@jit
def _in_row(x, y, reach, row, cells, ends, best, which):
    """The nearer of the nearest seen so far and those in a row's cells between ``x - reach`` and ``x + reach``."""
    at, stop = cells.starts[row], cells.starts[row + 1]
    first, last = (x - reach) / cells.width - 1.0, (x + reach) / cells.width
    high = stop
    while at < high:
        middle = (at + high) >> 1
        if cells.column[middle] < first:
            at = middle + 1
        else:
            high = middle
    while at < stop and cells.column[at] <= last:
        one = cells.segment[at]
        square = _square(x, y, ends, one)
        if square < best or (square == best and one < which):
            best, which = square, one
        at += 1
    return best, which


@jit
def share_passed(x, y, ends, at):
    """Share of a segment passed where it is nearest to a point, 0 to 1."""
    dx, dy = ends[at, 2] - ends[at, 0], ends[at, 3] - ends[at, 1]
    dot = (x - ends[at, 0]) * dx + (y - ends[at, 1]) * dy
    return min(max(dot / max(dx * dx + dy * dy, TINY), 0.0), 1.0)


@jit
def _square(x, y, ends, at):
    share = share_passed(x, y, ends, at)
    rest = 1.0 - share  # so that 0 and 1 give the very corners, and edges that meet in one are equally near
    dx = rest * ends[at, 0] + share * ends[at, 2] - x
    dy = rest * ends[at, 1] + share * ends[at, 3] - y
    return dx * dx + dy * dy


@jit
def along(xy, segment, ends, before):
    """Metres of the edge passed where each point's segment is nearest to it; 0 for points without one."""
    passed = np.zeros(len(xy))
    for point in range(len(xy)):
        at = segment[point]
        if at >= 0:
            length = math.hypot(ends[at, 2] - ends[at, 0], ends[at, 3] - ends[at, 1])
            passed[point] = before[at] + share_passed(xy[point, 0], xy[point, 1], ends, at) * length
    return passed
