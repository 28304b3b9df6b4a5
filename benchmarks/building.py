"""Building: a shapefile of half a million roads to a ready network, and a million points hung on it.

Run with ``python -m benchmarks.building [--edges 500000] [--points 1000000]``. The shapefile is written first, outside the
clock: bent streets in WGS 84, each crossing a place where ends meet. Results are checked: every metre of road is in the
network, and a sample of points hangs where shapely's index says.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

for limit in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(limit, "1")

import geopandas as gpd  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import shapely  # noqa: E402

from benchmarks.networks import synthetic_network  # noqa: E402
from planner.area import StudyArea, Units  # noqa: E402
from planner.network import Network, build_network  # noqa: E402
from planner.sources import read_roads  # noqa: E402

CRS = "EPSG:4548"
REPEATS, JUDGED = 3, 20_000
Answer = TypeVar("Answer")


def streets(edges: int) -> np.ndarray:
    """Lines of a synthetic city with a bend each, in metres."""
    network = synthetic_network(int(edges / 1.73), "walk")
    ends = shapely.get_coordinates(network.lines).reshape(-1, 2, 2)
    rng = np.random.default_rng(3)
    bend = ends.mean(axis=1) + rng.normal(0, 5, (len(ends), 2))
    return np.asarray(shapely.linestrings(np.stack((ends[:, 0], bend, ends[:, 1]), axis=1)), object)


def written(lines: np.ndarray, folder: Path) -> Path:
    """The lines as a shapefile in WGS 84 with a class and a number."""
    kinds = np.array(["residential", "tertiary", "footway", "primary"], object)
    data = {"osm_id": np.arange(len(lines)).astype(str), "highway": kinds[np.arange(len(lines)) % 4], "oneway": "no"}
    frame = gpd.GeoDataFrame(data, geometry=lines, crs=CRS).to_crs(4326)
    frame.to_file(folder / "edges.shp", engine="pyogrio")
    return folder / "edges.shp"


def area_round(lines: np.ndarray) -> StudyArea:
    """An area that holds every line."""
    polygon = shapely.box(*shapely.total_bounds(lines)).buffer(100)
    unit = pd.DataFrame(
        {"code": ["370102"], "name": ["市"], "level": ["district"], "parent": [""]}, index=["unit:370102"]
    )
    units = Units(gpd.GeoDataFrame(unit, geometry=[polygon], crs=CRS))
    return StudyArea("市", polygon, units.crs, units, date(2024, 1, 1), buffer_metres=1000)


def measured(name: str, act: Callable[[], Answer], goal: float) -> Answer:
    """Do something several times; print medians of CPU and wall seconds beside the goal."""
    cpu, wall = [], []
    for _ in range(REPEATS):
        begun, since = time.process_time(), time.perf_counter()
        answer = act()
        cpu.append(time.process_time() - begun)
        wall.append(time.perf_counter() - since)
    print(
        f"{name:48s} {statistics.median(cpu):7.2f} s CPU {statistics.median(wall):7.2f} s wall"
        f" (medians of {REPEATS}; goal {goal:g})",
        flush=True,
    )
    return answer


def checked(network: Network, lines: np.ndarray, xy: np.ndarray) -> None:
    """Compare the network with its lines, and a sample of attached points with shapely's nearest."""
    length = float(shapely.length(lines).sum())
    if abs(network.metres.sum() / length - 1) > 1e-6:
        raise SystemExit(f"{network.metres.sum():.0f} m of road in the network, {length:.0f} m in the file")
    hung = network.attach(xy[:JUDGED])
    limit = network.profile.snap_metres
    _, metres = shapely.STRtree(network.lines).query_nearest(
        shapely.points(xy[:JUDGED]), all_matches=False, return_distance=True
    )
    if not np.allclose(hung.off_road_metres[hung.connected], metres[hung.connected], atol=1e-6):
        raise SystemExit("points do not hang on their nearest roads")
    if not np.array_equal(hung.connected, metres <= limit):
        raise SystemExit("points are connected beyond the limit, or not within it")
    print(f"{network!r}: every metre of the file; {JUDGED:,} points hang where shapely's index says")


def main(arguments: list[str] | None = None) -> None:
    """Write, read, build, hang, check."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.building", description=__doc__)
    parser.add_argument("--edges", type=int, default=500_000)
    parser.add_argument("--points", type=int, default=1_000_000)
    asked = parser.parse_args(arguments)
    lines = streets(asked.edges)
    area = area_round(lines)
    with tempfile.TemporaryDirectory() as folder:
        path = written(lines, Path(folder))
        roads = measured(f"shapefile of {len(lines):,} lines to roads", lambda: read_roads(path, area=area), 15)
        network = measured("roads to a network", lambda: build_network(roads), 15)
        measured("shapefile to a ready network", lambda: build_network(read_roads(path, area=area)), 15)
    west, south, east, north = shapely.total_bounds(lines)
    xy = np.random.default_rng(4).uniform((west, south), (east, north), (asked.points, 2))
    network.attach(xy[:1000])  # lays out the grid
    measured(f"{asked.points:,} points hung on it", lambda: network.attach(xy), 5)
    checked(network, lines, xy)


if __name__ == "__main__":
    main()
