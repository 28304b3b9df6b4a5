"""An automatic accessibility check of every page officials open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planner.access import summarise
from planner.area import StudyArea
from planner.maps import draw
from planner.reports import report
from planner.services import service
from tests.plans import small_plan, small_readings

Open = Callable[..., Any]


def faults(tab: Any) -> list[str]:
    """Serious and critical findings of axe-core, with where each stands."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed").Axe()
    found = axe.run(tab).response["violations"]
    return [
        f"{fault['id']}: {fault['help']}: {fault['nodes'][0]['html'][:120]}"
        for fault in found
        if fault["impact"] in {"serious", "critical"}
    ]


def test_the_map_page_has_no_serious_accessibility_fault(area: StudyArea, open_page: Open, tmp_path: Path) -> None:
    readings = small_readings()
    plan = small_plan(readings)
    summary = summarise(plan, by=area.units, readings=readings)
    page = draw(plan, by=area, summary=summary, service=service("meal_station"), sources=["手绘小镇"])
    tab = open_page(page.save(tmp_path / "plan.html"), bypass_csp=True).tab
    tab.click("#panel-district tbody tr")
    assert faults(tab) == []


def test_the_report_page_has_no_serious_accessibility_fault(area: StudyArea, open_page: Open, tmp_path: Path) -> None:
    made = report(small_plan(small_readings()), by=area)
    assert faults(open_page(made.save(tmp_path / "report.html"), ready="", bypass_csp=True).tab) == []


def test_every_control_has_a_name_and_can_be_reached_by_key(area: StudyArea, open_page: Open, tmp_path: Path) -> None:
    tab = open_page(draw(small_plan(small_readings()), by=area).save(tmp_path / "plan.html")).tab
    nameless = tab.evaluate(
        """() => Array.from(document.querySelectorAll('button, input, [role=tab], a[href]')).filter(function (e) {
        const name = e.getAttribute('aria-label') || e.textContent || e.title || (e.labels && e.labels[0] && e.labels[0].textContent);
        return !name || !name.trim(); }).map(e => e.outerHTML)"""
    )
    assert nameless == []
    seen = set()
    for _ in range(60):
        tab.keyboard.press("Tab")
        seen.add(
            tab.evaluate(
                "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
            )
        )
    assert seen >= {"query", "step", "language", "print", "tab-district"}
