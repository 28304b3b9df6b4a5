"""Answer: ask a solver, measure its choice afresh, and make the plan."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.errors import OptimiseError, QuestionError
from planner.optimise.clock import Clock, Progress
from planner.optimise.from_scenario import problem_of
from planner.optimise.objectives import Objective
from planner.optimise.rules import broken
from planner.optimise.solvers import Highs, Solver
from planner.plan import Plan, Scenario


def answer(
    scenario: Scenario,
    objective: Objective,
    *,
    seconds: float,
    effort: int | None,
    seed: int,
    solver: Solver | None,
    progress: Progress | None,
    details: dict[str, Any] | None = None,
) -> Plan:
    """Answer a scenario; the plan is measured afresh, never believed from the solver."""
    if not 0 < seconds < float("inf"):
        raise QuestionError(f"seconds must be a number above 0, not {seconds!r}")
    clock, solver = Clock(seconds), solver or Highs()
    problem = problem_of(scenario)
    choice = solver.solve(problem, objective, clock, effort=effort, seed=seed, progress=progress)
    opened = np.asarray(choice.opened, bool)
    if faults := broken(problem, opened):
        raise OptimiseError(f"{solver.name} gave a plan that {'; '.join(faults)}; it was not accepted")
    value = objective.value(problem, opened)
    held = {"certified_bound": choice.certified, "duals": choice.duals, "by_tree": choice.by_tree, **(details or {})}
    return Plan(
        scenario, objective.name, np.flatnonzero(opened), value, choice.bound, solver.name, choice.status, clock.spent,
        seed=seed, sense=objective.sense, details=held,
    )  # fmt: skip
