"""Area and units: where a point belongs, and which CRS an area is measured in."""

from __future__ import annotations

from datetime import date

import pytest
from pyproj import CRS

from planner.area import StudyArea, area_in_box, metric_crs
from planner.errors import CrsError, DataError
from tests.town import demand_of, units_of


def test_fault_60_a_point_on_a_border_belongs_to_the_unit_with_the_smaller_code() -> None:
    units = units_of(
        ("379902", "西", "district", "", (0, 0, 100, 100)), ("379901", "东", "district", "", (100, 0, 200, 100))
    )
    found = units.locate(demand_of([(100, 50), (50, 50), (150, 50), (500, 500)]), "district")
    assert found.tolist() == ["unit:379901", "unit:379902", "unit:379901", None]


def test_fault_60_a_point_in_two_overlapping_units_belongs_to_the_smaller_code() -> None:
    units = units_of(
        ("379902", "乙", "district", "", (0, 0, 100, 100)), ("379901", "甲", "district", "", (50, 0, 200, 100))
    )
    assert units.locate(demand_of([(75, 50)]), "district").tolist() == ["unit:379901"]


def test_levels_run_from_the_widest_down(area: StudyArea) -> None:
    assert area.units.levels == ("district", "town")
    assert area.units.at("district")["name"].tolist() == ["东区", "西区"]


def test_an_area_tells_its_size_units_and_date(area: StudyArea) -> None:
    assert repr(area) == "<StudyArea '两区': 4 km², 2 district units, 4 town units, EPSG:4549, on 2024-01-01>"
    assert area.wide.area > area.polygon.area


@pytest.mark.parametrize(
    ("bounds", "epsg"),
    [
        ((116.5, 36.4, 117.4, 36.9), 4548),  # Jinan
        ((119.5, 35.6, 121.0, 37.1), 4549),  # Qingdao
        ((122.5, 37.0, 123.5, 37.5), 4550),
        ((113.8, 34.0, 114.2, 35.0), 4547),
        ((24.8, 60.1, 25.1, 60.3), 32635),  # Helsinki
    ],
)
def test_the_crs_is_the_local_three_degree_zone_in_china_and_utm_elsewhere(
    bounds: tuple[float, ...], epsg: int
) -> None:
    assert metric_crs(bounds) == CRS.from_epsg(epsg)


def test_an_area_in_another_crs_than_its_units_is_refused(area: StudyArea) -> None:
    with pytest.raises(CrsError, match="EPSG:32651"):
        StudyArea("两区", area.polygon, CRS.from_epsg(32651), area.units, date(2024, 1, 1))


def test_a_buffer_below_zero_is_refused(area: StudyArea) -> None:
    with pytest.raises(DataError, match="buffer_metres"):
        StudyArea("两区", area.polygon, area.crs, area.units, area.on, buffer_metres=-1)


def test_a_box_of_degrees_is_an_area_of_one_unit() -> None:
    area = area_in_box("中心", (120.0, 36.0, 120.1, 36.1), on=date(2024, 1, 1), buffer_metres=100)
    assert area.units.levels == ("city",)
    assert area.square_kilometres == pytest.approx(9.01 * 11.1, rel=0.01)
    with pytest.raises(DataError, match="west before east"):
        area_in_box("中心", (120.1, 36.0, 120.0, 36.1), on=date(2024, 1, 1))
