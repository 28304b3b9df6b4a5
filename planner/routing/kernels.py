"""Kernels: the compiled inner loops of a search; imported only when one is about to run.

Times are whole ticks (see `planner.routing.graph`), so that sums are exact in any order. A search keeps a tentative
time for each node and a queue of buckets of equal width, each a chain of entries in one pool. A node that is
improved is entered again; an entry that no longer holds its node's time is skipped.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
# numba infers the types of what it compiles
from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit
from numba.cpython.unsafe.numbers import trailing_zeros

from planner.routing.ticks import NEVER, TICKS_PER_MINUTE

Array: TypeAlias = npt.NDArray[Any]
jit: Any = njit(nogil=True, cache=True)

HEAD_BITS = 24  # of an arc's 64; the rest, but the sign, are its ticks
HEAD_MASK = (1 << HEAD_BITS) - 1
TICK = 1 / TICKS_PER_MINUTE  # minutes

HOME = np.dtype([("own", np.int64), ("far", np.int64), ("other", np.int32)], align=True)
SPAN = np.dtype([("own", np.int32), ("first", np.int32), ("last", np.int32)], align=True)
ENTRY = np.dtype([("ticks", np.int64), ("node", np.int32), ("next", np.int32)], align=True)


class Arcs(NamedTuple):
    """Arcs out of each node."""

    starts: Array
    arcs: Array


class Homes(NamedTuple):
    """Demand points under the lower end of their edge (``own``), and spans of them under the higher end.

    ``point`` is the row of each in the demand as given.
    """

    point: Array
    starts: Array
    homes: Array
    far_starts: Array
    far: Array
    fraction: Array
    access: Array


class Doors(NamedTuple):
    """Sites: the ends of their edges, and the span of the demand points on the same edge."""

    tail: Array
    head: Array
    to_tail: Array
    to_head: Array
    first: Array
    last: Array
    fraction: Array
    access: Array
    upward: Array
    downward: Array


class Work(NamedTuple):
    """Arrays of one thread, as they were left by the search before: nothing reached, nothing queued."""

    time: Array
    touched: Array
    buckets: Array
    pool: Array
    best: Array
    words: Array
    groups: Array
    found: Array
    found_minutes: Array
    middle: Array
    digits: Array


FEW = 32  # points of a row that an insertion sort puts in order sooner than a radix sort
FULL = -1
"""Told instead of a count where a work array was too small; nothing is lost, the caller enlarges it and asks again."""


@jit
def search(arcs, doors, site, work, cut, shift):  # noqa: C901, PLR0912, PLR0915 - calls would cost a third of its speed
    """Walk from a site to every node within ``cut`` ticks; tell how many were reached, or `FULL`."""
    time, touched, buckets, pool = work.time, work.touched, work.buckets, work.pool
    starts, links = arcs.starts, arcs.arcs
    reached, used, free, last = 0, 0, -1, -1
    full = False
    for end in range(2):
        node = doors.tail[site] if end == 0 else doors.head[site]
        ticks = doors.to_tail[site] if end == 0 else doors.to_head[site]
        if ticks <= cut and ticks < time[node]:
            if time[node] == NEVER:
                touched[reached] = node
                reached += 1
            time[node] = ticks
            bucket = ticks >> shift
            pool[used].ticks, pool[used].node, pool[used].next = ticks, node, buckets[bucket]
            buckets[bucket] = used
            used += 1
            last = max(last, bucket)
    bucket = 0
    while bucket <= last:
        entry = buckets[bucket]
        if entry < 0:
            bucket += 1
            continue
        now, node = pool[entry].ticks, pool[entry].node
        buckets[bucket] = pool[entry].next
        pool[entry].next = free
        free = entry
        if now != time[node]:
            continue
        for at in range(starts[node], starts[node + 1]):
            link = links[at]
            ticks = now + (link >> HEAD_BITS)
            head = link & HEAD_MASK
            before = time[head]
            if ticks < before and ticks <= cut:
                if before == NEVER:
                    touched[reached] = head
                    reached += 1
                time[head] = ticks
                if free >= 0:
                    entry = free
                    free = pool[entry].next
                elif used < len(pool):
                    entry = used
                    used += 1
                else:
                    full = True
                    continue
                into = ticks >> shift
                pool[entry].ticks, pool[entry].node, pool[entry].next = ticks, head, buckets[into]
                buckets[into] = entry
                last = max(last, into)
    if full:
        clear(work, reached)
        return FULL
    return reached


@jit
def clear(work, reached):
    """Leave the work arrays as a search wants to find them."""
    time, touched = work.time, work.touched
    for at in range(reached):
        time[touched[at]] = NEVER


@jit
def mark_homes(homes, work, reached, cut):
    """Mark every demand point within ``cut`` ticks of the site, and its minutes."""
    time, touched, best, words, groups = work.time, work.touched, work.best, work.words, work.groups
    starts, points, far_starts, far = homes.starts, homes.homes, homes.far_starts, homes.far
    for at in range(reached):
        node = touched[at]
        here = time[node]
        for home in range(starts[node], starts[node + 1]):
            ticks = min(here + points[home].own, time[points[home].other] + points[home].far)
            if ticks <= cut:
                best[home] = ticks * TICK
                words[home >> 6] |= np.uint64(1) << np.uint64(home & 63)
                groups[home >> 12] |= np.uint64(1) << np.uint64((home >> 6) & 63)
        for span in range(far_starts[node], far_starts[node + 1]):
            if time[far[span].own] == NEVER:
                for home in range(far[span].first, far[span].last):
                    ticks = here + points[home].far
                    if ticks <= cut:
                        best[home] = ticks * TICK
                        words[home >> 6] |= np.uint64(1) << np.uint64(home & 63)
                        groups[home >> 12] |= np.uint64(1) << np.uint64((home >> 6) & 63)


@jit
def mark_same_edge(homes, doors, site, work, cut):
    """Mark the demand points on the site's own edge that are nearer along it."""
    best, words, groups = work.best, work.words, work.groups
    for home in range(doors.first[site], doors.last[site]):
        step = homes.fraction[home] - doors.fraction[site]
        along = 0.0
        if step != 0.0:
            along = abs(step) * (doors.upward[site] if step > 0 else doors.downward[site])
        if along <= cut * TICK:
            ticks = np.int64(np.rint(along / TICK)) + homes.access[home] + doors.access[site]
            if ticks <= cut:
                bit = np.uint64(1) << np.uint64(home & 63)
                if words[home >> 6] & bit == 0 or ticks * TICK < best[home]:
                    best[home] = ticks * TICK
                words[home >> 6] |= bit
                groups[home >> 12] |= np.uint64(1) << np.uint64((home >> 6) & 63)


