"""Sources on real data: every difficult shapefile, and the inputs of the main job."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.area import StudyArea
from planner.errors import DataError, SourceError
from planner.imports import ImportReport
from planner.sources import inspect, read_area, read_population, read_roads
from planner.sources.ledger import Ledger
from planner.sources.opening import open_records
from planner.sources.schema import every_schema
from planner.sources.shapes import SHAPES_OF_PLACES, checked, referred

CORE = ["历下区", "市中区", "槐荫区", "天桥区"]
PARTS = {".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx"}
ALL_SHAPES = (*SHAPES_OF_PLACES, "MultiPoint", "LineString", "MultiLineString", "GeometryCollection")


@pytest.fixture(scope="session")
def core(real_data: Path) -> StudyArea:
    return read_area(real_data / "jinan" / "districts.gpkg", names=CORE, name="济南主城四区", on="2024-01-01")


def accounted(report: ImportReport | None) -> bool:
    return report is not None and report.read == report.accepted + len(report.quarantine) + len(report.duplicates)


def test_every_difficult_shapefile_is_accounted_for_or_fails_with_one_clear_sentence(real_data: Path) -> None:
    read, refused = 0, {}
    for path in sorted((real_data / "shapefiles").rglob("*")):
        if path.is_dir() or path.suffix.lower() in PARTS:
            continue
        try:
            names = [layer.name for layer in inspect(path).layers]
            for name in names if len(names) > 1 else [None]:
                records = open_records(path, every_schema(), layer=name)
                ledger = Ledger(records)
                if records.geometry is not None:
                    checked(records, ledger, of=ALL_SHAPES)
                    referred(records, ledger, checked(records, ledger, of=ALL_SHAPES), crs=_crs(records), area=None)
                assert accounted(ledger.report())
                read += 1
        except DataError as error:
            refused[path.name] = str(error)
    assert read > 40
    assert all(message.count("\n") == 0 and len(message) > 20 for message in refused.values())
    assert {
        "corrupt_too_long.shp",
        "latin1.shp",
        "gbk_cpg_lies_utf8.shp",
        "multicurve.gml",
        "empty_zipfile.zip",
    } <= set(refused)


def _crs(records: object) -> str | None:
    return None if getattr(records, "crs", None) is not None else "EPSG:4326"


@pytest.mark.parametrize(("variant", "encoding"), [
    ("gbk_cpg", "gb18030 (declared)"), ("gbk_no_cpg_ldid0", "gb18030 (found by trial)"), ("utf8_no_cpg", "utf-8 (found by trial)"),
    ("cgcs2000_4490_esri_wkt", "gb18030 (declared)"), ("cgcs2000_4549_esri_wkt", "gb18030 (declared)"),
])  # fmt: skip
def test_every_variant_of_qingdao_is_the_same_area(real_data: Path, variant: str, encoding: str) -> None:
    path = real_data / "shapefiles" / "variants" / variant / f"{variant}.shp"
    area = read_area(path, names=["即墨区", "市南区"], on="2024-01-01")
    report = area.units.report
    assert report is not None
    assert report.facts["encoding"] == encoding
    assert sorted(area.units["code"]) == ["370202", "370215"]
    assert area.crs.to_epsg() == 4549
    assert area.square_kilometres == pytest.approx(1960, rel=0.05)


def test_a_lying_cpg_is_told_and_mended_by_saying_the_encoding(real_data: Path) -> None:
    path = real_data / "shapefiles" / "variants" / "gbk_cpg_lies_utf8" / "gbk_cpg_lies_utf8.shp"
    with pytest.raises(SourceError, match="encoding='gb18030'"):
        read_area(path, on="2024-01-01")
    assert len(read_area(path, on="2024-01-01", encoding="gb18030").units) == 10


def test_a_missing_prj_is_asked_for_with_the_right_suggestion(real_data: Path) -> None:
    path = real_data / "shapefiles" / "variants" / "cgcs2000_4549_no_prj" / "cgcs2000_4549_no_prj.shp"
    with pytest.raises(DataError, match="say crs='EPSG:4549'"):
        read_area(path, on="2024-01-01")
    assert len(read_area(path, on="2024-01-01", crs="EPSG:4549").units) == 10


def test_web_map_districts_lie_off_the_official_ones_until_the_shift_is_taken_out(real_data: Path) -> None:
    official = read_area(real_data / "jinan" / "districts.gpkg", names=["历下区"], on="2024-01-01").polygon
    shifted = real_data / "shapefiles" / "amap_cities" / "1. 精确到District" / "济南市.shp"
    raw = read_area(shifted, names=["历下区"], on="2024-01-01", crs="EPSG:4326").polygon
    back = read_area(shifted, names=["历下区"], on="2024-01-01", crs="GCJ-02").polygon
    apart, together = (one.symmetric_difference(official).area / official.area for one in (raw, back))
    assert together < 0.6 * apart


def test_jinan_roads_are_read_as_directions_with_every_row_accounted_for(real_data: Path, core: StudyArea) -> None:
    path = real_data / "jinan" / "roads" / "edges.shp"
    with pytest.raises(DataError, match="say crs='EPSG:4326'"):
        read_roads(path, area=core)
    roads = read_roads(path, area=core, crs="EPSG:4326")
    assert roads.report is not None
    assert roads.report.read == 28_597
    assert accounted(roads.report)
    assert roads["oneway"].all()
    assert len(set(roads["road_class"])) == 14
    assert list(roads.report.quarantine.query("rule != 'place.outside'")["rule"]) == ["geometry.invalid"]


def test_jinan_elders_come_from_cells_and_census(real_data: Path, core: StudyArea) -> None:
    folder = real_data / "jinan"
    shares = read_population(folder / "population_cells.csv", area=core, census=folder / "census_2020.csv", age="60+")
    assert shares.report is not None
    assert shares.report.read == 15_655
    assert accounted(shares.report)
    totals = read_population(
        folder / "population_cells.csv", area=core, census=folder / "census_2020.csv", age="60+", use="totals",
        allow_factors=True,
    )  # fmt: skip
    assert totals.total == pytest.approx(146_677 + 169_380 + 116_281 + 145_919, rel=1e-6)
    notes = " ".join(str(note) for note in shares.report.notes)
    assert "济南高新技术产业开发区 57,428" in notes


def test_all_of_jinan_lists_the_districts_without_cells(real_data: Path) -> None:
    folder = real_data / "jinan"
    area = read_area(folder / "districts.gpkg", name=None, on="2024-01-01")
    demand = read_population(folder / "population_cells.csv", area=area, census=folder / "census_2020.csv", age="60+")
    assert demand.report is not None
    table = demand.report.tables["census"].set_index("name")
    assert (table["state"] == "no cells").sum() == 6
    assert table.loc["济南高新技术产业开发区", "state"] == "not in the area"
    assert table["age_people"].sum() == pytest.approx(1_837_112, rel=1e-6)


def test_qingdao_towns_find_their_districts(real_data: Path) -> None:
    folder = real_data / "qingdao"
    area = read_area(folder / "districts.gpkg", towns=folder / "townships.geojson", name=None, on="2024-01-01")
    assert len(area.units.at("town")) >= 133
    assert set(area.units.at("town")["parent"]) == set(area.units.at("district")["code"])
