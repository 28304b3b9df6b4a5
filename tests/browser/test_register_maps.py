"""Pages of the register, driven as an official would, with the network cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from planner.gazetteer import Gazetteer
from planner.maps import Imprint, draw_boundaries, draw_changes, draw_divisions, draw_names, draw_signs, names_in_force
from tests.browser.test_accessibility import faults
from tests.registers import HOSTILE, TODAY, make_register

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gazetteer]:
    with make_register(tmp_path_factory.mktemp("register") / "register.gpkg") as held:
        yield held


def test_fault_87_every_map_of_the_register_opens_in_silence_and_without_fault(
    books: Gazetteer, open_page: Open, tmp_path: Path
) -> None:
    pages = {
        "divisions": draw_divisions(books, TODAY, imprint=Imprint(places=names_in_force(books, TODAY))),
        "changes": draw_changes(books, date(2018, 1, 1), TODAY),
        "boundaries": draw_boundaries(books, TODAY),
        "names": draw_names(books, TODAY),
        "signs": draw_signs(books, TODAY),
    }
    for name, page in pages.items():
        opened = open_page(page.save(tmp_path / f"{name}.html"), bypass_csp=True)
        assert faults(opened.tab) == [], name
        opened.tab.click("#language")
        assert "undefined" not in opened.tab.inner_text("body")
        opened.is_quiet()


def test_a_line_is_chosen_in_its_table_and_a_marker_on_the_map(
    books: Gazetteer, open_page: Open, tmp_path: Path
) -> None:
    opened = open_page(draw_boundaries(books, TODAY).save(tmp_path / "lines.html"))
    tab = opened.tab
    tab.click("#panel-lines tbody tr:first-child")
    assert "02-15" in tab.inner_text("#card")
    assert "联检逾期" in tab.inner_text("#card")
    tab.wait_for_timeout(400)
    box = tab.locator(".folium-map").bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # a marker stands half way along
    assert "倾斜" in tab.inner_text("#card")
    assert tab.inner_text("tr.chosen td:first-child") == "0215-2"
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.42)  # the line beside it
    assert tab.inner_text("tr.chosen td:first-child") == "02-15"
    opened.is_quiet()


def test_fault_47_a_hostile_name_of_the_register_stays_text(books: Gazetteer, open_page: Open, tmp_path: Path) -> None:
    opened = open_page(draw_names(books, TODAY).save(tmp_path / "names.html"))
    opened.tab.fill("#query", "onerror")
    opened.tab.keyboard.press("Enter")
    assert opened.tab.inner_text("#card h2") == HOSTILE
    assert opened.tab.locator("#card img, table img").count() == 0
    opened.is_quiet()


def test_a_place_name_in_force_is_found_by_its_initials(books: Gazetteer, open_page: Open, tmp_path: Path) -> None:
    page = draw_divisions(books, TODAY, imprint=Imprint(places=names_in_force(books, TODAY)))
    opened = open_page(page.save(tmp_path / "names.html"))
    for typed in ("cys", "zys", "朝阳"):
        opened.tab.fill("#query", typed)
        assert opened.tab.inner_text("#hits li").startswith("朝阳山")
    opened.is_quiet()
