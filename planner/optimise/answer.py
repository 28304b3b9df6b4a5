"""Answer: ask a solver, measure its choice afresh, and make the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from planner.arrays import Mask
from planner.errors import OptimiseError, QuestionError
from planner.optimise.clock import Clock, Progress
from planner.optimise.from_scenario import problem_of
from planner.optimise.objectives import Objective, PeopleCovered
from planner.optimise.problem import Problem
from planner.optimise.rules import broken
from planner.optimise.sharing import PeopleServed, faults_of, share_out
from planner.optimise.sized_cover import SitesServing
from planner.optimise.solvers import Highs, Solver
from planner.optimise.warm import started
from planner.plan import Plan, Scenario


@dataclass(frozen=True, eq=False)
class Solved:
    """A solver's choice, measured afresh: the open sites ``(sites,)``, their worth, and what a plan carries as details."""

    opened: Mask
    value: float
    bound: float
    solver: str
    status: str
    seconds: float
    details: dict[str, Any]


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
    clock = started(seconds, effort)
    found = solved(problem_of(scenario), objective, clock, effort=effort, seed=seed, solver=solver, progress=progress)
    return Plan(
        scenario, objective.name, np.flatnonzero(found.opened), found.value, found.bound, found.solver, found.status,
        found.seconds, seed=seed, sense=objective.sense, details=found.details | (details or {}),
    )  # fmt: skip


def solved(
    problem: Problem,
    objective: Objective,
    clock: Clock,
    *,
    effort: int | None,
    seed: int,
    solver: Solver | None,
    progress: Progress | None,
) -> Solved:
    """Ask a solver, and measure what it chooses; raises `OptimiseError` where that breaks a rule."""
    solver = solver or Highs()
    choice = solver.solve(problem, objective, clock, effort=effort, seed=seed, progress=progress)
    opened = np.asarray(choice.opened, bool)
    faults = broken(problem, opened)
    held: dict[str, Any] = {
        "certified_bound": choice.certified, "duals": choice.duals, "trios": choice.trios, "relaxed": choice.relaxed,
        "asked": objective,
    }  # fmt: skip
    if isinstance(objective, PeopleServed | SitesServing):
        shares = share_out(problem, opened)
        faults += objective.unmet(shares) if isinstance(objective, SitesServing) else []
        faults += faults_of(problem, opened, shares)
        held |= {"shares": shares, "unserved_people": float(problem.people.sum() - shares.people.sum())}
    if faults:
        raise OptimiseError(f"{solver.name} gave a plan that {'; '.join(faults)}; it was not accepted")
    value = objective.value(problem, opened)
    return Solved(opened, value, choice.bound, solver.name, choice.status, clock.spent, held)


def people_counted(asked: Scenario | Problem, name: str = "the scenario") -> Objective:
    """Count people covered, or those served where sites are of limited size; raises `QuestionError` for what goes with neither."""
    if asked.rules & {"capacity", "least_people"}:
        refuse(asked, {"backup", "worth", "least_share"}, "sharing people out among sites of limited size", name)
        return PeopleServed()
    if "worth" in asked.rules:
        refuse(asked, {"least_share"}, "gradual worth", name)
    return PeopleCovered()


def refuse(asked: Scenario | Problem, rules: set[str], what: str, name: str = "the scenario") -> None:
    """Raise `QuestionError` naming the rules asked for that cannot be honoured here."""
    if found := sorted(asked.rules & rules):
        raise QuestionError(f"{what} cannot honour {', '.join(found)}; leave them out of {name}")
