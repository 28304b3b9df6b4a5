"""Kernels of service areas: the stretches of road a site reaches, and how far each place of a grid is from them."""

# mypy: allow-untyped-defs, no-check-untyped-defs
# numba infers the types of what it compiles
from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from planner.routing.kernels import clear, search
from planner.routing.ticks import NEVER

jit: Any = njit(nogil=True, cache=True)


@jit
def reached_stretches(arcs, doors, site, ends, near, work, cut, shift, out):
    """List the stretches of road a site reaches within ``cut`` ticks: rows of (edge, start, end) in fractions.

    ``ends`` are the tail, head, ticks along and against of each edge, ``near`` (starts, edges) the edges at each
    node. Tells how many rows of ``out`` are filled, or -1 where it is too short, -2 where the queue was.
    """
    tail, head, along, against = ends
    starts, edges = near
    reached = search(arcs, doors, site, work, cut, shift)
    if reached < 0:
        return -2
    time, touched = work.time, work.touched
    rows = 0
    for at in range(reached):
        node = touched[at]
        for k in range(starts[node], starts[node + 1]):
            edge = edges[k]
            if node != tail[edge] and time[tail[edge]] != NEVER:
                continue
            if rows + 2 > len(out):
                clear(work, reached)
                return -1
            upto = share(cut - time[tail[edge]], along[edge])
            since = 1.0 - share(cut - time[head[edge]], against[edge])
            if upto >= since:
                out[rows, 0], out[rows, 1], out[rows, 2] = edge, 0.0, 1.0
                rows += 1
                continue
            if upto > 0:
                out[rows, 0], out[rows, 1], out[rows, 2] = edge, 0.0, upto
                rows += 1
            if since < 1:
                out[rows, 0], out[rows, 1], out[rows, 2] = edge, since, 1.0
                rows += 1
    clear(work, reached)
    return rows


@jit
def share(left, ticks):
    """Give the share of a road of so many ticks that is walked in those left, 0 to 1."""
    if left <= 0 or ticks >= NEVER:
        return 0.0
    return min(1.0, left / max(ticks, 1))


@jit
def extent(pieces):
    """Give west, south, east and north of (x0, y0, x1, y1) pieces."""
    west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
    for at in range(len(pieces)):
        west = min(west, pieces[at, 0], pieces[at, 2])
        east = max(east, pieces[at, 0], pieces[at, 2])
        south = min(south, pieces[at, 1], pieces[at, 3])
        north = max(north, pieces[at, 1], pieces[at, 3])
    return west, south, east, north


@jit
def distance_field(pieces, west, south, cell, reach, field):
    """Fill a grid with metres to the nearest piece, exact up to ``reach``; row 0 is the southernmost."""
    rows, columns = field.shape
    field[:] = reach
    for at in range(len(pieces)):
        x0, y0, x1, y1 = pieces[at, 0], pieces[at, 1], pieces[at, 2], pieces[at, 3]
        dx, dy = x1 - x0, y1 - y0
        square = dx * dx + dy * dy
        low = max(0, int((min(y0, y1) - reach - south) / cell))
        high = min(rows - 1, int((max(y0, y1) + reach - south) / cell) + 1)
        left = max(0, int((min(x0, x1) - reach - west) / cell))
        right = min(columns - 1, int((max(x0, x1) + reach - west) / cell) + 1)
        for row in range(low, high + 1):
            y = south + row * cell - y0
            for column in range(left, right + 1):
                x = west + column * cell - x0
                along = 0.0 if square == 0 else min(1.0, max(0.0, (x * dx + y * dy) / square))
                metres = (x - along * dx) ** 2 + (y - along * dy) ** 2
                if metres < field[row, column] ** 2:
                    field[row, column] = np.sqrt(metres)


@jit
def cut_pieces(stretches, starts, xy, fraction, out):
    """Cut the segments of roads to stretches (edge, start, end): rows of (x0, y0, x1, y1); tell how many."""
    rows = 0
    for at in range(len(stretches)):
        edge, low, high = int(stretches[at, 0]), stretches[at, 1], stretches[at, 2]
        for k in range(starts[edge], starts[edge + 1] - 1):
            first, last = fraction[k], fraction[k + 1]
            if last < low or first > high or last <= first:
                continue
            a = max(0.0, (low - first) / (last - first))
            b = min(1.0, (high - first) / (last - first))
            if b < a:
                continue
            dx, dy = xy[k + 1, 0] - xy[k, 0], xy[k + 1, 1] - xy[k, 1]
            if rows < len(out):
                out[rows, 0], out[rows, 1] = xy[k, 0] + a * dx, xy[k, 1] + a * dy
                out[rows, 2], out[rows, 3] = xy[k, 0] + b * dx, xy[k, 1] + b * dy
            rows += 1
    return rows
