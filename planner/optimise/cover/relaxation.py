"""Cover relaxation: the best bound that parts of sites allow, by rows and trios of them where openings break one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from planner.arrays import Positions
from planner.optimise.clock import Clock
from planner.optimise.cover import trios
from planner.optimise.cover.trios import Trios
from planner.optimise.median.cuts import Cuts
from planner.optimise.median.lists import ShortLists
from planner.optimise.median.local import compiled
from planner.optimise.median.master import Master, Solved, unit_of
from planner.optimise.median.relaxation import FEW, NEARLY
from planner.optimise.model import Numbers

SHORT = 1e-7
"""A row short by less is met."""
NEAR = 0.1
"""Rows opened by no more than this beyond once are in the model from the start."""
MANY = 5
"""At most one trio for so many rows is added in one round, or ``LEAST_TRIOS``."""
LEAST_TRIOS = 100
LARGE = 2_000
"""More rows than this are first solved through the interior."""


class CoverRelaxation:
    """Openings of sites, and for each listed row what is missed of it: its payment in the master.

    Lists are those of a median where whoever no open site serves costs 1. Begun from openings ``(sites,)`` near the best.
    """

    def __init__(self, lists: ShortLists, new: int, value: float, opening: Numbers, known: Trios) -> None:
        from planner.optimise.cover import kernels

        self.lists, self.pairs, self.constant = lists, compiled(lists), lists.constant
        self.master = Master(len(lists.sites), lists.weight, new, unit_of(value - lists.constant))
        self.trios, self.cold = trios.NONE, True
        nothing = np.zeros(len(lists.rows))
        self._cover(kernels.missing(lists.first, lists.site, opening, nothing - NEAR, SHORT))
        self._bind(known)

    def tighten(
        self, goal: float, clock: Clock, rounds: int, told: Callable[[Solved], None] = lambda _: None
    ) -> tuple[Solved, bool]:
        """Solve and cut until the bound reaches the goal or cuts gain little, and whether that is so.

        ``told`` hears of each optimum that meets all rows.
        """
        from planner.optimise.cover import kernels

        lists, bounds, interior = self.lists, [-np.inf] * FEW, self.cold and len(self.master.number) > LARGE
        while True:
            solved, interior, self.cold = self.master.solve(clock, interior=interior), False, False
            if solved.bound >= goal - self.constant:
                told(solved)
                return solved, True
            if clock.up:
                return solved, False
            short = kernels.missing(lists.first, lists.site, solved.opening, solved.paid, SHORT)
            if len(short):
                self._cover(short)
                continue
            told(solved)
            bounds.append(solved.bound)
            rounds -= 1
            if not solved.split.any() or solved.bound - bounds[-1 - FEW] <= NEARLY * (
                goal - self.constant - solved.bound
            ):
                return solved, True
            if rounds <= 0:
                return solved, False
            most = max(LEAST_TRIOS, len(lists.rows) // MANY)
            found = trios.broken(lists.first, lists.site, lists.weight, solved.opening, solved.paid, most=most)
            if not len(found):
                return solved, True
            self._bind(found)

    def prices(self, solved: Solved) -> tuple[Numbers, Trios, Numbers]:
        """Prices of the listed rows, the trios that have one, and theirs: as good as the bound, checked without any solver."""
        duals = np.maximum(solved.duals, 0.0) * self.master.unit
        group, rows = self.master.cuts.group[: len(duals)], len(self.lists.rows)
        alone, joint = (group >= 0) & (group < rows), (group >= rows) & (duals > 0.0)
        prices = np.bincount(group[alone], duals[alone], minlength=rows).astype(float)
        return prices, self.trios[group[joint] - rows], duals[joint]

    def _cover(self, rows: Positions) -> None:
        """Add rows: one site opens, or the row is missed."""
        size = self.lists.first[rows + 1] - self.lists.first[rows]
        ends = np.cumsum(size)
        pairs = np.repeat(self.lists.first[rows] - (ends - size), size) + np.arange(ends[-1] if len(ends) else 0)
        self._add(rows, 1.0, ends, self.lists.site[pairs], np.ones(len(pairs)), rows[:, None])

    def _bind(self, found: Trios) -> None:
        """Add trios of rows."""
        first, site, times = trios.sites_of(self.lists.first, self.lists.site, found)
        number = len(self.lists.rows) + len(self.trios) + np.arange(len(found))
        self.trios = np.concatenate((self.trios, found))
        self._add(number, trios.WANTED, first[1:], site, times, found)

    def _add(
        self, group: Positions, low: float, ends: Positions, site: Positions, times: Numbers, missed: Positions
    ) -> None:
        """Add cuts of sites up to ``ends`` each, so many times, and of rows missed."""
        payers = missed.shape[1]
        column = np.insert(site.astype(np.int64), np.repeat(ends, payers), self.master.sites + missed.ravel())
        value = np.insert(times, np.repeat(ends, payers), 1.0)
        first = np.concatenate(([0], ends + payers * np.arange(1, len(ends) + 1)))
        self.master.add(Cuts(group, np.full(len(group), low), first, column, value))
