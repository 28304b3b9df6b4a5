"""Tiers: the sites of every tier chosen together, each with one above it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from planner.arrays import Mask, Positions
from planner.errors import QuestionError
from planner.optimise.clock import Clock, Progress
from planner.optimise.from_scenario import problem_of
from planner.optimise.model import Numbers
from planner.optimise.problem import Problem
from planner.optimise.programmes.joint import Joint, Links
from planner.optimise.programmes.making import check_rules, facts_of, plans_of
from planner.optimise.programmes.search import best_together
from planner.optimise.programmes.starting import solved_alone, starts
from planner.optimise.warm import started
from planner.programme import TieredPlan, TieredScenario

Row = tuple[Positions, Numbers, float, float]


def maximise_tiers(
    question: TieredScenario,
    *,
    seconds: float = 60,
    effort: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> TieredPlan:
    """Choose the sites of every tier so that most people are covered, each new site within reach of one above it.

    Hierarchical maximal covering without inclusion (Moore and ReVelle 1982): a facility serves at its own tier only.
    Begins with one tier after another from the top, is bounded tier by tier as if each stood alone, and is closed by
    branch and cut over all tiers where it is small enough; otherwise the plan carries what gap is left.

    Raises `QuestionError` where nothing limits the sites of a tier or rules do not go together, `InfeasibleError` where
    no choice keeps them all.
    """
    clock = started(seconds, effort)
    scenarios = [tier.scenario for tier in question.levels]
    for scenario in scenarios:
        if scenario.new is None and scenario.budget is None and question.budget is None:
            raise QuestionError(f"how many sites may open at {scenario.name!r}? give it new= or budget=")
    check_rules(scenarios)
    joint = joint_of_tiers(question)
    how: dict[str, Any] = {"effort": effort, "seed": seed}
    ways = [partial(_downwards, question, joint, ahead=ahead, **how) for ahead in (False, True)]
    choice = best_together(joint, clock, **how, starts=list(starts(ways, clock)), progress=progress)
    plans = plans_of(joint, choice, scenarios, seed)
    weights = tuple(tier.weight for tier in question.levels)
    return TieredPlan(
        name=question.name, plans=plans, weights=weights, seed=seed, question=question, **facts_of(choice)
    )


def joint_of_tiers(question: TieredScenario) -> Joint:
    """The tiers as one question in plain arrays: a site above each, one tier a place, one purse."""
    parts = tuple(_problem(question, at) for at in range(len(question.levels)))
    above = tuple(_above(question, at, parts) for at in range(len(parts)))
    firsts = np.concatenate(([0], np.cumsum([part.sites for part in parts])))
    rows = [*_nesting(above, parts, firsts), *_places(question, firsts), *_purse(question, parts, firsts)]
    weights = np.array([tier.weight for tier in question.levels])
    links = Links.of(rows, int(firsts[-1]))
    return Joint(parts, weights, links, together=question.counting == "all", above=above)


def _problem(question: TieredScenario, at: int) -> Problem:
    """A tier's problem; under a common budget each tier alone may spend all of it."""
    scenario = question.levels[at].scenario
    if question.budget is None:
        return problem_of(scenario)
    most = question.budget if scenario.budget is None else min(scenario.budget, question.budget)
    return problem_of(scenario.but(budget=most))


def _above(question: TieredScenario, at: int, parts: tuple[Problem, ...]) -> csr_array | None:
    """Ones where a site of the tier above is within reach of a site, shape ``(sites, sites above)``; None for no links."""
    links = question.levels[at].links
    if links is None:
        return None
    lower, upper = question.levels[at].scenario.coverage.sites, question.levels[at - 1].scenario.coverage.sites
    place = (lower.positions(links["site"]), upper.positions(links["above"]))
    near = csr_array((np.ones(len(links)), place), shape=(parts[at].sites, parts[at - 1].sites))
    near.data[:] = 1.0  # a pair listed twice is one
    return near


