"""Census: people by division and age band, as the yearbooks and census tables print them."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.errors import ColumnError, DataError
from planner.imports import ImportReport
from planner.sources.codes import damaged
from planner.sources.ledger import Ledger
from planner.sources.opening import open_records
from planner.sources.schema import schema
from planner.sources.values import numbers, texts
from planner.sources.watching import Progress

AGES = re.compile(r"(?<!\d)(\d{1,3})\s*(?:岁)?\s*(?:[-~～—–至到]|to)\s*(\d{1,3})(?!\d)")
FROM_AGE = re.compile(r"(?<!\d)(\d{1,3})\s*(?:\+|岁?及?以上|岁以上|plus|up)")
OLDEST = 200
WHOLE = 1e-6


@dataclass(frozen=True, slots=True)
class Band:
    """An age band: from an age up to and including another, or without an upper end."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start}+" if self.end >= OLDEST else f"{self.start}-{self.end}"


def band_of(heading: str) -> Band | None:
    """The age band a heading names, None where it names none.

    >>> str(band_of("男_60到64岁")), str(band_of("女_85岁以上")), band_of("家庭户数")
    ('60-64', '85+', None)
    """
    plain = unicodedata.normalize("NFKC", str(heading)).replace("_", " ")
    if match := AGES.search(plain):
        start, end = int(match[1]), int(match[2])
        return Band(start, end) if start < end < 130 else None
    if match := FROM_AGE.search(plain):
        return Band(int(match[1]), OLDEST)
    return None


@dataclass(frozen=True, eq=False)
class Census:
    """A census table: ``frame`` holds ``code``, ``name``, ``people`` and a column a band; ``total`` its total row."""

    frame: pd.DataFrame
    bands: tuple[str, ...]
    report: ImportReport
    total: pd.Series | None

    def asked(self, age: str | None) -> tuple[str, ...]:
        """The bands an age names: ``60+`` is every band from 60 on; raises `ColumnError` where none make it up."""
        return () if age is None else asked_bands(self.bands, age, file=self.report.file)


def asked_bands(names: tuple[str, ...], age: str, *, file: str) -> tuple[str, ...]:
    """The bands that make up an age such as ``60+``; raises `ColumnError` where none do without a gap."""
    wanted = band_of(age)
    if wanted is None:
        raise ColumnError(f"age={age!r} is no age; say it as '60+' or '60-79'")
    bands = {str(band): band for name in names if (band := band_of(name)) is not None}
    inside = [name for name, one in bands.items() if wanted.start <= one.start and one.end <= wanted.end]
    inside = _without_sums(inside, bands)
    reached = wanted.start
    for name in inside:
        if bands[name].start != reached:
            break
        reached = bands[name].end + 1
    if not inside or reached <= wanted.end:
        raise ColumnError(f"{file} has no age bands that make up {age}; it has {', '.join(names) or 'none'}")
    return tuple(inside)


def _without_sums(names: list[str], bands: Mapping[str, Band]) -> list[str]:
    """Of bands that overlap (60+ beside 60-64, 65-69 ...), the finest that follow one another."""
    chosen: list[str] = []
    for name in sorted(names, key=lambda one: (bands[one].end - bands[one].start, bands[one].start)):
        if all(bands[name].end < bands[one].start or bands[one].end < bands[name].start for one in chosen):
            chosen.append(name)
    return sorted(chosen, key=lambda one: bands[one].start)


def read_census(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> Census:
    """Read a census by district: code or name, all people, and people by age band, men and women added up.

    The row of the city as a whole is recognised by its code or because it equals the sum of the others, and
    kept apart. Raises `ColumnError` where there is no column of people.
    """
    words = schema("census")
    records = open_records(path, words, layer=layer, encoding=encoding, progress=progress)
    plain_headings = [one for one in records.headings if band_of(one) is None]
    found = words.match(plain_headings, columns=columns, file=records.where)
    words.require(found, ["people"], records.headings, file=records.where)
    if "code" not in found and "name" not in found:
        words.require(found, ["code"], records.headings, file=records.where)
    ledger = Ledger(records)
    if "code" in found:
        codes = texts(records.frame[found["code"]])
        ledger.quarantine(damaged(codes, divisions=True), "code.damaged", column=found["code"], value=codes)
    people = numbers(records.frame[found["people"]], ledger, found["people"])
    _must_hold(ledger, people, found["people"])
    frame = pd.DataFrame(
        {
            "code": texts(records.frame[found["code"]]) if "code" in found else "",
            "name": texts(records.frame[found["name"]]) if "name" in found else "",
            "people": people,
        }
    )
    bands = bands_in(records.frame, records.headings, ledger)
    frame = pd.concat([frame, bands], axis=1)
    total = _total(frame, ledger)
    kept = frame[ledger.standing]
    return Census(kept.reset_index(drop=True), tuple(map(str, bands.columns)), ledger.report(), total)


def _must_hold(ledger: Ledger, values: np.ndarray[tuple[int], np.dtype[np.float64]], heading: str) -> None:
    ledger.quarantine(ledger.standing & np.isnan(values), "value.missing", column=heading)
    ledger.quarantine(ledger.standing & (values < 0), "value.negative", column=heading, value=values)


def bands_in(frame: pd.DataFrame, headings: Iterable[str], ledger: Ledger) -> pd.DataFrame:
    """People by band, the columns of one band (men, women) added up; a total beside the sexes is not added to them."""
    groups: dict[Band, list[str]] = {}
    for heading in headings:
        if (band := band_of(heading)) is not None:
            groups.setdefault(band, []).append(heading)
    told = {}
    for band in sorted(groups, key=lambda one: (one.start, one.end)):
        sexes = [one for one in groups[band] if re.search(r"男|女|\bmen|\bwomen|male", one, re.IGNORECASE)]
        parts = []
        for heading in sexes or groups[band][:1]:
            values = numbers(frame[heading], ledger, heading)
            _must_hold(ledger, values, heading)
            parts.append(values)
        told[str(band)] = np.sum(parts, axis=0)
    return pd.DataFrame(told, index=frame.index)


def _total(frame: pd.DataFrame, ledger: Ledger) -> pd.Series | None:
    """The row that sums the others, left out and handed back: a code ending in 00, or people equal to all the rest."""
    at = ledger.positions
    if len(at) < 3:
        return None
    people = frame["people"].to_numpy()[at]
    codes = frame["code"].to_numpy()[at]
    sums = np.abs(2 * people - people.sum()) <= WHOLE * people.sum()
    over = np.array([len(code) == 6 and code.endswith("00") for code in codes], bool)
    is_total = sums | (over & (over.sum() < len(at)))
    if is_total.sum() != 1:
        return None
    which = at[is_total]
    ledger.quarantine(which, "table.total", value=frame["name"].to_numpy()[which])
    total: pd.Series = frame.iloc[which[0]]
    return total


def match_units(census: Census, codes: Iterable[str], names: Iterable[str]) -> pd.Series:
    """Census row of each unit, by code or else by name, -1 where none; raises `DataError` for a name used twice."""
    by_code = {code: row for row, code in enumerate(census.frame["code"]) if code}
    listed = census.frame["name"].tolist()
    found = []
    for code, name in zip(codes, names, strict=True):
        if code not in by_code and listed.count(name) > 1:
            raise DataError(f"{census.report.file} names {name} twice; give it codes")
        found.append(by_code.get(code, listed.index(name) if name in listed else -1))
    return pd.Series(found, dtype=int)
