"""Candidates: where a service could open."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import MultiPolygon, Polygon

from planner.arrays import Points
from planner.demand import Demand
from planner.errors import QuestionError
from planner.layers import Layer, same_crs
from planner.network import Network
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
) -> Sites:
    """Give candidate sites along the roads, one in every square of ``spacing_metres`` that people live near.

    A square's candidate is the road node nearest to its people's centre, so that candidates stand on corners
    where people are. Only squares with people count, and only nodes within ``near_metres`` (by default the
    spacing) of them, ``within`` a polygon and ``outside`` the masks given. IDs come from the place
    (``road:x_y`` in whole metres), so that the same roads give the same candidates again. Raises `QuestionError`
    for a spacing that is not above 0 and `CrsError` where network and people disagree.
    """
    if not 0 < spacing_metres < float("inf"):
        raise QuestionError(f"spacing_metres must be a number above 0, not {spacing_metres!r}")
    if network.crs != people.crs:
        same_crs(people, _NodesOf(network))
    nodes = _usable_nodes(network, within, outside)
    if not len(nodes):
        return _sites(np.empty((0, 2)), people, service, "road")
    near = spacing_metres if near_metres is None else near_metres
    return _sites(_one_a_square(nodes, people, spacing_metres, near), people, service, "road")


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
    from sklearn.cluster import KMeans

    xy, weights = people.xy[lived_in], people.people[lived_in]
    means = KMeans(n_clusters=count, n_init=1, random_state=seed).fit(xy, sample_weight=weights)
    from scipy.spatial import KDTree

    homes = xy[np.unique(KDTree(xy).query(means.cluster_centers_)[1])]
    return _sites(homes[_allowed(homes, within, outside)], people, service, "people")


def candidates_from_hosts(
    hosts: Sites, *, within: Polygon | MultiPolygon | None = None, outside: Sequence[Polygon | MultiPolygon] = ()
) -> Sites:
    """Give host buildings as candidates: the buildings of a file read with ``read_sites(..., existing=False)``."""
    if hosts["existing"].astype(bool).any():
        raise QuestionError("host buildings must be read with existing=False; some of these stand as existing sites")
    keep = _allowed(hosts.xy, within, outside)
    frame = hosts.frame[keep]
    return Sites(frame.assign(host=frame["host"] if "host" in frame else frame["name"]), report=hosts.report)


class _NodesOf(Layer):
    """The network's CRS as a layer, so that a mismatch is told in the one way it is told everywhere."""

    def __init__(self, network: Network) -> None:
        self._frame = gpd.GeoDataFrame(geometry=[], crs=network.crs)


def _usable_nodes(
    network: Network, within: Polygon | MultiPolygon | None, outside: Sequence[Polygon | MultiPolygon]
) -> Points:
    """Nodes of the largest connected piece with an edge that points may hang on."""
    ends = np.unique(np.concatenate([network.tail[network.attaches], network.head[network.attaches]]))
    ends = ends[network.pieces[ends] == 0]
    xy = network.xy[ends]
    return xy[_allowed(xy, within, outside)]


def _allowed(
    xy: Points, within: Polygon | MultiPolygon | None, outside: Sequence[Polygon | MultiPolygon]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    allowed = np.ones(len(xy), bool)
    if within is not None:
        shapely.prepare(within)
        allowed &= shapely.intersects_xy(within, xy)
    for mask in outside:
        shapely.prepare(mask)
        allowed &= ~shapely.intersects_xy(mask, xy)
    return allowed


def _one_a_square(nodes: Points, people: Demand, spacing: float, near: float) -> Points:
    from scipy.spatial import KDTree

    lived_in = people.people > 0
    xy, weights = people.xy[lived_in], people.people[lived_in]
    square = np.floor(xy / spacing).astype(np.int64)
    _, group = np.unique(square, axis=0, return_inverse=True)
    total = np.bincount(group, weights)
    centre = np.column_stack([np.bincount(group, weights * xy[:, axis]) / total for axis in (0, 1)])
    metres, nearest = KDTree(nodes).query(centre)
    return nodes[np.unique(nearest[metres <= near])]


def _sites(xy: Points, people: Demand, service: str, origin: str) -> Sites:
    ids = [f"{origin}:{x:.0f}_{y:.0f}" for x, y in xy]
    frame = gpd.GeoDataFrame(
        {"name": _names(len(xy)), "service": service, "existing": False},
        geometry=gpd.points_from_xy(xy[:, 0], xy[:, 1]),
        index=pd.Index(ids, name="id", dtype=object),
        crs=people.crs,
    )
    return Sites(frame[~frame.index.duplicated()].sort_index())


def _names(count: int) -> list[str]:
    return [f"候选点{number:04d}" for number in range(1, count + 1)]
