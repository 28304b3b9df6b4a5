"""Names and signs as maps: place names by where they stand on their way, road-name signs by what is overdue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.gazetteer import Gazetteer, Record
from planner.gazetteer.schema import DIVISION, NAME, SIGN
from planner.gazetteer.signs import OPEN
from planner.gazetteer.units import frame_of
from planner.maps.page import PlanMap
from planner.maps.page_tables import count_cell, text_cell
from planner.maps.register import (
    STORED,
    Drawing,
    Imprint,
    Thing,
    day,
    known_records,
    listing,
    register_page,
    units_or_none,
)
from planner.texts import Text

IN_FORCE = ("approved", "filed", "announced", "in use")
NAME_KINDS = {"in use": "name_in_use", "approved": "name_approved", "filed": "name_approved", "announced": "name_approved",
              "draft": "name_proposed", "applied": "name_proposed", "assessed": "name_proposed"}  # fmt: skip
NAME_STYLES: dict[str, dict[str, Any]] = {
    "name_in_use": {"colour": "#0b4f8a", "shape": "circle", "small": True, "mark": "ball"},
    "name_approved": {"colour": "#1b8a6b", "shape": "square", "small": True, "size": 0.7, "mark": "box"},
    "name_proposed": {"colour": "#c26a00", "shape": "triangle", "small": True, "size": 1, "mark": "triangle"},
    "name_ended": {"colour": "#6b6b6b", "shape": "diamond", "small": True, "size": 0.6, "mark": "diamond"},
}
SIGN_STYLES: dict[str, dict[str, Any]] = {
    "sign_overdue": {"colour": "#b3261e", "shape": "triangle", "small": True, "size": 1, "mark": "triangle"},
    "sign_open": {"colour": "#c26a00", "shape": "diamond", "small": True, "size": 0.8, "mark": "diamond"},
    "sign_standing": {"colour": "#1f6f78", "shape": "square", "small": True, "mark": "box"},
}


def names_in_force(books: Gazetteer, on: date, *, category: str | None = None) -> gpd.GeoDataFrame:
    """Standard names in force on a day that have a place, for the base of a map: ``draw(..., places=...)``.

    Nothing of a place that bears, or ever bore, a name not 公开 is among them.
    """
    where, values = ("category = ?", (category,)) if category else ("", ())
    held = known_records(books, books.ledger.select(NAME, where, values, on=on))
    kept = [r for r in held if r.geometry is not None and r.slot == "standard" and r["status"] in IN_FORCE]
    if not kept:
        return gpd.GeoDataFrame({"name": pd.Series(dtype=object)}, geometry=gpd.GeoSeries([], crs=STORED), crs=STORED)
    return frame_of(kept)[["thing", "name", "category", "geometry"]]


def draw_names(
    books: Gazetteer, on: date, *, category: str | None = None, title: str = "", imprint: Imprint | None = None
) -> PlanMap:
    """Draw the place names true on a day by state: in use, approved, proposed, ended; former names and aliases aside."""
    where, values = ("category = ?", (category,)) if category else ("", ())
    found = known_records(books, books.ledger.select(NAME, where, values, on=on))
    names = [record for record in found if record["kind"] in {"standard", "planned"} or record["status"] == "retired"]
    parents = {r.thing: str(r["name"]) for r in known_records(books, books.ledger.select(DIVISION, on=on))}
    things = [_name(record, parents) for record in names]
    counts = _counts(things, NAME_STYLES)
    bare = sum(thing.geometry is None for thing in things)
    drawing = Drawing(
        title=Text(title or f"地名分布图（{on}）", title or f"Place names by state, {on}"),
        finding=_names_finding(dict(counts), len(things), bare),
        on=on,
        units=units_or_none(books, on),
        lines=[thing for thing in things if _is_drawn_as_line(thing)],
        points=[thing for thing in things if not _is_drawn_as_line(thing)],
        styles=NAME_STYLES | {kind: {**style, "width": 3} for kind, style in NAME_STYLES.items()},
        tables=[_names_table(names, things)],
        counts=[*counts, *([("n_placeless", bare)] if bare else [])],
    )
    return register_page(drawing, imprint or Imprint())


def _is_drawn_as_line(thing: Thing) -> bool:
    return thing.geometry is not None and "LineString" in thing.geometry.geom_type


def _counts(things: list[Thing], styles: Mapping[str, Any]) -> list[tuple[str, int]]:
    kinds = [thing.kind for thing in things]
    return [(f"k_{kind}", kinds.count(kind)) for kind in styles if kind in kinds]


def _name(record: Record, parents: Mapping[str, str]) -> Thing:
    where = parents.get(str(record["division"]), "")
    facts: list[list[Any]] = [
        ["state", f"v_{record['status']}", 1], ["since", str(record["status_since"] or record.valid.start or "—")],
        ["category", f"c_{record['category']}", 1], ["pinyin", str(record["pinyin"] or "—")],
        ["division", where or str(record["within"] or "—")],
    ]  # fmt: skip
    facts += [
        [key, str(record[key])] for key in ("location", "meaning", "origin", "authority", "approved") if record[key]
    ]
    kind = NAME_KINDS.get(str(record["status"]), "name_ended")
    return Thing(f"n:{record.thing}:{record.slot}", str(record["name"]), kind, record.geometry, facts, where)


def _names_table(records: list[Record], things: list[Thing]) -> dict[str, Any]:
    rows = []
    for record, thing in zip(records, things, strict=True):
        cells = [
            text_cell(thing.name),
            text_cell(str(record["pinyin"] or "—")),
            text_cell("", word=f"c_{record['category']}"),
        ]
        cells += [text_cell("", word=f"v_{record['status']}"), day(record["status_since"] or record.valid.start)]
        rows.append((thing.ref if thing.geometry is not None else None, [*cells, text_cell(thing.where or "—")]))
    return listing("names", ("name", "pinyin", "category", "state", "since", "division"), list(rows))


def _names_finding(counts: dict[str, int], total: int, bare: int) -> Text:
    use, way = counts.get("k_name_in_use", 0), counts.get("k_name_proposed", 0)
    done, ended = counts.get("k_name_approved", 0), counts.get("k_name_ended", 0)
    return Text(
        f"登记地名 {total:,} 条：使用中 {use:,} 条，已批准待启用 {done:,} 条，在办 {way:,} 条，停用等 {ended:,} 条"
        + (f"；其中 {bare:,} 条尚无坐标，仅列于表中。" if bare else "。"),
        f"{total:,} names: {use:,} in use, {done:,} approved, {way:,} on their way, {ended:,} ended"
        + (f"; {bare:,} have no place yet and are only listed." if bare else "."),
    )


def draw_signs(books: Gazetteer, on: date, *, title: str = "", imprint: Imprint | None = None) -> PlanMap:
    """Draw road-name signs: overdue, to be done, standing; a sign not yet placed is drawn on its road."""
    records = [
        r for r in known_records(books, books.ledger.select(SIGN, on=on)) if r["status"] not in {"closed", "cancelled"}
    ]
    roads = {r.thing: r.geometry for r in known_records(books, books.ledger.select(NAME, "slot = 'standard'", on=on))}
    due = books.signs_due(on)
    late = dict(zip(map(str, due["sign"]), map(int, due["days_late"]), strict=True))
    things = [_sign(record, late, roads) for record in records]
    counts = _counts(things, SIGN_STYLES)
    drawing = Drawing(
        title=Text(title or f"地名标志设置与逾期情况图（{on}）", title or f"Road-name signs and what is overdue, {on}"),
        finding=_signs_finding(dict(counts), len(things)),
        on=on,
        units=units_or_none(books, on),
        points=things,
        styles=SIGN_STYLES,
        tables=[_signs_table(records, things, late)],
        counts=counts,
    )
    return register_page(drawing, imprint or Imprint())


def _sign(record: Record, late: Mapping[str, int], roads: Mapping[str, Any]) -> Thing:
    kind = "sign_overdue" if record.thing in late else "sign_open" if record["status"] in OPEN else "sign_standing"
    facts: list[list[Any]] = [
        ["number", record.thing.removeprefix("sign:")], ["state", f"v_{record['status']}", 1],
        ["since", str(record["status_since"] or "—")], ["due", str(record["due"] or "—")],
    ]  # fmt: skip
    if record.thing in late:
        facts.append(["days_late", str(late[record.thing])])
    place = record.geometry if record.geometry is not None else roads.get(str(record["road"]))
    return Thing(f"g:{record.thing}", str(record["text"]), kind, place, facts, record.thing.removeprefix("sign:"))


def _signs_table(records: list[Record], things: list[Thing], late: Mapping[str, int]) -> dict[str, Any]:
    rows = []
    for record, thing in zip(records, things, strict=True):
        cells = [
            text_cell(thing.where),
            text_cell(thing.name),
            text_cell("", word=f"v_{record['status']}"),
            day(record["due"]),
        ]
        rows.append(
            (thing.ref if thing.geometry is not None else None, [*cells, count_cell(late.get(record.thing, 0))])
        )
    order: Any = np.argsort([-row[1][4]["value"] for row in rows], kind="stable") if rows else []
    return listing(
        "signs", ("number", "sign_text", "state", "due", "days_late"), [rows[at] for at in order], numbers={"days_late"}
    )


def _signs_finding(counts: dict[str, int], total: int) -> Text:
    late, todo = counts.get("k_sign_overdue", 0), counts.get("k_sign_open", 0)
    return Text(
        f"地名标志 {total:,} 块，其中逾期 {late:,} 块，另有待办 {todo:,} 块。",
        f"{total:,} signs, {late:,} overdue and {todo:,} more with something to be done.",
    )
