"""Area: what is planned for, its units, and the CRS to measure in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import ClassVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely import MultiPolygon, Polygon

from planner.errors import CrsError, DataError
from planner.layers import Column, Layer, check_metric

LEVELS = ("city", "district", "town", "village")
"""Levels of division from the widest down (市、区县、镇街、村居); a level stands for its place in this order."""


class Units(Layer):
    """Divisions as polygons on one date.

    ``code`` is text, ``level`` one of `LEVELS`, ``parent`` the code of the unit above, or empty.
    """

    columns: ClassVar[tuple[Column, ...]] = (
        Column("code", "division code as text", lambda s: s.map(lambda v: isinstance(v, str) and v != "")),
        Column("name", "text", lambda s: s.map(lambda v: isinstance(v, str) and v != "")),
        Column("level", "one of " + ", ".join(LEVELS), lambda s: s.isin(LEVELS)),
        Column("parent", "code of the unit above, or empty", lambda s: s.map(lambda v: isinstance(v, str))),
    )
    shapes: ClassVar[frozenset[str]] = frozenset({"Polygon", "MultiPolygon"})

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels present, widest first."""
        present = set(self._frame["level"])
        return tuple(level for level in LEVELS if level in present)

    def at(self, level: str) -> Units:
        """Only the units of one level."""
        return Units(self._frame[self._frame["level"] == level], report=self.report)

    def locate(self, points: Layer, level: str) -> pd.Series:
        """ID of the unit each point lies in, aligned to ``points.ids``; missing where it lies in none.

        A point on a border, or where units overlap, belongs to the unit with the smaller code.
        """
        if points.crs != self.crs:
            raise CrsError(f"units are in {self.crs.to_string()}, the points in {points.crs.to_string()}")
        units = self._frame[self._frame["level"] == level].sort_values("code", kind="stable")
        tree = shapely.STRtree(units.geometry.to_numpy())
        point, unit = tree.query(shapely.points(points.xy), predicate="intersects")
        first = np.full(len(points), len(units))
        np.minimum.at(first, point, unit)
        names = np.array([*units.index, None], dtype=object)
        return pd.Series(names[first], index=points.ids, name="unit", dtype=object)


@dataclass(frozen=True, eq=False)
class StudyArea:
    """A dated polygon to plan for, the units within it, and the metric CRS everything is measured in.

    ``buffer_metres`` is how far outside roads and sites are kept, so that an elder just inside is
    served by a station just outside; people count only inside the polygon.
    """

    name: str
    polygon: Polygon | MultiPolygon
    crs: CRS
    units: Units
    on: date
    place: str = ""
    buffer_metres: float = 2000.0

    def __post_init__(self) -> None:
        if self.polygon.is_empty or not self.polygon.is_valid:
            raise DataError(
                f"the area {self.name!r} has an empty or invalid polygon: {shapely.is_valid_reason(self.polygon)}"
            )
        if not (np.isfinite(self.buffer_metres) and self.buffer_metres >= 0):
            raise DataError(f"buffer_metres must be 0 or more, not {self.buffer_metres!r}")
        check_metric(self.crs, self.polygon.bounds, what=f"the area {self.name!r}")
        if self.units.crs != self.crs:
            raise CrsError(f"the area is in {self.crs.to_string()}, its units in {self.units.crs.to_string()}")

    @cached_property
    def wide(self) -> Polygon | MultiPolygon:
        """The polygon with its buffer: where roads and sites are kept."""
        return self.polygon.buffer(self.buffer_metres)

    @property
    def square_kilometres(self) -> float:
        """Size of the polygon, planar in the area's CRS."""
        return self.polygon.area / 1e6

    def __repr__(self) -> str:
        levels = ", ".join(f"{len(self.units.at(level))} {level} units" for level in self.units.levels)
        return f"<StudyArea {self.name!r}: {self.square_kilometres:,.0f} km², {levels}, {self.crs.to_string()}, on {self.on}>"


def area_in_box(
    name: str, lonlat_box: tuple[float, float, float, float], *, on: date, buffer_metres: float = 2000.0
) -> StudyArea:
    """Make a study area of a box of degrees (west, south, east, north), one unit by itself, where no divisions are at hand."""
    west, south, east, north = lonlat_box
    if not (-180 <= west < east <= 180 and -85 <= south < north <= 85):
        raise DataError(f"a box is west, south, east, north in degrees, west before east, not {lonlat_box}")
    crs = metric_crs(lonlat_box)
    edge = gpd.GeoSeries([shapely.segmentize(shapely.box(*lonlat_box), (north - south) / 20)], crs=4326).to_crs(crs)
    columns = {"code": [name], "name": [name], "level": [LEVELS[0]], "parent": [""]}
    units = Units(gpd.GeoDataFrame(columns, geometry=list(edge), index=pd.Index([f"unit:{name}"]), crs=crs))
    return StudyArea(name, edge.iloc[0], crs, units, on, buffer_metres=buffer_metres)


def metric_crs(lonlat_bounds: tuple[float, float, float, float]) -> CRS:
    """Choose the CRS to measure in: CGCS2000's local three-degree zone within China, else the local UTM zone.

    ``lonlat_bounds`` are west, south, east, north in degrees. An area so wide that it would be stretched by
    over 0.5 % is refused later, by the `StudyArea`.
    """
    west, south, east, north = lonlat_bounds
    longitude, latitude = (west + east) / 2, (south + north) / 2
    if 73 <= longitude <= 135.5 and 17 <= latitude <= 54:
        zone = int(np.clip(round(longitude / 3), 25, 45))
        return CRS.from_epsg(4534 + zone - 25)  # 4534 is the zone of 75° E, 4549 that of 120° E
    centre = gpd.GeoSeries([shapely.Point(longitude, latitude)], crs=4326)
    return CRS(centre.estimate_utm_crs())
