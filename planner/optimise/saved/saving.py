"""Saving: a plan as a JSON document that `verify` can check again, given the question it answers."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from planner.errors import DataError, QuestionError, SourceError
from planner.facts import replacing
from planner.optimise.from_scenario import problem_of
from planner.optimise.saved.codec import made, plain
from planner.plan import Plan, Scenario
from planner.programme import PhasedPlan, PhasedScenario, Programme, TieredPlan, TieredScenario

Question: TypeAlias = Scenario | PhasedScenario | TieredScenario

FORMAT = "planner plan 1"


def save_plan(plan: Plan | Programme, path: str | os.PathLike[str]) -> Path:
    """Write a plan, or a programme, with its certificate as JSON, whole or not at all; gives the path."""
    wanted = Path(path)
    with replacing(wanted) as temporary:
        temporary.write_text(json.dumps(plan_document(plan), ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    return wanted


def read_plan(path: str | os.PathLike[str], question: Question) -> Plan | Programme:
    """Read a saved plan as the answer of the question it was made for; `verify` then checks it like a live one.

    Raises `SourceError` for a file that is no saved plan, `QuestionError` where people, sites, minutes or rules are not
    those it answered.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise SourceError(f"{path} cannot be read as a saved plan: {error}") from error
    try:
        return plan_of(document, question)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise SourceError(f"{path} is damaged: {error!r}; save the plan again") from error


def plan_document(plan: Plan | Programme) -> dict[str, Any]:
    """A plan in plain values, such as the project file keeps (`planner.store.saved`)."""
    head = {"format": FORMAT, "question": fingerprint(question_of(plan))}
    if isinstance(plan, Plan):
        return head | {"plan": _plain_plan(plan)}
    stated = {name: plain(getattr(plan, name)) for name in _PROGRAMME}
    return head | {"programme": stated, "parts": [_plain_plan(part) for part in plan.plans]}


def plan_of(document: Mapping[str, Any], question: Question) -> Plan | Programme:
    """The plan a document holds; raises as `read_plan` does."""
    if document.get("format") != FORMAT:
        raise SourceError(f"the document is no {FORMAT!r}, but {document.get('format')!r}")
    if document["question"] != fingerprint(question):
        raise QuestionError(
            "the saved plan answers another question: people, sites, minutes or rules differ; give it the scenario it was made for"
        )
    if isinstance(question, Scenario):
        return _plan(document["plan"], question)
    scenarios = _scenarios(question)
    plans = tuple(_plan(part, one) for part, one in zip(document["parts"], scenarios, strict=True))
    stated = {name: made(value, None) for name, value in document["programme"].items()}
    if isinstance(question, PhasedScenario):
        return PhasedPlan(plans=plans, question=question, **stated)
    return TieredPlan(plans=plans, question=question, **stated)


def question_of(plan: Plan | Programme) -> Question:
    """The question a plan answers; raises `QuestionError` for a programme of another kind."""
    if isinstance(plan, Plan):
        return plan.scenario
    if isinstance(plan, PhasedPlan | TieredPlan):
        return plan.question
    raise QuestionError(f"a {type(plan).__name__} cannot be saved; only plans, and programmes over years or tiers, can")


def fingerprint(question: Question) -> str:
    """A hash of all that decides the answer: people, sites, minutes and rules."""
    told = sha256()
    for scenario in _scenarios(question):
        problem = problem_of(scenario)
        told.update("\n".join([*scenario.coverage.sites.ids, "", *scenario.coverage.demand.ids]).encode())
        for part in fields(problem):
            value = getattr(problem, part.name)
            told.update(f"\n{part.name}={value.shape if isinstance(value, np.ndarray) else value!r}\n".encode())
            told.update(np.ascontiguousarray(value).tobytes() if isinstance(value, np.ndarray) else b"")
    if isinstance(question, PhasedScenario):
        steps = [(phase.year, phase.new, phase.budget) for phase in question.steps]
        told.update(repr((steps, question.weights, question.carry_over)).encode())
    if isinstance(question, TieredScenario):
        told.update(repr((question.counting, question.budget)).encode())
        for tier in question.levels:
            pairs = [] if tier.links is None else sorted(zip(tier.links["site"], tier.links["above"], strict=True))
            told.update(repr((tier.weight, tier.links is None, pairs)).encode())
    return told.hexdigest()


def _scenarios(question: Question) -> tuple[Scenario, ...]:
    if isinstance(question, PhasedScenario):
        return question.scenarios
    return (question,) if isinstance(question, Scenario) else tuple(tier.scenario for tier in question.levels)


_PLAN = ("objective", "value", "bound", "solver", "status", "seconds", "seed", "sense", "details")
_PROGRAMME = ("name", "weights", "value", "bound", "solver", "status", "seconds", "seed", "details")


def _plain_plan(plan: Plan) -> dict[str, Any]:
    return {"opened": list(map(str, plan.ids)), **{name: plain(getattr(plan, name)) for name in _PLAN}}


def _plan(given: Mapping[str, Any], scenario: Scenario) -> Plan:
    opened = np.sort(scenario.coverage.sites.positions(given["opened"]))
    return Plan(scenario, opened=opened, **{name: made(given[name], scenario) for name in _PLAN})
