"""Records from files: area, roads, population and sites, every row accounted for."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import box

from planner.area import StudyArea
from planner.demand import Demand
from planner.errors import ColumnError, DataError
from planner.sources import read_area, read_layer, read_population, read_roads, read_sites
from planner.sources.census import band_of, read_census
from planner.sources.places import places_of, tolerant
from tests.office_files import cells_csv, degrees, districts_file, lines_frame, lonlat, shapefile, workbook
from tests.town import CRS, SOUTH, WEST, demand_of

CENSUS = """区划代码,区县,人口数_合计,家庭户数,男_60到64岁,女_60到64岁,男_65岁以上,女_65岁以上
379900,示例市,1300,400,30,40,60,70
379901,东区,400,100,10,10,10,10
379902,西区,600,200,10,20,30,40
379971,高新区,300,100,10,10,20,20
"""


@pytest.fixture
def census(tmp_path: Path) -> Path:
    path = tmp_path / "census.csv"
    path.write_text(CENSUS, encoding="gb18030")
    return path


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    return cells_csv(tmp_path / "cells.csv", [(1500, 500, 100), (1500, 1500, 60), (500, 500, 200), (5000, 500, 9)])


def total_is_accounted_for(layer: object) -> bool:
    report = getattr(layer, "report", None)
    return report is not None and report.read == report.accepted + len(report.quarantine) + len(report.duplicates)


def test_towns_find_their_district_by_code_or_by_place(tmp_path: Path) -> None:
    towns = gpd.GeoDataFrame(
        {"code9": ["379901001", "999999001", "379903001"], "name": ["东街道", "西街道", "外街道"]},
        geometry=[
            box(WEST + 1000, SOUTH, WEST + 2000, SOUTH + 2000),
            box(WEST, SOUTH, WEST + 1000, SOUTH + 2000),
            box(WEST + 50_000, SOUTH, WEST + 50_500, SOUTH + 500),
        ],
        crs=CRS,
    )
    degrees(towns).to_file(tmp_path / "towns.geojson")
    area = read_area(
        districts_file(tmp_path), names=["东区", "西区"], towns=tmp_path / "towns.geojson", on="2024-01-01"
    )
    found = area.units.at("town").frame
    assert dict(zip(found["name"], found["parent"], strict=True)) == {"东街道": "379901", "西街道": "379902"}
    assert area.units.levels == ("district", "town")


def test_a_division_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no division 南区; it has 东区 379901"):
        read_area(districts_file(tmp_path), name="南区", on="2024-01-01")
    assert (
        read_area(districts_file(tmp_path), codes=["379902"], name="我的规划区", on="2024-01-01").name == "我的规划区"
    )


def test_road_words_in_chinese_become_classes_and_unknown_ones_are_listed(tmp_path: Path, area: StudyArea) -> None:
    words = [
        "高速公路",
        "快速路",
        "主干路",
        "次干路",
        "支路",
        "街坊路",
        "村道",
        "人行道",
        "步行街",
        "小路",
        "台阶",
        "神秘路",
    ]
    roads = read_roads(shapefile(tmp_path, lines_frame(12, 等级=words, 路名=[""] * 12)), area=area)
    assert list(roads["road_class"]) == [
        "motorway", "trunk", "primary", "secondary", "tertiary", "residential", "unclassified", "footway", "pedestrian",
        "path", "steps", "road",
    ]  # fmt: skip
    assert roads.report is not None
    assert list(roads.report.repairs["rule"]) == ["road.class_unknown"]
    told = read_roads(tmp_path / "roads.shp", area=area, classes={"神秘路": "service"})
    assert list(told["road_class"])[-1] == "service"


def test_one_way_words_are_read_and_a_line_against_its_drawing_is_turned(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame(5, oneway=["yes", "-1", "否", "单行", "也许"], u=[1, 2, 3, 4, 5], v=[11, 12, 13, 14, 15])
    frame.to_file(tmp_path / "r.gpkg")
    roads = read_roads(tmp_path / "r.gpkg", area=area)
    assert list(roads["oneway"]) == [True, True, False, True, False]
    turned = roads.frame.iloc[1]
    assert turned.geometry.coords[0] == (WEST + 1900, SOUTH + 200)
    assert (turned["from_node"], turned["to_node"]) == ("12", "2")
    assert roads.report is not None
    assert list(roads.report.repairs["rule"]) == ["road.reversed", "value.unknown"]


def test_lines_drawn_both_ways_are_directions_of_travel(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame(4)
    both = pd.concat([frame, frame.set_geometry(frame.geometry.reverse())], ignore_index=True)
    both.to_file(tmp_path / "r.gpkg")
    roads = read_roads(tmp_path / "r.gpkg", area=area)
    assert roads["oneway"].all()
    assert len(roads) == 8
    assert roads.report is not None
    assert roads.report.facts["directed"] == "yes (found out)"
    assert not read_roads(tmp_path / "r.gpkg", area=area, directed=False)["oneway"].any()


def test_speeds_are_read_in_their_units(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame(5, maxspeed=["60", "30 mph", "0", "CN:urban", None])
    frame.to_file(tmp_path / "r.gpkg")
    roads = read_roads(tmp_path / "r.gpkg", area=area)
    assert roads["speed_kmh"].fillna(-1).round(1).tolist() == [60, 48.3, -1, -1, -1]
    assert roads.report is not None
    assert list(roads.report.repairs["before"]) == ["CN:urban"]


def test_roads_are_kept_whole_where_they_touch_the_buffer(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame(2)
    frame.geometry = [frame.geometry[0].union(frame.geometry[0]), frame.geometry[1]]
    frame.geometry = frame.geometry.scale(xfact=20)
    frame.to_file(tmp_path / "r.gpkg")
    assert read_roads(tmp_path / "r.gpkg", area=area).frame.length.round().tolist() == [36_000.0] * 2


def test_the_same_file_gives_the_same_ids_whatever_its_row_order(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame(5)
    frame.to_file(tmp_path / "a.gpkg")
    frame.iloc[::-1].to_file(tmp_path / "b.gpkg")
    first, second = (read_roads(tmp_path / name, area=area) for name in ("a.gpkg", "b.gpkg"))
    assert sorted(first.ids) == sorted(second.ids)


def test_people_inside_count_and_those_outside_are_listed(cells: Path, area: StudyArea) -> None:
    demand = read_population(cells, area=area)
    assert demand.total == 360
    assert demand.report is not None
    assert (demand.report.read, demand.report.accepted, demand.report.expected) == (4, 3, 1)
    assert all(name.startswith("cell:") for name in demand.ids)


def test_census_shares_make_elders_of_residents_band_by_band(cells: Path, census: Path, area: StudyArea) -> None:
    demand = read_population(cells, area=area, census=census, age="60+")
    assert demand.bands == ("60-64", "65+")
    assert demand.total == pytest.approx(160 * 40 / 400 + 200 * 100 / 600)
    assert np.allclose(demand.people, demand.frame[list(demand.bands)].sum(axis=1))


def test_census_totals_are_kept_to_one_in_a_million(cells: Path, census: Path, area: StudyArea) -> None:
    demand = read_population(cells, area=area, census=census, age="60+", use="totals")
    table = demand.report.tables["census"] if demand.report else pd.DataFrame()
    assert demand.total == pytest.approx(140, rel=1e-6)
    assert table.set_index("name")["factor"].round(3).to_dict()["东区"] == 2.5
    assert demand.frame["residents"].sum() == pytest.approx(1000, rel=1e-6)


def test_census_divisions_without_cells_or_polygon_are_listed_with_their_people(
    tmp_path: Path, census: Path, area: StudyArea
) -> None:
    path = cells_csv(tmp_path / "c.csv", [(1500, 500, 100)])
    demand = read_population(path, area=area, census=census, age="60+")
    assert demand.report is not None
    state = demand.report.tables["census"].set_index("name")["state"].to_dict()
    assert state == {"东区": "used", "西区": "no cells", "高新区": "not in the area"}
    notes = " ".join(map(str, demand.report.notes))
    assert "西区 100" in notes
    assert "高新区 60" in notes


def test_the_total_row_of_a_census_is_set_apart(census: Path) -> None:
    table = read_census(census)
    assert table.total is not None
    assert table.total["name"] == "示例市"
    assert list(table.frame["name"]) == ["东区", "西区", "高新区"]
    assert list(table.report.quarantine["rule"]) == ["table.total"]


def test_factors_beyond_three_are_refused_unless_allowed(tmp_path: Path, census: Path, area: StudyArea) -> None:
    path = cells_csv(tmp_path / "c.csv", [(1500, 500, 100), (500, 500, 200)])
    with pytest.raises(DataError, match=r"disagree by more than three times: 东区 × 4.00.*allow_factors=True"):
        read_population(path, area=area, census=census, use="totals")
    demand = read_population(path, area=area, census=census, use="totals", allow_factors=True)
    assert demand.total == pytest.approx(1000)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(st.floats(0.01, 500), min_size=2, max_size=8))
def test_scaling_keeps_every_total(people: list[float], tmp_path: Path, census: Path, area: StudyArea) -> None:
    east = [(1100.0 + 50 * at, 500.0, round(count, 3)) for at, count in enumerate(people)]
    path = cells_csv(tmp_path / "c.csv", [*east, (500, 500, 10)])
    demand = read_population(path, area=area, census=census, age="60+", use="totals", allow_factors=True)
    assert demand.total == pytest.approx(140, rel=1e-6)


def test_negative_and_missing_people_are_quarantined_with_their_total(tmp_path: Path, area: StudyArea) -> None:
    path = cells_csv(tmp_path / "c.csv", [(500, 500, 5), (600, 500, -3), (700, 500, None), (800, 500, "许多")])
    demand = read_population(path, area=area)
    assert demand.report is not None
    assert list(demand.report.quarantine["rule"]) == ["value.negative", "value.missing", "value.unreadable"]
    assert any("-3" in str(note) for note in demand.report.notes)
    assert total_is_accounted_for(demand)


def test_cells_in_a_unit_the_census_does_not_know_are_an_error(tmp_path: Path, area: StudyArea) -> None:
    (tmp_path / "c.csv").write_text("代码,名称,人口,60岁以上\n379901,东区,400,40\n", encoding="utf-8")
    path = cells_csv(tmp_path / "cells.csv", [(500, 500, 7)])
    with pytest.raises(DataError, match=r"1 cells with 7 people lie in 西区, of which c.csv says nothing"):
        read_population(path, area=area, census=tmp_path / "c.csv", age="60+")


def test_ages_that_no_bands_make_up_are_an_error(cells: Path, census: Path, area: StudyArea) -> None:
    with pytest.raises(ColumnError, match="no age bands that make up 80"):
        read_population(cells, area=area, census=census, age="80+")
    with pytest.raises(DataError, match="need census="):
        read_population(cells, area=area, age="60+")


@pytest.mark.parametrize(("heading", "band"), [
    ("男_60到64岁", "60-64"), ("女_85岁以上", "85+"), ("60-64岁", "60-64"), ("65岁及以上", "65+"), ("60~69", "60-69"),
    ("80+", "80+"), ("家庭户数", None), ("2020年人口", None), ("2015-2020年增长", None),
])  # fmt: skip
def test_age_bands_are_read_from_headings(heading: str, band: str | None) -> None:
    found = band_of(heading)
    assert (str(found) if found else None) == band


def test_fault_25_rasters_are_read_by_windows_and_ask_what_means_no_data(tmp_path: Path, area: StudyArea) -> None:
    import rasterio
    from rasterio.transform import from_origin

    values = np.full((40, 60), -200.0, dtype="float32")
    values[10:30, 10:30] = 2.0  # the south-west 2 km square of the town, in 100 m cells
    values[15, 15] = -7.0
    path = tmp_path / "pop.tif"
    options = {"height": 40, "width": 60, "count": 1, "dtype": "float32", "crs": CRS}
    grid = from_origin(WEST - 1000, SOUTH + 3000, 100, 100)
    with rasterio.open(path, "w", driver="GTiff", transform=grid, nodata=-200, **options) as raster:
        raster.write(values, 1)
    demand = read_population(path, area=area)
    assert demand.report is not None
    assert demand.total == pytest.approx(399 * 2.0)
    assert list(demand.report.quarantine["rule"]) == ["value.negative"]
    assert any("合计 -7" in str(note) for note in demand.report.notes)
    with rasterio.open(path, "w", driver="GTiff", transform=grid, **options) as raster:
        raster.write(values, 1)
    with pytest.raises(DataError, match=r"declares no value for no data.*nodata=-200"):
        read_population(path, area=area)
    assert read_population(path, area=area, nodata=-200).total == pytest.approx(399 * 2.0)


def villages(tmp_path: Path) -> Path:
    frame = gpd.GeoDataFrame(
        {
            "代码": ["379901001001", "379901001002", "379902001001"],
            "名称": ["和平社区居民委员会", "台东社区居委会", "和平村民委员会"],
            "所属镇街": ["东南街道", "东南街道", "西南街道"],
        },
        geometry=[
            box(WEST + 1000, SOUTH, WEST + 1500, SOUTH + 1000),
            box(WEST + 1500, SOUTH, WEST + 2000, SOUTH + 1000),
            box(WEST, SOUTH, WEST + 1000, SOUTH + 1000),
        ],
        crs=CRS,
    )
    frame.to_file(tmp_path / "villages.gpkg")
    return tmp_path / "villages.gpkg"


def test_lists_without_coordinates_are_placed_by_code_name_or_address(tmp_path: Path, area: StudyArea) -> None:
    rows = [
        ["名称", "村居代码", "村居", "镇街", "地址"],
        ["甲", "379901001001", None, None, None],
        ["乙", None, "臺東社區", None, None],
        ["丙", None, "和平村", "西南街道", None],
        ["丁", None, None, None, "示例市东区东南街道台东社区3号楼"],
        ["戊", None, "和平", None, None],
        ["己", None, "无此村", None, None],
    ]
    path = workbook(tmp_path / "s.xlsx", rows)
    sites = read_sites(path, area=area, service="meal_station", places=villages(tmp_path))
    frame = sites.frame.set_index("name")
    assert frame["placed_by"].to_dict() == {"甲": "code", "乙": "similar name", "丙": "similar name", "丁": "address"}
    assert frame["precision_metres"].notna().all()
    report = sites.report
    assert report is not None
    assert list(report.quarantine["rule"]) == ["place.unmatched"] * 2
    assert list(report.tables["worklist"].index) == [6, 7]
    assert {"经度", "纬度"} <= set(report.tables["worklist"].columns)
    assert set(report.repairs["rule"]) == {"place.matched"}


def test_a_worklist_filled_in_can_be_read_again(tmp_path: Path, area: StudyArea) -> None:
    path = workbook(tmp_path / "s.xlsx", [["名称", "村居"], ["甲", "无此村"], ["乙", "台东社区"]])
    sites = read_sites(path, area=area, service="meal_station", places=villages(tmp_path))
    assert sites.report is not None
    worklist = sites.report.tables["worklist"]
    worklist[["经度", "纬度"]] = [lonlat(300, 300)]
    worklist.to_csv(tmp_path / "filled.csv", index=False, encoding="utf-8-sig")
    again = read_sites(tmp_path / "filled.csv", area=area, service="meal_station", places=villages(tmp_path))
    assert list(again["name"]) == ["甲"]
    assert again.xy[0] == pytest.approx([WEST + 300, SOUTH + 300], abs=0.05)


def test_a_list_with_some_coordinates_is_placed_by_both(tmp_path: Path, area: StudyArea) -> None:
    lon, lat = lonlat(300, 300)
    rows = [["名称", "村居", "经度", "纬度"], ["甲", None, lon, lat], ["乙", "台东社区", None, None]]
    sites = read_sites(
        workbook(tmp_path / "s.xlsx", rows), area=area, service="meal_station", places=villages(tmp_path)
    )
    assert sites.frame.set_index("name")["placed_by"].to_dict() == {"甲": "coordinates", "乙": "similar name"}


def test_towns_of_the_area_serve_as_places_too(area: StudyArea) -> None:
    places = places_of(area.units, area=area)
    match = places.find(names=["东南街道办事处"])
    assert match is not None
    assert places.frame["name"].iloc[match.place] == "东南街道"


def test_names_are_compared_loosely_for_looking_up_only() -> None:
    assert tolerant("臺東社區居民委員會") == tolerant("台东社区") == "台东"


def village_people(tmp_path: Path) -> Path:
    rows = [
        ["村居代码", "村居", "60到64岁", "65岁以上"],
        ["379901001001", "和平社区", 10, 20],
        ["379901001002", "台东社区", 5, 5],
        ["合计", None, 15, 25],
    ]
    return workbook(tmp_path / "v.xlsx", rows)


def test_people_by_village_stand_at_their_place(tmp_path: Path, area: StudyArea) -> None:
    demand = read_population(village_people(tmp_path), area=area, age="60+", places=villages(tmp_path))
    assert (len(demand), demand.total, demand.bands) == (2, 40.0, ("60-64", "65+"))
    assert list(demand.ids) == ["village:379901001001", "village:379901001002"]
    assert total_is_accounted_for(demand)


def test_people_by_village_are_spread_over_its_cells_and_none_are_lost(tmp_path: Path, area: StudyArea) -> None:
    cells: Demand = demand_of([(1100, 100), (1200, 200), (1300, 300)], [1.0, 3.0, 0.0])
    demand = read_population(village_people(tmp_path), area=area, age="60+", places=villages(tmp_path), cells=cells)
    assert demand.total == pytest.approx(40.0)
    assert demand.frame["people"].to_dict() == {"home:0": 7.5, "home:1": 22.5, "village:379901001002": 10.0}
    assert demand.report is not None
    assert any("台东" in str(note) for note in demand.report.notes)


def test_sites_keep_their_ids_when_the_list_is_read_again(tmp_path: Path, area: StudyArea) -> None:
    lon, lat = lonlat(500, 500)
    rows = [["名称", "经度", "纬度"], ["甲", lon, lat], ["乙", lon, lat]]
    first = read_sites(workbook(tmp_path / "a.xlsx", rows), area=area, service="meal_station")
    second = read_sites(workbook(tmp_path / "b.xlsx", [rows[0], rows[2], rows[1]]), area=area, service="meal_station")
    assert set(first.ids) == set(second.ids)
    assert first.existing["existing"].all()


def test_repeated_codes_are_quarantined_not_renamed(tmp_path: Path, area: StudyArea) -> None:
    lon, lat = lonlat(500, 500)
    rows = [["编号", "名称", "经度", "纬度"], ["A1", "甲", lon, lat], ["A1", "乙", lon, lat], ["A2", "丙", lon, lat]]
    sites = read_sites(workbook(tmp_path / "a.xlsx", rows), area=area, service="meal_station")
    assert sites.report is not None
    assert list(sites.ids) == ["site:A1", "site:A2"]
    assert list(sites.report.quarantine["rule"]) == ["id.repeated"]


def test_sites_outside_the_buffer_are_listed_and_none_at_all_is_an_error(tmp_path: Path, area: StudyArea) -> None:
    rows = [["名称", "经度", "纬度"], ["甲", *lonlat(500, 500)], ["远", *lonlat(9000, 500)]]
    sites = read_sites(workbook(tmp_path / "a.xlsx", rows), area=area, service="meal_station")
    assert sites.report is not None
    assert sites.report.expected == 1
    with pytest.raises(DataError, match="no site lies in 两区"):
        read_sites(workbook(tmp_path / "b.xlsx", [rows[0], rows[2]]), area=area, service="meal_station")


def test_an_empty_list_is_one_clear_error(tmp_path: Path, area: StudyArea) -> None:
    with pytest.raises(DataError, match="no usable row"):
        read_sites(workbook(tmp_path / "a.xlsx", [["名称", "经度", "纬度"]]), area=area, service="meal_station")


def test_a_backdrop_keeps_its_attributes(tmp_path: Path, area: StudyArea) -> None:
    frame = gpd.GeoDataFrame(
        {"名称": ["海湾"], "kind": ["海域"]}, geometry=[box(WEST, SOUTH, WEST + 100, SOUTH + 100)], crs=CRS
    )
    frame.to_file(tmp_path / "w.gpkg")
    told = read_layer(tmp_path / "w.gpkg", area=area)
    assert told["name"].tolist() == ["海湾"]
    assert told["kind"].tolist() == ["海域"]
    assert "采用 1 行" in told.attrs["report"]
