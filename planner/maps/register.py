"""Register: the page of a map of the register, from what is drawn, listed and told on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from planner.area import Units
from planner.errors import DataError, IdError
from planner.facts import LANGUAGES, words
from planner.facts.secrecy import public
from planner.gazetteer import Gazetteer, Record
from planner.gazetteer.secrecy import may_leave, withheld
from planner.maps.content import BORDERS, border_rows, legend_row, search_index
from planner.maps.layers import area_layer, named_points, unit_layer
from planner.maps.packing import STEPS, Box, pack_lines
from planner.maps.page import PlanMap
from planner.maps.page_tables import table_of_rows, text_cell
from planner.maps.picture import small_picture
from planner.texts import Text

STORED = CRS.from_epsg(4490)
MOST_ROWS = 2_000
"""Rows of a table on a page at most; the register's own exports list everything."""

SIMPLIFY_DEGREES = 0.00003


@dataclass(frozen=True, slots=True)
class Thing:
    """Something drawn with a card: a point or a line of a kind, or facts of a unit."""

    ref: str
    name: str
    kind: str
    geometry: BaseGeometry | None
    facts: list[list[Any]]
    where: str = ""


@dataclass(frozen=True, eq=False)
class Drawing:
    """What a map of the register shows: units, lines and points, the styles of their kinds, tables and headline counts.

    ``fills`` gives units a colour by ID, ``cards`` their facts; ``styles`` are the kinds of lines and points in the
    order of the legend; ``counts`` are words with numbers.
    """

    title: Text
    finding: Text
    on: date
    units: Units | None = None
    cards: Mapping[str, list[list[Any]]] = field(default_factory=dict)
    fills: Mapping[str, int] = field(default_factory=dict)
    fill_colours: Sequence[str] = ()
    fill_words: Sequence[str] = ()
    lines: Sequence[Thing] = ()
    points: Sequence[Thing] = ()
    styles: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    tables: Sequence[dict[str, Any]] = ()
    counts: Sequence[tuple[str, int]] = ()
    notes: Sequence[Text] = ()


@dataclass(frozen=True)
class Imprint:
    """What stands on every sheet: language, approval number (审图号), who made it, sources, and the base beneath."""

    lang: str = "zh"
    map_approval: str = ""
    made_by: str = ""
    made_on: date | None = None
    sources: tuple[str, ...] = ()
    layers: Mapping[str, gpd.GeoDataFrame] | None = None
    places: gpd.GeoDataFrame | None = None


def known_records(books: Gazetteer, records: Iterable[Record]) -> list[Record]:
    """Records that may leave: nothing of a place that bears, or ever bore, a name not 公开."""
    return may_leave(records, withheld(books.ledger))


def units_or_none(books: Gazetteer, on: date, *, level: str | None = None, within: str = "") -> Units | None:
    """Divisions in force as polygons, those withheld left out; None where the register holds none with a border."""
    try:
        units = books.units_on(on, level=level, within=within)
    except IdError:
        return None
    secret = withheld(books.ledger)
    frame = units.frame[~units.ids.isin(secret)]
    return Units(frame) if len(frame) else None


def register_page(drawing: Drawing, imprint: Imprint) -> PlanMap:
    """Make the page; raises `DataError` where there is nothing with a place to draw."""
    words(imprint.lang)
    box = _box(drawing)
    shapes, rows = _units(drawing, box)
    lines, sites = _lines(drawing.lines, box), _points(drawing.points, box)
    places = named_points(public(imprint.places), box)
    extra = [{**area_layer(public(frame), box), "name": name, "colour": _area_colour(name)}
             for name, frame in (imprint.layers or {}).items()]  # fmt: skip
    west, south, east, north = _bounds(drawing)
    say = {each: _say(drawing, each) for each in LANGUAGES}
    index = search_index(rows, [*sites, *lines["rows"]], places)
    data: dict[str, Any] = {
        "lang": imprint.lang, "say": say, "box": box.payload(), "bounds": [[south, west], [north, east]],
        "whole": [[south, west], [north, east]], "people": None, "colours": [], "symbols": dict(drawing.styles),
        "roads": None, "units": {**shapes, "rows": rows}, "borders": BORDERS, "areas": extra, "reach": None, "lines": lines,
        "fills": list(drawing.fill_colours), "sites": sites, "places": places, "steps": [0], "total": None,
        "apart": float(STEPS), "finest": "", "index": index, "online": None,
    }  # fmt: skip
    content = _content(drawing, imprint, say[imprint.lang], _picture(drawing, box), extra)
    return PlanMap(content, data)


def _bounds(drawing: Drawing) -> tuple[float, float, float, float]:
    shapes = [thing.geometry for thing in (*drawing.lines, *drawing.points) if thing.geometry is not None]
    found = [shapely.total_bounds(np.array(shapes, dtype=object))] if shapes else []
    if drawing.units is not None:
        found.append(drawing.units.frame.to_crs(4326).total_bounds)
    if not found:
        raise DataError(f"the register holds nothing with a place to draw on {drawing.on}")
    edges = np.vstack(found)
    low, high = edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _box(drawing: Drawing) -> Box:
    west, south, east, north = _bounds(drawing)
    room = max(east - west, north - south, 0.002) * 0.02
    return Box.around(west - room, south - room, east + room, north + room)


