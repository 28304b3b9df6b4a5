"""Clipping: whether roads were cut off at the area's border."""

from __future__ import annotations

import numpy as np
import shapely

from planner.area import StudyArea
from planner.layers import same_crs
from planner.roads import Roads
from planner.texts import Text

BAND_METRES = 100.0  # roads this near the border run up to it
STUB_METRES = 1.0  # an end this near the border was cut there
FEWEST = 5  # fewer roads at the border prove nothing


def clipping_at_the_border(roads: Roads, area: StudyArea) -> Text | None:
    """Say what is wrong where roads seem cut off at the area's border, or nothing.

    Roads and sites outside serve people inside, so roads are wanted in the whole buffer. They seem cut where
    more of them end on the border than cross it, or where none lies outside although some run up to it.
    """
    same_crs(roads, area.units)
    lines = roads.frame.geometry.to_numpy()
    border = area.polygon.boundary
    shapely.prepare(border)
    near = lines[shapely.dwithin(border, lines, BAND_METRES)]
    if area.buffer_metres == 0 or len(near) < FEWEST:
        return None
    inside = area.polygon
    shapely.prepare(inside)
    outside = int((~shapely.intersects(inside, lines)).sum())
    ends = np.concatenate((shapely.get_point(near, 0), shapely.get_point(near, -1)))
    stubs = int((shapely.distance(ends, border) <= STUB_METRES).sum())
    crossing = int((shapely.crosses(near, border) & ~shapely.covered_by(near, inside.buffer(STUB_METRES))).sum())
    if outside + crossing and (stubs < FEWEST or stubs <= crossing):
        return None
    return Text(
        f"“{area.name}”的道路似乎在边界处被截断：止于边界 {stubs} 条，跨越边界 {crossing} 条，范围外 {outside} 条；"
        f"请提供整个缓冲区（{area.buffer_metres:g} 米）内的道路，否则边界附近居民的覆盖会被低估",
        f"roads seem cut off at the border of {area.name!r}: {stubs} end on it, {crossing} cross it, {outside} lie"
        f" outside; give roads of the whole buffer ({area.buffer_metres:g} m), or people near the border seem worse"
        " served than they are",
    )