def _nesting(carriers: tuple[csr_array | None, ...], parts: tuple[Problem, ...], firsts: Positions) -> Iterator[Row]:
    """A new site opens only with an open one above it; what stands is history."""
    for at, near in enumerate(carriers):
        if near is None:
            continue
        for site in np.flatnonzero(parts[at].possible & ~np.asarray(parts[at].standing)):
            above = near.indices[near.indptr[site] : near.indptr[site + 1]]
            if parts[at - 1].kept[above].any():
                continue
            columns = np.append(firsts[at - 1] + above, firsts[at] + site)
            yield columns, np.append(np.ones(len(above)), -1.0), 0.0, np.inf


def _places(question: TieredScenario, firsts: Positions) -> Iterator[Row]:
    """A place opens at one tier at most."""
    for site, tiers in question.shared.items():
        columns = [firsts[at] + question.levels[at].scenario.coverage.sites.positions([site])[0] for at in tiers]
        yield np.array(columns), np.ones(len(columns)), -np.inf, 1.0


def _purse(question: TieredScenario, parts: tuple[Problem, ...], firsts: Positions) -> Iterator[Row]:
    """New sites of all tiers together cost at most the common budget."""
    if question.budget is None:
        return
    free = [np.flatnonzero(part.possible & ~np.asarray(part.standing)) for part in parts]
    columns = np.concatenate([first + some for first, some in zip(firsts[:-1], free, strict=True)])
    cost = np.concatenate([np.asarray(part.cost)[some] for part, some in zip(parts, free, strict=True)])
    yield columns, cost, -np.inf, question.budget


def _downwards(question: TieredScenario, joint: Joint, clock: Clock, *, ahead: bool, **how: Any) -> list[Mask]:
    """From the top down; the tiers above are chosen for their own people, or with those below in mind (``ahead``)."""
    found, left = list[Mask](), np.inf if question.budget is None else question.budget
    for at, part in enumerate(joint.parts):
        allowed = part.possible & ~_taken(question, at, found)
        near = joint.above[at]
        if near is not None:
            linked = near @ found[-1].astype(float) > 0
            allowed &= linked | np.asarray(part.standing)
        asked = part.but(possible=allowed, budget=min(part.budget, left))
        if ahead and at + 1 < len(joint.parts) and part.minutes is not None:
            asked = _with_those_below(joint, at, asked)
        opened = solved_alone(asked, joint.objectives[at], clock, left=len(joint.parts) - at, **how)
        found.append(opened)
        if part.cost is not None:
            left -= float(part.cost[opened & ~part.kept & ~np.asarray(part.standing)].sum())
    return found


def _taken(question: TieredScenario, at: int, found: list[Mask]) -> Mask:
    """Sites of a tier whose place a tier above uses already, or that another keeps."""
    sites = question.levels[at].scenario.coverage.sites
    taken = np.zeros(len(sites), bool)
    for site, tiers in question.shared.items():
        if at in tiers:
            used = any(
                (found[k] if k < at else question.levels[k].scenario.kept)[
                    question.levels[k].scenario.coverage.sites.positions([site])[0]
                ]
                for k in tiers
                if k != at
            )
            taken[sites.positions([site])[0]] = used
    return taken


def _with_those_below(joint: Joint, at: int, asked: Problem) -> Problem:
    """The tier's problem with rows for the people whom sites of the tier below it could cover."""
    below = joint.parts[at + 1]
    near = joint.above[at + 1]
    if near is None or asked.worth or asked.row_unit is not None:
        return asked
    reach = csr_array(near.T @ below.matrix())  # sites of this tier by the rows of the one below
    reach.sort_indices()
    weight = joint.weights[at + 1] / max(joint.weights[at], 1e-9)
    old, new = np.diff(asked.starts), np.diff(reach.indptr)
    site = np.concatenate([np.repeat(np.arange(asked.sites), old), np.repeat(np.arange(asked.sites), new)])
    row = np.concatenate([asked.rows, len(asked.people) + reach.indices])
    order = np.lexsort((row, site))
    starts = np.concatenate(([0], np.cumsum(old + new)))
    people = np.concatenate([asked.people, weight * below.people])
    return asked.but(people=people, starts=starts, rows=row[order], minutes=None)
