"""Outline kernels: the border of a union of capsules (places within a radius of a straight piece), less thinner ones.

Every capsule's outline is two straight sides and two half circles. Of each, the parts inside other capsules are taken
away in closed form; what is left is the border, and its ends meet. Radii differ by up to a millimetre, so that roads
in one line, drawn twice or sharing a corner do not have sides in one place: no case is special.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
# numba infers the types of what it compiles
from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from planner.compiling import compiler

Array: TypeAlias = npt.NDArray[Any]
jit = compiler(__file__, error_model="numpy")

SPANS = 64  # parts of one side that may be left at a time
TINY = 1e-12
SHORTEST_METRES = 1e-6
JITTER_METRES = 1e-3
UNCLEAR = -2


CAPSULE = np.dtype(
    [(name, np.float64) for name in ("ax", "ay", "ux", "uy", "length", "radius")] + [("outer", np.int64)]
)
"""A capsule runs from (ax, ay) along the unit vector (ux, uy) for ``length``; ``outer`` ones add, the others take away."""


PART = np.dtype([(name, np.float64) for name in ("x0", "y0", "x1", "y1", "cx", "cy", "radius", "since", "turn")])
"""A part of a border from (x0, y0) to (x1, y1), land on the left. An arc has its centre in (cx, cy), its ``radius``, 0 where
the part is straight, and runs from the angle ``since`` by ``turn``."""


class Cells(NamedTuple):
    """Capsules by square cells they touch: cell ``row * columns + column`` has ``items[starts[cell]:starts[cell + 1]]``."""

    west: float
    south: float
    size: float
    columns: int
    rows: int
    starts: Array
    items: Array


@jit
def capsules_of(pieces, metres, others, half):
    """Make capsules of straight pieces of road, outer ones first; places are told from the first piece's corner."""
    count = len(pieces) + len(others)
    capsules = np.empty(count, CAPSULE)
    for at in range(count):
        outer = at < len(pieces)
        piece = pieces[at] if outer else others[at - len(pieces)]
        x, y = piece[0] - pieces[0, 0], piece[1] - pieces[0, 1]
        east, north = piece[2] - piece[0], piece[3] - piece[1]
        length = np.hypot(east, north)
        ux, uy = (east / length, north / length) if length > 0 else (1.0, 0.0)
        noise = (np.uint64(piece[5]) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
        wide = metres if outer else half[int(piece[4])]
        wide -= min(JITTER_METRES, wide / 100) * noise / 2.0**32
        one = capsules[at]
        one.ax, one.ay, one.ux, one.uy, one.length, one.radius, one.outer = x, y, ux, uy, length, wide, outer
    return capsules


@jit
def bounds(capsules, at):
    """Give west, south, east and north of a capsule."""
    x0, y0 = capsules[at].ax, capsules[at].ay
    x1, y1 = x0 + capsules[at].length * capsules[at].ux, y0 + capsules[at].length * capsules[at].uy
    radius = capsules[at].radius
    return min(x0, x1) - radius, min(y0, y1) - radius, max(x0, x1) + radius, max(y0, y1) + radius


@jit
def cells_of(boxes, size):
    """Lay boxes (west, south, east, north) out in square cells."""
    west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
    for at in range(len(boxes)):
        west, south = min(west, boxes[at, 0]), min(south, boxes[at, 1])
        east, north = max(east, boxes[at, 2]), max(north, boxes[at, 3])
    columns, rows = int((east - west) / size) + 1, int((north - south) / size) + 1
    starts = np.zeros(rows * columns + 1, np.int64)
    items = np.empty(0, np.int32)
    for fill in range(2):
        for at in range(len(boxes)):
            for row in range(int((boxes[at, 1] - south) / size), int((boxes[at, 3] - south) / size) + 1):
                for column in range(int((boxes[at, 0] - west) / size), int((boxes[at, 2] - west) / size) + 1):
                    cell = row * columns + column
                    if fill:
                        starts[cell] -= 1
                        items[starts[cell]] = at
                    else:
                        starts[cell] += 1
        if not fill:  # where each cell ends; filling brings that back to where it starts
            for cell in range(1, len(starts)):
                starts[cell] += starts[cell - 1]
            items = np.empty(starts[-1], np.int32)
    return Cells(west, south, size, columns, rows, starts, items)


@jit
def side_inside(x, y, dx, dy, length, capsules, at):
    """Give the part of a straight side from (x, y) along (dx, dy) inside a capsule, in metres; empty where lo >= hi."""
    ux, uy, far, radius = capsules[at].ux, capsules[at].uy, capsules[at].length, capsules[at].radius
    px, py = x - capsules[at].ax, y - capsules[at].ay
    along, off, run, rise = px * ux + py * uy, py * ux - px * uy, dx * ux + dy * uy, dy * ux - dx * uy
    off_end, along_end = off + length * rise, along + length * run
    if min(off, off_end) >= radius or max(off, off_end) <= -radius:
        return np.inf, -np.inf
    if min(along, along_end) >= far + radius or max(along, along_end) <= -radius:
        return np.inf, -np.inf
    low, high = 0.0, length
    if abs(rise) > TINY:
        steep = 1.0 / rise
        first, last = (-radius - off) * steep, (radius - off) * steep
        low, high = max(low, min(first, last)), min(high, max(first, last))
    elif abs(off) >= radius:
        high = -1.0
    if abs(run) > TINY:
        flat = 1.0 / run
        first, last = -along * flat, (far - along) * flat
        low, high = max(low, min(first, last)), min(high, max(first, last))
    elif along < 0 or along > far:
        high = -1.0
    if low >= high:
        low, high = np.inf, -np.inf
    for end in range(2):
        here = along - end * far
        apart = here * rise - off * run
        square = radius * radius - apart * apart
        if square > 0:
            root, middle = np.sqrt(square), -(here * run + off * rise)
            first, last = max(0.0, middle - root), min(length, middle + root)
            if first < last:
                low, high = min(low, first), max(high, last)
    return low, high


@jit
def apart_square(x, y, capsules, at):
    """Square of the distance from a place to the middle line of a capsule."""
    px, py = x - capsules[at].ax, y - capsules[at].ay
    along = px * capsules[at].ux + py * capsules[at].uy
    off = py * capsules[at].ux - px * capsules[at].uy
    beyond = along - min(max(along, 0.0), capsules[at].length)
    return beyond * beyond + off * off


@jit
def arc_cuts(along, off, turned, radius, far, other, cuts):
    """List where a circle crosses a capsule's outline, as angles from ``turned`` in (0, pi), sorted; tell how many.

    The circle's centre is at (along, off) of the capsule's own axes, ``far`` and ``other`` are its length and radius.
    """
    count = 0
    for side in range(2):
        sine = ((other if side else -other) - off) / radius
        if abs(sine) < 1:
            cosine = np.sqrt(1 - sine * sine)
            for way in range(2):
                here = along + radius * (-cosine if way else cosine)
                if 0 <= here <= far:
                    count = add_cut(np.arctan2(sine, -cosine if way else cosine) - turned, cuts, count)
    for end in range(2):
        here = along - end * far
        apart = np.hypot(here, off)
        across = (other * other - radius * radius - apart * apart) / (2 * radius)
        if abs(across) < apart:
            middle, half = np.arctan2(off, here), np.arccos(across / apart)
            for way in range(2):
                angle = middle - half if way else middle + half
                reached = here + radius * np.cos(angle)
                if (reached > 0) if end else (reached < 0):
                    count = add_cut(angle - turned, cuts, count)
    return count


@jit
def add_cut(angle, cuts, count):
    """Put an angle in its place among those sorted, if it lies in (0, pi)."""
    angle %= 2 * np.pi
    if angle >= np.pi:
        return count
    at = count
    while at > 0 and cuts[at - 1] > angle:
        cuts[at] = cuts[at - 1]
        at -= 1
    cuts[at] = angle
    return count + 1


@jit
def less_arc(spans, count, circle, capsules, at, cuts):
    """Take away the parts of a half circle (x, y, east and north of its start, radius) inside a capsule."""
    x, y, east, north, radius = circle
    far, other = capsules[at].length, capsules[at].radius
    ux, uy = capsules[at].ux, capsules[at].uy
    px, py = x - capsules[at].ax, y - capsules[at].ay
    along, off = px * ux + py * uy, py * ux - px * uy
    beyond = along - min(max(along, 0.0), far)
    square = beyond * beyond + off * off
    if square >= (radius + other) ** 2 or other <= py * east - px * north - far * max(0.0, uy * east - ux * north):
        return count  # the second: it lies behind the half circle
    if radius < other and square <= (other - radius) ** 2:
        return 0
    farthest = np.sqrt(max(along * along, (along - far) ** 2) + off * off)
    if farthest + other <= radius:
        return count
    turned = np.arctan2(north * ux - east * uy, east * ux + north * uy)
    many = arc_cuts(along, off, turned, radius, far, other, cuts)
    begin = 0.0
    for nth in range(many + 1):
        end = np.pi if nth == many else cuts[nth]
        angle = turned + (begin + end) / 2
        here, aside = along + radius * np.cos(angle), off + radius * np.sin(angle)
        beyond = here - min(max(here, 0.0), far)
        if beyond * beyond + aside * aside < other * other:
            count = less(spans, count, begin, end)
        begin = end
    return count


@jit
def less(spans, count, low, high):
    """Take an interval away from disjoint ones; tells how many are left, or `UNCLEAR` where there are too many."""
    for at in range(count - 1, -1, -1):
        first, last = spans[at, 0], spans[at, 1]
        if high <= first or low >= last:
            continue
        if low <= first and high >= last:
            count -= 1
            spans[at, 0], spans[at, 1] = spans[count, 0], spans[count, 1]
        elif low <= first:
            spans[at, 0] = high
        elif high >= last:
            spans[at, 1] = low
        else:
            if count == len(spans):
                return UNCLEAR
            spans[at, 1] = low
            spans[count, 0], spans[count, 1] = high, last
            count += 1
    return count
