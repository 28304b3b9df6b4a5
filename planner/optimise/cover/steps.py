"""Cover steps: how a run of plain coverage searches and bounds, with what it keeps from one step to the next."""

from __future__ import annotations

from collections import deque

import numpy as np

from planner.arrays import Positions
from planner.optimise import search
from planner.optimise.clock import Clock
from planner.optimise.cover.prices import Prices, duals_of
from planner.optimise.cover.tree import CoverTree
from planner.optimise.cover.trios import NONE, Trios, fewer
from planner.optimise.model import Numbers
from planner.optimise.reduce import reduce
from planner.optimise.run import Run

CUT_PAIRS, TREE_PAIRS, NARROW = 200_000, 50_000, 0.001
"""Pairs up to which plain coverage is cut, and up to which those left then are branched on; more where the gap is no wider than such a
share of the people covered."""

WARMER, COOLER = 1.25, 0.8
"""How much warmer the next annealing is where the last ones and the best were joined to the end, and cooler where not."""
LONGER, STUCK = 1.25, 3
"""How much longer the next annealing is where so many in a row gained nothing, the last one though joined to the end."""
MOST_TOGETHER = 4
"""Most annealed choices that are joined with the best at once."""
JOIN_STEPS, JOIN_BRANCHES = 320, 100
"""Steps of prices and branches of the tree that joins two choices."""

MORE_STEPS = 4_000
"""Steps of prices where the time did not do for cuts."""
BINDS, BIND_STEPS, ROWS_A_TRIO = 8, 400, 5
"""Times trios are bound, steps of prices after each, and rows for each trio bound at once."""
SHRINKS = 0.8
"""The relaxation is made anew where no more than this share of its sites matters."""


