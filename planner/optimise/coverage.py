"""Coverage questions: reach the most people, or everyone, at once or in stages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

from planner.coverage import Coverage
from planner.errors import InfeasibleError, QuestionError
from planner.optimise.answer import answer, people_counted
from planner.optimise.clock import Progress
from planner.optimise.explain import nobody_left_out, why_infeasible
from planner.optimise.from_scenario import problem_of
from planner.optimise.objectives import Objective, SitesNeeded
from planner.optimise.problem import Problem
from planner.optimise.reduce import layered
from planner.optimise.rules import covered
from planner.optimise.sharing import PeopleServed
from planner.optimise.sized_cover import SitesServing, why_too_small
from planner.optimise.solvers import Solver
from planner.plan import Plan, Scenario


def maximise_coverage(
    scenario: Scenario,
    *,
    seconds: float = 60,
    effort: int | None = None,
    seed: int = 0,
    solver: Solver | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Reach the most people with the scenario's number of new sites, or its budget.

    The maximal covering location problem (MCLP, Church and ReVelle 1974), with every rule a `Scenario` knows. The
    plan carries its value in people, a bound no plan can beat, and the gap between them, at whatever moment
    ``seconds`` are up. ``effort`` (1, 2, ... in place of seconds) limits the work in a way that repeats on any
    machine; ``progress(value, bound)`` is called now and then, and Ctrl-C gives the best plan so far.

    Raises `QuestionError` where neither ``new`` nor ``budget`` says how many sites may open or where two rules
    do not go together, `InfeasibleError` where no choice keeps the rules, saying which and what would do.
    """
    if scenario.new is None and scenario.budget is None:
        raise QuestionError("how many sites may open? give the scenario new= or budget=, or ask cover_everyone()")
    objective = people_counted(scenario)
    try:
        return answer(scenario, objective, seconds=seconds, effort=effort, seed=seed, solver=solver, progress=progress)
    except InfeasibleError as error:
        raise why_infeasible(scenario, error, seconds=seconds) from error


def cover_everyone(
    scenario: Scenario,
    *,
    share: float = 1.0,
    of: Literal["reachable", "all"] = "reachable",
    least: Literal["sites", "cost"] = "sites",
    wider: Coverage | None = None,
    seconds: float = 60,
    effort: int | None = None,
    seed: int = 0,
    solver: Solver | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Open the fewest new sites, or the cheapest, that cover a share of the people.

    The location set covering problem (LSCP, Toregas et al. 1971); with ``share`` below 1, its partial form.
    People whom no candidate reaches are left out and listed in ``plan.details["unreachable"]``, by demand ID;
    ``of="all"`` counts them, and refuses what cannot be done. ``wider``, the same sites and people at a longer limit,
    lets the refusal name the smallest minutes that would do. Under gradual ``worth`` the share is of the most that people can be
    worth; under ``capacity`` or ``least_people`` they count where a site has room for them.

    Raises `InfeasibleError` where the people, or the scenario's ``new`` or ``budget``, do not allow it: it names the
    people out of reach, the smallest number of sites that would do, and what covering all but a few takes.
    """
    if not 0 < share <= 1:
        raise QuestionError(f"share must be above 0 and at most 1, not {share!r}")
    sized = isinstance(people_counted(scenario), PeopleServed)
    if scenario.worth and of == "all":
        raise QuestionError("worth counts what can be reached; leave out of='all'")
    problem = problem_of(scenario)
    if least == "cost" and problem.cost is None:
        raise QuestionError("least='cost' needs a column 'cost' of the sites, known for every candidate")
    coverage, people = scenario.coverage, scenario.coverage.demand.people
    within = np.bincount(problem.rows[np.repeat(scenario.kept | scenario.possible, np.diff(problem.starts))],
                         minlength=len(people))  # fmt: skip
    reachable = within >= scenario.backup
    counted = float(people.sum()) if of == "all" else _most(problem)
    nobody_left_out(scenario, reachable, share * counted, wider)
    target = None if share == 1 and not sized else share * counted
    alone = ~reachable & (people > 0)
    details = {
        "share": share,
        "unreachable": coverage.demand.ids[alone],
        "unreachable_people": float(people[alone].sum()),
    }
    by_cost = least == "cost"
    objective: Objective = SitesServing(target or 0.0, by_cost) if sized else SitesNeeded(target, by_cost=by_cost)
    try:
        return answer(
            scenario,
            objective,
            seconds=seconds,
            effort=effort,
            seed=seed,
            solver=solver,
            progress=progress,
            details=details,
        )
    except InfeasibleError as error:
        if sized:
            raise why_too_small(problem, error, share * counted) from error
        raise why_infeasible(scenario, error, seconds=seconds, target=target, everyone=share == 1) from error


def _most(problem: Problem) -> float:
    """People who can be covered; under gradual worth, the most they can be worth."""
    flat = layered(problem)
    return float(flat.people[covered(flat, flat.kept | flat.possible)].sum())


def maximise_in_stages(
    scenario: Scenario, stages: Iterable[tuple[Iterable[str], int]], *, seconds: float = 60, **options: Any
) -> list[Plan]:
    """Reuse before new build: open the best of one list of sites, keep them, go on with the next list.

    ``stages`` are pairs of the IDs that may open and how many; each stage is a plan of its own, best
    given those before it. The last one is the whole.
    """
    plans: list[Plan] = []
    kept, steps = scenario.kept_ids, list(stages)
    every = scenario.coverage.sites.ids
    for place, (ids, new) in enumerate(steps, start=1):
        allowed = set(ids)
        unknown = allowed - set(every)
        if unknown:
            raise QuestionError(f"stage {place} names unknown sites, first {min(unknown)!r}")
        avoid = [site for site in every if site not in allowed and site not in set(kept)]
        avoid = sorted(set(avoid) | (set(scenario.avoid) - set(kept)))
        room = len(allowed - set(kept) - set(avoid))
        asked = scenario.but(name=f"{scenario.name} {place}/{len(steps)}", keep=kept, avoid=avoid, new=min(new, room))
        plans.append(maximise_coverage(asked, seconds=seconds / len(steps), **options))
        kept = tuple(plans[-1].ids)
    return plans
