"""Cover kernels: compiled loops over trios of rows. Importing this module loads numba; callers import it inside functions."""

# mypy: allow-untyped-defs
from __future__ import annotations

import numpy as np

from planner.compiling import compiler

jit = compiler(__file__)


@jit
def half_open(first, site, opening, missed, inside):
    """How far each row is covered or missed beyond once, and its sites ``inside``, in compressed rows."""
    rows = len(first) - 1
    excess, starts = np.empty(rows), np.zeros(rows + 1, np.int64)
    sites, at = np.empty(len(site), np.int32), 0
    for row in range(rows):
        total = missed[row] - 1.0
        for k in range(first[row], first[row + 1]):
            total += opening[site[k]]
            if inside[site[k]]:
                sites[at] = site[k]
                at += 1
        excess[row] = max(0.0, total)
        starts[row + 1] = at
    return excess, starts, sites[:at]


@jit
def _by_site(heads, starts, sites, count):
    """The heads (as positions among them) of each site, in compressed rows."""
    first = np.zeros(count + 1, np.int64)
    for head in heads:
        for k in range(starts[head], starts[head + 1]):
            first[sites[k] + 1] += 1
    first = np.cumsum(first)
    here, near = first.copy(), np.empty(first[-1], np.int32)
    for one in range(len(heads)):
        for k in range(starts[heads[one]], starts[heads[one] + 1]):
            near[here[sites[k]]] = one
            here[sites[k]] += 1
    return first, near


@jit
def overlaps(heads, starts, sites, opening, apart):
    """For each head, later ones that share openings of more than ``apart`` with it but not nearly 1, and how much, compressed."""
    by_site, near = _by_site(heads, starts, sites, len(opening))
    first, at = np.zeros(len(heads) + 1, np.int64), 0
    other, shared = np.empty(1 << 14, np.int32), np.empty(1 << 14)
    sums, seen = np.zeros(len(heads)), np.empty(len(heads), np.int32)
    for one in range(len(heads)):
        met = 0
        for s in sites[starts[heads[one]] : starts[heads[one] + 1]]:
            for two in near[by_site[s] : by_site[s + 1]]:
                if two > one:
                    if sums[two] == 0.0:
                        seen[met] = two
                        met += 1
                    sums[two] += opening[s]
        while at + met > len(other):
            other, shared = np.concatenate((other, other)), np.concatenate((shared, shared))
        for two in seen[:met]:
            if apart < sums[two] < 1.0 - apart:
                other[at], shared[at] = two, sums[two]
                at += 1
            sums[two] = 0.0
        first[one + 1] = at
    return first, other[:at], shared[:at]


