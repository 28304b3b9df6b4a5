"""A hand-drawn town: builders of small roads, people, sites and units, in metres from its south-west corner."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
from shapely import LineString, Point, box

from planner.area import Units
from planner.demand import Demand
from planner.roads import Roads
from planner.sites import Sites

CRS = "EPSG:4549"  # CGCS2000, three-degree zone of 120° E
WEST, SOUTH = 500_000.0, 4_000_000.0


def roads_of(lines: list[list[tuple[float, float]]], **columns: object) -> Roads:
    """Roads from corner lists in metres from the town's south-west corner."""
    geometry = [LineString([(WEST + x, SOUTH + y) for x, y in line]) for line in lines]
    count = len(lines)
    given = {"road_class": "residential", "oneway": False} | columns
    data = {k: v if isinstance(v, list) else [v] * count for k, v in given.items()}
    ids = pd.Index([f"road:{at}" for at in range(count)], name="id", dtype=object)
    return Roads(gpd.GeoDataFrame(data, geometry=geometry, index=ids, crs=CRS))


def demand_of(places: list[tuple[float, float]], people: list[float] | None = None) -> Demand:
    """Demand at places in metres from the corner; one person each unless told."""
    amounts = [1.0] * len(places) if people is None else people
    ids = pd.Index([f"home:{at}" for at in range(len(places))], name="id", dtype=object)
    return Demand(gpd.GeoDataFrame({"people": amounts}, geometry=points_at(places), index=ids, crs=CRS))


def sites_of(places: list[tuple[float, float]], *, existing: bool = False, prefix: str = "site") -> Sites:
    """Sites at places in metres from the corner."""
    ids = pd.Index([f"{prefix}:{at}" for at in range(len(places))], name="id", dtype=object)
    data = {"name": [f"{prefix} {at}" for at in range(len(places))], "service": "meal_station", "existing": existing}
    return Sites(gpd.GeoDataFrame(data, geometry=points_at(places), index=ids, crs=CRS))


def points_at(places: list[tuple[float, float]]) -> list[Point]:
    """Points in metres from the corner."""
    return [Point(WEST + x, SOUTH + y) for x, y in places]


def units_of(*rows: tuple[str, str, str, str, tuple[float, float, float, float]]) -> Units:
    """Units from (code, name, level, parent, (west, south, east, north) in metres from the corner)."""
    frame = gpd.GeoDataFrame(
        {name: [row[at] for row in rows] for at, name in enumerate(("code", "name", "level", "parent"))},
        geometry=[box(WEST + w, SOUTH + s, WEST + e, SOUTH + n) for *_, (w, s, e, n) in rows],
        index=pd.Index([f"unit:{row[0]}" for row in rows], name="id", dtype=object),
        crs=CRS,
    )
    return Units(frame)
