"""Coverage questions: reach the most people, or everyone."""

from __future__ import annotations

import numpy as np

from planner.errors import QuestionError
from planner.optimise.answer import answer
from planner.optimise.clock import Progress
from planner.optimise.objectives import PeopleCovered, SitesNeeded
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
    """Reach the most people with the scenario's number of new sites.

    The maximal covering location problem (MCLP, Church and ReVelle 1974). The plan carries its value in
    people, a bound no plan can beat, and the gap between them, at whatever moment ``seconds`` are up.
    ``effort`` limits the work in a way that repeats on any machine; ``progress(value, bound)`` is called now and then.
    Raises `QuestionError` where the scenario does not say how many sites may open.
    """
    if scenario.new is None:
        raise QuestionError("how many sites may open? give the scenario new=, or ask cover_everyone()")
    return answer(
        scenario, PeopleCovered(), seconds=seconds, effort=effort, seed=seed, solver=solver, progress=progress
    )


def cover_everyone(
    scenario: Scenario,
    *,
    share: float = 1.0,
    seconds: float = 60,
    effort: int | None = None,
    seed: int = 0,
    solver: Solver | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Open the fewest new sites that cover a share of the people who can be reached at all.

    The location set covering problem (LSCP, Toregas et al. 1971); with ``share`` below 1, its partial form.
    People whom no candidate reaches are left out and listed in ``plan.details["unreachable"]``, by demand ID.
    """
    if not 0 < share <= 1:
        raise QuestionError(f"share must be above 0 and at most 1, not {share!r}")
    coverage = scenario.coverage
    reachable = coverage.covered_by(np.flatnonzero(scenario.kept | scenario.possible))
    people = coverage.demand.people
    target = None if share == 1 else float(share * people[reachable].sum())
    alone = ~reachable & (people > 0)
    return answer(
        scenario, SitesNeeded(target), seconds=seconds, effort=effort, seed=seed, solver=solver, progress=progress,
        details={"share": share, "unreachable": coverage.demand.ids[alone], "unreachable_people": float(people[alone].sum())},
    )  # fmt: skip
