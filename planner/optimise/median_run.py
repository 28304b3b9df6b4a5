"""Median search: from short lists to the best answer and bound the time allows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from planner.arrays import Mask, Positions
from planner.optimise.clock import Clock, Progress
from planner.optimise.median_core import LARGEST_CORE, priced, radius_model, small_enough
from planner.optimise.median_local import Ascent, compiled, first_answer, improved, shaken, value_of
from planner.optimise.median_problem import ShortLists
from planner.optimise.median_reduce import Reduced, reduce

STRICTLY = 1e-7
"""An answer better by less than this share is the same answer."""
ROUNDS = 40
"""Steps of dual ascent a branch."""
LAST_WORK = 1e11
"""Looks at a pair that branch and bound may spend in the end, at usual effort."""
CLOSING_WORK = 6e9
"""As many as it may spend each time before a core is cut out."""
CHUNK = 2e8
"""Looks at a pair between two looks at the clock."""
CORE_ROWS = 10_000
"""Most points of a median whose core is given to a solver."""
LONG_CLIMB = 4_000
"""Most steps of dual ascent before a core is cut out."""
WIDER = 16
"""How many times more pairs a core may have that is only climbed in."""
CORE_NODES = 2_000
"""Branches the solver may look at in a core, at usual effort."""
LARGEST_TREE = 2e7
"""Most sites times points that branch and bound is given; its memory is eight bytes each."""


@dataclass(eq=False)
class MedianSearch:
    """One search: ``best`` ``(listed sites,)`` and its ``value``, ``bound``, and the prices of ``ascent``.

    Greedy and swaps give an answer, dual ascent a bound; the two fix sites and shorten the lists; shaking goes
    on in the shorter ones; what is left when little is left goes to branch and bound, or to HiGHS.
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
    by: Literal["tree", "HiGHS"] = field(init=False, default="tree")

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

    def start(self) -> None:
        """Find the first answer."""
        if self.new and len(self.lists.rows):
            self.take(first_answer(self.lists, self.new, self.clock))

    def run(self) -> None:
        """Search on from the best answer until done or the effort is spent."""
        if not self.new or not len(self.lists.rows):
            self.bound = self.value
            return
        ascent = self.ascent = Ascent.beside(self.lists, self.new, self.best)
        self.climb(ascent, 200)
        turns = max(1, round(12 * self.effort))
        for turn in range(turns):
            if self.done:
                return
            left = reduce(ascent, self.below)
            if self.finish(ascent, left, LAST_WORK * self.effort if turn + 1 == turns else 2e7 * 8 ** min(turn, 4)):
                return
            if turn % 3 == 0 and self.close(ascent, LARGEST_CORE << turn // 3):
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

    def climb_long(self, ascent: Ascent) -> None:
        """Raise the bound to nearly the relaxation's: long steps, much of the last direction kept, and patience."""
        ascent.restart(1.0, patience=40.0, keep=0.9)
        for _ in range(LONG_CLIMB // 100):
            if self.clock.up or ascent.bound >= self.below or ascent.step < 1e-3:
                return
            ascent.climb(self.value, 100)

    def shake(self, left: Reduced, turn: int) -> None:
        """Shake the answer on the shorter lists."""
        if not left.new or not len(left.lists.rows):
            self.take(left.opened)
            return
        rounds = 200 + 20 * left.new
        inside = self.best[left.free]
        if inside.sum() != left.new:  # a core may lack some of the best sites, or have fixed others open
            inside &= np.cumsum(inside) <= left.new
            inside = improved(left.lists, inside, left.new, self.clock)
        kicks, heat = ((2, 0.1), (4, 0.1), (2, 1.0))[turn % 3]
        seed = self.seed * 1009 + turn * 97
        found, _ = shaken(
            left.lists, inside, left.new, clock=self.clock, rounds=rounds, seed=seed, kicks=kicks, heat=heat
        )
        self.take(left.whole(found))

    def close(self, ascent: Ascent, most: int) -> bool:
        """Solve a core of at most so many pairs by HiGHS; tells whether the search is over."""
        if len(self.lists.rows) > CORE_ROWS:
            return False
        self.climb_long(ascent)
        self.raise_bound(ascent.bound)
        self.shake(small_enough(ascent, self.below, most), 0)
        if self.done or self.finish(ascent, reduce(ascent, self.below), CLOSING_WORK * self.effort):
            return True
        left = small_enough(ascent, self.below, most)
        if not left.new or not 0 < len(left.lists.site) <= most:
            return self.done
        core = self.relax(ascent, left)
        if self.done or core is None:
            return self.done
        left, inner = core
        self.shake(reduce(inner, min(self.below, left.below)).inside(left), 0)
        last = reduce(inner, min(self.below, left.below)).inside(left)
        work = 1e8 if len(last.lists.site) <= LARGEST_CORE else 2e9 * self.effort
        return self.done or ((self.finish(inner, last, work) or self.branch_and_cut(last)) and self.done)

    def relax(self, ascent: Ascent, left: Reduced) -> tuple[Reduced, Ascent] | None:
        """A core and a climb in it, led by the relaxation that HiGHS solves; None where that gave nothing."""
        solved = priced(left, ascent.scale[self.within(ascent, left)], self.clock)
        if solved is None:
            return None
        inner, likely = solved
        self.raise_bound(min(left.below, inner.bound))
        chosen = np.zeros(len(likely), bool)
        chosen[np.argsort(-likely, kind="stable")[: left.new]] = True
        self.take(improved(self.lists, left.whole(chosen), self.new, self.clock))
        if inner.bound < left.below:
            return left, inner
        wide = small_enough(ascent, self.below, WIDER * LARGEST_CORE)  # the guess was too low
        rows = self.within(ascent, wide)
        inner = Ascent(wide.lists, wide.new, np.minimum(ascent.price[rows], wide.lists.cap), ascent.scale[rows])
        inner.adopt(inner.price)
        self.climb_long(inner)
        self.raise_bound(min(wide.below, inner.bound))
        return wide, inner

    def branch_and_cut(self, left: Reduced) -> bool:
        """HiGHS on what is left; tells whether the search is over."""
        from planner.optimise import highs

        if len(left.lists.site) > LARGEST_CORE:
            return False
        model, _ = radius_model(left.lists, left.new)
        answer = highs.solve_whole(model, self.clock, seed=self.seed, nodes=max(1, round(CORE_NODES * self.effort)))
        if answer.x is not None:
            self.take(left.whole(answer.x[: len(left.lists.sites)] > 0.5))
        if answer.optimal:
            self.settle(left, "HiGHS")
        return self.done

    def settle(self, left: Reduced, by: Literal["tree", "HiGHS"]) -> None:
        """Raise the bound, now that the best of what is left is known."""
        self.by = by
        self.raise_bound(self.value if left.below >= self.below else left.below)

    @staticmethod
    def within(ascent: Ascent, left: Reduced) -> Positions:
        """Where the points of a reduction stand among those of the climb it came from."""
        return np.searchsorted(ascent.lists.rows, left.lists.rows)

    def finish(self, ascent: Ascent, left: Reduced, work: float) -> bool:
        """Branch and bound on what is left, for about so many looks at a pair; tells whether the search is over."""
        from planner.optimise import median_tree as trees

        if not left.new or not len(left.lists.rows):
            self.take(left.opened)
            self.settle(left, "tree")
            return True
        nodes = int(work / (len(left.lists.site) * ROUNDS))
        sites = len(left.lists.sites)
        if nodes < sites or sites * len(left.lists.rows) > LARGEST_TREE:
            return False
        pairs, found = compiled(left.lists), np.zeros(sites, bool)
        rows = self.within(ascent, left)
        tree = trees.planted(pairs, sites, ascent.price[rows])
        goal = started = left.below - left.lists.constant
        margin = 1 - 1e-6 if self.whole else STRICTLY * abs(self.value)
        looks = max(1, min(200, int(CHUNK / (len(left.lists.site) * ROUNDS))))
        while tree.tally[0] and tree.tally[1] < nodes and not self.clock.up:
            tree = trees.roomy(tree)
            goal = trees.branch(pairs, left.new, tree, ascent.scale[rows], goal, margin, ROUNDS, looks, found)
            if goal < started:
                started = goal
                self.take(left.whole(found))
            self.raise_bound(min(goal, tree.bound[: tree.tally[0]].min(initial=goal)) + left.lists.constant)
        if tree.tally[0]:
            return False
        self.settle(left, "tree")
        return True
