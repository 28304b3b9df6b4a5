"""Prices of covering each row, which bound what any choice covers, where simplex or interior points take too long.

Prices and openings of sites in part walk towards each other (primal-dual hybrid gradient, Chambolle and Pock 2011; a stride for each
row and site, Pock and Chambolle 2011); averages, fresh starts and the balance of both strides as in Applegate et al. 2021.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from planner.optimise.clock import Clock
from planner.optimise.cover.trios import COARSE, NONE, WANTED, Proof, Trios, broken, sites_of
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
    """Prices so far: ``best`` ``(rows and trios,)`` in people, the ``bound`` they prove, and ``openings`` ``(sites,)`` near it.

    For plain covering: each row wants one site, and only the number of sites is limited. A row's price (0 to its people) is
    what covering it pays to each of its sites; the bound is what is left of the people, and the dearest ``room`` sites. Trios of
    rows have prices too, out of those of their rows. ``steps`` were taken since trios were last added.
    """

    def __init__(self, reduced: Reduced) -> None:
        self.reduced = reduced
        rows, sites = len(reduced.people), len(reduced.sites)
        self.best, self.bound = np.zeros(rows), reduced.served + float(reduced.people.sum())
        self._shares, self._parts = np.full(rows, 0.3), np.full(sites, reduced.room / max(1, sites))
        self._balance, self._reaching = 1.0, self._parts
        self._write(NONE)
        self._begin()

    @property
    def proof(self) -> Proof:
        """What proves the bound."""
        rows = len(self.reduced.people)
        return Proof(self.best[:rows], self.trios, self.best[rows:])

    @property
    def openings(self) -> Numbers:
        """Openings of sites that nearly reach the bound."""
        return self._reaching[: len(self.reduced.sites)]

    def improve(self, value: float, clock: Clock, *, steps: int) -> None:
        """Take up to ``steps`` steps, until the bound can gain little of the gap to the ``value`` of a choice, or the time is up."""
        if not len(self.reduced.people) or self.reduced.room <= 0:
            self.best, self.bound = self.reduced.people.copy(), self.reduced.served
            return
        for _ in range(0, steps, self._stretch):
            if self.bound - max(self.reached, value) <= NEARLY * (self.bound - value) or clock.up:
                return
            self._walk()

    def bind(self, most: int) -> bool:
        """Add up to ``most`` trios that the openings break, and drop those without a price; whether there are any."""
        r, rows, sites = self.reduced, len(self.reduced.people), len(self.reduced.sites)
        missed = self._missed(self._reaching)
        found = broken(r.row_starts, r.row_sites, r.people, self.openings, missed, most=most, grain=COARSE)
        if not len(found):
            return False
        kept = (self.best[rows:] > 0.0) | (self._shares[rows:] > 0.0)
        self.best, self._shares = (
            np.concatenate([held[:rows], held[rows:][kept], np.zeros(len(found))]) for held in (self.best, self._shares)
        )
        missed = self._missed(self._parts)
        self._write(np.concatenate([self.trios[kept], found]))
        self._parts = np.concatenate([self._parts[:sites], np.minimum(missed[self._bound_rows], 1.0)])
        self._reaching = self._parts.copy()
        self._begin()
        return True

    def _write(self, trios: Trios) -> None:
        """Write down the rows and columns: rows, then trios; sites, then what is missed of the rows of trios."""
        from planner.optimise import kernels

        r, rows, sites = self.reduced, len(self.reduced.people), len(self.reduced.sites)
        self.trios, self._of_trios = trios, sites_of(r.row_starts, r.row_sites, trios)
        self._bound_rows, column = np.unique(trios.ravel(), return_inverse=True)
        self._misses = r.people[self._bound_rows]
        first, site, times = self._of_trios
        alone = np.insert(r.row_sites, r.row_starts[self._bound_rows + 1], sites + np.arange(len(self._bound_rows)))
        often = times.astype(int)
        joint = np.insert(np.repeat(site, often), np.repeat(np.cumsum(often)[first[1:] - 1], 3), sites + column.ravel())
        size = np.diff(r.row_starts) + np.isin(np.arange(rows), self._bound_rows)
        of_trio = np.add.reduceat(often, first[:-1]) + 3 if len(trios) else np.zeros(0, np.int64)
        self._row_first = np.concatenate(([0], np.cumsum(np.concatenate([size, of_trio]))))
        self._row_column = np.concatenate([alone, joint]).astype(np.int32)
        ones, shape = np.ones(len(self._row_column), np.int8), (rows + len(trios), sites + len(self._bound_rows))
        turned = csr_array((ones, self._row_column, self._row_first), shape=shape).tocsc()
        self._first, self._row = turned.indptr.astype(np.int64), turned.indices.astype(np.int32)
        self._weight = np.concatenate([r.people, r.people[trios].min(axis=1, initial=np.inf)])
        self._wants = np.concatenate([np.ones(rows), np.full(len(trios), WANTED)])
        self._crowd = np.diff(self._row_first).astype(float)
        pull = kernels.worth_of(self._first, self._row, self._weight)
        self._pull = np.maximum(pull, 1e-9 * pull.max(initial=1.0))  # some may reach nobody
        self._stretch = min(STEPS, max(1, PAIRS // max(1, len(self._row))))
        self.reached, self._reaching = r.served, self._parts
        self.steps, self._gap, self._last = 0, np.inf, np.inf

    def _begin(self) -> None:
        """Sum afresh from where the walk stands."""
        self._from = self._shares.copy(), self._parts.copy()
        self._sums, self._summed = (np.zeros_like(self._shares), np.zeros_like(self._parts)), 0

    def _walk(self) -> None:
        from planner.optimise import kernels

        shares, parts = self._sums
        kernels.walk(
            self._first, self._row, self._row_first, self._row_column, self._weight, self._wants, self._misses,
            self.reduced.room, 1.0 / (self._balance * self._crowd), self._balance / self._pull, self._stretch, self._shares,
            self._parts, shares, parts,
        )  # fmt: skip
        self.steps, self._summed = self.steps + self._stretch, self._summed + self._stretch
        average = shares / self._summed, parts / self._summed
        ahead, behind = self._look(self._shares, self._parts), self._look(*average)
        gap = min(ahead, behind)
        if np.isinf(self._gap):
            self._gap = 2 * gap
        grows = gap <= SOME * self._gap and gap > self._last
        if gap <= MUCH * self._gap or grows or self._summed > LONG * self.steps:
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
        from planner.optimise.cover import kernels as trio_kernels

        r, prices, sites = self.reduced, self._weight * shares, len(self.reduced.sites)
        trio_kernels.lowered(self._first, self._row, self._misses, sites, prices)
        worth = np.sort(kernels.worth_of(self._first[: sites + 1], self._row, prices))
        bound = r.served + float(r.people.sum() - self._wants @ prices + worth[len(worth) - r.room :].sum())
        reached = r.served + float(r.people @ (1.0 - self._missed(parts)))
        if bound < self.bound:
            self.best, self.bound = prices, bound
        if reached > self.reached:
            self._reaching, self.reached = parts.copy(), reached
        return bound - reached

    def _missed(self, parts: Numbers) -> Numbers:
        """What openings leave of each row, and trios ask to leave, ``(rows,)``."""
        from planner.optimise import kernels
        from planner.optimise.cover import kernels as trio_kernels

        r = self.reduced
        missed = kernels.left_out(r.row_starts, r.row_sites, parts)
        trio_kernels.add_missed(*self._of_trios, self.trios, r.people, parts, missed)
        return np.asarray(missed)

    def _rebalance(self) -> None:
        """Let openings stride as far as prices do, by how far each came since the last fresh start."""
        shares, parts = self._shares - self._from[0], self._parts - self._from[1]
        moved = np.sqrt(self._pull @ parts**2), np.sqrt((self._weight * self._crowd) @ shares**2)
        if min(moved) > 1e-9:
            self._balance = float(np.sqrt(self._balance * moved[0] / moved[1]))


def duals_of(reduced: Reduced, proof: Proof) -> Numbers:
    """The prices as duals of the rows of `PeopleCovered.model`: first the number of sites, then the cover rows, then trios."""
    prices = np.concatenate([proof.prices, proof.trio_prices])
    if reduced.room >= len(reduced.sites):
        return prices
    from planner.optimise import kernels

    worth = kernels.worth_of(reduced.starts, reduced.rows, proof.prices)
    first, site, times = sites_of(reduced.row_starts, reduced.row_sites, proof.trios)
    worth += np.bincount(site, times * np.repeat(proof.trio_prices, np.diff(first)), minlength=len(worth))
    marginal = np.sort(worth)[::-1][reduced.room - 1] if reduced.room else worth.max(initial=0.0)
    return np.concatenate([[-marginal], prices])
