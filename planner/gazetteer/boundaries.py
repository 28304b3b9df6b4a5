"""Boundaries: agreed lines between units, the markers on them, and the calendar of their inspection (界线、界桩、联检)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from planner.errors import DataError, IdError, PeriodError
from planner.gazetteer.ledger import Ledger, cut
from planner.gazetteer.records import Basis, Record
from planner.gazetteer.schema import INSPECTION, LINE, MARKER
from planner.layers import Period
from planner.store import Act

JOINT_YEARS = 5
"""Years from one joint inspection to the next (行政区域界线管理条例)."""
SCOPE = ("markers", "line", "landmarks", "crossings", "agreement")
"""What a joint inspection looks at: 界桩、界线走向、界线标志物、跨界建设与用地、协议书和附图."""
MARKER_TYPES = {"single": 1, "double": 2, "triple": 3}
CONDITIONS = ("good", "tilted", "damaged", "lost", "moved")


@dataclass(frozen=True)
class Line:
    """An agreed line between two units (place IDs), as approved: its geometry is never drawn again, only superseded."""

    number: str
    left: str
    right: str
    agreement: str
    geometry: BaseGeometry
    name: str = ""
    level: str = "district"
    metres: float | None = None
    inspected: date | None = None
    round: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)


def agree(ledger: Ledger, line: Line, *, on: date, basis: Basis) -> str:
    """Enter an agreed line; gives its ID."""
    record = _line(ledger, line, on)
    ledger.act("agree line", basis, begin=[record])
    return record.thing


def import_lines(ledger: Ledger, lines: Sequence[Line], *, on: date, basis: Basis, beside: Act | None = None) -> int:
    """Enter a table of agreed lines as one event, all or none; ``beside`` is kept in the same transaction."""
    begin = _once_each([_line(ledger, line, on) for line in lines])
    return ledger.act("import lines", basis, begin=begin, beside=beside)


def _once_each(records: list[Record]) -> list[Record]:
    """Refuse a table that enters one thing twice."""
    seen: set[str] = set()
    for record in records:
        if record.thing in seen:
            raise IdError(f"{record.thing} is in the table twice; leave one of them out")
        seen.add(record.thing)
    return records


def _line(ledger: Ledger, line: Line, on: date) -> Record:
    if line.left == line.right:
        raise DataError(f"line {line.number} needs two different units, not {line.left} twice")
    if not line.agreement:
        raise DataError(f"line {line.number} needs the number of its agreement")
    thing = f"line:{line.number}"
    if ledger.select(LINE, "thing = ?", (thing,)):
        raise IdError(f"line {line.number} is in the register; redraw it by redraw(), with the new agreement")
    values = {name: getattr(line, name) for name in LINE.columns}
    values["metres"] = line.metres if line.metres is not None else _geodesic(line.geometry)
    return Record(LINE, thing, {**values, **line.more}, Period(on, None), "", line.geometry)


def redraw(ledger: Ledger, thing: str, geometry: BaseGeometry, *, agreement: str, on: date, basis: Basis) -> int:
    """Supersede a line's approved geometry by a newly agreed one, from a day on."""
    old = ledger.one(LINE, thing, on=on)
    if not (agreement and basis.document):
        raise DataError(f"{thing} is redrawn only by a new agreement: give agreement= and Basis(document=...)")
    fresh = old.but(valid=Period(on, old.valid.end), geom=geometry, agreement=agreement, metres=_geodesic(geometry))
    return ledger.act("redraw line", basis, begin=[*cut(old, on), fresh], end=[old])


def _geodesic(geometry: BaseGeometry) -> float:
    from pyproj import Geod

    return float(Geod(ellps="GRS80").geometry_length(geometry))


def inspect(
    ledger: Ledger,
    thing: str,
    *,
    on: date,
    basis: Basis,
    type: str = "joint",  # noqa: A002
    results: Mapping[str, str] | None = None,
) -> int:
    """Log an inspection of a line or marker: ``joint`` (every five years, all five items), ``special`` or ``patrol``.

    A joint inspection sets the line's date and counts its round up.
    """
    results = dict(results or {})
    if type not in {"joint", "special", "patrol"}:
        raise DataError(f"an inspection is joint, special or patrol, not {type!r}")
    kind = LINE if thing.startswith("line:") else MARKER
    subject = ledger.one(kind, thing, on=on)
    begin: list[Record] = []
    end: list[Record] = []
    if type == "joint":
        if kind is not LINE or (missing := [item for item in SCOPE if not results.get(item)]):
            raise DataError(
                f"a joint inspection is of a line and reports on {', '.join(SCOPE)}; missing: {', '.join(missing) if kind is LINE else thing}"
            )
        if subject["inspected"] and on <= subject["inspected"]:
            raise PeriodError(f"{thing} was inspected on {subject['inspected']}; the next joint inspection comes after")
        begin.append(subject.but(inspected=on, round=(subject["round"] or 0) + 1))
        end.append(subject)
    values = {
        "subject": thing, "type": type, "day": on, "round": (subject["round"] or 0) + 1 if type == "joint" else None,
        "result": results.get("result", ""), "by_whom": basis.actor,
        "scope": "; ".join(f"{item}: {text}" for item, text in sorted(results.items())),
    }  # fmt: skip
    log = Record(INSPECTION, f"inspection:{thing}:{ledger.last() + 1}", values, Period(on, None))
    return ledger.act(f"{type} inspection", basis, begin=[*begin, log], end=end)


