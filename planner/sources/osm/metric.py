"""Degrees of OpenStreetMap, and the metric CRS to measure them in."""

from __future__ import annotations

import numpy as np
from pyproj import CRS, Transformer

from planner.area import StudyArea, metric_crs
from planner.arrays import Points

DEGREES = CRS.from_epsg(4326)


def chosen_crs(area: StudyArea | None, crs: CRS | str | int | None, lonlat: Points) -> CRS:
    """The area's CRS, else the one asked for, else the local one."""
    if area is not None:
        return area.crs
    if crs is not None:
        return CRS.from_user_input(crs)
    low, high = np.nanmin(lonlat, axis=0), np.nanmax(lonlat, axis=0)
    return metric_crs((float(low[0]), float(low[1]), float(high[0]), float(high[1])))


def moved(points: Points, source: CRS, target: CRS) -> Points:
    """Coordinates of one CRS, east first, in another."""
    move = Transformer.from_crs(source, target, always_xy=True)
    return np.column_stack(move.transform(points[:, 0], points[:, 1]))
