"""The project file: whole or not at all, one writer at a time, and readable by any GIS."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.errors import DataError, StoreError
from planner.imports import QUARANTINE_COLUMNS, ImportReport
from planner.store import Act, GeoPackageStore, geopackage, imported, rtree, saved
from planner.texts import Text


@pytest.fixture
def town() -> gpd.GeoDataFrame:
    names = ["五四广场", "䶮𬭚村", "=HYPERLINK()"]
    frame = gpd.GeoDataFrame(
        {
            "name": names,
            "people": [3.7, np.nan, 0.0],
            "open": [True, False, True],
            "since": [date(2020, 1, 1), None, None],
        },
        geometry=gpd.points_from_xy([250000.0, 250100.0, 250200.0], [3990000.0] * 3),
        crs=4549,
        index=pd.Index(["site:1", "site:2", "site:3"], name="id"),
    )
    return frame.set_crs(4549)


@pytest.fixture
def store(tmp_path: Path) -> GeoPackageStore:
    return GeoPackageStore(tmp_path / "project.gpkg", wait_seconds=0.2)


def test_what_is_written_is_read_back(store: GeoPackageStore, town: gpd.GeoDataFrame) -> None:
    assert store.write(Act("sites", "李", {"sites": town})) == 1
    back = store.read("sites")
    assert isinstance(back, gpd.GeoDataFrame)
    assert list(back.index) == list(town.index)
    assert list(back["name"]) == list(town["name"])
    assert back["open"].tolist() == [True, False, True]
    assert back["since"].tolist() == [date(2020, 1, 1), None, None]
    np.testing.assert_allclose(back["people"], town["people"])
    assert back.crs.to_epsg() == 4490
    apart = shapely.distance(back.to_crs(4549).geometry.to_numpy(), town.geometry.to_numpy())
    assert apart.max() < 1e-6


def test_a_new_store_is_empty_and_makes_no_file(store: GeoPackageStore) -> None:
    assert store.tables() == ()
    assert store.version == 0
    assert not store.path.exists()


def test_tables_without_geometry_and_without_rows_are_kept(store: GeoPackageStore) -> None:
    store.write(
        Act("two", replace={"empty": pd.DataFrame({"a": pd.Series(dtype=object)}), "one": pd.DataFrame({"n": [1]})})
    )
    assert store.tables() == ("empty", "one")
    assert store.read("empty").empty
    assert store.read("one")["n"].tolist() == [1]


def test_the_file_is_a_geopackage_by_the_standard(store: GeoPackageStore, town: gpd.GeoDataFrame) -> None:
    store.write(Act("sites", replace={"sites": town}))
    db = sqlite3.connect(store.path)
    assert db.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
    assert db.execute("PRAGMA user_version").fetchone()[0] >= 10200
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert {-1, 0, 4326, 4490} <= {row[0] for row in db.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")}
    assert db.execute("SELECT * FROM gpkg_geometry_columns").fetchall() == [("sites", "geom", "POINT", 4490, 0, 0)]
    extension = db.execute("SELECT extension_name, scope FROM gpkg_extensions WHERE table_name='sites'").fetchall()
    assert extension == [("gpkg_rtree_index", "write-only")]
    (box,) = db.execute("SELECT min_x, max_x FROM gpkg_contents WHERE table_name='sites'").fetchall()
    assert 117 < box[0] < box[1] < 119
    assert db.execute("SELECT count(*) FROM rtree_sites_geom").fetchone() == (3,)


def test_gdal_reads_it_and_uses_its_rtree(store: GeoPackageStore, town: gpd.GeoDataFrame) -> None:
    store.write(Act("sites", replace={"sites": town}))
    assert "sites" in set(pyogrio.list_layers(store.path)[:, 0])
    info = pyogrio.read_info(store.path, layer="sites")
    assert info["crs"] == "EPSG:4490"
    assert info["features"] == 3
    west = store.read("sites").geometry.iloc[0].x
    near = pyogrio.read_dataframe(store.path, layer="sites", bbox=(west - 1e-5, 0, west + 1e-5, 90))
    assert near["name"].tolist() == ["五四广场"]


def test_the_rtree_follows_rows_added_later(store: GeoPackageStore, town: gpd.GeoDataFrame) -> None:
    store.write(Act("sites", replace={"sites": town.iloc[:1]}))
    store.write(Act("more", append={"sites": town.iloc[1:]}))
    db = sqlite3.connect(store.path)
    assert db.execute("SELECT count(*) FROM rtree_sites_geom").fetchone() == (3,)


@pytest.mark.parametrize("count", [0, 1, 51, 52, 5_000])
def test_an_rtree_built_whole_is_sound_and_finds_what_brute_force_finds(count: int) -> None:
    draw = np.random.default_rng(count)
    west, south = draw.uniform(73, 136, count), draw.uniform(3, 54, count)
    boxes = np.column_stack([west, west + draw.exponential(0.1, count), south, south + draw.exponential(0.1, count)])
    boxes[::3, 1], boxes[::3, 3] = boxes[::3, 0], boxes[::3, 2]  # points among them
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE tree USING rtree(id, minx, maxx, miny, maxy)")
    db.execute("INSERT INTO tree VALUES (7, 0, 1, 0, 1)")
    rtree.fill(db, "tree", np.arange(1, count + 1), boxes)
    assert db.execute("SELECT rtreecheck('tree')").fetchone() == ("ok",)
    inside = "SELECT id FROM tree WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ?"
    for x, y in draw.uniform((73, 3), (136, 54), (50, 2)).tolist() + boxes[:20, [0, 2]].tolist():
        one, other, low, high = boxes.T
        near = set((np.flatnonzero((one <= x + 2) & (other >= x) & (low <= y + 2) & (high >= y)) + 1).tolist())
        found = {row[0] for row in db.execute(inside, (x + 2, x, y + 2, y))}
        assert near <= found
        assert len(found - near) <= 1  # a box is rounded outwards to 32 bits
    db.executemany("INSERT INTO tree VALUES (?, ?, ?, ?, ?)", [(count + n, n, n, n, n) for n in range(1, 200)])
    db.execute("DELETE FROM tree WHERE id % 2")
    assert db.execute("SELECT rtreecheck('tree')").fetchone() == ("ok",)
    assert db.execute("SELECT count(*) FROM tree").fetchone() == ((count + 199) // 2,)


def test_the_rtree_reads_shapes_however_they_were_written_and_skips_empty_ones(store: GeoPackageStore) -> None:
    shapes = [
        shapely.Point(120, 36),
        shapely.box(1, 2, 3, 4),
        shapely.Point(),
        None,
        shapely.LineString([(5, 6), (7, 9)]),
    ]
    frame = gpd.GeoDataFrame({"name": list("abcde")}, geometry=shapes, crs=4490)
    store.write(Act("shapes", replace={"shapes": frame}))
    with store.writing("another program") as db:
        foreign = b"GP\0\x00" + (4490).to_bytes(4, "big") + shapely.to_wkb(shapely.Point(8, 9), byte_order=0)
        db.execute("UPDATE shapes SET geom = ? WHERE name = 'a'", (foreign,))
        db.execute("DROP TRIGGER rtree_shapes_geom_insert")
        geopackage.index_rows(db, "shapes")
        found = db.execute("SELECT id, minx, maxx, miny, maxy FROM rtree_shapes_geom ORDER BY id").fetchall()
    assert found == [(1, 8, 8, 9, 9), (2, 1, 3, 2, 4), (5, 5, 7, 6, 9)]


def test_layers_open_styled_in_qgis(store: GeoPackageStore, town: gpd.GeoDataFrame) -> None:
    store.write(Act("sites", replace={"sites": town, "plain": town}, styles={"sites": "<qgis>mine</qgis>"}))
    styles = dict(
        sqlite3.connect(store.path).execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault")
    )
    assert styles["sites"] == "<qgis>mine</qgis>"
    assert 'class="SimpleMarker"' in styles["plain"]


def test_polygons_of_both_kinds_become_one_layer_of_multipolygons(store: GeoPackageStore) -> None:
    box = shapely.box(120, 36, 120.1, 36.1)
    both = gpd.GeoDataFrame(geometry=[box, shapely.MultiPolygon([box])], crs=4490)
    store.write(Act("units", replace={"units": both}))
    assert set(store.read("units").geom_type) == {"MultiPolygon"}


def test_heights_and_missing_geometry_survive(store: GeoPackageStore) -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(120, 36, 7), None], crs=4490)
    store.write(Act("deep", replace={"deep": frame}))
    back = store.read("deep").geometry
    assert back.iloc[0].z == 7
    assert back.iloc[1] is None


@pytest.mark.parametrize(
    "name", ["gpkg_contents", "x y", "rtree_a", "sqlite_x", 'a"; DROP TABLE t; --', "planner_meta", ""]
)
def test_a_table_name_that_could_harm_the_file_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="cannot name a table"):
        Act("bad", replace={name: pd.DataFrame({"a": [1]})})


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pd.DataFrame({"a": [1, "x"]}), "one kind of value"),
        (pd.DataFrame({"a": [[1], [2]]}), "one kind of value"),
        (pd.DataFrame({"a": [1], "A": [2]}), "differ only in case"),
        (pd.DataFrame({"fid": [1]}), "rename it"),
        (pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "x"], name="id")), "IDs repeat"),
    ],
)
def test_a_frame_that_sqlite_would_change_is_refused_and_nothing_is_kept(
    store: GeoPackageStore, frame: pd.DataFrame, says: str
) -> None:
    store.write(Act("good", replace={"good": pd.DataFrame({"a": [1]})}))
    with pytest.raises(DataError, match=says):
        store.write(Act("bad", replace={"good": pd.DataFrame({"a": [2]}), "bad": frame}))
    assert store.tables() == ("good",)
    assert store.read("good")["a"].tolist() == [1]
    assert store.version == 1


def test_an_import_keeps_what_became_of_every_row(store: GeoPackageStore, town: gpd.GeoDataFrame) -> None:
    out = pd.DataFrame([("f.shp", "f", 4, "null-geometry", None, None, "no geometry", "draw it", {"name": "甲"})])
    out.columns = list(QUARANTINE_COLUMNS)
    report = ImportReport(
        "f.shp", "ab" * 32, 4, 3, quarantine=out, facts={"encoding": "GB18030"}, notes=(Text("一", "one"),)
    )
    store.write(imported("sites", town, report, who="李"))
    books = store.read("imports").iloc[0]
    assert (books["rows_read"], books["accepted"], books["quarantined"], books["who"]) == (4, 3, 1, "李")
    assert json.loads(books["facts"]) == {"encoding": "GB18030"}
    row = store.read("quarantine").iloc[0]
    assert (row["rule"], row["outcome"], row["import"]) == (
        "null-geometry",
        "quarantined",
        store.read("imports").index[0],
    )
    assert json.loads(row["original"]) == {"name": "甲"}


def test_plans_are_kept_one_after_another(store: GeoPackageStore) -> None:
    for value in (1.5, 2.5):
        store.write(saved("plans", "Fifty", {"value": value}, who="李"))
    plans = store.read("plans")
    assert [json.loads(text)["value"] for text in plans["document"]] == [1.5, 2.5]


def test_fault_20_a_file_with_another_application_id_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.gpkg"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE t (a)")
    db.commit()
    db.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"application_id 0x0.*nothing was written.*backup"):
        GeoPackageStore(path)
    assert path.read_bytes() == before


def test_fault_20_a_damaged_file_is_refused_with_advice(store: GeoPackageStore, town: gpd.GeoDataFrame) -> None:
    store.write(Act("sites", replace={"sites": pd.concat([town] * 300).reset_index(drop=True)}))
    raw = bytearray(store.path.read_bytes())
    for page in range(20, len(raw) // 4096 - 1, 2):
        raw[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    store.path.write_bytes(raw)
    with pytest.raises(StoreError, match="damaged"):
        GeoPackageStore(store.path).write(Act("x", replace={"x": pd.DataFrame({"a": [1]})}))
    with pytest.raises(StoreError, match="recover"):
        store.check()


def test_fault_20_text_under_a_gpkg_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.gpkg"
    path.write_text("not a database, but long enough to be looked at as one" * 50)
    with pytest.raises(StoreError, match="no GeoPackage"):
        GeoPackageStore(path)


def test_fault_21_a_file_locked_by_another_program_is_waited_for_then_named(
    store: GeoPackageStore, town: gpd.GeoDataFrame
) -> None:
    store.write(Act("sites", replace={"sites": town}))
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"another program \(QGIS"):
        store.write(Act("more", append={"sites": town.rename(index=lambda i: i + "b")}))
    assert 0.15 < time.monotonic() - began < 5
    other.execute("ROLLBACK")
    assert len(store.read("sites")) == 3


def test_fault_83_a_second_writer_is_told_who_holds_the_file(store: GeoPackageStore) -> None:
    store.write(Act("one", replace={"one": pd.DataFrame({"a": [1]})}))
    with (
        store.writing("a long import", who="王芳"),
        pytest.raises(StoreError, match=r"王芳 \(process \d+.*a long import"),
    ):
        GeoPackageStore(store.path, wait_seconds=0.1).write(Act("two", append={"one": pd.DataFrame({"a": [2]})}))
    assert store.read("one")["a"].tolist() == [1]


def test_fault_83_a_second_writer_who_waits_long_enough_gets_through(store: GeoPackageStore) -> None:
    store.write(Act("one", replace={"one": pd.DataFrame({"a": [1]})}))
    code = (
        "import sys,time,pandas as pd; from planner.store import *\n"
        "s=GeoPackageStore(sys.argv[1])\n"
        "with s.writing('slow'): print('go', flush=True); time.sleep(0.5)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(store.path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "go\n"
        patient = GeoPackageStore(store.path, wait_seconds=30)
        assert patient.write(Act("two", append={"one": pd.DataFrame({"a": [2]})})) == 3


def test_fault_83_no_update_is_lost(store: GeoPackageStore) -> None:
    store.write(Act("one", replace={"one": pd.DataFrame({"a": [1]})}))
    seen = store.version
    store.write(Act("theirs", replace={"one": pd.DataFrame({"a": [2]})}, expects=seen))
    with pytest.raises(StoreError, match="version 2, and this is based on version 1"):
        store.write(Act("mine", replace={"one": pd.DataFrame({"a": [3]})}, expects=seen))
    assert store.read("one")["a"].tolist() == [2]


def test_fault_86_a_newer_schema_can_be_read_but_not_written(store: GeoPackageStore) -> None:
    store.write(Act("one", replace={"one": pd.DataFrame({"a": [1]})}))
    db = sqlite3.connect(store.path)
    db.execute("UPDATE planner_meta SET value = '99' WHERE key = 'schema'")
    db.commit()
    db.close()
    again = GeoPackageStore(store.path)
    assert again.read("one")["a"].tolist() == [1]
    with pytest.raises(StoreError, match=r"schema 99.*newer planner"):
        again.write(Act("two", replace={"two": pd.DataFrame({"a": [1]})}))


def test_fault_86_an_older_schema_is_migrated_with_a_backup(tmp_path: Path, town: gpd.GeoDataFrame) -> None:
    path = tmp_path / "from_qgis.gpkg"
    town.to_crs(4490).drop(columns="since").to_file(path, layer="drawn", engine="pyogrio")
    store = GeoPackageStore(path)
    assert store.tables() == ("drawn",)
    assert len(store.read("drawn")) == 3
    store.write(Act("own", replace={"own": pd.DataFrame({"a": [1]})}))
    assert store.tables() == ("drawn", "own")
    kept = GeoPackageStore(tmp_path / "from_qgis.schema-0.gpkg")
    assert kept.tables() == ("drawn",)


def test_fault_82_a_full_disk_leaves_the_old_file(store: GeoPackageStore, town: gpd.GeoDataFrame) -> None:
    store.write(Act("sites", replace={"sites": town}))

    class Small(GeoPackageStore):
        def _open_to_write(self) -> sqlite3.Connection:
            db = super()._open_to_write()
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {pages + 2}")
            return db

    big = pd.DataFrame({"text": ["x" * 4000] * 50})
    with pytest.raises(StoreError, match=r"disk is full.*stands as before"):
        Small(store.path).write(Act("big", replace={"big": big}))
    assert store.tables() == ("sites",)
    store.check()


def test_fault_82_a_folder_that_cannot_be_written_is_named() -> None:
    with pytest.raises(StoreError, match="folder may be written"):
        GeoPackageStore("/proc/project.gpkg").write(Act("x", replace={"x": pd.DataFrame({"a": [1]})}))


def test_fault_82_a_missing_folder_and_a_folder_in_place_of_the_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no folder"):
        GeoPackageStore(tmp_path / "no" / "p.gpkg").write(Act("x"))
    with pytest.raises(StoreError, match="is a folder"):
        GeoPackageStore(tmp_path)


def test_fault_81_a_writer_killed_in_the_middle_leaves_the_state_before_and_the_next_run_says_so(
    store: GeoPackageStore, town: gpd.GeoDataFrame
) -> None:
    store.write(Act("sites", replace={"sites": town}))
    code = (
        "import sys,time; from planner.store import *; from planner.store import geopackage\n"
        "s=GeoPackageStore(sys.argv[1])\n"
        "with s.writing('doomed', who='李') as db:\n"
        "  geopackage.drop(db,'sites'); db.execute('PRAGMA cache_spill=1'); print('go', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(store.path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        os.kill(other.pid, signal.SIGKILL)
    part = store.path.with_name("project-copy.gpkg.part")
    part.touch()
    again = GeoPackageStore(store.path)
    assert "李" in again.left_behind[0]
    assert "doomed" in again.left_behind[0]
    assert "unfinished copy" in again.left_behind[1]
    assert not part.exists()
    assert len(again.read("sites")) == 3
    again.check()
    assert again.write(Act("next", append={"log": pd.DataFrame({"a": [1]})})) == 2
    assert GeoPackageStore(store.path).left_behind == ()


def test_an_error_inside_an_act_undoes_all_of_it(store: GeoPackageStore) -> None:
    store.write(Act("one", replace={"one": pd.DataFrame({"a": [1]})}))

    def fail() -> None:
        with store.writing("fails") as db:
            db.execute("DELETE FROM one")
            db.execute("DELETE FROM missing")

    with pytest.raises(StoreError, match="no such table"):
        fail()
    assert store.read("one")["a"].tolist() == [1]
    assert not store.path.with_name("project.gpkg.writer").exists()


def test_a_backup_is_whole_and_needs_no_pause(store: GeoPackageStore, town: gpd.GeoDataFrame, tmp_path: Path) -> None:
    store.write(Act("sites", replace={"sites": town}))
    copy = GeoPackageStore(store.backup(tmp_path / "copy.gpkg"))
    copy.check()
    assert len(copy.read("sites")) == 3
    assert not list(tmp_path.glob("*.part"))


def test_a_copy_that_someone_is_making_is_left_alone(store: GeoPackageStore) -> None:
    store.write(Act("one", replace={"one": pd.DataFrame({"a": [1]})}))
    mine = store.path.with_name(f"project-copy.gpkg.{os.getpid()}.part")
    mine.touch()
    assert GeoPackageStore(store.path).left_behind == ()
    assert mine.exists()


def test_the_file_can_be_moved_and_read_elsewhere(
    store: GeoPackageStore, town: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    store.write(Act("sites", replace={"sites": town}))
    (tmp_path / "usb").mkdir()
    moved = shutil.move(store.path, tmp_path / "usb" / "项目.gpkg")
    assert len(GeoPackageStore(moved).read("sites")) == 3


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.none(),
            st.tuples(st.floats(-179, 179), st.floats(-89, 89)).map(shapely.Point),
            st.tuples(st.floats(100, 110), st.floats(30, 40)).map(
                lambda p: shapely.box(p[0], p[1], p[0] + 1, p[1] + 2)
            ),
            st.just(shapely.Polygon()),
        )
    )
)
def test_any_geometry_comes_back_as_it_went(shapes: list[shapely.Geometry | None]) -> None:
    given_shapes = np.array(shapes, dtype=object)
    back = geopackage.decode(geopackage.encode(given_shapes, 4490))
    assert len(back) == len(shapes)
    for before, after in zip(shapes, back, strict=True):
        assert (
            (before is None and after is None)
            or shapely.equals_exact(before, after)
            or (before.is_empty and after.is_empty)
        )
