"""Streaming: customers by the million, merged by the sites that reach them as they come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

from planner.arrays import People, Positions
from planner.errors import DataError, OptimiseError
from planner.optimise.problem import Problem
from planner.optimise.reduce import site_keys

Block: TypeAlias = tuple[People, Positions, Positions]
"""People of some customers ``(customers,)``, and the (customer, site) pairs in reach, customers ascending from 0."""

CLASH = "two sets of sites share a signature; use Problem.from_pairs for these customers"


def merge_streamed(blocks: Iterable[Block], *, sites: int, **rules: Any) -> Problem:
    """Make a problem of customers that arrive in blocks: those reached by the same sites become one row.

    A set of sites is known by a 64-bit signature, and a second one checks it. Memory holds one block and the rows so
    far: 20 million customers over 100 sites become some thousands. ``rules`` are those of a `Problem`; rules that look at
    single customers (minutes, units) need `Problem.from_pairs`.
    """
    if lost := set(rules) & {"minutes", "row_unit", "worth"}:
        raise DataError(f"streamed customers are merged by their sites, so {', '.join(sorted(lost))} cannot be kept")
    merged = _Merged(sites)
    for block in blocks:
        merged.take(*block)
    row = np.repeat(np.arange(len(merged.members)), [len(some) for some in merged.members])
    site = np.concatenate(merged.members) if merged.members else np.zeros(0, np.int64)
    return Problem.from_pairs(np.array(merged.people), site, row, sites=sites, **rules)


class _Merged:
    """Rows so far: the place of each signature, its check, its people and its sites."""

    def __init__(self, sites: int) -> None:
        self.sites = sites
        self.keys = site_keys(sites)
        self.place: dict[int, int] = {}
        self.check: list[int] = []
        self.people: list[float] = []
        self.members: list[Positions] = []

    def take(self, people: People, row: Positions, site: Positions) -> None:
        """Merge a block."""
        from planner.optimise.kernels import kinds

        people, row, site = np.asarray(people, float), np.asarray(row), np.asarray(site)
        if not (np.isfinite(people) & (people >= 0)).all():
            raise DataError("people must be numbers, 0 or more, for every customer")
        if len(site) and not (site.min() >= 0 and site.max() < self.sites):
            raise DataError("a block names a site that does not exist")
        sums, total, pairs, fault = kinds(people, row, site, self.keys)
        if fault == 1:
            raise DataError("a block's pairs must ascend by customer and name customers of the block only")
        if fault == 2:
            raise OptimiseError(CLASH)
        for (key, check), amount, (start, end) in zip(sums.tolist(), total.tolist(), pairs.tolist(), strict=True):
            self._add(key, check, amount, site[start:end])

    def _add(self, key: int, check: int, people: float, sites: Positions) -> None:
        place = self.place.setdefault(key, len(self.members))
        if place == len(self.members):
            self.check.append(check)
            self.people.append(0.0)
            self.members.append(np.array(sites, np.int64))
        elif self.check[place] != check:
            raise OptimiseError(CLASH)
        self.people[place] += people
