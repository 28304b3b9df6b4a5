"""Maps of the register as text: what they draw, list and withhold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from planner.errors import DataError
from planner.gazetteer import Gazetteer, open_gazetteer
from planner.maps import (
    Imprint,
    PlanMap,
    draw_boundaries,
    draw_changes,
    draw_divisions,
    draw_names,
    draw_signs,
    names_in_force,
)
from tests.registers import MERGED, SECRET, TODAY, make_register

BEFORE = date(2018, 1, 1)
MAPS: dict[str, Callable[[Gazetteer], PlanMap]] = {
    "divisions": lambda books: draw_divisions(books, TODAY),
    "changes": lambda books: draw_changes(books, BEFORE, TODAY),
    "boundaries": lambda books: draw_boundaries(books, TODAY),
    "names": lambda books: draw_names(books, TODAY),
    "signs": lambda books: draw_signs(books, TODAY),
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gazetteer]:
    with make_register(tmp_path_factory.mktemp("register") / "register.gpkg") as held:
        yield held


def column(page: PlanMap, key: str, at: int) -> list[str]:
    table = next(table for table in page.content["tables"] if table["key"] == key)
    words = page.data["say"]["zh"]
    return [
        words[row["cells"][at]["word"]] if row["cells"][at]["word"] else row["cells"][at]["text"]
        for row in table["rows"]
    ]


def test_divisions_are_those_of_the_day(books: Gazetteer) -> None:
    now, then = draw_divisions(books, TODAY), draw_divisions(books, BEFORE)
    assert [unit["name"] for unit in then.data["units"]["rows"]] == ["澜湾市", "望海区", "青禾县", "旧港区"]
    assert [unit["name"] for unit in now.data["units"]["rows"]] == ["澜湾市", "望海区", "青禾区"]
    assert "区（市、县） 3 个" in then.content["say"]["t:finding"]
    assert column(now, "divisions", 0) == ["370200", "370202", "370215"]
    assert column(now, "divisions", 6)[2] == MERGED.isoformat()


def test_neighbouring_divisions_differ_in_colour(books: Gazetteer) -> None:
    rows = draw_divisions(books, BEFORE).data["units"]["rows"]
    fills = {row["name"]: row["fill"] for row in rows if "fill" in row}
    assert len(fills) == 3
    assert fills["望海区"] != fills["青禾县"] != fills["旧港区"]


def test_changes_between_two_days_are_told_with_heirs_and_documents(books: Gazetteer) -> None:
    page = draw_changes(books, BEFORE, TODAY)
    told = list(zip(column(page, "changes", 1), column(page, "changes", 2), strict=True))
    assert ("旧港区（370205）", "望海区（370202）") in told
    assert ("青禾县（370203）", "青禾区（370215）") in told
    assert "3 个单位发生变更" in page.content["say"]["t:finding"]
    assert [line["name"] for line in page.data["lines"]["rows"]] == ["望海区", "旧港区"]
    same = draw_changes(books, date(2020, 1, 1), TODAY)
    assert "没有变更" in same.content["say"]["t:finding"]


def test_lines_show_how_their_inspection_stands(books: Gazetteer) -> None:
    page = draw_boundaries(books, TODAY)
    kinds = {line["facts"][0][1]: line["kind"] for line in page.data["lines"]["rows"]}
    assert kinds == {"02-15": "line_overdue", "15-05": "line_soon", "15-06": "line_in_time"}
    assert column(page, "lines", 0)[0] == "02-15", "the longest overdue leads"
    assert {site["kind"] for site in page.data["sites"]} == {"marker_good", "marker_damaged", "marker_lost"}
    assert column(page, "markers", 2) == ["倾斜", "丢失", "完好"]


def test_names_are_drawn_by_state_and_those_without_a_place_are_listed(books: Gazetteer) -> None:
    page = draw_names(books, TODAY)
    drawn = {thing["name"]: thing["kind"] for thing in [*page.data["sites"], *page.data["lines"]["rows"]]}
    assert drawn["台东路"] == "name_in_use"
    assert drawn["新港小区"] == "name_approved"
    assert drawn["听涛路"] == "name_proposed"
    assert "无坐标路" not in drawn
    assert "无坐标路" in column(page, "names", 0)


def test_signs_overdue_lead_their_table(books: Gazetteer) -> None:
    page = draw_signs(books, TODAY)
    assert column(page, "signs", 0) == ["S-1", "S-2"]
    assert [site["kind"] for site in page.data["sites"]] == ["sign_overdue", "sign_open"]
    assert "逾期 1 块" in page.content["say"]["t:finding"]


@pytest.mark.parametrize("kind", MAPS)
def test_fault_92_a_secret_name_is_on_no_map_of_the_register(kind: str, books: Gazetteer) -> None:
    assert SECRET not in MAPS[kind](books).to_html()


def test_names_in_force_make_the_base_of_any_map(books: Gazetteer) -> None:
    names = names_in_force(books, TODAY)
    assert "朝阳山" in set(names["name"])
    assert SECRET not in set(names["name"])
    assert "听涛路" not in set(names["name"]), "a draft is not in force"
    assert names_in_force(books, date(2000, 1, 1)).empty
    page = draw_divisions(books, TODAY, imprint=Imprint(places=names, map_approval="鲁S（2024）001号"))
    assert "朝阳山" in {place[0] for place in page.data["places"]}
    assert {"ref", "initials"} <= set(page.data["index"][0])
    readings = [entry["initials"].split() for entry in page.data["index"] if entry["name"] == "朝阳山"]
    assert {"zys", "cys"} <= set(readings[0]), "a polyphone is found by either reading"


def test_an_empty_register_is_told_so(tmp_path: Path) -> None:
    with open_gazetteer(tmp_path / "empty.gpkg") as empty, pytest.raises(DataError, match="nothing with a place"):
        draw_divisions(empty, TODAY)


@pytest.mark.parametrize("kind", MAPS)
def test_every_word_of_a_page_is_told_in_both_languages(kind: str, books: Gazetteer) -> None:
    page: Any = MAPS[kind](books)
    keys = {column["word"] for table in page.content["tables"] for column in table["columns"]}
    keys |= {row["key"] for row in page.content["legend"] if row["key"]} | {key for key, _ in page.content["counts"]}
    keys |= {
        cell["word"]
        for table in page.content["tables"]
        for row in table["rows"]
        for cell in row["cells"]
        if cell["word"]
    }
    keys |= {
        fact[0]
        for row in [*page.data["units"]["rows"], *page.data["sites"], *page.data["lines"]["rows"]]
        for fact in row["facts"]
    }
    for lang in ("zh", "en"):
        assert keys <= set(page.data["say"][lang])
