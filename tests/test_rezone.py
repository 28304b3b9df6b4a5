"""Proposed changes of borders: who and what they move, and coverage by unit before and after."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box

from planner.area import Units
from planner.coverage import Coverage
from planner.demand import Demand
from planner.errors import DataError, IdError, QuestionError
from planner.layers import Layer
from planner.rezone import Rezoning, merge_units, split_unit, transfer_land, weigh
from tests.town import CRS, SOUTH, WEST, demand_of, sites_of


def cell(x: float, y: float, width: float = 1000, height: float = 1000) -> object:
    return box(WEST + x, SOUTH + y, WEST + x + width, SOUTH + y + height)


@pytest.fixture
def units() -> Units:
    ids = pd.Index(["u:1", "u:2", "u:3"], name="id", dtype=object)
    data = {"code": ["1", "2", "3"], "name": ["甲", "乙", "丙"], "level": "district", "parent": ""}
    return Units(gpd.GeoDataFrame(data, index=ids, geometry=[cell(0, 0), cell(1000, 0), cell(2000, 0)], crs=CRS))


@pytest.fixture
def people() -> Demand:
    return demand_of([(500, 500), (1100, 500), (1500, 500), (2500, 500)], [10, 20, 30, 40])


@pytest.fixture
def coverage(people: Demand) -> Coverage:
    sites = sites_of([(500, 500), (2500, 500)], existing=True)
    pairs = np.array([[0, 0], [0, 1], [1, 3]])
    return Coverage.from_pairs(
        people, sites, site=pairs[:, 0], point=pairs[:, 1], minutes=np.array([1.0, 9, 2]), limit=15
    )


def test_a_merger_adds_up_people_area_and_coverage(units: Units, coverage: Coverage) -> None:
    plan = merge_units(units, ["u:1", "u:2"], into="u:1", name="新甲", title="甲乙合并")
    impact = weigh(plan, coverage=coverage)
    row = impact.units.loc["u:1"]
    assert row["name"] == "新甲"
    assert row[["people_before", "people_after"]].tolist() == [10, 60]
    assert row[["covered_before", "covered_after"]].tolist() == [10, 30]
    assert row[["share_before", "share_after"]].tolist() == [1.0, 0.5]
    assert row["square_kilometres_after"] == pytest.approx(2)
    assert np.isnan(impact.units.loc["u:2", "people_after"])
    assert impact.moves[["from", "to", "people", "covered"]].to_numpy().tolist() == [["u:2", "u:1", 50.0, 20.0]]
    assert impact.units["people_after"].sum() == impact.units["people_before"].sum() == 100
    assert plan.touched == ["u:1", "u:2"]


def test_a_transfer_of_villages_moves_those_who_live_there_and_what_stands_there(units: Units, people: Demand) -> None:
    village = (
        units.frame.iloc[:1]
        .assign(level="village")
        .set_geometry([cell(1000, 0, 300)], crs=CRS)
        .set_index(pd.Index(["v:1"], name="id"))
    )
    plan = transfer_land(units, Units(village), to="u:1", title="划转一村")
    road = gpd.GeoDataFrame(
        index=pd.Index(["road:1"], name="id"),
        geometry=[LineString([(WEST + 1000, SOUTH + 5), (WEST + 1290, SOUTH + 5)])],
        crs=CRS,
    )
    doors = gpd.GeoDataFrame(
        {"name": ["东路1号", "东路2号", "西路9号"]},
        index=pd.Index(["address:1", "address:2", "address:9"], name="id"),
        geometry=[Point(WEST + x, SOUTH + 5) for x in (1010, 1020, 1900)],
        crs=CRS,
    )
    sites = sites_of([(1100, 100), (1900, 100)], existing=True)
    impact = weigh(plan, people=people, facilities=sites, names=Layer(road), addresses=Layer(doors))
    assert impact.moves.to_numpy().tolist() == [["u:2", "u:1", 20.0, 1.0, 1.0, 2.0]]
    assert impact.touched[["kind", "id", "from", "to"]].to_numpy().tolist() == [
        ["facilities", sites.ids[0], "u:2", "u:1"], ["names", "road:1", "u:2", "u:1"],
        ["addresses", "address:1", "u:2", "u:1"], ["addresses", "address:2", "u:2", "u:1"],
    ]  # fmt: skip
    assert impact.touched["name"].tolist()[2:] == ["东路1号", "东路2号"]
    assert impact.units.loc["u:1", "square_kilometres_after"] == pytest.approx(1.3)
    assert impact.units.loc["u:2", "facilities_after"] == 1
    assert "20 people" in repr(impact)


def test_a_unit_whose_land_all_goes_is_gone(units: Units) -> None:
    plan = transfer_land(units, cell(1000, 0), to="u:3", title="整体划转")  # type: ignore[arg-type]
    assert list(plan.after.ids) == ["u:1", "u:3"]


def test_a_split_deals_out_people(units: Units, people: Demand) -> None:
    parts = {"u:2": ("乙", cell(1000, 0, 400)), "u:4": ("丁", cell(1400, 0, 600))}
    impact = weigh(split_unit(units, "u:2", parts, title="析置"), people=people)  # type: ignore[arg-type]
    assert impact.units["people_after"].to_dict() == {"u:1": 10, "u:2": 20, "u:3": 40, "u:4": 30}


def test_land_is_neither_lost_nor_won(units: Units) -> None:
    with pytest.raises(DataError, match="loses no land"):
        Rezoning("丢地", units, Units(units.frame.iloc[:2]))
    with pytest.raises(DataError, match="none of the units"):
        transfer_land(units, cell(9000, 0), to="u:1", title="x")  # type: ignore[arg-type]


def test_questions_that_make_no_sense_are_refused(units: Units, people: Demand, coverage: Coverage) -> None:
    with pytest.raises(IdError, match="no unit 'u:9'"):
        merge_units(units, ["u:1", "u:9"], into="u:1", title="x")
    with pytest.raises(QuestionError, match="at least two"):
        merge_units(units, ["u:1"], into="u:1", title="x")
    plan = merge_units(units, ["u:1", "u:2"], into="u:1", title="x")
    with pytest.raises(QuestionError, match="not both"):
        weigh(plan, people=demand_of([(1, 1)]), coverage=coverage)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(1, 2999), st.floats(1, 999), st.floats(0, 50)), min_size=1, max_size=20),
    st.floats(1050, 1950),
)
def test_totals_are_kept_whatever_moves(homes: list[tuple[float, float, float]], cut: float) -> None:
    ids = pd.Index(["u:1", "u:2"], name="id", dtype=object)
    data = {"code": ["1", "2"], "name": ["甲", "乙"], "level": "district", "parent": ""}
    two = Units(gpd.GeoDataFrame(data, index=ids, geometry=[cell(0, 0), cell(1000, 0, 2000)], crs=CRS))
    live = demand_of([(x, y) for x, y, _ in homes], [n for _, _, n in homes])
    impact = weigh(transfer_land(two, cell(1000, 0, cut - 1000), to="u:1", title="x"), people=live)  # type: ignore[arg-type]
    assert impact.units["people_before"].sum() == pytest.approx(live.total)
    assert impact.units["people_after"].sum() == pytest.approx(live.total)
    gained = impact.units.loc["u:1", "people_after"] - impact.units.loc["u:1", "people_before"]
    assert gained == pytest.approx(impact.moves["people"].sum())
