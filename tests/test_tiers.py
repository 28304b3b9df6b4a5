"""Nested tiers: against brute force over every choice of all tiers, and against what must always hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planner.coverage import Coverage
from planner.errors import ColumnError, InfeasibleError, OptimiseError, QuestionError
from planner.network import build_network
from planner.optimise import maximise_tiers, verify
from planner.plan import Scenario
from planner.programme import Tier, TieredScenario, link_sites
from planner.sites import Sites
from tests.siting import choices, people_reached, people_served, random_coverage, table
from tests.town import roads_of, sites_of

RULES = ("backup", "worth", "apart_metres", "may_close", "avoid", "least_share", "capacity", "least_people", "budget")
NAMES = ("district", "town", "village")


def seeds(count: int, quick: int) -> list[Any]:
    """Seeds of random cases: the first few always, the rest in the long tests."""
    return [*range(quick), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(quick, count))]


def coverages(seed: int, levels: int, sites: int) -> list[Coverage]:
    """The same people, and sites of every tier; some places stand in the lists of two tiers."""
    random = np.random.default_rng([seed, 13])
    first = random_coverage(seed, points=16, sites=levels * sites, standing=0, whole=seed % 3 > 0)
    minutes, found = table(first), []
    for level in range(levels):
        own = np.arange(level * sites, (level + 1) * sites)
        if level and random.random() < 0.6:
            own[0] = (level - 1) * sites + 1  # a place of the tier above
        frame = first.sites.frame.iloc[own]
        frame["existing"] = [False, *(random.random(sites - 1) < 0.25)]
        frame.loc[frame.index[1], "existing"] = False
        limit = 10.0 if level < levels - 1 else 6.0
        point, site = np.nonzero(minutes[:, own] <= limit)
        found.append(
            Coverage.from_pairs(
                first.demand, Sites(frame), site=site, point=point, minutes=minutes[:, own][point, site], limit=limit
            )
        )
    return found


def question(
    seed: int, *rules: str, levels: int = 2, sites: int = 5, counting: Any = "each", purse: bool = False
) -> Any:
    """A small question over tiers, drawn by the seed."""
    random = np.random.default_rng([seed, 17])
    tiers: list[Tier] = []
    for level, coverage in enumerate(coverages(seed, levels, sites)):
        ids, old = list(coverage.sites.ids), list(coverage.sites.existing.ids)
        asked: dict[str, Any] = {"new": min(int(random.integers(1, 3)), len(ids) - len(old))}
        if "backup" in rules:
            asked["backup"] = 2
        if "worth" in rules:
            asked["worth"] = {3.0: 1.0, 6.0: 0.5}
        if "apart_metres" in rules:
            asked["apart_metres"] = 500.0
        if "may_close" in rules:
            asked |= {"may_close": old, "moves": 1}
        if "avoid" in rules:
            asked |= {"avoid": ids[1:2], "new": 1}
        if "least_share" in rules and level == 0:
            asked |= {"people_units": {cell: f"town {at % 2}" for at, cell in enumerate(coverage.demand.ids)}}
            asked["least_share"] = 0.15
        if "capacity" in rules and level:
            asked["capacity"] = True
        if "least_people" in rules and level:
            asked["least_people"] = 8.0
        if "budget" in rules:
            asked["budget"] = float(random.integers(3, 12))
        links = linked(coverage, tiers[-1].scenario.coverage, random) if level and random.random() < 0.9 else None
        weight = 1.0 if counting == "all" else float(random.choice([1.0, 0.5, 2.0]))
        tiers.append(Tier(Scenario(NAMES[level], coverage, **asked), links, weight))
    return TieredScenario(f"case {seed}", tiers, counting, float(random.integers(4, 14)) if purse else None)


def linked(lower: Coverage, upper: Coverage, random: np.random.Generator) -> pd.DataFrame:
    """Links as the crow flies, up to a kilometre or so."""
    apart = np.hypot(*(lower.sites.xy[:, None] - upper.sites.xy[None]).transpose(2, 0, 1))
    site, above = np.nonzero(apart <= random.choice([700.0, 1200.0]))
    columns = {"site": lower.sites.ids[site], "above": upper.sites.ids[above], "minutes": apart[site, above] / 50}
    return pd.DataFrame(columns)


def together(asked: TieredScenario) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every choice of all tiers that keeps the rules, judged one by one."""
    ids = [list(tier.scenario.coverage.sites.ids) for tier in asked.levels]
    costs = [dict(zip(names, tier.scenario.coverage.sites["cost"], strict=True))
             for names, tier in zip(ids, asked.levels, strict=True)]  # fmt: skip
    standing = [set(tier.scenario.kept_ids) | set(tier.scenario.may_close) for tier in asked.levels]
    pairs = [set() if tier.links is None else set(zip(tier.links["site"], tier.links["above"], strict=True))
             for tier in asked.levels]  # fmt: skip
    for chosen in product(*(list(choices(tier.scenario)) for tier in asked.levels)):
        names = [{ids[level][at] for at in some} for level, some in enumerate(chosen)]
        if sum(map(len, names)) > len(set().union(*names)):
            continue
        fresh = [names[level] - standing[level] for level in range(len(names))]
        spent = sum(costs[level][site] for level, some in enumerate(fresh) for site in some)
        if asked.budget is not None and spent > asked.budget + 1e-9:
            continue
        if all(
            asked.levels[level].links is None or any((site, up) in pairs[level] for up in names[level - 1])
            for level in range(1, len(names))
            for site in fresh[level]
        ):
            yield chosen


