"""Ring kernels: the parts of a border joined to rings, and rings to polygons with holes."""

# mypy: allow-untyped-defs, no-check-untyped-defs
# numba infers the types of what it compiles
from __future__ import annotations

import numpy as np

from planner.routing.border_kernels import border_of
from planner.routing.outline_kernels import capsules_of, cells_of, jit

MEET_METRES = 1e-5
LEAST_SQUARE_METRES = 0.01


@jit
def linked(border, parts, following):
    """Find the part that starts where each ends; tell whether all of them were found, each once."""
    order = np.argsort(border["x0"][:parts])
    xs = border["x0"][:parts][order]
    taken = np.zeros(parts, np.bool_)
    for at in range(parts):
        x, y = border[at].x1, border[at].y1
        best, nearest = -1, MEET_METRES
        rank = np.searchsorted(xs, x - MEET_METRES)
        while rank < parts and xs[rank] <= x + MEET_METRES:
            other = order[rank]
            metres = np.hypot(xs[rank] - x, border[other].y0 - y)
            if metres < nearest:
                best, nearest = other, metres
            rank += 1
        if best < 0 or taken[best]:
            return False
        taken[best] = True
        following[at] = best
    return True


@jit
def rings_of(border, parts, following, step, xy, starts):
    """Follow the border round and round: corners to ``xy``, rings to ``starts``; tell how many, -1 where room is short."""
    done = np.zeros(parts, np.bool_)
    corners, rings = 0, 0
    for begin in range(parts):
        if done[begin]:
            continue
        first, at = corners, begin
        while not done[at]:
            done[at] = True
            steps = max(1, int(np.ceil(abs(border[at].turn) / step - 1e-9))) if border[at].radius > 0 else 1
            for nth in range(steps):
                if corners < len(xy):
                    angle = border[at].since + border[at].turn * nth / steps
                    if nth == 0:
                        xy[corners, 0], xy[corners, 1] = border[at].x0, border[at].y0
                    else:
                        xy[corners, 0] = border[at].cx + border[at].radius * np.cos(angle)
                        xy[corners, 1] = border[at].cy + border[at].radius * np.sin(angle)
                corners += 1
            at = following[at]
        if corners < len(xy):
            xy[corners, 0], xy[corners, 1] = xy[first, 0], xy[first, 1]
            corners += 1
            if abs(square_metres(xy[first:corners])) < LEAST_SQUARE_METRES:
                corners = first
                continue
        else:
            corners += 1
        rings += 1
        if rings < len(starts):
            starts[rings] = corners
    return rings if corners <= len(xy) and rings < len(starts) else -1


@jit
def square_metres(ring):
    """Give the area of a closed ring, above 0 where it runs against the clock."""
    total = 0.0
    for at in range(len(ring) - 1):
        total += (ring[at, 0] - ring[0, 0]) * (ring[at + 1, 1] - ring[0, 1])
        total -= (ring[at + 1, 0] - ring[0, 0]) * (ring[at, 1] - ring[0, 1])
    return total / 2


@jit
def owners(xy, starts, rings, owner):
    """Tell of each ring the ring of the polygon it belongs to, its own where it is an outer one; False where none does."""
    area = np.empty(rings)
    for ring in range(rings):
        area[ring] = square_metres(xy[starts[ring] : starts[ring + 1]])
    for ring in range(rings):
        owner[ring] = ring
        if area[ring] > 0:
            continue
        owner[ring] = -1
        x, y = xy[starts[ring], 0], xy[starts[ring], 1]
        for shell in range(rings):
            smaller = owner[ring] < 0 or area[shell] < area[owner[ring]]
            if area[shell] > -area[ring] and smaller and holds(xy[starts[shell] : starts[shell + 1]], x, y):
                owner[ring] = shell
        if owner[ring] < 0:
            return False
    return True


@jit
def holds(ring, x, y):
    """Whether a ring goes round a place."""
    inside = False
    for at in range(len(ring) - 1):
        x0, y0, x1, y1 = ring[at, 0], ring[at, 1], ring[at + 1, 0], ring[at + 1, 1]
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
    return inside


@jit
def outline(pieces, metres, others, half, step, border, following, xy, starts, owner):
    """Draw the land within ``metres`` of pieces less that within ``half`` of others, from the first piece's corner.

    Tells how many rings there are; -1 where there is too little room, 0 where rounding leaves it unclear.
    """
    if len(pieces) == 0:
        return 0
    parts = border_of(capsules_of(pieces, metres, others, half), border)
    if parts < 0:
        return -1
    if parts == 0 or not linked(border, parts, following):
        return 0
    rings = rings_of(border, parts, following, step, xy, starts)
    if rings <= 0:
        return rings
    if crossing(xy, starts, rings, 2 * metres) or not owners(xy, starts, rings, owner):
        return 0
    for at in range(starts[rings]):
        xy[at, 0] += pieces[0, 0]
        xy[at, 1] += pieces[0, 1]
    return rings


@jit
def crossing(xy, starts, rings, size):
    """Whether any two straight parts of rings meet elsewhere than where one follows the other."""
    count = starts[rings] - rings
    boxes, corner, after = np.empty((count, 4)), np.empty(count, np.int64), np.empty(count, np.int64)
    at = 0
    for ring in range(rings):
        first, begin = at, starts[ring]
        for here in range(begin, starts[ring + 1] - 1):
            boxes[at, 0], boxes[at, 2] = min(xy[here, 0], xy[here + 1, 0]), max(xy[here, 0], xy[here + 1, 0])
            boxes[at, 1], boxes[at, 3] = min(xy[here, 1], xy[here + 1, 1]), max(xy[here, 1], xy[here + 1, 1])
            corner[at], after[at] = here, at + 1
            at += 1
        after[at - 1] = first
    cells = cells_of(boxes, size)
    for cell in range(len(cells.starts) - 1):
        items = cells.items[cells.starts[cell] : cells.starts[cell + 1]]
        for rank in range(len(items)):
            one = items[rank]
            for other in items[rank + 1 :]:
                apart = (
                    boxes[one, 0] > boxes[other, 2]
                    or boxes[other, 0] > boxes[one, 2]
                    or boxes[one, 1] > boxes[other, 3]
                    or boxes[other, 1] > boxes[one, 3]
                )
                if not apart and after[one] != other and after[other] != one and meet(xy, corner[one], corner[other]):
                    return True
    return False


@jit
def meet(xy, one, other):
    """Whether the straight parts from two corners to the next ones share a place."""
    first, last = turn(xy, one, one + 1, other), turn(xy, one, one + 1, other + 1)
    begin, end = turn(xy, other, other + 1, one), turn(xy, other, other + 1, one + 1)
    return first * last <= 0 and begin * end <= 0


@jit
def turn(xy, a, b, c):
    """Give on which side of the line from one corner to another a third lies: above 0 on the left."""
    return (xy[b, 0] - xy[a, 0]) * (xy[c, 1] - xy[a, 1]) - (xy[b, 1] - xy[a, 1]) * (xy[c, 0] - xy[a, 0])
