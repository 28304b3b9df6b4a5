"""Dates: days, months and years as lists hold them, read as the span of days they may mean."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.sources.ledger import Ledger
from planner.sources.values import text

EXCEL_1900, EXCEL_1904 = date(1899, 12, 30), date(1904, 1, 1)
FIRST_YEAR, LAST_YEAR = 1000, 2200
REPUBLIC = 1911  # 民国元年 is 1912
NUMERALS = {"〇": 0, "零": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "元": 1}
PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})")
PRECISE = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})(?:日|号)?(?:[T\s].*)?")
MONTH = re.compile(r"(\d{4})(?:年|[-./])(\d{1,2})月?")
YEAR = re.compile(r"(\d{4})年?(?:代|左右|前后)?")
Precision = Literal["day", "month", "year"]


@dataclass(frozen=True, slots=True)
class Span:
    """The days a date may mean: ``first`` to ``last``, both included, and how precise it was."""

    first: date
    last: date
    precision: Precision


def read_date(value: Any, *, base_1904: bool = False) -> Span | None:
    """Read a date as people and Excel write it; None where it cannot be understood.

    >>> read_date("2023年5月")
    Span(first=datetime.date(2023, 5, 1), last=datetime.date(2023, 5, 31), precision='month')
    >>> read_date("民国三十年").first.year, read_date("2023.5").precision, read_date(45000).first
    (1941, 'month', datetime.date(2023, 3, 15))
    """
    if isinstance(value, datetime):
        return Span(value.date(), value.date(), "day")
    if isinstance(value, date):
        return Span(value, value, "day")
    plain = unicodedata.normalize("NFKC", text(value)).replace(" ", "")
    return _calendar(plain) or _republic(plain) or _serial(plain, EXCEL_1904 if base_1904 else EXCEL_1900)


def _calendar(plain: str) -> Span | None:
    if match := PACKED.fullmatch(plain) or PRECISE.fullmatch(plain):
        return _day(int(match[1]), int(match[2]), int(match[3]))
    if match := MONTH.fullmatch(plain):
        return _month(int(match[1]), int(match[2]))
    if match := YEAR.fullmatch(plain):
        return _year(int(match[1]))
    return None


def _republic(plain: str) -> Span | None:
    if match := re.fullmatch(r"民国([〇零一二三四五六七八九十元\d]{1,3})年?", plain):
        years = int(match[1]) if match[1].isdigit() else numeral(match[1])
        return _year(REPUBLIC + years) if years else None
    return None


def _serial(plain: str, base: date) -> Span | None:
    """A date that Excel shows as the number of days since its base."""
    if re.fullmatch(r"\d{5}(\.\d+)?", plain):
        day = base + timedelta(days=int(float(plain)))
        return Span(day, day, "day")
    return None


def numeral(word: str) -> int:
    """A Chinese numeral below one hundred: ``三十`` is 30, ``〇`` 0."""
    tens, ten, ones = word.rpartition("十")
    if not ten:
        return int("".join(str(NUMERALS[one]) for one in word))
    return (NUMERALS[tens] if tens else 1) * 10 + (NUMERALS[ones] if ones else 0)


def _day(year: int, month: int, day: int) -> Span | None:
    try:
        one = date(year, month, day)
    except ValueError:
        return None
    return Span(one, one, "day") if FIRST_YEAR <= year <= LAST_YEAR else None


def _month(year: int, month: int) -> Span | None:
    if not (1 <= month <= 12 and FIRST_YEAR <= year <= LAST_YEAR):
        return None
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return Span(date(year, month, 1), last, "month")


def _year(year: int) -> Span | None:
    return Span(date(year, 1, 1), date(year, 12, 31), "year") if FIRST_YEAR <= year <= LAST_YEAR else None


def first_days(values: pd.Series, ledger: Ledger, column: str, *, base_1904: bool = False) -> npt.NDArray[np.object_]:
    """First day each date may mean, None where missing; nonsense leaves the row out."""
    told = np.full(len(values), None, dtype=object)
    vague, bad = 0, []
    for at, value in enumerate(values.tolist()):
        if not text(value) or value is pd.NaT:
            continue
        span = read_date(value, base_1904=base_1904)
        if span is None:
            bad.append(at)
            continue
        told[at] = span.first
        vague += span.precision != "day"
    if vague:
        ledger.fact(f"dates in {column}", f"{vague:,} name a month or year and are read as its first day")
    if bad:
        raw = values.to_numpy(dtype=object)
        ledger.quarantine(np.array(bad), "value.date", column=column, value=raw[np.array(bad)])
    return told
