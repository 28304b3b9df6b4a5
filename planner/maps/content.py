"""Content of a page: rows of its legend, tables, cards and search index."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice, product
from typing import Any

import numpy as np
import pandas as pd

from planner.access import CLUSTER
from planner.facts import Facts, count_text, percent, time_classes, words
from planner.facts.facts import table_of
from planner.facts.parameters import shown
from planner.maps.layers import site_layer
from planner.maps.packing import Box
from planner.maps.page_tables import UNIT_COLUMNS

TIME_COLOURS = ("#0b4f8a", "#3f8fc5", "#9ccbe6")
UNCOVERED, OFFLINE = "#f0a04b", "#6b6b6b"
SYMBOLS: dict[str, dict[str, Any]] = {
    "added": {"colour": "#8a0f6b", "shape": "circle", "small": False, "word": "new_site_short"},
    "existing": {"colour": "#1d2b36", "shape": "square", "small": True, "word": "existing_site_short"},
    "gap": {"colour": "#a8201a", "shape": "diamond", "small": True, "word": "gap"},
}
SERVICE_AREA = "#2b7a5b"
MOST_READINGS = 8
BORDERS: dict[str, tuple[str, float, list[int]]] = {  # colour, width in pixels, dashes; on the sheet and in its legend
    "city": ("#3c3c3c", 2.2, []), "district": ("#4a4a4a", 1.8, [9, 3, 2, 3]),
    "town": ("#5f5f5f", 1, [4, 3]), "village": ("#b5b5b5", 0.6, [2, 3]),
}  # fmt: skip


def legend_row(mark: str, key: str = "", **more: Any) -> dict[str, Any]:
    """One line of a legend: its mark, its word, and the layer it switches, if any."""
    return {"mark": mark, "key": key, "text": "", "toggle": "", "on": True, "sub": False, "colour": "", **more}


def border_rows(levels: Iterable[str]) -> list[dict[str, Any]]:
    """Borders of units in the legend, stroked as they are on the sheet."""
    return [legend_row("border", f"border_{level}", border=BORDERS[level]) for level in levels]


def legend_rows(
    facts: Facts, lang: str, *, roads: bool, extra: list[dict[str, Any]], reach: bool = False
) -> list[dict[str, Any]]:
    """What the map shows, and the switches of its layers."""
    row, rows = legend_row, list[dict[str, Any]]()
    if len(facts.new_sites):
        rows.append(row("circle", "new_site", toggle="added"))
    if len(facts.existing_sites):
        rows.append(row("square", "existing_site", toggle="existing"))
    if facts.gaps is not None and (facts.gaps["kind"] == CLUSTER).any():
        rows.append(row("diamond", "gap_long", colour=SYMBOLS["gap"]["colour"], toggle="gap"))
    if reach:
        rows.append(row("area", "service_area", colour=SERVICE_AREA, toggle="reach", on=False))
    if facts.hidden is None:
        rows += _people_rows(facts, lang)
    rows += border_rows(facts.summary.levels)
    rows.append(row("none", "labels", toggle="labels"))
    if roads:
        rows.append(row("line", "roads", colour="#b98a4e", toggle="roads"))
    said = words(lang)
    for number, area in enumerate(extra):
        key = area["name"] if area["name"] in said else ""
        rows.append(row("cell", key, text=area["name"], colour=area["colour"], toggle=f"area{number}"))
    rows.append(row("ramp", "shade", toggle="shade", on=facts.hidden is not None))
    return rows


def _people_rows(facts: Facts, lang: str) -> list[dict[str, Any]]:
    said, rows, ends = words(lang), [legend_row("none", "people_by_time")], time_classes(facts.coverage.limit)
    for kind, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        pattern = said["class_next" if kind else "class_first"]
        text = pattern.replace("{from}", f"{start:g}").replace("{to}", f"{end:g}")
        rows.append(
            legend_row("cell", f"t:class{kind}", text=text, colour=TIME_COLOURS[kind], toggle=f"people{kind}", sub=True)
        )
    rows.append(legend_row("cell", "uncovered_word", colour=UNCOVERED, toggle="people3", sub=True))
    rows.append(legend_row("cell", "not_connected_word", colour=OFFLINE, toggle="people4", sub=True))
    return rows


def class_words(facts: Facts, lang: str) -> dict[str, str]:
    """Words of the classes of travel time, as the legend refers to them."""
    return {row["key"]: row["text"] for row in _people_rows(facts, lang) if row["text"]}


def unit_rows(facts: Facts, places: pd.DataFrame, bounds: list[list[int]]) -> list[dict[str, Any]]:
    """Every unit as the page needs it: label, bounds, shares and the facts on its card."""
    tables = {level: table_of(facts, level) for level in facts.summary.levels}
    counts = [name for name in UNIT_COLUMNS[1:] if not name.startswith("share")]
    rows = []
    for (unit, place), extent in zip(places.iterrows(), bounds, strict=True):
        row = pd.Series(tables[place["level"]].loc[str(unit)])
        people = row["people"]
        card = [["code", place["code"]]] + [[name, count_text(row[name])] for name in counts]
        card += [["share_before", percent(row["covered_before"], people)], ["share", percent(row["covered"], people)]]
        figures = [people, row["covered_before"], row["covered"]]
        told = people and not any(isinstance(figure, str) for figure in figures)
        shares = [figures[1] / people, figures[2] / people] if told else None
        shown = {"ref": f"u:{unit}", "name": place["name"], "level": place["level"]}
        rows.append(
            {**shown, "x": int(place["x"]), "y": int(place["y"]), "bounds": extent, "shares": shares, "facts": card}
        )
    return rows


def site_rows(facts: Facts, box: Box) -> list[dict[str, Any]]:
    """Every station as the page needs it: place, name, build order and the facts on its card; new ones first."""
    people, rows = facts.overall["people"], list[dict[str, Any]]()
    for kind, table in (("added", facts.new_sites), ("existing", facts.existing_sites)):
        if not len(table):
            continue
        for (site, row), (x, y) in zip(table.iterrows(), site_layer(table, box), strict=True):
            where = [[level, row.get(level) or "—"] for level in facts.summary.levels]
            shown = {"ref": f"s:{site}", "name": row["name"], "kind": kind, "x": x, "y": y, "where": where[-1][1]}
            shown["word"] = SYMBOLS[kind]["word"]
            rank = int(row["rank"]) if kind == "added" else 0
            rows.append({**shown, "rank": rank, "facts": [["id", str(site)], *where, *_site_card(row, people)]})
    return rows


def _site_card(row: pd.Series, people: Any) -> list[list[str]]:
    names = [name for name in ("rank", "gain", "covered_so_far", "nearest") if name in row]
    card = [[name, count_text(row[name])] for name in names]
    return card + ([["share_so_far", percent(row["covered_so_far"], people)]] if "covered_so_far" in row else [])


def gap_rows(facts: Facts, box: Box) -> list[dict[str, Any]]:
    """Clusters as symbols with their people, the larger ones drawn larger; who lives scattered has no one place."""
    if facts.gaps is None or not (facts.gaps["kind"] == CLUSTER).any():
        return []
    gaps = facts.gaps[facts.gaps["kind"] == CLUSTER]
    rows, most = list[dict[str, Any]](), max(int(gaps["people"].max()), 1)
    for (gap, row), (x, y) in zip(gaps.iterrows(), site_layer(gaps, box), strict=True):
        card = [["uncovered", f"{row['people']:,}"], ["units", row["units"]], ["nearest_site", row["site_name"] or "—"]]
        if not pd.isna(row["metres"]):
            card.append(["metres_away", f"{row['metres']:,.0f} m"])
        if not pd.isna(row["minutes"]):
            card.append(["minutes_away", f"{row['minutes']:.0f}"])
        shown = {"ref": f"g:{gap}", "name": str(row["name"]), "kind": "gap", "word": "gap", "x": x, "y": y, "rank": 0}
        rows.append({**shown, "where": "", "size": round(float(np.sqrt(row["people"] / most)), 2), "facts": card})
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
    """First letters of a name's pinyin, lower case, by its usual reading first and then by others, apart by blanks.

    >>> initials("西安路")
    'xal'
    """
    from pypinyin import Style, lazy_pinyin, pinyin

    usual = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower().replace(" ", "")
    letters = [dict.fromkeys(one) for one in pinyin(name, style=Style.FIRST_LETTER, heteronym=True)]
    others = ("".join(way).lower().replace(" ", "") for way in islice(product(*letters), MOST_READINGS))
    return " ".join(dict.fromkeys([usual, *others]))


def about_rows(facts: Facts, lang: str) -> list[dict[str, str]]:
    """Parameters as shown: name, value with unit, source; with the word's key where it has one."""
    return [shown(row, facts.summary, lang) for row in facts.parameters.itertuples(index=False)]
