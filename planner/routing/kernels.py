"""Kernels: the compiled search from one site; imported only when one is about to run.

Times are whole ticks (see `planner.routing.graph`), so that sums are exact in any order. A search keeps a tentative
time for each node and a queue of buckets of equal width. A bucket is worked off in rounds of two steps: all its nodes
are left by all their arcs, and what is sooner than known is kept in a list; then the list is entered into the queue.
Neither step has a branch that depends on the data of a single arc, which processors guess wrong.

Entries and arcs are words of 64 bits: the node in the low 24, the ticks above, so that adding an arc to an entry
gives the next entry.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
# numba infers the types of what it compiles
from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from planner.compiling import compiler
from planner.routing.ticks import NEVER

Array: TypeAlias = npt.NDArray[Any]
jit = compiler(__file__)
jit_inline: Any = njit(nogil=True, inline="always")

HEAD_BITS = 24  # of an arc's 64; the rest are its ticks
HEAD_MASK = (1 << HEAD_BITS) - 1
SLOTS = 4  # arcs of a node that lie side by side; most crossings have no more
RING = 256  # buckets that stand open; what comes later waits, and is dealt out when the ring starts anew

U = np.uint64  # positions without a sign spare the check for negative ones
LOW, SHIFT, ONE = U(HEAD_MASK), U(HEAD_BITS), U(1)


class Arcs(NamedTuple):
    """Arcs out of each node: in compressed rows, and the first of each node side by side in ``slots`` ``(nodes, 4)``.

    Where there are fewer, the rest lead nowhere; where there are more, the last is 0 and the row has to be read.
    """

    starts: Array
    arcs: Array
    slots: Array


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


class Queue(NamedTuple):
    """Entries that wait, a row a bucket, ``filled`` of each; ``later`` those beyond the ring.

    ``front`` and ``sooner`` hold what one round leaves from, and what it finds.
    """

    filled: Array
    rows: Array
    later: Array
    front: Array
    sooner: Array


class Work(NamedTuple):
    """Arrays of one thread, as they were left by the search before: nothing reached, nothing queued."""

    time: Array
    touched: Array
    queue: Queue
    marks: Array
    groups: Array
    keys: Array
    middle: Array
    digits: Array


FULL = -1
"""Told instead of a count where a work array was too small; nothing is lost, the caller enlarges it and asks again."""


@jit
def search(arcs, doors, site, work, cut, shift):
    """Walk from a site to every node within ``cut`` ticks; tell how many were reached, or `FULL`."""
    time, touched, filled = work.time, work.touched, work.queue.filled
    first, last, reached, later = cut >> shift, -1, 0, 0
    for end in range(2):
        node = doors.tail[site] if end == 0 else doors.head[site]
        ticks = doors.to_tail[site] if end == 0 else doors.to_head[site]
        if ticks <= cut and ticks < time[node]:
            touched[reached] = node
            reached += time[node] == NEVER
            time[node] = ticks
            bucket = ticks >> shift
            first, last = min(first, bucket), max(last, bucket)
            work.queue.later[later] = U(ticks) << SHIFT | U(node)
            later += 1
    base = first
    while base <= last:
        later = deal(work, base, later, shift)
        bucket = base if later != FULL else last + 1
        while bucket <= last and bucket < base + RING:
            if filled[bucket - base] == 0:
                bucket += 1
                continue
            found = leave(arcs, work, bucket - base)
            reached, last, later = enter(work, found, base, cut, shift, reached, last, later)
            if later == FULL:
                break
        if later == FULL:
            filled[:] = 0
            clear(work, reached)
            return FULL
        base += RING
    return reached


@jit
def deal(work, base, later, shift):
    """Enter into the ring that starts at bucket ``base`` what waited for it; tell how many wait on, or `FULL`."""
    time, queue = work.time, work.queue
    wait = 0
    for at in range(later):
        entry = queue.later[at]
        if time[entry & LOW] != np.int64(entry >> SHIFT):
            continue
        row = (np.int64(entry >> SHIFT) >> shift) - base
        if row >= RING:
            queue.later[wait] = entry
            wait += 1
        elif queue.filled[row] < queue.rows.shape[1]:
            queue.rows[row, queue.filled[row]] = entry
            queue.filled[row] += 1
        else:
            return FULL
    return wait


@jit_inline
def leave(arcs, work, row):
    """Leave all nodes of a bucket by all their arcs; list what is sooner than known, tell how many."""
    time, front, sooner, rows, slots = work.time, work.queue.front, work.queue.sooner, work.queue.rows, arcs.slots
    here = U(0)
    for at in range(work.queue.filled[row]):
        entry = rows[row, at]
        front[here] = entry
        here += U(time[entry & LOW] == np.int64(entry >> SHIFT))  # else it was reached sooner since
    work.queue.filled[row] = 0
    found = U(0)
    for at in range(here):
        node = front[at] & LOW
        now = front[at] - node
        for slot in range(SLOTS - 1):
            entry = now + slots[node, slot]
            sooner[found] = entry
            found += U(np.int64(entry >> SHIFT) < time[entry & LOW])
        if slots[node, SLOTS - 1] != 0:
            entry = now + slots[node, SLOTS - 1]
            sooner[found] = entry
            found += U(np.int64(entry >> SHIFT) < time[entry & LOW])
        else:
            for link in range(arcs.starts[node] + SLOTS - 1, arcs.starts[node + ONE]):
                entry = now + U(arcs.arcs[link])
                sooner[found] = entry
                found += U(np.int64(entry >> SHIFT) < time[entry & LOW])
    return np.int64(found)


@jit_inline
def enter(work, found, base, cut, shift, reached, last, later):
    """Enter into the queue what is still sooner; tell the nodes reached, the last bucket, and the entries that wait."""
    time, touched, filled, rows, sooner = work.time, work.touched, work.queue.filled, work.queue.rows, work.queue.sooner
    room, waiting = rows.shape[1], work.queue.later
    full = False
    for at in range(found):
        entry = sooner[at]
        node, ticks = entry & LOW, np.int64(entry >> SHIFT)
        before = time[node]
        if ticks < before and ticks <= cut:
            time[node] = ticks
            touched[reached] = node
            reached += before == NEVER
            row = (ticks >> shift) - base
            last = max(last, row + base)
            if row < RING and filled[row] < room:
                rows[row, filled[row]] = entry
                filled[row] += 1
            elif row < RING or later == len(waiting):
                full = True
            else:
                waiting[later] = entry
                later += 1
    return reached, last, FULL if full else later


@jit
def clear(work, reached):
    """Leave the work arrays as a search wants to find them."""
    time, touched = work.time, work.touched
    for at in range(reached):
        time[touched[at]] = NEVER