def inspections_due(ledger: Ledger, on: date, *, years: int = JOINT_YEARS, within_days: int = 0) -> pd.DataFrame:
    """Lines whose joint inspection is due by a day or soon after, the longest overdue first; a line never inspected is due at once."""
    rows = []
    for line in ledger.select(LINE, on=on):
        last = line["inspected"]
        due = line.valid.start if last is None else _years_after(last, years)
        if due is None or (due - on).days <= within_days:
            days = (on - due).days if due else None
            rows.append((line.thing, line["number"], line["name"], last, line["round"] or 0, due, days))
    frame = pd.DataFrame(rows, columns=["line", "number", "name", "inspected", "round", "due", "days_overdue"])
    return frame.sort_values(
        ["days_overdue", "number"], ascending=[False, True], na_position="first", ignore_index=True
    )


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)


@dataclass(frozen=True)
class Marker:
    """A boundary marker: its approved point is never overwritten; what is observed stands beside it."""

    number: str
    type: str
    line: str
    units: Sequence[str]
    geometry: shapely.Point
    responsible: str = ""
    device: str = ""
    condition: str = "good"

    def __post_init__(self) -> None:
        if self.type not in MARKER_TYPES:
            raise DataError(f"marker {self.number}: type is single, double or triple, not {self.type!r}")
        wanted = {"double": 2, "triple": 3}.get(self.type, 1)
        if len(set(self.units)) != wanted:
            raise DataError(
                f"marker {self.number}: a {self.type} marker touches {wanted} units, not {len(set(self.units))}"
            )
        if self.condition not in CONDITIONS:
            raise DataError(
                f"marker {self.number}: condition is one of {', '.join(CONDITIONS)}, not {self.condition!r}"
            )


def set_marker(ledger: Ledger, marker: Marker, *, on: date, basis: Basis) -> str:
    """Enter a marker at its approved point; gives its ID."""
    record = _marker(ledger, marker, on)
    ledger.act("set marker", basis, begin=[record])
    return record.thing


def import_markers(
    ledger: Ledger, markers: Sequence[Marker], *, on: date, basis: Basis, beside: Act | None = None
) -> int:
    """Enter a table of markers as one event, all or none; ``beside`` is kept in the same transaction."""
    begin = _once_each([_marker(ledger, marker, on) for marker in markers])
    return ledger.act("import markers", basis, begin=begin, beside=beside)


def _marker(ledger: Ledger, marker: Marker, on: date) -> Record:
    thing = f"marker:{marker.number}"
    if ledger.select(MARKER, "thing = ?", (thing,)):
        raise IdError(f"marker {marker.number} is in the register; move it by move_marker(), with approval")
    values = {
        "number": marker.number, "type": marker.type, "line": marker.line, "units": " ".join(marker.units),
        "responsible": marker.responsible or marker.units[0], "condition": marker.condition, "device": marker.device or None,
    }  # fmt: skip
    return Record(MARKER, thing, values, Period(on, None), "", marker.geometry)


def move_marker(ledger: Ledger, thing: str, to: shapely.Point, *, on: date, basis: Basis) -> int:
    """Move a marker's approved point from a day on, by approval: document, authority and date of it are needed."""
    if not (basis.document and basis.authority and basis.approved):
        raise DataError(f"{thing} moves only by approval: Basis needs document, authority and approved")
    old = ledger.one(MARKER, thing, on=on)
    fresh = old.but(valid=Period(on, old.valid.end), geom=to, observed_x=None, observed_y=None, condition="good")
    return ledger.act("move marker", basis, begin=[*cut(old, on), fresh], end=[old])


def patrol(
    ledger: Ledger,
    thing: str,
    *,
    on: date,
    basis: Basis,
    condition: str,
    observed: shapely.Point | None = None,
    note: str = "",
) -> int:
    """Log a patrol to a marker: its condition, and where it was seen to stand; the approved point is kept."""
    if condition not in CONDITIONS:
        raise DataError(f"condition is one of {', '.join(CONDITIONS)}, not {condition!r}")
    old = ledger.one(MARKER, thing, on=on)
    seen: dict[str, Any] = {} if observed is None else {"observed_x": observed.x, "observed_y": observed.y}
    fresh = old.but(valid=Period(on, old.valid.end), condition=condition, **seen)
    values = {"subject": thing, "type": "patrol", "day": on, "result": condition, "scope": note, "by_whom": basis.actor}
    log = Record(INSPECTION, f"inspection:{thing}:{ledger.last() + 1}", values, Period(on, None))
    return ledger.act("patrol", basis, begin=[*cut(old, on), fresh, log], end=[old])


def patrols(ledger: Ledger, *, since: date, until: date) -> pd.DataFrame:
    """Patrols from one day up to and including another: ``subject``, ``day``, ``result``, ``by_whom``."""
    rows = [
        (r["subject"], r["day"], r["result"], r["by_whom"])
        for r in ledger.select(
            INSPECTION, "type = 'patrol' AND day BETWEEN ? AND ?", (since.isoformat(), until.isoformat())
        )
    ]
    frame = pd.DataFrame(rows, columns=["subject", "day", "result", "by_whom"])
    return frame.sort_values(["day", "subject"], ignore_index=True)
