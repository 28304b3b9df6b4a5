"""A sensitive service: no output, in any format, tells a small count or where anybody lives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest

from planner.access import TOTAL, find_gaps, summarise
from planner.area import StudyArea
from planner.errors import QuestionError
from planner.exports import write
from planner.facts import Facts, count_text, gather
from planner.maps import draw, draw_comparison
from planner.plan import Plan
from planner.project import open_project
from planner.reports import report
from planner.services import service
from planner.sites import Sites
from tests.plans import small_plan, small_readings
from tests.tiny_project import make_project

HOUSE = service("recovery_house")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return small_plan(small_readings())


@pytest.fixture
def facts(plan: Plan, area: StudyArea) -> Facts:
    summary = summarise(plan, by=area.units, readings=small_readings())
    gaps = find_gaps(plan, by=area.units, least_people=5)
    return gather(plan, by=area, summary=summary, service=HOUSE, gaps=gaps)


def hidden_counts(facts: Facts, level: str) -> list[tuple[str, str, int, str]]:
    """Unit, column, true count and mark of every count that is not shown."""
    assert facts.hidden is not None
    true, shown = facts.summary.table(level), facts.hidden.table(level)
    away = facts.hidden.hidden[level]
    return [
        (str(unit), name, int(true.loc[unit, name]), str(shown.loc[unit, name]))
        for unit in true.index for name in away if away.loc[unit, name]
    ]  # fmt: skip


def test_fault_49_the_fixture_has_counts_to_hide(facts: Facts) -> None:
    assert hidden_counts(facts, "town")


def test_fault_49_the_map_shows_marks_and_no_home(facts: Facts) -> None:
    page = draw(facts)
    assert page.data["people"] is None
    assert set(page.data["steps"]) == {None}
    assert page.data["total"] is None
    assert not [site for site in page.data["sites"] if site["kind"] == "gap"]
    assert not [
        fact
        for site in page.data["sites"]
        for fact in site["facts"]
        if fact[0] in {"gain", "nearest", "covered_so_far"}
    ]
    cards = {row["ref"]: dict(row["facts"]) for row in page.data["units"]["rows"]}
    shares = {row["ref"]: row["shares"] for row in page.data["units"]["rows"]}
    for level in ("district", "town"):
        for unit, name, _, mark in hidden_counts(facts, level):
            if unit == TOTAL or name not in cards[f"u:{unit}"]:
                continue
            assert cards[f"u:{unit}"][name] == mark
            if name in {"people", "covered", "covered_before"}:
                assert shares[f"u:{unit}"] is None


def test_fault_49_no_table_of_the_map_or_report_holds_a_hidden_count(facts: Facts, tmp_path: Path) -> None:
    tables = {table["key"]: table for table in draw(facts).content["tables"]}
    book = openpyxl.load_workbook(report(facts).save(tmp_path / "houses.xlsx"))
    for level, sheet in (("district", "分区市"), ("town", "分镇街")):
        rows = list(book[sheet].iter_rows(values_only=True))
        top = next(at for at, row in enumerate(rows) if row[0] == "代码")
        by_code = {row[0] or TOTAL: dict(zip(rows[top], row, strict=True)) for row in rows[top + 1 :]}
        codes = facts.summary.table(level)["code"]
        for unit, name, _, mark in hidden_counts(facts, level):
            heading = {
                "people": "人数",
                "covered": "规划后覆盖",
                "uncovered": "未覆盖",
                "not_connected": "未接入路网",
            }.get(name)
            if heading:
                assert by_code[codes[unit] or TOTAL][heading] == mark
        words = [column["word"] for column in tables[level]["columns"]]
        for row in tables[level]["rows"]:
            unit = row["ref"][2:] if row["ref"] else TOTAL
            for word, cell in zip(words, row["cells"], strict=True):
                if word in facts.hidden.hidden[level] and facts.hidden.hidden[level].loc[unit, word]:  # type: ignore[union-attr]
                    assert cell["text"] in {"<10", "※"}
                    assert cell["value"] == -1
    assert "空白区" not in book.sheetnames
    assert book["新增站点"].max_row > 3
    assert "新增覆盖人数" not in [cell.value for row in book["新增站点"].iter_rows() for cell in row]


def test_fault_49_the_page_s_own_data_hold_no_number_the_tables_hide(facts: Facts) -> None:
    text = draw(facts).to_html()
    data = json.loads(re.search(r'id="plan-data">(.*?)</script>', text, re.DOTALL)[1])  # type: ignore[index]
    told = [
        str(fact[1]).replace(",", "")
        for row in data["units"]["rows"]
        for fact in row["facts"]
        if fact[0] not in {"code", "new_sites", "existing_sites"}
    ]
    numbers = [int(value) for value in told if value.isdigit()]
    assert all(number >= 10 for number in numbers)
    assert set(data) & {"people", "steps", "total"} == {"people", "steps", "total"}
    assert data["people"] is data["total"] is None
    assert not re.search(r'"(gain|nearest|covered_so_far)",', text)


def test_fault_49_brief_page_and_sentence_bear_the_same_marks(facts: Facts, tmp_path: Path) -> None:
    import docx

    html = report(facts).save(tmp_path / "houses.html").read_text(encoding="utf-8")
    brief = docx.Document(str(report(facts).save(tmp_path / "houses.docx")))
    said = "\n".join(
        [p.text for p in brief.paragraphs] + [c.text for t in brief.tables for r in t.rows for c in r.cells]
    )
    for text in (html.replace("&lt;", "<"), said):
        assert "<10" in text
        assert "敏感人群" in text
    overall = facts.overall
    for name in ("people", "covered", "covered_before", "not_connected"):
        if isinstance(overall[name], str):
            true = count_text(facts.summary.overall[name])
            assert f"{true} 人" not in said


def test_fault_49_layers_leave_without_people(facts: Facts, plan: Plan, area: StudyArea, tmp_path: Path) -> None:
    frame = plan.scenario.coverage.sites.frame.assign(service="recovery_house")
    from dataclasses import replace

    coverage = replace(plan.scenario.coverage, sites=Sites(frame))
    houses = replace(plan, scenario=plan.scenario.but(coverage=coverage))
    for answer, summary in ((houses, facts.summary), (plan, facts.hidden)):
        path = tmp_path / "houses.gpkg"
        write(answer, path, summary=summary, units=area.units)
        names = set(gpd.list_layers(path)["name"])
        assert names >= {"new_sites", "units"}
        assert "demand" not in names
        columns = {column for name in ("new_sites", "existing_sites") for column in gpd.read_file(path, layer=name)}
        assert not columns & {"people_gained", "people_covered", "people_nearest"}
        units = gpd.read_file(path, layer="units").set_index("id")
        for unit, name, _, mark in hidden_counts(facts, "town"):
            if unit != TOTAL:
                assert units.loc[unit, name] == mark


def test_fault_49_two_plans_of_a_sensitive_service_are_not_set_against_each_other(plan: Plan, area: StudyArea) -> None:
    from dataclasses import replace

    coverage = replace(
        plan.scenario.coverage, sites=Sites(plan.scenario.coverage.sites.frame.assign(service="recovery_house"))
    )
    one = replace(plan, scenario=plan.scenario.but(coverage=coverage))
    two = replace(one, scenario=one.scenario.but(name="another"))
    with pytest.raises(QuestionError, match="draw each by itself"):
        draw_comparison(one, two, by=area)


def test_fault_49_a_whole_run_of_a_sensitive_service_prints_no_small_count(tmp_path: Path) -> None:
    path = make_project(tmp_path)
    text = path.read_text(encoding="utf-8").replace(
        'key = "meal_station"', 'key = "recovery_house"\nmode = "walk"\nmetres_per_second = 0.8'
    )
    path.write_text(
        text.replace('people = "people"', 'people = "people"\npeople_total = 300.0')
        if "people_total" in text
        else text,
        encoding="utf-8",
    )
    cells = pd.read_csv(tmp_path / "cells.csv")
    cells["people"] = (cells["people"] / 40).round(3)
    cells.to_csv(tmp_path / "cells.csv", index=False, encoding="utf-8-sig")
    run = open_project(tmp_path).run(tmp_path / "out")
    manifest = json.loads(run.files["manifest"].read_text(encoding="utf-8"))
    told = manifest["services"]["recovery_house"]
    assert not {"value", "bound", "share"} & set(told["plan"])
    counts: list[Any] = [
        value for rows in told["tables"].values() for row in rows for name, value in row.items()
        if name not in {"code", "name", "parent", "share", "share_before", "existing_sites", "new_sites"}
    ]  # fmt: skip
    assert "<10" in counts
    assert all(value in {"<10", "※"} or int(value) >= 10 for value in counts)
    assert "demand" not in set(gpd.list_layers(run.files["recovery_house.layers"])["name"])
