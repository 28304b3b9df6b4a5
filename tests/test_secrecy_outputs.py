"""Rows whose 密级 is not 公开 leave in no page, table, brief or picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest

from planner.access import find_gaps
from planner.area import StudyArea, Units
from planner.errors import QuestionError
from planner.maps import draw, draw_comparison
from planner.maps.layers import NEVER, build_steps
from planner.plan import Plan
from planner.reports import report
from planner.sites import Sites
from tests.plans import small_plan, small_readings
from tests.town import CRS, points_at

SECRET = "哨兵七号"


@pytest.fixture
def plan() -> Plan:
    """A plan one of whose existing and one of whose new stations are secret."""
    bare = small_plan(small_readings())
    frame = bare.scenario.coverage.sites.frame
    frame["密级"] = "公开"
    for site in ("old:0", "new:1"):
        frame.loc[site, ["name", "密级"]] = [f"{SECRET}{site}", "秘密"]
    return replace(bare, scenario=bare.scenario.but(coverage=replace(bare.scenario.coverage, sites=Sites(frame))))


def test_fault_92_a_page_drawn_from_python_keeps_secret_rows_out(plan: Plan, area: StudyArea) -> None:
    gaps = find_gaps(plan, by=area.units, least_people=5)
    water = gpd.GeoDataFrame({"密级": ["机密"], "name": [SECRET]}, geometry=points_at([(5, 5)]), crs=CRS).set_index(
        "name"
    )
    places = gpd.GeoDataFrame(
        {"name": ["公园", SECRET], "密级": ["公开", "秘密"]}, geometry=points_at([(9, 9), (7, 7)]), crs=CRS
    )
    reach = gpd.GeoDataFrame(
        {"site": plan.ids, "minutes": 10.0},
        geometry=plan.scenario.coverage.sites.frame.loc[plan.ids].buffer(50).to_numpy(),
        crs=CRS,
    )
    page = draw(
        plan,
        by=area,
        gaps=gaps,
        layers={"water": water.buffer(3).to_frame("geometry").assign(密级="机密")},
        places=places,
        service_areas=reach,
    )
    text = page.to_html()
    assert SECRET not in text
    assert "old:0" not in text
    assert "new:1" not in text
    assert [place[0] for place in page.data["places"]] == ["公园"]
    assert len(page.data["reach"]["refs"]) == len(plan.ids) - 2
    assert "另有 2 处非公开站点未列出" in text


def test_fault_92_no_report_names_a_secret_station(plan: Plan, area: StudyArea, tmp_path: Path) -> None:
    import docx

    made = report(plan, by=area)
    cells = [
        str(cell.value)
        for sheet in openpyxl.load_workbook(made.save(tmp_path / "a.xlsx"))
        for row in sheet.iter_rows()
        for cell in row
    ]
    brief = docx.Document(str(made.save(tmp_path / "a.docx")))
    said = [p.text for p in brief.paragraphs] + [c.text for t in brief.tables for r in t.rows for c in r.cells]
    html = made.save(tmp_path / "a.html").read_text(encoding="utf-8")
    assert SECRET not in "".join(cells) + "".join(said) + html
    assert any("非公开站点" in text for text in said)


def test_fault_92_what_a_secret_station_serves_is_not_drawn_either(plan: Plan, area: StudyArea) -> None:
    from planner.facts import gather

    facts = gather(plan, by=area)
    steps = build_steps(facts)[2]
    coverage = plan.scenario.coverage
    shown = coverage.covered(["old:1", "new:0", "new:2"])
    np.testing.assert_array_equal(steps < NEVER, shown)
    assert facts.overall["covered"] == gather(small_plan(small_readings()), by=area).overall["covered"], (
        "counted all the same"
    )


def test_fault_92_a_comparison_names_no_secret_station(plan: Plan, area: StudyArea) -> None:
    other = replace(plan, scenario=plan.scenario.but(name="another"))
    assert SECRET not in draw_comparison(plan, other, by=area).to_html()


def test_fault_92_units_that_are_secret_are_refused(plan: Plan, area: StudyArea) -> None:
    units = Units(area.units.frame.assign(密级="秘密"))
    with pytest.raises(QuestionError, match="密级"):
        draw(plan, by=units)
