"""The last person's minutes under every rule of a scenario: against brute force, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.errors import InfeasibleError, OptimiseError, QuestionError
from planner.optimise import minimise_worst_time, verify
from planner.plan import Scenario
from tests.siting import choices, people_served, random_coverage, table
from tests.test_optimise_brute import question, seeds

RULES = ("budget", "backup", "least_sites", "apart_metres", "near_metres", "may_close", "avoid")


def worst(scenario: Scenario, opened: tuple[int, ...]) -> float:
    """Minutes of the last person to the open sites needed, over those who could reach as many."""
    minutes, people = table(scenario.coverage), scenario.coverage.demand.people
    possible = [at for at, site in enumerate(scenario.coverage.sites.ids) if site not in scenario.avoid]
    asked = (np.isfinite(minutes[:, possible]).sum(axis=1) >= scenario.backup) & (people > 0)
    if len(opened) < scenario.backup:
        return np.inf if asked.any() else 0.0
    return float(np.sort(minutes[asked][:, list(opened)], axis=1)[:, scenario.backup - 1].max(initial=0.0))


def sized_worst(scenario: Scenario, opened: tuple[int, ...]) -> float:
    """The shortest limit within which the open sites serve everyone whom any site reaches."""
    coverage = scenario.coverage
    everyone = float(coverage.demand.people[np.isfinite(table(coverage)).any(axis=1)].sum())
    for minutes in np.unique(np.append(coverage.minutes, 0.0)):
        served = people_served(scenario.but(minutes=float(minutes)), opened)
        if served is not None and served >= everyone - 1e-6:
            return float(minutes)
    return np.inf


def judge(scenario: Scenario, values: list[float]) -> None:
    if np.isinf(best := min(values, default=np.inf)):
        with pytest.raises(InfeasibleError):
            minimise_worst_time(scenario)
        return
    plan = minimise_worst_time(scenario)
    assert plan.value == pytest.approx(best, abs=1e-6)
    assert plan.status == "proven"
    assert plan.proven
    verify(plan)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", seeds(25, 3))
def test_fault_79_the_last_persons_minutes_under_each_rule_equal_brute_force(rule: str, seed: int) -> None:
    scenario = question(seed, rule, new=5)
    judge(scenario, [worst(scenario, opened) for opened in choices(scenario)])


@pytest.mark.parametrize("seed", seeds(40, 4))
def test_the_last_persons_minutes_under_several_rules_equal_brute_force(seed: int) -> None:
    random = np.random.default_rng([seed, 5])
    scenario = question(seed, *random.choice(RULES, 3, replace=False).tolist(), new=5)
    judge(scenario, [worst(scenario, opened) for opened in choices(scenario)])


@pytest.mark.parametrize("rule", ["capacity", "least_people"])
@pytest.mark.parametrize("seed", seeds(6, 2))
def test_the_last_persons_minutes_with_sites_of_limited_size_equal_brute_force(rule: str, seed: int) -> None:
    coverage = random_coverage(seed, points=7, sites=5, standing=1)
    frame = coverage.sites.frame
    frame["capacity"] = frame["capacity"] * 1.5
    coverage = replace(coverage, sites=type(coverage.sites)(frame))
    limit = {"capacity": True} if rule == "capacity" else {"least_people": 8.0}
    scenario = Scenario("sized", coverage, new=4, **limit)
    judge(scenario, [sized_worst(scenario, opened) for opened in choices(scenario)])


def test_a_tampered_plan_of_the_last_persons_minutes_is_rejected() -> None:
    plan = minimise_worst_time(question(3, "budget", new=6))
    verify(plan)
    evidence = plan.details["evidence"]
    for changed, words in (
        (replace(evidence, value=evidence.value - 1, bound=evidence.value - 1), "measured afresh"),
        (replace(evidence, certified=evidence.value + 3), "duals prove"),
        (replace(evidence, opened=~evidence.opened), r"keep|budget|sites"),
    ):
        with pytest.raises(OptimiseError, match=words):
            verify(replace(plan, details=plan.details | {"evidence": changed}))


@pytest.mark.parametrize("rule", ["worth", "least_share"])
def test_rules_without_meaning_for_the_last_person_are_refused_by_name(rule: str) -> None:
    with pytest.raises(QuestionError, match=rule):
        minimise_worst_time(question(1, rule))


def test_fault_80_more_money_sites_or_minutes_never_keep_the_last_person_farther() -> None:
    for seed in range(5):
        less = question(seed, "budget", new=4).but(budget=10.0)
        try:
            before = minimise_worst_time(less).value
        except InfeasibleError:
            continue
        for more in (less.but(budget=14.0), less.but(new=less.new + 1) if less.possible.sum() > less.new else less):
            assert minimise_worst_time(more).value <= before + 1e-9
