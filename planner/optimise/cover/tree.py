"""Cover tree: plain coverage closed by cuts and a tree.

Whoever is left out costs one, whoever is reached nothing: so coverage is a median, and the tree that proves medians proves it
(Cordeau, Furini and Ljubić 2019 see it likewise), over cuts of coverage's own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from planner.arrays import Mask, Positions
from planner.optimise.clock import Clock
from planner.optimise.cover.relaxation import CoverRelaxation
from planner.optimise.cover.trios import NONE, Proof, Trios
from planner.optimise.median.lists import short_lists
from planner.optimise.median.local import improved, value_of
from planner.optimise.median.master import Solved
from planner.optimise.median.run import margin_of
from planner.optimise.median.tree import Tree
from planner.optimise.model import Numbers
from planner.optimise.reduce import Reduced
from planner.optimise.siting import SitingProblem

ROUNDS = 10_000
"""Rounds of cuts before any branch: as many as gain something."""


class CoverTree:
    """The search for a choice of a reduced problem's sites that covers more than ``known`` people, served ones included.

    ``opening`` ``(sites,)`` and ``trios`` of rows are where its relaxation begins. ``whole`` tells that all people are whole numbers.
    """

    def __init__(
        self, reduced: Reduced, known: float, opening: Numbers, clock: Clock, *, whole: bool, trios: Trios = NONE
    ) -> None:
        self.reduced, self.clock = reduced, clock
        none, at_once = np.zeros(len(reduced.sites), bool), np.zeros(len(reduced.rows), np.float32)
        problem = SitingProblem(reduced.starts, reduced.rows, at_once, reduced.people, none, ~none, reduced.room)
        self.lists, _ = short_lists(problem, np.ones(len(reduced.people)))
        self.most = reduced.served + float(reduced.people.sum())
        self.value, self.best = self.most - known, np.zeros(len(reduced.sites), bool)
        self.margin, self.whole, self.least = margin_of(known, whole=whole), whole, -np.inf
        row = np.full(len(reduced.people), -1)
        row[self.lists.rows] = np.arange(len(self.lists.rows))
        inside = row[trios]
        self.relaxation = CoverRelaxation(
            self.lists, reduced.room, self.value, opening, inside[(inside >= 0).all(axis=1)]
        )
        self.root: Solved | None = None

    @property
    def chosen(self) -> Positions:
        """The best choice found that is better than what was known, among the sites of the reduced problem; or none."""
        return np.flatnonzero(self.best)

    @property
    def bound(self) -> float:
        """The most people that any choice better than the best known covers."""
        return self.most - self.least

    @property
    def closed(self) -> bool:
        """Whether no choice of these sites is better."""
        return self.least >= self.value - self.margin

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do, or no time to do it."""
        return self.closed or self.clock.up

    @property
    def unknown(self) -> bool:
        """Whether not even the first relaxation was solved in time."""
        return self.root is None

    def tighten(self) -> None:
        """Cut until cuts gain little, and look for an answer near."""
        self.relaxation.tighten(self.value - self.margin, self.clock, ROUNDS, self._note)
        if self.root is not None and not self.over:
            chosen = self.root.likeliest(self.reduced.room)
            self._take(improved(self.lists, chosen, self.reduced.room, self.clock))

    def useful(self) -> Mask:
        """Sites that a better choice may open, by the relaxation before any branch."""
        if self.root is None:
            return np.ones(len(self.reduced.sites), bool)
        slack = self.value - self.margin - self.lists.constant - self.root.bound
        return np.asarray(self.root.costs <= slack)

    @property
    def opening(self) -> Numbers:
        """Openings of the sites, ``(sites,)``, by the relaxation before any branch."""
        return np.zeros(len(self.reduced.sites)) if self.root is None else self.root.opening

    def proof(self) -> Proof:
        """What proves the bound before any branch."""
        prices = np.zeros(len(self.reduced.people))
        if self.root is None:
            return Proof(prices, NONE, np.zeros(0))
        prices[self.lists.rows], trios, of_trios = self.relaxation.prices(self.root)
        return Proof(prices, self.lists.rows[trios], of_trios)

    def close(self, branches: int, told: Callable[[], None]) -> None:
        """Look at up to so many branches; ``told`` hears of each better answer or bound."""
        tree = Tree(self.relaxation, self.value - self.margin, self.margin, self.clock)
        while tree.branches and tree.looked < branches and not self.over:
            tree.look_on()
            if tree.best is not None:
                self._take(tree.best)
            self._raise(tree.bound)
            told()
        if tree.over:
            self._raise(self.value)
            told()

    def _note(self, solved: Solved) -> None:
        self.root = solved
        self._raise(solved.bound + self.lists.constant)

    def _take(self, opened: Mask) -> None:
        value = value_of(self.lists, opened)
        if value < self.value:
            self.best, self.value = opened, value

    def _raise(self, least: float) -> None:
        least = float(np.ceil(least - 1e-6)) if self.whole else least
        self.least = max(self.least, min(least, self.value))
