"""Boundary lines, markers, inspections; code editions held against one another; and what may leave the house."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

from planner.cli_gazetteer import gazetteer as command
from planner.errors import DataError, IdError, PeriodError, StoreError
from planner.gazetteer import (
    Basis,
    Gazetteer,
    Line,
    Marker,
    NewName,
    Unit,
    boundaries,
    chain,
    editions,
    exports,
    forms,
    open_gazetteer,
    sheets,
)
from planner.gazetteer.naming import name_record
from planner.gazetteer.schema import MARKER
from planner.layers import Period

DAY = date(2026, 3, 2)
CLERK = Basis("李明")
AGREED = Basis("李明", document="协议1号", authority="山东省人民政府", approved=DAY)
SENTINEL = "绝密雷达站"
FIVE = dict.fromkeys(boundaries.SCOPE, "完好")


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Gazetteer]:
    with open_gazetteer(tmp_path / "register.gpkg", clock=lambda: datetime(2026, 3, 1, tzinfo=UTC)) as gazetteer:
        for code, name, x, y in (
            ("370202", "市南区", 0, 0),
            ("370203", "市北区", 0.1, 0),
            ("370212", "崂山区", 0.05, 0.1),
        ):
            gazetteer.create(
                Unit(code, name, geometry=shapely.box(120 + x, 36 + y, 120.1 + x, 36.1 + y)),
                on=date(1990, 1, 1),
                basis=CLERK,
            )
        yield gazetteer


def edge(y: float = 36.1) -> shapely.LineString:
    return shapely.LineString([(120.1, 36), (120.1, y)])


def agree(books: Gazetteer, **more: object) -> str:
    return books.agree(
        Line("3702-01", "place:370202", "place:370203", "协议1号", edge(), **more), on=date(2001, 1, 1), basis=AGREED
    )  # type: ignore[arg-type]


def test_a_line_keeps_its_approved_geometry_and_is_redrawn_only_by_agreement(books: Gazetteer) -> None:
    line = agree(books)
    with pytest.raises(DataError, match="only by a new agreement"):
        boundaries.redraw(books.ledger, line, edge(36.05), agreement="", on=DAY, basis=CLERK)
    boundaries.redraw(books.ledger, line, edge(36.05), agreement="协议2号", on=DAY, basis=AGREED)
    before = books.ledger.one(boundaries.LINE, line, on=date(2020, 1, 1))
    after = books.ledger.one(boundaries.LINE, line, on=DAY)
    assert (before["agreement"], after["agreement"]) == ("协议1号", "协议2号")
    assert before["metres"] == pytest.approx(2 * after["metres"], rel=1e-3)
    assert before["metres"] == pytest.approx(11_096, rel=1e-3)
    with pytest.raises(IdError, match="redraw it"):
        agree(books)


def test_joint_inspections_come_due_five_years_after_the_last_and_count_rounds(books: Gazetteer) -> None:
    line = agree(books, inspected=date(2021, 6, 30), round=5)
    assert books.inspections_due(date(2026, 6, 29)).empty
    assert books.inspections_due(date(2026, 6, 29), within_days=30)["days_overdue"].tolist() == [-1]
    due = books.inspections_due(date(2026, 7, 10)).iloc[0]
    assert (due["due"], due["days_overdue"]) == (date(2026, 6, 30), 10)
    with pytest.raises(DataError, match="missing: landmarks"):
        books.inspect(line, on=DAY, basis=CLERK, results={k: v for k, v in FIVE.items() if k != "landmarks"})
    books.inspect(line, on=date(2026, 7, 10), basis=CLERK, results=FIVE)
    assert books.inspections_due(date(2026, 7, 11)).empty
    assert books.ledger.one(boundaries.LINE, line, on=date(2026, 8, 1))["round"] == 6
    with pytest.raises(PeriodError, match="comes after"):
        books.inspect(line, on=date(2026, 7, 1), basis=CLERK, results=FIVE)
    books.inspect(line, on=date(2026, 9, 1), basis=CLERK, type="special", results={"result": "施工"})


def test_a_line_never_inspected_is_due_at_once(books: Gazetteer) -> None:
    agree(books)
    assert books.inspections_due(DAY)["round"].tolist() == [0]


def test_markers_keep_their_approved_point_beside_what_was_observed(books: Gazetteer) -> None:
    agree(books)
    marker = books.set_marker(
        Marker("01", "double", "line:3702-01", ("370202", "370203"), shapely.Point(120.1, 36.02)),
        on=date(2001, 1, 1),
        basis=AGREED,
    )
    boundaries.patrol(
        books.ledger, marker, on=DAY, basis=CLERK, condition="moved", observed=shapely.Point(120.1003, 36.02)
    )
    seen = books.ledger.one(MARKER, marker, on=DAY)
    assert seen.geometry.equals(shapely.Point(120.1, 36.02))
    assert (seen["observed_x"], seen["condition"]) == (120.1003, "moved")
    assert len(boundaries.patrols(books.ledger, since=DAY, until=DAY)) == 1
    with pytest.raises(DataError, match="only by approval"):
        boundaries.move_marker(books.ledger, marker, shapely.Point(120.1, 36.03), on=DAY, basis=CLERK)
    boundaries.move_marker(books.ledger, marker, shapely.Point(120.1, 36.03), on=date(2026, 4, 1), basis=AGREED)
    assert books.ledger.one(MARKER, marker, on=DAY).geometry.y == 36.02
    assert books.ledger.one(MARKER, marker, on=date(2026, 4, 1)).geometry.y == 36.03


@pytest.mark.parametrize(
    ("type_", "units", "says"),
    [("triple", ("a", "b"), "touches 3"), ("double", ("a",), "touches 2"), ("odd", ("a",), "single, double or triple")],
)
def test_a_marker_touches_as_many_units_as_its_type_says(type_: str, units: tuple[str, ...], says: str) -> None:
    with pytest.raises(DataError, match=says):
        Marker("1", type_, "line:1", units, shapely.Point(120, 36))


def test_fault_63_lines_off_their_edge_and_markers_off_their_line_are_reported(books: Gazetteer) -> None:
    books.agree(
        Line("bad", "place:370202", "place:370203", "协议", shapely.LineString([(120.101, 36), (120.101, 36.1)])),
        on=date(2001, 1, 1),
        basis=AGREED,
    )
    good = agree(books)
    for number, kind, x, y, units in (
        ("1", "double", 120.1, 36.05, "ab"),
        ("2", "double", 120.105, 36.05, "ab"),
        ("3", "triple", 120.1, 36.05, "abc"),
        ("4", "triple", 120.1, 36.1, "abc"),
    ):
        books.set_marker(
            Marker(number, kind, good, tuple(units), shapely.Point(x, y)), on=date(2001, 1, 1), basis=AGREED
        )
    found = books.topology(DAY, level="district")
    assert sorted(zip(found["finding"], found["units"], strict=True)) == [
        ("line off edge", "bad"), ("marker off line", "2"), ("marker touches too few", "2"), ("marker touches too few", "3"),
    ]  # fmt: skip


def test_markers_are_read_from_a_table() -> None:
    table = pd.DataFrame(
        {
            "界桩号": ["1", "2"],
            "类型": ["双立", "三立"],
            "界线": ["line:1"] * 2,
            "相关行政区": ["370202、370203", "370202"],
            "东经": ["120°06′00″", "120.2"],
            "北纬": ["36", "36"],
        }
    )
    markers, report = forms.markers(table)
    assert [m.geometry.x for m in markers] == [pytest.approx(120.1)]
    assert "touches 3" in report.quarantine["reason"].iloc[0]


def test_lines_are_read_from_a_layer() -> None:
    table = gpd.GeoDataFrame(
        {
            "编号": ["1", "2"],
            "甲方": ["a", "a"],
            "乙方": ["b", "b"],
            "协议书编号": ["x", None],
            "上次联检日期": ["2021-01-01", ""],
            "联检轮次": ["5", ""],
        },
        geometry=[edge(), edge()],
        crs=4490,
    )
    lines, report = forms.lines(pd.DataFrame(table))
    assert [(line.round, line.inspected) for line in lines] == [(5, date(2021, 1, 1))]
    assert len(report.quarantine) == 1


# editions


def edition(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["as_of", "code", "name"])


def test_editions_give_candidates_of_lineage() -> None:
    found = editions.candidates(
        edition(
            ("2017", "370282", "即墨市"), ("2017", "370203", "市北区"), ("2017", "370205", "四方区"), ("2017", "370206", "甲区"),
            ("2018", "370215", "即墨市"), ("2018", "370203", "新市北区"), ("2018", "370207", "乙区"),
        )
    )  # fmt: skip
    assert sorted(zip(found["change"], found["code"], found["to_code"], strict=True)) == [
        ("code change", "370282", "370215"), ("create", "", "370207"), ("end", "370205", ""), ("end", "370206", ""), ("rename", "370203", "370203"),
    ]  # fmt: skip


def test_editions_that_contradict_one_another_are_reported_not_believed(books: Gazetteer) -> None:
    rows = [(as_of, "370202", "市南区") for as_of in ("2010", "2011", "2012", "2013")]
    rows += [(as_of, "370205", "四方区") for as_of in ("2010", "2012")]
    found = editions.candidates(edition(*rows))
    assert found["change"].tolist() == ["contradiction"]
    assert "not in 2011; in 2012" in found["reason"].iloc[0]
    with pytest.raises(DataError, match="find the document"):
        editions.confirm(books.ledger, found.iloc[0], on=DAY, basis=AGREED)


def test_a_candidate_becomes_an_event_only_with_a_document(books: Gazetteer) -> None:
    (candidate,) = [
        row
        for _, row in editions.candidates(
            edition(("2017", "370203", "市北区"), ("2018", "370203", "新市北区"))
        ).iterrows()
    ]
    with pytest.raises(DataError, match="only with a document"):
        editions.confirm(books.ledger, candidate, on=DAY, basis=CLERK)
    editions.confirm(books.ledger, candidate, on=DAY, basis=AGREED)
    assert books.became("370203", on=DAY)[0]["name"] == "新市北区"


def test_fault_61_an_outside_layer_is_held_against_the_register(books: Gazetteer) -> None:
    books.upgrade("370212", name="崂山新区", code="370219", type="市辖区", on=date(2010, 1, 1), basis=AGREED)
    layer = pd.DataFrame(
        {
            "code": ["370202", "370212", "379999", "370203"],
            "name": ["市南", "崂山区", "无此区", "市北区"],
            "geometry": [None, None, None, shapely.box(120, 36, 120.1, 36.1)],
        }
    )
    found = editions.conflicts(books.ledger, layer, on=DAY)
    assert found[["finding", "code", "register_code"]].to_numpy().tolist() == [
        ["other name", "370202", "370202"], ["stale code", "370212", "370219"], ["unknown code", "379999", ""], ["other border", "370203", "370203"],
    ]  # fmt: skip
    assert editions.missing(books.ledger, ["370202"], on=DAY, level="district")["code"].tolist() == ["370203", "370219"]


# what leaves the house


@pytest.fixture
def full(books: Gazetteer) -> Gazetteer:
    records = [
        name_record(NewName(name, "street", "370202", location="x", geometry=shapely.Point(120.05, 36.05), secrecy=secrecy, values={"division": "place:370202", "authority": "府", "approved": DAY, "meaning": meaning}), place, Period(DAY, None), kind="standard", status="in use").but(pinyin_by="李明")
        for name, place, secrecy, meaning in (
            ("云霄路", "place:1", "公开", "=HYPERLINK(1)"), (SENTINEL, "place:2", "秘密", "x"), ("<script>alert(1)</script>路", "place:3", "公开", "x"), ("+1路", "place:4", "公开", "x"),
        )
    ]  # fmt: skip
    books.load(records, basis=CLERK)
    old = name_record(
        NewName(SENTINEL + "旧", "street", "370202", secrecy="机密"),
        "place:5",
        Period(DAY, None),
        kind="alias",
        status="in use",
        slot="alias:x",
    )
    now = name_record(
        NewName("普通路", "street", "370202", location=SENTINEL),
        "place:5",
        Period(DAY, None),
        kind="standard",
        status="in use",
    )
    books.load([now, old], basis=CLERK)
    books.decide("place:2", "name.odd", decision="accepted", reason=f"{SENTINEL}保留", on=DAY, basis=CLERK)
    return books


def texts(path: Path) -> str:
    """Everything a file says, unzipped."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    return path.read_text(encoding="utf-8")


