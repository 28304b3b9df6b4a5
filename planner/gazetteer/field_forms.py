"""Field forms: tables of boundary lines, markers and road-name signs, as survey and sign crews keep them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import shapely

from planner.gazetteer.boundaries import Line, Marker
from planner.gazetteer.records import Record
from planner.gazetteer.schema import SIGN
from planner.gazetteer.signs import NEEDS, STEPS
from planner.gazetteer.spelling import key
from planner.gazetteer.tables import Fix, RowError, collected, day, needs, point, read_form, words
from planner.imports import ImportReport
from planner.layers import Period

Table = str | Path | pd.DataFrame
_TYPES: Mapping[str, str] = MappingProxyType(
    {"单立": "single", "双立": "double", "三立": "triple", "单面": "single", "双面": "double", "三面": "triple"}
)
_CONDITIONS: Mapping[str, str] = MappingProxyType(
    {"完好": "good", "良好": "good", "倾斜": "tilted", "损": "damaged", "丢失": "lost", "遗失": "lost", "移位": "moved"}
)
_STATES: Mapping[str, str] = MappingProxyType(
    {
        "待设": "task", "待装": "task", "任务": "task", "已安装": "installed", "已设": "installed", "已验收": "accepted",
        "故障": "fault", "损": "fault", "待修": "fault", "已修": "repaired", "撤": "closed", "拆": "closed",
    }
)  # fmt: skip
_LEVELS: Mapping[str, str] = MappingProxyType(
    {"省": "province", "市": "city", "县": "district", "区": "district", "乡": "town", "镇": "town", "街道": "town"}
)


def lines(
    source: Table, *, places: Mapping[str, str] | None = None, known: Collection[str] = ()
) -> tuple[list[Line], ImportReport]:
    """Read a table of boundary lines with their geometry in EPSG:4490.

    ``known`` are the IDs the register holds already; a row of one is quarantined. ``places`` are place IDs by division code: with it, 甲方 and 乙方 may be codes, and one it does not hold is
    quarantined. The geometry is a column ``geometry`` of shapes, or of WKT.
    """
    frame, name, digest = read_form(source)
    seen = set(known)
    needs(frame, name, "number", "left", "right", "agreement", "geometry")

    def read(row: dict[str, Any], _: Fix) -> list[Line]:
        if missing := [column for column in ("number", "left", "right", "agreement") if not row.get(column)]:
            raise RowError("line.field", missing[0], None, f"the line lacks {', '.join(missing)}")
        _new(f"line:{row['number']}", seen, "a line is redrawn by a new agreement")
        left, right = (_unit(str(row[side]), side, places) for side in ("left", "right"))
        inspected = _optional_day(row, "inspected")
        rounds, metres = _number(row, "round"), _number(row, "metres")
        return [
            Line(
                str(row["number"]), left, right, str(row["agreement"]), _course(row), row.get("name") or "",
                _word(row, "level", _LEVELS) or "district", metres, inspected, int(rounds or 0),
            )
        ]  # fmt: skip

    return collected(frame, name, digest, read)


def _course(row: Mapping[str, Any]) -> shapely.LineString | shapely.MultiLineString:
    shape = row.get("geometry")
    if isinstance(shape, str):
        shape = shapely.from_wkt(shape, on_invalid="ignore")
    if shape is None or shape.is_empty:
        raise RowError("line.geometry", "geometry", None, f"line {row['number']} has no geometry that can be read")
    if not isinstance(shape, shapely.LineString | shapely.MultiLineString):
        reason = f"line {row['number']} is drawn as a {shape.geom_type}"
        raise RowError("line.geometry", "geometry", shape.geom_type, reason, "draw it as a line")
    west, south, east, north = shape.bounds
    if not (73 <= west <= east <= 136 and 3 <= south <= north <= 54):
        reason = f"line {row['number']} runs from {west:g}, {south:g} to {east:g}, {north:g}, outside China"
        raise RowError("line.outside", "geometry", None, reason, "give it in degrees, EPSG:4490")
    return shape


def _unit(given: str, column: str, places: Mapping[str, str] | None) -> str:
    if places is None or given.startswith("place:"):
        return given
    if given not in places:
        reason = f"no division has the code {given!r} on that day"
        raise RowError("line.unit", column, given, reason, "mend the code, or import the divisions first")
    return places[given]


def _optional_day(row: Mapping[str, Any], column: str) -> date | None:
    if not row.get(column):
        return None
    try:
        return day(str(row[column]))[0]
    except RowError as fault:
        raise RowError("form.date", column, row[column], str(fault), fault.row[-1] or "") from None


def _number(row: Mapping[str, Any], column: str) -> float | None:
    if row.get(column) in {None, ""}:
        return None
    try:
        return float(row[column])
    except ValueError:
        reason = f"{column} is {row[column]!r}, no number"
        raise RowError("form.number", column, row[column], reason, "write it in digits alone") from None


def _new(thing: str, seen: set[str], advice: str) -> None:
    if thing in seen:
        raise RowError(
            f"{thing.partition(':')[0]}.known", "number", thing, f"{thing} is in the register already", advice
        )
    seen.add(thing)


def markers(source: Table, *, known: Collection[str] = ()) -> tuple[list[Marker], ImportReport]:
    """Read a table of boundary markers; its units are codes or place IDs parted by spaces or commas.

    ``known`` are the IDs the register holds already; a row of one is quarantined.
    """
    frame, name, digest = read_form(source)
    seen = set(known)
    needs(frame, name, "number", "units")

    def read(row: dict[str, Any], _: Fix) -> list[Marker]:
        where = point(row)
        if where is None:
            raise RowError("marker.point", "longitude", None, f"marker {row.get('number')} has no coordinates")
        _new(f"marker:{row['number']}", seen, "a marker is moved by approval")
        kind = _word(row, "type", _TYPES) or "double"
        condition = _word(row, "condition", _CONDITIONS) or "good"
        return [
            Marker(
                str(row["number"]), kind, row.get("line") or "", words(row.get("units")), where, row.get("responsible") or "",
                row.get("device") or "", condition,
            )
        ]  # fmt: skip

    return collected(frame, name, digest, read)


def _word(row: Mapping[str, Any], column: str, known: Mapping[str, str]) -> str:
    given = str(row.get(column) or "")
    return next((word for zh, word in known.items() if zh in given), given)


def signs(
    source: Table, *, on: date, names: Iterable[Record], known: Collection[str] = ()
) -> tuple[list[Record], ImportReport]:
    """Read a table of road-name signs as they stand on a day, each on a road that bears a standard name.

    ``names`` are the standard names in use (``books.names(on, slot="standard")``). A road is given by its place ID
    or by its name, with the code of its division (所在行政区) where several bear it; ``known`` are the signs the
    register holds already. Every state needs what
    the sign's loop asks for: a point once installed, a photo once accepted, a due date while something is to be done.
    """
    frame, name, digest = read_form(source)
    needs(frame, name, "number", "road", "status")
    roads: dict[str, list[Record]] = {}
    for record in names:
        for word in (record.thing, key(record["name"])):
            roads.setdefault(word, []).append(record)
    seen = set(known)

    def read(row: dict[str, Any], _: Fix) -> list[Record]:
        sign = _sign(row, f"sign:{row['number']}", _road(row, roads), on)
        _new(sign.thing, seen, "take a sign on step by step, by its state")
        return [sign]

    return collected(frame, name, digest, read)


def _road(row: Mapping[str, Any], roads: Mapping[str, list[Record]]) -> Record:
    given, within = str(row.get("road") or ""), str(row.get("within") or "")
    found = roads.get(given) or roads.get(key(given), [])
    found = [record for record in found if str(record["within"] or "").startswith(within)]
    if not found:
        raise RowError("sign.road", "road", given, f"{given or 'no road'} has no standard name; a sign shows no other")
    if len({record.thing for record in found}) > 1:
        reason = f"{len(found)} roads are called {given}: {', '.join(record.thing for record in found[:3])}"
        raise RowError("sign.road", "road", given, reason, "give the code of its division, or its place ID")
    return found[0]


def _sign(row: dict[str, Any], thing: str, road: Record, on: date) -> Record:
    status = _word(row, "status", _STATES)
    if status not in STEPS:
        reason = f"{row.get('status')!r} is no state of a sign; states are {', '.join(STEPS)}"
        raise RowError("sign.status", "status", row.get("status"), reason)
    values = {
        "road": road.thing, "text": row.get("text") or road["name"], "status": status,
        "status_since": _optional_day(row, "valid_from") or on, "due": _optional_day(row, "due"),
        "photo": row.get("photo") or None, "condition": row.get("condition") or None,
    }  # fmt: skip
    given = {**values, "geometry": point(row)}
    needed = {"task": ("due",), "closed": (), "cancelled": ()}.get(status, ("geometry", *NEEDS.get(status, ())))
    if missing := [need for need in needed if not given[need]]:
        raise RowError("sign.needs", missing[0], None, f"{thing} is {status} but has no {', '.join(missing)}")
    return Record(SIGN, thing, values, Period(values["status_since"], None), "", given["geometry"])
