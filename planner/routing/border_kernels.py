"""Border kernels: which parts of capsules' outlines are the border of their union, and the rings these make."""

# mypy: allow-untyped-defs, no-check-untyped-defs
# numba infers the types of what it compiles
from __future__ import annotations

import numpy as np

from planner.routing.outline_kernels import (
    SHORTEST_METRES,
    SPANS,
    apart_square,
    bounds,
    capsules_of,
    cells_of,
    jit,
    less,
    less_arc,
    side_inside,
)

MEET_METRES = 1e-5
LEAST_SQUARE_METRES = 0.01


@jit
def border_of(capsules, border):
    """List the border of outer capsules less the others; tells how many parts, minus as many where ``border`` is short,
    0 where it is unclear.
    """
    count = len(capsules)
    boxes = np.empty((count, 4))
    for at in range(count):
        boxes[at, 0], boxes[at, 1], boxes[at, 2], boxes[at, 3] = bounds(capsules, at)
    cells = cells_of(boxes, 2 * capsules["radius"].max())
    near, seen = np.empty(count, np.int32), np.full(count, -1, np.int32)
    spans, others, cuts = np.empty((SPANS, 2)), np.empty((SPANS, 2)), np.empty(8)
    parts = 0
    for at in range(count):
        many = neighbours(at, boxes, cells, near, seen)
        if not capsules[at].outer and not touches(near[:many], capsules):
            continue
        for face in range(4):
            line = face_of(capsules, at, face)
            left = remains(line, face, at, near[:many], capsules, spans, others, cuts)
            if left < 0:
                return 0
            parts = write(line, face, capsules[at].outer, spans[:left], border, parts)
    return parts if parts <= len(border.x0) else -parts


@jit
def neighbours(at, boxes, cells, near, seen):
    """List the capsules whose bounds meet those of one; tell how many."""
    west, south, east, north = boxes[at]
    many = 0
    seen[at] = at
    for row in range(int((south - cells.south) / cells.size), int((north - cells.south) / cells.size) + 1):
        for column in range(int((west - cells.west) / cells.size), int((east - cells.west) / cells.size) + 1):
            cell = row * cells.columns + column
            for item in cells.items[cells.starts[cell] : cells.starts[cell + 1]]:
                if seen[item] == at:
                    continue
                seen[item] = at
                if (
                    boxes[item, 0] < east
                    and boxes[item, 2] > west
                    and boxes[item, 1] < north
                    and boxes[item, 3] > south
                ):
                    near[many] = item
                    many += 1
    return many


@jit
def touches(near, capsules):
    """Whether any outer capsule is near."""
    found = False
    for other in near:
        found |= capsules[other].outer != 0
    return found


@jit
def face_of(capsules, at, face):
    """Give one of a capsule's four faces, in order around it: (x, y, east, north, length or radius).

    Sides (0, 2) start at (x, y) and run along (east, north); half circles (1, 3) have their centre at (x, y) and start
    in the direction (east, north).
    """
    x, y, ux, uy = capsules[at].ax, capsules[at].ay, capsules[at].ux, capsules[at].uy
    length, radius = capsules[at].length, capsules[at].radius
    if face == 0:
        return x + radius * uy, y - radius * ux, ux, uy, length
    if face == 1:
        return x + length * ux, y + length * uy, uy, -ux, radius
    if face == 2:
        return x + length * ux - radius * uy, y + length * uy + radius * ux, -ux, -uy, length
    return x, y, -uy, ux, radius


@jit
def remains(line, face, at, near, capsules, spans, others, cuts):
    """Fill ``spans`` with the parts of a face on the border; tell how many, or `UNCLEAR`."""
    length = np.pi if face % 2 else line[4]
    spans[0, 0], spans[0, 1] = 0.0, length
    count = 1
    if capsules[at].outer:
        if face % 2 and swallowed(line, near, capsules):
            return 0
        count = less_all(line, face, near, capsules, 1, spans, count, cuts)
        return less_all(line, face, near, capsules, 0, spans, count, cuts)
    others[0, 0], others[0, 1] = 0.0, length
    outside = less_all(line, face, near, capsules, 1, others, 1, cuts)
    count = less_all(line, face, near, capsules, 0, spans, count, cuts)
    for span in others[: max(outside, 0)]:
        if count > 0:
            count = less(spans, count, span[0], span[1])
    return min(count, outside) if outside < 0 else count


