"""Divisions as maps: those in force on a day, and what changed between two days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import shapely
from pyproj import Geod

from planner.area import Units
from planner.gazetteer import Gazetteer, Record
from planner.maps.page import PlanMap
from planner.maps.page_tables import amount_cell, text_cell
from planner.maps.register import Drawing, Imprint, Thing, day, known_records, listing, register_page, units_or_none
from planner.texts import Text

PASTELS = ("#f7e3c8", "#dbe9d2", "#f3d9dc", "#d7e5f0", "#e6dcef", "#f6f0c4", "#d5ebe6")
CHANGES = {"created": "#7fb6a3", "redrawn": "#f2c08a", "moved": "#b9a7d6", "renamed": "#8fb8de", "recoded": "#d9d3a0"}
ENDED = {"ended": {"colour": "#a8201a", "shape": "", "small": True, "width": 2, "dash": [5, 4], "mark": "dash"}}
SAME_SHARE = 1e-6
"""Share of its area by which a border may differ and still count as the same."""


def draw_divisions(
    books: Gazetteer,
    on: date,
    *,
    level: str | None = None,
    within: str = "",
    title: str = "",
    imprint: Imprint | None = None,
) -> PlanMap:
    """Draw the divisions in force on a day, each with its code, type, area, and since when and by which document."""
    held = {record.thing: record for record in known_records(books, books.divisions(on, level=level))}
    units = units_or_none(books, on, level=level, within=within)
    shown = [held[unit] for unit in (units.ids if units is not None else ()) if unit in held]
    bare = [record for record in held.values() if record.geometry is None] if not within else []
    parents = {record.thing: str(record["name"]) for record in books.divisions(on)}
    rows = [
        (f"u:{r.thing}" if r.geometry is not None else None, _division_cells(books, r, parents))
        for r in (*shown, *bare)
    ]
    names = ("code", "name", "level", "type", "within", "square_kilometres", "since", "document")
    counts = [(f"n_{one}", sum(record["level"] == one for record in shown)) for one in (units.levels if units else ())]
    if bare:
        counts.append(("n_bare", len(bare)))
    day_zh = f"{on.year}年{on.month}月{on.day}日"
    drawing = Drawing(
        title=Text(title or f"行政区划图（{day_zh}）", title or f"Divisions on {on}"),
        finding=_finding(on, counts),
        on=on,
        units=units,
        cards={r.thing: _card(books, r, parents) for r in shown},
        fills=_colouring(units) if units is not None else {},
        fill_colours=PASTELS,
        tables=[listing("divisions", names, rows, numbers={"square_kilometres"})],
        counts=counts,
    )
    return register_page(drawing, imprint or Imprint())


LEVEL_WORDS = {
    "city": ("市", "cities"),
    "district": ("区（市、县）", "districts"),
    "town": ("镇（街道）", "towns"),
    "village": ("村（居）", "villages"),
}


def _finding(on: date, counts: list[tuple[str, int]]) -> Text:
    by_level = [(LEVEL_WORDS[key[2:]], count) for key, count in counts if key[2:] in LEVEL_WORDS]
    zh = "、".join(f"{name} {count:,} 个" for (name, _), count in by_level)
    en = ", ".join(f"{count:,} {name}" for (_, name), count in by_level)
    bare = dict(counts).get("n_bare", 0)
    return Text(
        f"{on.year}年{on.month}月{on.day}日有效的行政区划：{zh}"
        + (f"；另有 {bare} 个尚无界线数据，仅列于表中。" if bare else "。"),
        f"Divisions in force on {on}: {en}"
        + (f"; {bare} more have no border yet and are only listed." if bare else "."),
    )


def _division_cells(books: Gazetteer, record: Record, parents: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        text_cell(str(record["code"])), text_cell(str(record["name"])), text_cell("", word=str(record["level"])),
        text_cell(str(record["type"] or "—")), text_cell(parents.get(str(record["parent"]), "—")),
        amount_cell(square_kilometres(record), "", 1), day(record.valid.start), text_cell(_document(books, record)),
    ]  # fmt: skip


def _card(books: Gazetteer, record: Record, parents: Mapping[str, str]) -> list[list[Any]]:
    facts: list[list[Any]] = [
        ["code", str(record["code"])], ["level", str(record["level"]), 1], ["type", str(record["type"] or "—")],
        ["within", parents.get(str(record["parent"]), "—")], ["square_kilometres", f"{square_kilometres(record):,.1f}"],
        ["since", record.valid.start.isoformat() if record.valid.start else "—"], ["document", _document(books, record)],
    ]  # fmt: skip
    return [*facts, *([["seat", str(record["seat"])]] if record["seat"] else [])]


def square_kilometres(record: Record) -> float:
    """Area on the ellipsoid; nan where there is no border."""
    if record.geometry is None:
        return float("nan")
    return abs(float(Geod(ellps="GRS80").geometry_area_perimeter(shapely.force_2d(record.geometry))[0])) / 1e6


def _document(books: Gazetteer, record: Record) -> str:
    return books.ledger.event(record.begun).document or "—"


def _colouring(units: Units) -> dict[str, int]:
    """A pastel for each unit of the widest level that has several, neighbours apart; narrower ones take their parent's."""
    several = [level for level in units.levels if len(units.at(level)) > 1]
    chosen = units.at(several[0] if several else units.levels[0]).frame.sort_values("code")
    shapes = chosen.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    colours = np.full(len(chosen), -1)
    for at in range(len(chosen)):
        near = {int(colours[b]) for a, b in zip(one, other, strict=True) if a == at and b != at}
        free = [colour for colour in range(len(PASTELS)) if colour not in near] or [at % len(PASTELS)]
        used = np.bincount(colours[colours >= 0], minlength=len(PASTELS))
        colours[at] = min(free, key=lambda colour: (used[colour], colour))
    return {str(unit): int(colour) for unit, colour in zip(chosen.index, colours, strict=True)}


