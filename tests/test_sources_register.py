"""Sources: quarters, boundary lines and tables; units that do not fit; and forms entered into the register."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString, box

from planner.allotment import allot, standard
from planner.area import StudyArea
from planner.errors import ColumnError, DataError, IdError, QuestionError
from planner.gazetteer import Basis, open_gazetteer
from planner.gazetteer.schema import LINE, MARKER, Kind
from planner.project import Entry, Import, open_project, save_findings
from planner.project.registering import read_entry
from planner.sources import read_area, read_boundaries, read_quarters, read_sites, read_table
from tests.commands import outcome
from tests.office_files import degrees, lonlat, shapefile, workbook
from tests.tiny_project import make_project
from tests.town import CRS, SOUTH, WEST

SERVICE = "meal_station"


def quarters_list(path: Path) -> Path:
    head = ["小区名称", "户数", "养老服务用房面积（平方米）", "规划许可日期", "新建或已建", "经度", "纬度"]
    rows = [
        ["和平花园", "1,200户", 180, "2020年5月", "新建", *lonlat(300, 300)],
        ["建设小区", 800, None, "2005-01-01", "已建", *lonlat(700, 500)],
        ["半户小区", 80.5, 10, None, "已建", *lonlat(800, 500)],
        ["不明小区", 90, 10, None, "待建", *lonlat(900, 500)],
        ["错日小区", 90, 10, "去年", "已建", *lonlat(900, 600)],
        ["远方小区", 90, 10, None, "已建", 118.0, 36.0],
    ]
    return workbook(path, [["居住区养老服务设施配建情况"], head, *rows])


def test_residential_quarters_are_read_for_their_allotment(tmp_path: Path, area: StudyArea) -> None:
    quarters = read_quarters(quarters_list(tmp_path / "q.xlsx"), area=area)
    frame, report = quarters.frame, quarters.report
    assert frame["name"].tolist() == ["和平花园", "建设小区"]
    assert frame["households"].tolist() == [1200, 800]
    assert frame["square_metres"].tolist() == [180, 0]
    assert frame["permit"].tolist() == [date(2020, 5, 1), date(2005, 1, 1)]
    assert frame["kind"].tolist() == ["new", "existing"]
    assert report is not None
    assert (report.read, report.accepted) == (6, 2)
    assert report.quarantine["rule"].tolist() == ["value.not_whole", "value.kind", "value.date", "place.outside"]
    assert sorted(report.repairs["rule"]) == ["value.blank_as_zero", "value.normalised"]
    account = allot(quarters, standard("qingdao_2019"))
    assert account.frame["required"].tolist()[0] == 240


def test_quarters_without_a_kind_ask_for_it(tmp_path: Path, area: StudyArea) -> None:
    path = workbook(tmp_path / "q.xlsx", [["小区名称", "户数", "经度", "纬度"], ["和平花园", 100, *lonlat(300, 300)]])
    with pytest.raises(ColumnError, match=r"quarters_are='new' or 'existing'"):
        read_quarters(path, area=area)
    assert read_quarters(path, area=area, quarters_are="new").frame["kind"].tolist() == ["new"]


def lines_file(tmp_path: Path) -> Path:
    middle = WEST + 1000
    geometry = [
        LineString([(middle, SOUTH), (middle, SOUTH + 2000)]),
        LineString([(middle, SOUTH), (middle + 60, SOUTH + 1000), (middle, SOUTH + 2000)]),
        LineString([(middle, SOUTH), (middle, SOUTH + 900)]),
    ]
    data = {"界线编号": ["1", "2", "3"], "甲方": ["东区", "379901", "无此区"], "乙方": ["西区", "379902", "西区"]}
    frame = gpd.GeoDataFrame(data, geometry=geometry, crs=CRS)
    return shapefile(tmp_path, frame, "lines")


def test_fault_63_a_boundary_line_off_the_shared_edge_is_listed_with_its_distance(
    tmp_path: Path, area: StudyArea
) -> None:
    lines = read_boundaries(lines_file(tmp_path), area=area)
    frame, report = lines.frame, lines.report
    assert frame[["left", "right"]].to_numpy().tolist() == [["379901", "379902"], ["379901", "379902"]]
    assert frame["off_edge_metres"].tolist() == [pytest.approx(0, abs=1), pytest.approx(60, abs=2)]
    assert report is not None
    assert report.quarantine["rule"].tolist() == ["line.unit"]
    assert report.tables["off_edge"]["number"].tolist() == ["2"]


def test_any_table_is_read_as_text_with_its_headings_found(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [["某某一览表"], ["编号", "名称"], [370202.0, "甲"], ["合计", 1]])
    frame = read_table(path, columns={"code": "编号"})
    assert frame.to_dict("list") == {"code": ["370202"], "名称": ["甲"]}
    assert frame.index.tolist() == [3]
    assert "合计" in str(frame.attrs["report"])
    with pytest.raises(ColumnError, match="has no column 无"):
        read_table(path, columns={"code": "无"})


def stations(path: Path, rows: list[tuple[str, float, float, str]]) -> Path:
    return workbook(path, [["名称", "经度", "纬度", "镇街"], *([n, *lonlat(x, y), town] for n, x, y, town in rows)])


def test_fault_60_points_on_a_border_or_in_no_unit_are_listed_with_where_they_count(
    tmp_path: Path, area: StudyArea
) -> None:
    rows = [("界上", 1000.0, 500.0, ""), ("里面", 300.0, 300.0, ""), ("缓冲", -200.0, 300.0, "")]
    sites = read_sites(stations(tmp_path / "s.xlsx", rows), area=area, service=SERVICE)
    assert sites.report is not None
    doubts = sites.report.tables["unit_doubts"]
    assert doubts[["row", "level", "finding", "counted_in"]].to_numpy().tolist() == [
        [2, "district", "on a border", "东区"],
        [2, "town", "on a border", "东南街道"],
    ]
    assert area.units.locate(sites, "district").tolist()[0] == "unit:379901"


def test_fault_61_a_declared_unit_that_is_not_where_the_point_lies_is_in_the_conflict_table(
    tmp_path: Path, area: StudyArea
) -> None:
    rows = [("对的", 300.0, 300.0, "西南街道"), ("错的", 300.0, 300.5, "东北街道"), ("别名", 300.0, 301.0, "老街")]
    sites = read_sites(stations(tmp_path / "s.xlsx", rows), area=area, service=SERVICE)
    assert sites.report is not None
    conflicts = sites.report.tables["unit_conflicts"]
    assert conflicts.to_numpy().tolist() == [[3, "town", "东北街道", "西南街道"]]
    assert len(sites) == 3


def units_file(tmp_path: Path, *shapes: tuple[str, str, tuple[float, float, float, float]]) -> Path:
    frame = gpd.GeoDataFrame(
        {"code": [code for code, _, _ in shapes], "name": [name for _, name, _ in shapes]},
        geometry=[box(WEST + w, SOUTH + s, WEST + e, SOUTH + n) for _, _, (w, s, e, n) in shapes],
        crs=CRS,
    )
    path = tmp_path / "units.gpkg"
    degrees(frame).to_file(path)
    return path


def test_fault_62_gaps_and_overlaps_between_units_are_reported_with_their_area(tmp_path: Path) -> None:
    shapes = [
        box(WEST, SOUTH, WEST + 1000, SOUTH + 1000),
        box(WEST + 900, SOUTH, WEST + 2000, SOUTH + 1000),
        box(WEST, SOUTH + 1000, WEST + 2000, SOUTH + 2000) - box(WEST + 500, SOUTH + 1200, WEST + 600, SOUTH + 1800),
    ]
    frame = gpd.GeoDataFrame({"code": ["379901", "379902", "379903"], "name": list("甲乙丙")}, geometry=shapes, crs=CRS)
    path = tmp_path / "units.gpkg"
    degrees(frame).to_file(path)
    report = read_area(path, on="2024-01-01").units.report
    assert report is not None
    found = report.tables["topology"].set_index("finding")["square_metres"]
    assert found["overlap"] == pytest.approx(100 * 1000, rel=0.01)
    assert found["gap"] == pytest.approx(100 * 600, rel=0.01)
    assert any("重叠 1 处共 10.00 公顷" in str(note) for note in report.notes)


def test_units_that_fit_raise_no_finding(tmp_path: Path) -> None:
    path = units_file(tmp_path, ("379901", "甲", (0, 0, 1000, 1000)), ("379902", "乙", (1000, 0, 2000, 1000)))
    report = read_area(path, on="2024-01-01").units.report
    assert report is not None
    assert report.clean


def test_fault_56_an_area_across_118_5_degrees_is_told_which_zone_was_picked(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"code": ["371300"], "name": ["某市"]}, geometry=[box(118.2, 35.0, 119.0, 35.6)], crs=4490)
    frame.to_file(tmp_path / "wide.gpkg")
    area = read_area(tmp_path / "wide.gpkg", on="2024-01-01")
    assert area.crs.to_epsg() == 4549
    assert area.units.report is not None
    (note,) = area.units.report.notes
    assert "118.5°E" in note.zh
    assert "EPSG:4549" in note.zh
    assert "0.0" in note.zh


def test_fault_33_pinyin_left_in_a_name_is_quarantined_with_advice(tmp_path: Path, area: StudyArea) -> None:
    rows = [("张村鎮(zhèn)食堂", 300.0, 300.0, ""), ("食堂(A)", 400.0, 300.0, "")]
    sites = read_sites(stations(tmp_path / "s.xlsx", rows), area=area, service=SERVICE)
    assert sites["name"].tolist() == ["食堂(A)"]
    assert sites.report is not None
    (row,) = sites.report.table("faults").to_dict("records")
    assert row["rule"] == "text.pinyin"
    assert "去掉括号中的拼音" in row["suggestion"]


# into a project


def make(tmp_path: Path) -> Path:
    make_project(tmp_path)
    return tmp_path


def names_form(path: Path) -> Path:
    head = ["地名代码", "标准名称", "类别名称", "所在(跨)行政区", "密级", "东经", "北纬"]
    rows = [
        ["379901001", "和平路", "街路巷", "379901", "公开", "120°00′15″", "36.10"],
        ["379901002", "解放街", "街路巷", "379901", "公开", "120.01", "36.11"],
        ["379901003", "坏名\u202e", "街路巷", "379901", "公开", "120.01", "36.11"],
    ]
    return workbook(path, [["地名普查成果表"], head, *rows])


def test_names_are_entered_into_the_register_with_every_row_accounted_for(tmp_path: Path) -> None:
    folder = make(tmp_path)
    form = names_form(tmp_path / "names.xlsx")
    how = (str(form), "--as", "names", "--project", str(folder))
    code, said = outcome("import", *how, "--dry-run", "--actor", "李明")
    assert (code, "试读，未写入任何内容" in said) == (1, True), said
    assert not (folder / "project.gpkg").exists()
    code, said = outcome("import", *how, "--actor", "李明", "--document", "青民〔2024〕1号")
    assert (code, "读取 3 行，采用 2 行" in said, "登记簿：2 条" in said) == (1, True, True), said
    assert "第 5 行" in said
    with open_gazetteer(folder / "project.gpkg") as books:
        assert sorted(record["name"] for record in books.names()) == ["和平路", "解放街"]
        assert books.verify().sound
    store = open_project(folder).store
    row = store.read("imports").iloc[0]
    assert (row["target"], row["who"], row["rows_read"], row["accepted"], row["quarantined"]) == (
        "names",
        "李明",
        3,
        2,
        1,
    )
    assert len(store.read("quarantine")) == 1


def borders_form(path: Path, kind: str) -> Path:
    edge = "LINESTRING (120.0 36.1, 120.1 36.1)"
    if kind == "lines":
        head = ["界线编号", "甲方", "乙方", "协议书编号", "geometry"]
        rows = [[f"L{n}", "place:370202", "place:370203", f"协议{n}", edge] for n in (1, 2, 3)]
    else:
        head = ["界桩号", "type", "界线", "units", "东经", "北纬"]
        rows = [[f"M{n}", "双立", "line:L1", "370202、370203", "120.05", "36.1"] for n in (1, 2, 3)]
    return workbook(path, [head, *rows])


@pytest.mark.parametrize(("kind", "table"), [("lines", LINE), ("markers", MARKER)])
def test_a_table_of_lines_or_markers_is_entered_whole_or_not_at_all(tmp_path: Path, kind: str, table: Kind) -> None:
    path = tmp_path / "project.gpkg"
    with open_gazetteer(path) as books:
        day, clerk = date(2024, 1, 1), Basis("李明")
        entry = read_entry(borders_form(tmp_path / "form.xlsx", kind), kind, books, on=day)
        assert len(entry.records) == 3, entry.report.quarantine
        if kind == "lines":
            books.agree(entry.records[1], on=day, basis=clerk)  # by someone else, meanwhile
        else:
            books.set_marker(entry.records[1], on=day, basis=clerk)
        with pytest.raises(IdError, match=r"[LM]2 is in the register.*nothing of form.xlsx was entered"):
            entry.enter(books, basis=clerk)
        assert [record["number"][1:] for record in books.ledger.select(table)] == ["2"]
        assert (books.ledger.last(), books.verify().sound) == (1, True)
        assert "imports" not in books.ledger.store.tables()


@pytest.mark.parametrize(("kind", "table"), [("lines", LINE), ("markers", MARKER)])
def test_fault_81_a_process_killed_while_it_enters_a_table_leaves_none_of_it(
    tmp_path: Path, kind: str, table: Kind
) -> None:
    path, form = tmp_path / "project.gpkg", borders_form(tmp_path / "form.xlsx", kind)
    told = f"""
