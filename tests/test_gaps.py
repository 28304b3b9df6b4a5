"""Gaps and small counts: who is out of reach, named; and what may not be printed, hidden for good."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.access import TOTAL, find_gaps, summarise, suppress, suppress_counts
from planner.access.suppression import Known, hide
from planner.area import StudyArea
from planner.coverage import Coverage, cover
from planner.demand import Demand
from planner.errors import DataError, QuestionError
from planner.network import Network, build_network
from planner.optimise import maximise_coverage
from planner.plan import Scenario
from tests.plans import small_readings
from tests.town import demand_of, roads_of, sites_of


@pytest.fixture
def street() -> Network:
    """One straight street of 2 km through both districts, walked at 0.80 m/s."""
    return build_network(roads_of([[(0, 500), (2000, 500)]]), mode="walk", metres_per_second=0.80)


@pytest.fixture
def coverage(street: Network) -> Coverage:
    """A station at the west end; two hamlets, a lone house and one off the road out of its five minutes."""
    homes = demand_of(
        [(50, 500), (700, 500), (750, 500), (1500, 500), (1600, 500), (1950, 500), (1500, 1600)],
        [30, 20, 40, 50, 25.5, 3, 8],
    )
    could = sites_of([(1550, 500)], prefix="new")
    return cover(street, homes, sites_of([(0, 500)], existing=True) + could, minutes=5)


def test_gaps_are_named_clusters_most_people_first(coverage: Coverage, area: StudyArea) -> None:
    gaps = find_gaps(coverage, by=area.units, near_metres=150, least_people=30)
    assert gaps["name"].tolist() == ["东南街道空白区1", "西南街道空白区1", "东南街道零散人口", "东北街道未接入路网"]
    assert gaps["people"].tolist() == [75.5, 60, 3, 8]
    assert gaps["points"].tolist() == [2, 2, 1, 1]
    assert gaps.index.tolist() == ["gap:1", "gap:2", "gap:3", "gap:4"]
    assert gaps.geometry.iloc[1].x == pytest.approx(500_000 + (20 * 700 + 40 * 750) / 60)


def test_a_gap_tells_the_nearest_open_station_and_how_far(coverage: Coverage, area: StudyArea, street: Network) -> None:
    gaps = find_gaps(coverage, by=area.units, near_metres=150, least_people=30, network=street)
    assert gaps["site"].tolist() == ["site:0"] * 4
    assert gaps["metres"].iloc[1] == pytest.approx((20 * 700 + 40 * 750) / 60)
    assert gaps["minutes"].iloc[1] == pytest.approx(750 / 48)
    assert np.isnan(gaps["minutes"].iloc[3])  # it hangs on no road
    near = find_gaps(coverage, by=area.units, near_metres=150, least_people=30, network=street, search_minutes=10)
    assert near["minutes"].isna().all()


def test_nobody_out_of_reach_is_lost(coverage: Coverage, area: StudyArea) -> None:
    missed = coverage.demand.total * (1 - coverage.share(["site:0"]))
    for metres, least in product((50, 150, 5000), (1, 60, 10_000)):
        gaps = find_gaps(coverage, by=area.units, near_metres=metres, least_people=least)
        assert gaps["people"].sum() == pytest.approx(missed)
        assert gaps["points"].sum() == 6


def test_the_order_of_rows_changes_no_gap(coverage: Coverage, area: StudyArea) -> None:
    turned = np.arange(len(coverage.demand))[::-1]
    back = np.argsort(turned)
    other = Coverage(
        Demand(coverage.demand.frame.iloc[turned]), coverage.sites, coverage.starts, back[coverage.points],
        coverage.minutes, coverage.limit, coverage.connected[turned], coverage.connected_sites,
    )  # fmt: skip
    pd.testing.assert_frame_equal(
        pd.DataFrame(find_gaps(coverage, by=area.units)), pd.DataFrame(find_gaps(other, by=area.units))
    )


def test_a_plan_closes_the_gap_it_was_made_for(coverage: Coverage, area: StudyArea) -> None:
    plan = maximise_coverage(Scenario("一处", coverage, new=1))
    gaps = find_gaps(plan, by=area.units, near_metres=150, least_people=30, lang="en")
    assert gaps["name"].tolist() == ["西南街道, gap 1", "东南街道, scattered", "东北街道, not connected"]
    assert gaps["site_name"].iloc[1] == "new 0"


def test_gaps_outside_all_units_are_named_so(street: Network, area: StudyArea) -> None:
    coverage = cover(street, demand_of([(-100, 500)], [90]), sites_of([(1900, 500)], existing=True), minutes=5)
    gaps = find_gaps(coverage, by=area.units, lang="zh")
    assert gaps["name"].tolist() == ["区划外空白区1"]


def test_no_gap_is_an_empty_table(street: Network, area: StudyArea) -> None:
    coverage = cover(street, demand_of([(10, 500)]), sites_of([(0, 500)], existing=True), minutes=5)
    gaps = find_gaps(coverage, by=area.units, network=street)
    assert len(gaps) == 0
    assert gaps.crs == coverage.demand.crs


def test_without_any_station_a_gap_names_none(street: Network, area: StudyArea) -> None:
    coverage = cover(street, demand_of([(10, 500)], [99]), sites_of([(0, 500)]), minutes=5)
    gaps = find_gaps(coverage, by=area.units, network=street)
    assert gaps["site"].tolist() == [""]
    assert gaps[["metres", "minutes"]].isna().all(axis=None)


def test_impossible_distances_are_refused(coverage: Coverage, area: StudyArea) -> None:
    with pytest.raises(QuestionError, match="near_metres"):
        find_gaps(coverage, by=area.units, near_metres=0)


def test_fault_49_a_small_count_is_shown_as_less_than_ten_with_a_second_beside_it() -> None:
    assert suppress_counts(pd.Series([4, 30, 12, 50])).tolist() == ["<10", 30, "※", 50]
    assert suppress_counts(pd.Series([4, 5, 12])).tolist() == ["<10", "<10", 12]
    assert suppress_counts(pd.Series([10, 30])).tolist() == [10, 30]
    assert suppress_counts(pd.Series([0, 30, 40]), show_zeros=True).tolist() == [0, 30, 40]
    assert suppress_counts(pd.Series([0, 30, 40])).tolist() == ["<10", "※", 40]


def test_fault_49_two_nines_that_fill_their_total_are_not_given_away() -> None:
    known = Known.of(3, [{0: 1, 1: 1, 2: -1}])
    assert hide(np.array([9, 9, 18]), known).all()  # else 18 tells both, as neither can be more


def test_counts_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(DataError, match="do not add up"):
        hide(np.array([1, 2, 4]), Known.of(3, [{0: 1, 1: 1, 2: -1}]))
    with pytest.raises(QuestionError, match="limit"):
        hide(np.array([1]), Known.of(1, []), limit=1)


def tables_that_read_the_same(
    counts: np.ndarray, hidden: np.ndarray, known: Known, limit: int
) -> list[tuple[int, ...]]:
    """All tables a reader must think possible, by trying every one (counts up to 25)."""
    ranges = [
        range(int(value), int(value) + 1) if not away else range(limit) if value < limit else range(limit, 26)
        for value, away in zip(counts, hidden, strict=True)
    ]
    tables = np.array(list(product(*ranges)))
    return [tuple(t) for t in tables[(np.abs(known.sums @ tables.T) < 1e-9).all(axis=0)]]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=4, max_size=4))
def test_fault_49_no_hidden_count_of_a_small_table_follows_from_the_rest(inside: list[int]) -> None:
    table = np.array(inside).reshape(2, 2)
    full = np.vstack([np.column_stack([table, table.sum(1)]), np.append(table.sum(0), table.sum())]).ravel()
    rows = [{3 * r: 1, 3 * r + 1: 1, 3 * r + 2: -1} for r in range(3)]
    columns = [{c: 1, 3 + c: 1, 6 + c: -1} for c in range(3)]
    known = Known.of(9, rows + columns)
    hidden = hide(full, known, limit=4)
    assert hidden[full < 4].all()
    if np.prod(np.where(full[hidden] < 4, 4, 22)) > 1e5:
        return  # too many tables to try
    tables = tables_that_read_the_same(full, hidden, known, 4)
    assert all(len({table[cell] for table in tables}) > 1 for cell in np.flatnonzero(hidden))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 6), st.integers(2, 5))
def test_fault_49_no_hidden_count_is_a_sum_of_shown_ones(seed: int, units: int, classes: int) -> None:
    inside = np.random.default_rng(seed).poisson(11, (units, classes))
    full = np.vstack([np.column_stack([inside, inside.sum(1)]), np.append(inside.sum(0), inside.sum())])
    at = np.arange(full.size).reshape(full.shape)
    sums = [{**dict.fromkeys(map(int, row[:-1]), 1), int(row[-1]): -1} for row in (*at, *at.T)]
    known = Known.of(full.size, sums)
    hidden = hide(full.ravel(), known)
    matrix = known.sums.toarray()[:, hidden]
    rank = np.linalg.matrix_rank(matrix) if hidden.any() else 0
    for cell in range(int(hidden.sum())):  # a cell follows where its own unit row is a sum of the known ones
        own = np.eye(int(hidden.sum()))[cell]
        assert np.linalg.matrix_rank(np.vstack([matrix, own])) > rank


def test_fault_49_a_summary_hides_small_counts_in_all_its_tables_together(area: StudyArea) -> None:
    read = small_readings()
    summary = summarise(read.at(10), by=area.units, readings=read)
    safe = suppress(summary)
    for level in ("district", "town"):
        plain, printed = summary.table(level), safe.table(level)
        counts = [name for name in plain.select_dtypes("int64") if not name.endswith("_sites")]
        for name in counts:
            small = plain[name] < 10
            assert (printed.loc[small, name] == "<10").all()
            assert printed.loc[~small, name].map(lambda v: v == "※" or v >= 10).all()
        assert (printed["existing_sites"] == plain["existing_sites"]).all()
        gone = safe.hidden[level]["people"] | safe.hidden[level]["covered"]
        assert (printed.loc[gone, "share"] == "※").all()
        for row, away in safe.hidden[level].iterrows():  # people = covered + uncovered + not connected
            parts = away[["people", "covered", "uncovered", "not_connected"]]
            assert parts.sum() != 1, row
    assert safe.overall["people"] == summary.overall["people"]
    assert "<10" in safe.note()
    assert "hidden" in repr(safe)
    assert safe.table("town").loc[TOTAL, "people"] == summary.overall["people"]
