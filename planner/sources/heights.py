"""Heights: an elevation model as a function of points (数字高程模型)."""

from __future__ import annotations

import os

import numpy as np
from pyproj import CRS

from planner.arrays import Metres, Points
from planner.errors import SourceError
from planner.slopes import Heights
from planner.sources.references import between
from planner.sources.sniff import Format, local, recognise


def read_heights(path: str | os.PathLike[str], *, crs: CRS, band: int = 1) -> Heights:
    """Read an elevation model (GeoTIFF, heights in metres) as a function of points in ``crs``, between cells by bilinear weights.

    NaN outside the model and beside cells without data. Raises `SourceError` for a file that is no GeoTIFF or does not say
    its coordinate system.
    """
    file = local(path)
    if recognise(file) is not Format.GEOTIFF:
        raise SourceError(f"{file.name} is no GeoTIFF; give an elevation model as .tif, heights in metres")
    import rasterio

    with rasterio.open(file) as model:
        if model.crs is None:
            raise SourceError(f"{file.name} does not say which coordinate system it is in; save it again with one")
        cells = model.read(band, masked=True).astype(float).filled(np.nan)
        inverse, own = ~model.transform, CRS.from_wkt(model.crs.to_wkt())

    def heights(xy: Points) -> Metres:
        x, y = between(crs, own).transform(xy[:, 0], xy[:, 1])
        columns, rows = (by[0] * np.asarray(x) + by[1] * np.asarray(y) + by[2] for by in (inverse[:3], inverse[3:6]))
        return _bilinear(cells, rows - 0.5, columns - 0.5)

    return heights


def _bilinear(cells: Metres, rows: Metres, columns: Metres) -> Metres:
    found = np.full(len(rows), np.nan)
    top, left = cells.shape[0] - 1, cells.shape[1] - 1
    inside = np.isfinite(rows + columns) & (rows >= 0) & (columns >= 0) & (rows <= top) & (columns <= left)
    r, c = rows[inside], columns[inside]
    r0, c0 = np.minimum(r.astype(int), max(top - 1, 0)), np.minimum(c.astype(int), max(left - 1, 0))
    r1, c1 = np.minimum(r0 + 1, top), np.minimum(c0 + 1, left)
    down, right = r - r0, c - c0
    upper = cells[r0, c0] * (1 - right) + cells[r0, c1] * right
    lower = cells[r1, c0] * (1 - right) + cells[r1, c1] * right
    found[inside] = upper * (1 - down) + lower * down
    return found
