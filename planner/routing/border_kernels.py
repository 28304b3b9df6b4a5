"""Border kernels: which parts of capsules' outlines are the border of their union."""

# mypy: allow-untyped-defs, no-check-untyped-defs
# numba infers the types of what it compiles
from __future__ import annotations

import numpy as np

from planner.routing.outline_kernels import (
    SHORTEST_METRES,
    SPANS,
    apart_square,
    bounds,
    cells_of,
    jit,
    less,
    less_arc,
    side_inside,
)


@jit
def border_of(capsules, border):
    """List the border of outer capsules less the others; tells how many parts, minus as many where ``border`` is short,
    0 where it is unclear.
    """
    count = len(capsules)
    boxes, widest = np.empty((count, 4)), 0.0
    for at in range(count):
        boxes[at, 0], boxes[at, 1], boxes[at, 2], boxes[at, 3] = bounds(capsules, at)
        widest = max(widest, capsules[at].radius)
    cells = cells_of(boxes, 2 * widest)
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
    return parts if parts <= len(border) else -parts


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
        if parts < len(border):
            part = border[parts]
            if face % 2:
                start = np.arctan2(north, east)
                x0, y0 = x + size * np.cos(start + low), y + size * np.sin(start + low)
                x1, y1 = x + size * np.cos(start + high), y + size * np.sin(start + high)
                part.cx, part.cy, part.radius, part.since, part.turn = x, y, size, start + low, high - low
            else:
                x0, y0, x1, y1 = x + low * east, y + low * north, x + high * east, y + high * north
                part.radius, part.since, part.turn = 0.0, 0.0, 0.0
            if not outer:
                x0, y0, x1, y1 = x1, y1, x0, y0
                part.since, part.turn = part.since + part.turn, -part.turn
            part.x0, part.y0, part.x1, part.y1 = x0, y0, x1, y1
        parts += 1
    return parts
