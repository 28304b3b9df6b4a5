"""Tables of a plan, read back by another library than the one that wrote them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from planner.access import Summary, summarise
from planner.area import StudyArea
from planner.errors import DataError
from planner.facts import percent
from planner.facts.lists import apportion
from planner.imports import QUARANTINE_COLUMNS
from planner.maps import draw
from planner.plan import Plan
from planner.reports import PlanReport, frontier_figure, plan_figure, report
from planner.services import service
from tests.plans import small_plan, small_readings


@pytest.fixture
def plan() -> Plan:
    return small_plan(small_readings())


@pytest.fixture
def summary(plan: Plan, area: StudyArea) -> Summary:
    return summarise(plan, by=area.units, readings=small_readings())


@pytest.fixture
def quarantine() -> pd.DataFrame:
    row = dict.fromkeys(QUARANTINE_COLUMNS, '=HYPERLINK("http://evil")')
    return pd.DataFrame([row | {"row": 12, "value": None}])


@pytest.fixture
def written(plan: Plan, area: StudyArea, summary: Summary, quarantine: pd.DataFrame) -> PlanReport:
    return report(
        plan, by=area, summary=summary, quarantine=quarantine, service=service("meal_station"), sources=["=1+1"]
    )


@pytest.fixture
def book(written: PlanReport, tmp_path: Path) -> Any:
    return openpyxl.load_workbook(written.save(tmp_path / "plan.xlsx"))


def rows_of(sheet: Any) -> list[dict[str, Any]]:
    rows = list(sheet.iter_rows(values_only=True))
    top = next(at for at, row in enumerate(rows) if sum(cell is not None for cell in row) > 1)
    return [dict(zip(rows[top], row, strict=True)) for row in rows[top + 1 :]]


def test_a_workbook_has_every_sheet_in_order(book: Any) -> None:
    assert book.sheetnames == [
        "摘要", "分区市", "分镇街", "新增站点", "现有站点", "未覆盖", "未接入路网",
        "参数与来源", "数据说明", "隔离记录",
    ]  # fmt: skip


def test_fault_90_every_number_of_the_sheets_is_the_summary_s(book: Any, summary: Summary) -> None:
    for sheet, level in (("分区市", "district"), ("分镇街", "town")):
        table = summary.table(level)
        for row in rows_of(book[sheet]):
            expected = table.loc["total" if row["名称"] == "合计" else f"unit:{row['代码']}"]
            assert row["人数"] == expected["people"]
            assert row["规划后覆盖"] == expected["covered"]
            assert row["一般老人 720 米 · 规划后"] == expected["typical"]
            assert row["规划后覆盖率"] == pytest.approx(expected["covered"] / expected["people"])
            assert row["人数"] == row["规划后覆盖"] + row["未覆盖"] + row["未接入路网"]


def test_gains_of_the_new_stations_lead_from_before_to_after(book: Any, summary: Summary) -> None:
    rows, overall = rows_of(book["新增站点"]), summary.overall
    assert [row["建设次序"] for row in rows] == [1, 2, 3]
    assert overall["covered_before"] + sum(row["新增覆盖人数"] for row in rows) == overall["covered"]
    assert rows[-1]["累计覆盖人数"] == overall["covered"]
    assert [row["新增覆盖人数"] for row in rows] == sorted((row["新增覆盖人数"] for row in rows), reverse=True)


def test_people_not_connected_are_listed_to_the_last(book: Any, summary: Summary) -> None:
    rows = rows_of(book["未接入路网"])
    assert rows[-1]["人数"] == sum(row["人数"] for row in rows[:-1]) == summary.overall["not_connected"]
    assert len(rows) == 4


def test_fault_46_a_cell_that_looks_like_a_formula_is_text(book: Any) -> None:
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if str(cell.value).startswith("=")]
    assert len(cells) == 8  # seven of the quarantined row, one source
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink]


def test_headers_are_frozen_and_numbers_formatted(book: Any) -> None:
    sheet = book["分镇街"]
    assert sheet.freeze_panes == "A3"
    assert sheet["D3"].number_format == "#,##0"
    assert sheet["H3"].number_format == "0.0%"
    assert sheet["A3"].data_type == "s", "codes keep their zeros"
    assert len(book["摘要"]._charts) == 2


def test_the_dictionary_explains_every_column(book: Any) -> None:
    told = {(row["工作表"], row["字段"]): row["含义"] for row in rows_of(book["数据说明"])}
    for sheet in book.sheetnames[:8] + book.sheetnames[9:]:
        for heading in rows_of(book[sheet])[0] if rows_of(book[sheet]) else []:
            if heading:
                assert told[sheet, heading], (sheet, heading)


def test_an_english_report_has_english_sheets_and_the_same_numbers(
    plan: Plan, area: StudyArea, summary: Summary, book: Any, tmp_path: Path
) -> None:
    english = openpyxl.load_workbook(report(plan, by=area, summary=summary, lang="en").save(tmp_path / "en.xlsx"))
    assert english.sheetnames[0] == "Summary"
    ours = [list(row.values())[3:] for row in rows_of(book["分镇街"])]
    theirs = [list(row.values())[3:] for row in rows_of(english["By town"])]
    assert ours == theirs


def test_a_report_without_units_still_has_every_sheet(plan: Plan, summary: Summary, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(report(plan, summary=summary).save(tmp_path / "plan.xlsx"))
    assert len(book.sheetnames) == 10


def test_a_table_of_parameters_is_printed_as_it_stands(plan: Plan, summary: Summary, tmp_path: Path) -> None:
    table = pd.DataFrame([["速度", 0.8, "m/s", "实测"]], columns=["parameter", "value", "unit", "source"])
    book = openpyxl.load_workbook(report(plan, summary=summary, parameters=table).save(tmp_path / "plan.xlsx"))
    assert rows_of(book["参数与来源"])[0] == {"参数": "速度", "取值": "0.8 m/s", "来源": "实测"}


def test_a_report_of_another_kind_is_refused(written: PlanReport, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"\.xlsx, \.docx, \.html"):
        written.save(tmp_path / "plan.pdf")


@pytest.mark.parametrize(
    ("part", "whole", "shown"), [(1, 3, "33.3%"), (181, 400, "45.3%"), (1, 800, "0.1%"), (0, 7, "0.0%"), (0, 0, "—")]
)
def test_fault_90_a_share_is_rounded_as_a_spreadsheet_rounds_it(part: int, whole: int, shown: str) -> None:
    assert percent(part, whole) == shown


def test_whole_people_of_a_list_sum_to_the_total_given() -> None:
    import numpy as np

    amounts = np.array([0.4, 0.4, 0.4, 3.0])
    assert apportion(amounts, 4).sum() == 4
    assert apportion(amounts, 5).tolist() in ([1, 1, 0, 3], [1, 0, 1, 3], [0, 1, 1, 3])
    assert apportion(amounts, 2).sum() == 2
    assert apportion(np.empty(0), 0).tolist() == []


def test_fault_90_map_workbook_brief_and_page_state_the_same_figures(
    written: PlanReport, book: Any, summary: Summary, plan: Plan, tmp_path: Path
) -> None:
    import docx

    page = draw(written.facts)
    brief = docx.Document(str(written.save(tmp_path / "plan.docx")))
    said = "\n".join(paragraph.text for paragraph in brief.paragraphs)
    html = written.save(tmp_path / "plan.html").read_text(encoding="utf-8")
    overall = summary.overall
    share = percent(overall["covered"], overall["people"])
    for figure in (f"{int(overall['covered']):,}", f"{int(overall['covered_before']):,}", share):
        for text in (said, html, page.to_html(), book["摘要"]["A3"].value):
            assert figure in text
    assert page.data["steps"] == written.facts.covered_by_step
    rows = [row.cells for row in brief.tables[1].rows][1:]
    assert [cell.text for cell in rows[-1]][-2:] == [f"{page.data['steps'][-1]:,}", share]
    assert plan.share == pytest.approx(overall["covered"] / overall["people"], abs=2 / overall["people"])
    shares = [cell["text"] for cell in page.content["tables"][1]["rows"][0]["cells"]]
    assert shares[3] == percent(*(rows_of(book["分镇街"])[0][key] for key in ("规划后覆盖", "人数")))


def test_a_brief_is_set_as_official_documents_are(written: PlanReport, tmp_path: Path) -> None:
    import docx

    brief = docx.Document(str(written.save(tmp_path / "plan.docx")))
    section = brief.sections[0]
    assert round(section.top_margin.mm) == 37
    assert round(section.page_width.mm) == 210
    headings = [paragraph.text for paragraph in brief.paragraphs if paragraph.text[1:2] == "、"]
    assert len(headings) == 5
    assert len(brief.inline_shapes) == 1
    assert "内部资料，不得公开" in brief.paragraphs[0].text
    assert "PAGE" in section.footer.paragraphs[0]._p.xml


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_a_figure_is_saved_as_picture_page_or_drawing(
    written: PlanReport, suffix: str, recwarn: pytest.WarningsRecorder, tmp_path: Path
) -> None:
    figure = plan_figure(written.facts)
    figure.savefig(tmp_path / f"plan{suffix}", dpi=60)
    assert (tmp_path / f"plan{suffix}").stat().st_size > 5_000
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]


def test_fault_89_without_a_chinese_font_a_figure_is_refused_with_what_to_install(
    written: PlanReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib import font_manager

    latin = [font for font in font_manager.fontManager.ttflist if font.name.startswith("DejaVu")]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", latin)
    with pytest.raises(DataError, match="fonts-noto-cjk"):
        plan_figure(written.facts)


def test_a_frontier_shows_every_plan(plan: Plan) -> None:
    smaller = small_plan(small_readings(), new=1)
    axes = frontier_figure([plan, smaller]).axes[0]
    assert [text.get_text() for text in axes.texts] == [f"{100 * smaller.share:.1f}%", f"{100 * plan.share:.1f}%"]
    with pytest.raises(DataError, match="at least one plan"):
        frontier_figure([])


def test_today_s_coverage_is_reported_too(area: StudyArea, tmp_path: Path) -> None:
    made = report(small_readings().at(10), by=area)
    book = openpyxl.load_workbook(made.save(tmp_path / "today.xlsx"))
    assert "现有 2 个站点" in book["摘要"]["A3"].value
    assert rows_of(book["新增站点"]) == []
    assert made.save(tmp_path / "today.docx").exists()


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice, the stand-in for Office and WPS, is absent")
@pytest.mark.long
@pytest.mark.parametrize("suffix", [".xlsx", ".docx"])
def test_an_office_program_opens_what_we_write(written: PlanReport, suffix: str, tmp_path: Path) -> None:
    made = written.save(tmp_path / f"plan{suffix}")
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "pdf"]
    subprocess.run([*command, "--outdir", str(tmp_path), str(made)], check=True, capture_output=True, timeout=180)
    assert (tmp_path / "plan.pdf").read_bytes().startswith(b"%PDF")