import os, signal
from datetime import date
from planner.gazetteer import Basis, ledger, open_gazetteer
from planner.project.registering import read_entry
with open_gazetteer({str(path)!r}) as books:
    entry = read_entry({str(form)!r}, {kind!r}, books, on=date(2024, 1, 1))
    ledger._write_event = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    entry.enter(books, basis=Basis("李明"))
"""
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == -signal.SIGKILL
    with open_gazetteer(path) as books:
        assert (books.ledger.select(table), books.ledger.last(), books.verify().sound) == ([], 0, True)
        entry = read_entry(form, kind, books, on=date(2024, 1, 1))
        assert entry.enter(books, basis=Basis("李明")) == 3
        assert (len(books.ledger.select(table)), books.ledger.last(), books.verify().sound) == (3, 1, True)
        assert books.ledger.store.read("imports")["accepted"].tolist() == [3]


def test_the_same_from_python_gives_an_entry(tmp_path: Path) -> None:
    project = open_project(make(tmp_path))
    entry = project.import_file(names_form(tmp_path / "names.xlsx"), "names", who="李明", dry_run=True)
    assert isinstance(entry, Entry)
    assert (entry.report.accepted, len(entry.records)) == (2, 2)
    kept = project.import_file(quarters_list(tmp_path / "q.xlsx"), "quarters")
    assert isinstance(kept, Import)
    assert project.store.read("quarters")["name"].tolist() == ["和平花园", "建设小区"]
    with pytest.raises(QuestionError, match="unknown kind 'ships'"):
        project.import_file(tmp_path / "q.xlsx", "ships")


def test_sites_of_two_services_do_not_replace_one_another(tmp_path: Path) -> None:
    folder = make(tmp_path)
    for key in ("meal_station", "care_station"):
        words = ("--as", "sites", "--project", str(folder), "--crs", "EPSG:4490", "--service", key, "--quiet")
        assert outcome("import", str(folder / "stations.xlsx"), *words)[0] == 0
    store = open_project(folder).store
    assert store.read("sites_meal_station")["service"].tolist() == ["meal_station"] * 2
    assert store.read("sites_care_station")["service"].tolist() == ["care_station"] * 2


def test_an_option_that_does_not_fit_the_kind_is_wrong_usage(tmp_path: Path) -> None:
    code, said = outcome("import", "x.csv", "--as", "sites", "--project", str(tmp_path), "--nodata", "-1")
    assert (code, "--nodata" in said) == (2, True), said


def test_what_was_left_out_is_written_as_a_workbook_to_work_through(tmp_path: Path, area: StudyArea) -> None:
    (tmp_path / "s.csv").write_text("名称,村居\n=甲,无此村\n乙,东南街道\n", encoding="utf-8")
    sites = read_sites(tmp_path / "s.csv", area=area, service=SERVICE, places=area.units)
    assert sites.report is not None
    path = save_findings(sites.report, tmp_path / "findings.xlsx")
    sheets = pd.read_excel(path, sheet_name=None)
    assert {"隔离", "重复", "修正", "待补坐标"} <= set(sheets)
    assert sheets["待补坐标"]["名称"].tolist() == ["=甲"]
    assert sheets["隔离"]["改法"].str.len().min() > 0
    with pytest.raises(DataError, match=r"\.xlsx"):
        save_findings(sites.report, tmp_path / "findings.docx")


def test_keys_of_planner_toml_reach_the_readers(tmp_path: Path) -> None:
    path = make_project(tmp_path)
    text = path.read_text(encoding="utf-8")
    cells = pd.read_csv(tmp_path / "cells.csv")
    cells["电话"] = "13800138000"
    cells.to_csv(tmp_path / "cells.csv", index=False)
    with pytest.raises(ColumnError, match=r"电话.*telephone"):
        open_project(path).run(tmp_path / "out")
    path.write_text(text.replace('people = "people"', 'people = "people"\nignore = ["电话"]'), encoding="utf-8")
    from planner.project.inputs import read_inputs
    from planner.project.watch import Watch

    project = open_project(path)
    assert len(read_inputs(project.settings, project.data, Watch()).people) == len(cells)
    path.write_text(
        text.replace('file = "roads.shp"', 'file = "roads.shp"\nclasses = { x = "primary" }\nrepair = true')
    )
    roads = open_project(path).settings.roads
    assert (roads.classes, roads.repair) == ({"x": "primary"}, True)
