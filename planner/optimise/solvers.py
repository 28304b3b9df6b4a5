"""Solvers: anything that picks sites for a problem, and says what it can prove."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from planner.arrays import Mask, Positions
from planner.errors import InfeasibleError, NoPlanInTimeError
from planner.optimise import highs, search
from planner.optimise.clock import Clock, Progress
from planner.optimise.model import Model, Numbers
from planner.optimise.objectives import Objective, PeopleCovered, SitesNeeded
from planner.optimise.problem import Problem
from planner.optimise.reduce import Reduced, reduce
from planner.optimise.rules import broken


@dataclass(frozen=True, eq=False)
class Choice:
    """Which sites to open, shape ``(sites,)``, and a value no choice can beat.

    ``certified`` is the bound that the ``duals`` prove by themselves; ``bound`` may be closer where a
    solver's tree closed the rest of the gap.
    """

    opened: Mask
    bound: float
    status: str = "time limit"
    certified: float = float("nan")
    duals: Numbers | None = None
    details: dict[str, Any] = field(default_factory=dict)


class Solver(Protocol):
    """What planner asks of a solver."""

    @property
    def name(self) -> str:
        """Who to credit."""

    def solve(
        self, problem: Problem, objective: Objective, clock: Clock, *, effort: int | None, seed: int, progress: Progress | None
    ) -> Choice:
        """Choose, or raise `InfeasibleError` or `NoPlanInTimeError`."""


@dataclass(frozen=True)
class Highs:
    """Exact: swaps for a start, the linear relaxation for a certificate, then HiGHS' branch and cut."""

    name: str = "HiGHS"

    def solve(
        self,
        problem: Problem,
        objective: Objective,
        clock: Clock,
        *,
        effort: int | None = None,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> Choice:
        """See `Solver.solve`."""
        reduced = reduce(problem)
        model, extra = objective.model(reduced)
        run = _Run(problem, objective, reduced, model, extra, clock, seed, progress)
        run.begin()
        run.relax()
        if not run.closed:
            run.branch(effort)
        return run.choice()


class _Run:
    """One exact solve: the best choice so far, and the best bound."""

    def __init__(
        self, problem: Problem, objective: Objective, reduced: Reduced, model: Model, extra: float, clock: Clock, seed: int,
        progress: Progress | None,
    ) -> None:  # fmt: skip
        self.problem, self.objective, self.reduced, self.model = problem, objective, reduced, model
        self.extra, self.clock, self.seed, self.progress = extra, clock, seed, progress
        self.opened: Mask | None = None
        self.value = -objective.sense * np.inf
        self.certified = self.bound = objective.sense * np.inf
        self.duals: Numbers | None = None
        self.status = "time limit"

    def begin(self) -> None:
        """A first choice by searching, where one is easy to find."""
        if isinstance(self.objective, PeopleCovered):
            self.offer(np.flatnonzero(search.first_answer(self.reduced).opened))
        elif isinstance(self.objective, SitesNeeded):
            self.offer(np.flatnonzero(search.greedy(self.reduced).opened))

    def offer(self, chosen: Positions) -> None:
        """Take a choice if it keeps the rules, measured afresh, and beats the best so far."""
        opened = self.reduced.widen(chosen)
        if broken(self.problem, opened) or not self._serves(chosen):
            return
        value = self.objective.value(self.problem, opened)
        if self.objective.sense * (value - self.value) > 0:
            self.opened, self.value = opened, value

    def _serves(self, chosen: Positions) -> bool:
        return self.model.breach(self.objective.start(self.reduced, chosen)) <= 1e-6

    def relax(self) -> None:
        """Bound by the duals of the linear relaxation, evaluated by ourselves."""
        answer = highs.solve_relaxed(self.model, self.clock, seed=self.seed)
        if answer.infeasible:
            raise InfeasibleError("no choice of sites keeps every rule of the scenario, not even in fractions")
        if answer.duals is None:
            return
        self.duals = self.model.signed(answer.duals)
        self.certified = self._tight(self.model.bound(self.duals))
        self.bound = self.certified
        if self.progress:
            self.progress(self.value, self.bound)

    def _tight(self, least_cost: float) -> float:
        """The objective's value at a least cost of the model; a count is a whole number."""
        counts = isinstance(self.objective, SitesNeeded) and not self.objective.by_cost
        cost = np.ceil(least_cost - 1e-6) if counts else least_cost
        return float(-self.objective.sense * cost + self.extra)

    @property
    def closed(self) -> bool:
        """Whether value and bound meet."""
        gap = self.objective.sense * (self.bound - self.value)
        return bool(gap <= 1e-6 * max(1.0, abs(self.value)))

    def branch(self, nodes: int | None) -> None:
        """Branch and cut."""
        start = None if self.opened is None else self.objective.start(self.reduced, self.reduced.narrow(self.opened))
        watch = None
        if self.progress:
            tell = self.progress

            def watch(value: float, bound: float) -> None:
                tell(self._turn(value), self._turn(bound))

        answer = highs.solve_whole(self.model, self.clock, start=start, seed=self.seed, nodes=nodes, watch=watch)
        if answer.infeasible and self.opened is None:
            raise InfeasibleError("no choice of sites keeps every rule of the scenario")
        if answer.x is not None:
            self.offer(np.flatnonzero(answer.x[: len(self.reduced.sites)] > 0.5))
        self.status = answer.status
        tree = self._tight(answer.bound) if np.isfinite(answer.bound) else self.objective.sense * np.inf
        better = min if self.objective.sense > 0 else max
        self.bound = better(self.bound, tree)

    def _turn(self, cost: float) -> float:
        return float(-self.objective.sense * cost + self.extra)

    def choice(self) -> Choice:
        """The answer."""
        if self.opened is None:
            raise NoPlanInTimeError(f"no plan was found in {self.clock.spent:.1f} s; give seconds= more")
        sense = self.objective.sense
        bound = self.bound if sense * (self.bound - self.value) > 0 else self.value
        status = "proven" if self.closed else "interrupted" if self.clock.stopped else "time limit"
        return Choice(self.opened, bound, status, self.certified, self.duals)
