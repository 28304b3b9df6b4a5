"""Exports: round trips, losses told, formulas and secrets kept in (FAULTS 46, 92)."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import Point, box

from planner.access import summarise
from planner.area import StudyArea
from planner.coverage import Coverage
from planner.errors import DataError, SourceError
from planner.exports import write
from planner.exports.exchange import field_names
from planner.optimise import maximise_coverage
from planner.plan import Plan, Scenario
from planner.sources import read_sites
from planner.sources.opening import open_records
from planner.sources.schema import schema
from planner.sources.wording import FORMULA
from tests.town import CRS, SOUTH, WEST, demand_of, sites_of

FORMATS = ("gpkg", "geojson", "parquet", "fgb", "csv", "xlsx", "shp")


def frame_of(**columns: object) -> gpd.GeoDataFrame:
    data = {
        "name": ["䶮𬭚村", "=1+1", "普通"],
        "people": [1.5, 2.25, np.nan],
        "count": [1, 2, 3],
        "opened": [date(2020, 1, 2), None, date(1949, 10, 1)],
        "walk": [True, False, True],
    } | columns
    points = [Point(WEST + 10 * at, SOUTH + 20 * at) for at in range(3)]
    return gpd.GeoDataFrame(data, geometry=points, index=pd.Index(["a:1", "a:2", "a:3"], name="id"), crs=CRS)


def read_back(path: Path) -> gpd.GeoDataFrame:
    if path.suffix == ".parquet":
        return gpd.read_parquet(path).reset_index()
    if path.suffix in (".csv", ".xlsx"):
        table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_excel(path, engine="openpyxl")
        points = gpd.points_from_xy(table["longitude"], table["latitude"], crs=4326)
        return gpd.GeoDataFrame(table, geometry=points)
    if path.suffix == ".gpkg":
        return pyogrio.read_dataframe(path, layer="layer")
    return pyogrio.read_dataframe(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    frame = frame_of()
    written = write(frame, tmp_path / f"out.{suffix}")
    back = read_back(written.files[0]).set_index("id").sort_index()
    name = "'=1+1" if suffix == "csv" else "=1+1"
    assert back["name"].tolist() == ["䶮𬭚村", name, "普通"]
    assert back["count"].tolist() == [1, 2, 3]
    assert back["people"].tolist()[:2] == [1.5, 2.25]
    assert np.isnan(back["people"].iloc[2])
    assert pd.to_datetime(back["opened"]).dt.date.tolist()[0::2] == [date(2020, 1, 2), date(1949, 10, 1)]
    assert [str(one).lower() in {"true", "1"} for one in back["walk"]] == [True, False, True]
    moved = back.to_crs(CRS)
    assert shapely.distance(moved.geometry.to_numpy(), frame.geometry.to_numpy()).max() < 0.02


def test_geojson_follows_rfc_7946(tmp_path: Path) -> None:
    ring = gpd.GeoDataFrame(
        {"n": [1]}, geometry=[box(WEST, SOUTH, WEST + 9, SOUTH + 9).reverse()], index=["a"], crs=CRS
    )
    write(ring, tmp_path / "a.geojson")
    data = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))
    assert "crs" not in data
    shape = shapely.geometry.shape(data["features"][0]["geometry"])
    assert shape.exterior.is_ccw
    assert 119 < shape.centroid.x < 121
    longest = max(len(str(value).split(".")[1]) for value in np.ravel(data["features"][0]["geometry"]["coordinates"]))
    assert longest <= 7


def test_the_exchange_shapefile_keeps_rare_characters_and_maps_its_fields(tmp_path: Path) -> None:
    frame = frame_of(设施名称=["䶮𬭚村"] * 3, 设施名称全称=["x"] * 3)
    written = write(frame, tmp_path / "out.shp")
    assert set(written.losses["column"]) == {"walk"}
    assert {file.suffix for file in written.files} == {".shp", ".shx", ".dbf", ".prj", ".cpg", ".csv"}
    assert (tmp_path / "out.cpg").read_text(encoding="ascii") == "GB18030"
    assert 'PROJCS["CGCS2000_3_Degree_GK_CM_120E"' in (tmp_path / "out.prj").read_text(encoding="ascii")
    fields = pd.read_csv(tmp_path / "out.fields.csv").set_index("heading")["field"]
    assert all(name.isascii() and len(name) <= 10 for name in fields)
    records = open_records(tmp_path / "out.shp", schema("sites"))
    assert records.frame[fields["设施名称"]].tolist() == ["䶮𬭚村"] * 3
    assert records.crs is not None
    assert records.crs.to_epsg() == 4549


def test_text_too_long_for_a_dbf_is_cut_between_characters_and_listed(tmp_path: Path) -> None:
    written = write(frame_of(note=["长" * 300, "短", "x" * 254]), tmp_path / "out.shp")
    assert written.losses["id"].tolist() == ["*", "a:1"]
    assert written.losses["after"].iloc[1] == "长" * 127
    assert (tmp_path / "out.losses.csv").exists()
    again = write(frame_of().drop(columns="walk"), tmp_path / "out.shp")
    assert again.losses.empty
    assert not (tmp_path / "out.losses.csv").exists()


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=30), unique=True, max_size=30))
def test_field_names_are_short_ascii_and_apart(headings: list[str]) -> None:
    names = list(field_names(headings).values())
    assert all(name.isascii() and 0 < len(name) <= 10 for name in names)
    assert len({name.lower() for name in names}) == len(headings)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "'=", "''+"])
def test_fault_46_no_cell_of_a_csv_starts_a_formula_and_reading_takes_the_mark_off(tmp_path: Path, start: str) -> None:
    text = f"{start}cmd|' /C calc'!A0"
    write(frame_of(name=[text, "甲", "乙"]), tmp_path / "out.csv")
    cell = pd.read_csv(tmp_path / "out.csv")["name"].iloc[0]
    assert cell[0] == "'"
    assert FORMULA.sub("", cell, count=1) == text


def test_fault_46_no_cell_of_a_workbook_is_a_formula_or_a_link(tmp_path: Path) -> None:
    write(frame_of(name=['=HYPERLINK("http://x")', "http://example.org", "+1"]), tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["layer"]
    column = next(cell for cell in sheet[1] if cell.value == "name").column
    cells = [sheet.cell(row, column) for row in (2, 3, 4)]
    assert [cell.data_type for cell in cells] == ["s", "s", "s"]
    assert not any(cell.hyperlink for cell in cells)


def test_whatever_a_dbf_cannot_hold_is_listed_and_all_else_comes_back_equal(tmp_path: Path) -> None:
    frame = frame_of(
        code=[3702020010010010011, 1, 2],
        when=pd.to_datetime(["2020-01-02 03:04:05", None, "1949-10-01 00:00:00"]),
        rate=[np.inf, 0.1, -1e-9],
        text=["", None, "有"],
    )
    written = write(frame, tmp_path / "out.shp")
    told = written.losses.set_index("column")
    assert set(told.index) == {"walk", "code", "when", "rate", "text"}
    assert told.loc["rate", "id"] == "a:1"
    back = open_records(tmp_path / "out.shp", schema("sites")).frame
    fields = pd.read_csv(tmp_path / "out.fields.csv").set_index("heading")["field"]
    assert back[fields["code"]].tolist() == ["3702020010010010011", "1", "2"]
    assert back[fields["when"]].tolist() == ["2020-01-02T03:04:05", None, "1949-10-01T00:00:00"]
    assert back[fields["rate"]].tolist()[1:] == [0.1, -1e-9]
    assert back[fields["name"]].tolist() == frame["name"].tolist()
    listed = pd.read_csv(tmp_path / "out.losses.csv")
    assert len(listed) == len(written.losses)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("column", ["密级", "secrecy"])
def test_fault_92_what_is_not_public_leaves_in_no_format(tmp_path: Path, suffix: str, column: str) -> None:
    frame = frame_of(name=["公开村", "SENTINEL秘密", "SENTINEL空白"], **{column: ["公开", "秘密", ""]})
    written = write(frame, tmp_path / f"out.{suffix}")
    assert written.withheld == 2
    for file in tmp_path.iterdir():
        raw = file.read_bytes()
        assert b"SENTINEL" not in raw
    assert len(read_back(written.files[0])) == 1


def test_records_of_which_nothing_was_said_may_leave(tmp_path: Path) -> None:
    written = write(frame_of(密级=[None, "公开", np.nan]), tmp_path / "out.gpkg")
    assert written.withheld == 0


def test_a_failed_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for suffix in ("gpkg", "shp", "csv"):
        path = tmp_path / f"out.{suffix}"
        write(frame_of(), path)
        before = path.read_bytes()

        def broken(*_: object, **__: object) -> None:
            raise OSError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(pyogrio, "write_dataframe", broken)
            patch.setattr(pd.DataFrame, "to_csv", broken)
            with pytest.raises(SourceError, match=r"cannot (write|save)"):
                write(frame_of(count=[7, 8, 9]), path)
        assert path.read_bytes() == before
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]


def test_unknown_formats_layers_and_folders_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no format that is known; use one of .gpkg"):
        write(frame_of(), tmp_path / "out.docx")
    with pytest.raises(DataError, match="no layer 'x'; there are layer"):
        write(frame_of(), tmp_path / "out.csv", layer="x")
    with pytest.raises(SourceError, match="does not exist; make it first"):
        write(frame_of(), tmp_path / "no" / "out.gpkg")
    with pytest.raises(SourceError, match="does not exist; make it first"):
        write(frame_of(), tmp_path / "no" / "out.shp")
    with pytest.raises(DataError, match="write takes a Plan"):
        write(42, tmp_path / "out.csv")  # type: ignore[arg-type]
    mixed = frame_of()
    mixed.geometry = [mixed.geometry.iloc[0], box(0, 0, 1, 1), mixed.geometry.iloc[2]]
    with pytest.raises(DataError, match="one kind of shape"):
        write(mixed, tmp_path / "out.shp")


@pytest.fixture
def plan() -> Plan:
    demand = demand_of([(100, 100), (500, 500), (1500, 1500)], [10.0, 20.0, 30.0])
    sites = sites_of([(100, 100)], existing=True, prefix="old") + sites_of([(500, 500), (1500, 1500)], prefix="new")
    pairs = {"site": np.array([0, 1, 2]), "point": np.array([0, 1, 2]), "minutes": np.array([1.0, 2.0, 3.0])}
    coverage = Coverage.from_pairs(demand, sites, limit=15, **pairs)
    return maximise_coverage(Scenario("试点", coverage, new=1))


def test_a_plan_becomes_layers_that_agree_with_it(tmp_path: Path, plan: Plan, area: StudyArea) -> None:
    summary = summarise(plan, by=area.units)
    written = write(plan, tmp_path / "plan.gpkg", summary=summary, units=area.units)
    assert dict(written.rows) == {"new_sites": 1, "existing_sites": 1, "demand": 3, "units": 6}
    demand = pyogrio.read_dataframe(tmp_path / "plan.gpkg", layer="demand")
    assert demand.loc[demand["covered"].astype(bool), "people"].sum() == plan.value
    assert demand["minutes"].isna().tolist() == [False, True, False]
    new = pyogrio.read_dataframe(tmp_path / "plan.gpkg", layer="new_sites")
    assert new["people_gained"].tolist() == [30.0]
    units = pyogrio.read_dataframe(tmp_path / "plan.gpkg", layer="units")
    assert units.loc[units["level"] == "district", "covered"].sum() == round(plan.value)
    about = pyogrio.read_dataframe(tmp_path / "plan.gpkg", layer="about").set_index("item")["value"]
    assert float(about["value"]) == plan.value


def test_a_geopackage_opens_styled_and_valid(tmp_path: Path, plan: Plan) -> None:
    write(plan, tmp_path / "plan.gpkg")
    with closing(sqlite3.connect(tmp_path / "plan.gpkg")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
        styles = dict(db.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault").fetchall())
    assert set(styles) == {"new_sites", "existing_sites", "demand"}
    assert "categorizedSymbol" in styles["demand"]


def test_a_plan_in_one_layer_holds_its_open_sites(tmp_path: Path, plan: Plan) -> None:
    written = write(plan, tmp_path / "plan.geojson")
    sites = gpd.read_file(written.files[0])
    assert sorted(sites["id"]) == ["new:1", "old:0"]
    assert write(plan, tmp_path / "people.csv", layer="demand").rows == {"demand": 3}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(
        st.text(st.characters(categories=["Lo", "Ll", "Nd", "Sm"]), min_size=1, max_size=12), min_size=3, max_size=3
    )
)
def test_names_come_back_from_a_csv_as_they_went(tmp_path: Path, area: StudyArea, names: list[str]) -> None:
    frame = frame_of(name=names)
    write(frame, tmp_path / "out.csv")
    back = read_sites(tmp_path / "out.csv", area=area, service="x", columns={"code": "id"})
    assert back["name"].loc[[f"site:{one}" for one in frame.index]].tolist() == names