@jit
def _sums_by_byte(sites, opening, sums):
    """Set ``sums[b, m]`` to the openings of those of eight sites, the b-th eight, that the bits of m name."""
    for byte in range((len(sites) + 7) // 8):
        for bits in range(256):
            total = 0.0
            for bit in range(min(8, len(sites) - 8 * byte)):
                if bits >> bit & 1:
                    total += opening[sites[8 * byte + bit]]
            sums[byte, bits] = total


@jit
def _shared_by(sites, places):
    """Which of the sites in ``places`` these are, as bits."""
    bits = np.uint64(0)
    for s in sites:
        if places[s] >= 0:
            bits |= np.uint64(1) << np.uint64(places[s])
    return bits


@jit
def broken(heads, pairs, starts, sites, opening, excess, least):
    """Trios of heads (as positions among them) broken by more than ``least``, and by how much each is.

    A trio is broken by what two or all of its rows share, less what all do, less 1 and what its rows exceed. Of a row's half-open
    sites, 64 count as shared by all.
    """
    first, other, shared = pairs
    found, by, at = np.empty((1 << 10, 3), np.int64), np.empty(1 << 10), 0
    over, with_one, bits = excess[heads], np.full(len(heads), -np.inf), np.zeros(len(heads), np.uint64)
    places, sums = np.full(len(opening), -1, np.int8), np.empty((8, 256))
    for one in range(len(heads)):
        own = sites[starts[heads[one]] : min(starts[heads[one]] + 64, starts[heads[one] + 1])]
        places[own] = np.arange(len(own))
        _sums_by_byte(own, opening, sums)
        for k in range(first[one], first[one + 1]):
            two = other[k]
            with_one[two] = shared[k] - over[two]
            bits[two] = _shared_by(sites[starts[heads[two]] : starts[heads[two] + 1]], places)
        for k in range(first[one], first[one + 1]):
            two = other[k]
            asked = 1.0 + least + over[one] + over[two] - shared[k]
            for m in range(first[two], first[two + 1]):
                three = other[m]
                more = with_one[three] + shared[m] - asked
                if more <= 0.0:
                    continue
                both = bits[two] & bits[three]
                for byte in range((len(own) + 7) // 8):
                    more -= 2.0 * sums[byte, both >> np.uint64(8 * byte) & np.uint64(255)]
                if more > 0.0:
                    if at == len(by):
                        found, by = np.concatenate((found, found)), np.concatenate((by, by))
                    found[at, 0], found[at, 1], found[at, 2] = one, two, three
                    by[at] = more + least
                    at += 1
        with_one[other[first[one] : first[one + 1]]] = -np.inf
        places[own] = -1
    return found[:at], by[:at]


@jit
def taken(found, kinds, members, rows, each, uses, most):
    """Trios of rows for trios of kinds, in their order: up to ``each`` for one, up to ``uses`` with one row."""
    trios, at, used = np.empty((most, 3), np.int64), 0, np.zeros(rows, np.int8)
    here = np.empty(3, np.int64)
    for trio in found:
        for part in range(3):
            here[part] = kinds[trio[part]]
        for _ in range(each):
            whole = at < most
            for part in range(3):
                end = kinds[trio[part] + 1]
                while here[part] < end and used[members[here[part]]] >= uses:
                    here[part] += 1
                whole = whole and here[part] < end
            if not whole:
                break
            for part in range(3):
                trios[at, part] = members[here[part]]
                used[members[here[part]]] += 1
                here[part] += 1
            at += 1
    return trios[:at]


@jit
def joined(first, site, trios):
    """The sites of any row of each trio, in order and compressed, and how often each counts: twice where all three share it."""
    starts, size = np.zeros(len(trios) + 1, np.int64), 0
    for trio in trios:
        for row in trio:
            size += first[row + 1] - first[row]
    sites, times, at = np.empty(size, np.int32), np.empty(size), 0
    here = np.empty(3, np.int64)
    for t in range(len(trios)):
        here[:] = first[trios[t]]
        while True:
            least = 2**31 - 1
            for part in range(3):
                if here[part] < first[trios[t, part] + 1]:
                    least = min(least, site[here[part]])
            if least == 2**31 - 1:
                break
            rows = 0
            for part in range(3):
                if here[part] < first[trios[t, part] + 1] and site[here[part]] == least:
                    here[part] += 1
                    rows += 1
            sites[at], times[at] = least, 2.0 if rows == 3 else 1.0
            at += 1
        starts[t + 1] = at
    return starts, sites[:at], times[:at]


@jit
def missing(first, site, opening, missed, least):
    """Rows that openings and misses leave short of 1 by more than ``least``."""
    rows, at = np.empty(len(missed), np.int64), 0
    for row in range(len(missed)):
        total = missed[row]
        for k in range(first[row], first[row + 1]):
            total += opening[site[k]]
        if total < 1.0 - least:
            rows[at] = row
            at += 1
    return rows[:at]


@jit
def lowered(starts, rows, misses, sites, prices):
    """Lower prices till those that call for a row to be missed sum to no more than that costs: its own first, it comes first."""
    for k in range(len(misses)):
        over = -misses[k]
        for m in range(starts[sites + k], starts[sites + k + 1]):
            over += prices[rows[m]]
        for m in range(starts[sites + k], starts[sites + k + 1]):
            if over <= 0.0:
                break
            less = min(over, prices[rows[m]])
            prices[rows[m]] -= less
            over -= less


@jit
def add_missed(first, site, times, trios, people, opening, missed):
    """Let rows be missed as far as trios ask for it, the row of fewest people of each."""
    for t in range(len(trios)):
        lack = 2.0
        for k in range(first[t], first[t + 1]):
            lack -= times[k] * opening[site[k]]
        fewest = trios[t, 0]
        for row in trios[t]:
            lack -= missed[row]
            if people[row] < people[fewest]:
                fewest = row
        missed[fewest] += max(0.0, lack)
