"""planner.toml asks for years and tiers, and workbook and manifest tell of them."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from planner.errors import QuestionError
from planner.facts import gather
from planner.optimise import maximise_over_years
from planner.project import open_project
from planner.project.settings import read_settings
from planner.reports import report
from tests.test_phases import question
from tests.tiny_project import TOML, make_project

PHASES = "phases = [{ year = 2024, new = 1 }, { year = 2026, new = 2 }]\ndiscount = 0.05\nuntil = 2030\nseconds = 20.0"
CENTRES = """
[[service]]
key = "care_centre"
new = 1
candidates = { spacing_metres = 700.0 }
mode = "drive"
minutes = 3.0
seconds = 20.0

[tiers]
services = ["care_centre", "meal_station"]
link_minutes = [2.0]
name = "两级网络"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_project(tmp_path)
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "planner.toml"
    path.write_text(text, encoding="utf-8")
    return path


def sheets(path: Path) -> dict[str, list[tuple[object, ...]]]:
    book = openpyxl.load_workbook(path)
    return {sheet.title: [row for row in sheet.iter_rows(values_only=True) if any(row)] for sheet in book}


def test_a_service_built_year_by_year_tells_what_opens_when(folder: Path) -> None:
    write(folder, TOML.replace("new = 2\n", "").replace("seconds = 20.0", PHASES))
    run = open_project(folder).run(folder / "out")
    one = run.answers["meal_station"]
    assert one.programme is not None
    assert one.programme.proven
    assert list(one.programme.table["new"]) == [1, 2]
    assert one.plan is one.programme.plans[-1]
    told = sheets(folder / "out" / "meal_station.xlsx")
    assert [row[0] for row in told["分年安排"][2:]] == ["2024", "2026"]
    assert told["分年安排"][-1][5] == run.facts["meal_station"].overall["covered"]
    assert len(told["分年站点"]) == 1 + 3
    facts = json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))["services"]["meal_station"]
    assert facts["programme"]["proven"]
    assert set(facts["programme"]["openings"].values()) == {2024, 2026}


def test_services_that_are_tiers_of_one_network_are_sited_together(folder: Path) -> None:
    write(folder, TOML + CENTRES)
    run = open_project(folder).run(folder / "out")
    station, centre = run.answers["meal_station"], run.answers["care_centre"]
    assert station.programme is centre.programme
    assert station.programme.proven
    assert set(station.programme.parents.loc[station.plan.added, "above"]) <= set(centre.plan.ids)
    told = sheets(folder / "out" / "meal_station.xlsx")
    assert len(told["分级配置"]) == 2 + 2
    assert {row[0] for row in told["上下级关系"][1:]} == {"meal_station"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seconds = 20.0": "discount = 0.1"}, "discount goes with phases"),
        ({"seconds = 20.0": "phases = [{ year = 2024 }]"}, "a phase needs new"),
        (
            {"seconds = 20.0": "phases = [{ year = 2026, new = 1 }, { year = 2025, new = 1 }]"},
            "phases must be in order",
        ),
        ({"seconds = 20.0": "in_turn = true"}, "in_turn goes with maximise_worst_share"),
        ({"seconds = 20.0": "ageing = true\nphases = [{ year = 2026, new = 1 }]"}, "population.age = '60\\+'"),
        ({"seconds = 20.0": '[tiers]\nservices = ["meal_station", "other"]\nlink_minutes = [1.0]'}, "not there: other"),
        ({"seconds = 20.0": '[tiers]\nservices = ["meal_station", "other"]\nlink_minutes = []'}, "give 1 link_minutes"),
    ],
)
def test_keys_of_programmes_that_contradict_themselves_are_told(
    folder: Path, change: dict[str, str], words: str
) -> None:
    text = TOML
    for old, new in change.items():
        text = text.replace(old, new)
    with pytest.raises(QuestionError, match=words):
        read_settings(write(folder, text), folder)


@pytest.mark.parametrize("hide", [False, True])
def test_a_report_of_a_plan_over_years_hides_people_where_counts_are_small_and_secret(hide: bool) -> None:
    plan = maximise_over_years(question(2, money=True))
    facts = gather(plan.plans[-1], hide_small=hide)
    told = {table.key: table for table in report(facts, programme=plan, lang="en").tables}
    keys = [heading.key for heading in told["phases"].headings]
    assert ("covered" in keys) != hide
    assert [row[0] for row in told["phases"].rows] == ["2025", "2027", "2029"]
    assert len(told["phase_sites"].rows) == len(plan.openings)
    assert [table.key for table in report(plan).tables if table.key.startswith("phase")] == ["phases", "phase_sites"]
