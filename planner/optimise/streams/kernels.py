"""Kernels of streams: sets of sites known by the sums of their keys, looked up in a table and added to.

Importing this module loads numba; callers import it inside functions. A table is ``slots`` (a power of two long, -1 where
empty), ``sums`` ``(sets, 2)`` and ``total`` ``(sets,)``, the people; there is room for a new set a customer.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from planner.compiling import compiler

jit = compiler(__file__)

Array: TypeAlias = npt.NDArray[Any]


@jit
def rehash(slots: Array, sums: Array, found: int) -> None:
    """Enter the sets found so far into empty slots."""
    last = len(slots) - 1
    for place in range(found):
        slot = np.int64(sums[place, 0] & np.uint64(last))
        while slots[slot] >= 0:
            slot = (slot + 1) & last
        slots[slot] = place


@jit
def look_up(one: int, two: int, slots: Array, sums: Array, found: int) -> int:
    """The place of a set, ``found`` for a new one, entered now; -1 where another set has its first sum."""
    last = len(slots) - 1
    slot = np.int64(one & np.uint64(last))
    while slots[slot] >= 0 and sums[slots[slot], 0] != one:
        slot = (slot + 1) & last
    place = slots[slot]
    if place < 0:
        slots[slot], sums[found, 0], sums[found, 1] = found, one, two
        return found
    return place if sums[place, 1] == two else -1


@jit
def merge_pairs(
    people: Array, row: Array, site: Array, keys: Array, slots: Array, sums: Array, total: Array, found: int
) -> tuple[Array, int, bool]:
    """Add customers with their pairs, in order, each once.

    Gives where the pairs of each new set start and end, how many sets there are now, and whether two clash.
    """
    pairs = np.empty((len(people), 2), np.int64)
    before, at = found, 0
    for customer in range(len(people)):
        one, two, began = np.uint64(0), np.uint64(0), at
        while at < len(row) and row[at] == customer:
            one += keys[site[at], 0]
            two += keys[site[at], 1]
            at += 1
        place = look_up(one, two, slots, sums, found)
        if place < 0:
            return pairs[:0], before, True
        if place == found:
            total[place] = 0.0
            pairs[found - before] = began, at
            found += 1
        total[place] += people[customer]
    return pairs[: found - before], found, False


@jit
def merge_places(
    people: Array, xy: Array, corner: Array, side: float, shape: Array, sure: Array, starts: Array, perhaps: Array,
    sites: Array, most: float, keys: Array, slots: Array, sums: Array, total: Array, found: int,
) -> tuple[Array, int, bool]:  # fmt: skip
    """Add customers by where they are; ``most`` is the square of the radius, the rest a `Grid`.

    Gives the first customer of each new set, how many sets there are now, and whether two clash.
    """
    fresh = np.empty(len(people), np.int64)
    before = found
    for customer in range(len(people)):
        x, y = xy[customer, 0], xy[customer, 1]
        across, up = np.floor((x - corner[0]) / side), np.floor((y - corner[1]) / side)
        one, two = np.uint64(0), np.uint64(0)
        if 0 <= across < shape[0] and 0 <= up < shape[1]:
            cell = np.int64(up) * shape[0] + np.int64(across)
            one, two = sure[cell, 0], sure[cell, 1]
            for k in range(starts[cell], starts[cell + 1]):
                site = perhaps[k]
                if (x - sites[site, 0]) ** 2 + (y - sites[site, 1]) ** 2 <= most:
                    one += keys[site, 0]
                    two += keys[site, 1]
        place = look_up(one, two, slots, sums, found)
        if place < 0:
            return fresh[:0], before, True
        if place == found:
            total[place] = 0.0
            fresh[found - before] = customer
            found += 1
        total[place] += people[customer]
    return fresh[: found - before], found, False
