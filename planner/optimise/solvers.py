"""Solvers: anything that picks sites for a problem, and says what it can prove."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from sys import maxsize
from typing import Protocol

from planner.arrays import Mask
from planner.errors import QuestionError
from planner.optimise.choice import Choice
from planner.optimise.clock import Clock, Progress
from planner.optimise.cover.steps import CoverSteps
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


IN_VAIN = 4
"""How many times choices are mixed for nothing before a tree comes next, or the effort counts as spent."""

BRANCHES = 20_000
"""Branches of the tree of cuts, at usual effort."""
FEW_STEPS, STEPS = 400, 1_000
"""Steps of prices before cuts, which need no more than a start, and before trios are bound."""


@dataclass(frozen=True)
class _Stepwise(ABC):
    """A solver that takes steps of a `Run` until value and bound meet or the time is up; Ctrl-C gives the best so far.

    ``starts`` are choices to begin from, each ``(sites,)``; those that break a rule are passed over.
    """

    name: str = ""
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
            self._steps(run)
        except KeyboardInterrupt:
            clock.stopped = True
        return run.choice()

    @abstractmethod
    def _steps(self, run: Run) -> None:
        """Improve value and bound until they meet or the time is up."""


@dataclass(frozen=True)
class Highs(_Stepwise):
    """Search, certify, then close the gap exactly with HiGHS: the solver used when none is named."""

    name: str = "HiGHS"

    def _steps(self, run: Run) -> None:
        """Search, bound, improve where the gap is wide, then prove where it is narrow."""
        run.begin()
        if run.over:
            return
        if run.simple:
            _plainly(run)
            return
        run.relax(share=0.5)
        if not run.over:
            run.cores()
        if not run.over:
            run.branch(run.useful(), run.limits.slice(1.0), whole=True)


@dataclass(frozen=True)
class Search(_Stepwise):
    """Greedy, swaps and annealing with a Lagrangian bound: no solver, plain maximal covering only."""

    name: str = "swap search"

    def _steps(self, run: Run) -> None:
        if not run.simple:
            refused = ", ".join(sorted(run.problem.rules)) or run.objective.name
            raise QuestionError(
                f"the swap search answers plain maximal covering only, not {refused}; use solver=Highs()"
            )
        run.begin()
        steps = CoverSteps(run)
        steps.price(STEPS, share=0.3)
        if not run.over:
            steps.anneal(run.limits.chunks(50), run.limits.slice(1.0))


def _plainly(run: Run) -> None:
    """Plain coverage: anneal and price, mix choices where there are many pairs, then cut, and again where mixing came near.

    Where there are too many pairs to cut, bind trios and mix on.
    """
    steps, room, patience = CoverSteps(run), run.reduced.room, IN_VAIN if run.limits.effort else maxsize
    chunks = run.limits.chunks(3 + room // 20)
    steps.anneal(run.limits.chunks(5 + room // (20 if steps.small else 10)), run.limits.slice(0.1))
    steps.price(FEW_STEPS if steps.cuttable else STEPS, share=0.15)
    if steps.cuttable and not steps.small:
        steps.mix(chunks, share=0.2, patience=IN_VAIN)
    if run.over:
        return
    if not steps.cuttable:
        steps.bind(STEPS, share=0.4)
        steps.mix(chunks, share=1.0, patience=patience)
        return
    branches, gained = run.limits.nodes(100) or BRANCHES, True
    steps.cut(branches, share=0.5)
    while gained and not run.over:
        value = run.value
        steps.mix(chunks, share=1.0, patience=IN_VAIN, for_gain=run.limits.effort is None)
        gained = run.value > value
        if steps.near and not run.over:
            steps.cut(branches, share=0.5)
