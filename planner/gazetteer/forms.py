"""Forms: tables as bureaus keep them, turned into records: census forms, division lists, lines, markers.

Every row is accounted for in an `ImportReport`; a value is never changed without a row in ``repairs``.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from planner.errors import ColumnError, DataError, PlannerError
from planner.gazetteer.boundaries import Line, Marker
from planner.gazetteer.divisions import Unit, new_division
from planner.gazetteer.naming import NewName, name_record
from planner.gazetteer.records import Record
from planner.gazetteer.rules import CATEGORIES
from planner.gazetteer.spelling import BRACKET_PINYIN, clean
from planner.imports import QUARANTINE_COLUMNS, REPAIR_COLUMNS, ImportReport
from planner.layers import Period

_DMS = re.compile(r"^\s*[EN东北]?\s*(\d{1,3})[°度:\s]\s*(\d{1,2})[′'分:\s]\s*(\d{1,2}(?:\.\d+)?)[″\"秒]?\s*[EN]?\s*$")
_DAY = re.compile(r"^(\d{4})(?:[-./年](\d{1,2})(?:[-./月](\d{1,2})日?)?月?)?年?$")
_REPUBLIC = re.compile(r"^民国([一二三四五六七八九十]+|\d+)年$")
_NUMERALS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}


class RowError(DataError):
    """A row that cannot be accepted: the rule, the column, and what could be done."""

    def __init__(self, rule: str, column: str, value: object, reason: str, suggestion: str = "") -> None:
        super().__init__(reason)
        self.row = (rule, column, None if value is None else str(value), reason, suggestion)


@cache
def aliases() -> Mapping[str, str]:
    """The field each known heading stands for."""
    text = files("planner.gazetteer").joinpath("columns.csv").read_text(encoding="utf-8")
    return {row["alias"]: row["field"] for row in csv.DictReader(text.splitlines())}


def read_form(source: str | Path | pd.DataFrame) -> tuple[pd.DataFrame, str, str]:
    """Read an Excel or CSV form as text, its headings turned to fields; gives the table, its name and its digest."""
    if isinstance(source, pd.DataFrame):
        frame, name = source.copy(), "table"
        digest = hashlib.sha256(
            pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy().tobytes()
        ).hexdigest()
    else:
        path = Path(source)
        name, digest = path.name, hashlib.sha256(path.read_bytes()).hexdigest()
        if path.suffix.lower() in {".xlsx", ".xls"}:
            frame = pd.read_excel(path, dtype=str, engine="calamine")
        else:
            frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False, na_values=[""])
    known = aliases()
    frame.columns = pd.Index([known.get(str(heading).strip(), str(heading).strip()) for heading in frame.columns])
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ColumnError(f"{name} has two columns for {twice!r}; leave one of them out")
    return frame, name, digest


def degrees(text: str) -> float:
    """Read degrees, decimal or as degrees, minutes and seconds.

    >>> round(degrees("120°22′58.8″"), 4)
    120.383
    """
    if match := _DMS.match(text):
        whole, minutes, seconds = int(match[1]), int(match[2]), float(match[3])
        if minutes >= 60 or seconds >= 60:
            raise RowError("form.degrees", "longitude", text, f"{text!r} has 60 minutes or seconds or more")
        return whole + minutes / 60 + seconds / 3600
    try:
        return float(text)
    except ValueError:
        raise RowError(
            "form.degrees", "longitude", text, f"{text!r} is neither decimal degrees nor degrees, minutes, seconds"
        ) from None


def day(text: str) -> tuple[date, str]:
    """Read a date with how precise it is, ``day``, ``month`` or ``year`` (its first day stands for it).

    >>> day("民国三十年")
    (datetime.date(1941, 1, 1), 'year')
    """
    text = text.strip().removesuffix(" 00:00:00")
    if match := _REPUBLIC.match(text):
        return date(1911 + _numeral(match[1]), 1, 1), "year"
    if not (match := _DAY.match(text)):
        raise RowError("form.date", "date", text, f"{text!r} is no date", "write it as 2023-05-01, 2023-05 or 2023")
    year, month, number = (int(part) if part else 0 for part in match.groups())
    try:
        return date(year, month or 1, number or 1), "day" if number else "month" if month else "year"
    except ValueError:
        raise RowError("form.date", "date", text, f"{text!r} is no day of the calendar") from None


def _numeral(text: str) -> int:
    if text.isdigit():
        return int(text)
    if "十" not in text:
        return _NUMERALS[text]
    tens, ones = text.split("十")
    return 10 * _NUMERALS.get(tens, 1) + _NUMERALS.get(ones, 0)


def census_names(
    source: str | Path | pd.DataFrame, *, today: date, secrecy: str | None = None
) -> tuple[list[Record], ImportReport]:
    """Read a form of the national place-name census into standard names and their aliases.

    ``secrecy`` is what holds where the form has no 密级; without either, the form is refused. A blank 密级 is kept as
    未定 and never leaves.
    """
    frame, name, digest = read_form(source)
    if "secrecy" not in frame and secrecy is None:
        raise ColumnError(f"{name} has no column 密级; say with secrecy= what holds for all its rows, such as 公开")
    if missing := [column for column in ("name", "category", "within") if column not in frame]:
        raise ColumnError(f"{name} lacks {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}")
    return _collected(frame, name, digest, lambda row, fix: _census_row(row, fix, today, secrecy or "未定"))


Fix = Callable[[str, object, object, str], None]


def _census_row(row: dict[str, str], fix: Fix, today: date, secrecy: str) -> list[Record]:
    given = row.get("name") or ""
    cleaned = clean(given)
    if cleaned.faults:
        proposal = BRACKET_PINYIN.sub("", cleaned.text)
        hint = f"is it {proposal!r}?" if proposal and proposal != given else "write the name again"
        raise RowError(cleaned.faults[0], "name", given, f"{given!r} cannot be a name", hint)
    if cleaned.text != given:
        fix("name", given, cleaned.text, "; ".join(cleaned.repairs))
    start, end, applied, approved = (
        _date(row, name, today) for name in ("valid_from", "valid_to", "applied", "approved")
    )
    start = start or _date(row, "named", today)
    _ordered(row, start, end, applied, approved)
    place = (
        f"place:{row['code']}"
        if row.get("code")
        else f"place:{hashlib.blake2b('|'.join((cleaned.text, row['within'], row.get('longitude') or '')).encode(), digest_size=6).hexdigest()}"
    )
    new = NewName(
        cleaned.text, _category(row), row["within"], row.get("location") or "", _point(row), row.get("secrecy") or secrecy,
        values={
            **{name: row.get(name) or None for name in ("meaning", "origin", "history", "authority")}, "applied": applied,
            "approved": approved, "start": "known" if start else "unknown",
        },
    )  # fmt: skip
    record = name_record(new, place, Period(start, end), kind="standard", status="in use")
    if row.get("pinyin"):
        record = record.but(pinyin=row["pinyin"])
    return [record, *_others(row, new, place, Period(start, end))]


def _others(row: dict[str, str], new: NewName, place: str, valid: Period) -> Iterable[Record]:
    for kind in ("alias", "short", "former"):
        for other in filter(None, re.split(r"[、,，;；\s]+", row.get(kind) or "")):
            text = NewName(other, new.category, new.within, secrecy=new.secrecy)
            yield name_record(text, place, valid, kind=kind, status="in use", slot=f"{kind}:{other}")


def _category(row: dict[str, str]) -> str:
    given = row.get("category") or ""
    for category, zh in CATEGORIES.items():
        if given == category or (given and any(given in part or part in given for part in zh.split("、"))):
            return category
    words = {
        "街": "street",
        "路": "street",
        "巷": "street",
        "小区": "building",
        "桥": "facility",
        "站": "facility",
        "山": "natural",
        "河": "natural",
    }
    return next((category for word, category in words.items() if word in given), "other")


def _date(row: dict[str, str], column: str, today: date) -> date | None:
    text = row.get(column)
    if not text:
        return None
    try:
        found = day(text)[0]
    except RowError as fault:
        raise RowError("form.date", column, text, str(fault)) from None
    if found > today:
        raise RowError("form.future", column, text, f"{column} {found} lies in the future")
    return found


def _ordered(
    row: dict[str, str], start: date | None, end: date | None, applied: date | None, approved: date | None
) -> None:
    if start and end and end <= start:
        raise RowError(
            "form.period", "valid_to", row.get("valid_to"), f"ended on {end}, not after its start on {start}"
        )
    if applied and approved and approved < applied:
        raise RowError(
            "form.approval",
            "approved",
            row.get("approved"),
            f"approved on {approved}, before it was applied for on {applied}",
        )


def _point(row: dict[str, str]) -> shapely.Point | None:
    if not (row.get("longitude") and row.get("latitude")):
        return None
    x, y = degrees(row["longitude"]), degrees(row["latitude"])
    if 17 <= x <= 54 and 73 <= y <= 136:
        raise RowError(
            "form.swapped", "longitude", f"{x}, {y}", f"{x}, {y} has latitude before longitude", "swap the two columns"
        )
    if not (73 <= x <= 136 and 3 <= y <= 54):
        raise RowError("form.outside", "longitude", f"{x}, {y}", f"{x}, {y} lies outside China; are these degrees?")
    return shapely.Point(x, y)


def divisions(
    source: str | Path | pd.DataFrame, *, on: date | None, parents: Mapping[str, str]
) -> tuple[list[Record], ImportReport]:
    """Read a list of divisions (code, name, and geometry where the table has it); ``parents`` are place IDs by known code.

    A code already seen, or without its parent among those known or read before it, is quarantined.
    """
    frame, name, digest = read_form(source)
    if missing := [column for column in ("code", "name") if column not in frame]:
        raise ColumnError(f"{name} lacks {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}")
    known = dict(parents)
    frame = frame.sort_values("code", key=lambda codes: codes.str.len(), kind="stable")

    def read(row: dict[str, Any], _: Fix) -> list[Record]:
        from planner.gazetteer.codes import parent_code

        code, unit = str(row["code"]), Unit(str(row["code"]), str(row["name"]), geometry=row.get("geometry"))
        record = new_division(unit, on=on, parent="")
        if code in known:
            raise RowError("division.twice", "code", code, f"code {code} is given twice")
        above = parent_code(code)
        if above and above not in known and any(len(k) == len(above) for k in known):
            raise RowError("division.parent", "code", code, f"{code} lies under {above}, which is no division on {on}")
        known[code] = record.thing
        return [record.but(parent=known.get(above, ""))]

    return _collected(frame, name, digest, read)


def markers(source: str | Path | pd.DataFrame) -> tuple[list[Marker], ImportReport]:
    """Read a table of boundary markers; its units are codes or place IDs parted by spaces or commas."""
    frame, name, digest = read_form(source)

    def read(row: dict[str, str], _: Fix) -> list[Marker]:
        point = _point(row)
        if point is None:
            raise RowError("marker.point", "longitude", None, f"marker {row.get('number')} has no coordinates")
        types = {
            "单立": "single",
            "双立": "double",
            "三立": "triple",
            "单面": "single",
            "双面": "double",
            "三面": "triple",
        }
        kind = next((word for zh, word in types.items() if zh in (row.get("type") or "")), row.get("type") or "double")
        units = tuple(filter(None, re.split(r"[、,，;；\s]+", row.get("units") or "")))
        return [Marker(str(row["number"]), kind, row.get("line") or "", units, point, row.get("responsible") or "")]

    return _collected(frame, name, digest, read)


def lines(source: pd.DataFrame) -> tuple[list[Line], ImportReport]:
    """Read a table of boundary lines with their geometry in EPSG:4490."""
    frame, name, digest = read_form(source)

    def read(row: dict[str, Any], _: Fix) -> list[Line]:
        shape = row.get("geometry")
        if shape is None or shape.is_empty:
            raise RowError("line.geometry", "geometry", None, f"line {row.get('number')} has no geometry")
        if missing := [column for column in ("number", "left", "right", "agreement") if not row.get(column)]:
            raise RowError("line.field", missing[0], None, f"the line lacks {', '.join(missing)}")
        inspected = day(row["inspected"])[0] if row.get("inspected") else None
        rounds = int(row["round"]) if row.get("round") else 0
        return [
            Line(
                row["number"],
                row["left"],
                row["right"],
                row["agreement"],
                shape,
                row.get("name") or "",
                inspected=inspected,
                round=rounds,
            )
        ]

    return _collected(frame, name, digest, read)


def _outline(shape: Any) -> str:
    return "" if shape is None else str(shape.wkt)


def _collected(
    frame: pd.DataFrame, name: str, digest: str, read: Callable[[dict[str, Any], Fix], list[Any]]
) -> tuple[list[Any], ImportReport]:
    """Read every row; what cannot be accepted goes to quarantine, what repeats a row exactly to duplicates."""
    found: list[Any] = []
    out: list[tuple[Any, ...]] = []
    twice: list[tuple[Any, ...]] = []
    mended: list[tuple[Any, ...]] = []
    seen: set[str] = set()
    accepted = 0
    for number, values in enumerate(frame.to_dict("records"), start=2):
        row = {str(k): (None if v is None or v is pd.NA or v != v else v) for k, v in values.items()}  # noqa: PLR0124
        original = json.dumps({k: v for k, v in row.items() if k != "geometry"}, ensure_ascii=False, default=str)
        whole = original + _outline(row.get("geometry"))
        if whole in seen:
            twice.append((name, "", number, "form.duplicate", "", None, "the row repeats an earlier one", "", original))
            continue
        seen.add(whole)
        changes: list[tuple[Any, ...]] = []

        def fix(
            column: str, before: object, after: object, reason: str, at: int = number, to: list[Any] = changes
        ) -> None:
            to.append((name, "", at, "form.clean", column, before, after, reason))

        try:
            found += read(row, fix)
        except RowError as fault:
            out.append((name, "", number, *fault.row, original))
        except (PlannerError, KeyError) as error:
            out.append((name, "", number, "form.row", "", None, str(error), "", original))
        else:
            accepted += 1
            mended += changes
    report = ImportReport(
        name, digest, len(frame), accepted, quarantine=pd.DataFrame(out, columns=list(QUARANTINE_COLUMNS)),
        duplicates=pd.DataFrame(twice, columns=list(QUARANTINE_COLUMNS)), repairs=pd.DataFrame(mended, columns=list(REPAIR_COLUMNS)),
    )  # fmt: skip
    return found, report
