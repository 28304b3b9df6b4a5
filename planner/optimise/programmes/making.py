"""Programmes: plans of several parts made from one joint choice, and checked again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from planner.arrays import Mask
from planner.errors import OptimiseError
from planner.optimise.answer import people_counted
from planner.optimise.objectives import Objective
from planner.optimise.problem import Problem
from planner.optimise.programmes.joint import Joint
from planner.optimise.programmes.search import JointChoice, verify_joint
from planner.optimise.sharing import PeopleServed, Shares, faults_of, share_out
from planner.plan import PROVEN_GAP, Plan, Scenario
from planner.programme import Programme


def check_rules(scenarios: Iterable[Scenario]) -> None:
    """Refuse rules that do not go together in one part, as `maximise_coverage` does."""
    for scenario in scenarios:
        people_counted(scenario, repr(scenario.name))


def plans_of(joint: Joint, choice: JointChoice, scenarios: Sequence[Scenario], seed: int) -> tuple[Plan, ...]:
    """The plan of each part, measured afresh, with the bound it has if it stood alone."""
    plans = []
    parts = zip(scenarios, joint.parts, joint.objectives, choice.opened, choice.part_bounds, strict=True)
    for scenario, problem, goal, opened, bound in parts:
        held: dict[str, Any] = {"asked": goal}
        value = goal.value(problem, opened)
        if isinstance(goal, PeopleServed):
            shares = share_out(problem, opened)
            held["shares"] = shares
            if faults := faults_of(problem, opened, shares):
                raise OptimiseError(f"the search gave a plan that {'; '.join(faults)}; it was not accepted")
        alone = value >= bound - PROVEN_GAP * max(1.0, abs(value))
        status = "proven" if alone else "part of a programme"
        plan = Plan(
            scenario, goal.name, np.flatnonzero(opened), value, max(bound, value), "HiGHS", status, choice.seconds,
            seed=seed, details=held,
        )  # fmt: skip
        plans.append(plan)
    return tuple(plans)


def facts_of(choice: JointChoice) -> dict[str, Any]:
    """What a programme states of its choice."""
    return {
        "value": choice.value, "bound": choice.bound, "solver": "HiGHS", "status": choice.status,
        "seconds": choice.seconds, "details": {"certified_bound": choice.certified, "choice": choice},
    }  # fmt: skip


def check_programme(joint: Joint, programme: Programme) -> float:
    """Check a programme's parts, rules, value and certificate without any solver; gives the certified bound.

    Raises `OptimiseError` naming what does not hold.
    """
    choice = programme.details.get("choice")
    if not isinstance(choice, JointChoice):
        raise OptimiseError(
            "the programme carries no choice to check it by; only those made by this session's verbs do"
        )
    faults, values = list[str](), list[float]()
    for at, (plan, problem, goal) in enumerate(zip(programme.plans, joint.parts, joint.objectives, strict=True)):
        opened = np.zeros(problem.sites, bool)
        opened[plan.opened] = True
        if not np.array_equal(opened, choice.opened[at]):
            faults.append(f"opens other sites in {plan.scenario.name!r} than its choice")
        values.append(value := _value(plan, goal, problem, opened, faults))
        if abs(value - plan.value) > PROVEN_GAP * max(1.0, abs(value)):
            faults.append(f"claims {plan.value!r} for {plan.scenario.name!r}; measured afresh it is {value!r}")
        if plan.bound < choice.part_bounds[at] - PROVEN_GAP * max(1.0, abs(plan.bound)) and plan.bound > plan.value:
            faults.append(f"states a bound of {plan.bound!r} for {plan.scenario.name!r} that is not its choice's")
    for name, said, shown in (("value", programme.value, choice.value), ("bound", programme.bound, choice.bound),
                              ("certified bound", programme.certified, choice.certified)):  # fmt: skip
        if abs(said - shown) > PROVEN_GAP * max(1.0, abs(shown)):
            faults.append(f"states a {name} of {said!r}; its choice shows {shown!r}")
    if faults:
        raise OptimiseError(f"the programme {'; '.join(faults)}")
    return verify_joint(joint, choice, values)


def _value(plan: Plan, goal: Objective, problem: Problem, opened: Mask, faults: list[str]) -> float:
    shares = plan.details.get("shares")
    if not isinstance(shares, Shares):
        return float(goal.value(problem, opened))
    faults += faults_of(problem, opened, shares)
    return float(shares.people.sum())
