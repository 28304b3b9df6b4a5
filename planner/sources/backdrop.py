"""Backdrop: read water, green and other areas that a map is drawn upon."""

from __future__ import annotations

import os

import geopandas as gpd
import shapely

from planner.area import StudyArea
from planner.sources.ledger import Ledger
from planner.sources.opening import open_records
from planner.sources.references import Said, place
from planner.sources.schema import schema
from planner.sources.shapes import checked, referred


def read_backdrop(
    path: str | os.PathLike[str],
    *,
    area: StudyArea,
    layer: str | None = None,
    crs: Said = None,
    encoding: str | None = None,
) -> gpd.GeoDataFrame:
    """Read polygons to draw a map upon (底图), cut to the frame of the area with its buffer, in the area's CRS.

    Invalid polygons are mended, since nothing is measured on them. Raises `DataError` for what cannot be read.
    """
    records = open_records(path, schema("districts"), layer=layer, encoding=encoding)
    ledger = Ledger(records)
    shapes = checked(records, ledger, of=("Polygon", "MultiPolygon"), repair=True)
    reference = referred(records, ledger, shapes, crs=crs, area=area)
    frame = shapely.box(*area.wide.buffer(area.buffer_metres).bounds)
    drawn = shapely.intersection(place(shapes[ledger.positions], reference, area.crs), frame)
    return gpd.GeoDataFrame(geometry=list(drawn[~shapely.is_empty(drawn)]), crs=area.crs)
