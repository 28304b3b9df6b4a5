"""Delivery: which villages a kitchen serves within its window, hand-worked and against every possible assignment."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.access import deliver
from planner.coverage import Coverage
from planner.errors import DataError, QuestionError
from tests.town import demand_of, sites_of


def coverage_of(minutes: list[list[float]], people: list[float], limit: float = 30) -> Coverage:
    """Kitchens by rows, villages by columns."""
    table = np.array(minutes, float)
    site, point = np.nonzero(np.isfinite(table))
    demand = demand_of([(at * 1000.0, 0) for at in range(len(people))], people)
    sites = sites_of([(at * 1000.0, 500) for at in range(len(table))], prefix="kitchen")
    return Coverage.from_pairs(demand, sites, site=site, point=point, minutes=table[site, point], limit=limit)


def test_without_limits_every_village_goes_to_its_nearest_kitchen() -> None:
    found = deliver(coverage_of([[5, 20, 40], [10, 15, 35]], [10, 20, 30]))
    assert found.rows.to_numpy().tolist() == [["home:0", "kitchen:0", 5.0, 10.0], ["home:1", "kitchen:1", 15.0, 20.0]]
    assert found.unserved.to_numpy().tolist() == [["home:2", 30.0, "out of the window"]]
    assert found.share == pytest.approx(0.5)


def test_a_full_kitchen_passes_on_the_village_that_loses_least_by_it() -> None:
    cover = coverage_of([[5, 6], [25, 8]], [10, 10])
    found = deliver(cover, capacity=pd.Series({"kitchen:0": 10, "kitchen:1": 10}))
    assert found.rows[["village", "kitchen"]].to_numpy().tolist() == [["home:0", "kitchen:0"], ["home:1", "kitchen:1"]]
    assert found.kitchens["load"].tolist() == [1.0, 1.0]
    assert found.kitchens["furthest_minutes"].tolist() == [5.0, 8.0]


def test_what_no_kitchen_has_room_for_is_named() -> None:
    found = deliver(coverage_of([[5, 6]], [10, 10]), capacity=pd.Series({"kitchen:0": 15}), meals_per_person=1.0)
    assert found.unserved.to_numpy().tolist() == [["home:1", 5.0, "no capacity left"]]
    assert "75.0%" in repr(found)


def test_a_tighter_window_and_chosen_kitchens_only_narrow_it() -> None:
    cover = coverage_of([[5, 20], [10, 15]], [1, 1])
    assert deliver(cover, window_minutes=12).unserved["village"].tolist() == ["home:1"]
    only = deliver(cover, kitchens=pd.Index(["kitchen:0"]))
    assert only.rows["kitchen"].unique().tolist() == ["kitchen:0"]
    assert only.kitchens.index.tolist() == ["kitchen:0"]


def test_nobody_in_reach_is_an_answer_too() -> None:
    found = deliver(coverage_of([[50, 60]], [3, 4]), meals_per_person=2.0)
    assert (len(found.rows), found.share, found.unserved["meals"].sum()) == (0, 0.0, 14.0)


@pytest.mark.parametrize("meals", [0, -1, float("nan")])
def test_impossible_numbers_are_refused(meals: float) -> None:
    with pytest.raises(QuestionError, match="above 0"):
        deliver(coverage_of([[5]], [1]), meals_per_person=meals)
    with pytest.raises(DataError, match="kitchen:0 is -5"):
        deliver(coverage_of([[5]], [1]), capacity=pd.Series({"kitchen:0": -5}))


minutes = st.one_of(st.integers(1, 29).map(float), st.just(float("inf")))


@settings(max_examples=25, deadline=None)
@given(
    table=st.lists(st.lists(minutes, min_size=4, max_size=4), min_size=3, max_size=3),
    rooms=st.lists(st.integers(0, 4), min_size=3, max_size=3),
)
def test_no_other_assignment_brings_more_meals_or_as_many_with_less_driving(
    table: list[list[float]], rooms: list[int]
) -> None:
    found = deliver(coverage_of(table, [1.0] * 4), capacity=pd.Series(rooms, index=[f"kitchen:{k}" for k in range(3)]))
    best = (0.0, 0.0)
    for choice in product([None, 0, 1, 2], repeat=4):
        used = [choice.count(kitchen) for kitchen in range(3)]
        times = [table[kitchen][at] for at, kitchen in enumerate(choice) if kitchen is not None]
        if all(np.isfinite(times)) and all(one <= room for one, room in zip(used, rooms, strict=True)):
            best = max(best, (float(len(times)), -sum(times)))
    meals = found.rows["meals"].sum()
    assert meals == pytest.approx(best[0], abs=1e-6)
    assert (found.rows["meals"] * found.rows["minutes"]).sum() == pytest.approx(-best[1], abs=1e-4)
    assert meals + found.unserved["meals"].sum() == pytest.approx(4)
