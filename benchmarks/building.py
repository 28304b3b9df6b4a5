"""Building: a shapefile of half a million roads to a ready network, and a million points hung on it.

Run with ``python -m benchmarks.building [--edges 500000] [--points 1000000]``. The shapefile is written first, outside the
clock: bent streets in WGS 84, each crossing a place where ends meet. Results are checked: every metre of road is in the
network, and a sample of points hangs where shapely's index says.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

for limit in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(limit, "1")

import geopandas as gpd  # noqa: E402
import numpy as np  # noqa: E402
import pyogrio  # noqa: E402
import shapely  # noqa: E402

from benchmarks.measuring import measured  # noqa: E402
from benchmarks.networks import synthetic_network  # noqa: E402
from planner.area import area_in_box  # noqa: E402
from planner.network import Network, build_network  # noqa: E402
from planner.sources import read_roads  # noqa: E402

CRS = "EPSG:4548"
JUDGED = 20_000


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
    with tempfile.TemporaryDirectory() as folder:
        path = written(lines, Path(folder))
        box = tuple(pyogrio.read_info(path, force_total_bounds=True)["total_bounds"])
        area = area_in_box("市", box, on=date(2024, 1, 1))
        roads, _ = measured(f"shapefile of {len(lines):,} lines to roads", lambda: read_roads(path, area=area))
        network, _ = measured("roads to a network", lambda: build_network(roads))
        measured("shapefile to a ready network", lambda: build_network(read_roads(path, area=area)), goal="15")
    west, south, east, north = shapely.total_bounds(lines)
    xy = np.random.default_rng(4).uniform((west, south), (east, north), (asked.points, 2))
    network.attach(xy[:1])  # compiles, or loads
    measured(
        f"{asked.points:,} points hung on it", lambda: replace(network).attach(xy), goal="5, the grid laid out anew"
    )
    checked(network, lines, xy)


if __name__ == "__main__":
    main()
