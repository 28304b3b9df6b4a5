"""One run, every output read back: the figures of map, workbook, brief, web report, manifest, layers and plan are equal."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import docx
import geopandas as gpd
import openpyxl
import pytest

from planner.facts import percent
from planner.project import Run, open_project
from planner.project.single import Single, answer_one
from tests.tiny_project import make_project

COLUMNS = {
    "人数": "people",
    "规划前覆盖": "covered_before",
    "规划后覆盖": "covered",
    "未覆盖": "uncovered",
    "未接入路网": "not_connected",
}
Figures = dict[str, dict[str, int]]


class Tables(HTMLParser):
    """Every table of a page as rows of texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._cell: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"} and self._cell is not None:
            self.tables[-1][-1].append("".join(self._cell).strip())
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)


def figures(rows: list[list[Any]]) -> Figures:
    """Counts by unit and column from a table whose first row is its headings."""
    heads = [str(head) for head in rows[0]]
    name = heads.index("名称")
    return {
        str(row[name]): {
            COLUMNS[head]: int(str(value).replace(",", ""))
            for head, value in zip(heads, row, strict=True)
            if head in COLUMNS
        }
        for row in rows[1:]
    }


def unit_tables(text: str) -> list[Figures]:
    found = [table for table in Tables(text).tables if table and "名称" in table[0] and "人数" in table[0]]
    return [figures(table) for table in found]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("tiny")
    make_project(folder)
    return open_project(folder).run(folder / "out")


@pytest.fixture(scope="module")
def truth(run: Run) -> list[Figures]:
    """The plan's own summary, district by district and town by town, with the totals."""
    summary = run.answers["meal_station"].summary
    found = []
    for level in ("district", "town"):
        table = summary.table(level)
        names = [name or "合计" for name in table["name"]]
        found.append(
            {name: {key: int(table[key].iloc[at]) for key in COLUMNS.values()} for at, name in enumerate(names)}
        )
    return found


def agree(found: Figures, truth: Figures) -> None:
    assert found.keys() == truth.keys()
    for unit, counts in found.items():
        assert counts
        assert counts == {key: truth[unit][key] for key in counts}, unit


def test_fault_90_the_map_s_tables_are_the_plan_s_summary(run: Run, truth: list[Figures]) -> None:
    text = run.files["meal_station.map"].read_text(encoding="utf-8")
    for found, expected in zip(unit_tables(text), truth, strict=True):
        agree(found, expected)
    overall = truth[0]["合计"]
    assert percent(overall["covered"], overall["people"]) in text


def test_fault_90_the_workbook_s_sheets_are_the_plan_s_summary(run: Run, truth: list[Figures]) -> None:
    book = openpyxl.load_workbook(run.files["meal_station.table"], read_only=True)
    for sheet, expected in zip(("分区市", "分镇街"), truth, strict=True):
        rows = [list(row) for row in book[sheet].iter_rows(values_only=True)]
        top = next(at for at, row in enumerate(rows) if "名称" in row)
        agree(figures(rows[top:]), expected)
    gaps = [row for row in book["空白区"].iter_rows(values_only=True) if row[0] == "合计"]
    overall = truth[0]["合计"]
    assert sum(row[2] for row in gaps) == overall["uncovered"] + overall["not_connected"] or not gaps


def test_fault_90_manifest_and_layers_are_the_plan_s_summary(run: Run, truth: list[Figures]) -> None:
    told = json.loads(run.files["manifest"].read_text(encoding="utf-8"))["services"]["meal_station"]
    for level, expected in zip(("district", "town"), truth, strict=True):
        found = {row["name"] or "合计": {key: row[key] for key in COLUMNS.values()} for row in told["tables"][level]}
        agree(found, expected)
    assert {key: told["summary"][key] for key in COLUMNS.values()} == truth[0]["合计"]
    units = gpd.read_file(run.files["meal_station.layers"], layer="units").set_index("name")
    for expected in truth:
        for unit, counts in expected.items():
            if unit != "合计":
                assert {key: int(units.loc[unit, key]) for key in counts} == counts


def test_fault_90_the_plan_measured_afresh_is_what_is_printed(run: Run, truth: list[Figures]) -> None:
    plan, overall = run.plans["meal_station"], truth[0]["合计"]
    assert round(plan.value) == overall["covered"]
    assert round(plan.scenario.coverage.demand.total) == overall["people"]


@pytest.fixture(scope="module")
def single(run: Run) -> Single:
    return answer_one(open_project(run.files["manifest"].parent.parent))


def test_fault_90_web_report_and_brief_are_the_plan_s_summary(
    single: Single, truth: list[Figures], tmp_path: Path
) -> None:
    text = single.report().save(tmp_path / "plan.html").read_text(encoding="utf-8")
    for found, expected in zip(unit_tables(text)[:2], truth, strict=True):
        agree(found, expected)
    brief = docx.Document(str(single.report().save(tmp_path / "plan.docx")))
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in brief.tables]
    agree(figures(next(table for table in tables if {"名称", "人数"} <= set(table[0]))), truth[0])
    overall = truth[0]["合计"]
    said = "".join(paragraph.text for paragraph in brief.paragraphs)
    for key in ("people", "covered", "covered_before", "uncovered"):
        assert f"{overall[key]:,} 人" in said


def test_fault_90_the_english_map_bears_the_same_figures(single: Single, truth: list[Figures]) -> None:
    english = unit_tables(single.draw(lang="en").to_html().replace("Name", "名称").replace("People", "人数"))
    assert [found["Total"]["people"] for found in english] == [truth[0]["合计"]["people"]] * 2