def draw_changes(
    books: Gazetteer, before: date, after: date, *, level: str | None = None, within: str = "", title: str = "",
    imprint: Imprint | None = None,
) -> PlanMap:  # fmt: skip
    """Draw what became of the divisions between two days: set up, ended, renamed, recoded, moved, or with another border.

    The map shows the later day; units that ended, and borders that were left, are dashed lines.
    """
    old = {r.thing: r for r in known_records(books, books.divisions(before, level=level))}
    new = {r.thing: r for r in known_records(books, books.divisions(after, level=level))}
    units = units_or_none(books, after, level=level, within=within)
    kinds = {place: _kinds(old.get(place), new.get(place)) for place in sorted(old.keys() | new.keys())}
    changed = {place: found for place, found in kinds.items() if found}
    gone = [old[place] for place, found in changed.items() if found[0] in {"ended", "redrawn"}]
    lines = [
        Thing(f"o:{r.thing}", str(r["name"]), "ended", r.geometry, _ended_card(books, r, after))
        for r in gone
        if r.geometry
    ]
    rows = [_change_row(books, place, found, old, new, after) for place, found in changed.items()]
    counts = [
        (_word(kind), sum(kind in found for found in changed.values()))
        for kind in ("created", "ended", *list(CHANGES)[1:])
    ]
    places = list(CHANGES)
    fills = {place: places.index(found[0]) for place, found in changed.items() if found[0] in CHANGES}
    drawing = Drawing(
        title=Text(
            title or f"行政区划变更图（{before} 至 {after}）", title or f"Changes of divisions, {before} to {after}"
        ),
        finding=_changes_finding(counts, len(changed)),
        on=after,
        units=units,
        cards={
            place: _change_card(books, found, old.get(place), new[place])
            for place, found in changed.items()
            if place in new
        },
        fills=fills,
        fill_colours=tuple(CHANGES.values()),
        fill_words=tuple(f"k_{kind}" for kind in CHANGES),
        lines=lines,
        styles=ENDED,
        tables=[listing("changes", ("change", "from_unit", "to_unit", "since", "document"), rows)],
        counts=[(key, count) for key, count in counts if count],
    )
    return register_page(drawing, imprint or Imprint())


