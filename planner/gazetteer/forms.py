"""Forms: tables as bureaus keep them, turned into records: census forms, division lists.

Lines, markers and signs are read by `field_forms`, which this module hands on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from planner.errors import ColumnError
from planner.gazetteer.codes import parent_code
from planner.gazetteer.divisions import Unit, new_division
from planner.gazetteer.field_forms import lines, markers, signs
from planner.gazetteer.naming import NewName, name_record
from planner.gazetteer.records import Record
from planner.gazetteer.rules import CATEGORIES
from planner.gazetteer.spelling import BRACKET_PINYIN, clean
from planner.gazetteer.tables import Fix, RowError, collected, day, degrees, needs, point, read_form, words
from planner.imports import ImportReport
from planner.layers import Period

__all__ = ["census_names", "day", "degrees", "divisions", "lines", "markers", "read_form", "signs"]


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
    needs(frame, name, "name", "category", "within")
    return collected(frame, name, digest, lambda row, fix: _census_row(row, fix, today, secrecy or "未定"))


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
        cleaned.text, _category(row), row["within"], row.get("location") or "", point(row), row.get("secrecy") or secrecy,
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
        for other in words(row.get(kind)):
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


def divisions(
    source: str | Path | pd.DataFrame, *, on: date | None, parents: Mapping[str, str]
) -> tuple[list[Record], ImportReport]:
    """Read a list of divisions (code, name, and geometry where the table has it); ``parents`` are place IDs by known code.

    A code already seen, or without its parent among those known or read before it, is quarantined.
    """
    frame, name, digest = read_form(source)
    needs(frame, name, "code", "name")
    known = dict(parents)
    frame = frame.sort_values("code", key=lambda codes: codes.str.len(), kind="stable")

    def read(row: dict[str, Any], _: Fix) -> list[Record]:
        code, unit = str(row["code"]), Unit(str(row["code"]), str(row["name"]), geometry=row.get("geometry"))
        record = new_division(unit, on=on, parent="")
        if code in known:
            raise RowError("division.twice", "code", code, f"code {code} is given twice")
        above = parent_code(code)
        if above and above not in known and any(len(k) == len(above) for k in known):
            raise RowError("division.parent", "code", code, f"{code} lies under {above}, which is no division on {on}")
        known[code] = record.thing
        return [record.but(parent=known.get(above, ""))]

    return collected(frame, name, digest, read)
