"""Median search: from short lists to the best answer and bound the time allows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from planner.arrays import Mask
from planner.optimise.clock import Clock, Progress
from planner.optimise.median_local import Ascent, compiled, first_answer, improved, shaken, value_of
from planner.optimise.median_problem import ShortLists
from planner.optimise.median_reduce import Reduced, reduce

STRICTLY = 1e-7
"""An answer better by less than this share is the same answer."""
ROUNDS = 40
"""Steps of dual ascent a branch."""
LAST_WORK = 2e10
"""Looks at a pair that branch and bound may spend in the end, at usual effort."""
CHUNK = 2e8
"""Looks at a pair between two looks at the clock."""
LARGEST_TREE = 2e7
"""Most sites times points that branch and bound is given; its memory is eight bytes each."""


@dataclass(eq=False)
class MedianSearch:
    """One search: ``best`` ``(listed sites,)`` and its ``value``, ``bound``, and the prices of ``ascent``.

    Greedy and swaps give an answer, dual ascent a bound; the two fix sites and shorten the lists; shaking goes
    on in the shorter ones; what is left when little is left goes to branch and bound.
    """

    lists: ShortLists
    new: int
    clock: Clock
    effort: float = 1.0
    gap: float = 0.0
    seed: int = 0
    progress: Progress | None = None
    whole: bool = False
    best: Mask = field(init=False)
    value: float = field(init=False)
    bound: float = field(init=False, default=-np.inf)
    ascent: Ascent | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.best = np.zeros(len(self.lists.sites), bool)
        self.value = value_of(self.lists, self.best)
        self.new = min(self.new, len(self.lists.sites))

    @property
    def below(self) -> float:
        """Only answers worth less than this would be better."""
        return self.value - (1 - 1e-6 if self.whole else STRICTLY * abs(self.value))

    @property
    def done(self) -> bool:
        """Whether the search may stop: proven, near enough, or out of time."""
        return self.clock.up or self.bound >= self.below or self.value - self.bound <= self.gap * abs(self.value)

    def run(self) -> None:
        """Search until done or the effort is spent."""
        if not self.new or not len(self.lists.rows):
            self.bound = self.value
            return
        self.take(first_answer(self.lists, self.new, self.clock))
        ascent = self.ascent = Ascent.beside(self.lists, self.new, self.best)
        self.climb(ascent, 200)
        turns = max(1, round(12 * self.effort))
        for turn in range(turns):
            if self.done:
                return
            left = reduce(ascent, self.below)
            if self.finish(ascent, left, LAST_WORK * self.effort if turn + 1 == turns else 1e8 * 2 ** min(turn, 5)):
                return
            self.shake(left, turn)
            ascent.restart(max(0.1, ascent.step), patience=20.0)
            self.climb(ascent, 100)

    def take(self, opened: Mask) -> None:
        """Keep an answer if it is better."""
        value = value_of(self.lists, opened)
        if value < self.value:
            self.best, self.value = opened, value
            self.tell()

    def raise_bound(self, bound: float) -> None:
        """Keep a bound if it is better."""
        bound = float(np.ceil(bound - 1e-6)) if self.whole else bound
        if bound > self.bound:
            self.bound = min(bound, self.value)
            self.tell()

    def tell(self) -> None:
        """Report the value and the bound."""
        if self.progress is not None:
            self.progress(self.value, self.bound)

    def climb(self, ascent: Ascent, rounds: int) -> None:
        """Raise the bound; every so often the relaxed answer, improved by swaps, may be a better one."""
        chunk = max(5, min(20, 4_000_000 // len(self.lists.rows)))
        for _ in range(0, rounds, chunk):
            if self.done:
                return
            relaxed = ascent.climb(self.value, chunk)
            self.raise_bound(ascent.bound)
        if value_of(self.lists, relaxed) < self.value * 1.02:
            self.take(improved(self.lists, relaxed, self.new, self.clock))

    def shake(self, left: Reduced, turn: int) -> None:
        """Shake the answer on the shorter lists."""
        rounds = 200 + 20 * left.new
        inside = self.best[left.free]
        kicks, heat = ((2, 0.1), (4, 0.1), (2, 1.0))[turn % 3]
        seed = self.seed * 1009 + turn * 97
        found, _ = shaken(
            left.lists, inside, left.new, clock=self.clock, rounds=rounds, seed=seed, kicks=kicks, heat=heat
        )
        self.take(left.whole(found))

    def finish(self, ascent: Ascent, left: Reduced, work: float) -> bool:
        """Branch and bound on what is left, for about so many looks at a pair; tells whether the search is over."""
        from planner.optimise import median_tree as trees

        if not left.new or not len(left.lists.rows):
            self.take(left.opened)
            self.raise_bound(self.value)
            return True
        nodes = int(work / (len(left.lists.site) * ROUNDS))
        sites = len(left.lists.sites)
        if nodes < sites or sites * len(left.lists.rows) > LARGEST_TREE:
            return False
        pairs, found = compiled(left.lists), np.zeros(sites, bool)
        rows = np.searchsorted(self.lists.rows, left.lists.rows)
        tree = trees.planted(pairs, sites, ascent.price[rows])
        goal = started = left.below - left.lists.constant
        margin = 1 - 1e-6 if self.whole else STRICTLY * abs(self.value)
        looks = max(1, min(200, int(CHUNK / (len(left.lists.site) * ROUNDS))))
        while tree.tally[0] and tree.tally[1] < nodes and not self.clock.up:
            goal = trees.branch(pairs, left.new, tree, ascent.scale[rows], goal, margin, ROUNDS, looks, found)
            if goal < started:
                started = goal
                self.take(left.whole(found))
            self.raise_bound(min(goal, tree.bound[: tree.tally[0]].min(initial=goal)) + left.lists.constant)
        if tree.tally[0]:
            return False
        self.raise_bound(self.value)
        return True
