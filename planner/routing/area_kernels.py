"""Kernels of service areas: the stretches of road a site reaches, and those around them that it does not."""

# mypy: allow-untyped-defs, no-check-untyped-defs
# numba infers the types of what it compiles
from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy.typing as npt

from planner.compiling import compiler
from planner.routing.kernels import clear, search
from planner.routing.ticks import NEVER, TICKS_PER_MINUTE

Array: TypeAlias = npt.NDArray[Any]
jit = compiler(__file__, error_model="numpy")
SHORTEST_GAP_METRES = 1e-3


class Ways(NamedTuple):
    """Edges as areas see them: tail, head and ``whole`` length as drawn; and the ``edge`` of each straight segment."""

    tail: Array
    head: Array
    whole: Array
    edge: Array


class Marks(NamedTuple):
    """What the present turn has come by: edges and nodes reached, the first ``row`` of an edge, edges looked at."""

    edge_turn: Array
    row: Array
    node_turn: Array
    looked: Array


@jit
def reached_stretches(arcs, doors, site, own, ends, near, work, cut, shift, out):
    """List the stretches of road a site reaches within ``cut`` ticks: rows of (edge, start, end) in fractions.

    Those of an edge follow one another, apart and ascending. ``own`` is the edge of the site, ``ends`` the tail, head,
    ticks along and against of each edge, ``near`` (starts, edges) the edges at each node. Tells how many rows of
    ``out`` are filled, or -1 where it is too short, -2 where the queue was.
    """
    tail, head, along, against = ends
    starts, edges = near
    reached = search(arcs, doors, site, work, cut, shift)
    if reached < 0:
        return -2
    time, touched = work.time, work.touched
    rows = own_stretches(doors, site, own, ends, time, cut, out)
    for at in range(reached):
        node = touched[at]
        for k in range(starts[node], starts[node + 1]):
            edge = edges[k]
            if edge == own or (node != tail[edge] and time[tail[edge]] != NEVER):
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
def own_stretches(doors, site, own, ends, time, cut, out):
    """List the stretches of the site's own road: around the site, and from either end."""
    tail, head, along, against = ends
    upto = share(cut - time[tail[own]], along[own])
    since = 1.0 - share(cut - time[head[own]], against[own])
    left = (cut - doors.access[site]) / TICKS_PER_MINUTE
    rows = 0
    low, high = 2.0, -1.0
    if left >= 0:
        low = max(0.0, doors.fraction[site] - left / doors.downward[site])
        high = min(1.0, doors.fraction[site] + left / doors.upward[site])
    if upto > 0 and upto >= low:
        low, high, upto = 0.0, max(upto, high), 0.0
    if since < 1 and since <= high:
        low, high, since = min(since, low), 1.0, 1.0
    if upto >= since:
        low, high, upto, since = 0.0, 1.0, 0.0, 1.0
    for start, end in ((0.0, upto), (low, high), (since, 1.0)):
        if end > start:
            out[rows, 0], out[rows, 1], out[rows, 2] = own, start, end
            rows += 1
    return rows


@jit
def share(left, ticks):
    """Give the share of a road of so many ticks that is walked in those left, 0 to 1."""
    if left <= 0 or ticks >= NEVER:
        return 0.0
    return min(1.0, left / max(ticks, 1))


@jit
def cut_pieces(stretches, starts, xy, fraction, out):
    """Cut the segments of roads to stretches: rows of (x0, y0, x1, y1, stretch, key); tell how many.

    The key is a whole number of its own for each part of a segment, the same whatever else is reached.
    """
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
                out[rows, 4], out[rows, 5] = at, 4 * k + 2 * (a > 0) + (b < 1)
            rows += 1
    return rows


@jit
def mark_reached(stretches, tail, head, marks, turn):
    """Mark the edges and nodes that stretches reach; see `Marks`."""
    for at in range(len(stretches)):
        edge = int(stretches[at, 0])
        if marks.edge_turn[edge] != turn:
            marks.edge_turn[edge], marks.row[edge] = turn, at
        if stretches[at, 1] <= 0:
            marks.node_turn[tail[edge]] = turn
        if stretches[at, 2] >= 1:
            marks.node_turn[head[edge]] = turn


@jit
def unreached_near(stretches, pieces, metres, slit, roads, cells, marks, turn, out):
    """List the stretches not reached of the edges around reached pieces: rows of (edge, start, end, half width).

    They are shortened by the half width ``slit`` where they meet a reached place, so that a round end does not take
    from it. Tells how many; only as many as there is room for are in ``out``.
    """
    rows = 0
    reach = metres + slit
    for at in range(len(pieces)):
        west, east = min(pieces[at, 0], pieces[at, 2]) - reach, max(pieces[at, 0], pieces[at, 2]) + reach
        south, north = min(pieces[at, 1], pieces[at, 3]) - reach, max(pieces[at, 1], pieces[at, 3]) + reach
        for row in range(line_at(south - cells.south, cells, 1), line_at(north - cells.south, cells, 1) + 1):
            for column in range(line_at(west - cells.west, cells, 0), line_at(east - cells.west, cells, 0) + 1):
                cell = row * cells.columns + column
                for item in cells.items[cells.starts[cell] : cells.starts[cell + 1]]:
                    edge = roads.edge[item]
                    if marks.looked[edge] != turn:
                        marks.looked[edge] = turn
                        rows = gaps(edge, stretches, slit, roads, marks, turn, out, rows)
    return rows


@jit
def line_at(metres, cells, across):
    """Give the row or column of cells at a distance from the first."""
    last = cells.rows - 1 if across else cells.columns - 1
    return min(max(int(metres / cells.size), 0), last)


@jit
def gaps(edge, stretches, slit, roads, marks, turn, out, rows):
    """Write what is not reached of one edge."""
    since = 0.0
    at = marks.row[edge] if marks.edge_turn[edge] == turn else len(stretches)
    while True:
        more = at < len(stretches) and int(stretches[at, 0]) == edge
        upto = stretches[at, 1] if more else 1.0
        if (upto - since) * roads.whole[edge] > SHORTEST_GAP_METRES:
            if rows < len(out):
                shorten(edge, since, upto, slit, roads, marks, turn, out[rows])
            rows += 1
        if not more:
            return rows
        since = stretches[at, 2]
        at += 1


@jit
def shorten(edge, since, upto, slit, roads, marks, turn, row):
    """Write one gap, its ends drawn in by ``slit`` where they meet a reached place."""
    share = slit / roads.whole[edge]
    before = since > 0 or marks.node_turn[roads.tail[edge]] == turn
    after = upto < 1 or marks.node_turn[roads.head[edge]] == turn
    half = slit
    if before and after and upto - since < 2 * share:
        half *= (upto - since) / (2 * share)
        since = upto = (since + upto) / 2
    elif before:
        since = min(since + share, upto)
        upto = max(since, upto - share) if after else upto
    elif after:
        upto = max(since, upto - share)
    row[0], row[1], row[2], row[3] = edge, since, upto, half
