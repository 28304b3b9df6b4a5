"""Field forms - lines, markers, signs - and the command that imports them from the files crews hand over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

from planner.cli_gazetteer import gazetteer as command
from planner.errors import ColumnError
from planner.facts import words
from planner.gazetteer import (
    Basis,
    Gazetteer,
    NewName,
    Unit,
    campaigns,
    forms,
    naming,
    open_gazetteer,
    signs,
    wording,
)
from planner.gazetteer.boundaries import CONDITIONS, MARKER_TYPES
from planner.gazetteer.codes import LEVELS
from planner.gazetteer.naming import name_record
from planner.gazetteer.rules import CATEGORIES
from planner.gazetteer.schema import KINDS, LINE, MARKER, SIGN
from planner.layers import Period
from tests.office_files import shapefile
from tests.registers import make_register

DAY = date(2026, 3, 2)
CLERK = Basis("李明")


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Gazetteer]:
    with open_gazetteer(tmp_path / "register.gpkg", clock=lambda: datetime(2026, 3, 1, tzinfo=UTC)) as gazetteer:
        for at, (code, name) in enumerate((("370202", "市南区"), ("370203", "市北区"))):
            shape = shapely.box(120 + at / 10, 36, 120.1 + at / 10, 36.1)
            gazetteer.create(Unit(code, name, geometry=shape), on=date(1990, 1, 1), basis=CLERK)
        streets = [("place:1", "福州路", "370202"), ("place:2", "延安路", "370202"), ("place:3", "延安路", "370203")]
        records = [
            name_record(
                NewName(name, "street", within), place, Period(date(2000, 1, 1), None), kind="standard", status="in use"
            )
            for place, name, within in streets
        ]
        gazetteer.load(records, basis=CLERK)
        yield gazetteer


def run(books: Gazetteer, *words: str) -> tuple[int, str]:
    found = CliRunner().invoke(command, ["--register", str(books.ledger.store.path), *words])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, found.output


def lines_frame() -> gpd.GeoDataFrame:
    columns = {
        "编号": ["3702-01", "3702-02", "3702-03"],
        "甲方": ["370202"] * 3,
        "乙方": ["370203", "370299", "370203"],
        "协议书编号": ["协议1号"] * 3,
        "联检日期": ["2021-05-01", "", ""],
        "联检轮次": ["5", "", "x"],
    }
    edge = shapely.LineString([(120.1, 36), (120.1, 36.1)])
    return gpd.GeoDataFrame(columns, geometry=[edge] * 3, crs=4490)


def signs_table(**changes: str | None) -> pd.DataFrame:
    row = {
        "标志编号": "7", "道路名称": "福州路", "状态": "已验收", "照片": "7.jpg", "东经": "120.05", "北纬": "36.05",
        "设立日期": "2025-10-01", "完成期限": None, "所在区县代码": None,
    }  # fmt: skip
    return pd.DataFrame([{**row, **changes}])


def standing(books: Gazetteer) -> list[forms.Record]:
    return books.names(DAY, slot="standard")


def test_lines_name_their_units_by_code_and_a_row_with_an_unknown_one_waits() -> None:
    places = {"370202": "place:370202", "370203": "place:370203"}
    lines, report = forms.lines(pd.DataFrame(lines_frame()), places=places)
    assert [(line.number, line.left, line.right) for line in lines] == [("3702-01", "place:370202", "place:370203")]
    assert report.quarantine["rule"].tolist() == ["line.unit", "form.number"]
    assert report.read == report.accepted + len(report.quarantine)


@pytest.mark.parametrize(
    ("shape", "rule"),
    [
        (None, "line.geometry"),
        (shapely.box(120, 36, 121, 37), "line.geometry"),
        ("no wkt", "line.geometry"),
        (shapely.LineString([(0, 0), (1, 1)]), "line.outside"),
    ],
)
def test_a_line_is_drawn_as_a_line_in_degrees(shape: object, rule: str) -> None:
    table = pd.DataFrame(lines_frame()).head(1).astype({"geometry": object})
    table.at[0, "geometry"] = shape
    assert forms.lines(table)[1].quarantine["rule"].tolist() == [rule]


def test_a_line_may_be_written_as_wkt() -> None:
    table = pd.DataFrame(lines_frame()).head(1).astype({"geometry": object})
    table.at[0, "geometry"] = "LINESTRING (120.1 36, 120.1 36.1)"
    assert forms.lines(table)[0][0].geometry.length == pytest.approx(0.1)


def test_a_table_without_what_it_needs_names_what_it_has() -> None:
    with pytest.raises(ColumnError, match="lacks agreement"):
        forms.lines(pd.DataFrame(lines_frame()).drop(columns="协议书编号"))
    with pytest.raises(ColumnError, match="lacks units"):
        forms.markers(pd.DataFrame({"界桩号": ["1"]}))
    with pytest.raises(ColumnError, match="lacks road"):
        forms.signs(signs_table().drop(columns="道路名称"), on=DAY, names=[])


def test_markers_carry_their_condition_and_smart_device() -> None:
    table = pd.DataFrame(
        {"界桩号": ["1"], "类型": ["双面"], "相关行政区": ["370202 370203"], "东经": ["120.1"], "北纬": ["36.05"],
         "状况": ["有破损"], "智慧界桩编号": ["IoT-9"]}
    )  # fmt: skip
    (marker,), _ = forms.markers(table)
    assert (marker.condition, marker.device, marker.units) == ("damaged", "IoT-9", ("370202", "370203"))


def test_a_sign_stands_on_a_road_with_a_standard_name(books: Gazetteer) -> None:
    (sign,), report = forms.signs(signs_table(), on=DAY, names=standing(books))
    assert (sign.thing, sign["road"], sign["text"], sign["status"]) == ("sign:7", "place:1", "福州路", "accepted")
    assert sign["status_since"] == date(2025, 10, 1)
    assert report.accepted == 1
    books.load([sign], basis=CLERK)
    missing = signs.roads_without_sign(books.ledger, DAY)
    assert missing["name"].tolist() == ["延安路", "延安路"]


def test_roads_of_one_name_are_told_apart_by_their_division(books: Gazetteer) -> None:
    _, report = forms.signs(signs_table(道路名称="延安路"), on=DAY, names=standing(books))
    assert "2 roads are called 延安路" in report.quarantine["reason"].iloc[0]
    (sign,), _ = forms.signs(signs_table(道路名称="延安路", 所在区县代码="370203"), on=DAY, names=standing(books))
    assert sign["road"] == "place:3"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"道路名称": "无此路"}, "sign.road"),
        ({"状态": "丢了"}, "sign.status"),
        ({"照片": None}, "sign.needs"),
        ({"东经": None}, "sign.needs"),
        ({"状态": "待装"}, "sign.needs"),
        ({"设立日期": "昨天"}, "form.date"),
        ({"东经": "36.05", "北纬": "120.05"}, "form.swapped"),
    ],
)
def test_a_sign_without_what_its_state_asks_for_is_quarantined(
    books: Gazetteer, changes: dict[str, str | None], rule: str
) -> None:
    records, report = forms.signs(signs_table(**changes), on=DAY, names=standing(books))
    assert (records, report.quarantine["rule"].tolist()) == ([], [rule])


def test_rows_are_named_by_their_number_in_the_source_even_where_a_list_is_sorted() -> None:
    table = pd.DataFrame(
        {"代码": ["370202001", "370202", "370203001"], "名称": ["香港中路街道", "市南区", "敦化路街道"]}
    )
    records, report = forms.divisions(table, on=DAY, parents={})
    assert [record["code"] for record in records] == ["370202", "370202001"]
    assert report.quarantine["row"].tolist() == [4]


def test_fault_29_a_form_in_gbk_is_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "标志.csv"
    path.write_text(signs_table().to_csv(index=False), encoding="gb18030")
    assert forms.read_form(path)[0]["road"].tolist() == ["福州路"]


def test_the_command_imports_lines_from_a_shapefile_of_the_survey(books: Gazetteer, tmp_path: Path) -> None:
    frame = lines_frame().rename(columns={"协议书编号": "agreement", "联检日期": "inspected"})
    path = shapefile(tmp_path, frame, "lines", cpg="GB18030")
    code, said = run(books, "import", str(path), "--as", "lines", "--on", "2026-03-02", "--actor", "李明")
    assert code == 1, said
    assert "line.unit" in said
    (line,) = books.ledger.select(LINE, on=DAY)
    assert (line["left"], line["round"], line["inspected"]) == ("place:370202", 5, date(2021, 5, 1))
    assert books.ledger.event(books.ledger.last()).note == "import lines.shp"


def test_the_command_imports_signs_and_markers_from_tables(books: Gazetteer, tmp_path: Path) -> None:
    sheet, stakes = tmp_path / "signs.xlsx", tmp_path / "markers.csv"
    pd.concat([signs_table(), signs_table(标志编号="8", 状态="待修", 状况="字迹脱落", 完成期限="2026-01-31")]).to_excel(
        sheet, index=False
    )
    stakes.write_text("界桩号,类型,相关行政区,东经,北纬\n1,双立,370202 370203,120°06′00″,36.05\n", encoding="gb18030")
    assert run(books, "import", str(sheet), "--as", "signs", "--dry-run", "--actor", "李")[0] == 0
    assert books.ledger.select(SIGN) == []
    code, said = run(books, "import", str(sheet), "--as", "signs", "--on", "2026-03-02", "--actor", "李")
    assert (code, len(books.ledger.select(SIGN))) == (0, 2), said
    assert run(books, "import", str(stakes), "--as", "markers", "--actor", "李")[0] == 0
    assert [marker["number"] for marker in books.ledger.select(MARKER)] == ["1"]
    code, said = run(books, "import", str(stakes), "--as", "markers", "--actor", "李")
    assert (code, "marker:1 is in the register already" in said) == (1, True)
    assert "福州路" in run(books, "signs-due", "--on", "2026-03-02")[1]
    assert run(books, "verify")[0] == 0


# what officials read


def test_the_command_speaks_chinese_to_officials_and_english_when_asked(tmp_path: Path) -> None:
    with make_register(tmp_path / "project.gpkg") as books:
        code, said = run(books, "history", "370215")
        assert code == 0
        assert said.splitlines()[0].split() == [
            "地名标识", "记录", "起", "止", "名称", "代码", "状态", "事件", "变更", "文号", "批准机关", "登记时间", "登记人",
        ]  # fmt: skip
        assert "升格" in said
        assert "2024-06-01 08:00" in said  # by the office's clock
        assert "NaN" not in said
        assert "None" not in said
        assert "2019-01-09 起" in run(books, "show", "370215", "--on", "2024-06-01")[1]
        assert "待设置" in run(books, "signs-due", "--on", "2024-06-01")[1]
        assert "逾期天数" in run(books, "inspect-due", "--on", "2024-06-01")[1]
        code, said = run(books, "check", "--level", "district", "--on", "2024-06-01")
        assert (code, "界线偏离边界" in said, "line off edge" in said) == (1, True, False)
        assert run(books, "find", "青禾区", "--known-on", "2024-05-31") == (1, "没有找到\n")
        assert run(books, "history", "370215", "--known-on", "2024-05-31")[0] == 3  # nothing was in the books
        assert "upgrade" in run(books, "--lang", "en", "history", "370215")[1]


def test_every_state_and_step_of_the_register_has_its_chinese_word() -> None:
    states = {*naming.STEPS, *signs.STEPS, *CONDITIONS, *MARKER_TYPES, *CATEGORIES, *LEVELS, *campaigns.CLEANUP}
    columns = {column for kind in KINDS.values() for column in kind.columns} - {"key", "sound", "initials"}
    assert {state for state in states if wording.said("status", state) == state} == set()
    assert {column for column in columns if wording.heading(column) == column} == set()
    told = words("zh")
    assert {state for state in states if told.get(f"v_{state}", "") not in {"", wording.said("status", state)}} == set()
