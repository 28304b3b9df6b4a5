"""Explain: why a question has no answer, and the nearest one that has."""

from __future__ import annotations

import numpy as np

from planner.arrays import Mask
from planner.coverage import Coverage
from planner.errors import InfeasibleError, OptimiseError, QuestionError
from planner.optimise.clock import Clock
from planner.optimise.from_scenario import problem_of, unit_labels
from planner.optimise.objectives import SitesNeeded
from planner.optimise.problem import Problem
from planner.optimise.reduce import layered
from planner.optimise.rules import covered, unit_people
from planner.optimise.solvers import Highs
from planner.plan import Scenario
from planner.texts import Text

SHARES = (0.99, 0.95, 0.9)
LIMITS = {"new": "新增数量", "budget": "预算"}


def nobody_left_out(scenario: Scenario, reachable: Mask, wanted: float, wider: Coverage | None) -> None:
    """Raise `InfeasibleError` where fewer people can be reached than are wanted; say who, and within what minutes."""
    people = scenario.coverage.demand.people
    most = float(people[reachable].sum())
    if most >= wanted * (1 - 1e-9) - 1e-9:
        return
    alone = np.flatnonzero(~reachable & (people > 0))
    biggest = alone[np.lexsort((alone, -people[alone]))][:3]
    names = ", ".join(f"{scenario.coverage.demand.ids[at]!r} ({people[at]:,.0f} people)" for at in biggest)
    raise InfeasibleError(
        f"{wanted:,.0f} people are to be covered within {scenario.coverage.limit:g} minutes, but all candidates together"
        f" reach {most:,.0f}; {len(alone):,} points are out of reach, first {names}. {_minutes(scenario, alone, wider)}"
    )


def _minutes(scenario: Scenario, alone: np.ndarray, wider: Coverage | None) -> str:
    if wider is None:
        return "Cover again with a longer limit and give it as wider= to learn the smallest minutes that would do"
    if not (wider.demand is scenario.coverage.demand and wider.sites is scenario.coverage.sites):
        raise QuestionError("wider= must be a coverage of the same demand and sites at a longer limit")
    smallest = smallest_minutes(wider, scenario)[alone]
    if np.isinf(smallest).any():
        return f"{np.isinf(smallest).sum():,} of them are out of reach even within {wider.limit:g} minutes"
    return f"The smallest limit that would reach them all is {smallest.max():.2f} minutes"


def smallest_minutes(coverage: Coverage, scenario: Scenario) -> np.ndarray:
    """Minutes from each demand point to the nearest site that stands or may open, inf beyond the limit, shape ``(demand,)``."""
    allowed = scenario.kept | scenario.possible
    pairs = allowed[coverage.site]
    nearest = np.full(len(coverage.demand), np.inf)
    np.minimum.at(nearest, coverage.points[pairs], coverage.minutes[pairs].astype(float))
    return nearest


def why_infeasible(
    scenario: Scenario, error: InfeasibleError, *, seconds: float, target: float | None = 0.0, everyone: bool = False
) -> InfeasibleError:
    """The same error with the reason, and the smallest number of new sites that would do."""
    problem = problem_of(scenario)
    reasons = _short_units(scenario, problem)
    free = problem.but(new=None, budget=np.inf)
    found = list[Text]()
    clock = Clock(min(seconds, 20.0))
    for share in (None, *SHARES) if everyone else (1.0,):
        people = None if share is None else share * (_reachable(problem) if everyone else (target or 0.0))
        number = _fewest(free, people, clock)
        if number and everyone:
            whom = "everyone in reach" if share is None else f"all but {1 - share:.0%} of them"
            zh = "可达人口全部覆盖" if share is None else f"可达人口覆盖 {share:.0%}"
            found.append(Text(f"{zh}需 {number.zh} 处", f"{number.en} for {whom}"))
        elif number:
            found.append(Text(f"至少需 {number.zh} 处", number.en))
    if found:
        limits = [name for name in ("new", "budget") if getattr(scenario, name) is not None]
        reasons.append(
            Text(
                f"若不限{'和'.join(LIMITS[name] for name in limits) or '数量'}，新增设施"
                + "，".join(one.zh for one in found),
                f"with no limit by {' and '.join(limits) or 'number'} it would take new sites: "
                + ", ".join(one.en for one in found),
            )
        )
    elif not reasons:
        rules = ", ".join(sorted(scenario.rules))
        reasons.append(
            Text(
                f"新增多少处都不能同时满足各项要求，请放宽其中一项（{rules}）",
                f"no number of new sites keeps every rule at once; relax one of {rules}",
            )
        )
    return InfeasibleError(
        f"{error}: " + "; ".join(reason.en for reason in reasons),
        zh="没有任何选址方案能同时满足各项要求：" + "；".join(reason.zh for reason in reasons) + "。",
    )


def _reachable(problem: Problem) -> float:
    problem = layered(problem)
    return float(problem.people[covered(problem, problem.kept | problem.possible)].sum())


def _fewest(problem: Problem, people: float | None, clock: Clock) -> Text | None:
    """The fewest new sites, as words: a number, or between which two it lies; None where nothing was found."""
    try:
        objective = SitesNeeded(people)
        choice = Highs().solve(problem, objective, Clock(max(1.0, clock.left / 4)))
    except OptimiseError:
        return None
    value = objective.value(problem, choice.opened)
    if value <= choice.bound:
        return Text.of(f"{value:.0f}")
    return Text(f"{choice.bound:.0f} 至 {value:.0f}", f"{choice.bound:.0f} to {value:.0f}")


def _short_units(scenario: Scenario, problem: Problem) -> list[Text]:
    """Units that no choice could lift to their floor."""
    reasons = list[Text]()
    every = problem.kept | problem.possible
    if problem.unit_share is not None and scenario.people_units is not None:
        labels = unit_labels(scenario.people_units)
        total = unit_people(problem, np.ones(len(problem.people), bool))
        most = unit_people(problem, covered(problem, every))
        for at in np.flatnonzero(most < problem.unit_share * total - 1e-6)[:3]:
            share = most[at] / total[at]
            floor = problem.unit_share[at]
            reasons.append(
                Text(
                    f"单位“{labels[at]}”要求覆盖 {floor:.1%}，全部候选点至多覆盖 {share:.1%}",
                    f"unit {labels[at]!r} wants {floor:.1%} covered, all candidates reach {share:.1%}",
                )
            )
    if problem.unit_sites is not None and scenario.site_units is not None:
        labels = unit_labels(scenario.site_units)
        unit = np.asarray(problem.site_unit)
        most_sites = np.bincount(unit[every & (unit >= 0)], minlength=len(labels))
        short = np.flatnonzero(most_sites < problem.unit_sites)[:3]
        reasons += [
            Text(
                f"单位“{labels[at]}”要求 {problem.unit_sites[at]} 处，可用点位只有 {most_sites[at]} 处",
                f"unit {labels[at]!r} wants {problem.unit_sites[at]} sites, it has {most_sites[at]}",
            )
            for at in short
        ]
    return reasons
