"""Time questions: the least mean time, and the least time of the last person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from planner.arrays import Mask, Positions
from planner.errors import InfeasibleError, OptimiseError, QuestionError
from planner.optimise.answer import answer, refuse
from planner.optimise.centre import CentreChoice, least_worst_time, verify_centre
from planner.optimise.choice import Choice
from planner.optimise.clock import Clock, Progress
from planner.optimise.explain import why_infeasible
from planner.optimise.from_scenario import problem_of
from planner.optimise.median import MedianChoice, least_mean_time, verify_median
from planner.optimise.objectives import Objective
from planner.optimise.problem import Problem
from planner.optimise.siting import SitingProblem
from planner.optimise.times.centre_rules import RuledCentre, faults_of_centre, least_worst_time_under_rules
from planner.optimise.times.mean_rules import WHOLE_PAIRS, answer_in_core
from planner.optimise.travel import MeanTime
from planner.plan import PROVEN_GAP, Plan, Scenario


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a time plan is checked by: the problem with sites in order of ID, and the choice made on it."""

    problem: SitingProblem
    order: Positions
    choice: MedianChoice | CentreChoice

    @property
    def opened(self) -> Mask:
        """Open sites in the scenario's order, shape ``(sites,)``."""
        opened = np.zeros(len(self.order), bool)
        opened[self.order] = self.choice.opened
        return opened


