"""Kernels of rows: the demand points a site reaches and their minutes, ascending, from a search's times of nodes.

Points are looked at in blocks of neighbours: a reached node marks the blocks with points on its roads, and all points
of a marked block are tried, with no branch that depends on a single one.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
# numba infers the types of what it compiles
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from planner.routing.kernels import FULL, ONE, Array, U, clear, jit, search
from planner.routing.ticks import TICKS_PER_MINUTE

TICK = 1 / TICKS_PER_MINUTE  # minutes
BLOCK_BITS = 3  # a block is 8 points
GROUP_BITS = 6  # a group is 64 blocks
FEW = 32  # points of a row that an insertion sort puts in order sooner than a radix sort
HALF = U(32)  # of a key of 64 bits: the point above, the bits of its float32 minutes below
LOW_HALF = U(0xFFFFFFFF)

HOME = np.dtype([("to_low", np.int64), ("to_high", np.int64), ("low", np.int32), ("high", np.int32)], align=True)


class Homes(NamedTuple):
    """Demand points by the ends of their edge, with the ticks to each, in the order of edges by their lower end.

    ``point`` is the row of each in the demand as given.
    """

    point: Array
    homes: Array
    fraction: Array
    access: Array


class Blocks(NamedTuple):
    """Blocks with points on the roads of each node: the first two in ``near`` ``(nodes, 2)``, all in compressed rows.

    Where there are fewer than two, the empty block at the end stands in; where more, the second is -1.
    """

    near: Array
    starts: Array
    blocks: Array


@jit
def blocks_near(homes, nodes):
    """Give the blocks of demand points on the roads of each node."""
    starts = np.zeros(nodes + 1, np.int32)
    seen = np.full(nodes, -1, np.int32)
    for home in range(len(homes)):
        block = home >> BLOCK_BITS
        for node in (homes[home].low, homes[home].high):
            starts[node + 1] += seen[node] != block
            seen[node] = block
    starts = np.cumsum(starts).astype(np.int32)
    none = -(-len(homes) >> BLOCK_BITS)
    near, blocks = np.full((nodes, 2), none, np.int32), np.empty(starts[nodes], np.int32)
    filled = starts[:-1].copy()
    for home in range(len(homes)):
        block = home >> BLOCK_BITS
        for node in (homes[home].low, homes[home].high):
            at = filled[node]
            if at > starts[node] and blocks[at - 1] == block:
                continue
            blocks[at] = block
            filled[node] += 1
            if at - starts[node] < 2:
                near[node, at - starts[node]] = block
            else:
                near[node, 1] = -1
    return Blocks(near, starts, blocks)


@jit
def mark_blocks(blocks, work, reached, first, last):
    """Mark the blocks with points on the roads of every reached node, and with the points ``first`` to ``last``."""
    near, marks, groups = blocks.near, work.marks, work.groups
    for at in range(reached):
        node = U(work.touched[at])
        block, other = near[node, 0], near[node, 1]
        marks[U(block)] = 1
        groups[U(block >> GROUP_BITS)] = 1
        if other >= 0:
            marks[U(other)] = 1
            groups[U(other >> GROUP_BITS)] = 1
        else:
            for k in range(blocks.starts[node] + 1, blocks.starts[node + ONE]):
                block = blocks.blocks[k]
                marks[block] = 1
                groups[block >> GROUP_BITS] = 1
    for home in range(first, last):
        marks[home >> BLOCK_BITS] = 1
        groups[home >> (BLOCK_BITS + GROUP_BITS)] = 1


@jit
def try_blocks(homes, doors, site, work, cut):
    """List the keys of the points of marked blocks within ``cut`` ticks, and unmark the blocks; tell how many."""
    time, marks, groups, keys = work.time, work.marks, work.groups, work.keys
    own_first, own_last = doors.first[site] >> BLOCK_BITS, (doors.last[site] - 1) >> BLOCK_BITS
    found = U(0)
    for group in range(len(groups)):
        if groups[group] == 0:
            continue
        groups[group] = 0
        for block in range(group << GROUP_BITS, min(len(marks), (group + 1) << GROUP_BITS)):
            if marks[block] == 0:
                continue
            marks[block] = 0
            beside = own_first <= block <= own_last
            for home in range(block << BLOCK_BITS, min(len(homes.homes), (block + 1) << BLOCK_BITS)):
                row = homes.homes[home]
                now = min(time[U(row.low)] + row.to_low, time[U(row.high)] + row.to_high)
                if beside:
                    now = min(now, along_edge(homes, doors, site, home, cut))
                keys[found] = U(homes.point[home]) << HALF | U(np.float32(now * TICK).view(np.uint32))
                found += U(now <= cut)
    return np.int64(found)


@jit
def along_edge(homes, doors, site, home, cut):
    """Ticks between a site and a point on its own edge without leaving it; more than ``cut`` for any other point."""
    if home < doors.first[site] or home >= doors.last[site]:
        return cut + 1
    step = homes.fraction[home] - doors.fraction[site]
    along = 0.0
    if step != 0.0:
        along = abs(step) * (doors.upward[site] if step > 0 else doors.downward[site])
    if along > cut * TICK:
        return cut + 1
    return np.int64(np.rint(along / TICK)) + homes.access[home] + doors.access[site]


@jit
def write_row(work, found, points, minutes, filled):
    """Write the points found, ascending, with their minutes, from ``filled`` on."""
    keys, ascending = work.keys, True
    for at in range(1, found):
        ascending &= keys[at - 1] <= keys[at]
    if not ascending and found > FEW:
        sort_into(work, found, points[filled:], minutes[filled:])
        return
    if not ascending:
        insertion_sort(keys, found)
    for at in range(found):
        points[filled + at] = keys[at] >> HALF
        minutes[filled + at] = np.uint32(keys[at] & LOW_HALF).view(np.float32)


@jit
def insertion_sort(keys, count):
    """Put the first ``count`` keys in order."""
    for at in range(1, count):
        key, to = keys[at], at
        while to > 0 and keys[to - 1] > key:
            keys[to] = keys[to - 1]
            to -= 1
        keys[to] = key


@jit
def sort_into(work, count, points, minutes):
    """Write ``count`` keys in the order of their points, sorted by the low half of a point's bits, then the high."""
    keys, middle, digits = work.keys, work.middle, work.digits
    bits, mask = U(np.int64(np.log2(digits.shape[1]))), U(digits.shape[1] - 1)
    digits[:] = 0
    for at in range(count):
        point = keys[at] >> HALF
        digits[0, point & mask] += 1
        digits[1, point >> bits] += 1
    low, high = 0, 0
    for digit in range(digits.shape[1]):
        low, digits[0, digit] = low + digits[0, digit], low
        high, digits[1, digit] = high + digits[1, digit], high
    for at in range(count):
        digit = (keys[at] >> HALF) & mask
        middle[U(digits[0, digit])] = keys[at]
        digits[0, digit] += 1
    for at in range(count):
        point = middle[at] >> HALF
        to = U(digits[1, point >> bits])
        points[to] = point
        minutes[to] = np.uint32(middle[at] & LOW_HALF).view(np.float32)
        digits[1, point >> bits] += 1


@jit
def reach_rows(arcs, homes, blocks, doors, rows, first, last, cut, shift, work, counts, points, minutes, filled):
    """Fill rows ``first`` to ``last``; tell the next row to do, what is filled, and whether the queue was too small.

    Stops early where the next row might not fit.
    """
    for row in range(first, last):
        if filled + len(homes.homes) > len(points):
            return row, filled, False
        site = rows[row]
        reached = search(arcs, doors, site, work, cut, shift)
        if reached == FULL:
            return row, filled, True
        mark_blocks(blocks, work, reached, doors.first[site], doors.last[site])
        found = try_blocks(homes, doors, site, work, cut)
        clear(work, reached)
        write_row(work, found, points, minutes, filled)
        counts[row] = found
        filled += found
    return last, filled, False


@jit
def copy_rows(starts, counts, points, minutes, to_points, to_minutes):
    """Copy rows that lie one after another to where each starts."""
    at = 0
    for row in range(len(starts)):
        to = starts[row]
        for k in range(counts[row]):
            to_points[to + k] = points[at + k]
            to_minutes[to + k] = minutes[at + k]
        at += counts[row]
