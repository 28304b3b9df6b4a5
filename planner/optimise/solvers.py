"""Solvers: anything that picks sites for a problem, and says what it can prove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from planner.arrays import Mask
from planner.errors import QuestionError
from planner.optimise.choice import Choice
from planner.optimise.clock import Clock, Progress
from planner.optimise.objectives import Objective
from planner.optimise.problem import Problem
from planner.optimise.run import LARGE_PAIRS, Limits, Run


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
    """Search, certify, then close the gap exactly with HiGHS: the solver used when none is named.

    ``starts`` are choices to begin from, each ``(sites,)``; those that break a rule are passed over.
    """

    name: str = "HiGHS"
    starts: tuple[Mask, ...] = ()

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
        run = Run(problem, objective, Limits(clock, effort), seed=seed, progress=progress)
        try:
            for opened in self.starts:
                run.offer(opened)
            _solve(run)
        except KeyboardInterrupt:
            clock.stopped = True
        return run.choice()


def _solve(run: Run) -> None:
    run.begin()
    large = len(run.reduced.rows) > LARGE_PAIRS
    if run.simple:
        run.price(steps=600, share=0.15)
        if not run.over:
            run.anneal(run.limits.chunks, share=0.1)
    if not run.over and not (large and run.simple):
        run.relax(share=0.5)
    if not run.over:
        run.cores()
    useful = np.ones(len(run.reduced.sites), bool) if run.over else run.useful()
    if large and run.simple:
        run.price(steps=3_000, share=0.3)
        run.neighbours(run.limits.effort)
    elif not run.over:
        if run.simple and run.limits.clock.left > 5:
            run.neighbours(8)
            useful = run.useful()
        run.branch(useful, run.limits.slice(1.0), whole=True)


@dataclass(frozen=True)
class Search:
    """Greedy, swaps and annealing with a Lagrangian bound: no solver, plain maximal covering only."""

    name: str = "swap search"

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
        run = Run(problem, objective, Limits(clock, effort or 50), seed=seed, progress=progress)
        if not run.simple:
            refused = ", ".join(sorted(problem.rules)) or objective.name
            raise QuestionError(f"the swap search answers plain maximal covering only, not {refused}; use solver=Highs()")
        run.begin()
        run.price(steps=1_000, share=0.3)
        if not run.over:
            run.anneal(effort or 50, share=1.0)
        return run.choice()
