"""Boundaries as a map: lines by how their joint inspection stands, markers by their condition."""

from __future__ import annotations

from datetime import date
from typing import Any

from planner.gazetteer import Gazetteer, Record
from planner.gazetteer.boundaries import JOINT_YEARS
from planner.gazetteer.schema import DIVISION, LINE, MARKER
from planner.maps.page import PlanMap
from planner.maps.page_tables import amount_cell, count_cell, text_cell
from planner.maps.register import Drawing, Imprint, Thing, day, known_records, listing, register_page, units_or_none
from planner.texts import Text

SOON_DAYS = 180
STYLES: dict[str, dict[str, Any]] = {
    "line_overdue": {"colour": "#b3261e", "width": 4, "mark": "line"},
    "line_soon": {"colour": "#d98a1f", "width": 4, "dash": [12, 5], "mark": "line"},
    "line_in_time": {"colour": "#1f6f78", "width": 3, "mark": "line"},
    "marker_good": {"colour": "#1d2b36", "shape": "square", "small": True, "mark": "square"},
    "marker_damaged": {"colour": "#c26a00", "shape": "triangle", "small": True, "size": 1, "mark": "triangle"},
    "marker_lost": {"colour": "#8a0f6b", "shape": "diamond", "small": True, "size": 1, "mark": "diamond"},
}
CONDITIONS = {
    "good": "marker_good",
    "tilted": "marker_damaged",
    "damaged": "marker_damaged",
    "moved": "marker_damaged",
    "lost": "marker_lost",
}
"""Kind of symbol by condition; damaged, tilted and moved ones share theirs and differ by word."""


def draw_boundaries(
    books: Gazetteer,
    on: date,
    *,
    soon_days: int = SOON_DAYS,
    level: str | None = None,
    title: str = "",
    imprint: Imprint | None = None,
) -> PlanMap:
    """Draw the boundary lines by their joint inspection (联检): overdue, due within ``soon_days``, in time; and the markers.

    A joint inspection is due five years after the last one, or after the agreement where there was none.
    """
    where, values = ("level = ?", (level,)) if level else ("", ())
    lines = known_records(books, books.ledger.select(LINE, where, values, on=on))
    markers = known_records(books, books.ledger.select(MARKER, on=on))
    listed = books.inspections_due(on, within_days=366 * (JOINT_YEARS + 1))
    due: dict[str, date | None] = dict(zip(map(str, listed["line"]), listed["due"], strict=True))
    names = {r.thing: str(r["name"]) for r in known_records(books, books.ledger.select(DIVISION, on=on))}
    drawn = [_line(record, on, due.get(record.thing), names, soon_days) for record in lines]
    posts = [_marker(record, names) for record in markers]
    kinds = [thing.kind for thing in (*drawn, *posts)]
    counts = [(f"k_{kind}", kinds.count(kind)) for kind in STYLES if kind in kinds]
    drawing = Drawing(
        title=Text(title or f"行政区域界线联检情况图（{on}）", title or f"Boundary lines and their inspection, {on}"),
        finding=_finding(len(lines), len(markers), dict(counts), soon_days),
        on=on,
        units=units_or_none(books, on, level=level or _level(lines)),
        lines=drawn,
        points=posts,
        styles=STYLES,
        tables=[_lines_table(lines, drawn, on, due), _markers_table(markers, posts)],
        counts=counts,
    )
    return register_page(drawing, imprint or Imprint())


def _level(lines: list[Record]) -> str | None:
    levels = [str(record["level"]) for record in lines]
    return max(set(levels), key=levels.count) if levels else None


def _line(record: Record, on: date, due: date | None, names: dict[str, str], soon_days: int) -> Thing:
    days = (due - on).days if due else -1
    kind = "line_overdue" if days < 0 else "line_soon" if days <= soon_days else "line_in_time"
    between = "—".join(names.get(str(record[side]), "") or "？" for side in ("left", "right"))
    facts = [
        ["number", str(record["number"])], ["between", between], ["agreement", str(record["agreement"])],
        ["length", f"{(record['metres'] or 0) / 1000:,.1f} km"], ["inspected", str(record["inspected"] or "—")],
        ["round", str(record["round"] or 0)], ["due", str(due or "—")],
    ]  # fmt: skip
    return Thing(f"l:{record.thing}", str(record["name"] or between), kind, record.geometry, facts, between)


def _marker(record: Record, names: dict[str, str]) -> Thing:
    units = "、".join(names.get(unit, unit) for unit in str(record["units"] or "").split())
    facts: list[list[Any]] = [
        ["number", str(record["number"])], ["type", f"v_{record['type']}", 1], ["condition", f"v_{record['condition']}", 1],
        ["units", units], ["line", str(record["line"]).removeprefix("line:")],
        ["responsible", names.get(str(record["responsible"]), str(record["responsible"] or "—"))],
    ]  # fmt: skip
    if record["device"]:
        facts.append(["device", str(record["device"])])
    kind = CONDITIONS.get(str(record["condition"]), "marker_damaged")
    return Thing(f"m:{record.thing}", str(record["number"]), kind, record.geometry, facts, units)


def _lines_table(records: list[Record], drawn: list[Thing], on: date, due: dict[str, date | None]) -> dict[str, Any]:
    rows = []
    for record, thing in zip(records, drawn, strict=True):
        late = max(0, (on - due[record.thing]).days) if due.get(record.thing) else 0  # type: ignore[operator]
        cells = [text_cell(str(record["number"])), text_cell(thing.where), text_cell("", word=f"k_{thing.kind}")]
        cells += [
            day(record["inspected"]),
            count_cell(record["round"] or 0),
            day(due.get(record.thing)),
            count_cell(late),
        ]
        rows.append((thing.ref, [*cells, amount_cell((record["metres"] or 0) / 1000, "km", 1)]))
    rows.sort(key=lambda row: -row[1][6]["value"])
    names = ("number", "between", "state", "inspected", "round", "due", "days_late", "length")
    return listing("lines", names, list(rows), numbers={"round", "days_late", "length"})


def _markers_table(records: list[Record], drawn: list[Thing]) -> dict[str, Any]:
    rows = []
    for record, thing in zip(records, drawn, strict=True):
        cells = [
            text_cell(thing.name),
            text_cell("", word=f"v_{record['type']}"),
            text_cell("", word=f"v_{record['condition']}"),
        ]
        rows.append((thing.ref, [*cells, text_cell(thing.where), text_cell(str(record["line"]).removeprefix("line:"))]))
    rows.sort(key=lambda row: (row[1][2]["word"] == "v_good", row[1][0]["text"]))
    return listing("markers", ("number", "type", "condition", "units", "line"), list(rows))


def _finding(lines: int, markers: int, counts: dict[str, int], soon_days: int) -> Text:
    late, soon = counts.get("k_line_overdue", 0), counts.get("k_line_soon", 0)
    bad, lost = counts.get("k_marker_damaged", 0), counts.get("k_marker_lost", 0)
    return Text(
        f"界线 {lines} 条，其中联检逾期 {late} 条、{soon_days} 日内到期 {soon} 条；界桩 {markers} 个，其中需修复或核位 {bad} 个、丢失 {lost} 个。",
        f"{lines} lines, {late} overdue for joint inspection and {soon} due within {soon_days} days;"
        f" {markers} markers, {bad} to be repaired or checked and {lost} lost.",
    )