def minimise_mean_time(
    scenario: Scenario,
    *,
    unserved_minutes: float | None = None,
    seconds: float = 60,
    effort: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Plan:
    """Open sites so that people travel least on average, each to the nearest: the p-median (Hakimi 1964).

    ``value`` and ``bound`` are mean minutes of the people whom any site reaches; the others are listed in
    ``plan.details["unreachable"]``. All of the former must find a site within the limit, unless
    ``unserved_minutes`` says what one who does not counts as (at least the limit); they are listed in ``plan.details["unserved"]``.
    Under rules on sites, costs or capacities the question goes to branch and cut as a whole, with people
    shared out as serves best; where it is too large for that, over a core of sites, bounded by the median without the rules.

    Raises `QuestionError` for rules on coverage, which have no meaning here, `InfeasibleError` where not
    everyone can be served.
    """
    refuse(scenario, {"worth", "backup", "least_share"}, "minimise_mean_time()")
    unserved = float("inf") if unserved_minutes is None else float(unserved_minutes)
    if not unserved >= scenario.coverage.limit:
        raise QuestionError(
            f"unserved_minutes must be at least the limit of {scenario.coverage.limit:g}, not {unserved!r}"
        )
    if scenario.rules:
        large = len(scenario.coverage.points) > WHOLE_PAIRS
        try:
            return answer(
                scenario, MeanTime(unserved), seconds=seconds, effort=effort, seed=seed, progress=progress,
                solver=_InCore() if large else None, details=_lists(scenario),
            )  # fmt: skip
        except InfeasibleError as error:
            raise why_infeasible(scenario, error, seconds=seconds) from error
    problem, order = siting_problem(scenario)
    limit = seconds if effort is None else float("inf")
    choice = least_mean_time(
        problem, unserved_minutes=unserved, seconds=limit, effort=float(effort or 1), seed=seed, progress=progress
    )
    people = max(choice.people, 1e-300)
    evidence = Evidence(problem, order, choice)
    held = _lists(scenario) | {
        "evidence": evidence, "certified_bound": choice.certified / people,
        "unserved": scenario.coverage.demand.ids[choice.unserved & (scenario.coverage.demand.people > 0)],
    }  # fmt: skip
    return Plan(
        scenario, "mean minutes", np.flatnonzero(evidence.opened), choice.value / people, choice.bound / people,
        _credit(choice), choice.status, choice.seconds, seed=seed, sense=-1, details=held,
    )  # fmt: skip


class _InCore:
    """The solver of questions too large to be solved whole."""

    name = "HiGHS on a core"

    def solve(
        self, problem: Problem, objective: Objective, clock: Clock, *, effort: int | None, seed: int,
        progress: Progress | None,
    ) -> Choice:  # fmt: skip
        """See `planner.optimise.Solver.solve`."""
        if not isinstance(objective, MeanTime):
            raise QuestionError(f"a core answers the mean time, not {objective.name}")
        return answer_in_core(problem, objective, clock, effort=effort, seed=seed, progress=progress)


def minimise_worst_time(
    scenario: Scenario, *, seconds: float = 60, seed: int = 0, progress: Progress | None = None
) -> Plan:
    """Open sites so that the person furthest from one is as near as can be: the p-centre (Minieka 1970).

    People whom no site reaches are left out and listed in ``plan.details["unreachable"]``. With ``backup`` the minutes
    are those to the last of the open sites a person needs; under ``capacity`` or ``least_people`` those to where the person is sent.
    Raises `QuestionError` for rules that have no meaning here, `InfeasibleError` with the smallest number of sites
    where not everyone can be served.
    """
    refuse(scenario, {"worth", "least_share"}, "minimise_worst_time()")
    if scenario.rules or scenario.new is None:
        return _under_rules(scenario, seconds=seconds, seed=seed, progress=progress)
    problem, order = siting_problem(scenario)
    choice = least_worst_time(problem, seconds=seconds, seed=seed, progress=progress)
    evidence = Evidence(problem, order, choice)
    held = _lists(scenario) | {"evidence": evidence, "certified_bound": choice.certified}
    return Plan(
        scenario, "minutes of the last person", np.flatnonzero(evidence.opened), choice.value, choice.bound,
        _credit(choice), choice.status, choice.seconds, seed=seed, sense=-1, details=held,
    )  # fmt: skip


def _under_rules(scenario: Scenario, *, seconds: float, seed: int, progress: Progress | None) -> Plan:
    if scenario.new is None and scenario.budget is None:
        raise QuestionError("how many sites may open? give the scenario new= or budget=")
    if scenario.rules & {"capacity", "least_people"}:
        refuse(scenario, {"backup"}, "sharing people out among sites of limited size")
    problem = problem_of(scenario)
    try:
        choice = least_worst_time_under_rules(problem, Clock(seconds), seed=seed, progress=progress)
    except InfeasibleError as error:
        if scenario.rules & {"capacity", "least_people"}:
            raise
        raise why_infeasible(scenario, error, seconds=seconds, everyone=True) from error
    status = "proven" if choice.bound >= choice.value else "time limit"
    return Plan(
        scenario, "minutes of the last person", np.flatnonzero(choice.opened), choice.value, choice.bound, "HiGHS",
        status, choice.seconds, seed=seed, sense=-1,
        details=_lists(scenario) | {"evidence": choice, "certified_bound": choice.certified, "shares": choice.shares},
    )  # fmt: skip


def check_centre(plan: Plan, choice: RuledCentre) -> float:
    """Check a plan of the last person's minutes under rules by its evidence, without any solver; gives the certified bound."""
    faults = faults_of_centre(problem_of(plan.scenario), choice)
    if not np.array_equal(np.flatnonzero(choice.opened), np.sort(plan.opened)):
        faults.append("opens other sites than its evidence")
    claims = {"value": (plan.value, choice.value), "bound": (plan.bound, choice.bound)}
    claims["certified bound"] = (plan.certified, choice.certified)
    for name, (said, shown) in claims.items():
        if abs(said - shown) > PROVEN_GAP * max(1.0, abs(said)):
            faults.append(f"states a {name} of {said!r}; its evidence shows {shown!r}")
    if faults:
        raise OptimiseError(f"the plan {'; '.join(faults)}")
    return choice.certified


def _credit(choice: MedianChoice | CentreChoice) -> str:
    return "HiGHS" if choice.proven_by == "HiGHS" else "branch and cut"


def siting_problem(scenario: Scenario) -> tuple[SitingProblem, Positions]:
    """The array problem with sites in order of ID, so that ties go by ID."""
    if scenario.new is None:
        raise QuestionError("how many sites may open? give the scenario new=")
    coverage = scenario.coverage
    order = np.argsort(coverage.sites.ids.to_numpy(dtype=object), kind="stable")
    lengths = np.diff(coverage.starts)[order]
    starts = np.concatenate(([0], np.cumsum(lengths)))
    pairs = np.repeat(coverage.starts[:-1][order] - starts[:-1], lengths) + np.arange(starts[-1])
    problem = SitingProblem(
        starts, coverage.points[pairs], coverage.minutes[pairs], coverage.demand.people, scenario.kept[order],
        scenario.possible[order], int(scenario.new),
    )  # fmt: skip
    return problem, order


def _lists(scenario: Scenario) -> dict[str, Any]:
    coverage = scenario.coverage
    reachable = coverage.covered_by(np.flatnonzero(scenario.kept | scenario.possible))
    people = coverage.demand.people
    alone = ~reachable & (people > 0)
    return {"unreachable": coverage.demand.ids[alone], "unreachable_people": float(people[alone].sum())}


def check_times(plan: Plan, evidence: Evidence) -> float:
    """Check a time plan by its evidence, without any solver; gives the certified bound."""
    choice = evidence.choice
    problem, order = siting_problem(plan.scenario)
    if isinstance(choice, MedianChoice):
        scale, check = 1 / max(choice.people, 1e-300), partial(verify_median, problem, choice)
    else:
        scale, check = 1.0, partial(verify_centre, problem, choice)
    check()
    faults = []
    if not np.array_equal(np.flatnonzero(Evidence(problem, order, choice).opened), np.sort(plan.opened)):
        faults.append("opens other sites than its evidence")
    claims = {"value": (plan.value, choice.value), "bound": (plan.bound, choice.bound)}
    claims["certified bound"] = (plan.certified, choice.certified)
    for name, (said, shown) in claims.items():
        if abs(said - shown * scale) > PROVEN_GAP * max(1.0, abs(said)):
            faults.append(f"states a {name} of {said!r}; its evidence shows {shown * scale!r}")
    if faults:
        raise OptimiseError(f"the plan {'; '.join(faults)}")
    return choice.certified * scale