def _word(kind: str) -> str:
    """Word of a kind of change; on the map what ended is drawn with the borders that were left."""
    return "n_ended" if kind == "ended" else f"k_{kind}"


def _kinds(old: Record | None, new: Record | None) -> list[str]:
    """What happened to a place, the weightiest first; nothing where it stayed as it was."""
    if old is None or new is None:
        return ["created"] if old is None else ["ended"]
    found = {
        "redrawn": not _same_border(old, new),
        "moved": old["parent"] != new["parent"],
        "renamed": old["name"] != new["name"],
        "recoded": old["code"] != new["code"],
    }
    return [kind for kind, so in found.items() if so]


def _same_border(old: Record, new: Record) -> bool:
    one, other = old.geometry, new.geometry
    if one is None or other is None or one.equals_exact(other, 1e-9):
        return (one is None) == (other is None)
    return bool(one.symmetric_difference(other).area <= SAME_SHARE * max(one.area, other.area))


def _called(record: Record) -> str:
    return f"{record['name']}（{record['code']}）"


def _heirs(books: Gazetteer, record: Record, after: date) -> str:
    return "、".join(_called(r) for r in known_records(books, books.became(record.thing, on=after))) or "—"


def _change_row(
    books: Gazetteer, place: str, found: list[str], old: Mapping[str, Record], new: Mapping[str, Record], after: date
) -> tuple[str | None, list[dict[str, Any]]]:
    now = new.get(place)
    record = now or old[place]
    since = now.valid.start if now else record.valid.end
    ref = f"u:{place}" if now is not None and now.geometry is not None else f"o:{place}" if record.geometry else None
    to = _called(now) if now else _heirs(books, record, after)
    cells = [
        text_cell("", word=_word(found[0])),
        text_cell(_called(old[place]) if place in old else "—"),
        text_cell(to),
    ]
    return ref, [*cells, day(since), text_cell(_document(books, record))]


def _change_card(books: Gazetteer, found: list[str], old: Record | None, new: Record) -> list[list[Any]]:
    told: list[list[Any]] = [["change", f"k_{kind}", 1] for kind in found]
    was = [["from_unit", _called(old)]] if old is not None else []
    since = [["since", str(new.valid.start or "—")], ["document", _document(books, new)]]
    return [*told, *was, ["code", str(new["code"])], *since]


def _ended_card(books: Gazetteer, record: Record, after: date) -> list[list[Any]]:
    facts: list[list[Any]] = [["code", str(record["code"])], ["to_unit", _heirs(books, record, after)]]
    return [*facts, ["until", str(record.valid.end or "—")]]


def _changes_finding(counts: list[tuple[str, int]], changed: int) -> Text:
    if not changed:
        return Text("两日之间行政区划没有变更。", "Nothing changed between the two days.")
    zh = {
        "k_created": "新设",
        "n_ended": "撤销",
        "k_redrawn": "界线变更",
        "k_moved": "隶属变更",
        "k_renamed": "更名",
        "k_recoded": "代码变更",
    }
    en = {
        "k_created": "set up",
        "n_ended": "ended",
        "k_redrawn": "redrawn",
        "k_moved": "moved",
        "k_renamed": "renamed",
        "k_recoded": "recoded",
    }
    told = [(key, count) for key, count in counts if count]
    return Text(
        f"两日之间共有 {changed} 个单位发生变更："
        + "、".join(f"{zh[key]} {count} 个" for key, count in told)
        + "（一个单位可兼有几种）。",
        f"{changed} units changed: "
        + ", ".join(f"{count} {en[key]}" for key, count in told)
        + " (one unit may count under several).",
    )
