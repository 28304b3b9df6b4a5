"""Kernels: the compiled inner loops of a search; imported only when one is about to run.

A search keeps a tentative time for each node and a queue of buckets of equal width, each a chain of entries in
one pool. A node that is improved is entered again; an entry that no longer holds its node's time is skipped. The
times are those of Dijkstra's algorithm to the bit, since every one is the least sum along a path.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit
from numba.cpython.unsafe.numbers import trailing_zeros

Array = npt.NDArray[np.generic]

ARC = np.dtype([("head", np.int32), ("minutes", np.float64)], align=True)
HOME = np.dtype([("other", np.int32), ("point", np.int32), ("own", np.float64), ("far", np.float64)], align=True)
SPAN = np.dtype([("own", np.int32), ("first", np.int32), ("last", np.int32)], align=True)
ENTRY = np.dtype([("minutes", np.float64), ("node", np.int32), ("next", np.int32)], align=True)


class Arcs(NamedTuple):
    """Arcs out of each node."""

    starts: Array
    arcs: Array


class Homes(NamedTuple):
    """Demand points under the lower end of their edge (``own``), and spans of them under the higher end."""

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


FULL = -1
"""Told instead of a count where a work array was too small; nothing is lost, the caller enlarges it and asks again."""


@njit(nogil=True, cache=True)
def search(arcs, doors, site, work, cut, per_minute):
    """Walk from a site to every node within ``cut`` minutes; tell how many were reached, or `FULL`."""
    time, touched, buckets, pool = work.time, work.touched, work.buckets, work.pool
    reached, used, free, last = 0, 0, -1, -1
    full = False
    for end in range(2):
        node = doors.tail[site] if end == 0 else doors.head[site]
        minutes = doors.to_tail[site] if end == 0 else doors.to_head[site]
        if minutes <= cut and minutes < time[node]:
            if time[node] == np.inf:
                touched[reached] = node
                reached += 1
            time[node] = minutes
            bucket = int(minutes * per_minute)
            pool[used].minutes, pool[used].node, pool[used].next = minutes, node, buckets[bucket]
            buckets[bucket] = used
            used += 1
            last = max(last, bucket)
    bucket = 0
    while bucket <= last:
        entry = buckets[bucket]
        if entry < 0:
            bucket += 1
            continue
        now, node = pool[entry].minutes, pool[entry].node
        buckets[bucket] = pool[entry].next
        pool[entry].next = free
        free = entry
        if now != time[node]:
            continue
        for at in range(arcs.starts[node], arcs.starts[node + 1]):
            minutes = now + arcs.arcs[at].minutes
            head = arcs.arcs[at].head
            if minutes <= cut and minutes < time[head]:
                if time[head] == np.inf:
                    touched[reached] = head
                    reached += 1
                time[head] = minutes
                if free >= 0:
                    entry = free
                    free = pool[entry].next
                elif used < len(pool):
                    entry = used
                    used += 1
                else:
                    full = True
                    continue
                into = int(minutes * per_minute)
                pool[entry].minutes, pool[entry].node, pool[entry].next = minutes, head, buckets[into]
                buckets[into] = entry
                last = max(last, into)
    if full:
        clear(work, reached)
        return FULL
    return reached


@njit(nogil=True, cache=True)
def clear(work, reached):
    """Leave the work arrays as a search wants to find them."""
    for at in range(reached):
        work.time[work.touched[at]] = np.inf


@njit(nogil=True, cache=True)
def _mark(point, minutes, work):
    word = point >> 6
    bit = np.uint64(1) << np.uint64(point & 63)
    if work.words[word] & bit:
        if minutes < work.best[point]:
            work.best[point] = minutes
        return 0
    work.best[point] = minutes
    work.words[word] |= bit
    work.groups[word >> 6] |= np.uint64(1) << np.uint64(word & 63)
    return 1


@njit(nogil=True, cache=True)
def mark_homes(homes, doors, site, work, reached, cut):
    """Mark every demand point within ``cut`` minutes of the site, and its time; tell how many."""
    time, points = work.time, homes.homes
    found = 0
    for at in range(reached):
        node = work.touched[at]
        here = time[node]
        for home in range(homes.starts[node], homes.starts[node + 1]):
            minutes = min(here + points[home].own, time[points[home].other] + points[home].far)
            if minutes <= cut:
                found += _mark(points[home].point, np.float32(minutes), work)
        for span in range(homes.far_starts[node], homes.far_starts[node + 1]):
            if time[homes.far[span].own] == np.inf:
                for home in range(homes.far[span].first, homes.far[span].last):
                    minutes = here + points[home].far
                    if minutes <= cut:
                        found += _mark(points[home].point, np.float32(minutes), work)
    for home in range(doors.first[site], doors.last[site]):
        step = homes.fraction[home] - doors.fraction[site]
        along = 0.0
        if step != 0.0:
            along = abs(step) * (doors.upward[site] if step > 0 else doors.downward[site])
        minutes = along + homes.access[home] + doors.access[site]
        if minutes <= cut:
            found += _mark(points[home].point, np.float32(minutes), work)
    return found


@njit(nogil=True, cache=True)
def read_marks(work, points, minutes, filled):
    """Write the marked points in ascending order with their times, from ``filled`` on; unmark them."""
    for group in range(len(work.groups)):
        words = work.groups[group]
        if words == 0:
            continue
        work.groups[group] = 0
        while words != 0:
            word = (group << 6) + trailing_zeros(words)
            words &= words - np.uint64(1)
            bits = work.words[word]
            work.words[word] = 0
            while bits != 0:
                point = (word << 6) + trailing_zeros(bits)
                bits &= bits - np.uint64(1)
                points[filled] = point
                minutes[filled] = work.best[point]
                filled += 1
    return filled


@njit(nogil=True, cache=True)
def reach_rows(arcs, homes, doors, rows, first, last, cut, per_minute, work, counts, points, minutes, filled):
    """Fill rows ``first`` to ``last``; tell the next row to do, what is filled, and whether the queue was too small.

    Stops early where the next row might not fit.
    """
    for row in range(first, last):
        if filled + len(work.best) > len(points):
            return row, filled, False
        reached = search(arcs, doors, rows[row], work, cut, per_minute)
        if reached == FULL:
            return row, filled, True
        counts[row] = mark_homes(homes, doors, rows[row], work, reached, cut)
        clear(work, reached)
        filled = read_marks(work, points, minutes, filled)
    return last, filled, False


@njit(nogil=True, cache=True)
def copy_rows(order, counts, points, minutes, into, to_points, to_minutes):
    """Copy rows that lie one after another to where each belongs."""
    at = 0
    for row in range(len(order)):
        to = into[order[row]]
        for k in range(counts[row]):
            to_points[to + k] = points[at + k]
            to_minutes[to + k] = minutes[at + k]
        at += counts[row]
