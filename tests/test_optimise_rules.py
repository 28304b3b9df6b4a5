"""Coverage verbs at their edges: what is infeasible and why, analysis, stages, streams, and the laws of more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.errors import InfeasibleError, QuestionError
from planner.optimise import (
    Highs,
    Problem,
    compare,
    cover_everyone,
    frontier,
    maximise_coverage,
    maximise_in_stages,
    plot_frontier,
    ranking,
    sensitivity,
    verify,
)
from planner.optimise.clock import Clock
from planner.optimise.objectives import PeopleCovered
from planner.optimise.reduce import reduce
from planner.optimise.rules import people_covered
from planner.plan import Scenario
from tests.siting import random_coverage


def test_fault_73_people_out_of_reach_are_listed_and_the_smallest_minutes_named() -> None:
    wide = random_coverage(5, points=30)
    near = wide.within(4)
    scenario = Scenario("near", near)
    listed = cover_everyone(scenario)
    alone = set(near.demand.ids[~near.covered(near.sites.ids) & (near.demand.people > 0)])
    assert set(listed.details["unreachable"]) == alone
    assert alone
    with pytest.raises(InfeasibleError, match=r"smallest limit|out of reach even within"):
        cover_everyone(scenario, of="all", wider=wide)


def test_fault_73_too_few_sites_say_how_many_would_do_and_what_all_but_a_few_take() -> None:
    coverage = random_coverage(6, points=40, sites=10, standing=0).within(6)
    enough = int(cover_everyone(Scenario("free", coverage)).value)
    with pytest.raises(InfeasibleError, match=f"{enough} for everyone in reach.*all but 5%"):
        cover_everyone(Scenario("tight", coverage, new=enough - 1))


def test_a_unit_that_cannot_reach_its_floor_is_named() -> None:
    coverage = random_coverage(7)
    units = dict.fromkeys(coverage.demand.ids, "east")
    units |= dict.fromkeys(coverage.demand.ids[:12], "west")
    with pytest.raises(InfeasibleError, match=r"unit '(east|west)' wants 100.0%"):
        maximise_coverage(Scenario("floors", coverage.within(1), new=2, people_units=units, least_share=1.0))


def test_fault_74_a_shortfall_of_places_is_told_and_most_are_served() -> None:
    coverage = random_coverage(8)
    plan = maximise_coverage(Scenario("small sites", coverage, new=2, capacity=True))
    room = coverage.sites["capacity"][list(plan.ids)].sum()
    assert plan.value <= room + 1e-6
    assert plan.details["unserved_people"] == pytest.approx(coverage.demand.total - plan.value)


@pytest.mark.parametrize(
    ("asked", "verb", "name"),
    [
        ({"least_people": 3.0, "worth": {5.0: 1.0, 10.0: 0.5}}, cover_everyone, "worth"),
        ({"capacity": True, "backup": 2}, cover_everyone, "backup"),
        ({"capacity": True, "backup": 2, "new": 1}, maximise_coverage, "backup"),
    ],
)
def test_an_option_a_model_cannot_honour_is_refused_by_name(asked: dict[str, object], verb: object, name: str) -> None:
    with pytest.raises(QuestionError, match=name):
        verb(Scenario("odd", random_coverage(1), **asked))  # type: ignore[operator, arg-type]


@pytest.mark.parametrize("people", [[0.0, 0.0, 0.0], [5.0]])
def test_fault_77_nobody_or_a_single_cell_gives_a_valid_plan(people: list[float]) -> None:
    problem = Problem.from_pairs(np.array(people), np.zeros(len(people), int), np.arange(len(people)), sites=1, new=1)
    choice = Highs().solve(problem, PeopleCovered(), Clock(5))
    assert people_covered(problem, choice.opened) == sum(people)
    assert choice.status == "proven"


def test_fault_71_a_point_at_exactly_the_limit_is_covered() -> None:
    problem = Problem.from_matrix(np.array([3.0, 4.0]), np.array([[15.0], [15.001]]), limit=15.0, new=1)
    assert people_covered(problem, np.ones(1, bool)) == 3.0


def test_the_frontier_never_falls_and_every_point_has_its_bound() -> None:
    coverage = random_coverage(11, points=60, sites=12)
    frame = frontier(Scenario("more", coverage, new=1), new=range(0, 9, 2), seconds=20)
    assert (frame["people"].diff().dropna() >= 0).all()
    assert (frame["bound"] >= frame["people"] * (1 - 1e-6)).all()
    assert (frame["status"] == "proven").all()
    assert plot_frontier(frame, lang="en").axes


def test_plans_stand_side_by_side_and_changes_are_counted() -> None:
    scenario = Scenario("three", random_coverage(12, sites=10), new=3)
    three, one = maximise_coverage(scenario), maximise_coverage(scenario.but(name="one", new=1))
    table = compare(three, one)
    assert table.loc["three", "people"] >= table.loc["one", "people"]
    assert ranking(three)["share"].iloc[-1] == pytest.approx(three.share)
    changes = sensitivity(three, speeds=(0.5,))
    assert (changes["people"] <= changes["people"].iloc[0] + 1e-9).all()
    assert len(changes) == 2 + len(three.added)


def test_reused_buildings_open_before_new_ones() -> None:
    coverage = random_coverage(13, sites=10)
    could = list(coverage.sites.candidates.ids)
    first, last = maximise_in_stages(Scenario("reuse", coverage), [(could[:4], 2), (could[4:], 1)])
    assert set(first.added) <= set(could[:4])
    assert set(first.ids) <= set(last.ids)
    assert set(last.added) <= set(could[4:])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.data())
def test_reduction_keeps_the_value_of_every_choice(seed: int, data: st.DataObject) -> None:
    coverage = random_coverage(seed % 500, sites=9)
    problem = Problem(
        coverage.demand.people, coverage.starts, coverage.points, np.arange(9) < 2, np.arange(9) >= 2, new=9,
        need=data.draw(st.integers(1, 3)),
    )  # fmt: skip
    reduced = reduce(problem, dominance=False)
    chosen = np.array(data.draw(st.lists(st.integers(0, len(reduced.sites) - 1), unique=True)), int)
    count = np.zeros(len(reduced.people), int)
    for site in chosen:
        count[reduced.rows[reduced.starts[site] : reduced.starts[site + 1]]] += 1
    value = reduced.served + reduced.people[count >= reduced.need].sum()
    assert value == pytest.approx(people_covered(problem, reduced.widen(chosen)))


@pytest.mark.parametrize("seed", range(6))
def test_fault_80_more_sites_minutes_or_money_never_worsen(seed: int) -> None:
    coverage = random_coverage(seed, sites=9)
    plain = Scenario("less", coverage.within(6), new=2, budget=8.0)
    less = maximise_coverage(plain).value
    for more in (plain.but(new=3), plain.but(budget=12.0), replace(plain, coverage=coverage)):
        plan = maximise_coverage(more)
        assert plan.value >= less * (1 - 1e-9)
        verify(plan)
