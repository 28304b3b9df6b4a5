"""Layers of a page: people, roads, units, stations and extra areas, packed."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from planner.area import Units
from planner.arrays import Lines, Positions
from planner.coverage import Coverage
from planner.demand import Demand
from planner.facts import Facts, time_classes
from planner.facts.lists import lonlat
from planner.maps.packing import STEPS, Box, pack, pack_lines
from planner.maps.picture import small_picture
from planner.network import Network
from planner.routing.reach import is_within

NEVER = 65535
"""Build step of a point that no station ever reaches."""

ROAD_RANKS = {
    **dict.fromkeys(("motorway", "trunk", "motorway_link", "trunk_link"), 0),
    **dict.fromkeys(("primary", "primary_link"), 1),
    **dict.fromkeys(("secondary", "secondary_link", "tertiary", "tertiary_link"), 2),
}
MINOR_ROAD = 3
SIMPLIFY_METRES = 4.0
PEOPLE_SIZES = 4


def build_steps(facts: Facts) -> npt.NDArray[np.uint16]:
    """For each travel-time class and point, after how many new stations it is reached so soon, ``(classes, points)``.

    0 is today, `NEVER` never; the page so shows any stage of building without searching.
    """
    coverage = facts.coverage
    order = np.full(len(coverage.sites), NEVER, np.int64)
    kept = facts.plan.scenario.kept if facts.plan is not None else coverage.sites["existing"].to_numpy(dtype=bool)
    order[kept & ~coverage.sites.ids.isin(facts.secret)] = 0  # what a secret station serves is not drawn
    order[coverage.sites.positions(facts.new_sites.index)] = facts.new_sites["rank"].to_numpy(dtype=int)
    pairs = np.flatnonzero((order < NEVER)[coverage.site])
    steps = np.full((3, len(coverage.demand)), NEVER, np.uint16)
    for row, bound in enumerate(time_classes(coverage.limit)):
        near = pairs if row == 2 else pairs[is_within(coverage.minutes[pairs], bound)]  # all pairs are within the limit
        np.minimum.at(steps[row], coverage.points[near], order[coverage.site[near]].astype(np.uint16))
    return steps


def people_layer(facts: Facts, box: Box) -> dict[str, Any]:
    """Every populated point: place, build steps, whether connected, and a size class of its people."""
    coverage = facts.coverage
    shown, arrays = people_places(coverage.demand, box)
    steps = build_steps(facts)[:, shown]
    arrays |= {f"step{row}": steps[row].copy() for row in range(3)}
    packed = pack({**arrays, "offline": (~coverage.connected[shown]).astype(np.uint8)}, deltas=("x", "y"))
    return {**packed, "side": _spacing(coverage), "classes": time_classes(coverage.limit)}


def people_picture(facts: Facts, box: Box, colours: list[str]) -> str:
    """The same people as a small picture, as they are once everything is built."""
    shown, arrays = people_places(facts.coverage.demand, box)
    reached = build_steps(facts)[:, shown] < NEVER
    kinds = [*reached, facts.coverage.connected[shown]]
    at = np.column_stack([arrays["x"], arrays["y"]])
    return small_picture(at, np.select(kinds, [0, 1, 2, 3], default=4), colours)


def sites_picture(facts: Facts, box: Box) -> str:
    """The stations alone as a small picture, new ones last."""
    tables = [facts.new_sites, facts.existing_sites]
    at = np.array([place for table in tables if len(table) for place in site_layer(table, box)], np.int64)
    kind = np.repeat([0, 1], [len(table) for table in tables])
    return small_picture(at.reshape(-1, 2), kind, ["#8a0f6b", "#1d2b36"])


def people_places(demand: Demand, box: Box) -> tuple[Positions, dict[str, npt.NDArray[Any]]]:
    """Populated points row by row from the north, which packs best: their positions, and ``x``, ``y`` and ``size``."""
    shown = np.flatnonzero(demand.people > 0)
    at = box.steps(lonlat(demand))[shown]
    order = np.lexsort((at[:, 0], at[:, 1]))
    sizes = _size_classes(demand.people[shown[order]])
    return shown[order], {"x": at[order, 0].copy(), "y": at[order, 1].copy(), "size": sizes}


def _size_classes(people: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    if not len(people):
        return np.empty(0, np.uint8)
    bounds = np.quantile(people, [0.25, 0.5, 0.8])
    return np.searchsorted(bounds, people, side="left").astype(np.uint8)


def _spacing(coverage: Coverage) -> float:
    """Usual distance in metres between neighbouring points: the side a cell is drawn with."""
    xy = coverage.demand.xy
    if len(xy) < 2:
        return 100.0
    sample = xy[:: max(1, len(xy) // 2000)]
    near = cKDTree(xy).query(sample, k=2)[0][:, 1]
    return float(np.clip(np.median(near[near > 0]) if (near > 0).any() else 100.0, 10.0, 2000.0))


def road_layer(network: Network, box: Box) -> dict[str, Any]:
    """Roads by class, each street once, simplified to what a screen shows."""
    ranks = np.array([ROAD_RANKS.get(str(name), MINOR_ROAD) for name in network.road_class], np.uint8)
    _, first = np.unique(shapely.to_wkb(shapely.normalize(network.lines)), return_index=True)
    first = first[np.lexsort((first, ranks[first]))]
    lines = shapely.simplify(network.lines[first], SIMPLIFY_METRES, preserve_topology=False)
    return pack_lines(lines, network.crs, box, rank=ranks[first])


def unit_layer(units: Units, box: Box) -> tuple[dict[str, Any], pd.DataFrame]:
    """Rings of every unit, widest level first, and its label point (``x``, ``y`` in steps) by unit ID."""
    frame = pd.concat([units.at(level).frame for level in units.levels])
    shapes = pd.Series(index=frame.index, dtype=object)
    for level in units.levels:
        rows = frame.index[frame["level"] == level]
        shapes.loc[rows] = shapely.coverage_simplify(frame.loc[rows].geometry.to_numpy(), SIMPLIFY_METRES * 2)
    rings, owner = _rings(shapes.to_numpy(dtype=object))
    labels = gpd.GeoSeries(shapely.point_on_surface(frame.geometry.to_numpy()), index=frame.index, crs=units.crs)
    turned = labels.to_crs(4326)
    at = box.steps(np.column_stack([turned.x, turned.y]))
    places = pd.DataFrame({"x": at[:, 0], "y": at[:, 1]}, index=frame.index).join(
        frame[["code", "name", "level", "parent"]]
    )
    packed = pack_lines(rings, units.crs, box, owner=owner.astype(np.uint16))
    return {**packed, "bounds": _extents(frame, box)}, places


def _extents(frame: gpd.GeoDataFrame, box: Box) -> list[list[int]]:
    """West, north, east and south of every unit, in steps."""
    edges = frame.to_crs(4326).bounds.to_numpy()
    low, high = box.steps(edges[:, [0, 3]]), box.steps(edges[:, [2, 1]])
    extents: list[list[int]] = np.column_stack([low, high]).tolist()
    return extents


def area_layer(shapes: gpd.GeoDataFrame, box: Box) -> dict[str, Any]:
    """Rings of an extra layer of areas, such as water or green space."""
    geometry = shapely.simplify(shapes.geometry.to_numpy(), SIMPLIFY_METRES)
    rings, owner = _rings(geometry)
    return pack_lines(rings, shapes.crs, box, owner=owner.astype(np.int32))


def _rings(shapes: Lines) -> tuple[Lines, Positions]:
    """Exterior and interior rings of polygons, and the row each belongs to."""
    parts, row = shapely.get_parts(shapes, return_index=True)
    polygons = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings, part = shapely.get_rings(parts[polygons], return_index=True)
    return rings, row[polygons][part]


def site_layer(table: pd.DataFrame, box: Box) -> list[list[int]]:
    """Place of each station of a table with ``longitude`` and ``latitude``, in steps."""
    steps: list[list[int]] = box.steps(table[["longitude", "latitude"]].to_numpy(dtype=float)).tolist()
    return steps


def spacing_steps(sites: list[dict[str, Any]]) -> float:
    """Usual distance in steps between neighbouring new stations, which decides the size they are drawn at."""
    at = np.array([[site["x"], site["y"]] for site in sites if site["kind"] == "added"])
    return float(np.median(cKDTree(at).query(at, k=2)[0][:, 1])) if len(at) > 1 else float(STEPS)


def named_points(places: gpd.GeoDataFrame | None, box: Box) -> list[list[Any]]:
    """Place names as ``[name, x, y]``, from points with a ``name`` column."""
    if places is None or places.empty:
        return []
    turned = gpd.GeoSeries(places.geometry.representative_point(), crs=places.crs).to_crs(4326)
    at = box.steps(np.column_stack([turned.x, turned.y]))
    return [[str(name), int(x), int(y)] for name, (x, y) in zip(places["name"], at, strict=True)]
