"""Every model and rule against brute force over all choices of small questions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planner.errors import InfeasibleError
from planner.optimise import (
    cover_everyone,
    maximise_coverage,
    maximise_worst_share,
    minimise_mean_time,
    minimise_worst_time,
    verify,
)
from planner.plan import Plan, Scenario
from tests.siting import choices, people_reached, people_served, random_coverage, table, unit_shares

RULES = (
    "budget", "backup", "worth", "least_sites", "least_share", "apart_metres", "near_metres", "may_close", "avoid",
)  # fmt: skip


def seeds(count: int, quick: int) -> list[Any]:
    """Seeds of random cases: the first few always, the rest in the long tests."""
    return [*range(quick), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(quick, count))]


def question(seed: int, *rules: str, new: int | None = 3, whole: bool | None = None) -> Scenario:
    """A small scenario with the given rules, drawn by the seed."""
    random = np.random.default_rng([seed, 7])
    coverage = random_coverage(
        seed, standing=int(random.integers(0, 4)), whole=seed % 3 > 0 if whole is None else whole
    )
    ids, old = list(coverage.sites.ids), list(coverage.sites.existing.ids)
    asked: dict[str, Any] = {"new": None if new is None else min(new, len(ids) - len(old))}
    if "budget" in rules:
        asked["budget"] = float(random.integers(3, 14))
    if "backup" in rules:
        asked["backup"] = int(random.integers(2, 4))
    if "worth" in rules:
        asked["worth"] = {3.0: 1.0, 6.0: 0.7, 10.0: 0.25}
    if "least_sites" in rules:
        asked["site_units"] = {site: f"town {at % 3}" for at, site in enumerate(ids)}
    if "least_share" in rules or "people_units" in rules:
        asked["people_units"] = {cell: f"town {at % 3}" for at, cell in enumerate(coverage.demand.ids)}
        asked["least_share"] = 0.0 if "people_units" in rules else float(random.uniform(0.2, 0.6))
    if "apart_metres" in rules:
        asked["apart_metres"] = 600.0
    if "near_metres" in rules:
        asked["near_metres"] = 700.0
    if "may_close" in rules:
        asked["may_close"] = old
        asked["moves"] = int(random.integers(0, 3))
    if "avoid" in rules:
        asked["avoid"] = [site for site in ids if site.startswith("new")][:2]
        asked["new"] = max(0, len(ids) - len(old) - 2) if new is None else min(new, max(0, len(ids) - len(old) - 2))
    if "capacity" in rules:
        asked["capacity"] = True
    if "least_people" in rules:
        asked["least_people"] = float(random.integers(5, 40))
    return Scenario(f"case {seed}", coverage, **asked)


def proven(plan: Plan, best: float) -> None:
    assert plan.value == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert plan.status == "proven"
    assert plan.proven
    verify(plan)


def check_most_people(scenario: Scenario) -> None:
    worth = [people_reached(scenario, opened) for opened in choices(scenario)]
    if not worth:
        with pytest.raises(InfeasibleError):
            maximise_coverage(scenario)
        return
    proven(maximise_coverage(scenario), max(worth))


@pytest.mark.parametrize("seed", seeds(120, 20))
def test_fault_79_most_people_equals_brute_force(seed: int) -> None:
    check_most_people(question(seed, new=seed % 5))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", seeds(8, 2))
def test_most_people_under_each_rule_equals_brute_force(rule: str, seed: int) -> None:
    check_most_people(question(seed, rule))


@pytest.mark.parametrize("seed", seeds(120, 12))
def test_most_people_under_several_rules_equals_brute_force(seed: int) -> None:
    random = np.random.default_rng([seed, 3])
    rules = set(random.choice(RULES, 3, replace=False).tolist())
    if "worth" in rules:
        rules -= {"least_share"}
    check_most_people(question(seed, *rules))


@pytest.mark.parametrize(
    "rules", [("capacity",), ("least_people",), ("capacity", "least_people"), ("capacity", "budget", "apart_metres")]
)
@pytest.mark.parametrize("seed", seeds(5, 1))
def test_most_people_served_by_sites_of_limited_size_equals_brute_force(rules: tuple[str, ...], seed: int) -> None:
    scenario = question(seed, *rules, new=2)
    served = [people_served(scenario, opened) for opened in choices(scenario)]
    found = [value for value in served if value is not None]
    proven(maximise_coverage(scenario), max(found))


@pytest.mark.parametrize("share", [1.0, 0.9, 0.6])
@pytest.mark.parametrize("seed", seeds(14, 5))
def test_fewest_sites_equals_brute_force(seed: int, share: float) -> None:
    scenario = question(seed, new=None)
    judge_fewest(scenario, share)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "worth"])
@pytest.mark.parametrize("seed", seeds(6, 2))
def test_fewest_sites_under_each_rule_equals_brute_force(rule: str, seed: int) -> None:
    judge_fewest(question(seed, rule, new=None), 0.7 if seed % 2 else 1.0)


def judge_fewest(scenario: Scenario, share: float) -> None:
    possible = tuple(at for at, site in enumerate(scenario.coverage.sites.ids) if site not in scenario.avoid)
    target = share * people_reached(scenario, possible)
    enough = [opened for opened in choices(scenario) if people_reached(scenario, opened) >= target - 1e-9]
    if not enough:
        with pytest.raises(InfeasibleError):
            cover_everyone(scenario, share=share)
        return
    proven(cover_everyone(scenario, share=share), min(len(opened) for opened in enough) - int(scenario.kept.sum()))


@pytest.mark.parametrize("seed", seeds(8, 3))
def test_cheapest_sites_equals_brute_force(seed: int) -> None:
    scenario = question(seed, new=None)
    frame, kept = scenario.coverage.sites.frame, scenario.kept
    target = people_reached(scenario, tuple(range(len(frame))))
    costs = [
        sum(frame["cost"].iloc[at] for at in opened if not kept[at])
        for opened in choices(scenario)
        if people_reached(scenario, opened) >= target - 1e-9
    ]
    proven(cover_everyone(scenario, least="cost"), min(costs))


@pytest.mark.parametrize("seed", seeds(10, 4))
def test_best_worst_share_equals_brute_force(seed: int) -> None:
    scenario = question(seed, "people_units", new=2)
    best = max(
        min([share for share, reached in unit_shares(scenario, opened).values() if reached], default=1.0)
        for opened in choices(scenario)
    )
    plan = maximise_worst_share(scenario)
    assert plan.value == pytest.approx(best, abs=1e-6)


def mean_minutes(scenario: Scenario, opened: tuple[int, ...], unserved: float) -> float:
    possible = [at for at, site in enumerate(scenario.coverage.sites.ids) if site not in scenario.avoid]
    minutes, people = table(scenario.coverage), scenario.coverage.demand.people
    asked = np.isfinite(minutes[:, possible]).any(axis=1)
    nearest = np.minimum(minutes[:, list(opened)].min(axis=1, initial=np.inf), unserved)
    return float(people[asked] @ nearest[asked] / people[asked].sum())


@pytest.mark.parametrize(
    "rules", [(), ("avoid",), ("budget",), ("least_sites",), ("apart_metres",), ("may_close", "near_metres")]
)
@pytest.mark.parametrize("seed", seeds(6, 2))
def test_least_mean_time_equals_brute_force(rules: tuple[str, ...], seed: int) -> None:
    scenario = question(seed, *rules)
    found = [mean_minutes(scenario, opened, 20.0) for opened in choices(scenario)]
    if not found:
        with pytest.raises(InfeasibleError):
            minimise_mean_time(scenario, unserved_minutes=20.0)
        return
    proven(minimise_mean_time(scenario, unserved_minutes=20.0), min(found))


@pytest.mark.parametrize("seed", seeds(8, 4))
def test_least_worst_time_equals_brute_force(seed: int) -> None:
    scenario = question(seed, new=5)
    minutes, people = table(scenario.coverage), scenario.coverage.demand.people
    asked = np.isfinite(minutes).any(axis=1) & (people > 0)
    worst = [
        minutes[asked][:, list(opened)].min(axis=1, initial=np.inf).max() for opened in choices(scenario) if opened
    ]
    if np.isinf(min(worst)):
        with pytest.raises(InfeasibleError):
            minimise_worst_time(scenario)
        return
    proven(minimise_worst_time(scenario), min(worst))
