"""Service areas: the land along the roads a site is reached from in time (服务区, isochrones)."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.compiling import compiling
from planner.errors import CrsError, QuestionError
from planner.layers import Layer
from planner.network import Attachment, Network
from planner.routing.outlines import Land, Outliner
from planner.routing.reached import Shapes, Stretches, Surroundings, Walker
from planner.routing.search import Progress
from planner.routing.terminals import Towards

SLIT_METRES = 0.5
"""Half the width of the strip along a road not reached that an area leaves out."""


def reached_roads(network: Network, sites: Layer, *, minutes: float, towards: Towards = "sites") -> gpd.GeoDataFrame:
    """Give the stretches of road within minutes of each site, cut exactly where the time is up.

    A row is a stretch: ``site`` (ID), ``edge``, ``start`` and ``end`` (fractions of the edge), ``metres``.
    """
    doors = _doors(network, sites)
    walker, shapes = Walker(network, doors, minutes=minutes, towards=towards), Shapes.of(network)
    site, found, lines = [], [np.empty((0, 3))], []
    for door, row in enumerate(walker.site_of):
        stretches = walker.stretches(door, minutes)
        stretches = stretches[np.lexsort((stretches[:, 1], stretches[:, 0]))]
        pieces = shapes.pieces(stretches)
        site += [sites.ids[row]] * len(stretches)
        found.append(stretches)
        straight: Any = shapely.linestrings(pieces[:, :4].reshape(-1, 2, 2))
        lines.append(shapely.line_merge(shapely.multilinestrings(straight, indices=pieces[:, 4].astype(int))))
    table = np.concatenate(found)
    data = {"site": site, "edge": table[:, 0].astype(int), "start": table[:, 1], "end": table[:, 2]}
    geometry = gpd.GeoSeries(np.concatenate([[], *lines]), crs=network.crs)
    frame = gpd.GeoDataFrame(data, geometry=geometry, crs=network.crs)
    frame["metres"] = frame.length
    return frame


def service_areas(
    network: Network,
    sites: Layer,
    *,
    minutes: Iterable[float] = (5, 10, 15),
    metres: float = 30.0,
    towards: Towards = "sites",
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Give the land within ``metres`` of the roads each site is reached from in time, one row a site and limit.

    Columns are ``site`` (ID), ``minutes``, ``square_metres`` and ``geometry``; areas of a site lie one within the
    next, largest first, so that they draw well. An area is the exact union of the buffered roads, to the millimetre,
    its round corners drawn in steps of 11°. A road that is not reached is never inside: a strip of a metre along it
    is left out. A site that is not connected has an empty area.
    """
    limits = sorted({float(limit) for limit in minutes}, reverse=True)
    if not limits or not all(0 < limit < np.inf for limit in (*limits, metres)):
        raise QuestionError("service_areas() needs minutes and metres that are numbers above 0")
    doors = _doors(network, sites)
    walker = Walker(network, doors, minutes=limits[0], towards=towards)
    drawer = _Drawer(network, metres)
    for door in range(len(walker.site_of)):
        with compiling() if not door else nullcontext():  # what takes long is the first site, where it does
            for limit in limits:
                drawer.draw(walker.stretches(door, limit))
        if progress:
            progress(door + 1, len(walker.site_of))
    areas = np.full((len(sites), len(limits)), shapely.MultiPolygon(), object)
    areas[walker.site_of] = np.array(drawer.outliner.areas(), object).reshape(-1, len(limits))
    ids = np.repeat(sites.ids.to_numpy(dtype=object), len(limits))
    data = {"site": ids, "minutes": np.tile(limits, len(sites)), "square_metres": shapely.area(areas.ravel())}
    names = [f"{site}@{limit:g}" for site, limit in zip(ids, data["minutes"], strict=True)]
    index = pd.Index(names, name="id", dtype=object)
    return gpd.GeoDataFrame(data, geometry=areas.ravel(), index=index, crs=network.crs)


def _doors(network: Network, sites: Layer) -> Attachment:
    if sites.crs != network.crs:
        raise CrsError(f"the sites are in {sites.crs.to_string()}, the network in {network.crs.to_string()}")
    return network.attach(sites.xy)


class _Drawer:
    """Turns stretches of road into areas."""

    def __init__(self, network: Network, metres: float) -> None:
        self.shapes, self.around = Shapes.of(network), Surroundings(network)
        self.outliner = Outliner(metres)

    def draw(self, stretches: Stretches) -> None:
        """Add the land along the stretches a site reaches."""
        pieces = self.shapes.pieces(stretches)
        gaps, half = self.around.unreached(
            stretches, pieces, metres=self.outliner.metres, slit_metres=min(SLIT_METRES, self.outliner.metres / 10)
        )
        self.outliner.add(Land(pieces, self.shapes.pieces(gaps), half.copy()))
