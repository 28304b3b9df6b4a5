"""Topology: whether borders fit one another: siblings tile their parent, lines are shared edges, markers stand on lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from planner.area import Units
from planner.gazetteer.records import Record

COLUMNS = ["finding", "units", "square_metres", "metres", "geometry", "reason"]
SLIVER_METRES = 5.0
_SPECK = 1.0  # m²: below it a gap or overlap is rounding


def tiling(units: Units, *, parent: BaseGeometry | None = None, sliver_metres: float = SLIVER_METRES) -> pd.DataFrame:
    """Gaps and overlaps among units of one level, each with its area; those thinner than ``sliver_metres`` are slivers.

    ``parent`` is the border they should tile, in EPSG:4490 as the register keeps it; without it a gap is a hole
    among them. Borders are laid over one another in degrees, where a straight edge stays straight, and measured in metres.
    """
    shapes, names = units.frame.geometry.to_crs(4490).to_numpy(), units["name"].to_numpy()
    tree = shapely.STRtree(shapes)
    left, right = tree.query(shapes, predicate="intersects")
    found: list[tuple[str, str, BaseGeometry]] = []
    for one, other in sorted((a, b) for a, b in zip(left, right, strict=True) if a < b):
        found.append(("overlap", f"{names[one]}、{names[other]}", shapely.intersection(shapes[one], shapes[other])))
    union = shapely.union_all(shapes)
    whole = parent if parent is not None else _filled(union)
    for gap in shapely.get_parts(shapely.difference(whole, union)):
        near = np.sort(tree.query(shapely.buffer(gap, 1e-5), predicate="intersects"))
        found.append(("gap", "、".join(names[near]), gap))
    if parent is not None:
        found.append(("outside parent", "", shapely.difference(union, whole)))
    rows = [row for what, who, shape in found for row in _pieces(shape, what, who, sliver_metres, units)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _filled(shape: BaseGeometry) -> BaseGeometry:
    parts = shapely.get_parts(shape)
    return shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))


def _pieces(shape: BaseGeometry, finding: str, names: str, sliver_metres: float, units: Units) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    pieces = [piece for piece in shapely.get_parts(shape) if piece.geom_type == "Polygon" and piece.area > 0]
    measured = gpd.GeoSeries(pieces, crs=4490).to_crs(units.crs) if pieces else ()
    for piece, flat in zip(pieces, measured, strict=True):
        if flat.area < _SPECK:
            continue
        thin = 2 * flat.area / flat.length < sliver_metres
        what = f"sliver {finding}" if thin else finding
        reason = f"{what} of {flat.area:,.0f} m²" + (", thinner than a surveyor can mean" if thin else "")
        row = (what, names, flat.area, flat.length / 2, piece, reason)
        rows.append(dict(zip(COLUMNS, row, strict=True)))
    return rows


def lines_fit(lines: Sequence[Record], units: Units, *, tolerance_metres: float = 10.0) -> pd.DataFrame:
    """Boundary lines that do not run along the shared edge of their two units, within a tolerance."""
    rows = []
    shapes = units.frame.geometry
    for line in lines:
        sides = [line["left"], line["right"]]
        if missing := [side for side in sides if side not in shapes.index]:
            rows.append(_finding("line without unit", line, f"{', '.join(missing)} has no border on that day"))
            continue
        near = shapely.buffer(shapely.boundary(shapes[sides[1]]), tolerance_metres)
        edge = shapely.intersection(shapely.boundary(shapes[sides[0]]), near)
        drawn = in_units(units, line.geometry)
        if edge.is_empty or drawn is None:
            rows.append(_finding("no shared edge", line, f"{sides[0]} and {sides[1]} share no edge"))
            continue
        off = shapely.difference(drawn, shapely.buffer(edge, tolerance_metres))
        left = shapely.difference(edge, shapely.buffer(drawn, 2 * tolerance_metres))
        if off.length > 0 or left.length > tolerance_metres:
            reason = f"{off.length:,.0f} m of it run off the edge of its units, {left.length:,.0f} m of the edge are without it"
            rows.append(_finding("line off edge", line, reason, off.length + left.length))
    return pd.DataFrame(rows, columns=COLUMNS)


def markers_fit(
    markers: Sequence[Record], lines: Sequence[Record], units: Units, *, tolerance_metres: float = 10.0
) -> pd.DataFrame:
    """Markers farther than a tolerance from their line, or touching fewer units than their type asks (double 2, triple 3)."""
    rows = []
    drawn = {line.thing: in_units(units, line.geometry) for line in lines}
    borders = units.frame.geometry
    for marker in markers:
        point, line = in_units(units, marker.geometry), drawn.get(str(marker["line"]))
        if point is None:
            rows.append(_finding("marker without point", marker, "no approved point"))
            continue
        if line is None:
            rows.append(_finding("marker without line", marker, f"its line {marker['line']!r} is not in the register"))
        elif (apart := point.distance(line)) > tolerance_metres:
            rows.append(_finding("marker off line", marker, f"{apart:,.1f} m from its line", apart))
        wanted = {"triple": 3, "double": 2}.get(str(marker["type"]), 0)
        touched = int((borders.distance(point) <= tolerance_metres).sum())
        if touched < wanted:
            rows.append(
                _finding(
                    "marker touches too few", marker, f"a {marker['type']} marker touches {touched} units, not {wanted}"
                )
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def in_units(units: Units, geometry: BaseGeometry | None) -> BaseGeometry | None:
    """A geometry of the register (EPSG:4490) in the units' CRS."""
    if geometry is None:
        return None
    moved: BaseGeometry = gpd.GeoSeries([geometry], crs=4490).to_crs(units.crs).iloc[0]
    return moved


def _finding(what: str, record: Record, reason: str, metres: float = float("nan")) -> dict[str, object]:
    return {
        "finding": what,
        "units": record["number"] or record.thing,
        "metres": metres,
        "geometry": record.geometry,
        "reason": reason,
    }


def shared_edges(units: Units) -> dict[tuple[str, str], BaseGeometry]:
    """Edge each pair of neighbouring units shares exactly, by their IDs in order."""
    shapes = units.frame.geometry
    edges = {}
    for one, other in combinations(sorted(units.ids), 2):
        if shapes[one].intersects(shapes[other]):
            edge = shapely.intersection(shapely.boundary(shapes[one]), shapely.boundary(shapes[other]))
            if edge.length > 0:
                edges[one, other] = shapely.line_merge(edge) if edge.geom_type == "MultiLineString" else edge
    return edges
