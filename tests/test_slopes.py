"""Slopes: hand-worked hills, and an elevation model read from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from rasterio.transform import from_origin

from planner.coverage import cover
from planner.errors import QuestionError, SourceError
from planner.network import Network, build_network
from planner.profiles import frail_profile
from planner.slopes import on_slopes, slope_factors
from planner.sources.heights import read_heights
from tests.town import CRS, SOUTH, WEST, demand_of, roads_of, sites_of


def hill(xy: np.ndarray) -> np.ndarray:
    """Ten metres up for each hundred to the east."""
    return (xy[:, 0] - WEST) * 0.1


@pytest.fixture
def street() -> Network:
    return build_network(roads_of([[(0, 0), (300, 0)]]))


def test_uphill_takes_longer_by_toblers_function_and_downhill_no_less_than_the_level(street: Network) -> None:
    walked = on_slopes(street, hill)
    east = walked.xy[walked.head[0], 0] > walked.xy[walked.tail[0], 0]
    up, down = (walked.forward, walked.backward) if east else (walked.backward, walked.forward)
    assert up[0] / street.forward[0] == pytest.approx(np.exp(3.5 * 0.1))
    assert down[0] / street.forward[0] == pytest.approx(slope_factors(-0.1)) == pytest.approx(1.0)
    assert walked.profile.sources["slope"].en.startswith("Tobler")


def test_on_the_level_nothing_changes(street: Network) -> None:
    walked = on_slopes(street, lambda xy: np.full(len(xy), 30.0))
    assert np.array_equal(walked.forward, street.forward)
    assert len(walked.findings) == len(street.findings)


def test_a_rise_and_fall_is_seen_within_an_edge(street: Network) -> None:
    walked = on_slopes(street, lambda xy: 15 - np.abs(xy[:, 0] - WEST - 150) * 0.1, step_metres=50)
    assert walked.forward[0] == pytest.approx(street.forward[0] * (np.exp(0.35) + 1) / 2)
    assert walked.forward[0] == pytest.approx(walked.backward[0])


def test_what_cannot_be_climbed_is_closed_and_said() -> None:
    roads = roads_of([[(0, 0), (300, 0)], [(0, 0), (0, 300)]])
    walked = on_slopes(build_network(roads), hill, steepest=1 / 12)
    assert len(walked) == 1
    assert walked.findings["rule"].tolist()[-1] == "slope.closed"
    with pytest.raises(QuestionError, match="no one can walk"):
        on_slopes(build_network(roads_of([[(0, 0), (300, 0)]])), hill, steepest=0.01)


def test_an_unknown_height_counts_as_level_and_is_said(street: Network) -> None:
    walked = on_slopes(street, lambda xy: np.full(len(xy), np.nan))
    assert np.array_equal(walked.forward, street.forward)
    assert "slope.unknown" in set(walked.findings["rule"])


def test_slopes_are_for_walking(street: Network) -> None:
    with pytest.raises(QuestionError, match="drive on"):
        on_slopes(build_network(roads_of([[(0, 0), (300, 0)]]), mode="drive"), hill)
    with pytest.raises(QuestionError, match="above 0"):
        on_slopes(street, hill, step_metres=0)


def test_fewer_reach_a_site_on_a_hill() -> None:
    roads = roads_of([[(at, 0), (at + 100, 0)] for at in range(0, 700, 100)])
    homes, site = demand_of([(10, 0), (650, 0)]), sites_of([(699, 0)])
    level = build_network(roads)
    assert cover(level, homes, site, minutes=15).share(site.ids) == 1.0
    assert cover(on_slopes(level, hill), homes, site, minutes=15).share(site.ids) == 0.5


def model(path: Path, *, crs: str | None = CRS) -> Path:
    """Heights of the hill in cells of ten metres, one without data."""
    x = WEST - 100 + 10 * (np.arange(60) + 0.5)
    cells = np.tile((x - WEST) * 0.1, (40, 1))
    cells[0, 0] = -9999
    shape = {"height": 40, "width": 60, "count": 1, "dtype": "float32", "nodata": -9999}
    transform = from_origin(WEST - 100, SOUTH + 200, 10, 10)
    with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=transform, **shape) as out:
        out.write(cells.astype("float32"), 1)
    return path


def test_heights_are_read_between_cells_and_missing_outside(tmp_path: Path) -> None:
    heights = read_heights(model(tmp_path / "dem.tif"), crs=pyproj.CRS.from_user_input(CRS))
    xy = np.array([[WEST + 3, SOUTH], [WEST + 123.4, SOUTH + 7], [WEST + 5000, SOUTH], [WEST - 96, SOUTH + 196]])
    assert heights(xy)[:2] == pytest.approx([0.3, 12.34], abs=1e-4)
    assert np.isnan(heights(xy)[2:]).all()


def test_a_file_that_is_no_elevation_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dem.csv").write_text("x,y\n1,2\n")
    with pytest.raises(SourceError, match="no GeoTIFF"):
        read_heights(tmp_path / "dem.csv", crs=pyproj.CRS.from_user_input(CRS))


def test_the_frail_do_not_take_steps() -> None:
    roads = roads_of([[(0, 0), (100, 0)], [(0, 0), (0, 100)]], road_class=["steps", "footway"])
    profile = frail_profile()
    assert profile.metres_per_second == 0.64
    assert set(build_network(roads, profile=profile).road_class) == {"footway"}
    assert "steps" in build_network(roads).road_class
