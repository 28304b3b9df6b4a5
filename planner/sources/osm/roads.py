"""Roads from OpenStreetMap: ways with a ``highway`` tag, cut where they share nodes."""

from __future__ import annotations

import os

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from planner.area import StudyArea
from planner.arrays import Lines, Mask, Points, Positions
from planner.errors import DataError
from planner.network.chains import Chains
from planner.roads import Roads
from planner.sources.ledger import Ledger
from planner.sources.osm.files import Extract, Kind, Ways, opened, ways
from planner.sources.osm.graphs import read_graphml
from planner.sources.osm.metric import DEGREES, chosen_crs, moved
from planner.sources.osm.tags import attributes, is_road, not_understood, table_of
from planner.sources.records import Records


def read_osm(
    path: str | os.PathLike[str], *, area: StudyArea | None = None, crs: CRS | str | int | None = None
) -> Roads:
    """Read roads and paths from OpenStreetMap: ``.osm.pbf``, ``.osm`` (XML), or GraphML written by osmnx.

    Ways are cut at nodes that two of them, or one of them twice, pass through; pieces are called ``osm:way/12#1`` and
    keep their nodes (``osm:node/7``) as ``from_node`` and ``to_node``, so that bridges never join what is below.
    With an ``area`` they are measured in its CRS and kept, whole, where they touch the area or its buffer;
    otherwise in ``crs``, or the local one. ``.report`` accounts for every way. Raises `SourceError` for a file that
    is damaged, dangerous or of another kind, `DataError` where no road is left.
    """
    extract = opened(path)
    if extract.kind is Kind.GRAPHML:
        return read_graphml(extract, area=area, crs=crs)
    found = ways(extract, "highway")
    table = table_of(found.tags)
    roads = is_road(table["highway"])
    if not roads.any():
        raise DataError(f"{extract.path.name} holds no roads: no way in it has a highway tag")
    target = chosen_crs(area, crs, found.lonlat)
    return _roads(extract, _only(found, np.flatnonzero(roads)), table[roads].reset_index(drop=True), target, area)


def _only(found: Ways, rows: Positions) -> Ways:
    chains = Chains(found.lonlat, found.nodes, found.starts).taken(rows)
    return Ways(found.ids[rows], [found.tags[row] for row in rows], chains.vertex, chains.xy, chains.starts)


def _roads(extract: Extract, found: Ways, table: pd.DataFrame, target: CRS, area: StudyArea | None) -> Roads:
    runs, way = _located(found, moved(found.lonlat, DEGREES, target))
    lines = runs.lines
    ledger = _ledger(extract, found, table, lines, way)
    ledger.quarantine(~_among(way, len(table)), "geometry.empty")
    if area is not None:
        near = np.zeros(len(table), bool)
        shapely.prepare(area.wide)
        near[way[shapely.intersects(area.wide, lines)]] = True
        ledger.quarantine(~near, "place.outside")
    if not ledger.standing.any():
        raise DataError(f"{extract.path.name}: no road lies in {area.name if area else 'the file'} or its buffer")
    odd = not_understood(table["maxspeed"]) & ledger.standing
    ledger.repair(odd, "value.unknown", "maxspeed", before=table["maxspeed"].to_numpy()[odd], after="")
    kept = np.flatnonzero(ledger.standing[way])
    pieces, origin = _cut(runs.taken(kept), way[kept])
    ledger.fact("pieces", f"{len(pieces):,} between {len(np.unique([pieces.first, pieces.last])):,} nodes")
    return Roads(_frame(pieces, origin, found, attributes(table), target), report=ledger.report())


def _located(found: Ways, xy: Points) -> tuple[Chains, Positions]:
    """Runs of nodes the extract holds and that differ from the one before, and the way of each run."""
    way = np.repeat(np.arange(len(found.ids)), np.diff(found.starts))
    here = np.isfinite(xy).all(axis=1)
    again = np.zeros(len(way), bool)
    again[1:] = (way[1:] == way[:-1]) & (found.nodes[1:] == found.nodes[:-1])
    kept = np.flatnonzero(here & ~again)
    broken = np.cumsum(~here)  # a run ends where a node is missing
    fresh = np.ones(len(kept), bool)
    fresh[1:] = (np.diff(way[kept]) != 0) | (np.diff(broken[kept]) != 0)
    starts = np.append(np.flatnonzero(fresh), len(kept))
    runs = Chains(xy[kept], found.nodes[kept], starts)
    long = np.flatnonzero((runs.corners > 1) & (runs.metres > 0))
    return runs.taken(long), way[kept][fresh][long]


def _cut(runs: Chains, way: Positions) -> tuple[Chains, Positions]:
    """Pieces between nodes that are passed more than once or end a run, and the way of each; none without length."""
    node, names = pd.factorize(runs.vertex)
    nodes = np.bincount(node) > 1
    coded = Chains(runs.xy, node, runs.starts)
    nodes[coded.first] = nodes[coded.last] = True
    pieces, run = coded.cut_at(nodes)
    named = Chains(pieces.xy, np.asarray(names)[pieces.vertex], pieces.starts)
    long = np.flatnonzero(named.metres > 0)
    return named.taken(long), way[run][long]


def _frame(pieces: Chains, way: Positions, found: Ways, told: pd.DataFrame, target: CRS) -> gpd.GeoDataFrame:
    number = pd.Series(way).groupby(way).cumcount().to_numpy() + 1
    ids = [f"osm:way/{found.ids[row]}#{nth}" for row, nth in zip(way, number, strict=True)]
    frame = told.iloc[way].set_axis(pd.Index(ids, name="id", dtype=object))
    turned = frame.pop("turned").to_numpy(dtype=bool)
    lines = pieces.lines
    lines[turned] = shapely.reverse(lines[turned])
    first = np.where(turned, pieces.last, pieces.first)
    last = np.where(turned, pieces.first, pieces.last)
    frame["from_node"] = [f"osm:node/{node}" for node in first]
    frame["to_node"] = [f"osm:node/{node}" for node in last]
    return gpd.GeoDataFrame(frame, geometry=lines, crs=target)


def _ledger(extract: Extract, found: Ways, table: pd.DataFrame, lines: Lines, way: Positions) -> Ledger:
    shapes = np.full(len(table), None, dtype=object)
    shapes[way] = lines
    rows = table.assign(osm_id=found.ids)
    facts = {"format": extract.kind.value, "crs": "EPSG:4326 (OpenStreetMap's)"}
    numbers = np.arange(1, len(rows) + 1)
    return Ledger(Records(extract.path.name, "highway", rows, numbers, shapes, DEGREES, facts, sha256=extract.sha256))


def _among(rows: Positions, count: int) -> Mask:
    present = np.zeros(count, bool)
    present[rows] = True
    return present
