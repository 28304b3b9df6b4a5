"""Raster: population grids read window by window, only where the area lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyproj import CRS, Transformer

from planner.area import StudyArea
from planner.errors import CrsError, SourceError
from planner.sources.records import Records
from planner.sources.sniff import unchanged

BLOCK = 1024  # cells a side of a window read at once
DENSIFIED = 21  # points a side, so that a box stays covered when it is turned into another CRS


def read_raster(path: Path, area: StudyArea, *, nodata: float | None = None, band: int = 1) -> Records:
    """Read the cells of a population raster within the area's box: ``x``, ``y`` of their centres and ``people``.

    Cells of no data and of nobody are no records. Raises `SourceError` where the file declares no value for no data and
    holds negative ones, since those could be either; say which with ``nodata=``.
    """
    import rasterio
    from rasterio.errors import RasterioError

    try:
        with unchanged([path]) as sha256, rasterio.open(path, driver="GTiff") as source:
            crs = _crs(source, path)
            empty = source.nodata if nodata is None else nodata
            pieces = [_cells(source, window, band, empty, path) for window in _windows(source, area, crs, path)]
            shape = f"{source.width} x {source.height} cells of {abs(source.transform.a):g}"
    except RasterioError as error:
        raise SourceError(f"{path.name} cannot be read as a raster: {error}") from error
    frame = pd.concat(pieces, ignore_index=True)
    facts = {"format": "GeoTIFF", "raster": shape, "nodata": "none declared" if empty is None else f"{empty:g}"}
    rows = frame.pop("row").to_numpy(dtype=np.int64)
    return Records(path.name, "", frame, rows, crs=crs, facts=facts, sha256=sha256)


def _crs(source: Any, path: Path) -> CRS:
    if source.crs is None:
        raise CrsError(
            f"{path.name} has no coordinate system; write it into the file (gdal_edit -a_srs), then read it again"
        )
    return CRS.from_wkt(source.crs.to_wkt())


def _windows(source: Any, area: StudyArea, crs: CRS, path: Path) -> list[Any]:
    """Blocks of the raster that touch the area's box."""
    from rasterio.windows import Window, from_bounds
    from rasterio.windows import intersect as meets
    from rasterio.windows import intersection as common

    box = Transformer.from_crs(area.crs, crs, always_xy=True).transform_bounds(
        *area.polygon.bounds, densify_pts=DENSIFIED
    )
    whole = Window(0, 0, source.width, source.height)
    wanted = from_bounds(*box, transform=source.transform)
    if not meets([whole, wanted]):
        raise CrsError(f"{path.name} lies elsewhere: none of it touches {area.name}; is its coordinate system right?")
    part = common(whole, wanted).round_offsets(op="floor").round_lengths(op="ceil")
    left, top = int(part.col_off), int(part.row_off)
    right, bottom = min(source.width, left + int(part.width) + 1), min(source.height, top + int(part.height) + 1)
    return [
        Window(column, row, min(BLOCK, right - column), min(BLOCK, bottom - row))
        for row in range(top, bottom, BLOCK)
        for column in range(left, right, BLOCK)
    ]


def _cells(source: Any, window: Any, band: int, empty: float | None, path: Path) -> pd.DataFrame:
    values = source.read(band, window=window).astype(float)
    if empty is None and (values < 0).any():
        raise SourceError(
            f"{path.name} declares no value for no data, but holds {values.min():g}; say which value means no data with"
            f" nodata=, such as nodata={values.min():g}"
        )
    full = np.isfinite(values) & (values != 0)
    if empty is not None:
        full &= values != empty
    rows, columns = np.nonzero(full)
    affine = source.window_transform(window)
    x = affine.c + (columns + 0.5) * affine.a + (rows + 0.5) * affine.b
    y = affine.f + (columns + 0.5) * affine.d + (rows + 0.5) * affine.e
    number = (rows + int(window.row_off)) * source.width + columns + int(window.col_off) + 1
    return pd.DataFrame({"x": x, "y": y, "people": values[rows, columns], "row": number})
