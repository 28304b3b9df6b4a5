"""Median search: from short lists to the best answer and bound the time allows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from planner.arrays import Mask
from planner.optimise.clock import Clock, Progress
from planner.optimise.median.lists import ShortLists
from planner.optimise.median.local import Ascent, first_answer, improved, shaken, value_of
from planner.optimise.median.reduction import Reduced, reduce
from planner.optimise.median.relaxation import Relaxation
from planner.optimise.median.tree import Tree

STRICTLY = 1e-7
"""An answer better by less than this share is the same answer."""
NEXT = 0.5
"""By how much a whole number is surely lower than the next."""
TURNS = 12
"""Turns of pricing, shaking and branching, at usual effort."""
BRANCHES, MORE, MOST_BRANCHES = 100, 4, 20_000
"""Branches to look at in the first turn, how many times more in each next, and most in the last, at usual effort."""
RELAXED_SITES = 3_000
"""Most sites whose relaxation is solved; with more of them the prices only climb."""
RELAXED_ROUNDS, TIMES, TIMES_POINTS = 4, 3, 50_000
"""Rounds of cuts between two looks for an answer among the sites that open most; how many times a turn at
least, and more where there are fewer points than so many."""
WIDE, IN_VAIN = 0.005, 8
"""A gap wider than this share is for shaking, until so many shakes in a row found nothing: branching would not close it."""
SHAKES = ((2, 0.1), (4, 0.1), (2, 1.0), (3, 3.0))
"""Forced swaps and heat of one shake after another; see `shaken`."""
CORE_PAIRS, CORE_PAIRS_A_POINT = 15_000, 4
"""Most pairs of the core that is shaken, in all and for each point, whichever is more."""


def margin_of(value: float, *, whole: bool) -> float:
    """How much an answer must be better than one worth so much to be another; where all values are whole, nearly one."""
    least = STRICTLY * abs(value)
    return NEXT if whole and least < NEXT else least


@dataclass(eq=False)
class MedianSearch:
    """One search: ``best`` ``(listed sites,)`` and its ``value``, ``bound``, and the prices of ``ascent``.

    Greedy and swaps give an answer, dual ascent and cuts a bound; the two fix sites and shorten the lists; shaking
    and branching go on in the shorter ones.
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
    relaxation: Relaxation | None = field(init=False, default=None)
    stirred: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.best = np.zeros(len(self.lists.sites), bool)
        self.value = value_of(self.lists, self.best)
        self.new = min(self.new, len(self.lists.sites))

    @property
    def below(self) -> float:
        """Only answers worth less than this would be better."""
        return self.value - self.margin

    @property
    def margin(self) -> float:
        """How much an answer must be better to be another."""
        return margin_of(self.value, whole=self.whole)

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
        turns = max(1, round(TURNS * self.effort))
        for turn in range(turns):
            if self.done:
                return
            settled = self.relax(ascent)
            self.stir(ascent, turn)
            most = MOST_BRANCHES * self.effort
            most = most if turn + 1 == turns else min(most, BRANCHES * MORE**turn)
            if self.done or (settled and self.finish(ascent, reduce(ascent, self.below), max(1, round(most)))):
                return

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

    def relax(self, ascent: Ascent) -> bool:
        """Raise the bound by some rounds of cuts, or by climbing where there are too many sites; whether cuts are done."""
        if len(self.lists.sites) > RELAXED_SITES:
            ascent.restart(max(0.1, ascent.step), patience=20.0)
            self.climb(ascent, 100)
            return False
        if self.relaxation is None:
            self.relaxation = Relaxation(self.lists, self.new, self.best, ascent.price, self.value)
        settled = False
        for _ in range(max(TIMES, TIMES_POINTS // len(self.lists.rows))):
            solved, settled = self.relaxation.tighten(self.below, self.clock, RELAXED_ROUNDS)
            ascent.adopt(self.relaxation.prices(solved))
            self.raise_bound(ascent.bound)
            if not self.done:
                self.take(improved(self.lists, solved.likeliest(self.new), self.new, self.clock))
            if settled or self.done:
                break
        return settled

    def core(self, ascent: Ascent, turn: int) -> Reduced:
        """Where to look for answers: every other turn where the best would be if it were much better."""
        left = reduce(ascent, self.below)
        most = max(CORE_PAIRS, CORE_PAIRS_A_POINT * len(self.lists.rows))
        while turn % 2 == 0 and len(left.lists.site) > most and left.below - ascent.bound > 1e-9 * abs(self.below):
            left = reduce(ascent, ascent.bound + (left.below - ascent.bound) / 2)
        return left

    def stir(self, ascent: Ascent, turn: int) -> None:
        """Shake the answer once, and on while the gap is wide and it helps."""
        self.shake(self.core(ascent, turn), turn, 4 if turn == 0 and self.relaxation is not None else 1)
        vain = 0
        while vain < IN_VAIN and self.value - self.bound > WIDE * abs(self.value) and not self.done:
            value, self.stirred = self.value, self.stirred + 1
            self.shake(reduce(ascent, self.below), turn + self.stirred)
            vain = 0 if self.value < value else vain + 1

    def shake(self, left: Reduced, number: int, part: int = 1) -> None:
        """Shake the answer on the shorter lists; ``number`` tells how, in ``part`` of the usual rounds."""
        if self.done:
            return
        if not left.new or not len(left.lists.rows):
            self.take(left.opened)
            return
        rounds = (200 + 20 * left.new) // part
        kicks, heat = SHAKES[number % len(SHAKES)]
        seed = self.seed * 1009 + number * 97
        found, _ = shaken(
            left.lists, self.inside(left), left.new, clock=self.clock, rounds=rounds, seed=seed, kicks=kicks, heat=heat
        )
        self.take(left.whole(found))

    def inside(self, left: Reduced) -> Mask:
        """The best answer as a choice of what is left: a core may lack some of its sites, or have opened others."""
        inside: Mask = self.best[left.free]
        if inside.sum() != left.new:
            inside &= np.cumsum(inside) <= left.new
            inside = improved(left.lists, inside, left.new, self.clock)
        return inside

    def finish(self, ascent: Ascent, left: Reduced, most: int) -> bool:
        """Branch and cut on what is left, up to so many branches; tells whether the search is over."""
        if left.new and len(left.lists.rows):
            rows = np.searchsorted(self.lists.rows, left.lists.rows)
            price = np.minimum(ascent.price[rows], left.lists.cap)
            relaxation = Relaxation(left.lists, left.new, self.inside(left), price, self.value)
            tree = Tree(relaxation, left.below, self.margin, self.clock)
            while tree.branches and tree.looked < most and not self.done:
                tree.look_on()
                if tree.best is not None:
                    self.take(left.whole(tree.best))
                self.raise_bound(min(tree.bound, self.value))
            if not tree.over:
                return self.done
        else:
            self.take(left.opened)
        self.raise_bound(self.value)
        return True
