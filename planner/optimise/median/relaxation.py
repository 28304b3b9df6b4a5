"""Median relaxation: the best bound that parts of sites allow, by cuts where the master pays too little (Benders 1962)."""

from __future__ import annotations

import numpy as np

from planner.arrays import Mask, Minutes
from planner.optimise.clock import Clock
from planner.optimise.median.cuts import Cuts
from planner.optimise.median.lists import ShortLists
from planner.optimise.median.local import compiled
from planner.optimise.median.master import Master, Solved, grouped, unit_of
from planner.optimise.model import Numbers

NEARLY = 0.1
"""Rounds end when they can close no more than this share of the gap, or the last few closed no more."""
FEW = 3
"""How many rounds are the last few."""
GROUPS_A_SITE, LEAST_GROUPS = 4, 200
"""Groups of points for each site to open, and at least."""


class Relaxation:
    """Cuts in a master, begun from prices ``(points,)`` near the best: with them the first bound is already theirs.

    Sorted distances, one payment for each group of points, a cut for each group that pays too little.
    """

    def __init__(self, lists: ShortLists, new: int, opened: Mask, price: Minutes, value: float) -> None:
        from planner.optimise.median import cuts as kernels

        self.lists, self.pairs, self.constant = lists, compiled(lists), lists.constant
        self.groups = grouped(lists, opened, max(LEAST_GROUPS, GROUPS_A_SITE * new))
        self.unit = unit_of(value - lists.constant)
        pays = np.full(len(self.groups.first) - 1, self.unit)
        self.master = Master(len(lists.sites), pays, new, self.unit)
        self.amid: Numbers = opened.astype(np.float64)
        self.tried: list[tuple[int, Minutes]] = []
        self.tolerance = 1e-10 * abs(value - lists.constant)
        nothing = np.full(len(self.groups.first) - 1, -np.inf)
        for start in (price, self._served(opened)):
            cuts, _ = kernels.violated(self.pairs, self.groups, start, np.zeros(len(lists.sites)), nothing, 0.0)
            self._add(cuts, start)

    def tighten(self, goal: float, clock: Clock, rounds: int) -> tuple[Solved, bool]:
        """Solve and cut until the bound reaches the goal or there is nothing much left to gain, and whether that is so."""
        bounds = [-np.inf] * FEW
        while True:
            solved = self.master.solve(clock)
            bounds.append(solved.bound)
            rounds -= 1
            if solved.bound >= goal - self.constant:
                return solved, True
            if clock.up or rounds <= 0:
                return solved, False
            due, cut = self._cut(solved, solved.opening)
            gain = min(due - solved.bound, solved.bound - bounds[-1 - FEW])
            stuck = gain <= NEARLY * (goal - self.constant - solved.bound)
            if not cut or (stuck and solved.split.any()):
                return solved, True
            self.amid = (self.amid + solved.opening) / 2
            if stuck:  # whole sites alone would be cut off one after another
                self._cut(solved, self.amid)

    def prices(self, solved: Solved) -> Minutes:
        """The prices that the cuts' duals mix: as good as the bound, and checked without any solver."""
        of, duals = self.groups.of, np.maximum(solved.duals, 0.0)
        group, number = self.master.cuts.group[: len(duals)], self.master.number[: len(duals)]  # cuts came since
        batch = np.searchsorted([start for start, _ in self.tried], number, side="right") - 1
        total = np.bincount(group, weights=duals, minlength=self.master.groups)
        duals = duals / np.maximum(total, 1.0)[group]
        price = np.maximum(1.0 - total, 0.0)[of] * self.lists.minutes[self.lists.first[:-1]]
        for one in np.unique(batch[duals > 0.0]):
            mine = batch == one
            share = np.bincount(group[mine], weights=duals[mine], minlength=self.master.groups)
            price += share[of] * self.tried[one][1]
        return np.minimum(price, self.lists.cap)

    def _cut(self, solved: Solved, opening: Numbers) -> tuple[float, int]:
        """Add what the best prices at some openings cut off; what all groups should pay by them, and how many cuts."""
        from planner.optimise.median import cuts as kernels

        price, paid = np.empty(len(self.lists.rows)), solved.paid * self.unit
        kernels.best_prices(self.pairs, opening, price)
        cuts, due = kernels.violated(self.pairs, self.groups, price, solved.opening, paid, self.tolerance)
        self._add(cuts, price)
        return due, len(cuts.group)

    def _add(self, cuts: Cuts, price: Minutes) -> None:
        value = np.where(cuts.column < self.master.sites, cuts.value / self.unit, cuts.value)
        numbers = self.master.add(Cuts(cuts.group, cuts.low / self.unit, cuts.first, cuts.column, value))
        if len(numbers):
            self.tried.append((int(numbers[0]), price))

    def _served(self, opened: Mask) -> Minutes:
        """The prices of a choice: what each point pays under it."""
        from planner.optimise.median.kernels import nearest_open

        lists = self.lists
        return np.asarray(nearest_open(lists.first, lists.site, lists.minutes, lists.cap, opened))
