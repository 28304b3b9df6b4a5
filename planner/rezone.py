"""Rezone: a proposed change of borders, and what it would do to people, area, facilities, names and coverage.

A proposal is only units before and after, side by side. Nothing here touches the register: once approved, the
change enters it by the register's own verbs, with its document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from planner.area import Units
from planner.coverage import Coverage
from planner.demand import Demand
from planner.errors import DataError, IdError, QuestionError
from planner.layers import Layer, same_crs
from planner.sites import Sites

_KEPT = 1e-6
"""Share of the land a proposal may lose or count twice: the rounding of borders."""


@dataclass(frozen=True, eq=False)
class Rezoning:
    """Units of one level before and after a proposed change; the land they share must stay the same."""

    title: str
    before: Units
    after: Units

    def __post_init__(self) -> None:
        same_crs(self.before, self.after)
        if len(self.before.levels) != 1 or self.before.levels != self.after.levels:
            raise QuestionError(
                f"a rezoning is of units of one level, not {self.before.levels} and {self.after.levels}"
            )
        old, new = (shapely.union_all(units.frame.geometry.to_numpy()) for units in (self.before, self.after))
        if (lost := old.symmetric_difference(new).area / old.area) > _KEPT:
            raise DataError(
                f"{self.title}: {lost:.4%} of the land is in no unit before or after; a change moves borders, it loses no land"
            )

    @property
    def level(self) -> str:
        """Level of the units."""
        return self.before.levels[0]

    @property
    def touched(self) -> list[str]:
        """Units that are new, gone, or of another border, by ID in order."""
        old, new = self.before.frame.geometry, self.after.frame.geometry
        same = [one for one in old.index.intersection(new.index) if old[one].equals(new[one])]
        return sorted(set(old.index).union(new.index).difference(same))

    def __repr__(self) -> str:
        return f"<Rezoning {self.title!r}: {len(self.before)} {self.level} units before, {len(self.after)} after, {len(self.touched)} touched>"


def merge_units(units: Units, ids: Sequence[str], *, into: str, title: str, name: str | None = None) -> Rezoning:
    """Propose that units become one: ``into``, one of them, which may take another name."""
    frame = _one_level(units)
    _known(frame, [*ids, into])
    if into not in ids or len(set(ids)) < 2:
        raise QuestionError("name at least two units to merge, and as into= one of them")
    shape = shapely.union_all(frame.geometry[list(ids)].to_numpy())
    after = frame.drop(index=[one for one in ids if one != into])
    return Rezoning(title, units, Units(_with(after, into, shape, name)))


def split_unit(units: Units, one: str, parts: Mapping[str, tuple[str, BaseGeometry]], *, title: str) -> Rezoning:
    """Propose that a unit becomes several: ``parts`` are name and border by ID; the unit's own ID may stay among them."""
    frame = _one_level(units)
    _known(frame, [one])
    after = frame.drop(index=[one])
    rows = {
        part: {
            **frame.loc[one].to_dict(),
            "name": name,
            "code": frame.at[one, "code"] if part == one else part.split(":")[-1],
            "geometry": shape,
        }
        for part, (name, shape) in parts.items()
    }
    fresh = gpd.GeoDataFrame.from_dict(rows, orient="index", geometry="geometry", crs=frame.crs)
    return Rezoning(title, units, Units(gpd.GeoDataFrame(pd.concat([after, fresh]), crs=frame.crs)))


def transfer_land(units: Units, land: BaseGeometry | Units, *, to: str, title: str) -> Rezoning:
    """Propose that land - a polygon in the units' CRS, or villages as units - goes to a unit from whoever holds it."""
    frame = _one_level(units)
    _known(frame, [to])
    if isinstance(land, Units):
        same_crs(units, land)
        land = shapely.union_all(land.frame.geometry.to_numpy())
    whole = shapely.union_all(frame.geometry.to_numpy())
    given = shapely.intersection(land, whole)
    if given.is_empty:
        raise DataError("the land to transfer lies in none of the units")
    after = frame.copy()
    shapes = {one: shapely.difference(shape, given) for one, shape in frame.geometry.items() if one != to}
    shapes[to] = shapely.union(frame.geometry[to], given)
    gone = [one for one, shape in shapes.items() if _polygons(shape).is_empty]
    after.geometry = gpd.GeoSeries({one: _polygons(shape) for one, shape in shapes.items()}, crs=frame.crs).reindex(
        after.index
    )
    return Rezoning(title, units, Units(after.drop(index=gone)))


@dataclass(frozen=True, eq=False)
class Impact:
    """What a rezoning would do, by unit and by what moves.

    ``units`` has a row a unit: area, people, facilities, names and coverage, each before and after (missing where the
    unit does not exist). ``moves`` has a row for each pair of units between which anything moves. ``touched`` lists the
    very facilities, names and addresses that change unit: ``kind``, ``id``, ``name``, ``from``, ``to``.
    """

    rezoning: Rezoning
    units: pd.DataFrame
    moves: pd.DataFrame
    touched: pd.DataFrame
    minutes: float | None = None

    def __repr__(self) -> str:
        people = self.moves["people"].sum() if "people" in self.moves else 0
        return f"<Impact of {self.rezoning.title!r}: {len(self.moves)} moves, {people:,.0f} people change unit>"


