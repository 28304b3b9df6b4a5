"""Graphs of osmnx as roads: from its GraphML files, or fresh from a server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from planner.area import StudyArea
from planner.arrays import Lines
from planner.errors import DataError, SourceError
from planner.roads import Roads
from planner.sources.ledger import Ledger
from planner.sources.osm.files import Extract
from planner.sources.osm.metric import DEGREES, chosen_crs, moved
from planner.sources.osm.tags import KEPT, attributes, is_road, not_understood, table_of
from planner.sources.records import Records
from planner.sources.shapes import within

if TYPE_CHECKING:
    import networkx as nx

SEVERAL = ("[", "{")


def read_graphml(extract: Extract, *, area: StudyArea | None, crs: CRS | str | int | None) -> Roads:
    """Read roads from GraphML that ``osmnx.save_graphml`` wrote; raises `SourceError` for other GraphML."""
    import osmnx

    name = extract.path.name
    try:
        graph = osmnx.load_graphml(extract.path)
    except Exception as error:  # a parser of text others wrote fails in many ways
        raise SourceError(f"{name} cannot be read as GraphML of osmnx: {error}") from error
    if "crs" not in graph.graph or not graph.number_of_edges():
        raise SourceError(f"{name} is GraphML, but not a street network written by osmnx (it needs a crs and edges)")
    return roads_of_graph(graph, file=name, sha256=extract.sha256, area=area, crs=crs)


def roads_of_graph(
    graph: nx.MultiDiGraph[Any], *, file: str, sha256: str, area: StudyArea | None, crs: CRS | str | int | None
) -> Roads:
    """Roads from a graph of osmnx, the two directions of a street as one row."""
    said = CRS.from_user_input(graph.graph["crs"])
    edges = _once_a_street(graph)
    lines = np.array([_line(graph, start, end, data) for start, end, data in edges], dtype=object)
    bounds = np.array([(data["x"], data["y"]) for _, data in graph.nodes(data=True)], dtype=float)
    target = chosen_crs(area, crs, bounds if said.is_geographic else moved(bounds, said, DEGREES))
    lines = gpd.GeoSeries(lines, crs=said).to_crs(target).to_numpy()
    return _accounted(edges, lines, Source(file, sha256, said), area, target)


class Source:
    """Where a graph came from: its file, that file's hash, and the CRS it is in."""

    def __init__(self, file: str, sha256: str, crs: CRS) -> None:
        self.file, self.sha256, self.crs = file, sha256, crs


Edge = tuple[Any, Any, Mapping[str, Any]]


def _accounted(edges: list[Edge], lines: Lines, source: Source, area: StudyArea | None, target: CRS) -> Roads:
    table = table_of([_text_tags(data) for _, _, data in edges])
    table["oneway"] = ["yes" if data.get("both") is False else "no" for _, _, data in edges]
    rows = np.arange(1, len(edges) + 1)
    facts = {"format": "osmnx graph", "crs": f"{source.crs.to_string()} (the graph's own)"}
    ledger = Ledger(Records(source.file, "edges", table, rows, lines, source.crs, facts, sha256=source.sha256))
    ledger.quarantine(~is_road(table["highway"]), "value.missing", column="highway")
    ledger.quarantine(shapely.length(lines) == 0, "geometry.empty")
    if area is not None:
        within(lines, ledger, area.wide)
    if not ledger.standing.any():
        raise DataError(f"{source.file}: no road lies in {area.name if area else 'the graph'} or its buffer")
    odd = not_understood(table["maxspeed"]) & ledger.standing
    ledger.repair(odd, "value.unknown", "maxspeed", before=table["maxspeed"].to_numpy()[odd], after="")
    frame = attributes(table).drop(columns="turned")
    frame["from_node"] = [f"osm:node/{start}" for start, _, _ in edges]
    frame["to_node"] = [f"osm:node/{end}" for _, end, _ in edges]
    frame.index = _names(edges)
    at = ledger.positions
    return Roads(gpd.GeoDataFrame(frame.iloc[at], geometry=lines[at], crs=target), report=ledger.report())


def _names(edges: Iterable[Edge]) -> pd.Index:
    """``osm:way/12#1``, by the way an edge is part of (the first of several) and the order of nodes."""
    ways = [str(min(_listed(data.get("osmid", 0)), key=str)) for _, _, data in edges]
    order = sorted(range(len(ways)), key=lambda at: (ways[at], str(edges[at][0]), str(edges[at][1]), at))  # type: ignore[index]
    number = pd.Series([ways[at] for at in order]).groupby([ways[at] for at in order]).cumcount().to_numpy() + 1
    names = np.empty(len(ways), dtype=object)
    names[order] = [f"osm:way/{ways[at]}#{nth}" for at, nth in zip(order, number, strict=True)]
    return pd.Index(names, name="id", dtype=object)


def _once_a_street(graph: nx.MultiDiGraph[Any]) -> list[Edge]:
    """Edges in order of their nodes; of two that run the same course both ways only one, marked ``both``."""
    seen: dict[tuple[Any, ...], dict[str, Any]] = {}
    found: list[Edge] = []
    for start, end, data in sorted(graph.edges(data=True), key=lambda edge: (str(edge[0]), str(edge[1]))):
        shape = _line(graph, start, end, data)
        way = str(sorted(_listed(data.get("osmid")), key=str))
        here = (start, end, way, shapely.to_wkb(shape))
        back = (end, start, way, shapely.to_wkb(shapely.reverse(shape)))
        if back in seen and back != here:
            seen[back]["both"] = True
        else:
            seen[here] = {**data, "both": data.get("oneway") is not True}
            found.append((start, end, seen[here]))
    return found


def _line(graph: nx.MultiDiGraph[Any], start: object, end: object, data: Mapping[str, Any]) -> shapely.LineString:
    if "geometry" in data:
        line: shapely.LineString = data["geometry"]
        return line
    ends = graph.nodes[start], graph.nodes[end]
    return shapely.LineString([(float(node["x"]), float(node["y"])) for node in ends])


def _text_tags(data: Mapping[str, Any]) -> dict[str, str]:
    """Tags as text; of several values, as simplification leaves them, the first for classes, all for speeds."""
    tags = {}
    for key in KEPT:
        values = [str(one) for one in _listed(data.get(key, "")) if one is not None]
        tags[key] = ";".join(values) if key == "maxspeed" else next(iter(sorted(values)), "")
    return tags


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set) else [value]
