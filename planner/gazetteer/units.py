"""Units: the divisions in force on a day as polygons to plan on, and figures carried from one day's borders to another's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from planner.area import LEVELS, Units, metric_crs
from planner.demand import Demand
from planner.errors import DataError, IdError
from planner.gazetteer.ledger import Ledger
from planner.gazetteer.records import Record
from planner.gazetteer.schema import DIVISION
from planner.store.frames import STORED_CRS


def units_on(
    ledger: Ledger,
    on: date,
    *,
    level: str | None = None,
    within: str = "",
    crs: CRS | None = None,
    known_on: date | datetime | None = None,
) -> Units:
    """Divisions in force on a day, as the books say now or said by ``known_on``, in metres.

    ``within`` is the place they lie under, at any depth. Functional areas and units without a border are
    left out. The CRS is chosen for where they lie unless one is given.
    """
    levels = LEVELS if level is None else (level,)
    if unknown := set(levels) - set(LEVELS):
        raise DataError(f"there is no level {', '.join(unknown)}; levels are {', '.join(LEVELS)}")
    marks = ", ".join("?" * len(levels))
    where = f"level IN ({marks}) AND geom IS NOT NULL AND NOT coalesce(functional, 0)"
    found = ledger.select(DIVISION, where, levels, on=on, known_on=known_on)
    codes = {r.thing: str(r["code"]) for r in ledger.select(DIVISION, on=on, known_on=known_on)}
    if within:
        parents = {r.thing: r["parent"] for r in ledger.select(DIVISION, on=on, known_on=known_on)}
        found = [record for record in found if _lies_under(record.thing, within, parents)]
    if not found:
        raise IdError(
            f"the register holds no {level or 'unit'} with a border on {on}{' within ' + within if within else ''}"
        )
    columns = {
        "code": [str(r["code"]) for r in found], "name": [r["name"] for r in found], "level": [r["level"] for r in found],
        "parent": [codes.get(r["parent"], "") for r in found],
    }  # fmt: skip
    index = pd.Index([record.thing for record in found], dtype=object, name="id")
    frame = gpd.GeoDataFrame(columns, index=index, geometry=[r.geometry for r in found], crs=STORED_CRS)
    return Units(frame.to_crs(crs or metric_crs(tuple(frame.total_bounds))))


def _lies_under(place: str, top: str, parents: Mapping[str, str]) -> bool:
    seen: set[str] = set()
    while place and place not in seen:
        if place == top:
            return True
        seen.add(place)
        place = parents.get(place, "")
    return False


def divisions_at(
    ledger: Ledger, longitude: float, latitude: float, *, on: date, known_on: date | datetime | None = None
) -> list[Record]:
    """Divisions a point lies in on a day, widest first; on a border, the unit with the smaller code of each level."""
    point = shapely.Point(longitude, latitude)
    box = (
        f"fid IN (SELECT id FROM rtree_{DIVISION.table}_geom WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ?)"  # noqa: S608
    )
    found = ledger.select(DIVISION, box, (longitude, longitude, latitude, latitude), on=on, known_on=known_on)
    inside = [record for record in found if record.geometry is not None and record.geometry.intersects(point)]
    first: dict[str, Record] = {}
    for record in sorted(inside, key=lambda record: str(record["code"])):
        first.setdefault("functional" if record["functional"] else str(record["level"]), record)
    order = {level: rank for rank, level in enumerate(("province", *LEVELS, "functional"))}
    return sorted(first.values(), key=lambda record: order[str(record["level"])])


def rebase(values: pd.Series, old: Units, new: Units, *, people: Demand | None = None) -> pd.Series:
    """Carry figures by old unit over to new units: by shared area, or by where people live.

    ``values`` are indexed by old unit ID or code. Each old unit's figure is dealt out wholly, so the total is
    kept; a unit that shares nothing with any new one raises `DataError` rather than lose its figure.
    """
    by_id = _by_unit(values, old)
    one, other = old.frame.geometry.to_numpy(), new.frame.to_crs(old.crs).geometry.to_numpy()
    shares = _by_people(one, other, people) if people is not None else np.zeros((len(one), len(other)))
    empty = shares.sum(axis=1) == 0
    if empty.any():
        shares[empty] = _by_area(one[empty], other)
    given = by_id.to_numpy(dtype=float)
    total = shares.sum(axis=1)
    if (lost := (total == 0) & (given != 0)).any():
        raise DataError(
            f"{old.frame['name'][lost].iloc[0]} and {lost.sum() - 1} more lie in none of the new units; their figures would be lost"
        )
    dealt = (given / np.where(total == 0, 1, total)) @ shares
    return pd.Series(dealt, index=new.ids, name=values.name)


def _by_unit(values: pd.Series, units: Units) -> pd.Series:
    ids = dict(zip(units["code"], units.ids, strict=True))
    named = values.rename(index=lambda key: ids.get(key, key))
    if unknown := sorted(set(named.index) - set(units.ids)):
        raise IdError(f"no unit {unknown[0]!r} among the old ones, nor {len(unknown) - 1} more")
    return named.groupby(level=0).sum().reindex(units.ids, fill_value=0)


def _by_area(one: Any, other: Any) -> Any:
    shares = np.zeros((len(one), len(other)))
    left, right = shapely.STRtree(other).query(one, predicate="intersects")
    shares[left, right] = shapely.area(shapely.intersection(one[left], other[right]))
    return shares


def _by_people(one: Any, other: Any, people: Demand) -> Any:
    points = people.frame.geometry.to_numpy()
    where = []
    for shapes in (one, other):
        point, unit = shapely.STRtree(shapes).query(points, predicate="intersects")
        first = np.full(len(points), -1)
        first[point[::-1]] = unit[::-1]
        where.append(first)
    both = (where[0] >= 0) & (where[1] >= 0)
    shares = np.zeros((len(one), len(other)))
    np.add.at(shares, (where[0][both], where[1][both]), people.people[both])
    return shares


def frame_of(records: list[Record]) -> gpd.GeoDataFrame:
    """Records as a table, one row each, geometry in EPSG:4490."""
    rows = [{"thing": r.thing, "valid_from": r.valid.start, "valid_to": r.valid.end, **r.values} for r in records]
    shapes = np.array([record.geometry for record in records], dtype=object)
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=CRS.from_epsg(4490))
