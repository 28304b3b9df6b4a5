"""Median relaxation: the best bound that parts of sites allow, by cuts where the master pays too little (Benders 1962)."""

from __future__ import annotations

import numpy as np

from planner.arrays import Mask, Minutes
from planner.optimise.clock import Clock
from planner.optimise.median.cuts import Cuts
from planner.optimise.median.lists import ShortLists
from planner.optimise.median.local import compiled
from planner.optimise.median.master import Master, Solved, grouped

NEARLY = 0.02
"""Rounds end when they can close no more than this share of the gap."""
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
        self.master = Master(len(lists.sites), len(self.groups.first) - 1, new, value - lists.constant)
        self.tried: list[tuple[int, Minutes]] = []
        self.tolerance = 1e-10 * abs(value - lists.constant)
        nothing = np.full(len(self.groups.first) - 1, -np.inf)
        for start in (price, self._served(opened)):
            cuts, _ = kernels.violated(self.pairs, self.groups, start, np.zeros(len(lists.sites)), nothing, 0.0)
            self._add(cuts, start)

    def tighten(self, goal: float, clock: Clock, rounds: int) -> tuple[Solved, bool]:
        """Solve and cut until the bound reaches the goal or there is nothing much left to gain, and whether that is so."""
        from planner.optimise.median import cuts as kernels

        while True:
            solved = self.master.solve(clock)
            rounds -= 1
            if solved.bound >= goal - self.constant:
                return solved, True
            if clock.up or rounds <= 0:
                return solved, False
            price = np.empty(len(self.lists.rows))
            kernels.best_prices(self.pairs, solved.opening, price)
            cuts, due = kernels.violated(self.pairs, self.groups, price, solved.opening, solved.paid, self.tolerance)
            if not len(cuts.group) or (
                solved.split.any() and due - solved.bound <= NEARLY * (goal - self.constant - solved.bound)
            ):
                return solved, True
            self._add(cuts, price)

    def prices(self, solved: Solved) -> Minutes:
        """The prices that the cuts' duals mix: as good as the bound, and checked without any solver."""
        of, duals = self.groups.of, np.maximum(solved.duals, 0.0)
        starts = np.array([start for start, _ in self.tried])
        batch = np.searchsorted(starts, self.master.number, side="right") - 1
        total = np.bincount(self.master.cuts.group, weights=duals, minlength=self.master.groups)
        duals = duals / np.maximum(total, 1.0)[self.master.cuts.group]
        price = np.maximum(1.0 - total, 0.0)[of] * self.lists.minutes[self.lists.first[:-1]]
        for one in np.unique(batch[duals > 0.0]):
            mine = batch == one
            share = np.bincount(self.master.cuts.group[mine], weights=duals[mine], minlength=self.master.groups)
            price += share[of] * self.tried[one][1]
        return np.minimum(price, self.lists.cap)

    def _add(self, cuts: Cuts, price: Minutes) -> None:
        numbers = self.master.add(cuts)
        if len(numbers):
            self.tried.append((int(numbers[0]), price))

    def _served(self, opened: Mask) -> Minutes:
        """The prices of a choice: what each point pays under it."""
        from planner.optimise.median.kernels import nearest_open

        lists = self.lists
        return np.asarray(nearest_open(lists.first, lists.site, lists.minutes, lists.cap, opened))
