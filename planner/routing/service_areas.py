"""Service areas: the land along the roads a site is reached from in time (服务区, isochrones)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.errors import CrsError, QuestionError
from planner.layers import Layer
from planner.network import Attachment, Network
from planner.routing.reached import Pieces, Shapes, Stretches, Walker, unreached
from planner.routing.search import Progress, compiling
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
        site += [sites.ids[row]] * len(stretches)
        found.append(stretches)
        lines += [shapely.line_merge(_lines(shapes.pieces(one[None]))) for one in stretches]
    table = np.concatenate(found)
    data = {"site": site, "edge": table[:, 0].astype(int), "start": table[:, 1], "end": table[:, 2]}
    frame = gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(lines, crs=network.crs), crs=network.crs)
    frame["metres"] = frame.length
    return frame


def service_areas(
    network: Network,
    sites: Layer,
    *,
    minutes: Iterable[float] = (5, 10, 15),
    exact: bool = False,
    metres: float = 30.0,
    cell_metres: float = 10.0,
    towards: Towards = "sites",
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Give the land within ``metres`` of the roads each site is reached from in time, one row a site and limit.

    Columns are ``site`` (ID), ``minutes``, ``square_metres`` and ``geometry``; areas of a site lie one within the
    next, largest first, so that they draw well. A road that is not reached is never inside: a thin strip along it
    is left out. Outlines follow a distance field on a grid of ``cell_metres``; ``exact=True`` gives the union of
    the buffered roads instead, some ten times slower. A site that is not connected has an empty area.
    """
    limits = sorted({float(limit) for limit in minutes}, reverse=True)
    if not limits or not all(0 < limit < np.inf for limit in (*limits, metres, cell_metres)):
        raise QuestionError("service_areas() needs minutes, metres and cell_metres that are numbers above 0")
    doors = _doors(network, sites)
    walker = Walker(network, doors, minutes=limits[0], towards=towards)
    drawer = _Drawer(network, Shapes.of(network), metres, cell_metres, exact)
    rings: dict[int, list[shapely.Geometry]] = {}
    with compiling():  # what takes long is the first site, where it does
        rings.update((int(row), drawer.rings([walker.stretches(0, at) for at in limits])) for row in walker.site_of[:1])
    for door, row in enumerate(walker.site_of):
        if door:
            rings[int(row)] = drawer.rings([walker.stretches(door, limit) for limit in limits])
        if progress:
            progress(door + 1, len(walker.site_of))
    nothing = [shapely.MultiPolygon()] * len(limits)
    geometry = [area for row in range(len(sites)) for area in rings.get(row, nothing)]
    ids = np.repeat(sites.ids.to_numpy(dtype=object), len(limits))
    data = {"site": ids, "minutes": np.tile(limits, len(sites)), "square_metres": shapely.area(geometry)}
    index = pd.Index(
        [f"{site}@{limit:g}" for site, limit in zip(ids, data["minutes"], strict=True)], name="id", dtype=object
    )
    return gpd.GeoDataFrame(data, geometry=geometry, index=index, crs=network.crs)


def _doors(network: Network, sites: Layer) -> Attachment:
    if sites.crs != network.crs:
        raise CrsError(f"the sites are in {sites.crs.to_string()}, the network in {network.crs.to_string()}")
    return network.attach(sites.xy)


@dataclass(eq=False)
class _Drawer:
    """Turns stretches of road into areas."""

    network: Network
    shapes: Shapes
    metres: float
    cell: float
    exact: bool

    def __post_init__(self) -> None:
        kept = vars(self.network)
        if "_all_lines_tree" not in kept:
            kept["_all_lines_tree"] = shapely.STRtree(self.network.lines)
        self.tree: shapely.STRtree = kept["_all_lines_tree"]
        self.field = np.empty(0)

    def rings(self, stretches: Sequence[Stretches]) -> list[shapely.Geometry]:
        """Areas of one site, from the largest in, each within the one before."""
        widest, areas = self.shapes.pieces(stretches[0]), []
        for reached in stretches:
            pieces = widest if reached is stretches[0] else self.shapes.pieces(reached)
            area = self._buffered(pieces) if self.exact else self._contoured(pieces, widest)
            areas.append(self._without_others(area, reached))
        return areas

    def _buffered(self, pieces: Pieces) -> shapely.Geometry:
        return shapely.buffer(_lines(pieces), self.metres)

    def _contoured(self, pieces: Pieces, widest: Pieces) -> shapely.Geometry:
        from contourpy import FillType, contour_generator

        from planner.routing.area_kernels import distance_field, extent

        if not len(pieces):
            return shapely.MultiPolygon()
        cell, reach = self.cell, self.metres + 2 * self.cell
        west, south, east, north = extent(widest)
        west, south = west - reach - cell, south - reach - cell
        columns, rows = int((east + reach - west) / cell) + 3, int((north + reach - south) / cell) + 3
        if rows * columns > len(self.field):
            self.field = np.empty(2 * rows * columns)
        field = self.field[: rows * columns].reshape(rows, columns)
        distance_field(pieces, west, south, cell, reach, field)
        maker: Any = contour_generator(z=field, name="serial", fill_type=FillType.OuterOffset)
        points, offsets = maker.filled(-1.0, self.metres)
        corners = [[west, south] + cell * np.asarray(ring) for ring in points]
        return shapely.multipolygons([_polygon(ring, at) for ring, at in zip(corners, offsets, strict=True)])

    def _without_others(self, area: shapely.Geometry, reached: Stretches) -> shapely.Geometry:
        """Leave out a thin strip along every road in the area that is not reached."""
        edges = self.tree.query(area, predicate="intersects")
        others = self.shapes.pieces(unreached(reached, edges))
        if not len(others):
            return area
        strips = shapely.buffer(_lines(others), SLIT_METRES, cap_style="flat", quad_segs=2)
        return shapely.difference(area, strips)


def _polygon(ring: np.ndarray, offsets: np.ndarray) -> shapely.Polygon:
    rings = [ring[first:last] for first, last in pairwise(offsets)]
    return shapely.Polygon(rings[0], rings[1:])


def _lines(pieces: Pieces) -> shapely.MultiLineString:
    parts: Any = shapely.linestrings(pieces.reshape(-1, 2, 2))
    return shapely.MultiLineString(list(parts))
