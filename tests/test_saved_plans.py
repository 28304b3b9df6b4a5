"""Plans saved and read again: verified like live ones, and refused for another question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planner.errors import OptimiseError, QuestionError, SourceError
from planner.optimise import (
    cover_everyone,
    maximise_coverage,
    maximise_over_years,
    maximise_tiers,
    maximise_worst_share,
    minimise_mean_time,
    minimise_worst_time,
    read_plan,
    save_plan,
    verify,
)
from planner.optimise.saved.saving import question_of
from tests import test_phases, test_tiers
from tests.test_optimise_brute import question

ASKED: dict[str, Any] = {
    "covered": lambda: maximise_coverage(question(1, "budget")),
    "served": lambda: maximise_coverage(question(1, "capacity", new=2)),
    "everyone": lambda: cover_everyone(question(1, new=None), share=0.9),
    "sized": lambda: cover_everyone(question(1, "least_people", new=None), share=0.5),
    "shares": lambda: maximise_worst_share(question(1, "people_units"), in_turn=True),
    "mean": lambda: minimise_mean_time(question(1), unserved_minutes=20.0),
    "mean under rules": lambda: minimise_mean_time(question(1, "budget"), unserved_minutes=20.0),
    "worst": lambda: minimise_worst_time(question(1, new=6)),
    "worst under rules": lambda: minimise_worst_time(question(3, "budget", new=6)),
    "years": lambda: maximise_over_years(test_phases.question(1)),
    "tiers": lambda: maximise_tiers(test_tiers.question(1)),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_saved_plan_is_verified_like_a_live_one(name: str, tmp_path: Path) -> None:
    plan = ASKED[name]()
    again = read_plan(save_plan(plan, tmp_path / "plan.json"), question_of(plan))
    assert (again.value, again.bound, again.status) == (plan.value, plan.bound, plan.status)
    assert str(verify(again)) == str(verify(plan))


def test_a_plan_saved_for_another_question_is_refused(tmp_path: Path) -> None:
    plan = maximise_coverage(question(1, "budget"))
    path = save_plan(plan, tmp_path / "plan.json")
    for other in (plan.scenario.but(budget=99.0), plan.scenario.but(minutes=5.0), question(2, "budget")):
        with pytest.raises(QuestionError, match="another question"):
            read_plan(path, other)
    years = test_phases.question(1)
    path = save_plan(maximise_over_years(years), tmp_path / "years.json")
    with pytest.raises(QuestionError, match="another question"):
        read_plan(path, years.but(discount=0.2))


@pytest.mark.parametrize("key", ["value", "opened", "bound"])
def test_a_saved_plan_that_was_tampered_with_is_rejected(key: str, tmp_path: Path) -> None:
    plan = maximise_coverage(question(4))
    path = save_plan(plan, tmp_path / "plan.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    changed = {"value": plan.value * 0.9, "opened": document["plan"]["opened"][:-1], "bound": plan.bound * 2}
    document["plan"][key] = changed[key]
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(OptimiseError):
        verify(read_plan(path, plan.scenario))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "cannot be read"),
        ("{}", "is no 'planner plan 1'"),
        ('{"format": "planner plan 1"}', "damaged"),
    ],
)
def test_a_file_that_is_no_saved_plan_is_told(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=words):
        read_plan(path, question(1))


def test_a_saved_plan_makes_nothing_but_what_planner_knows(tmp_path: Path) -> None:
    plan = maximise_coverage(question(1))
    path = save_plan(plan, tmp_path / "plan.json")
    for evil in ({"Popen": {"args": "true"}}, {"array": ["object", [1], ""]}):
        document = json.loads(path.read_text(encoding="utf-8"))
        document["plan"]["details"]["map"]["asked"] = evil
        path.write_text(json.dumps(document), encoding="utf-8")
        with pytest.raises(SourceError, match=r"cannot hold|numbers only"):
            read_plan(path, plan.scenario)
