"""Answer: ask a solver, measure its choice afresh, and make the plan."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.errors import OptimiseError, QuestionError
from planner.optimise.clock import Clock, Progress
from planner.optimise.from_scenario import problem_of
from planner.optimise.objectives import Objective
from planner.optimise.rules import broken
from planner.optimise.sharing import PeopleServed, Shares, faults_of, share_out
from planner.optimise.sized_cover import SitesServing
from planner.optimise.solvers import Highs, Solver
from planner.optimise.warm import coverage_loops
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
    if effort is not None and effort < 1:
        raise QuestionError(f"effort must be a whole number, 1 or more, not {effort!r}")
    coverage_loops()
    clock, solver = Clock(seconds if effort is None else float("inf")), solver or Highs()
    problem = problem_of(scenario)
    choice = solver.solve(problem, objective, clock, effort=effort, seed=seed, progress=progress)
    opened = np.asarray(choice.opened, bool)
    faults = broken(problem, opened)
    held: dict[str, Any] = {
        "certified_bound": choice.certified,
        "duals": choice.duals,
        "relaxed": choice.relaxed,
        "asked": objective,
        **(details or {}),
    }
    if isinstance(objective, PeopleServed | SitesServing):
        shares = share_out(problem, opened)
        faults += objective.unmet(shares) if isinstance(objective, SitesServing) else []
        faults += faults_of(problem, opened, shares)
        held |= {"shares": shares} | _unserved(scenario, shares)
    if faults:
        raise OptimiseError(f"{solver.name} gave a plan that {'; '.join(faults)}; it was not accepted")
    value = objective.value(problem, opened)
    return Plan(
        scenario, objective.name, np.flatnonzero(opened), value, choice.bound, solver.name, choice.status, clock.spent,
        seed=seed, sense=objective.sense, details=held,
    )  # fmt: skip


def refuse(scenario: Scenario, rules: set[str], what: str) -> None:
    """Raise `QuestionError` naming the scenario's rules that cannot be honoured here."""
    if found := sorted(scenario.rules & rules):
        raise QuestionError(f"{what} cannot honour {', '.join(found)}; leave them out of the scenario")


def _unserved(scenario: Scenario, shares: Shares) -> dict[str, float]:
    """People in reach of an open site whom its capacity leaves unserved, and all who are not served."""
    people = scenario.coverage.demand.people
    return {"unserved_people": float(people.sum() - shares.people.sum())}
