"""Raster masks: steep land and values over a limit become polygons to keep out of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from planner.area import StudyArea
from planner.errors import QuestionError, SourceError
from planner.sources.raster_masks import read_mask
from planner.suitability import exclusion
from planner.texts import Text
from tests.town import CRS, SOUTH, WEST, sites_of


def raster(path: Path, cells: np.ndarray, *, crs: str = CRS, cell: float = 10.0, west: float = WEST) -> Path:
    transform = from_origin(west, SOUTH + 1000 if crs == CRS else 36.2, cell, cell)
    shape = {"height": cells.shape[0], "width": cells.shape[1], "count": 1, "dtype": "float32", "nodata": -9999}
    with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=transform, **shape) as out:
        out.write(cells.astype("float32"), 1)
    return path


@pytest.fixture
def heights(tmp_path: Path) -> Path:
    """Level land in the west, and from 500 m on a slope of 30 %; one cell without data."""
    x = 10 * (np.arange(100) + 0.5)
    cells = np.tile(np.maximum(0, x - 500) * 0.3, (100, 1))
    cells[50, 10] = -9999
    return raster(tmp_path / "dem.tif", cells)


def test_steep_land_is_kept_out_of(heights: Path, area: StudyArea) -> None:
    steep = read_mask(heights, area=area, above=0.25, slope=True)
    assert steep.area.sum() == pytest.approx(490 * 1000, rel=0.02)
    barred = exclusion([(steep, 0.0, Text("陡坡", "steep land"))])
    assert list(barred.allowed(sites_of([(200, 500), (800, 500)])).ids) == ["site:0"]


def test_values_over_or_under_a_limit_make_the_mask_and_no_data_never_does(heights: Path, area: StudyArea) -> None:
    assert read_mask(heights, area=area, above=74.9).area.sum() == pytest.approx(250 * 1000, rel=0.05)
    assert read_mask(heights, area=area, below=0.01).area.sum() == pytest.approx(500 * 1000 - 100, rel=0.001)


def test_a_mask_without_a_limit_or_in_degrees_is_refused(heights: Path, tmp_path: Path, area: StudyArea) -> None:
    with pytest.raises(QuestionError, match="above=, below="):
        read_mask(heights, area=area)
    degrees = raster(tmp_path / "deg.tif", np.zeros((4, 4)), crs="EPSG:4490", cell=0.01, west=120.0)
    with pytest.raises(SourceError, match="in degrees"):
        read_mask(degrees, area=area, above=0.1, slope=True)
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(SourceError, match="no GeoTIFF"):
        read_mask(tmp_path / "a.csv", area=area, above=1)