WAYS_OUT = {
    "places.jsonld": exports.linked_places,
    "names.tsv": lambda ledger, path: exports.geonames(ledger, path, on=DAY),
    "names.geojson": lambda ledger, path: exports.geojson(ledger, path, kind="name", on=DAY),
    "book.xlsx": lambda ledger, path: exports.registers(ledger, path, on=DAY),
    "dictionary.docx": lambda ledger, path: sheets.dictionary(ledger, path, on=DAY),
    "dictionary.html": lambda ledger, path: sheets.dictionary(ledger, path, on=DAY),
    "announcement.docx": lambda ledger, path: sheets.announcement(ledger, ["place:1"], path, title="公告", issuer="局", on=DAY),
    "filing.docx": lambda ledger, path: sheets.filing(ledger, ["place:1"], path, title="备案", office="厅", on=DAY),
    "audit.jsonl": exports.audit_bundle,
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS_OUT)
def test_fault_92_no_export_lets_a_secret_out(full: Gazetteer, tmp_path: Path, name: str) -> None:
    path = WAYS_OUT[name](full.ledger, tmp_path / name)
    said = texts(path)
    assert SENTINEL not in said
    assert json.dumps(SENTINEL)[1:-1] not in said
    assert "云霄路" in said
    assert not list(tmp_path.glob(".*part*"))


