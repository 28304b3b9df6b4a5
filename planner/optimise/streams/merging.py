"""Merging: customers come block by block, with the pairs or the places that tell which sites reach them; a problem results."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

from planner.arrays import People, Points, Positions
from planner.coverage import Coverage
from planner.errors import DataError, OptimiseError, QuestionError
from planner.optimise.problem import Problem
from planner.optimise.reduce import site_keys
from planner.optimise.streams.grid import Grid

Pairs: TypeAlias = tuple[People, Positions, Positions]
"""People of some customers ``(customers,)``, and the (customer, site) pairs in reach, customers counted from 0."""

Places: TypeAlias = tuple[People, Points]
"""People of some customers ``(customers,)``, and where they are, ``(customers, 2)``."""

TOLERANCE_METRES = 1e-6
"""What a place may lie beyond the radius and still be within it, as with minutes: room for rounding."""


def merge_pairs(blocks: Iterable[Pairs | Coverage], *, sites: int, **rules: Any) -> Problem:
    """Make a problem of customers whose pairs come block by block; see `Problem.from_blocks`."""
    merged = _Merged(sites, rules)
    for block in blocks:
        people, row, site = _pairs_of(block) if isinstance(block, Coverage) else block
        merged.take_pairs(_people(people), *_in_order(row, site, len(people), sites))
    return merged.problem()


def merge_places(blocks: Iterable[Places], sites: Points, *, metres: float, **rules: Any) -> Problem:
    """Make a problem of customers whose places come block by block; see `Problem.from_places`."""
    sites = np.ascontiguousarray(sites, float)
    if sites.ndim != 2 or sites.shape[1] != 2 or not len(sites) or not np.isfinite(sites).all():
        raise DataError("sites must be an array (sites, 2) of coordinates, x before y: one or more, all numbers")
    if not 0 < metres < float("inf"):
        raise QuestionError(f"metres must be a number above 0, not {metres!r}")
    merged = _Merged(len(sites), rules)
    grid = Grid.around(sites, metres + TOLERANCE_METRES, merged.keys)
    for people, place in blocks:
        xy = np.ascontiguousarray(place, float)
        if xy.shape != (len(people), 2):
            raise DataError(f"places of {len(people):,} customers must be an array ({len(people)}, 2), not {xy.shape}")
        merged.take_places(_people(people), xy, grid)
    return merged.problem()


def _people(people: People) -> People:
    people = np.asarray(people, float)
    if not (np.isfinite(people) & (people >= 0)).all():
        raise DataError("people must be numbers, 0 or more, for every customer")
    return people


def _pairs_of(coverage: Coverage) -> Pairs:
    by_point = coverage.matrix.T.tocsr()
    by_point.sort_indices()
    return coverage.demand.people, np.repeat(np.arange(by_point.shape[0]), np.diff(by_point.indptr)), by_point.indices


def _in_order(row: Positions, site: Positions, customers: int, sites: int) -> tuple[Positions, Positions]:
    """Pairs by customer, then by site, each once."""
    row, site = np.asarray(row), np.asarray(site)
    if len(row) != len(site):
        raise DataError(f"a block names {len(row):,} customers and {len(site):,} sites; a pair is one of each")
    for name, given, count in (("customer", row, customers), ("site", site, sites)):
        if len(given) and not (given.min() >= 0 and given.max() < count):
            raise DataError(f"a block names {name} {given.max() if given.max() >= count else given.min()} of {count:,}")
    step = np.diff(row)
    if (step > 0).all() or ((step >= 0) & ((step > 0) | (np.diff(site) > 0))).all():
        return row, site
    row, site = np.divmod(np.unique(row.astype(np.int64) * sites + site), sites)
    return row, site


class _Merged:
    """The sets of sites met so far: a table to find them by, with the people and the sites of each."""

    def __init__(self, sites: int, rules: dict[str, Any]) -> None:
        if lost := set(rules) & {"minutes", "row_unit", "unit_share", "worth"}:
            raise DataError(
                f"streamed customers are merged by their sites, so {', '.join(sorted(lost))} cannot be kept;"
                " such a problem is made by Problem.from_pairs"
            )
        self.sites, self.rules, self.keys = sites, rules, site_keys(sites)
        self.slots = np.full(2, -1, np.int64)
        self.sums, self.people = np.zeros((0, 2), np.uint64), np.zeros(0)
        self.found = 0
        self.lengths: list[Positions] = [np.zeros(0, np.int64)]
        self.members: list[Positions] = [np.zeros(0, np.int64)]

    def take_pairs(self, people: People, row: Positions, site: Positions) -> None:
        """Merge a block of pairs, in order."""
        from planner.optimise.streams import kernels

        self._make_room(len(people))
        pairs, self.found, clash = kernels.merge_pairs(
            people, row, site, self.keys, self.slots, self.sums, self.people, self.found
        )
        self._refuse(clash)
        lengths = pairs[:, 1] - pairs[:, 0]
        first = pairs[:, 0] - (np.cumsum(lengths) - lengths)
        self.lengths.append(lengths)
        self.members.append(site[np.repeat(first, lengths) + np.arange(lengths.sum())])

    def take_places(self, people: People, xy: Points, grid: Grid) -> None:
        """Merge a block of places."""
        from planner.optimise.streams import kernels

        if not np.isfinite(xy).all():
            raise DataError("places must be numbers, x before y, for every customer")
        self._make_room(len(people))
        fresh, self.found, clash = kernels.merge_places(
            people, xy, grid.corner, grid.side, grid.shape, grid.sure, grid.starts, grid.perhaps, grid.sites,
            grid.radius**2, self.keys, self.slots, self.sums, self.people, self.found,
        )  # fmt: skip
        self._refuse(clash)
        lengths, site = grid.reaching(xy[fresh])
        self.lengths.append(lengths)
        self.members.append(site)

    def problem(self) -> Problem:
        """The problem of all customers so far, a row a set of sites."""
        lengths = np.concatenate(self.lengths)
        row = np.repeat(np.arange(len(lengths)), lengths)
        people = self.people[: self.found]
        return Problem.from_pairs(people, np.concatenate(self.members), row, sites=self.sites, **self.rules)

    def _make_room(self, customers: int) -> None:
        """Let every customer of a block be a set of its own."""
        from planner.optimise.streams import kernels

        want = self.found + customers
        if want > len(self.people):
            room = max(want, 2 * self.found)
            self.sums = np.concatenate([self.sums[: self.found], np.zeros((room - self.found, 2), np.uint64)])
            self.people = np.concatenate([self.people[: self.found], np.zeros(room - self.found)])
        if 2 * want > len(self.slots):
            self.slots = np.full(1 << (2 * want).bit_length(), -1, np.int64)
            kernels.rehash(self.slots, self.sums, self.found)

    @staticmethod
    def _refuse(clash: bool) -> None:
        if clash:
            raise OptimiseError("two sets of sites share a signature; make these customers a Problem.from_pairs")
