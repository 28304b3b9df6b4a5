"""Phases: what to build in which year, all years chosen together."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from planner.arrays import Mask, Positions
from planner.optimise.clock import Clock, Progress
from planner.optimise.from_scenario import problem_of
from planner.optimise.model import Numbers
from planner.optimise.problem import Problem
from planner.optimise.programmes.joint import Joint, Links
from planner.optimise.programmes.making import check_rules, facts_of, plans_of
from planner.optimise.programmes.search import best_together
from planner.optimise.programmes.starting import solved_alone, starts
from planner.optimise.warm import started
from planner.programme import PhasedPlan, PhasedScenario


def maximise_over_years(
    question: PhasedScenario,
    *,
    seconds: float = 60,
    effort: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> PhasedPlan:
    """Choose what to open in which year so that most people are covered over all years, what opened once staying open.

    Multi-period maximal covering (Schilling 1980). All years are one programme: it begins with the best last year taken
    apart into years and with one good year after another, is bounded year by year as if each stood alone, and is
    closed by branch and cut over all years where it is small enough; otherwise the plan carries what gap is left.

    Raises `QuestionError` for rules that do not go together, `InfeasibleError` where no choice keeps them all.
    """
    clock = started(seconds, effort)
    check_rules(question.scenarios)
    joint = joint_of_phases(question)
    how: dict[str, Any] = {"effort": effort, "seed": seed}
    ways = (partial(_forward, question, joint, **how), partial(_backward, joint, **how))
    choice = best_together(joint, clock, **how, starts=list(starts(ways, clock)), progress=progress)
    plans = plans_of(joint, choice, question.scenarios, seed)
    return PhasedPlan(
        name=question.scenario.name, plans=plans, weights=question.weights, seed=seed, question=question,
        **facts_of(choice),
    )  # fmt: skip


def joint_of_phases(question: PhasedScenario) -> Joint:
    """The years as one question in plain arrays: nested sites, and the limits of each year."""
    parts = tuple(problem_of(scenario) for scenario in question.scenarios)
    columns = sum(part.sites for part in parts)
    return Joint(parts, np.array(question.weights), Links.of(_links(question, parts), columns))


def _links(question: PhasedScenario, parts: tuple[Problem, ...]) -> Iterator[tuple[Positions, Numbers, float, float]]:
    """A site open in a year is open in the next; what opens in a year keeps the year's own limits."""
    count = parts[0].sites
    free = np.flatnonzero(parts[0].possible)
    for at in range(1, len(parts)):
        here, before = at * count + free, (at - 1) * count + free
        for now, last in zip(here, before, strict=True):
            yield np.array([now, last]), np.array([1.0, -1.0]), 0.0, np.inf
        phase, both = question.steps[at], np.concatenate([here, before])
        if question.carry_over or not len(free):
            continue
        if phase.new is not None:
            yield both, np.repeat([1.0, -1.0], len(free)), -np.inf, float(phase.new)
        if phase.budget is not None:
            cost = np.asarray(parts[at].cost)[free]
            yield both, np.concatenate([cost, -cost]), -np.inf, float(phase.budget)


def _forward(question: PhasedScenario, joint: Joint, clock: Clock, **how: Any) -> list[Mask]:
    """Each year best given the one before."""
    opened = joint.parts[0].kept
    found = []
    for at, (part, phase) in enumerate(zip(joint.parts, question.steps, strict=True)):
        spent = float(np.asarray(part.cost)[opened & ~part.kept].sum()) if part.cost is not None else 0.0
        count = int((opened & ~part.kept).sum())
        new = None if part.new is None else part.new - count
        if phase.new is not None and not question.carry_over:
            new = phase.new if new is None else min(new, phase.new)
        budget = part.budget - spent
        if phase.budget is not None and not question.carry_over:
            budget = min(budget, phase.budget)
        asked = part.but(kept=opened, possible=part.possible & ~opened, new=new, budget=max(0.0, budget))
        opened = solved_alone(asked, joint.objectives[at], clock, left=len(joint.parts) - at, **how)
        found.append(opened)
    return found


def _backward(joint: Joint, clock: Clock, **how: Any) -> list[Mask]:
    """The best last year, taken apart into the years before it."""
    found = list[Mask]()
    for at in reversed(range(len(joint.parts))):
        part = joint.parts[at]
        asked = part.but(possible=part.possible & found[0]) if found else part
        found.insert(0, solved_alone(asked, joint.objectives[at], clock, left=at + 1, **how))
    return found
