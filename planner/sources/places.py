"""Places: what lists without coordinates are matched to - villages and towns, by code, by name, or by address."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.area import StudyArea, Units
from planner.sources.ledger import Ledger
from planner.sources.opening import open_records
from planner.sources.references import Said
from planner.sources.schema import schema
from planner.sources.shapes import SHAPES_OF_PLACES, checked, placed, points_of, referred, within
from planner.sources.values import texts

SUFFIXES = re.compile(
    r"(?:社区居民委员会|社区居委会|村民委员会|居民委员会|村委会|居委会|街道办事处|人民政府|社区|街道|办事处|新村|村|镇|乡)$"
)
SHORTEST = 2  # characters a name needs to be looked for in an address
Path = str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class Match:
    """Where a row was placed: the position of its place, how it was found, and how precise that is."""

    place: int
    how: str  # "code", "name", "similar name", "address"


class Places:
    """Villages, towns or other places to match to: ``code``, ``name``, ``town`` and geometry in the area's CRS."""

    def __init__(self, frame: gpd.GeoDataFrame) -> None:
        self.frame = frame.reset_index(drop=True)
        self.points = shapely.point_on_surface(self.frame.geometry.to_numpy())
        self._codes = {code: at for at, code in enumerate(self.frame["code"]) if code}
        self._exact = _index(self.frame["name"], _plain)
        self._similar = _index(self.frame["name"], tolerant)
        self._towns = [tolerant(town) for town in self.frame["town"]]

    @property
    def precision_metres(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """How far off the point may be: the radius of a circle as large as the polygon, NaN for points."""
        sizes = shapely.area(self.frame.geometry.to_numpy())
        return np.where(sizes > 0, np.sqrt(sizes / np.pi), np.nan)

    def find(self, *, code: str = "", names: Sequence[str] = (), town: str = "", address: str = "") -> Match | None:
        """The one place a row means: by code, name, similar name, then address; None where none or several fit."""
        if code and code in self._codes:
            return Match(self._codes[code], "code")
        for name in filter(None, names):
            if (at := self._one(self._exact.get(_plain(name), []), town)) is not None:
                return Match(at, "name")
            if (at := self._one(self._similar.get(tolerant(name), []), town)) is not None:
                return Match(at, "similar name")
        if address and (at := self._in_address(address, town)) is not None:
            return Match(at, "address")
        return None

    def _one(self, fitting: list[int], town: str) -> int | None:
        if town:
            inside = [at for at in fitting if self._towns[at] == tolerant(town)]
            fitting = inside or [at for at in fitting if not self._towns[at]]
        return fitting[0] if len(fitting) == 1 else None

    def _in_address(self, address: str, town: str) -> int | None:
        plain = _plain(address)
        found = [
            (len(name), at)
            for name, ats in self._similar.items()
            if len(name) >= SHORTEST and name in plain
            for at in ats
        ]
        told = [(length, at) for length, at in found if not self._towns[at] or self._towns[at] in plain]
        longest = max((length for length, _ in told), default=0)
        return self._one([at for length, at in told if length == longest], town)


def _index(names: pd.Series, form: Any) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for at, name in enumerate(names):
        if key := form(name):
            found[key].append(at)
    return dict(found)


def _plain(name: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))


def tolerant(name: str) -> str:
    """A name as it is compared loosely: simplified characters, without the words for its kind of unit.

    >>> tolerant("臺東社區居民委員會"), tolerant("解放路街道办事处")
    ('台东', '解放路')
    """
    plain = _simplified().convert(_plain(name))
    while (shorter := SUFFIXES.sub("", plain)) != plain and len(shorter) >= SHORTEST:
        plain = shorter
    return plain


@cache
def _simplified() -> Any:
    """The converter to simplified characters: for looking up only, since it is not perfect (著力)."""
    from opencc import OpenCC

    return OpenCC("t2s")


def places_of(given: Places | Units | gpd.GeoDataFrame | Path, *, area: StudyArea, crs: Said = None) -> Places:
    """Make places from units, from a frame with ``code`` and ``name``, or from a file of villages."""
    if isinstance(given, Places):
        return given
    if isinstance(given, Units):
        return Places(_of_units(given))
    if isinstance(given, gpd.GeoDataFrame):
        told = given.to_crs(area.crs).assign(**{name: given.get(name, "") for name in ("code", "name", "town")})
        return Places(told)
    return Places(_of_file(given, area, crs))


def _of_units(units: Units) -> gpd.GeoDataFrame:
    frame = units.frame
    names = dict(zip(frame["code"], frame["name"], strict=True))
    return frame.assign(town=[names.get(code, "") for code in frame["parent"]])


def _of_file(path: Path, area: StudyArea, crs: Said) -> gpd.GeoDataFrame:
    words = schema("villages")
    records = open_records(path, words)
    found = words.match(records.headings, file=records.where)
    words.require(found, ["name"], records.headings, file=records.where)
    ledger = Ledger(records)
    if records.geometry is not None:
        shapes = checked(records, ledger, of=SHAPES_OF_PLACES, repair=True)
        shapes = placed(shapes, ledger, referred(records, ledger, shapes, crs=crs, area=area), area)
    else:
        shapes = points_of(records, ledger, found, crs=crs, area=area)
    within(shapes, ledger, area.wide)
    at = ledger.positions
    columns: Mapping[str, Any] = {
        name: texts(records.frame[found[name]])[at] if name in found else "" for name in ("code", "name", "town")
    }
    return gpd.GeoDataFrame(dict(columns), geometry=list(shapes[at]), crs=area.crs)
