"""Lagrange: prices of covering each row, which bound what any choice covers, where simplex or interior points take too long.

Prices and openings of sites in part walk towards each other (primal-dual hybrid gradient, Chambolle and Pock 2011; a stride for each
row and site, Pock and Chambolle 2011); averages, fresh starts and the balance of both strides as in Applegate et al. 2021.
"""

from __future__ import annotations

import numpy as np

from planner.optimise.clock import Clock
from planner.optimise.model import Numbers
from planner.optimise.reduce import Reduced

STEPS, PAIRS = 40, 40_000_000
"""Most steps between two looks at the clock and at what has been reached, and pairs to pass over in them."""
NEARLY = 0.02
"""Prices that can gain no more than this share of the gap to the best choice are good enough."""
MUCH, SOME, LONG = 0.2, 0.8, 0.36
"""The walk starts afresh where its own gap fell to ``MUCH`` of what it was, or to ``SOME`` and grows again, or after this
share of all its steps."""


class Prices:
    """Prices so far: ``best`` ``(rows,)`` in people, the ``bound`` they prove, and ``openings`` ``(sites,)`` that nearly reach it.

    For plain covering: each row wants one site, and only the number of sites is limited. A row's price (0 to its people) is
    what covering it pays to each of its sites; the bound is what is left of the people, and the dearest ``room`` sites.
    """

    def __init__(self, reduced: Reduced) -> None:
        from planner.optimise import kernels

        self.reduced = reduced
        rows, sites = len(reduced.people), len(reduced.sites)
        self.best, self.bound = np.zeros(rows), reduced.served + float(reduced.people.sum())
        self.openings, self.reached = np.zeros(sites), reduced.served
        self._shares, self._parts = np.full(rows, 0.3), np.full(sites, reduced.room / max(1, sites))
        self._crowd = np.diff(reduced.row_starts).astype(float)
        pull = kernels.worth_of(reduced.starts, reduced.rows, reduced.people)
        self._pull = np.maximum(pull, 1e-9 * pull.max(initial=1.0))  # some may reach nobody
        self._steps = min(STEPS, max(1, PAIRS // max(1, len(reduced.rows))))
        self._balance, self._taken, self._gap, self._last = 1.0, 0, np.inf, np.inf
        self._begin()

    def _begin(self) -> None:
        """Sum afresh from where the walk stands."""
        self._from = self._shares.copy(), self._parts.copy()
        self._sums, self._summed = (np.zeros_like(self._shares), np.zeros_like(self._parts)), 0

    def improve(self, value: float, clock: Clock, *, steps: int) -> None:
        """Take up to ``steps`` steps, until the bound can gain little of the gap to the ``value`` of a choice, or the time is up."""
        if not len(self.best) or self.reduced.room <= 0:
            self.best, self.bound = self.reduced.people.copy(), self.reduced.served
            return
        for _ in range(0, steps, self._steps):
            if self.bound - max(self.reached, value) <= NEARLY * (self.bound - value) or clock.up:
                return
            self._walk()

    def _walk(self) -> None:
        from planner.optimise import kernels

        r, (shares, parts) = self.reduced, self._sums
        kernels.walk(
            r.starts, r.rows, r.row_starts, r.row_sites, r.people, r.room, 1.0 / (self._balance * self._crowd),
            self._balance / self._pull, self._steps, self._shares, self._parts, shares, parts,
        )  # fmt: skip
        self._taken, self._summed = self._taken + self._steps, self._summed + self._steps
        average = shares / self._summed, parts / self._summed
        ahead, behind = self._look(self._shares, self._parts), self._look(*average)
        gap = min(ahead, behind)
        if np.isinf(self._gap):
            self._gap = 2 * gap
        grows = gap <= SOME * self._gap and gap > self._last
        if gap <= MUCH * self._gap or grows or self._summed > LONG * self._taken:
            if behind < ahead:
                self._shares, self._parts = average
            self._rebalance()
            self._begin()
            self._gap, self._last = gap, np.inf
        else:
            self._last = gap

    def _look(self, shares: Numbers, parts: Numbers) -> float:
        """Keep what is better than the best; gives how far bound and reach are apart."""
        from planner.optimise import kernels

        r, prices = self.reduced, self.reduced.people * shares
        worth = np.sort(kernels.worth_of(r.starts, r.rows, prices))
        bound = r.served + float((r.people - prices).sum() + worth[len(worth) - r.room :].sum())
        reached = r.served + kernels.partly_covered(r.row_starts, r.row_sites, r.people, parts)
        if bound < self.bound:
            self.best, self.bound = prices, bound
        if reached > self.reached:
            self.openings, self.reached = parts.copy(), reached
        return bound - reached

    def _rebalance(self) -> None:
        """Let openings stride as far as prices do, by how far each came since the last fresh start."""
        shares, parts = self._shares - self._from[0], self._parts - self._from[1]
        moved = np.sqrt(self._pull @ parts**2), np.sqrt((self.reduced.people * self._crowd) @ shares**2)
        if min(moved) > 1e-9:
            self._balance = float(np.sqrt(self._balance * moved[0] / moved[1]))


def duals_of(reduced: Reduced, prices: Numbers) -> Numbers:
    """The prices as duals of the rows of `PeopleCovered.model`: first the number of sites, then the cover rows."""
    if reduced.room >= len(reduced.sites):
        return prices
    from planner.optimise import kernels

    worth = kernels.worth_of(reduced.starts, reduced.rows, prices)
    marginal = np.sort(worth)[::-1][reduced.room - 1] if reduced.room else worth.max(initial=0.0)
    return np.concatenate([[-marginal], prices])