def worths(asked: TieredScenario) -> list[float]:
    """What every choice is worth, but for those where a new site of some tier cannot get its least."""
    count = cache(lambda level, some: reached(asked.levels[level].scenario, some))
    counts = cache(lambda level, some: counted(asked.levels[level].scenario, some))
    people = asked.levels[0].scenario.coverage.demand.people
    found = []
    for chosen in together(asked):
        if asked.counting == "all":
            found.append(float(people[np.all([counts(*each) for each in enumerate(chosen)], axis=0)].sum()))
            continue
        values = [count(*each) for each in enumerate(chosen)]
        if None not in values:
            found.append(sum(tier.weight * value for tier, value in zip(asked.levels, values, strict=True)))
    return found


def reached(scenario: Scenario, some: tuple[int, ...]) -> float | None:
    """People covered, or served where sites are of limited size."""
    sized = scenario.capacity or scenario.least_people
    return people_served(scenario, some) if sized else people_reached(scenario, some)


def counted(scenario: Scenario, some: tuple[int, ...]) -> np.ndarray:
    """Which points are covered."""
    return np.isfinite(table(scenario.coverage))[:, list(some)].sum(axis=1) >= scenario.backup


def check(asked: TieredScenario) -> None:
    found = worths(asked)
    if not found:
        with pytest.raises(InfeasibleError):
            maximise_tiers(asked)
        return
    plan = maximise_tiers(asked)
    assert plan.value == pytest.approx(max(found), rel=1e-6, abs=1e-6)
    assert plan.status == "proven"
    assert plan.proven
    verify(plan)


@pytest.mark.parametrize("counting", ["each", "all"])
@pytest.mark.parametrize("seed", seeds(60, 6))
def test_fault_79_two_tiers_equal_brute_force(seed: int, counting: str) -> None:
    check(question(seed, counting=counting, purse=seed % 2 == 0))


@pytest.mark.parametrize("counting", ["each", "all"])
@pytest.mark.parametrize("seed", seeds(30, 2))
def test_fault_79_three_tiers_equal_brute_force(seed: int, counting: str) -> None:
    check(question(seed, levels=3, sites=4, counting=counting, purse=seed % 2 == 1))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", seeds(12, 2))