@pytest.mark.parametrize("paper", [sheets.announcement, sheets.filing])
def test_fault_92_no_paper_is_made_of_a_secret_or_unapproved_name(
    full: Gazetteer, tmp_path: Path, paper: object
) -> None:
    more = {"title": "x", "on": DAY, **({"issuer": "局"} if paper is sheets.announcement else {"office": "厅"})}
    with pytest.raises(DataError, match="not 公开"):
        paper(full.ledger, ["place:2"], tmp_path / "a.docx", **more)  # type: ignore[operator]
    draft = full.propose(NewName("漳浦路", "street", "370202"), on=DAY, basis=CLERK)
    with pytest.raises(DataError, match="nothing unapproved"):
        paper(full.ledger, [draft], tmp_path / "a.docx", **more)  # type: ignore[operator]


def test_fault_92_the_audit_bundle_withholds_secrets_but_keeps_the_chain(full: Gazetteer, tmp_path: Path) -> None:
    lines = [
        json.loads(line)
        for line in exports.audit_bundle(full.ledger, tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    withheld = [
        record for line in lines for records in line["begins"].values() for record in records if "withheld" in record
    ]
    assert len(withheld) == 4
    assert lines[-1]["event"]["hash"] == full.verify().head
    with pytest.raises(StoreError, match="only a backup"):
        chain.replay(lines, tmp_path / "b.gpkg")


def test_fault_46_excel_gets_text_never_formulas(full: Gazetteer, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(exports.registers(full.ledger, tmp_path / "b.xlsx", on=DAY))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert "=HYPERLINK(1)" not in {cell.value for cell in cells if cell.data_type == "f"}
    assert "+1路" in {cell.value for cell in cells}
    assert book.sheetnames[0] == "行政区划"
    assert (
        openpyxl.load_workbook(exports.registers(full.ledger, tmp_path / "c.xlsx", on=DAY, lang="en")).sheetnames[0]
        == "divisions"
    )
    assert "'+1路" in exports.geonames(full.ledger, tmp_path / "n.tsv", on=DAY).read_text(encoding="utf-8")


def test_fault_47_names_are_text_in_html(full: Gazetteer, tmp_path: Path) -> None:
    page = sheets.dictionary(full.ledger, tmp_path / "d.html", on=DAY).read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_linked_places_hold_every_name_with_its_time(full: Gazetteer, tmp_path: Path) -> None:
    full.rename("370202", "新市南区", on=DAY, basis=AGREED)
    whole = json.loads(exports.linked_places(full.ledger, tmp_path / "p.jsonld").read_text(encoding="utf-8"))
    (place,) = [feature for feature in whole["features"] if feature["@id"] == "place:370202"]
    assert [(n["toponym"], n["when"]["timespans"][0].get("end")) for n in place["names"]] == [
        ("市南区", {"in": "2026-03-02"}),
        ("新市南区", None),
    ]
    assert place["properties"]["title"] == "新市南区"
    assert place["geometry"]["type"] == "MultiPolygon"


def test_an_announcement_carries_six_fields(full: Gazetteer, tmp_path: Path) -> None:
    import docx

    paper = docx.Document(
        str(
            sheets.announcement(
                full.ledger, ["place:1"], tmp_path / "a.docx", title="公告", issuer="青岛市民政局", on=DAY
            )
        )
    )
    rows = [[cell.text for cell in row.cells] for row in paper.tables[0].rows]
    assert rows == [
        ["标准地名", "罗马字母拼写", "所在政区", "位置描述", "批准机关", "批准日期"],
        ["云霄路", "Yúnxiāo Lù", "市南区", "x", "府", "2026-03-02"],
    ]


# the command


def run(books: Gazetteer, *words: str) -> tuple[int, str]:
    found = CliRunner().invoke(command, ["--register", str(books.ledger.store.path), *words])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, found.output


def test_the_command_finds_shows_and_tells_history(full: Gazetteer) -> None:
    assert "place:370202" in run(full, "find", "市南区")[1]
    assert run(full, "find", "不存在") == (1, "没有找到\n")
    assert "市南区" in run(full, "show", "370202", "--on", "2026-03-02")[1]
    assert "370202" in run(full, "history", "370202")[1]
    assert run(full, "show", "999999")[0] == 3


def test_the_command_takes_a_name_to_its_announcement(full: Gazetteer, tmp_path: Path) -> None:
    place = full.propose(NewName("漳浦路", "street", "370202", location="东起甲路"), on=DAY, basis=CLERK)
    full.advance(place, "applied", on=DAY, basis=Basis("李", applied=DAY))
    full.advance(place, "assessed", on=DAY, basis=CLERK)
    assert run(full, "approve", place, "--on", "2026-03-02", "--actor", "李")[0] == 3
    code, said = run(
        full, "approve", place, "--on", "2026-03-02", "--actor", "李", "--document", "3号", "--authority", "府"
    )
    assert (code, said) == (0, f"{place}：已批准\n")
    full.advance(place, "filed", on=DAY, basis=Basis("李", filed=DAY))
    announce = (
        "announce",
        place,
        "--on",
        "2026-03-02",
        "--actor",
        "李",
        "--document",
        "4号",
        "--sheet",
        str(tmp_path / "s.docx"),
    )
    assert "no named person" in run(full, *announce)[1]
    full.confirm_pinyin(place, "Zhāngpǔ Lù", basis=CLERK)
    assert run(full, *announce)[0] == 0
    assert (tmp_path / "s.docx").exists()


def test_the_command_imports_lists_what_is_due_exports_and_verifies(full: Gazetteer, tmp_path: Path) -> None:
    form = tmp_path / "names.csv"
    form.write_text(
        "标准名称,类别名称,所在(跨)行政区,密级\n福州路,街路巷,370202,公开\n🙂路,街路巷,370202,公开\n", encoding="utf-8"
    )
    code, said = run(full, "import", str(form), "--as", "names", "--actor", "李")
    assert code == 1
    assert "读取 2 行，采用 1 行，隔离 1 行" in said
    assert "福州路" in run(full, "find", "福州路")[1]
    agree(full)
    assert "3702-01" in run(full, "inspect-due", "--on", "2026-03-02")[1]
    assert "没有到期" in run(full, "signs-due")[1]
    assert run(full, "check", "--level", "district", "--on", "2026-03-02")[0] == 1
    assert run(full, "export", str(tmp_path / "x.geojson"), "--as", "geojson")[0] == 0
    assert run(full, "export", str(tmp_path / "no" / "x.geojson"), "--as", "geojson")[0] == 3
    code, said = run(full, "verify")
    assert (code, "账本完好" in said) == (0, True)
    assert run(full, "verify", "--head", "0")[0] == 1
