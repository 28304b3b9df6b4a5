"""Raster masks: the land where a raster's value, or the slope of an elevation model, is over or under a limit."""

from __future__ import annotations

import os
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from planner.area import StudyArea
from planner.errors import QuestionError, SourceError
from planner.sources.references import between
from planner.sources.sniff import Format, local, recognise


def read_mask(
    path: str | os.PathLike[str],
    *,
    area: StudyArea,
    above: float | None = None,
    below: float | None = None,
    slope: bool = False,
    band: int = 1,
) -> gpd.GeoSeries:
    """Read as polygons the cells whose value lies above or below a limit, for `exclusion`, in the area's CRS.

    With ``slope`` the value is the steepness of an elevation model in metres (rise over run), which must be in metres itself. Cells
    without data are in no mask. Only what touches the area's buffer is kept. Raises `QuestionError` without a limit, `SourceError`
    for a file that is no GeoTIFF, or whose CRS is not said or, for slopes, not in metres.
    """
    if above is None and below is None:
        raise QuestionError("give above=, below= or both: which values make the mask?")
    file = local(path)
    if recognise(file) is not Format.GEOTIFF:
        raise SourceError(f"{file.name} is no GeoTIFF; give the raster as .tif")
    import rasterio
    from rasterio.features import shapes

    with rasterio.open(file) as raster:
        if raster.crs is None:
            raise SourceError(f"{file.name} does not say which coordinate system it is in; save it again with one")
        own, transform = CRS.from_wkt(raster.crs.to_wkt()), raster.transform
        values = raster.read(band, masked=True).astype(float).filled(np.nan)
    if slope:
        values = _steepness(values, transform, own, file.name)
    with np.errstate(invalid="ignore"):
        chosen = np.zeros(values.shape, bool)
        chosen |= values > above if above is not None else False
        chosen |= values < below if below is not None else False
    found = [
        shapely.geometry.shape(one) for one, _ in shapes(chosen.astype(np.uint8), mask=chosen, transform=transform)
    ]
    way = between(own, area.crs)
    moved = [shapely.transform(one, lambda xy: np.column_stack(way.transform(xy[:, 0], xy[:, 1]))) for one in found]
    return gpd.GeoSeries([one for one in moved if one.intersects(area.wide)], crs=area.crs)


def _steepness(heights: Any, transform: Any, crs: CRS, name: str) -> Any:
    if not crs.is_projected:
        raise SourceError(f"{name} is in degrees; project the elevation model to metres before slopes are taken")
    down, right = np.gradient(heights, abs(transform.e), abs(transform.a))
    return np.hypot(down, right)
