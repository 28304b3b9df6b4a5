"""Sources: progress that can be watched and stopped, files that would fill the memory, and what no reader would notice."""

from __future__ import annotations

import sqlite3
import struct
import zipfile
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from planner.area import StudyArea
from planner.errors import DataError, QuestionError, SourceError
from planner.project.settings import Settings, read_settings
from planner.sources import inspect, read_population, read_quarters, read_roads, read_sites, vectors, watching
from planner.sources import tables as lists
from planner.sources.places import Places
from planner.sources.shifted import to_gcj02
from planner.sources.watching import somebody_waits
from planner.sources.workbooks import counts_from_1904
from tests.office_files import cells_csv, lines_frame, lonlat, parts, shapefile, workbook, zipped
from tests.tiny_project import make_project
from tests.town import SOUTH, WEST, roads_of

SERVICE = "meal_station"


class Told:
    """A progress that remembers what it was told, and may stop the reading."""

    def __init__(self, *, stop_after: int | None = None) -> None:
        self.calls: list[tuple[int, int]] = []
        self.stop_after = stop_after

    def __call__(self, done: int, of: int) -> None:
        self.calls.append((done, of))
        if self.stop_after is not None and len(self.calls) >= self.stop_after:
            raise KeyboardInterrupt


@pytest.fixture
def in_small_bites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "BATCH", 5)
    monkeypatch.setattr(lists, "BATCH", 5)


@pytest.mark.parametrize("suffix", [".shp", ".zip", ".gpkg", ".fgb"])
@pytest.mark.usefixtures("in_small_bites")
def test_reading_tells_how_far_it_is(tmp_path: Path, area: StudyArea, suffix: str) -> None:
    path = shapefile(tmp_path, lines_frame(12))
    if suffix == ".zip":
        path = zipped(tmp_path / "roads.zip", *parts(path))
    elif suffix != ".shp":
        lines_frame(12).to_file(path := tmp_path / f"roads{suffix}")
    told = Told()
    read_roads(path, area=area, progress=told)
    assert [done for done, _ in told.calls] == [5, 10, 12]
    assert {of for _, of in told.calls} == {12}


@pytest.mark.usefixtures("in_small_bites")
def test_reading_a_list_tells_how_far_it_is(tmp_path: Path, area: StudyArea) -> None:
    path = cells_csv(tmp_path / "cells.csv", [(100.0 * at, 500.0, at) for at in range(15)])
    told = Told()
    read_population(path, area=area, progress=told)
    assert [done for done, _ in told.calls] == [6, 11, 16]  # lines, the headings among them
    assert told.calls[-1][1] >= 16