class CoverSteps:
    """Steps of a run of plain coverage: each leaves it a better choice or a closer bound, where it finds one.

    ``met`` are the choices annealing came to lately, of which the last ``together`` are joined; ``heat`` is that of the next. ``known``
    are the openings and the trios that cutting ended with.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.prices = run, Prices(run.reduced)
        self.cooled, self.heat = 0, search.HOT
        self.met: deque[Positions] = deque(maxlen=MOST_TOGETHER)
        self.together = 1
        self.known: tuple[Numbers, Trios] | None = None

    @property
    def cuttable(self) -> bool:
        """Whether the relaxation can be solved and cut: not very many pairs."""
        return self.movable and len(self.run.reduced.rows) <= CUT_PAIRS

    @property
    def small(self) -> bool:
        """Whether a tree of cuts is quick enough to be begun at once."""
        return len(self.run.reduced.rows) <= TREE_PAIRS

    @property
    def movable(self) -> bool:
        """Whether a site could open in place of another."""
        return 0 < len(self.run.chosen) < len(self.run.reduced.sites)

    @property
    def near(self) -> bool:
        """Whether the gap is narrow enough for a tree over many pairs."""
        return self.run.bound - self.run.value <= NARROW * self.run.value

    def price(self, steps: int, share: float) -> None:
        """Bound by prices, going on from those so far, and open what the openings beside them like best."""
        self._priced(self.run.limits.slice(share), steps)
        self.run.round(self.prices.openings)

    def bind(self, steps: int, share: float) -> None:
        """Bound by prices of rows, up to so many steps in all, then of trios of rows too: again and again for a share of the time."""
        clock, most = self.run.limits.slice(share), len(self.run.reduced.people) // ROWS_A_TRIO
        self._priced(clock, steps - self.prices.steps)
        for _ in range(self.run.limits.chunks(BINDS)):
            if clock.up or not self.movable or not self.prices.bind(most):
                return
            self._priced(clock, BIND_STEPS)

    def _priced(self, clock: Clock, steps: int) -> None:
        self.prices.improve(self.run.value, clock, steps=steps)
        self.run.certify(duals_of(self.run.reduced, self.prices.proof), self.prices.trios)

    def anneal(self, chunks: int, clock: Clock) -> Positions:
        """Move sites of the best choice at random while it cools for so many chunks; offer where that ends, and give it."""
        self.cooled += 1
        reduced, seed = self.run.reduced, self.run.seed * 1009 + self.cooled
        state = search.state_of(reduced, self.run.chosen)
        state = search.anneal(reduced, state, clock, effort=chunks, seed=seed, hot=self.heat)
        if not clock.up:
            state = search.descend(reduced, state, sweeps=20)
        came_to = np.flatnonzero(state.opened)
        self.run.offer(reduced.widen(came_to))
        return came_to

    def mix(self, chunks: float, share: float, patience: int, *, for_gain: bool = False) -> None:
        """Anneal from the best, and join where that came to lately with the best: each may be better in another part of the map.

        Again and again, till ``patience`` times in a row gained nothing (not before anything was, ``for_gain``) or the share of the
        time is spent.
        """
        own, vain, first = self.run.limits.slice(share), 0, self.run.value if for_gain else np.inf
        while (vain < patience or self.run.value == first) and self.movable and not self.run.over and not own.up:
            before, value, began = self.run.chosen, self.run.value, own.spent
            self.met.append(self.anneal(round(chunks), own.part(own.left)))
            if own.left <= 0.0:
                return
            as_long = own.part(own.left if self.run.limits.effort else own.spent - began)
            joined = self.join(np.unique(np.concatenate([before, *list(self.met)[-self.together :]])), as_long)
            self._blend(joined)
            vain = vain + 1 if self.run.value == value else 0
            chunks *= LONGER if joined and vain >= STUCK else 1.0

    def _blend(self, joined: bool) -> None:
        """Join more choices at once next time, or such as lie farther apart, where joining came to its end; else fewer, and nearer."""
        if joined and self.together < MOST_TOGETHER:
            self.together += 1
        elif joined:
            self.heat = min(self.heat * WARMER, search.HOT * WARMER)
        elif self.together > 1:
            self.together -= 1
        else:
            self.heat *= COOLER

    def join(self, sites: Positions, clock: Clock) -> bool:
        """Offer the best choice among a few sites, as far as a small tree of cuts finds it; whether it came to the end.

        Few sites tell few rows apart, so the question is small.
        """
        run = self.run
        part = reduce(run.problem.but(possible=run.problem.possible & run.reduced.widen(sites)))
        if part.room == len(part.sites):
            run.offer(part.widen(np.arange(part.room)))
            return True
        prices = Prices(part)
        prices.improve(run.value, clock, steps=JOIN_STEPS)
        tree = CoverTree(part, run.value, prices.openings, clock, whole=run.step > 0)
        tree.tighten()
        if not tree.over:
            tree.close(JOIN_BRANCHES, lambda: None)
        if len(tree.chosen):
            run.offer(part.widen(tree.chosen))
        return tree.closed

    def cut(self, branches: int, share: float) -> None:
        """Close the gap by cuts, over ever fewer sites, and by a tree of up to so many branches where few pairs matter.

        Cuts alone may take the ``share`` of the time left.
        """
        run, clock = self.run, self.run.limits.slice(share)
        reduced, (opening, trios) = run.reduced, self.known or (self.prices.openings, NONE)
        while True:
            tree = CoverTree(reduced, run.value, opening, clock, whole=run.step > 0, trios=trios)
            tree.tighten()
            proof = tree.proof()
            if reduced is run.reduced and not tree.unknown:
                run.certify(duals_of(reduced, proof), proof.trios)
                self.known = tree.opening, proof.trios
            self._heed(tree)
            left = tree.useful()
            if tree.over or left.sum() > SHRINKS * len(left):
                break
            reduced, opening, trios = fewer(reduced, left, tree.opening, proof.trios)
        if not run.over and (self.near or len(reduced.rows) <= TREE_PAIRS):
            tree.clock = run.limits.slice(1.0)
            tree.close(branches, lambda: self._heed(tree))
        elif tree.unknown:
            self.price(MORE_STEPS, share=0.5)

    def _heed(self, tree: CoverTree) -> None:
        """Take what a tree found."""
        if len(tree.chosen):
            self.run.offer(tree.reduced.widen(tree.chosen))
        if np.isfinite(tree.bound):
            self.run.claim(-tree.bound)
