"""Layers keep their contract: IDs, geometry, CRS and columns are checked once, and nothing changes afterwards."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point, Polygon

from planner.demand import Demand
from planner.errors import ColumnError, CrsError, DataError, IdError, PeriodError
from planner.layers import Layer, Period, same_crs
from tests.town import CRS, SOUTH, WEST, demand_of, sites_of


def frame(**columns: object) -> gpd.GeoDataFrame:
    given = {"people": [1.0, 2.0]} | columns
    return gpd.GeoDataFrame(
        given, geometry=[Point(WEST, SOUTH), Point(WEST + 9, SOUTH)], index=pd.Index(["a", "b"]), crs=CRS
    )


def test_what_a_layer_hands_out_is_a_copy() -> None:
    people = Demand(frame())
    handed_out = people.frame
    handed_out.loc["a", "people"] = 99.0
    handed_out.geometry.array[0] = Point(0, 0)
    assert people.total == 3.0
    assert people.xy[0].tolist() == [WEST, SOUTH]
    with pytest.raises(ValueError, match="read-only"):
        people.people[0] = 5


def test_row_numbers_are_refused_as_ids() -> None:
    with pytest.raises(IdError, match="row numbers"):
        Demand(frame().reset_index(drop=True))


def test_fault_78_repeated_ids_are_refused_by_name() -> None:
    with pytest.raises(IdError, match="first 'a'"):
        Demand(frame().set_axis(["a", "a"]))
    with pytest.raises(IdError, match="site:0"):
        sites_of([(0, 0)]) + sites_of([(1, 1)], existing=True)


def test_a_missing_id_is_refused() -> None:
    with pytest.raises(IdError, match="without an ID"):
        Demand(frame().set_axis(["a", None]))


@pytest.mark.parametrize("people", [[1.0, -1.0], [1.0, np.nan], [1.0, np.inf]])
def test_negative_nan_and_infinite_people_are_refused_with_the_record(people: list[float]) -> None:
    with pytest.raises(ColumnError, match=r"people \(persons\) is impossible in 1 records, first 'b'"):
        Demand(frame(people=people))


def test_a_missing_column_is_named_with_those_there_are() -> None:
    with pytest.raises(ColumnError, match=r"needs a column 'people' \(persons\); it has geometry"):
        Demand(frame().drop(columns="people"))


def test_a_layer_needs_a_crs_in_metres() -> None:
    with pytest.raises(CrsError, match="no CRS"):
        Demand(frame().set_crs(None, allow_override=True))
    with pytest.raises(CrsError, match="projected CRS in metres, not EPSG:4490"):
        Demand(frame().to_crs(4490))


def test_a_crs_that_stretches_metres_is_refused() -> None:
    with pytest.raises(CrsError, match=r"EPSG:3857 stretches metres by \d+"):
        Demand(frame().to_crs(3857))


def test_fault_54_a_wrong_zone_is_refused() -> None:
    with pytest.raises(CrsError, match="right zone"):
        Demand(frame().set_crs(4534, allow_override=True).assign(geometry=[Point(2e6, SOUTH), Point(2e6, SOUTH)]))


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        (None, "without geometry, first 'b'"),
        (Point(), "without geometry, first 'b'"),
        (Point(np.inf, 1.0), "NaN or infinite coordinates, first 'b'"),
        (LineString([(WEST, SOUTH), (WEST + 1, SOUTH)]), "takes Point geometry, not LineString, first 'b'"),
    ],
)
def test_fault_50_51_broken_geometry_is_refused_with_the_record(geometry: object, message: str) -> None:
    bad = frame()
    bad.geometry = gpd.GeoSeries([Point(WEST, SOUTH), geometry], index=bad.index, crs=CRS)
    with pytest.raises(DataError, match=message):
        Demand(bad)


def test_fault_58_an_invalid_polygon_is_refused_with_the_reason() -> None:
    bow_tie = Polygon([(WEST, SOUTH), (WEST + 9, SOUTH + 9), (WEST + 9, SOUTH), (WEST, SOUTH + 9)])
    with pytest.raises(DataError, match="Self-intersection"):
        Layer(gpd.GeoDataFrame(geometry=[bow_tie], index=["a"], crs=CRS))


def test_an_empty_layer_is_a_layer() -> None:
    empty = Demand(frame().iloc[:0])
    assert len(empty) == 0
    assert empty.total == 0


def test_unknown_ids_are_named() -> None:
    with pytest.raises(IdError, match=r"unknown Demand IDs: 'zz' \(1 of 2 asked\)"):
        demand_of([(0, 0)]).positions(["home:0", "zz"])


def test_layers_in_two_crs_are_refused_naming_both() -> None:
    other = Demand(frame().to_crs(32651))
    with pytest.raises(CrsError, match=r"EPSG:4549.*EPSG:32651"):
        same_crs(Demand(frame()), other)


def test_a_band_must_hold_people() -> None:
    with pytest.raises(ColumnError, match="60-64"):
        Demand(frame(), bands=("60-64",))


def test_a_period_is_half_open_and_may_be_unbounded() -> None:
    year = Period(date(2024, 1, 1), date(2025, 1, 1))
    assert date(2024, 1, 1) in year
    assert date(2025, 1, 1) not in year
    assert not year.overlaps(Period(date(2025, 1, 1)))
    assert year.overlaps(Period(None, date(2024, 1, 2)))
    with pytest.raises(PeriodError, match="must start before it ends"):
        Period(date(2025, 1, 1), date(2025, 1, 1))


def test_records_tell_themselves_in_one_line() -> None:
    assert repr(demand_of([(0, 0), (1, 1)])) == "<Demand of 2 people at 2 points, EPSG:4549>"
    named = sites_of([(0, 0)])
    assert "&lt;Sites: 0 existing and 1 possible" in named._repr_html_()
