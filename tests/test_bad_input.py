"""Bad input to the main job: what a user of the command is told, and that nothing is written over."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from tests.commands import outcome
from tests.tiny_project import make_project

Change = Callable[[Path], None]


def run_of(folder: Path) -> tuple[int, str]:
    return outcome("plan", str(folder / "planner.toml"), "--out", str(folder / "out"), "--quiet")


def setting(before: str, after: str) -> Change:
    def change(folder: Path) -> None:
        path = folder / "planner.toml"
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")

    return change


def roads(change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame], *, without: tuple[str, ...] = ()) -> Change:
    def rewrite(folder: Path) -> None:
        frame = change(gpd.read_file(folder / "roads.shp", encoding="GBK"))
        for part in folder.glob("roads.*"):
            part.unlink()
        frame.to_file(folder / "roads.shp", encoding="GBK")
        for suffix in without:
            (folder / f"roads{suffix}").unlink()

    return rewrite


def cells(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Change:
    def rewrite(folder: Path) -> None:
        change(pd.read_csv(folder / "cells.csv")).to_csv(folder / "cells.csv", index=False)

    return rewrite


def every_cell(column: str, value: float) -> Change:
    return cells(lambda frame: frame.assign(**{column: value}))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(setting('file = "roads.shp"', 'file = "roads.shp"\ncrs = "EPSG:4326"'), "EPSG:4326", id="metres called degrees"),
        pytest.param(setting('crs = "EPSG:4490"\n\n[[', 'crs = "EPSG:4549"\n\n[['), "EPSG:4549", id="degrees called metres"),
        pytest.param(setting('people = "people"', 'people = "residents"'), "residents", id="a column that is not there"),
        pytest.param(cells(lambda f: f.rename(columns={"lon": "a", "lat": "b"})), "lon", id="no coordinates"),
        pytest.param(every_cell("people", -1.0), "cells.csv", id="all people negative"),
        pytest.param(cells(lambda f: f.iloc[:0]), "cells.csv", id="an empty list"),
        pytest.param(roads(lambda f: f.iloc[:0]), "roads.shp", id="an empty layer"),
        pytest.param(roads(lambda f: f, without=(".prj",)), "crs=", id="fault 9: no .prj"),
        pytest.param(roads(lambda f: f, without=(".dbf",)), "无属性表", id="fault 8: no .dbf"),
        pytest.param(roads(lambda f: f.set_crs(4547, allow_override=True)), "roads.shp", id="fault 54: the wrong zone"),
        pytest.param(roads(lambda f: f.assign(等级="高速公路")), "walk", id="no road to walk on"),
        pytest.param(setting('layer = "districts"', 'layer = "nowhere"'), "nowhere", id="a layer that is not there"),
        pytest.param(setting("buffer_metres = 500.0", 'names = ["南区"]'), "南区", id="a district that is not there"),
        pytest.param(setting("new = 2", 'new = 2\navoid = ["site:none"]'), "site:none", id="an unknown site"),
        pytest.param(setting('key = "meal_station"\nnew = 2', 'key = "meal_station"\nobjective = "cover_everyone"'), "", id="cover everyone"),
    ],
)  # fmt: skip
def test_a_fault_of_the_whole_file_is_one_clear_sentence(change: Change, told: str, tmp_path: Path) -> None:
    make_project(tmp_path)
    change(tmp_path)
    code, said = run_of(tmp_path)
    if told:
        assert code == 3, said
        assert told in said
        assert not list(tmp_path.glob("out/*"))
    else:
        assert code in {0, 4}, said


def test_negative_and_missing_people_are_quarantined_and_the_rest_is_planned(tmp_path: Path) -> None:
    make_project(tmp_path)
    cells(lambda f: f.assign(people=np.where(f.index == 3, -5, np.where(f.index == 4, np.nan, f["people"]))))(tmp_path)
    code, said = run_of(tmp_path)
    assert code == 1, said
    assert "cells.csv：读取 400 行，采用 398 行，隔离 2 行" in said
    sheet = load_workbook(tmp_path / "out" / "meal_station.xlsx")["隔离记录"]
    rows = [row for row in sheet.iter_rows(values_only=True) if row[0] == "cells.csv"]
    assert len(rows) == 2
    assert any("-5" in str(row) for row in rows)


def test_a_station_listed_twice_is_told_and_counts_once(tmp_path: Path) -> None:
    make_project(tmp_path)
    book = load_workbook(tmp_path / "stations.xlsx")
    sheet = book.active
    sheet.append([3, *[cell.value for cell in sheet[3]][1:]])
    book.save(tmp_path / "stations.xlsx")
    _, said = run_of(tmp_path)
    assert "stations.xlsx：读取 3 行，采用 2 行" in said
    assert "重复 1 行" in said


def test_a_station_outside_the_area_is_counted_apart(tmp_path: Path) -> None:
    make_project(tmp_path)
    book = load_workbook(tmp_path / "stations.xlsx")
    book.active.append([3, "外地助餐点", 121.0, 36.9])
    book.save(tmp_path / "stations.xlsx")
    code, said = run_of(tmp_path)
    assert code == 0, said
    assert "stations.xlsx：读取 3 行，采用 2 行，隔离 0 行，范围外或合计行 1 行" in said


def test_fault_65_a_network_in_pieces_serves_each_piece_by_itself(tmp_path: Path) -> None:
    make_project(tmp_path)
    middle = 500_000 + 1000

    def cut(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        from shapely import box

        return frame.set_geometry(frame.difference(box(middle - 20, 0, middle + 20, 9e6))).loc[lambda f: ~f.is_empty]

    roads(cut)(tmp_path)
    code, said = run_of(tmp_path)
    assert code == 0, said
    facts = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["services"]["meal_station"]
    summary = facts["summary"]
    assert summary["people"] == summary["covered"] + summary["uncovered"] + summary["not_connected"]
    assert facts["plan"]["proven"]


def test_a_station_not_yet_open_on_the_day_does_not_count_and_that_is_said(tmp_path: Path) -> None:
    make_project(tmp_path)
    book = load_workbook(tmp_path / "stations.xlsx")
    sheet = book.active
    sheet["E2"], sheet["E3"], sheet["E4"] = "启用时间", "2019年5月", "2025年3月"
    book.save(tmp_path / "stations.xlsx")
    code, said = run_of(tmp_path)
    assert code == 0, said
    assert "现有站点名单中有 1 处在 2024-01-01 尚未启用或已经关闭，不计入" in said
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["services"]["meal_station"]["summary"]["existing_sites"] == 1


def test_fault_92_a_station_that_is_not_public_is_in_no_output_and_that_is_said(tmp_path: Path) -> None:
    make_project(tmp_path)
    book = load_workbook(tmp_path / "stations.xlsx")
    sheet = book.active
    sheet["B3"], sheet["E2"], sheet["E3"], sheet["E4"] = "哨兵站点", "密级", "秘密", "公开"
    book.save(tmp_path / "stations.xlsx")
    code, said = run_of(tmp_path)
    assert code == 0, said
    assert "站点名单中有 1 处的密级不是“公开”，不进入规划成果" in said
    for path in (tmp_path / "out").iterdir():
        content = path.read_bytes()
        if path.suffix in {".xlsx", ".docx"}:
            with ZipFile(path) as parts:
                content = b"".join(parts.read(name) for name in parts.namelist())
        assert "哨兵站点".encode() not in content, path.name