def test_tiers_under_each_rule_equal_brute_force(rule: str, seed: int) -> None:
    check(question(seed, rule, sites=4 if rule in {"capacity", "least_people"} else 5))


@pytest.mark.parametrize("rule", ["backup", "apart_metres", "may_close", "avoid", "least_share", "budget"])
@pytest.mark.parametrize("seed", seeds(12, 1))
def test_people_whom_all_tiers_cover_equal_brute_force_under_each_rule(rule: str, seed: int) -> None:
    check(question(seed, rule, counting="all"))


def test_fault_80_a_site_or_money_more_never_worsens_tiers() -> None:
    for seed in range(4):
        asked = question(seed, purse=True)
        less = maximise_tiers(asked).value
        assert maximise_tiers(asked.but(budget=asked.budget + 3)).value >= less * (1 - 1e-9)
        top, low = asked.levels
        room = int(top.scenario.possible.sum())
        wider = replace(top, scenario=top.scenario.but(new=min(room, top.scenario.new + 1)))
        assert maximise_tiers(asked.but(tiers=[wider, low])).value >= less * (1 - 1e-9)


def test_every_new_station_names_the_open_one_above_it() -> None:
    asked = question(1, levels=3, sites=4)
    plan = maximise_tiers(asked)
    for upper, tier, own in zip(plan.plans, asked.levels[1:], plan.plans[1:], strict=False):
        above = plan.parents[plan.parents["tier"] == tier.name]["above"]
        if tier.links is not None:
            assert set(above.loc[own.added]) <= set(upper.ids)
    assert list(plan.table.index) == list(NAMES)
    assert plan.table["new"].sum() == sum(len(one.added) for one in plan.plans)
    assert plan.by_tier["town"] is plan.plans[1]


def test_a_facility_of_one_tier_is_not_counted_at_another() -> None:
    coverage = random_coverage(3, sites=4, standing=1)
    both = [Tier(Scenario(name, coverage, new=1)) for name in NAMES[:2]]
    with pytest.raises(QuestionError, match="counts at one tier only"):
        TieredScenario("twice", both)
    bare = random_coverage(3, sites=4, standing=0)
    plan = maximise_tiers(TieredScenario("once", [Tier(Scenario(name, bare, new=2)) for name in NAMES[:2]]))
    assert not set(plan.plans[0].ids) & set(plan.plans[1].ids)


def test_a_tampered_programme_over_tiers_is_rejected() -> None:
    plan = maximise_tiers(question(2))
    verify(plan)
    with pytest.raises(OptimiseError, match="value"):
        verify(replace(plan, value=plan.value * 0.5))
    with pytest.raises(OptimiseError, match="bound"):
        verify(replace(plan, bound=plan.bound * 2))
    choice = replace(plan.details["choice"], duals=plan.details["choice"].duals * 0.3)
    with pytest.raises(OptimiseError, match="its duals prove"):
        verify(replace(plan, details=plan.details | {"choice": choice}))
    lower = plan.question.levels[1]
    unlinked = replace(lower, links=pd.DataFrame({"site": [], "above": []}, dtype=object))
    with pytest.raises(OptimiseError, match=r"rules between its parts|another question"):
        verify(replace(plan, question=plan.question.but(tiers=[plan.question.levels[0], unlinked])))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tiers": []}, "at least one tier"),
        ({"counting": "both"}, "counting must be"),
        ({"budget": -1.0}, "budget"),
    ],
)
def test_a_question_over_tiers_that_contradicts_itself_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(QuestionError, match=words):
        question(1).but(**change)


def test_rules_that_tiers_cannot_honour_are_refused_by_name() -> None:
    with pytest.raises(QuestionError, match="worth"):
        question(1, "worth", counting="all")
    with pytest.raises(QuestionError, match="how many sites may open at 'town'"):
        maximise_tiers(TieredScenario("open", [Tier(Scenario("town", random_coverage(1)))]))
    with pytest.raises(ColumnError, match="above"):
        Tier(Scenario("town", random_coverage(1)), pd.DataFrame({"site": []}))


