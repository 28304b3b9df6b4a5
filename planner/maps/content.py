"""Content of a page: rows of its legend, tables, cards and search index."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.access import TOTAL, UNASSIGNED
from planner.facts import Facts, percent, time_classes, words
from planner.facts.facts import table_of
from planner.facts.parameters import shown
from planner.maps.layers import site_layer
from planner.maps.packing import Box

TIME_COLOURS = ("#0b4f8a", "#3f8fc5", "#9ccbe6")
UNCOVERED, OFFLINE = "#f0a04b", "#6b6b6b"
SYMBOLS: dict[str, dict[str, Any]] = {
    "added": {"colour": "#8a0f6b", "shape": "circle", "small": False, "word": "new_site_short"},
    "existing": {"colour": "#1d2b36", "shape": "square", "small": True, "word": "existing_site_short"},
    "gap": {"colour": "#a8201a", "shape": "diamond", "small": True, "word": "gap"},
}
LEVEL_COLOURS = {"city": "#3c3c3c", "district": "#4a4a4a", "town": "#8d8d8d", "village": "#b5b5b5"}

UNIT_COLUMNS = (
    "name", "people", "share_before", "share", "uncovered", "new_sites",
    "covered_before", "covered", "not_connected", "existing_sites",
)  # fmt: skip
COVERAGE_COLUMNS = ("name", "people", "covered", "share", "uncovered", "not_connected", "existing_sites")


def legend_rows(
    facts: Facts, lang: str, *, roads: bool, extra: list[dict[str, Any]], gaps: bool = False
) -> list[dict[str, Any]]:
    """What the map shows, and the switches of its layers."""
    said = words(lang)
    rows: list[dict[str, Any]] = []

    def row(mark: str, key: str = "", **more: Any) -> None:
        rows.append(
            {"mark": mark, "key": key, "text": "", "toggle": "", "on": True, "sub": False, "colour": "", **more}
        )

    if len(facts.new_sites):
        row("circle", "new_site", toggle="added")
    if len(facts.existing_sites):
        row("square", "existing_site", toggle="existing")
    if gaps:
        row("diamond", "gap_long", colour=SYMBOLS["gap"]["colour"], toggle="gap")
    row("none", "people_by_time")
    ends = time_classes(facts.coverage.limit)
    for kind, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        pattern = said["class_next" if kind else "class_first"]
        text = pattern.replace("{from}", f"{start:g}").replace("{to}", f"{end:g}")
        row("cell", text=text, colour=TIME_COLOURS[kind], toggle=f"people{kind}", sub=True)
    row("cell", "uncovered_word", colour=UNCOVERED, toggle="people3", sub=True)
    row("cell", "not_connected_word", colour=OFFLINE, toggle="people4", sub=True)
    for level in facts.summary.levels:
        row("dash", f"border_{level}", colour=LEVEL_COLOURS[level])
    row("none", "labels", toggle="labels")
    if roads:
        row("line", "roads", colour="#b98a4e", toggle="roads")
    for number, area in enumerate(extra):
        key = area["name"] if area["name"] in said else ""
        row("cell", key, text=area["name"], colour=area["colour"], toggle=f"area{number}")
    row("ramp", "shade", toggle="shade", on=False)
    return rows


def text_cell(text: str, *, word: str = "") -> dict[str, Any]:
    """A cell of text, or of a word that follows the language."""
    return {"value": "", "text": text, "number": False, "word": word}


def count_cell(value: Any, *, signed: bool = False) -> dict[str, Any]:
    """A cell of a whole number."""
    return {
        "value": int(value),
        "text": f"{int(value):+,}" if signed else f"{int(value):,}",
        "number": True,
        "word": "",
    }


def share_cell(part: Any, whole: Any) -> dict[str, Any]:
    """A cell of a share, from the two counts shown; it sorts first where there is no one."""
    return {"value": part / whole if whole else -1, "text": percent(part, whole), "number": True, "word": ""}


def page_tables(facts: Facts, lang: str) -> list[dict[str, Any]]:
    """Tables of the page: units by level from the finest but one, then new and existing stations."""
    tables = [_unit_table(facts, level, lang) for level in facts.summary.levels]
    people = int(facts.overall["people"])
    if len(facts.new_sites):
        tables.append(_site_table(facts, "added", facts.new_sites, people))
    if len(facts.existing_sites):
        tables.append(_site_table(facts, "existing", facts.existing_sites, people))
    return tables


def _unit_table(facts: Facts, level: str, lang: str) -> dict[str, Any]:
    names = UNIT_COLUMNS if facts.plan is not None else COVERAGE_COLUMNS
    rows = []
    for unit, row in table_of(facts, level).iterrows():
        special = {TOTAL: "total", UNASSIGNED: "unassigned"}.get(str(unit), "")
        cells = [text_cell(words(lang)[special] if special else row["name"], word=special)]
        for name in names[1:]:
            if name.startswith("share"):
                part = "covered_before" if name == "share_before" else "covered"
                cells.append(share_cell(row[part], row["people"]))
            else:
                cells.append(count_cell(row[name]))
        rows.append({"cells": cells, "ref": None if special else f"u:{unit}", "last": unit == TOTAL})
    columns = [{"word": name, "number": name != "name"} for name in names]
    return {"key": level, "kind": "unit", "title": f"by_{level}", "columns": columns, "rows": rows}


def _site_table(facts: Facts, kind: str, table: pd.DataFrame, people: int) -> dict[str, Any]:
    where = facts.summary.levels[-1]
    figures = ["gain", "covered_so_far", "share_so_far"] if kind == "added" else ["nearest"]
    lead = ["rank"] if kind == "added" else []
    rows = []
    for site, row in table.iterrows():
        cells = [count_cell(row["rank"])] if lead else []
        cells += [text_cell(row["name"]), text_cell(row[where])]
        for name in figures:
            cells.append(share_cell(row["covered_so_far"], people) if name == "share_so_far" else count_cell(row[name]))
        rows.append({"cells": cells, "ref": f"s:{site}", "last": False})
    names = [*lead, "site", where, *figures]
    columns = [{"word": name, "number": name in {"rank", *figures}} for name in names]
    title = "new_site_short" if kind == "added" else "existing_site_short"
    return {"key": kind, "kind": "site", "title": title, "columns": columns, "rows": rows}


def unit_rows(facts: Facts, places: pd.DataFrame, bounds: list[list[int]]) -> list[dict[str, Any]]:
    """Every unit as the page needs it: label, bounds, shares and the facts on its card."""
    tables = {level: facts.summary.table(level) for level in facts.summary.levels}
    counts = [name for name in UNIT_COLUMNS[1:] if not name.startswith("share")]
    rows = []
    for (unit, place), extent in zip(places.iterrows(), bounds, strict=True):
        row = pd.Series(tables[place["level"]].loc[str(unit)])
        people = int(row["people"])
        card = [["code", place["code"]]] + [[name, f"{int(row[name]):,}"] for name in counts]
        card += [["share_before", percent(row["covered_before"], people)], ["share", percent(row["covered"], people)]]
        shares = [row["covered_before"] / people, row["covered"] / people] if people else None
        shown = {"ref": f"u:{unit}", "name": place["name"], "level": place["level"]}
        rows.append(
            {**shown, "x": int(place["x"]), "y": int(place["y"]), "bounds": extent, "shares": shares, "facts": card}
        )
    return rows


def site_rows(facts: Facts, box: Box) -> list[dict[str, Any]]:
    """Every station as the page needs it: place, name, build order and the facts on its card; new ones first."""
    people = int(facts.overall["people"])
    rows = []
    for kind, table in (("added", facts.new_sites), ("existing", facts.existing_sites)):
        if not len(table):
            continue
        for (site, row), (x, y) in zip(table.iterrows(), site_layer(table, box), strict=True):
            where = [[level, row[level] or "—"] for level in facts.summary.levels]
            shown = {"ref": f"s:{site}", "name": row["name"], "kind": kind, "x": x, "y": y, "where": where[-1][1]}
            shown["word"] = SYMBOLS[kind]["word"]
            rank = int(row["rank"]) if kind == "added" else 0
            rows.append({**shown, "rank": rank, "facts": [["id", str(site)], *where, *_site_card(row, kind, people)]})
    return rows


def _site_card(row: pd.Series, kind: str, people: int) -> list[list[str]]:
    if kind == "existing":
        return [["nearest", f"{row['nearest']:,}"]]
    so_far = row["covered_so_far"]
    counts = [["rank", str(row["rank"])], ["gain", f"{row['gain']:,}"], ["covered_so_far", f"{so_far:,}"]]
    return [*counts, ["share_so_far", percent(so_far, people)]]


def gap_rows(gaps: gpd.GeoDataFrame, box: Box) -> list[dict[str, Any]]:
    """Named gaps as symbols with their people, from `planner.access.find_gaps`."""
    centres = gpd.GeoSeries(gaps.geometry.representative_point(), crs=gaps.crs).to_crs(4326)
    at = box.steps(np.column_stack([centres.x, centres.y]))
    rows = []
    for number, (row, (x, y)) in enumerate(zip(gaps.to_dict("records"), at.tolist(), strict=True)):
        card = [["uncovered", f"{round(row['people']):,}"], ["nearest_site", str(row["site_name"] or "—")]]
        if not pd.isna(row["metres"]):
            card.append(["metres_away", f"{row['metres']:,.0f} m"])
        shown = {
            "ref": f"g:{number}",
            "name": str(row["name"]),
            "kind": "gap",
            "word": "gap",
            "x": x,
            "y": y,
            "rank": 0,
        }
        rows.append({**shown, "where": "", "facts": card})
    return rows


def search_index(
    units: list[dict[str, Any]], sites: list[dict[str, Any]], places: list[list[Any]]
) -> list[dict[str, str]]:
    """Entries of the search box with their pinyin initials."""
    rows = [(row["ref"], row["name"], row["level"], "") for row in units]
    rows += [(row["ref"], row["name"], row["word"], row["where"]) for row in sites]
    rows += [(f"p:{number}", place[0], "places", "") for number, place in enumerate(places)]
    return [
        {"ref": ref, "name": name, "kind": kind, "where": where, "initials": initials(name)}
        for ref, name, kind, where in rows
    ]


def initials(name: str) -> str:
    """First letters of a name's pinyin, lower case; other characters stay."""
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()


def about_rows(facts: Facts, lang: str) -> list[dict[str, str]]:
    """Parameters as shown: name, value with unit, source; with the word's key where it has one."""
    return [shown(row, facts.summary, lang) for row in facts.parameters.itertuples(index=False)]
