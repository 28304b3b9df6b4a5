"""Solvers: anything that picks sites for a problem, and says what it can prove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from planner.arrays import Mask
from planner.errors import QuestionError
from planner.optimise.choice import Choice
from planner.optimise.clock import Clock, Progress
from planner.optimise.objectives import Objective
from planner.optimise.problem import Problem
from planner.optimise.run import Limits, Run


class Solver(Protocol):
    """What planner asks of a solver."""

    @property
    def name(self) -> str:
        """Who to credit."""

    def solve(
        self,
        problem: Problem,
        objective: Objective,
        clock: Clock,
        *,
        effort: int | None,
        seed: int,
        progress: Progress | None,
    ) -> Choice:
        """Choose, or raise `InfeasibleError` or `NoPlanInTimeError`."""


SLOWER = 20
"""Times the first annealing that a wide gap is worth where effort is the limit."""

SMALL_PAIRS = 50_000
"""Pairs up to which the tree is tried first however wide the gap: it ends in seconds, and neighbourhoods never prove anything."""


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
    """Search, bound, improve where the gap is wide, then prove where it is narrow."""
    run.begin()
    if run.simple and not run.over:
        run.anneal(run.limits.chunks(run.reduced.room), share=0.1)
        run.price(steps=5_000, share=0.35)
    if not run.over and (run.affordable or not run.simple):
        run.relax(share=0.5)
    if run.simple and not run.over:
        _narrow(run)
    if not run.over:
        run.cores()
    if not run.over:
        run.branch(run.useful(), run.limits.slice(1.0), whole=True)


def _narrow(run: Run) -> None:
    """While the gap is wide, better values by a slow cooling and by neighbourhoods, then a closer bound by prices."""
    effort = run.limits.effort
    if run.wide and len(run.reduced.rows) <= SMALL_PAIRS:
        run.branch(run.useful(), run.limits.slice(0.3), whole=True)
    if run.wide:
        run.anneal(None if effort is None else SLOWER * effort, share=0.6)
    if run.wide:
        run.neighbours(effort, share=0.9)
    if run.wide:
        run.price(steps=10_000, share=0.8)


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
            raise QuestionError(
                f"the swap search answers plain maximal covering only, not {refused}; use solver=Highs()"
            )
        run.begin()
        run.price(steps=1_000, share=0.3)
        if not run.over:
            run.anneal(effort or 50, share=1.0)
        return run.choice()