@jit
def less_all(line, face, near, capsules, outer, spans, count, cuts):
    """Take away the parts of a face inside all capsules near that are outer ones, or are not."""
    for other in near:
        if count <= 0:
            break
        if capsules[other].outer == outer:
            count = less_one(line, face, other, capsules, spans, count, cuts)
    return count


@jit
def swallowed(line, near, capsules):
    """Whether the whole circle lies in one outer capsule; puts those it starts from to the front, which take most of it."""
    x, y, radius = line[0], line[1], line[4]
    front = 0
    for rank in range(len(near)):
        other = near[rank]
        apart = np.sqrt(apart_square(x, y, capsules, other))
        if capsules[other].outer and apart + radius <= capsules[other].radius:
            return True
        if apart < 0.1 * radius:
            near[rank], near[front] = near[front], other
            front += 1
    return False


@jit
def less_one(line, face, other, capsules, spans, count, cuts):
    """Take away the parts of a face inside a capsule."""
    if face % 2:
        return less_arc(spans, count, line, capsules, other, cuts)
    low, high = side_inside(line[0], line[1], line[2], line[3], line[4], capsules, other)
    if low < high:
        return less(spans, count, low, high)
    return count


@jit
def write(line, face, outer, spans, border, parts):
    """Write parts of a face to the border, turned round on capsules that take away; tell how many there are now."""
    x, y, east, north, size = line
    for span in spans:
        low, high = span
        if (high - low) * (size if face % 2 else 1.0) < SHORTEST_METRES:
            continue
        if parts < len(border.x0):
            if face % 2:
                start = np.arctan2(north, east)
                x0, y0 = x + size * np.cos(start + low), y + size * np.sin(start + low)
                x1, y1 = x + size * np.cos(start + high), y + size * np.sin(start + high)
                border.cx[parts], border.cy[parts], border.radius[parts] = x, y, size
                border.since[parts], border.turn[parts] = start + low, high - low
            else:
                x0, y0, x1, y1 = x + low * east, y + low * north, x + high * east, y + high * north
                border.radius[parts] = 0.0
            if not outer:
                x0, y0, x1, y1 = x1, y1, x0, y0
                border.since[parts] += border.turn[parts]
                border.turn[parts] *= -1
            border.x0[parts], border.y0[parts], border.x1[parts], border.y1[parts] = x0, y0, x1, y1
        parts += 1
    return parts


@jit
def linked(border, parts, following):
    """Find the part that starts where each ends; tell whether all of them were found, each once."""
    order = np.argsort(border.x0[:parts])
    xs = border.x0[:parts][order]
    taken = np.zeros(parts, np.bool_)
    for at in range(parts):
        x, y = border.x1[at], border.y1[at]
        best, nearest = -1, MEET_METRES
        rank = np.searchsorted(xs, x - MEET_METRES)
        while rank < parts and xs[rank] <= x + MEET_METRES:
            other = order[rank]
            metres = np.hypot(xs[rank] - x, border.y0[other] - y)
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
    """Follow the border round and round: corners to ``xy``, rings to ``starts``; tell how many rings, minus the corners
    needed where ``xy`` is short.
    """
    done = np.zeros(parts, np.bool_)
    corners, rings = 0, 0
    for begin in range(parts):
        if done[begin]:
            continue
        first, at = corners, begin
        while not done[at]:
            done[at] = True
            steps = max(1, int(np.ceil(abs(border.turn[at]) / step - 1e-9))) if border.radius[at] > 0 else 1
            for nth in range(steps):
                if corners < len(xy):
                    angle = border.since[at] + border.turn[at] * nth / steps
                    if nth == 0:
                        xy[corners, 0], xy[corners, 1] = border.x0[at], border.y0[at]
                    else:
                        xy[corners, 0] = border.cx[at] + border.radius[at] * np.cos(angle)
                        xy[corners, 1] = border.cy[at] + border.radius[at] * np.sin(angle)
                corners += 1
            at = following[at]
        if corners < len(xy):
            xy[corners] = xy[first]
            corners += 1
            if abs(square_metres(xy[first:corners])) < LEAST_SQUARE_METRES:
                corners = first
                continue
        else:
            corners += 1
        rings += 1
        if rings < len(starts):
            starts[rings] = corners
    return rings if corners <= len(xy) and rings < len(starts) else -corners


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
    if rings < 0:
        return -1
    return rings if owners(xy, starts, rings, owner) else 0