@pytest.mark.usefixtures("in_small_bites")
def test_reading_can_be_stopped_and_leaves_nothing_behind(
    tmp_path: Path, area: StudyArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shapefile(tmp_path, lines_frame(12))
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    with pytest.raises(KeyboardInterrupt):
        read_roads(path, area=area, progress=Told(stop_after=1))
    assert list(room.iterdir()) == []


def test_nobody_is_shown_a_bar_where_nobody_sits() -> None:
    assert not somebody_waits()


def test_fault_4_a_workbook_that_would_fill_the_memory_is_refused(tmp_path: Path, area: StudyArea) -> None:
    path = workbook(tmp_path / "s.xlsx", [["名称", "经度", "纬度"], ["甲", *lonlat(100, 100)]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/huge.bin", b"\0" * (40 << 20))
    with pytest.raises(SourceError, match="like a zip bomb"):
        read_sites(path, area=area, service=SERVICE)


@pytest.mark.parametrize(("name", "limit"), [("cells.csv", "MOST_CSV"), ("roads.geojson", "MOST_TEXT")])
def test_text_too_large_for_the_memory_is_refused_with_advice(
    tmp_path: Path, area: StudyArea, monkeypatch: pytest.MonkeyPatch, name: str, limit: str
) -> None:
    if name.endswith("csv"):
        cells_csv(tmp_path / name, [(100.0, 500.0, 1)])
    else:
        lines_frame(2).to_crs(4326).to_file(tmp_path / name)
    monkeypatch.setattr(lists if limit == "MOST_CSV" else vectors, limit, 10)
    with pytest.raises(SourceError, match=r"would fill the memory.*as GeoPackage"):
        (read_population if limit == "MOST_CSV" else read_roads)(tmp_path / name, area=area)


def test_fault_20_a_geopackage_with_a_damaged_page_is_refused_with_salvage_advice(
    tmp_path: Path, area: StudyArea
) -> None:
    path = tmp_path / "roads.gpkg"
    lines_frame(400).to_file(path)
    with sqlite3.connect(path) as db:
        size = db.execute("PRAGMA page_size").fetchone()[0]
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'roads'").fetchone()[0]
    raw = bytearray(path.read_bytes())
    raw[(root - 1) * size : (root - 1) * size + 8] = b"\x0d" + b"\xff" * 7
    path.write_bytes(raw)
    for read in (lambda: read_roads(path, area=area), lambda: inspect(path)):
        try:
            problem = read().layers[0].problem  # type: ignore[union-attr]
        except SourceError as error:
            problem = str(error)
        assert "damaged GeoPackage" in problem
        assert ".recover" in problem
    assert path.read_bytes() == bytes(raw)


def with_1904(path: Path) -> Path:
    """The same workbook saying that its days count from 1904."""
    entries = {}
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    book = entries["xl/workbook.xml"]
    entries["xl/workbook.xml"] = book.replace(b"<workbookPr ", b'<workbookPr date1904="1" ')
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in entries.items():
            archive.writestr(name, raw)
    return path


def test_fault_27_days_that_count_from_1904_are_read_by_that_base(tmp_path: Path, area: StudyArea) -> None:
    rows = [
        ["名称", "经度", "纬度", "启用日期"],
        ["甲", *lonlat(100, 100), 45000],
        ["乙", *lonlat(200, 100), "2020-01-02"],
    ]
    plain = read_sites(workbook(tmp_path / "a.xlsx", rows), area=area, service=SERVICE)
    other = read_sites(with_1904(workbook(tmp_path / "b.xlsx", rows)), area=area, service=SERVICE)
    assert plain["opened"].tolist() == [date(2023, 3, 15), date(2020, 1, 2)]
    assert other["opened"].tolist() == [date(2027, 3, 16), date(2020, 1, 2)]
    assert other.report is not None
    assert other.report.facts["dates"] == "1904"


@pytest.mark.parametrize(("base", "told"), [(1, True), (0, False)])
def test_fault_27_an_old_workbook_says_its_base_too(tmp_path: Path, base: int, told: bool) -> None:
    records = [(0x0809, b"\0" * 16), (0x0042, b"\xb0\x04"), (0x0022, struct.pack("<H", base)), (0x000A, b"")]
    stream = b"".join(struct.pack("<HH", kind, len(body)) + body for kind, body in records)
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + stream)
    assert counts_from_1904(tmp_path / "old.xls") is told


def test_fault_34_traditional_and_simplified_names_match_for_look_up_and_stay_as_given(area: StudyArea) -> None:
    places = Places(
        area.units.at("town").frame.assign(name=["青岛路街道", "台东街道", "着力街道", "西北街道"], town="")
    )
    assert places.find(names=["青島路"]) is not None
    assert places.find(names=["臺東街道"]) is not None
    assert places.frame["name"].tolist()[0] == "青岛路街道"


def shifted_cells(path: Path, area: StudyArea) -> Path:
    """A list of cells along the streets, as a web map shows them."""
    from shapely import Point

    true = gpd.GeoSeries([Point(WEST + 500, SOUTH + 100 + 60 * at) for at in range(30)], crs=area.crs).to_crs(4490)
    lon, lat = to_gcj02(np.column_stack([true.x, true.y])).T
    rows = [f"{x:.7f},{y:.7f},{at},格{at},100,已建" for at, (x, y) in enumerate(zip(lon, lat, strict=True))]
    path.write_text("经度,纬度,总人口,小区名称,户数,小区类型\n" + "\n".join(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("reader", [read_population, read_quarters])
def test_fault_55_every_reader_of_points_suspects_a_shift_where_roads_are_known(
    tmp_path: Path, area: StudyArea, reader: object
) -> None:
    roads = roads_of([[(500.0, 0.0), (500.0, 2500.0)], [(1900.0, 0.0), (1900.0, 2500.0)]])
    path = shifted_cells(tmp_path / "cells.csv", area)
    told = reader(path, area=area, roads=roads)  # type: ignore[operator]
    assert any("GCJ-02" in str(note) for note in told.report.notes)
    right = reader(path, area=area, roads=roads, crs="GCJ-02")  # type: ignore[operator]
    assert not any("GCJ-02" in str(note) for note in right.report.notes)


@pytest.mark.parametrize(
    "line", ['out = "../evil"', 'id = "../../evil"', 'id = "/tmp/evil"', 'id = "C:\\\\evil"', 'id = "a/b"']
)
def test_fault_18_no_key_of_a_planner_toml_leads_an_output_outside_its_folder(tmp_path: Path, line: str) -> None:
    path = make_project(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("new = 2\n", f"new = 2\n{line}\n"), encoding="utf-8")
    with pytest.raises(QuestionError, match=r"no such key|files are named by it"):
        read_settings(path, tmp_path)


def test_fault_18_settings_hold_no_other_text_that_names_an_output(tmp_path: Path) -> None:
    settings = read_settings(make_project(tmp_path), tmp_path)
    assert isinstance(settings, Settings)
    assert set(settings.files()) == {
        "area.file", "area.towns.file", "roads.file", "population.file", "service[0].existing.file",
    }  # fmt: skip


def test_a_file_refused_is_one_clear_error_whatever_reads_it(tmp_path: Path, area: StudyArea) -> None:
    (tmp_path / "x.shp").write_bytes(b"\0\0\x27\x0a")
    for read in (read_population, read_roads):
        with pytest.raises(DataError, match=r"x\.dbf|attribute table|cut short"):
            read(tmp_path / "x.shp", area=area)


def test_a_bar_shows_where_somebody_waits_and_goes_when_it_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watching, "somebody_waits", lambda: True)
    monkeypatch.setattr(watching, "PATIENCE", 0)
    with watching.watched(None, "道路.shp") as told:
        for done in (65_536, 131_072, 150_000):
            told(done, 150_000)
    shown = capsys.readouterr().err
    assert "道路.shp" in shown
    assert shown.rstrip(" ").endswith("\r")
    with watching.watched(watching.unheard, "道路.shp") as told:
        told(1, 1)
    assert capsys.readouterr().err == ""