def test_links_are_the_sites_within_minutes_by_road() -> None:
    network = build_network(roads_of([[(0, 0), (1000, 0), (2000, 0)]]), mode="walk", metres_per_second=1.0)
    low, high = sites_of([(0, 0), (900, 0)], prefix="village"), sites_of([(600, 0), (2000, 0)], prefix="town")
    links = link_sites(network, low, high, minutes=10.5)
    assert list(zip(links["site"], links["above"], strict=True)) == [("village:0", "town:0"), ("village:1", "town:0")]
    assert links["minutes"].tolist() == pytest.approx([10.0, 5.0], abs=1e-4)


def tier_of(name: str, coverage: Coverage, sites: Sites, reach: list[tuple[int, int]], **asked: Any) -> Scenario:
    """A question of one tier whose sites reach the points named by (site, point)."""
    site, point = np.array(reach).T
    minutes = np.ones(len(site))
    found = Coverage.from_pairs(coverage.demand, sites, site=site, point=point, minutes=minutes, limit=5.0)
    return Scenario(name, found, **asked)


def test_a_tier_that_leaves_none_below_it_is_chosen_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The district that reaches most people has no town near; each tier solves alone, and one after another none does."""
    from planner.optimise.programmes import search

    monkeypatch.setattr(search, "WHOLE_PAIRS", 0)  # as where a question is too large for a tree
    people = random_coverage(1, points=16)
    upper, lower = sites_of([(0, 0), (5000, 0)], prefix="district"), sites_of([(5000, 100)], prefix="town")
    wide = tier_of(
        "district",
        people,
        upper,
        [(0, at) for at in range(15)] + [(1, 15)],
        new=1,
        site_units=dict.fromkeys(upper.ids, "one"),
    )
    near = tier_of("town", people, lower, [(0, 15)], new=1, site_units=dict.fromkeys(lower.ids, "one"))
    links = pd.DataFrame({"site": lower.ids, "above": upper.ids[1:]})
    plan = maximise_tiers(TieredScenario("nested", [Tier(wide), Tier(near, links)]), seconds=5)
    assert list(plan.plans[0].ids) == [upper.ids[1]]
    assert list(plan.plans[1].ids) == list(lower.ids)
    verify(plan)


def test_half_a_centre_does_not_carry_all_the_stations_about_it() -> None:
    """In fractions, two stations at half each would cover a village; they hang on one centre, which is half open."""
    from planner.optimise import highs
    from planner.optimise.clock import Clock
    from planner.optimise.programmes.joint import Stack
    from planner.optimise.programmes.tiers import joint_of_tiers

    people = random_coverage(1, points=2, sites=4)
    upper = sites_of([(0, 0), (9000, 0)], prefix="town")
    lower = sites_of([(0, 100), (0, 200), (9000, 100), (9000, 200)], prefix="village")
    towns = tier_of("town", people, upper, [(0, 0), (1, 1)], new=1)
    villages = tier_of("village", people, lower, [(0, 0), (1, 0), (2, 1), (3, 1)], new=2)
    links = pd.DataFrame({"site": lower.ids, "above": [*upper.ids[[0, 0]], *upper.ids[[1, 1]]]})
    stack = Stack(joint_of_tiers(TieredScenario("halves", [Tier(towns, weight=0.0), Tier(villages, links)])))
    bounds = []
    for model in (stack.plain, stack.model):
        answer = highs.solve_relaxed(model, Clock(10.0))
        assert answer.duals is not None
        bounds.append(stack.extra - model.bound(answer.duals))
    amounts = np.sort(people.demand.people)
    assert bounds[0] == pytest.approx(amounts.sum())
    assert bounds[1] == pytest.approx(amounts[-1])
