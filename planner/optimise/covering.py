"""Covering: the questions of coverage asked in plain arrays, without a map, for matrices and streamed customers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from planner.arrays import Mask
from planner.errors import QuestionError
from planner.optimise.answer import people_counted, refuse, solved
from planner.optimise.clock import Progress
from planner.optimise.objectives import Objective, SitesNeeded
from planner.optimise.problem import Problem
from planner.optimise.rules import covered
from planner.optimise.warm import started
from planner.plan import Proof


@dataclass(frozen=True, eq=False)
class CoverChoice(Proof):
    """The open sites of a problem, ``(sites,)``, and how good that provably is; `verify` checks it without a solver.

    ``value`` counts people, or new sites where the fewest were asked; ``bound`` is what no choice can beat.
    """

    problem: Problem
    objective: Objective
    opened: Mask
    value: float
    bound: float
    solver: str
    status: str
    seconds: float
    seed: int = 0
    sense: int = 1
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def people(self) -> float:
        """People covered, by as many open sites as they need."""
        return float(self.problem.people[covered(self.problem, self.opened)].sum())

    @property
    def share(self) -> float:
        """Share of all people covered, 0 to 1; 0 where nobody lives."""
        total = float(self.problem.people.sum())
        return self.people / total if total else 0.0

    def __repr__(self) -> str:
        people = self.problem.people.sum()
        return (
            f"<CoverChoice: {self.opened.sum():,} of {self.problem.sites:,} sites,"
            f" {100 * self.share:.1f} % of {people:,.0f} people, {self._how()}>"
        )


def most_covered(
    problem: Problem,
    *,
    seconds: float = 60,
    effort: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> CoverChoice:
    """Reach the most people with the problem's ``new`` sites, or its budget: `maximise_coverage` without a map (MCLP).

    Raises `QuestionError` where nothing limits the sites or two rules do not go together, `InfeasibleError` where no choice
    keeps them.

    >>> table = np.array([[4.0, 30.0, 9.0], [8.0, 2.0, 30.0], [30.0, 7.0, 30.0]])  # minutes of three homes to three sites
    >>> best = most_covered(Problem.from_matrix(np.array([5.0, 2.0, 1.0]), table, limit=10, new=1))
    >>> best
    <CoverChoice: 1 of 3 sites, 87.5 % of 8 people, proven best>
    >>> np.flatnonzero(best.opened).tolist()
    [0]
    """
    if problem.new is None and not np.isfinite(problem.budget):
        raise QuestionError("how many sites may open? give the problem new= or budget=, or ask fewest_sites()")
    goal = people_counted(problem, "the problem")
    return _choice(problem, goal, seconds=seconds, effort=effort, seed=seed, progress=progress)


def fewest_sites(
    problem: Problem,
    *,
    share: float = 1.0,
    seconds: float = 60,
    effort: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> CoverChoice:
    """Open the fewest new sites that cover a share of the people whom any site reaches: `cover_everyone` without a map (LSCP).

    Raises `QuestionError` for rules on sizes or worth, `InfeasibleError` where the rules do not allow it.

    >>> table = np.array([[4.0, 30.0, 9.0], [8.0, 2.0, 30.0], [30.0, 7.0, 30.0]])
    >>> np.flatnonzero(fewest_sites(Problem.from_matrix(np.ones(3), table, limit=10)).opened).tolist()
    [0, 1]
    """
    if not 0 < share <= 1:
        raise QuestionError(f"share must be above 0 and at most 1, not {share!r}")
    refuse(problem, {"capacity", "least_people", "worth"}, "fewest_sites()", "the problem")
    reachable = float(problem.people[covered(problem, problem.kept | problem.possible)].sum())
    objective = SitesNeeded(None if share == 1 else share * reachable)
    return _choice(problem, objective, seconds=seconds, effort=effort, seed=seed, progress=progress)


def _choice(
    problem: Problem, objective: Objective, *, seconds: float, effort: int | None, seed: int, progress: Progress | None
) -> CoverChoice:
    clock = started(seconds, effort)
    found = solved(problem, objective, clock, effort=effort, seed=seed, solver=None, progress=progress)
    return CoverChoice(
        problem, objective, found.opened, found.value, found.bound, found.solver, found.status, found.seconds, seed,
        objective.sense, found.details,
    )  # fmt: skip
