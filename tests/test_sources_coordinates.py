"""Coordinates: references, zones, swapped axes, shifts, broken shapes (FAULTS 50-61)."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point, Polygon

from planner.area import StudyArea
from planner.errors import CrsError, DataError
from planner.sources import read_area, read_population, read_roads, read_sites
from planner.sources.references import guess_crs
from planner.sources.shifted import to_bd09, to_cgcs2000, to_gcj02
from tests.office_files import cells_csv, degrees, districts_file, lines_frame, lonlat, shapefile
from tests.town import CRS, SOUTH, WEST, roads_of

SERVICE = "meal_station"


def sites_csv(path: Path, rows: list[tuple[str, float, float]], headings: tuple[str, str] = ("经度", "纬度")) -> Path:
    pd.DataFrame(rows, columns=["名称", *headings]).to_csv(path, index=False)
    return path


def test_fault_50_missing_and_empty_shapes_are_quarantined(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame(4)
    frame.geometry = [frame.geometry[0], None, LineString(), frame.geometry[3]]
    frame.to_file(tmp_path / "r.gpkg")
    report = read_roads(tmp_path / "r.gpkg", area=area).report
    assert report is not None
    assert list(report.quarantine["rule"]) == ["geometry.empty"] * 2
    assert list(report.quarantine["row"]) == [2, 3]


def test_fault_51_infinite_coordinates_are_quarantined(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame(3)
    frame.geometry = [frame.geometry[0], LineString([(WEST, SOUTH), (np.inf, SOUTH)]), frame.geometry[2]]
    frame.to_parquet(tmp_path / "r.parquet")
    report = read_roads(tmp_path / "r.parquet", area=area).report
    assert report is not None
    assert list(report.quarantine["rule"]) == ["geometry.not_finite"]


def test_fault_52_swapped_columns_are_detected_and_asked_about(tmp_path: Path, area: StudyArea) -> None:
    lon, lat = lonlat(500, 500)
    path = sites_csv(tmp_path / "s.csv", [("甲", lat, lon)])
    with pytest.raises(CrsError, match=r"x and y seem to be swapped|put latitude before longitude|are no degrees"):
        read_sites(path, area=area, service=SERVICE)
    swapped = {"lon": "纬度", "lat": "经度"}
    assert len(read_sites(path, area=area, service=SERVICE, columns=swapped)) == 1


def test_fault_52_swapped_axes_in_a_layer_are_told(tmp_path: Path, area: StudyArea) -> None:
    frame = degrees(lines_frame())
    frame.geometry = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    frame.to_file(tmp_path / "r.gpkg")
    with pytest.raises(CrsError, match=r"no degrees|swapped"):
        read_roads(tmp_path / "r.gpkg", area=area)


def test_fault_53_metres_labelled_as_degrees_are_refused_with_a_guess(tmp_path: Path, area: StudyArea) -> None:
    path = shapefile(tmp_path, lines_frame().set_crs("EPSG:4326", allow_override=True))
    with pytest.raises(CrsError, match="are no degrees; its coordinates fit EPSG:4549"):
        read_roads(path, area=area)


def test_fault_53_degrees_labelled_as_metres_are_refused_with_a_guess(tmp_path: Path, area: StudyArea) -> None:
    frame = degrees(lines_frame()).set_crs(CRS, allow_override=True)
    frame.to_file(tmp_path / "r.gpkg")
    with pytest.raises(CrsError, match="look like degrees, not metres; its coordinates fit EPSG:4326"):
        read_roads(tmp_path / "r.gpkg", area=area)


def test_fault_54_zone_prefixed_eastings_under_the_wrong_code_are_detected(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame().to_crs("EPSG:4528").set_crs(CRS, allow_override=True)
    frame.to_parquet(tmp_path / "r.parquet")
    with pytest.raises(CrsError, match=r"carry a zone number.*fit EPSG:4528"):
        read_roads(tmp_path / "r.parquet", area=area)
    assert len(read_roads(tmp_path / "r.parquet", area=area, crs="EPSG:4528")) == 4


def test_a_neighbouring_zone_is_detected_by_where_the_data_fall(tmp_path: Path, area: StudyArea) -> None:
    path = shapefile(tmp_path, lines_frame(), prj=False)
    with pytest.raises(CrsError, match="none of it lies within 30 km of 两区; its coordinates fit EPSG:4549"):
        read_roads(path, area=area, crs="EPSG:4548")


@settings(deadline=None)
@given(st.floats(73, 135), st.floats(18, 53))
def test_fault_55_shifts_are_turned_back_to_better_than_half_a_metre(lon: float, lat: float) -> None:
    true = np.array([[lon, lat]])
    for shift, forward in (("GCJ-02", to_gcj02), ("BD-09", to_bd09)):
        back = to_cgcs2000(forward(true), shift)
        assert np.abs(back - true).max() * 111_320 < 0.01


def test_fault_55_the_shift_at_qingdao_is_what_it_is_known_to_be() -> None:
    true = np.array([[120.38, 36.07]])
    metres = np.array([111_320 * np.cos(np.radians(36.07)), 111_000])
    assert np.hypot(*((to_gcj02(true) - true) * metres)[0]) == pytest.approx(460, abs=30)
    assert np.hypot(*((to_bd09(true) - true) * metres)[0]) == pytest.approx(1260, abs=60)


def test_fault_55_shifted_sites_are_suspected_but_never_moved_unless_asked(tmp_path: Path, area: StudyArea) -> None:
    rng = np.random.default_rng(1)
    on_road = [(float(x), 1000.0) for x in rng.uniform(100, 1900, 30)]
    shown = to_gcj02(np.array([lonlat(x, y) for x, y in on_road]))
    path = sites_csv(tmp_path / "s.csv", [(f"点{at}", *place) for at, place in enumerate(shown.tolist())])
    roads = roads_of([[(0, 1000), (2000, 1000)]])
    sites = read_sites(path, area=area, service=SERVICE, roads=roads)
    assert sites.report is not None
    assert any("GCJ-02" in str(note) and "不会自动纠偏" in str(note) for note in sites.report.notes)
    moved = read_sites(path, area=area, service=SERVICE, crs="GCJ-02", roads=roads)
    assert np.abs(moved.xy[:, 1] - (SOUTH + 1000)).max() < 0.5
    assert moved.report is not None
    assert not any("GCJ-02" in str(note) for note in moved.report.notes)
    assert np.abs(sites.xy - moved.xy).max() > 200


def test_fault_55_sites_where_they_should_be_raise_no_suspicion(tmp_path: Path, area: StudyArea) -> None:
    places = [(50.0 + 60 * at, 1004.0) for at in range(30)]
    path = sites_csv(tmp_path / "s.csv", [(f"点{at}", *lonlat(x, y)) for at, (x, y) in enumerate(places)])
    sites = read_sites(path, area=area, service=SERVICE, roads=roads_of([[(0, 1000), (2000, 1000)]]))
    assert sites.report is not None
    assert not sites.report.notes


def test_fault_57_cgcs2000_degrees_land_right_whatever_the_authority_order(tmp_path: Path, area: StudyArea) -> None:
    degrees(lines_frame()).to_file(tmp_path / "r.gpkg")
    roads = read_roads(tmp_path / "r.gpkg", area=area)
    assert np.allclose(roads.frame.total_bounds, [WEST + 100, SOUTH, WEST + 1900, SOUTH + 600], atol=0.01)


def test_fault_58_a_bow_tie_is_quarantined_with_its_reason_or_mended_with_a_row(tmp_path: Path) -> None:
    bow_tie = Polygon([(WEST, SOUTH), (WEST + 1000, SOUTH + 1000), (WEST + 1000, SOUTH), (WEST, SOUTH + 500)])
    good = shapely.box(WEST + 1000, SOUTH, WEST + 2000, SOUTH + 1000)
    frame = gpd.GeoDataFrame(
        {"code": ["379901", "379902"], "name": ["坏区", "好区"]}, geometry=[bow_tie, good], crs=CRS
    )
    frame.to_file(tmp_path / "d.gpkg")
    report = read_area(tmp_path / "d.gpkg", on="2024-01-01").units.report
    assert report is not None
    assert list(report.quarantine["rule"]) == ["geometry.invalid"]
    assert "Self-intersection" in report.quarantine["value"].iloc[0]
    assert "area changes by" in report.quarantine["value"].iloc[0]
    with pytest.raises(DataError, match=r"坏区 cannot be used.*repair=True"):
        read_area(tmp_path / "d.gpkg", names=["坏区", "好区"], on="2024-01-01")
    mended = read_area(tmp_path / "d.gpkg", on="2024-01-01", repair=True)
    assert mended.units.report is not None
    assert list(mended.units.report.repairs["rule"]) == ["geometry.repaired"]
    assert len(mended.units) == 2


def test_fault_59_exact_copies_are_duplicates_and_near_ones_are_listed(tmp_path: Path, area: StudyArea) -> None:
    lon, lat = lonlat(500, 500)
    near = lonlat(502, 500)
    rows = [("甲", lon, lat), ("甲", lon, lat), ("甲", *near), ("乙", lon, lat)]
    sites = read_sites(sites_csv(tmp_path / "s.csv", rows), area=area, service=SERVICE)
    assert sites.report is not None
    assert (len(sites), len(sites.report.duplicates)) == (3, 1)
    assert sites.report.duplicates["value"].iloc[0] == "2"
    assert len(sites.report.tables["near_duplicates"]) == 1


def test_fault_59_a_cell_listed_twice_counts_once(tmp_path: Path, area: StudyArea) -> None:
    path = cells_csv(tmp_path / "c.csv", [(500, 500, 3.5), (500, 500, 3.5), (500, 500, 1.0)])
    demand = read_population(path, area=area)
    assert demand.report is not None
    assert demand.total == 4.5
    assert len(demand.report.duplicates) == 1
    assert demand.ids[1] == f"{demand.ids[0]}~2"


def test_fault_64_a_district_with_an_exclave_and_a_hole_is_kept(tmp_path: Path) -> None:
    ring = shapely.box(WEST, SOUTH, WEST + 3000, SOUTH + 3000) - shapely.box(
        WEST + 1000, SOUTH + 1000, WEST + 2000, SOUTH + 2000
    )
    both = shapely.union_all([ring, shapely.box(WEST + 5000, SOUTH, WEST + 6000, SOUTH + 1000)])
    gpd.GeoDataFrame({"code": ["379901"], "name": ["飞地区"]}, geometry=[both], crs=CRS).to_file(tmp_path / "d.gpkg")
    area = read_area(tmp_path / "d.gpkg", on="2024-01-01")
    assert area.square_kilometres == pytest.approx(9.0, rel=1e-6)


@pytest.mark.parametrize("code", ["EPSG:4610", "EPSG:2414", "EPSG:4214"])
def test_old_datums_are_refused_without_the_users_transformation(tmp_path: Path, area: StudyArea, code: str) -> None:
    lon, lat = lonlat(500, 500)
    path = sites_csv(tmp_path / "s.csv", [("甲", lon, lat)])
    with pytest.raises(CrsError, match=r"old datum.*transformation="):
        read_sites(path, area=area, service=SERVICE, crs=code)


def test_the_users_own_transformation_is_applied(tmp_path: Path, area: StudyArea) -> None:
    lon, lat = lonlat(500, 500)
    path = sites_csv(tmp_path / "s.csv", [("甲", lon - 0.001, lat)])
    pipeline = "+proj=pipeline +step +proj=affine +xoff=0.001"
    sites = read_sites(path, area=area, service=SERVICE, crs="EPSG:4610", transformation=pipeline)
    assert sites.xy[0] == pytest.approx([WEST + 500, SOUTH + 500], abs=0.01)


@pytest.mark.parametrize(("pair"), [
    ("120°0′20″", "36°8′0″"), ("东经120度0分20秒", "北纬36度8分0秒"), ("120 0 20", "36 8 0"), ("120.0055556", "36.1333333"),
    ("E120°0'20\"", "N36°8'0\""), ("120:00:20", "36:08:00"),
])  # fmt: skip
def test_degrees_are_read_in_every_way_they_are_written(tmp_path: Path, area: StudyArea, pair: tuple[str, str]) -> None:
    sites = read_sites(sites_csv(tmp_path / "s.csv", [("甲", *pair)]), area=area, service=SERVICE)  # type: ignore[list-item]
    assert sites.xy[0] == pytest.approx([WEST + 500, 3_999_700 + 640], abs=400)


def test_unreadable_and_missing_coordinates_are_told_apart(tmp_path: Path, area: StudyArea) -> None:
    lon, lat = lonlat(500, 500)
    rows = [("甲", lon, lat), ("乙", "东边", lat), ("丙", None, lat), ("丁", "120°75′", lat)]
    sites = read_sites(sites_csv(tmp_path / "s.csv", rows), area=area, service=SERVICE)  # type: ignore[arg-type]
    assert sites.report is not None
    assert list(sites.report.quarantine["rule"]) == ["place.unreadable", "place.missing", "place.unreadable"]


def test_projected_columns_need_their_crs_and_the_error_suggests_it(tmp_path: Path, area: StudyArea) -> None:
    path = sites_csv(tmp_path / "s.csv", [("甲", WEST + 500, SOUTH + 500)], ("X坐标", "Y坐标"))
    with pytest.raises(CrsError, match="say crs='EPSG:4549'"):
        read_sites(path, area=area, service=SERVICE)
    sites = read_sites(path, area=area, service=SERVICE, crs=4549)
    assert sites.xy[0] == pytest.approx([WEST + 500, SOUTH + 500])


def test_coordinates_in_one_column_are_split(tmp_path: Path, area: StudyArea) -> None:
    lon, lat = lonlat(500, 500)
    (tmp_path / "s.csv").write_text(f'名称,经纬度\n甲,"{lon},{lat}"\n乙,无\n', encoding="utf-8")
    sites = read_sites(tmp_path / "s.csv", area=area, service=SERVICE)
    assert len(sites) == 1


def test_guesses_go_by_range_where_no_area_is_known() -> None:
    assert guess_crs(np.array([[40_500_000.0, 4e6], [40_510_000.0, 4.01e6]]), None).startswith("EPSG:4528")
    assert guess_crs(np.array([[120.0, 36.0]]), None).startswith("EPSG:4326")
    assert guess_crs(np.array([[1e9, 1e9]]), None) == ""


def test_lines_of_several_parts_are_split_with_numbered_ids(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame(2, 编号=["R1", "R2"])
    parts = [LineString([(WEST, SOUTH), (WEST + 50, SOUTH)]), LineString([(WEST + 90, SOUTH), (WEST + 150, SOUTH)])]
    frame.geometry = [MultiLineString(parts), frame.geometry[1]]
    frame.to_file(tmp_path / "r.gpkg")
    roads = read_roads(tmp_path / "r.gpkg", area=area)
    assert list(roads.ids) == ["road:R1/1", "road:R1/2", "road:R2"]
    assert roads.report is not None
    assert list(roads.report.repairs["rule"]) == ["geometry.split"]
    assert roads.report.accepted == 2


def test_heights_are_dropped(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame(2)
    frame.geometry = shapely.force_3d(frame.geometry.to_numpy(), z=5.0)
    frame.to_file(tmp_path / "r.gpkg")
    assert not read_roads(tmp_path / "r.gpkg", area=area).frame.has_z.any()


def test_points_among_lines_are_quarantined_by_type(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame(2)
    frame.geometry = [frame.geometry[0], Point(WEST, SOUTH)]
    pyogrio.write_dataframe(frame, tmp_path / "r.gpkg")
    report = read_roads(tmp_path / "r.gpkg", area=area).report
    assert report is not None
    assert list(report.quarantine["rule"]) == ["geometry.type"]


def test_an_area_far_from_the_roads_is_refused(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame()
    frame.geometry = frame.geometry.translate(200_000, 0)
    frame.to_file(tmp_path / "r.gpkg")
    with pytest.raises(CrsError, match="none of it lies within 30 km"):
        read_roads(tmp_path / "r.gpkg", area=area)
    frame.geometry = frame.geometry.translate(-190_000, 0)
    frame.to_file(tmp_path / "r.gpkg")
    with pytest.raises(DataError, match="no road lies in 两区 or within 1000 m of it"):
        read_roads(tmp_path / "r.gpkg", area=area)


def test_a_district_file_becomes_an_area_in_its_own_zone(tmp_path: Path) -> None:
    area = read_area(districts_file(tmp_path), names=["东区", "西区"], on="2024-01-01")
    assert area.crs.to_epsg() == 4549
    assert area.name == "东区、西区"
    assert area.square_kilometres == pytest.approx(4.0, rel=1e-3)
    report = area.units.report
    assert report is not None
    assert (report.read, report.accepted, report.expected) == (3, 2, 1)
