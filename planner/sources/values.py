"""Values: numbers, words and degrees as people type them, put in plain form by listed rules only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.arrays import Mask
from planner.sources.ledger import Ledger

Floats = npt.NDArray[np.float64]

THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
UNIT = re.compile(
    r"([+-]?[\d.,]+)\s*(?:人|户|位|名|个|张|床|元|米|m|km/h|kmh|kph|公里/小时|公里/时|千米/小时)", re.IGNORECASE
)
DEGREES = re.compile(
    r"(?P<pre>[NSEWnsew]|[东西]经|[南北]纬)?\s*(?P<sign>[+-]?)(?P<d>\d{1,3}(?:\.\d+)?)\s*(?:°|º|度|[:\s-])\s*"
    r"(?:(?P<m>\d{1,2}(?:\.\d+)?)\s*(?:′|'|’|分|[:\s-]|$)\s*)?"
    r"(?:(?P<s>\d{1,2}(?:\.\d+)?)\s*(?:″|\"|”|''|秒|$)?\s*)?(?P<post>[NSEWnsew])?"
)
YES = frozenset({"yes", "y", "true", "t", "1", "1.0", "是", "可", "有", "允许", "designated", "permissive"})
NO = frozenset({"no", "n", "false", "f", "0", "0.0", "否", "不可", "无", "禁止"})


def absent(values: pd.Series) -> Mask:
    """Tell which values are missing or only blanks."""
    missing = values.isna().to_numpy(dtype=bool)
    if values.dtype != object and not pd.api.types.is_string_dtype(values):
        return missing
    return missing | values.map(lambda value: isinstance(value, str) and not value.strip()).to_numpy(dtype=bool)


def texts(values: pd.Series) -> npt.NDArray[np.object_]:
    """Values as text without outer blanks, whole numbers without a decimal point, ``""`` where missing."""
    if pd.api.types.infer_dtype(values, skipna=True) == "string":  # mostly few words: each is looked at once
        code, words = pd.factorize(values)
        known = [word.strip() for word in words.tolist()] + [""]
        return np.array(known, dtype=object)[code]
    return np.array([text(value) for value in values.tolist()], dtype=object)


def text(value: Any) -> str:
    """One value as text: ``370102.0`` is the code ``370102``.

    >>> text(370102.0), text(" 历下区 "), text(None)
    ('370102', '历下区', '')
    """
    if type(value) is str:
        return value.strip()
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def numbers(values: pd.Series, ledger: Ledger, column: str, *, unreadable: str = "value.unreadable") -> Floats:
    """Values as numbers, NaN where missing; rows that hold no number are left out under ``unreadable``.

    Digits in full width, thousands marks and a unit after the number are put right, each with a repair.
    """
    return _read(values, ledger, column, _plain_number, unreadable)


def degrees(values: pd.Series, ledger: Ledger, column: str) -> Floats:
    """Longitudes or latitudes as decimal degrees, from decimals or degrees-minutes-seconds."""
    return _read(values, ledger, column, _degrees, "place.unreadable", listed=False)


def _read(
    values: pd.Series,
    ledger: Ledger,
    column: str,
    mend: Callable[[str], float | None],
    rule: str,
    *,
    listed: bool = True,
) -> Floats:
    found: Floats = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan).copy()
    odd = np.flatnonzero(~np.isfinite(found))
    odd = odd[~absent(values.iloc[odd])]
    mended, before, bad, raw = [], [], [], []
    for at in odd:
        value = mend(str(values.iloc[at]))
        if value is None or not np.isfinite(value):
            bad.append(at)
            raw.append(str(values.iloc[at]))
            found[at] = np.nan
            continue
        found[at] = value
        mended.append(at)
        before.append(str(values.iloc[at]))
    if listed and mended:
        ledger.repair(
            np.array(mended), "value.normalised", column, before=before, after=[f"{found[at]:g}" for at in mended]
        )
    if bad:
        ledger.quarantine(np.array(bad), rule, column=column, value=raw)
    return found


def _plain_number(value: str) -> float | None:
    plain = unicodedata.normalize("NFKC", value).strip()
    if united := UNIT.fullmatch(plain):
        plain = united[1]
    if THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        return float(plain) if re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", plain, re.ASCII) else None
    except ValueError:
        return None


def _degrees(value: str) -> float | None:
    """Decimal degrees of one text.

    >>> _degrees("120°23′15″E"), _degrees("东经120度30分")
    (120.3875, 120.5)
    """
    plain = unicodedata.normalize("NFKC", value.replace("″", '"').replace("′", "'").replace("º", "°")).strip()
    if (number := _plain_number(plain)) is not None:
        return number
    if re.fullmatch(r"[东西]经\d+\.\d+|[南北]纬\d+\.\d+|[NSEWnsew]\s*\d+\.\d+", plain):
        plain += "°"
    match = DEGREES.fullmatch(plain)
    if match is None:
        return None
    minutes, seconds = float(match["m"] or 0), float(match["s"] or 0)
    if minutes >= 60 or seconds >= 60:
        return None
    size = float(match["d"]) + minutes / 60 + seconds / 3600
    side = (match["pre"] or match["post"] or "").upper()
    return -size if match["sign"] == "-" or side in {"S", "W", "西经", "南纬"} else size


def yes_or_no(values: pd.Series, ledger: Ledger, column: str) -> npt.NDArray[np.object_]:
    """True, False or None (unknown); a word that is neither is listed as a repair."""
    words = [one.casefold() for one in texts(values)]
    told = np.array([True if one in YES else False if one in NO else None for one in words], dtype=object)
    odd = np.array([answer is None and one != "" for answer, one in zip(told, words, strict=True)], bool)
    if odd.any():
        ledger.repair(odd, "value.unknown", column, before=texts(values), after="")
    return told
