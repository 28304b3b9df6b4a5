"""Candidates: where a service could open."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import MultiPolygon, Polygon

from planner.area import Units
from planner.arrays import Mask, Points
from planner.demand import Demand
from planner.errors import CrsError, QuestionError
from planner.network import Network
from planner.roads import Roads
from planner.sites import Sites


def candidate_sites(
    network: Network,
    people: Demand,
    *,
    spacing_metres: float,
    service: str = "meal_station",
    within: Polygon | MultiPolygon | None = None,
    outside: Sequence[Polygon | MultiPolygon] = (),
    near_metres: float | None = None,
    roads: Roads | None = None,
) -> Sites:
    """Give candidate sites along the roads, one for every square of ``spacing_metres`` that people live in.

    A square's candidate is the place on a road nearest to its people's centre. Only roads of the network's
    largest piece count, ``within`` a polygon and ``outside`` the masks given, and only places within
    ``near_metres`` (by default the spacing) of the people. IDs come from the place (``road:x_y`` in whole
    metres), so that the same roads give the same candidates again; with ``roads``, the layer the network was built
    from, they are named by the road they stand on. Raises `QuestionError` for a spacing that is not above 0 and
    `CrsError` where network and people disagree.
    """
    if not 0 < spacing_metres < float("inf"):
        raise QuestionError(f"spacing_metres must be a number above 0, not {spacing_metres!r}")
    if network.crs != people.crs:
        raise CrsError(f"people are in {people.crs.to_string()}, the network in {network.crs.to_string()}")
    roadside = _roadside(network, spacing_metres / 4)
    roadside = roadside[_allowed(roadside, within, outside)]
    near = spacing_metres if near_metres is None else near_metres
    sites = _sites(_one_a_square(roadside, people, spacing_metres, near), people, service, "road")
    return sites if roads is None or "name" not in roads else _named_by_road(sites, network, roads)


def candidates_from_people(
    people: Demand,
    *,
    count: int,
    service: str = "meal_station",
    seed: int = 0,
    within: Polygon | MultiPolygon | None = None,
    outside: Sequence[Polygon | MultiPolygon] = (),
) -> Sites:
    """Give candidate sites at the centres of population clusters (weighted k-means, Lloyd 1982).

    Each candidate stands at the demand point nearest to its cluster's centre, never in a field between two
    villages. ``count`` is how many clusters; fewer candidates come back where masks exclude some.
    """
    lived_in = np.flatnonzero(people.people > 0)
    if not 1 <= count <= len(lived_in):
        raise QuestionError(f"count must be from 1 to the {len(lived_in):,} points where people live, not {count!r}")
    from scipy.spatial import KDTree
    from sklearn.cluster import KMeans

    xy, weights = people.xy[lived_in], people.people[lived_in]
    means = KMeans(n_clusters=count, n_init=1, random_state=seed).fit(xy, sample_weight=weights)
    homes = xy[np.unique(KDTree(xy).query(means.cluster_centers_)[1])]
    return _sites(homes[_allowed(homes, within, outside)], people, service, "people")


def candidates_in_squares(
    people: Demand,
    *,
    spacing_metres: float,
    service: str = "meal_station",
    within: Polygon | MultiPolygon | None = None,
    outside: Sequence[Polygon | MultiPolygon] = (),
) -> Sites:
    """Give candidate sites where people live, one for every square of ``spacing_metres``: for areas without roads.

    A square's candidate is the demand point nearest to its people's centre.
    """
    if not 0 < spacing_metres < float("inf"):
        raise QuestionError(f"spacing_metres must be a number above 0, not {spacing_metres!r}")
    homes = people.xy[people.people > 0]
    homes = homes[_allowed(homes, within, outside)]
    return _sites(_one_a_square(homes, people, spacing_metres, spacing_metres), people, service, "people")


def candidates_in_units(people: Demand, units: Units, *, level: str, service: str = "meal_station") -> Sites:
    """Give one candidate site in every unit of a level, so that each can have one of its own (一镇一站).

    It is the demand point nearest to the unit's people's centre; where nobody is known to live, a place inside the unit.
    Raises `QuestionError` for a level the units do not have.
    """
    if level not in units.levels:
        raise QuestionError(f"the area has no units of level {level!r}, only {', '.join(units.levels)}")
    polygons = units.frame[units["level"] == level].geometry
    at = np.array(shapely.get_coordinates(shapely.point_on_surface(polygons.to_numpy())))
    unit = units.locate(people, level)
    lived_in = np.flatnonzero(unit.notna().to_numpy() & (people.people > 0))
    for name, rows in pd.Series(lived_in).groupby(unit.to_numpy()[lived_in]):
        xy = people.xy[rows]
        centre = np.average(xy, axis=0, weights=people.people[rows])
        at[polygons.index.get_loc(name)] = xy[np.argmin(np.hypot(*(xy - centre).T))]
    ids = pd.Index([f"unit:{code}" for code in units["code"][polygons.index]], name="id", dtype=object)
    data = {"name": [f"{name}候选点" for name in units["name"][polygons.index]], "service": service, "existing": False}
    return Sites(gpd.GeoDataFrame(data, geometry=shapely.points(at), index=ids, crs=people.crs))


def candidates_from_hosts(
    hosts: Sites, *, within: Polygon | MultiPolygon | None = None, outside: Sequence[Polygon | MultiPolygon] = ()
) -> Sites:
    """Give host buildings as candidates: the buildings of a file read with ``read_sites(..., existing=False)``."""
    if hosts["existing"].astype(bool).any():
        raise QuestionError("host buildings must be read with existing=False; some of these stand as existing sites")
    keep = _allowed(hosts.xy, within, outside)
    frame = hosts.frame[keep]
    return Sites(frame.assign(host=frame["host"] if "host" in frame else frame["name"]), report=hosts.report)


def _roadside(network: Network, step_metres: float) -> Points:
    """Places along every road of the largest piece that points may hang on, no farther apart than the step."""
    usable = np.flatnonzero(network.attaches & (network.pieces[network.tail] == 0))
    parts = np.maximum(1, np.ceil(network.metres[usable] / step_metres)).astype(np.int64) + 1
    line = np.repeat(usable, parts)
    within_line = np.arange(len(line)) - np.repeat(np.cumsum(parts) - parts, parts)
    fraction = within_line / np.repeat(parts - 1, parts)
    return np.unique(
        shapely.get_coordinates(shapely.line_interpolate_point(network.lines[line], fraction, normalized=True)), axis=0
    )


def _named_by_road(sites: Sites, network: Network, roads: Roads) -> Sites:
    """Name each candidate by its road and a number along the list; one on a nameless road keeps its own name."""
    frame = sites.frame
    road = network.road[network.attach(sites.xy).edge]
    names = roads["name"].iloc[road].fillna("").astype(str).to_numpy(dtype=object)
    number = pd.Series(names).groupby(names).cumcount() + 1
    told = [f"{name}候选点{n}" if name else own for name, n, own in zip(names, number, frame["name"], strict=True)]
    return Sites(frame.assign(name=told), report=sites.report)


def _allowed(xy: Points, within: Polygon | MultiPolygon | None, outside: Sequence[Polygon | MultiPolygon]) -> Mask:
    allowed = np.ones(len(xy), bool)
    if within is not None:
        shapely.prepare(within)
        allowed &= shapely.intersects_xy(within, xy)
    for mask in outside:
        shapely.prepare(mask)
        allowed &= ~shapely.intersects_xy(mask, xy)
    return allowed


def _one_a_square(roadside: Points, people: Demand, spacing: float, near: float) -> Points:
    from scipy.spatial import KDTree

    lived_in = people.people > 0
    if not len(roadside) or not lived_in.any():
        return np.empty((0, 2))
    xy, weights = people.xy[lived_in], people.people[lived_in]
    square = np.floor(xy / spacing).astype(np.int64)
    _, group = np.unique(square, axis=0, return_inverse=True)
    total = np.bincount(group, weights)
    centre = np.column_stack([np.bincount(group, weights * xy[:, axis]) / total for axis in (0, 1)])
    metres, nearest = KDTree(roadside).query(centre)
    return roadside[np.unique(nearest[metres <= near])]


def _sites(xy: Points, people: Demand, service: str, origin: str) -> Sites:
    ids = pd.Index([f"{origin}:{x:.0f}_{y:.0f}" for x, y in xy], name="id", dtype=object)
    geometry = gpd.GeoSeries(shapely.points(xy), index=ids, crs=people.crs)
    geometry = geometry[~ids.duplicated()].sort_index()
    names = [f"候选点{number:04d}" for number in range(1, len(geometry) + 1)]
    data = {"name": names, "service": service, "existing": False}
    return Sites(gpd.GeoDataFrame(data, geometry=geometry, index=geometry.index))
