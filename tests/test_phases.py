"""Programmes over years: against brute force over every schedule, and against what must always hold."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import chain, product
from typing import Any

import numpy as np
import pytest

from planner.demand import Demand
from planner.errors import DataError, InfeasibleError, OptimiseError, QuestionError
from planner.optimise import maximise_over_years, verify
from planner.optimise.programmes.phases import joint_of_phases
from planner.optimise.programmes.search import verify_joint
from planner.plan import Scenario
from planner.programme import Phase, PhasedScenario
from tests.siting import allowed, people_reached, people_served, random_coverage

RULES = ("backup", "worth", "apart_metres", "near_metres", "avoid", "least_sites", "least_share", "capacity")


def seeds(count: int, quick: int) -> list[Any]:
    """Seeds of random cases: the first few always, the rest in the long tests."""
    return [*range(quick), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(quick, count))]


def grown(demand: Demand, factor: np.ndarray) -> Demand:
    """The same points with other people."""
    frame = demand.frame
    frame["people"] = frame["people"] * factor
    return Demand(frame)


def question(seed: int, *rules: str, money: bool = False, carry_over: bool = False, years: int = 3) -> PhasedScenario:
    """A small question over years, drawn by the seed."""
    random = np.random.default_rng([seed, 11])
    coverage = random_coverage(seed, points=20, sites=7, standing=int(random.integers(0, 3)), whole=seed % 3 > 0)
    ids = list(coverage.sites.ids)
    asked: dict[str, Any] = {}
    if "backup" in rules:
        asked["backup"] = 2
    if "worth" in rules:
        asked["worth"] = {3.0: 1.0, 6.0: 0.7, 10.0: 0.25}
    if "apart_metres" in rules:
        asked["apart_metres"] = 600.0
    if "near_metres" in rules:
        asked["near_metres"] = 700.0
    if "avoid" in rules:
        asked["avoid"] = [site for site in ids if site.startswith("new")][:1]
    if "least_sites" in rules:
        asked["site_units"] = {site: f"town {at % 2}" for at, site in enumerate(ids)}
    if "least_share" in rules:
        asked["people_units"] = {cell: f"town {at % 2}" for at, cell in enumerate(coverage.demand.ids)}
        asked["least_share"] = float(random.uniform(0.1, 0.5))
    if "capacity" in rules:
        asked["capacity"] = True
    phases = []
    for at in range(years):
        people = (
            grown(coverage.demand, random.uniform(0.5, 2.0, len(coverage.demand))) if random.random() < 0.5 else None
        )
        limit = {"budget": float(random.integers(2, 9))} if money else {"new": int(random.integers(0, 3))}
        phases.append(Phase(2025 + 2 * at, people=people, **limit))
    discount = float(random.choice([0.0, 0.05, 0.3]))
    return PhasedScenario(Scenario(f"case {seed}", coverage, **asked), phases, discount=discount, carry_over=carry_over)


def schedules(asked: PhasedScenario) -> list[list[tuple[int, ...]]]:
    """Every list of open sites by year that keeps the rules, judged one by one."""
    base, last = asked.scenario, len(asked.steps) - 1
    ids, keep = list(base.coverage.sites.ids), set(base.kept_ids)
    free = [at for at, site in enumerate(ids) if site not in keep and site not in base.avoid]
    kept = [at for at, site in enumerate(ids) if site in keep]
    rules = [in_year(asked, at) if at == last else in_year(asked, at, floors=False) for at in range(last + 1)]
    holds = cache(lambda at, opened: allowed(rules[at], opened, set()))
    cost = base.coverage.sites["cost"].to_numpy()
    found = []
    for when in product(range(last + 2), repeat=len(free)):
        fresh = [[site for site, year in zip(free, when, strict=True) if year == at] for at in range(last + 1)]
        if not within_limits(asked, fresh, cost):
            continue
        opened = [tuple(sorted(chain(kept, *fresh[: at + 1]))) for at in range(last + 1)]
        if all(holds(at, opened[at]) for at in range(last + 1)):
            found.append(opened)
    return found


def within_limits(asked: PhasedScenario, fresh: list[list[int]], cost: np.ndarray) -> bool:
    """Whether what opens in each phase keeps its number and its budget."""
    room = purse = 0.0
    for phase, sites in zip(asked.steps, fresh, strict=True):
        room = (room if asked.carry_over else 0) + (np.inf if phase.new is None else phase.new) - len(sites)
        purse = (purse if asked.carry_over else 0) + (np.inf if phase.budget is None else phase.budget)
        purse -= cost[sites].sum()
        if room < 0 or purse < -1e-9:
            return False
    return True


def in_year(asked: PhasedScenario, at: int, *, floors: bool = True) -> Scenario:
    """The rules of a year and the people who live there then."""
    given = [phase.people for phase in asked.steps[: at + 1] if phase.people is not None]
    people = given[-1] if given else asked.scenario.coverage.demand
    less = {} if floors else {"site_units": None, "people_units": None}
    return asked.scenario.but(coverage=replace(asked.scenario.coverage, demand=people), **less)


def best_of(asked: PhasedScenario, every: list[list[tuple[int, ...]]]) -> float:
    """The worth of the best schedule: two years a phase, the last one, discounted from the first."""
    years = [in_year(asked, at) for at in range(len(asked.steps))]
    count = people_served if asked.scenario.capacity else people_reached
    people = cache(lambda at, opened: count(years[at], opened))
    weights = []
    for at, year in enumerate(asked.years):
        span = range(year - asked.years[0], year - asked.years[0] + (2 if at + 1 < len(years) else 1))
        weights.append(sum((1 + asked.discount) ** -later for later in span))
    return max(sum(w * people(at, opened[at]) for at, w in enumerate(weights)) for opened in every)


def check(asked: PhasedScenario) -> None:
    every = schedules(asked)
    if not every:
        with pytest.raises(InfeasibleError):
            maximise_over_years(asked)
        return
    plan = maximise_over_years(asked)
    assert plan.value == pytest.approx(best_of(asked, every), rel=1e-6, abs=1e-6)
    assert plan.proven
    assert plan.status == "proven"
    for before, after in zip(plan.plans, plan.plans[1:], strict=False):
        assert set(before.ids) <= set(after.ids)
    verify(plan)


@pytest.mark.parametrize("carry_over", [False, True])
@pytest.mark.parametrize("money", [False, True])
@pytest.mark.parametrize("seed", seeds(25, 4))
def test_fault_79_years_equal_brute_force(seed: int, money: bool, carry_over: bool) -> None:
    check(question(seed, money=money, carry_over=carry_over))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", seeds(12, 2))
def test_years_under_each_rule_equal_brute_force(rule: str, seed: int) -> None:
    check(question(seed, rule, years=2, money=seed % 2 == 0))


def test_fault_80_more_sites_or_money_in_a_year_never_worsen() -> None:
    for seed in range(4):
        asked = question(seed, years=2)
        less = maximise_over_years(asked)
        first, second = asked.steps
        for changed in ([replace(first, new=first.new + 1), second], [first, replace(second, new=second.new + 1)]):
            assert maximise_over_years(asked.but(phases=changed)).value >= less.value * (1 - 1e-9)
        assert maximise_over_years(asked.but(carry_over=True)).value >= less.value * (1 - 1e-9)


def test_each_year_tells_what_opens_what_it_costs_and_whom_it_covers() -> None:
    asked = question(2, money=True)
    plan = maximise_over_years(asked)
    table, openings = plan.table, plan.openings
    assert list(table.index) == [2025, 2027, 2029]
    assert (table["cost"] <= [phase.budget for phase in asked.steps]).all()
    assert table["new"].sum() == len(openings) == len(plan.plans[-1].added)
    assert table["value"].sum() == pytest.approx(plan.value)
    assert plan.by_year[2029] is plan.plans[-1]
    assert "2029" in repr(plan)


def test_a_tampered_programme_over_years_is_rejected() -> None:
    plan = maximise_over_years(question(0))
    verify(plan)
    choice = plan.details["choice"]
    with pytest.raises(OptimiseError, match="value"):
        verify(replace(plan, value=plan.value * 0.9))
    with pytest.raises(OptimiseError, match="bound"):
        verify(replace(plan, bound=plan.bound * 1.5))
    wrong = replace(choice, certified=choice.value * 0.5)
    with pytest.raises(OptimiseError, match="its duals prove"):
        verify(replace(plan, details={"choice": wrong, "certified_bound": wrong.certified}))
    fewer = replace(plan.plans[-1], opened=plan.plans[-1].opened[:-1])
    with pytest.raises(OptimiseError, match="opens other sites"):
        verify(replace(plan, plans=(*plan.plans[:-1], fewer)))
    swapped = replace(choice, opened=tuple(reversed(choice.opened)))
    with pytest.raises(OptimiseError, match="rules between its parts"):
        verify_joint(joint_of_phases(plan.question), swapped)


@pytest.mark.parametrize(
    ("phases", "options", "words"),
    [
        ([], {}, "at least one phase"),
        ([Phase(2026, new=1), Phase(2025, new=1)], {}, "not after the one before"),
        ([Phase(2025, new=1)], {"discount": 1.5}, "discount"),
        ([Phase(2025, new=1)], {"until": 2025}, "until"),
    ],
)
def test_a_question_over_years_that_contradicts_itself_is_refused(phases: Any, options: Any, words: str) -> None:
    with pytest.raises(QuestionError, match=words):
        PhasedScenario(Scenario("odd", random_coverage(1)), phases, **options)
    with pytest.raises(QuestionError, match="new=, how many"):
        Phase(2025)


def test_rules_that_years_cannot_honour_are_refused_by_name() -> None:
    coverage = random_coverage(1)
    closing = Scenario("closing", coverage, may_close=list(coverage.sites.existing.ids))
    with pytest.raises(QuestionError, match="may_close"):
        PhasedScenario(closing, [Phase(2025, new=1)])
    sized = Scenario("sized", coverage, capacity=True, backup=2)
    with pytest.raises(QuestionError, match="backup"):
        maximise_over_years(PhasedScenario(sized, [Phase(2025, new=1)]))
    with pytest.raises(DataError, match="points of the coverage"):
        PhasedScenario(
            Scenario("elsewhere", coverage), [Phase(2025, new=1, people=random_coverage(2, points=9).demand)]
        )


def test_fault_76_the_same_question_effort_and_seed_give_the_same_programme() -> None:
    first, second = (maximise_over_years(question(3), effort=1, seed=4) for _ in range(2))
    assert [list(plan.ids) for plan in first.plans] == [list(plan.ids) for plan in second.plans]


def test_floors_of_units_hold_from_the_year_named() -> None:
    asked = question(1, "least_sites", years=2)
    units = asked.scenario.site_units
    generous = [Phase(2025, new=4), Phase(2026, new=0)]
    plan = maximise_over_years(asked.but(phases=generous, floors_from=2025))
    for one in plan.plans:
        assert {units[site] for site in one.ids} == set(units.values())
