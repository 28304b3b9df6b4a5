"""Run: one search for a choice and its bound, step by step, until they meet or the time is up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.arrays import Mask, Positions
from planner.errors import InfeasibleError, NoPlanInTimeError
from planner.optimise import highs, search
from planner.optimise.choice import Choice
from planner.optimise.clock import Clock, Progress
from planner.optimise.cover.trios import NONE, Trios, with_trios
from planner.optimise.model import Model, Numbers
from planner.optimise.objectives import Objective, PeopleCovered, SitesNeeded
from planner.optimise.problem import Problem
from planner.optimise.reduce import Reduced, apart, reduce
from planner.optimise.rules import broken
from planner.optimise.travel import MeanTime

PROVEN = 1e-6
CORE_PAIRS = 400_000
CORES = (2.0, 3.0, 5.0, 8.0, 13.0)
"""Sizes of the cores solved exactly, as multiples of the sites that may open."""


@dataclass(frozen=True)
class Limits:
    """What may be spent: seconds by the clock, or ``effort``, which repeats exactly on any machine."""

    clock: Clock
    effort: int | None

    def chunks(self, usual: int) -> int:
        """Chunks of annealing, at usual effort so many."""
        return usual if self.effort is None else self.effort

    def nodes(self, times: int) -> int | None:
        """Nodes a tree may grow to."""
        return None if self.effort is None else times * self.effort

    def slice(self, share: float) -> Clock:
        """A clock for a share of the time left."""
        left = self.clock.left
        return self.clock.part(left if self.effort is not None else left * share)


class Run:
    """The best choice so far and the best bound, made to meet."""

    def __init__(
        self, problem: Problem, objective: Objective, limits: Limits, *, seed: int = 0, progress: Progress | None = None
    ) -> None:
        self.problem, self.objective, self.limits = problem, objective, limits
        self.seed, self.progress, self.sense = seed, progress, objective.sense
        self.reduced = reduction(problem, objective)
        self.model, self.extra = objective.model(self.reduced)
        self.opened: Mask | None = None
        self.value = -self.sense * np.inf
        self.bound = self.certified = self.sense * np.inf
        self.duals: Numbers | None = None
        self.trios, self.proving = NONE, self.model
        self.tree = False

    # -- what is known ---------------------------------------------------------------------------

    @property
    def simple(self) -> bool:
        """Whether this is plain maximal covering: only the number of sites limits the choice."""
        plain = self.problem.rules <= {"worth"} and bool((self.reduced.need == 1).all())
        return isinstance(self.objective, PeopleCovered) and plain

    @property
    def closed(self) -> bool:
        """Whether value and bound meet."""
        known = self.opened is not None and np.isfinite(self.bound)
        return bool(known and self.sense * (self.bound - self.value) <= PROVEN * max(1.0, abs(self.value)))

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do, or no time to do it."""
        return self.closed or self.limits.clock.up

    @property
    def step(self) -> float:
        """The least by which one value can beat another: 1 where values are whole numbers."""
        return 1.0 if counts_whole(self.problem, self.objective) else 0.0

    @property
    def chosen(self) -> Positions:
        """The best choice so far among the reduced sites."""
        return self.reduced.narrow(np.zeros(self.problem.sites, bool) if self.opened is None else self.opened)

    def offer(self, opened: Mask) -> None:
        """Take a choice if it keeps the rules, measured afresh, and beats the best so far."""
        start = self.objective.start(self.reduced, self.reduced.narrow(opened))
        if broken(self.problem, opened) or self.model.breach(start) > 1e-6:
            return
        value = self.objective.value(self.problem, opened)
        if self.sense * (value - self.value) > 0:
            self.opened, self.value = opened, value
            self.tell()

    def claim(self, cost: float, *, proof: Numbers | None = None) -> None:
        """Take a bound on the model's cost if it is closer; ``proof`` are the duals that certify it."""
        if self.step:
            cost = float(np.ceil(cost - 1e-6))
        bound = -self.sense * cost + self.extra
        if proof is not None and self.sense * (self.certified - bound) > 0:
            self.certified, self.duals = bound, proof
        if self.sense * (self.bound - bound) > 0:
            self.bound, self.tree = bound, proof is None
            self.tell()

    def tell(self) -> None:
        """Report progress."""
        if self.progress:
            self.progress(self.value, self.bound)

    # -- steps ------------------------------------------------------------------------------------

    def begin(self) -> None:
        """A first choice by searching, where one is easy to find."""
        standing = self.problem.kept | np.asarray(self.problem.standing)
        for today in (self.problem.kept, standing):
            self.offer(today)
        if self.problem.need > 1 or not len(self.reduced.sites):
            return
        if isinstance(self.objective, PeopleCovered):
            state = search.first_answer(self.reduced)
        else:
            state = search.greedy(self.reduced)
        self.offer(self.reduced.widen(np.flatnonzero(state.opened)))

    def relax(self, share: float) -> None:
        """Bound by the linear relaxation."""
        interior = len(self.reduced.rows) > 20_000
        answer = highs.solve_relaxed(self.model, self.limits.slice(share), seed=self.seed, interior=interior)
        if answer.infeasible:
            raise InfeasibleError("no choice of sites keeps every rule of the scenario, not even in fractions")
        if answer.duals is not None:
            self.certify(answer.duals)
        if answer.x is not None:
            self.round(answer.x[: len(self.reduced.sites)])

    def certify(self, duals: Numbers, trios: Trios = NONE) -> None:
        """Take the bound that these duals prove, those of ``trios`` last, evaluated by ourselves."""
        model = with_trios(self.model, self.reduced, trios)
        duals = model.signed(duals)
        self.claim(model.bound(duals), proof=duals)
        if self.duals is duals:
            self.trios, self.proving = trios, model

    def round(self, fractions: Numbers) -> None:
        """Offer the sites the relaxation likes best."""
        if self.simple:
            best = np.lexsort((np.arange(len(fractions)), -fractions))[: self.reduced.room]
            state = search.descend(self.reduced, search.state_of(self.reduced, np.sort(best)), sweeps=20)
            self.offer(self.reduced.widen(np.flatnonzero(state.opened)))
        else:
            self.offer(self.reduced.widen(np.flatnonzero(fractions > 0.5)))

    def reduced_costs(self) -> Numbers:
        """What opening each reduced site costs at the duals, less what it earns."""
        if self.duals is None:
            return np.zeros(len(self.reduced.sites))
        return (self.proving.cost - self.proving.rows.T @ self.duals)[: len(self.reduced.sites)]

    def useful(self) -> Mask:
        """Reduced sites that a better choice could still open: the rest cost more than the gap."""
        if self.duals is None or self.opened is None:
            return np.ones(len(self.reduced.sites), bool)
        gap = self.sense * (self.certified - self.value)
        return self.reduced_costs() <= gap - self.step + 1e-6 * max(1.0, abs(self.value)) * (self.step == 0) + 1e-9

    def cores(self) -> None:
        """Solve exactly over ever more of the most promising sites, till the core is all that matters."""
        if isinstance(self.objective, MeanTime):
            return  # a core would count other people
        order = np.argsort(self.reduced_costs(), kind="stable")
        for times in CORES:
            if self.over:
                return
            useful = self.useful()
            core = np.zeros(len(order), bool)
            core[order[: max(20, int(times * max(1, self._opened_count())))]] = True
            core[self.chosen] = True
            if core[useful].all() or self._pairs(core) > CORE_PAIRS:
                return
            self.branch(core, self.limits.slice(0.2), whole=False)

    def _opened_count(self) -> int:
        return len(self.chosen) or self.reduced.room

    def _pairs(self, sites: Mask) -> int:
        return int(np.diff(self.reduced.starts)[sites].sum())

    def branch(self, sites: Mask, clock: Clock, *, whole: bool) -> None:
        """Branch and cut over some of the reduced sites; ``whole`` where the rest cannot beat the best."""
        allowed = np.zeros(self.problem.sites, bool)
        allowed[self.reduced.sites[sites]] = True
        if isinstance(self.objective, MeanTime):
            allowed[:] = True
        part = reduction(self.problem.but(possible=self.problem.possible & allowed), self.objective)
        model, extra = self.objective.model(part)
        start = None if self.opened is None else self.objective.start(part, part.narrow(self.opened))
        if start is not None and model.breach(start) > 1e-6:
            start = None
        answer = highs.solve_whole(
            model, clock, start=start, seed=self.seed, nodes=self.limits.nodes(50 if not whole else 1000)
        )
        self.limits.clock.stopped |= clock.stopped
        if answer.x is not None:
            self.offer(part.widen(np.flatnonzero(answer.x[: len(part.sites)] > 0.5)))
        if not whole:
            return
        if answer.infeasible and self.opened is None:
            raise InfeasibleError("no choice of sites keeps every rule of the scenario")
        least = np.inf if answer.infeasible else answer.bound - self.sense * (extra - self.extra)
        if np.isfinite(self.value):
            least = min(least, -self.sense * (self.value - self.extra))
        if np.isfinite(least):
            self.claim(float(least))

    def choice(self) -> Choice:
        """The answer so far."""
        clock = self.limits.clock
        if self.opened is None:
            raise NoPlanInTimeError(f"no plan was found in {clock.spent:.1f} s; give it more seconds= or effort=")
        bound = self.bound if self.sense * (self.bound - self.value) > 0 else self.value
        status = "proven" if self.closed else "interrupted" if clock.stopped else "time limit"
        return Choice(
            self.opened, float(bound), status, float(self.certified), self.duals, by_tree=self.tree, trios=self.trios
        )


def reduction(problem: Problem, objective: Objective) -> Reduced:
    """The reduced problem an objective works on."""
    return apart(problem) if isinstance(objective, MeanTime) else reduce(problem)


def counts_whole(problem: Problem, objective: Objective) -> bool:
    """Whether every value a choice can take is a whole number, so that bounds may be rounded."""
    if isinstance(objective, SitesNeeded):
        return not objective.by_cost
    return isinstance(objective, PeopleCovered) and not problem.worth and bool((problem.people % 1 == 0).all())


def certified_bound(problem: Problem, objective: Objective, model: Model, extra: float, duals: Numbers) -> float:
    """The bound on the objective's value that duals prove."""
    cost = model.bound(model.signed(duals))
    if counts_whole(problem, objective):
        cost = float(np.ceil(cost - 1e-6))
    return float(-objective.sense * cost + extra)
