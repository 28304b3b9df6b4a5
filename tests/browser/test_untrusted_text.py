"""Text from files stays text: in names, titles, legends, sources, parameters and file names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pytest
import shapely

from planner.area import Units
from planner.maps import draw
from planner.reports import report
from tests.browser.xss import CORPUS
from tests.plans import small_plan, small_readings
from tests.town import CRS, SOUTH, WEST

Open = Callable[..., Any]
MARKUP = "script:not([type]), img, iframe, object, form, base, link:not([href^='data:image/png']), a[href^='javascript'], [onerror], [onload], [onfocus]"


def named_units(names: tuple[str, ...]) -> Units:
    """One district, and a row of towns that bear the given names."""
    wide = 2000 / len(names)
    rows = [("37", names[0], "district", "")] + [(f"37{at:03d}", name, "town", "37") for at, name in enumerate(names)]
    shapes = [shapely.box(WEST, SOUTH, WEST + 2000, SOUTH + 2000)]
    shapes += [shapely.box(WEST + at * wide, SOUTH, WEST + (at + 1) * wide, SOUTH + 2000) for at in range(len(names))]
    frame = gpd.GeoDataFrame(rows, columns=["code", "name", "level", "parent"], geometry=shapes, crs=CRS)
    return Units(frame.set_index("u:" + frame["code"]))


@pytest.fixture
def everywhere() -> dict[str, Any]:
    """A plan whose stations, towns, parameters, sources, title and layers all bear hostile text."""
    plan = small_plan(small_readings(list(CORPUS[:6])))
    return {
        "answer": plan, "by": named_units(CORPUS), "title": CORPUS[0] + CORPUS[21], "made_by": CORPUS[2],
        "map_approval": CORPUS[3], "sources": CORPUS, "parameters": {text: (text, text) for text in CORPUS},
    }  # fmt: skip


def test_fault_47_forty_hostile_strings_stay_text_on_the_map(
    everywhere: dict[str, Any], open_page: Open, tmp_path: Path
) -> None:
    answer = everywhere.pop("answer")
    water = gpd.GeoDataFrame(geometry=[shapely.box(WEST, SOUTH, WEST + 500, SOUTH + 500)], crs=CRS)
    page = draw(answer, **everywhere, layers=dict.fromkeys(CORPUS[:9], water))
    opened = open_page(page.save(tmp_path / "'\"><img src=x onerror=alert(1)>.html".replace("/", "")))
    tab = opened.tab
    expected = tab.evaluate("document.querySelectorAll('script:not([type])').length")
    assert tab.locator(MARKUP).count() == expected, "no element but our own scripts"
    listed = tab.locator(".about li").all_text_contents()
    assert listed == [text.replace("\0", "") for text in CORPUS], "HTML drops the character nought"
    assert tab.title() == CORPUS[0] + CORPUS[21]
    tab.fill("#query", "alert")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    assert "alert" in tab.inner_text("#card h2")
    tab.click("#language")
    tab.click("#tab-existing")
    tab.click("#panel-existing tbody tr")
    assert tab.locator("#card h2 *").count() == 0
    opened.is_quiet()


def test_fault_47_forty_hostile_strings_stay_text_in_the_report_page(
    everywhere: dict[str, Any], open_page: Open, tmp_path: Path
) -> None:
    made = report(everywhere.pop("answer"), **everywhere)
    opened = open_page(made.save(tmp_path / "report.html"), ready="")
    assert opened.tab.locator(MARKUP).count() == 0
    text = opened.tab.inner_text("body")
    for hostile in CORPUS[:33]:
        assert hostile in text
    opened.is_quiet()


def test_fault_46_forty_hostile_strings_are_plain_cells_and_paragraphs(
    everywhere: dict[str, Any], tmp_path: Path
) -> None:
    import docx

    made = report(everywhere.pop("answer"), **everywhere)
    book = openpyxl.load_workbook(made.save(tmp_path / "report.xlsx"))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert {cell.value for cell in cells} >= set(CORPUS[:33])
    brief = docx.Document(str(made.save(tmp_path / "report.docx")))
    assert any(CORPUS[0] in paragraph.text for paragraph in brief.paragraphs)
