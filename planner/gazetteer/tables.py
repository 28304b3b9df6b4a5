"""Tables: a bureau's table, however it is headed, read row by row, with every row accounted for.

A row is accepted, quarantined with its rule and reason, or a duplicate; a value is never changed without a row in
``repairs``.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from planner.errors import ColumnError, DataError, PlannerError
from planner.imports import QUARANTINE_COLUMNS, REPAIR_COLUMNS, ImportReport

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
    """Read an Excel or CSV form as text, its headings turned to fields; gives the table, its name and its digest.

    The table's index is the row's number in the source. A frame may bring its own with ``attrs["file"]`` and
    ``attrs["sha256"]``, as other readers make it; a bare frame is counted as a sheet under one line of headings.
    """
    if isinstance(source, pd.DataFrame):
        frame, name, digest = _given(source)
    else:
        path = Path(source)
        name, digest = path.name, hashlib.sha256(path.read_bytes()).hexdigest()
        frame = _counted(_read_sheet(path))
    known = aliases()
    frame.columns = pd.Index([known.get(str(heading).strip(), str(heading).strip()) for heading in frame.columns])
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ColumnError(f"{name} has two columns for {twice!r}; leave one of them out")
    return frame, name, digest


def _given(source: pd.DataFrame) -> tuple[pd.DataFrame, str, str]:
    if "file" in source.attrs:
        return source.copy(), str(source.attrs["file"]), str(source.attrs["sha256"])
    plain = source.astype(str)
    digest = hashlib.sha256(pd.util.hash_pandas_object(plain, index=False).to_numpy().tobytes()).hexdigest()
    return _counted(source.copy()), "table", digest


def _counted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_axis(range(2, len(frame) + 2), axis="index")


def _read_sheet(path: Path) -> pd.DataFrame:
    if path.suffix.lower() in {".xlsx", ".xls"}:
        return pd.read_excel(path, dtype=str, engine="calamine")
    try:
        return pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False, na_values=[""])
    except UnicodeDecodeError:
        return pd.read_csv(path, dtype=str, encoding="gb18030", keep_default_na=False, na_values=[""])


def needs(frame: pd.DataFrame, name: str, *columns: str) -> None:
    """Raise `ColumnError` where a table lacks a column it cannot do without, naming what it has."""
    if missing := [column for column in columns if column not in frame]:
        raise ColumnError(f"{name} lacks {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}")


def words(text: object) -> tuple[str, ...]:
    """Parts of a cell that holds several, parted by commas, dots, semicolons or blanks."""
    return tuple(filter(None, re.split(r"[、,，;；\s]+", str(text or ""))))


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


Fix = Callable[[str, object, object, str], None]


def point(row: dict[str, Any]) -> shapely.Point | None:
    """Point of a row: its geometry, or its longitude and latitude in degrees; ``None`` where it has neither."""
    shape = row.get("geometry")
    if isinstance(shape, shapely.Point) and not shape.is_empty:
        return shape
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


def _outline(shape: Any) -> str:
    return "" if shape is None else str(getattr(shape, "wkt", shape))


def collected(
    frame: pd.DataFrame, name: str, digest: str, read: Callable[[dict[str, Any], Fix], list[Any]]
) -> tuple[list[Any], ImportReport]:
    """Read every row; what cannot be accepted goes to quarantine, what repeats a row exactly to duplicates."""
    found: list[Any] = []
    out: list[tuple[Any, ...]] = []
    twice: list[tuple[Any, ...]] = []
    mended: list[tuple[Any, ...]] = []
    seen: set[str] = set()
    accepted = 0
    for number, values in zip(frame.index.tolist(), frame.to_dict("records"), strict=True):
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
