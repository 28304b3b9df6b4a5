"""The mean time under rules where the question is too large to be solved whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.errors import OptimiseError
from planner.optimise import minimise_mean_time, verify
from planner.optimise.times import asking
from tests.siting import choices
from tests.test_optimise_brute import mean_minutes, question, seeds


@pytest.mark.parametrize("rule", ["budget", "least_sites", "apart_metres", "may_close", "avoid"])
@pytest.mark.parametrize("seed", seeds(10, 2))
def test_a_large_question_is_answered_over_a_core_with_a_bound_that_holds(
    rule: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "WHOLE_PAIRS", 0)
    scenario = question(seed, rule)
    found = [mean_minutes(scenario, opened, 20.0) for opened in choices(scenario)]
    if not found:
        with pytest.raises(OptimiseError):
            minimise_mean_time(scenario, unserved_minutes=20.0)
        return
    plan = minimise_mean_time(scenario, unserved_minutes=20.0)
    assert plan.value == pytest.approx(min(found))  # the core holds every site of so small a town
    assert plan.bound <= min(found) + 1e-9
    assert plan.proven == (plan.status == "proven")
    verify(plan)


def test_a_tampered_bound_of_a_large_question_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "WHOLE_PAIRS", 0)
    plan = minimise_mean_time(question(4, "budget"), unserved_minutes=20.0)
    verify(plan)
    with pytest.raises(OptimiseError, match="certified bound"):
        verify(replace(plan, details=plan.details | {"certified_bound": plan.certified + 1}))
    median = replace(plan.details["relaxed"], certified=plan.details["relaxed"].certified * 2 + 1)
    with pytest.raises(OptimiseError):
        verify(replace(plan, details=plan.details | {"relaxed": median}))
