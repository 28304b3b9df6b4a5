"""Fetching: roads of an area from an Overpass server, through osmnx. The one source that uses the network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer

from planner.area import StudyArea
from planner.errors import QuestionError, SourceError
from planner.roads import Roads
from planner.sources.osm.graphs import roads_of_graph
from planner.sources.osm.tags import KEPT

if TYPE_CHECKING:
    import networkx as nx

ENDPOINT = "https://overpass-api.de/api"
MARGIN_METRES = 500.0  # osmnx leaves out lines that cross a corner with both ends outside; they are asked for as well


def fetch_roads(area: StudyArea, *, endpoint: str = ENDPOINT, timeout: float = 180) -> Roads:
    """Fetch roads and paths of the area and its buffer from an Overpass server, with the tags that `read_osm` reads.

    Nothing is cached; save what you got with `planner.write`. ``timeout`` is in seconds, for each request. Raises
    `SourceError` where the server cannot be reached, refuses, or knows no roads there.
    """
    if not endpoint.startswith(("http://", "https://")):
        raise QuestionError(f"endpoint must be the http address of an Overpass server, not {endpoint!r}")
    polygon = _in_degrees(area)
    try:
        with _settings(
            overpass_url=endpoint, requests_timeout=timeout, requests_kwargs={"hooks": {"response": _refuse}}
        ):
            graph = _graph(polygon)
    except Exception as error:  # osmnx, requests and what the server says fail in many ways
        raise SourceError(f"no roads of {area.name!r} could be fetched from {endpoint}: {error}") from error
    edges = sorted(f"{start} {end} {data.get('osmid')}" for start, end, data in graph.edges(data=True))
    content = hashlib.sha256("\n".join(edges).encode()).hexdigest()
    return roads_of_graph(graph, file=endpoint, sha256=content, area=area, crs=None)


def _graph(polygon: shapely.Polygon | shapely.MultiPolygon) -> nx.MultiDiGraph[Any]:
    import osmnx

    drawn = osmnx.graph_from_polygon(
        polygon, simplify=False, retain_all=True, truncate_by_edge=True, custom_filter='["highway"]'
    )
    return osmnx.simplify_graph(drawn, edge_attrs_differ=["osmid", "oneway"])


def _refuse(response: Any, *_: object, **__: object) -> None:
    """Stop at an answer that osmnx would take for whole, or wait for without end."""
    if not response.ok:
        raise SourceError(
            f"the server answers {response.status_code} {response.reason}; ask again later, or another one"
        )
    if (remark := "remark") in response.text[-2000:] and remark in (answer := response.json()):
        raise SourceError(f"the server gives only a part: {answer[remark]}; ask for a smaller area or a longer timeout")


def _in_degrees(area: StudyArea) -> shapely.Polygon | shapely.MultiPolygon:
    move = Transformer.from_crs(area.crs, 4326, always_xy=True)
    wide: shapely.Polygon | shapely.MultiPolygon = shapely.transform(
        area.wide.buffer(MARGIN_METRES), lambda xy: np.column_stack(move.transform(xy[:, 0], xy[:, 1]))
    )
    return wide


@contextmanager
def _settings(**changes: object) -> Iterator[None]:
    """Set osmnx's global settings, and put them back: planner leaves no state behind."""
    from osmnx import settings

    ours = {"use_cache": False, "overpass_rate_limit": False, "useful_tags_way": list(KEPT), **changes}
    before = {name: getattr(settings, name) for name in ours}
    for name, value in ours.items():
        setattr(settings, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
