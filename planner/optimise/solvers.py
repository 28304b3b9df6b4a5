"""Solvers: anything that picks sites for a problem, and says what it can prove."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from sys import maxsize
from typing import Protocol

import numpy as np

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


SLOWER, ROUNDS = 5, 4
"""Times the first annealing that each later one lasts, and how many there are: several from the best beat one long one."""

FIRST_BRANCHES, BRANCHES = 20, 20_000
"""Branches of the tree of cuts that is tried first, since it often closes a small gap at once, and of the last."""


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
        run.price(steps=1_000, share=0.3)
        if not run.over:
            run.anneal(run.limits.effort or 50, share=1.0)


def _plainly(run: Run) -> None:
    """Plain coverage: anneal, price, and cut where that may do; else search on, and branch and cut at last."""
    chunks = run.limits.chunks(run.reduced.room)
    run.anneal(chunks, share=0.1)
    run.price(steps=5_000, share=0.35)
    if not run.over and run.cuttable:
        run.cut(FIRST_BRANCHES, share=0.3)
        run.anneal(SLOWER * chunks, share=0.1, rounds=ROUNDS // 2)
    elif not run.over:
        _search_on(run, SLOWER * chunks)
    if run.over:
        return
    if run.cuttable:
        run.cut(run.limits.nodes(100) or BRANCHES, share=1.0)
    elif run.affords(useful := run.useful(), 1.0):
        run.branch(useful, run.limits.slice(1.0), whole=True)
    else:  # the tree would not end its first step, and cannot be stopped in it
        run.price(steps=10_000, share=1.0)


def _search_on(run: Run, slow: int) -> None:
    """Better values by slower coolings; while the gap is wide, by neighbourhoods too, then a closer bound by prices."""
    if run.affords(np.ones(len(run.reduced.sites), bool), 0.35):
        run.relax(share=0.5)
    if not run.wide:
        run.anneal(slow, share=0.1, rounds=ROUNDS)
        return
    run.anneal(slow, share=0.7, rounds=maxsize if run.limits.effort is None else ROUNDS)
    if run.wide:
        run.neighbours(run.limits.effort, share=0.9)
    if run.wide:
        run.price(steps=10_000, share=0.8)