@jit
def read_marks(homes, work):
    """List the marked points and their minutes in ``work.found``, unmark them; tell how many, and if they ascend."""
    groups, words, best, point_of = work.groups, work.words, work.best, homes.point
    points, minutes = work.found, work.found_minutes
    found, before, ascending = 0, -1, True
    for group in range(len(groups)):
        left = groups[group]
        groups[group] = 0
        while left != 0:
            word = (group << 6) + trailing_zeros(left)
            left &= left - np.uint64(1)
            bits = words[word]
            words[word] = 0
            while bits != 0:
                home = (word << 6) + trailing_zeros(bits)
                bits &= bits - np.uint64(1)
                point = point_of[home]
                ascending &= point > before
                before = point
                points[found] = point
                minutes[found] = best[home]
                found += 1
    return found, ascending


@jit
def write_sorted(work, found, ascending, points, minutes, filled):
    """Write the points found, ascending, with their minutes, from ``filled`` on."""
    from_points, from_minutes = work.found, work.found_minutes
    if ascending or found <= FEW:
        for at in range(found):
            point, time = from_points[at], from_minutes[at]
            to = filled + at
            while to > filled and points[to - 1] > point:
                points[to], minutes[to] = points[to - 1], minutes[to - 1]
                to -= 1
            points[to], minutes[to] = point, time
        return
    digits = work.digits  # two passes of a radix sort: by the low half of the bits there, by the high half back
    half = np.int64(np.log2(digits.shape[1]))
    mask = digits.shape[1] - 1
    digits[:] = 0
    for at in range(found):
        digits[0, from_points[at] & mask] += 1
        digits[1, from_points[at] >> half] += 1
    low, high = 0, 0
    for digit in range(digits.shape[1]):
        low, digits[0, digit] = low + digits[0, digit], low
        high, digits[1, digit] = high + digits[1, digit], high
    middle_points, middle_minutes = work.middle, work.best
    for at in range(found):
        digit = from_points[at] & mask
        to = digits[0, digit]
        digits[0, digit] = to + 1
        middle_points[to], middle_minutes[to] = from_points[at], from_minutes[at]
    for at in range(found):
        digit = middle_points[at] >> half
        to = filled + digits[1, digit]
        digits[1, digit] += 1
        points[to], minutes[to] = middle_points[at], middle_minutes[at]


@jit
def reach_rows(arcs, homes, doors, rows, first, last, cut, shift, work, counts, points, minutes, filled):
    """Fill rows ``first`` to ``last``; tell the next row to do, what is filled, and whether the queue was too small.

    Stops early where the next row might not fit.
    """
    for row in range(first, last):
        if filled + len(work.best) > len(points):
            return row, filled, False
        reached = search(arcs, doors, rows[row], work, cut, shift)
        if reached == FULL:
            return row, filled, True
        mark_homes(homes, work, reached, cut)
        mark_same_edge(homes, doors, rows[row], work, cut)
        clear(work, reached)
        found, ascending = read_marks(homes, work)
        write_sorted(work, found, ascending, points, minutes, filled)
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
