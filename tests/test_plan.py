"""Scenario and Plan: what a question and an answer may and may not say."""

from __future__ import annotations

import numpy as np
import pytest

from planner.errors import IdError, OptimiseError, QuestionError
from planner.optimise import maximise_coverage
from planner.plan import Plan, Scenario
from tests.siting import random_coverage


def test_existing_sites_are_kept_unless_they_may_close() -> None:
    coverage = random_coverage(1)
    old = list(coverage.sites.existing.ids)
    assert list(Scenario("all", coverage, new=1).kept_ids) == old
    free = Scenario("one may close", coverage, new=1, may_close=old[:1])
    assert list(free.kept_ids) == old[1:]
    assert free.standing.sum() == 1


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"new": -1}, "new must be a whole number"),
        ({"new": 2.5}, "new must be a whole number"),
        ({"new": True}, "new must be a whole number"),
        ({"new": 99}, "only 6 candidates may open"),
        ({"keep": ["old:0"], "avoid": ["old:0"]}, "both kept and avoided"),
        ({"may_close": ["new:0"]}, "only existing sites may close"),
        ({"keep": ["old:0"], "may_close": ["old:0"]}, "both kept and free to close"),
        ({"backup": 0}, "backup must be a whole number"),
        ({"moves": -1}, "moves must be"),
        ({"budget": float("nan")}, "budget must be a number"),
        ({"worth": {5.0: 0.5, 10.0: 0.9}}, "worth must fall"),
        ({"worth": {50.0: 0.5}}, "limit of 10"),
    ],
)
def test_a_question_that_contradicts_itself_is_refused(asked: dict[str, object], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        Scenario("wrong", random_coverage(1), **asked)  # type: ignore[arg-type]


def test_fault_78_an_unknown_site_is_named() -> None:
    with pytest.raises(IdError, match="nowhere"):
        Scenario("wrong", random_coverage(1), avoid=["nowhere"])


def test_but_changes_one_thing_and_tightens_minutes() -> None:
    scenario = Scenario("first", random_coverage(2), new=2, backup=2)
    other = scenario.but(minutes=5, new=3)
    assert (other.new, other.backup, other.coverage.limit) == (3, 2, 5)
    assert scenario.coverage.limit == 10


def test_rules_in_force_are_named() -> None:
    scenario = Scenario("rules", random_coverage(2), new=2, budget=4.0, backup=2, apart_metres=100.0)
    assert scenario.rules == {"budget", "backup", "apart_metres"}


def answered(new: int = 3) -> Plan:
    return maximise_coverage(Scenario("answered", random_coverage(3, sites=10), new=new))


def test_the_ranking_is_nested_and_ends_at_the_whole_plan() -> None:
    plan = answered()
    ranking = plan.ranking
    covered, people = plan.scenario.coverage, plan.scenario.coverage.demand.people
    assert set(ranking.index) == set(plan.added)
    assert (np.diff(ranking["people"]) <= 1e-9).all()
    for rank in range(1, len(ranking) + 1):
        first = [*plan.scenario.kept_ids, *ranking.index[:rank]]
        assert ranking["covered"].iloc[rank - 1] == pytest.approx(people[covered.covered(first)].sum())


def test_fault_72_no_new_site_is_today_measured() -> None:
    plan = answered(new=0)
    today = plan.scenario.coverage.share(plan.scenario.coverage.sites.existing.ids)
    assert (len(plan.added), plan.share, plan.status) == (0, today, "proven")
    assert plan.ranking.empty


def test_everyone_covered_is_assigned_to_the_nearest_open_site() -> None:
    plan = answered()
    assert set(plan.assignment["site"]) <= set(plan.ids)
    assert len(plan.assignment) == plan.scenario.coverage.covered(plan.ids).sum()


def test_a_plan_cannot_claim_to_beat_its_own_bound() -> None:
    plan = answered()
    with pytest.raises(OptimiseError, match="claims no plan beats"):
        Plan(plan.scenario, plan.objective, plan.opened, plan.value, plan.value - 5, "liar", "proven", 0.1)


def test_a_plan_says_what_proved_it() -> None:
    plan = answered()
    assert plan.proven_by in {"certificate", "HiGHS"}
    assert "proven best" in repr(plan)
