"""Access measures: catchments, inequality and times, against cases worked by hand and PySAL."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.access import floating_catchments, gaussian_decay, inequality, nearest_times, step_decay
from planner.coverage import Coverage
from planner.errors import ColumnError, DataError, QuestionError
from planner.sites import Sites
from tests.town import demand_of, sites_of


def coverage_of(minutes: list[list[float | None]], people: list[float], capacity: list[float | None]) -> Coverage:
    """Coverage from a table of minutes, one row a site; None is out of reach."""
    sites = Sites(sites_of([(0, at) for at in range(len(minutes))], existing=True).frame.assign(capacity=capacity))
    pairs = [(i, j, m) for i, row in enumerate(minutes) for j, m in enumerate(row) if m is not None]
    site, point, time = (np.array(part) for part in zip(*pairs, strict=True))
    demand = demand_of([(9, at) for at in range(len(people))], people)
    return Coverage.from_pairs(demand, sites, site=site, point=point, minutes=time, limit=15)


def test_a_catchment_shares_supply_among_all_in_reach() -> None:
    coverage = coverage_of([[1, 2, None], [None, 3, 4]], [10, 30, 20], [40, 100])
    each = floating_catchments(coverage, coverage.sites.ids)
    assert each.tolist() == [1.0, 1.0 + 2.0, 2.0]  # 40/40 and 100/50


def test_catchments_give_back_the_whole_supply() -> None:
    coverage = coverage_of([[1, 9, None], [None, 3, 14]], [10, 30, 20], [40, 100])
    for decay in (None, gaussian_decay(15), step_decay({5: 1.0, 10: 0.68, 15: 0.22})):
        each = floating_catchments(coverage, coverage.sites.ids, decay=decay)
        assert (each * coverage.demand["people"]).sum() == pytest.approx(140)


# what PySAL's access 1.1.10 gives: two_stage_fca(max_cost=15), plain and with weights.step_fn of the same zones
PYSAL = {
    "plain": [
        0.5814805965, 0.5814805965, 0.4902397206, 0.3619946927, 0.4669767797, 0.4252305965,
        0.4902397206, 0.3619946927, 0.4669767797, 0.4252305965, 0.5814805965, 0.4925917076,
    ],
    "enhanced": [
        0.6412225909, 0.5100095654, 0.4437978599, 0.3417908056, 0.4898472306, 0.4580062561,
        0.4437978599, 0.3417908056, 0.4898472306, 0.4580062561, 0.5822099959, 0.4935993255,
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", PYSAL)
def test_catchments_equal_pysals(form: str) -> None:
    minutes = [[(7 * i + 5 * j) % 19 + 0.5 for j in range(12)] for i in range(5)]
    table = [[m if m <= 15 else None for m in row] for row in minutes]
    coverage = coverage_of(table, [10.0 + 3 * j for j in range(12)], [20.0 + 5 * i for i in range(5)])
    decay = step_decay({5: 1.0, 10: 0.68, 15: 0.22}) if form == "enhanced" else None
    each = floating_catchments(coverage, coverage.sites.ids, decay=decay)
    assert each.to_numpy() == pytest.approx(PYSAL[form], abs=1e-9)


def test_zones_weigh_nearer_people_more() -> None:
    decay = step_decay({5: 1.0, 10: 0.5})
    assert decay(np.array([0, 5, 5.1, 10, 10.1])).tolist() == [1, 1, 0.5, 0.5, 0]
    assert gaussian_decay(15)(np.array([0.0, 15.0])).tolist() == [1, 0]


def test_an_unknown_supply_is_told_by_site() -> None:
    coverage = coverage_of([[1]], [10], [None])
    with pytest.raises(ColumnError, match="site:0"):
        floating_catchments(coverage, coverage.sites.ids)


def test_equal_shares_are_no_inequality() -> None:
    found = inequality(pd.Series([2.0, 2.0]), pd.Series([5.0, 9.0]))
    assert (found.gini, found.theil, found.worst_tenth) == pytest.approx((0, 0, 0.1))


def test_one_has_all_is_as_unequal_as_it_gets() -> None:
    found = inequality(pd.Series([0.0] * 99 + [1.0]), pd.Series([1.0] * 100))
    assert found.gini == pytest.approx(0.99)
    assert found.theil == pytest.approx(math.log(100))
    assert found.worst_tenth == 0


def test_theil_splits_into_between_and_within_districts() -> None:
    by = pd.Series(["东", "东", "西", "西"])
    between_only = inequality(pd.Series([1.0, 1.0, 3.0, 3.0]), pd.Series([1.0] * 4), by=by)
    assert between_only.within == pytest.approx(0)
    within_only = inequality(pd.Series([1.0, 3.0, 1.0, 3.0]), pd.Series([1.0] * 4), by=by)
    assert within_only.between == pytest.approx(0)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 20)), min_size=2, max_size=12))
def test_gini_equals_the_mean_difference_of_all_pairs(rows: list[tuple[float, int]]) -> None:
    each = np.repeat([amount for amount, _ in rows], [people for _, people in rows])
    if each.sum() < 1e-6:
        return
    found = inequality(pd.Series([a for a, _ in rows]), pd.Series([float(n) for _, n in rows])).gini
    mean_difference = np.abs(each[:, None] - each[None, :]).mean()
    assert found == pytest.approx(mean_difference / (2 * each.mean()), abs=1e-9)


def test_nothing_to_share_is_refused() -> None:
    with pytest.raises(DataError, match="somebody to share something"):
        inequality(pd.Series([0.0]), pd.Series([1.0]))
    with pytest.raises(DataError, match="known and 0 or more"):
        inequality(pd.Series([np.nan]), pd.Series([1.0]))


def test_times_count_people_not_points_and_those_out_of_reach() -> None:
    coverage = coverage_of([[2, 6, None, 14]], [10, 70, 10, 10], [1])
    times = nearest_times(coverage, ["site:0"])
    assert times.quantile(0.5) == 6
    assert times.quantile(0.9) == 14
    assert times.quantile(0.95) is None
    assert times.out_of_reach == 10
    assert times.share_within(6) == 0.8
    assert times.mean == pytest.approx((20 + 420 + 140) / 90)
    assert repr(times) == "<Times: median 6.0 minutes, nine in ten 14.0 minutes, 10 people out of reach>"
    with pytest.raises(QuestionError, match="share"):
        times.quantile(0)
