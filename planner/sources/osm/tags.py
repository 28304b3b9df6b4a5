"""Tags: what OpenStreetMap's words on a way mean for walking and driving; the words are data, in ``tags.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

from planner.arrays import Mask

KEPT = (
    "highway", "name", "name:zh", "oneway", "junction", "maxspeed", "surface", "service", "area", "sidewalk",
    "access", "foot", "vehicle", "motor_vehicle", "motorcar",
)  # fmt: skip
KMH = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
FASTEST_KMH = 160.0
OPEN_BY_CLASS = "by class"  # vehicle=yes undoes access=no, but does not make a footway a road


@cache
def meanings() -> Mapping[str, Any]:
    """The words of ``tags.toml``, by section."""
    return tomllib.loads(files("planner.sources.osm").joinpath("tags.toml").read_text(encoding="utf-8"))


def table_of(tags: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    """Tags that matter as columns, ``""`` where a way does not have one."""
    return pd.DataFrame({key: pd.Series([one.get(key, "") for one in tags], dtype=object) for key in KEPT})


def is_road(highway: pd.Series) -> Mask:
    """Whether each ``highway`` names a road or path, and not a thing beside it or one that is gone."""
    return (~highway.isin(["", *meanings()["classes"]["not_roads"]])).to_numpy(dtype=bool)


def attributes(table: pd.DataFrame) -> pd.DataFrame:
    """Columns of `Roads` from those of `table_of`, with ``turned`` where a way runs against its one-way direction."""
    along, against = directions(table)
    name = table["name:zh"].where(table["name:zh"] != "", table["name"])
    told = pd.DataFrame({"road_class": table["highway"], "oneway": along | against, "turned": against})
    return told.assign(
        speed_kmh=speeds(table["maxspeed"]),
        walk=walkable(table),
        drive=drivable(table),
        surface=table["surface"],
        name=name,
    )


def directions(table: pd.DataFrame) -> tuple[Mask, Mask]:
    """Whether each way is driven only along its line, and whether only against it."""
    words = meanings()["oneway"]
    said = table["oneway"].str.lower()
    implied = table["junction"].isin(words["implied_junctions"]) | table["highway"].isin(words["implied_classes"])
    against = said.isin(words["against"])
    along = said.isin(words["along"]) | (implied & ~said.isin(words["both"]) & ~against)
    return along.to_numpy(dtype=bool), against.to_numpy(dtype=bool)


def walkable(table: pd.DataFrame) -> pd.Series:
    """True where a tag opens the way to walkers whatever its class, False where one closes it, else missing."""
    words = meanings()["access"]
    said = _decided(table, words["walk_specific"], words["walk_general"])
    beside = said.isna() & table["sidewalk"].isin(words["sidewalks"])
    return said.mask(beside, True).mask(_unbuilt(table) & (said != False), None)  # noqa: E712 missing is not False


def drivable(table: pd.DataFrame) -> pd.Series:
    """True where a tag opens the way to cars whatever its class, False where tag or class closes it, else missing."""
    words = meanings()["access"]
    said = _decided(table, words["drive_specific"], words["drive_general"])
    never = table["service"].isin(words["closed_services"]) | ((table["area"] == "yes") & said.isna())
    unfit = ~table["highway"].isin(meanings()["classes"]["drivable"]) & said.isna()
    return said.mask(never | unfit | _unbuilt(table), False)


def _decided(table: pd.DataFrame, specific: Sequence[str], general: Sequence[str]) -> pd.Series:
    words = meanings()["access"]
    said = pd.Series(None, index=table.index, dtype=object)
    for key in specific:
        said = said.mask(said.isna() & table[key].isin(words["yes"]), True)
        said = said.mask(said.isna() & table[key].isin(words["no"]), False)
    for key in general:
        said = said.mask(said.isna() & table[key].isin(words["no"]), False)
        said = said.mask(said.isna() & table[key].isin(words["yes"]), OPEN_BY_CLASS)
    return said.mask(said == OPEN_BY_CLASS, None)


def _unbuilt(table: pd.DataFrame) -> pd.Series:
    return table["highway"].isin(meanings()["classes"]["unbuilt"])


def speeds(said: pd.Series) -> pd.Series:
    """Posted speeds in km/h, the least of several; NaN where none is posted or it cannot be read."""
    known = {text: _kmh(text) for text in said.unique()}
    return said.map(known).astype(float)


def _kmh(text: str) -> float:
    parts = [_one_speed(part.strip()) for part in text.split(";")]
    found = [speed for speed in parts if speed is not None]
    return min(found) if found else float("nan")


def _one_speed(text: str) -> float | None:
    by_law = meanings()["speeds"]
    if text in by_law:
        return float(by_law[text])
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?", text.lower())
    if match is None:
        return None
    speed = float(match[1]) * KMH[match[2] or ""]
    return speed if 0 < speed <= FASTEST_KMH else None


def not_understood(said: pd.Series) -> Mask:
    """Whether each posted speed says something that is neither a speed nor one of the words for none."""
    silent = said.str.lower().isin(["", "none", "signals", "variable", "unposted"])
    return (~silent & speeds(said).isna()).to_numpy(dtype=bool)
