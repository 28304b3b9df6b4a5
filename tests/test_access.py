"""Access: readings side by side, and people by unit in whole numbers that add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planner.access import TOTAL, UNASSIGNED, readings, summarise
from planner.area import StudyArea
from planner.coverage import Coverage, cover
from planner.errors import QuestionError
from planner.network import Network, build_network
from planner.optimise import maximise_coverage
from planner.plan import Plan, Scenario
from planner.services import walking_readings
from tests.town import demand_of, roads_of, sites_of


@pytest.fixture
def street() -> Network:
    """One straight street of 2 km through both districts, walked at 0.80 m/s."""
    return build_network(roads_of([[(0, 500), (2000, 500)]]), mode="walk", metres_per_second=0.80)


def test_the_four_readings_differ_only_in_their_metres(street: Network) -> None:
    homes = demand_of([(x, 500) for x in (576, 577, 720, 721, 800, 801, 1000, 1001)])
    read = readings(street, homes, sites_of([(0, 500)], existing=True))
    shares = read.shares(["site:0"])
    assert shares["metres"].tolist() == [1000, 800, 720, 576]
    assert shares["share"].tolist() == [7 / 8, 5 / 8, 3 / 8, 1 / 8]
    assert all(shares["source"])


def test_fault_71_a_point_at_exactly_the_limit_is_covered_in_every_reading(street: Network) -> None:
    for way in walking_readings():
        read = readings(street, demand_of([(way.metres, 500)]), sites_of([(0, 500)]))
        assert read.coverages[way.key].share(["site:0"]) == 1.0


def test_a_reading_equals_a_search_of_its_own(street: Network, rng: np.random.Generator) -> None:
    homes = demand_of([(float(x), 500.0 + float(y)) for x, y in rng.uniform((0, -80), (2000, 80), (60, 2))])
    sites = sites_of([(float(x), 500.0) for x in rng.uniform(0, 2000, 5)])
    read = readings(street, homes, sites)
    for way in walking_readings():
        alone = cover(street, homes, sites, minutes=way.metres / 48)
        assert np.array_equal(read.coverages[way.key].points, alone.points)
        assert np.array_equal(read.coverages[way.key].starts, alone.starts)


def test_readings_are_refused_for_driving() -> None:
    drive = build_network(roads_of([[(0, 0), (500, 0)]]), mode="drive")
    with pytest.raises(QuestionError, match="walking services"):
        readings(drive, demand_of([(0, 0)]), sites_of([(0, 0)]))


@pytest.fixture
def plan(street: Network, rng: np.random.Generator) -> Plan:
    """Sixty homes with fractions of people, one existing site and two new ones."""
    homes = demand_of(
        [(float(x), 500.0) for x in rng.uniform(0, 2000, 58)] + [(1500.0, 1900.0), (2600.0, 500.0)],
        [float(n) for n in rng.uniform(0, 9, 60)],
    )
    today = sites_of([(100, 500)], existing=True, prefix="today")
    could = sites_of([(float(x), 500.0) for x in range(300, 2000, 200)])
    coverage = cover(street, homes, today + could, minutes=5)
    return maximise_coverage(Scenario("两处", coverage, new=2))


def test_every_row_adds_up_and_rows_add_up_to_the_total(plan: Plan, area: StudyArea) -> None:
    summary = summarise(plan, by=area.units)
    for level in ("district", "town"):
        table = summary.table(level)
        assert (table["people"] == table["covered"] + table["uncovered"] + table["not_connected"]).all()
        assert (table["covered"] == table["covered_before"] + table["newly_covered"] - table["no_longer_covered"]).all()
        counts = table.select_dtypes("int64")
        assert (counts.drop(TOTAL).sum() == counts.loc[TOTAL]).all()
    districts, towns = summary.table("district"), summary.table("town")
    for code, unit in districts.set_index("code")["people"].drop("").items():
        assert towns.loc[towns["parent"] == code, "people"].sum() == unit


def test_shown_people_are_within_one_of_the_exact_number(plan: Plan, area: StudyArea) -> None:
    overall = summarise(plan, by=area.units).overall
    assert overall["people"] == round(plan.scenario.coverage.demand.total)
    assert overall["covered"] == round(plan.value)
    assert overall["share"] == overall["covered"] / overall["people"]
    assert overall["new_sites"] == 2
    assert overall["existing_sites"] == 1


def test_people_in_no_unit_and_not_connected_are_listed(plan: Plan, area: StudyArea) -> None:
    table = summarise(plan, by=area.units).table("town")
    people = plan.scenario.coverage.demand["people"]
    assert abs(table.loc[UNASSIGNED, "people"] - people["home:59"]) < 1
    assert abs(table.loc[TOTAL, "not_connected"] - people[~plan.scenario.coverage.connected].sum()) < 1
    assert table.loc[TOTAL, "not_connected"] > 0


def test_todays_coverage_is_summarised_without_a_plan(plan: Plan, area: StudyArea) -> None:
    overall = summarise(plan.scenario.coverage, by=area.units).overall
    assert overall["covered"] == overall["covered_before"]
    assert overall["new_sites"] == 0


def test_readings_stand_beside_the_plan_in_every_row(street: Network, area: StudyArea) -> None:
    homes = demand_of([(float(x), 500.0) for x in range(0, 2000, 7)], [0.7] * 286)
    today, could = sites_of([(100, 500)], existing=True, prefix="today"), sites_of([(1200, 500)])
    read = readings(street, homes, today + could)
    plan = maximise_coverage(Scenario("一处", read.at(15), new=1))
    table = summarise(plan, by=area.units, readings=read).table("town")
    assert (table["typical"] == table["covered"]).all()
    assert (table["frail"] <= table["typical"]).all()
    assert (table["standard_1000_before"] >= table["typical_before"]).all()


def test_fault_77_nobody_at_all_is_a_valid_answer(street: Network, area: StudyArea) -> None:
    nobody = demand_of([(10, 500)], [0.0])
    coverage = cover(street, nobody, sites_of([(0, 500)], existing=True), minutes=15)
    table = summarise(coverage, by=area.units).table("district")
    assert table["people"].sum() == 0
    assert table["share"].isna().all()


def test_an_unknown_level_is_told_with_those_there_are(plan: Plan, area: StudyArea) -> None:
    with pytest.raises(QuestionError, match="village"):
        summarise(plan, by=area.units).table("village")


def test_a_closed_site_shows_whom_it_leaves(street: Network, area: StudyArea) -> None:
    homes, sites = demand_of([(0, 500), (1900, 500)]), sites_of([(0, 500), (1900, 500)], existing=True)
    coverage = Coverage.from_pairs(
        homes, sites, site=np.array([0, 1]), point=np.array([0, 1]), minutes=np.zeros(2), limit=15
    )
    scenario = Scenario("关闭一处", coverage, new=0, keep=["site:0"], avoid=["site:1"])
    overall = summarise(maximise_coverage(scenario), by=area.units).overall
    assert (overall["covered_before"], overall["covered"], overall["no_longer_covered"]) == (2, 1, 1)
    assert isinstance(summarise(coverage, by=area.units).table("town"), pd.DataFrame)