def _units(drawing: Drawing, box: Box) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if drawing.units is None:
        return pack_lines(np.empty(0, dtype=object), STORED, box, owner=np.empty(0, np.uint16)), []
    shapes, labels = unit_layer(drawing.units, box)
    rows = []
    for (unit, place), extent in zip(labels.iterrows(), shapes.pop("bounds"), strict=True):
        card = drawing.cards.get(str(unit), [["code", str(place["code"])]])
        row = {
            "ref": f"u:{unit}",
            "name": place["name"],
            "level": place["level"],
            "x": int(place["x"]),
            "y": int(place["y"]),
        }
        fill = {"fill": drawing.fills[str(unit)]} if str(unit) in drawing.fills else {}
        rows.append({**row, "bounds": extent, "shares": None, "facts": card, **fill})
    return shapes, rows


def _lines(things: Sequence[Thing], box: Box) -> dict[str, Any]:
    drawn = [thing for thing in things if thing.geometry is not None]
    shapes = shapely.simplify(np.array([thing.geometry for thing in drawn], dtype=object), SIMPLIFY_DEGREES)
    parts, owner = shapely.get_parts(shapes, return_index=True)
    polygons = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts = np.where(polygons, shapely.boundary(parts), parts)
    parts, again = shapely.get_parts(parts, return_index=True)
    edges = shapely.bounds(shapes).reshape(-1, 4)
    low, high = box.steps(edges[:, [0, 3]]), box.steps(edges[:, [2, 1]])
    rows = [
        {**_row(thing), "bounds": [*one, *other]}
        for thing, one, other in zip(drawn, low.tolist(), high.tolist(), strict=True)
    ]
    return {**pack_lines(parts, STORED, box, owner=owner[again].astype(np.int32)), "rows": rows}


def _points(things: Sequence[Thing], box: Box) -> list[dict[str, Any]]:
    drawn = [thing for thing in things if thing.geometry is not None]
    at = shapely.get_coordinates([shapely.point_on_surface(thing.geometry) for thing in drawn]).reshape(-1, 2)
    return [
        {**_row(thing), "x": x, "y": y, "rank": 0} for thing, (x, y) in zip(drawn, box.steps(at).tolist(), strict=True)
    ]


def _row(thing: Thing) -> dict[str, Any]:
    shown = {"ref": thing.ref, "name": thing.name, "kind": thing.kind, "word": f"k_{thing.kind}"}
    return {**shown, "where": thing.where, "facts": thing.facts}


def _picture(drawing: Drawing, box: Box) -> str:
    shapes = [thing.geometry for thing in (*drawing.points, *drawing.lines) if thing.geometry is not None]
    if drawing.units is not None:
        shapes += list(drawing.units.frame.to_crs(4326).boundary.simplify(0.002))
    vertices = box.steps(shapely.get_coordinates(np.array(shapes, dtype=object)))
    return small_picture(vertices, np.zeros(len(vertices), np.int64), ["#4a4a4a"])


def _say(drawing: Drawing, lang: str) -> dict[str, str]:
    said = dict(words(lang))
    notes = " ".join(note.words(lang) for note in drawing.notes)
    return said | {
        "t:title": drawing.title.words(lang), "t:finding": drawing.finding.words(lang), "t:proof": "", "t:notes": notes,
    }  # fmt: skip


def _area_colour(name: str) -> str:
    return {"water": "#bcd9ea", "green": "#d5e6c5"}.get(name, "#e5dccb")


def _legend(drawing: Drawing, extra: list[dict[str, Any]], said: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = []
    kinds = {thing.kind for thing in (*drawing.lines, *drawing.points)}
    for kind, style in drawing.styles.items():
        if kind in kinds:
            rows.append(legend_row(style["mark"], f"k_{kind}", colour=style["colour"], toggle=kind))
    shown = set(drawing.fills.values())
    for number, key in enumerate(drawing.fill_words):
        if number in shown:
            rows.append(legend_row("cell", key, colour=drawing.fill_colours[number], toggle=f"fill{number}"))
    if drawing.units is not None:
        rows += border_rows(drawing.units.levels)
    rows.append(legend_row("none", "labels", toggle="labels"))
    for number, area in enumerate(extra):
        key = area["name"] if area["name"] in said else ""
        rows.append(legend_row("cell", key, text=area["name"], colour=area["colour"], toggle=f"area{number}"))
    return rows


def _content(
    drawing: Drawing, imprint: Imprint, said: Mapping[str, str], picture: str, extra: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "lang": imprint.lang,
        "say": said,
        "map_approval": imprint.map_approval,
        "made_by": imprint.made_by,
        "on": drawing.on,
        "made_on": imprint.made_on or datetime.now(UTC).astimezone().date(),
        "crs": "CGCS2000（EPSG:4490）",
        "counts": list(drawing.counts),
        "headline": [],
        "has_plan": False,
        "steps": [0],
        "tables": list(drawing.tables),
        "parameters": [],
        "sources": imprint.sources,
        "legend": _legend(drawing, extra, said),
        "picture": picture,
        "online": "",
    }


def listing(
    key: str,
    names: Sequence[str],
    rows: list[tuple[str | None, list[dict[str, Any]]]],
    *,
    numbers: set[str] | None = None,
) -> dict[str, Any]:
    """A table of the page from references and cells, cut at `MOST_ROWS` with a last line that says so."""
    found = [{"cells": cells, "ref": ref, "last": False} for ref, cells in rows[:MOST_ROWS]]
    if len(rows) > MOST_ROWS:
        blank = [text_cell("") for _ in names[1:]]
        found.append({"cells": [text_cell(f"… +{len(rows) - MOST_ROWS:,}"), *blank], "ref": None, "last": True})
    return table_of_rows(key, f"table_{key}", names, found, numbers=numbers or set(), kind="register")


def day(value: date | None) -> dict[str, Any]:
    """A cell of a date; a dash where it is not known."""
    return {**text_cell(value.isoformat() if value else "—"), "date": True}
