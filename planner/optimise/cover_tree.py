"""Cover tree: plain coverage closed by the cuts and the tree of a median.

Whoever is left out costs one, whoever is reached nothing: so coverage is a median, and what proves medians proves it
(Cordeau, Furini and Ljubić 2019 cut it likewise). Only prices come from elsewhere, since `lagrange` finds them sooner.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from planner.arrays import Mask, Positions
from planner.optimise.clock import Clock
from planner.optimise.median.lists import short_lists
from planner.optimise.median.local import Ascent
from planner.optimise.median.run import MedianSearch
from planner.optimise.model import Numbers
from planner.optimise.reduce import Reduced
from planner.optimise.siting import SitingProblem


class CoverTree:
    """The median of some ``sites`` of a reduced problem, from the ``chosen`` ones and ``prices`` ``(rows,)`` of its rows.

    ``whole`` tells that all people are whole numbers.
    """

    def __init__(
        self, reduced: Reduced, sites: Mask, chosen: Positions, prices: Numbers, clock: Clock, *, whole: bool
    ) -> None:
        none, at_once = np.zeros(len(reduced.sites), bool), np.zeros(len(reduced.rows), np.float32)
        problem = SitingProblem(
            reduced.starts, reduced.rows, at_once, reduced.people, none, sites, min(reduced.room, int(sites.sum()))
        )
        self.lists, reached = short_lists(problem, np.ones(len(reduced.people)))
        self.all_prices = prices
        self.total = float(reduced.people[reached].sum())
        self.search = MedianSearch(self.lists, problem.new, clock, whole=whole)
        start = np.zeros(len(self.lists.sites), bool)
        start[np.searchsorted(self.lists.sites, chosen)] = True
        self.search.take(start)
        self.ascent = Ascent.beside(self.lists, problem.new, start)
        self.ascent.adopt(prices[self.lists.rows] / self.lists.weight)

    @property
    def chosen(self) -> Positions:
        """The best choice so far, among the sites of the reduced problem."""
        return self.lists.sites[self.search.best]

    @property
    def bound(self) -> float:
        """The most people of the reduced rows that any better choice covers."""
        return self.total - self.search.bound

    @property
    def closed(self) -> bool:
        """Whether no choice of these sites is better."""
        return self.search.bound >= self.search.below

    @property
    def prices(self) -> Numbers:
        """Prices of all rows, the best of those in the tree."""
        prices = self.all_prices.copy()
        prices[self.lists.rows] = self.ascent.price * self.lists.weight
        return prices

    def close(self, branches: int, told: Callable[[], None]) -> None:
        """Cut until cuts gain nothing, then look at up to so many branches; ``told`` hears of each better answer or bound."""
        self.search.progress = lambda *_: told()
        self.search.close(self.ascent, branches)
