"""Median tree: branch and cut on what is left of a median, each branch a relaxation begun where the last one ended.

A branch asks whether a point is served within so many minutes, since one site among near equals decides nothing. Of a few
points that tell much, the one is taken whose halves promise most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from planner.arrays import Mask
from planner.optimise.clock import Clock
from planner.optimise.median.lists import ShortLists
from planner.optimise.median.local import improved, value_of
from planner.optimise.median.master import Master, Solved
from planner.optimise.model import Numbers

if TYPE_CHECKING:
    from planner.optimise.median.search import Lists

PROBES, PROBE = 6, 30
"""Points tried before branching, and steps of the solver for each half."""
APART = 0.01
"""How far apart the shares of service must be for two points to be asked about different sites."""
BRANCH_ROUNDS = 20
"""Most rounds of cuts in a branch."""
CROWDED = 2
"""How many times more rows than at first the master may hold before slack ones are dropped."""
HAIR = 2e-8
"""How near the goal, in shares of it, a bound counts as there: cuts that small are not made."""


class Tightened(Protocol):
    """What a tree asks of a relaxation: a master that it confines to a branch, and cuts till its bound is near the best."""

    lists: ShortLists
    pairs: Lists
    master: Master

    def tighten(self, goal: float, clock: Clock, rounds: int) -> tuple[Solved, bool]:
        """The optimum after up to so many rounds of cuts, and whether they are done."""


@dataclass(frozen=True, eq=False)
class Branch:
    """What a branch allows, openings ``(sites,)`` and sets asked to open, and a bound it inherits."""

    floor: Numbers
    ceiling: Numbers
    asked: frozenset[int]
    bound: float


class Tree:
    """Branches not yet looked at, the likeliest last; ``best`` holds a choice found that is worth less than ``goal``.

    Only choices worth less than ``goal`` matter; each found lowers it to ``margin`` below its value.
    """

    def __init__(self, relaxation: Tightened, goal: float, margin: float, clock: Clock) -> None:
        self.relaxation, self.goal, self.margin, self.clock = relaxation, goal, margin, clock
        self.lists, self.master = relaxation.lists, relaxation.master
        self.best: Mask | None = None
        sites = len(self.lists.sites)
        self.branches = [Branch(np.zeros(sites), np.ones(sites), frozenset(), -np.inf)]
        self.unsettled = np.inf
        self.looked, self.ended = 0, False
        self.master.purge()
        self.room = CROWDED * len(self.master.number) + 200

    @property
    def bound(self) -> float:
        """What no choice can go below."""
        return min([self.goal, self.unsettled, *(branch.bound for branch in self.branches)])

    @property
    def over(self) -> bool:
        """Whether no branch is left."""
        return not self.branches and np.isinf(self.unsettled)

    def look_on(self) -> None:
        """Look at the next branch: down a dive while it lasts, then where the bound is lowest, which raises it."""
        if self.ended:
            self.branches.sort(key=lambda branch: -branch.bound)
        branch = self.branches.pop()
        left = len(self.branches)
        if branch.bound < self.goal:
            self.looked += 1
            self.look(branch)
        self.ended = len(self.branches) == left

    def look(self, branch: Branch) -> None:
        """Bound a branch, look for an answer in it, and halve it."""
        if len(self.master.number) > self.room:
            self.master.purge(frozenset[int]().union(branch.asked, *(one.asked for one in self.branches)))
        self.master.confine(branch.floor, branch.ceiling, branch.asked)
        solved, settled = self.relaxation.tighten(self.goal, self.clock, BRANCH_ROUNDS)
        self.answer(solved)
        bound = max(branch.bound, solved.bound + self.lists.constant)
        if bound >= self.goal - HAIR * abs(self.goal):
            return
        branch = self.fixed(replace(branch, bound=bound), solved)
        if solved.split.any() and not self.clock.up:
            self.halve(branch, solved)
        elif not settled:
            self.branches.append(branch)  # whole sites alone, and more to cut
        else:
            self.unsettled = min(self.unsettled, bound)

    def answer(self, solved: Solved) -> None:
        """Open the sites that open most, and swap from there."""
        chosen = solved.likeliest(self.master.new)
        if solved.split.any():
            chosen = improved(self.lists, chosen, self.master.new, self.clock)
        value = value_of(self.lists, chosen)
        if value < self.goal:
            self.best, self.goal = chosen, value - self.margin

    def fixed(self, branch: Branch, solved: Solved) -> Branch:
        """The branch without the sites whose change would lift its bound to the goal."""
        slack = self.goal - self.lists.constant - solved.bound
        shut = (solved.costs > slack) & (branch.floor == 0.0)
        opened = (solved.costs < -slack) & (branch.ceiling == 1.0)
        return replace(branch, floor=np.where(opened, 1.0, branch.floor), ceiling=np.where(shut, 0.0, branch.ceiling))

    def halve(self, branch: Branch, solved: Solved) -> None:
        """Put both halves of a branch on the tree, the one with the lower bound last: it is looked at first."""
        sites, bounds = self.telling(branch, solved)
        halves = [Branch(branch.floor, np.where(sites, 0.0, branch.ceiling), branch.asked, bounds[0])]
        if bounds[1] < self.goal:
            one = self.master.offer(np.flatnonzero(sites))
            halves.append(Branch(branch.floor, branch.ceiling, branch.asked | {one}, bounds[1]))
        self.branches += sorted((half for half in halves if half.bound < self.goal), key=lambda half: -half.bound)

    def telling(self, branch: Branch, solved: Solved) -> tuple[Mask, tuple[float, float]]:
        """The sites ``(sites,)`` of which none opens or one, and the bounds of both halves."""
        room = self.goal - branch.bound
        best, found = -1.0, (self.likeliest(solved), (branch.bound, branch.bound))
        for sites in self.doubtful(branch, solved):
            bounds = self.probe(branch, sites)
            gain = float(np.prod([min(bound - branch.bound, room) + 0.01 * room for bound in bounds]))
            if gain > best:
                best, found = gain, (sites, bounds)
            if max(bounds) >= self.goal:
                break
        return found

    def doubtful(self, branch: Branch, solved: Solved) -> list[Mask]:
        """Sets of sites that serve a point in time, of the few points that tell most."""
        from planner.optimise.median import cuts as kernels

        within, told, share = kernels.doubts(self.relaxation.pairs, solved.opening)
        sets: list[Mask] = []
        for point in np.argsort(-told, kind="stable"):
            if told[point] <= 0.0 or len(sets) == PROBES:
                break
            if told[point] == -1.0:
                continue
            sets.append(self.serving(int(point), float(within[point])) & (branch.ceiling > 0.0))
            told[np.abs(share - share[point]) < APART] = -1.0
        return sets

    def serving(self, point: int, within: float) -> Mask:
        """The sites that serve a point within so many minutes, ``(sites,)``."""
        pairs = slice(self.lists.first[point], self.lists.first[point + 1])
        sites = np.zeros(len(self.lists.sites), bool)
        sites[self.lists.site[pairs][self.lists.minutes[pairs] <= within]] = True
        return sites

    @staticmethod
    def likeliest(solved: Solved) -> Mask:
        """The one site in most doubt, ``(sites,)``, for where no point is."""
        sites = np.zeros(len(solved.opening), bool)
        sites[np.argmax(np.minimum(solved.opening, 1.0 - solved.opening))] = True
        return sites

    def probe(self, branch: Branch, sites: Mask) -> tuple[float, float]:
        """The bounds of both halves after a few steps of the solver."""
        master, basis = self.master, self.master.solver.getBasis()
        master.confine(branch.floor, np.where(sites, 0.0, branch.ceiling), branch.asked)
        none = master.solve(self.clock, PROBE).bound
        master.confine(branch.floor, branch.ceiling, branch.asked)
        master.solver.setBasis(basis)
        one = master.offer(np.flatnonzero(sites))
        master.confine(branch.floor, branch.ceiling, branch.asked | {one})
        some = master.solve(self.clock, PROBE).bound
        master.confine(branch.floor, branch.ceiling, branch.asked)
        master.withdraw(one)
        master.solver.setBasis(basis)
        constant = self.lists.constant
        return max(branch.bound, none + constant), max(branch.bound, some + constant)