def weigh(
    rezoning: Rezoning,
    *,
    people: Demand | None = None,
    facilities: Sites | None = None,
    names: Layer | None = None,
    addresses: Layer | None = None,
    coverage: Coverage | None = None,
    open_sites: Iterable[str] | None = None,
) -> Impact:
    """Work out what a rezoning would do to people, area, facilities, names, addresses and the coverage by unit.

    ``coverage`` brings its own people; those within its limit of an open site (by default every existing one) are
    counted as covered, before and after, by the unit they live in. Names may be lines or polygons: they count where
    their middle lies. Totals before and after agree for everything that lies in a unit both times.
    """
    if coverage is not None and people is not None and people is not coverage.demand:
        raise QuestionError("give people= or coverage=, which brings its own people; not both")
    people = coverage.demand if coverage is not None else people
    books = _Books(rezoning)
    if people is not None:
        weights = pd.Series(people.people, index=people.ids)
        books.count("people", people, weights)
        if coverage is not None:
            ids = coverage.sites.existing.ids if open_sites is None else open_sites
            books.count("covered", people, weights * coverage.covered(ids))
    for title, layer in (("facilities", facilities), ("names", names), ("addresses", addresses)):
        if layer is not None:
            books.count(title, layer, pd.Series(1, index=layer.ids), listed=True)
    return Impact(
        rezoning, books.table(), books.moves(), books.touched(), coverage.limit if coverage is not None else None
    )


@dataclass
class _Books:
    """Counts by unit before and after, gathered one subject at a time."""

    rezoning: Rezoning
    columns: dict[str, pd.Series] = field(default_factory=dict)
    flows: list[pd.Series] = field(default_factory=list)
    lists: list[pd.DataFrame] = field(default_factory=list)

    def count(self, title: str, layer: Layer, weights: pd.Series, *, listed: bool = False) -> None:
        points = _Points(_middles(layer))
        where = [units.locate(points, self.rezoning.level) for units in (self.rezoning.before, self.rezoning.after)]
        for when, unit in zip(("before", "after"), where, strict=True):
            self.columns[f"{title}_{when}"] = weights.groupby(unit.to_numpy(dtype=object)).sum()
        pair = pd.DataFrame({"from": where[0], "to": where[1], title: weights}).dropna()
        moved = pair[pair["from"] != pair["to"]]
        self.flows.append(moved.groupby(["from", "to"])[title].sum())
        if listed and len(moved):
            rows = moved.sort_index()
            known = layer.frame["name"].reindex(rows.index) if "name" in layer.frame else ""
            self.lists.append(rows.assign(kind=title, id=rows.index, name=known))

    def table(self) -> pd.DataFrame:
        old, new = self.rezoning.before, self.rezoning.after
        index = pd.Index(sorted(set(old.ids) | set(new.ids)), name="unit", dtype=object)
        table = pd.DataFrame(index=index)
        names = pd.concat([new["name"], old["name"]])
        table["name"] = names[~names.index.duplicated()].reindex(index)
        for when, units in (("before", old), ("after", new)):
            table[f"square_kilometres_{when}"] = (units.frame.geometry.area / 1e6).reindex(index)
        for title, values in self.columns.items():
            stands = (old if title.endswith("before") else new).ids
            table[title] = values.reindex(index).fillna(0).where(index.isin(stands))
        for when in ("before", "after"):
            if f"covered_{when}" in table:
                table[f"share_{when}"] = (table[f"covered_{when}"] / table[f"people_{when}"]).where(
                    table[f"people_{when}"] > 0
                )
        return table

    def moves(self) -> pd.DataFrame:
        if not self.flows:
            return pd.DataFrame(columns=["from", "to"])
        table = pd.concat(self.flows, axis=1).fillna(0).reset_index()
        return table.sort_values(["from", "to"], ignore_index=True)

    def touched(self) -> pd.DataFrame:
        columns = ["kind", "id", "name", "from", "to"]
        return pd.concat(self.lists, ignore_index=True)[columns] if self.lists else pd.DataFrame(columns=columns)


class _Points(Layer):
    """Any layer's middles, to be located."""


def _middles(layer: Layer) -> gpd.GeoDataFrame:
    shapes = layer.frame.geometry
    middles = shapes.representative_point().to_numpy()
    lines = shapes.geom_type.str.endswith("LineString").to_numpy()
    middles[lines] = shapely.line_interpolate_point(shapes.to_numpy()[lines], 0.5, normalized=True)
    return gpd.GeoDataFrame(index=layer.ids, geometry=middles, crs=layer.crs)


def _one_level(units: Units) -> gpd.GeoDataFrame:
    if len(units.levels) != 1:
        raise QuestionError(f"a rezoning is of units of one level, not {', '.join(units.levels)}; take units.at(level)")
    return units.frame


def _known(frame: gpd.GeoDataFrame, ids: Iterable[str]) -> None:
    if unknown := sorted(set(ids) - set(frame.index)):
        raise IdError(f"no unit {unknown[0]!r} among {len(frame)}; they are {', '.join(map(str, frame.index[:5]))} …")


def _with(frame: gpd.GeoDataFrame, one: str, shape: BaseGeometry, name: str | None) -> gpd.GeoDataFrame:
    after = frame.copy()
    shapes = after.geometry.to_numpy().copy()
    shapes[after.index.get_loc(one)] = shape
    after.geometry = shapes
    if name is not None:
        after.loc[one, "name"] = name
    return after


def _polygons(shape: BaseGeometry) -> BaseGeometry:
    """Only the land of a shape, without the lines and points that cutting borders leaves."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 0]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
