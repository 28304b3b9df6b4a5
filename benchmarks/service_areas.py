"""Service areas: 500 of fifteen minutes on foot, beside the exact union GEOS makes of single buffers.

Run with ``python -m benchmarks.service_areas [--nodes 300000] [--sites 500] [--shapefile edges.shp]``; with a shapefile of
roads, such as Jinan's, these are measured too. Prints CPU and wall seconds, and the overlap (shared area over united
area) of each area with the union of its buffered roads: with arcs of the same steps and with finer ones, and strips along
roads not reached left in. The peer answers for fewer sites, and its time a site is compared.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

for limit in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(limit, "1")

import geopandas as gpd  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import shapely  # noqa: E402

from benchmarks.measuring import measured  # noqa: E402
from benchmarks.networks import synthetic_network  # noqa: E402
from planner.network import Network, build_network  # noqa: E402
from planner.roads import Roads  # noqa: E402
from planner.routing.service_areas import reached_roads, service_areas  # noqa: E402
from planner.sites import Sites  # noqa: E402

MINUTES, METRES, JUDGED = 15.0, 30.0, 50


def sites_on(network: Network, count: int, *, seed: int = 5) -> Sites:
    """Sites a few metres off random roads."""
    rng = np.random.default_rng(seed)
    roads = network.lines[rng.integers(len(network), size=count)]
    places = shapely.get_coordinates(shapely.line_interpolate_point(roads, rng.random(count), normalized=True))
    x, y = (places + rng.uniform(-15, 15, (count, 2))).T
    index = pd.Index([f"site:{at}" for at in range(count)], name="id", dtype=object)
    data = {"name": "site", "service": "meal_station", "existing": False}
    return Sites(gpd.GeoDataFrame(data, geometry=gpd.points_from_xy(x, y), index=index, crs=network.crs))


def united(network: Network, sites: Sites, *, quad_segs: int) -> np.ndarray:
    """What shapely makes of the same roads: the union of a buffer round each."""
    roads = reached_roads(network, sites, minutes=MINUTES)
    groups = roads.groupby("site").geometry
    areas = {
        site: shapely.union_all(shapely.buffer(one.to_numpy(), METRES, quad_segs=quad_segs)) for site, one in groups
    }
    return np.array([areas.get(site, shapely.MultiPolygon()) for site in sites.ids], object)


def overlap(areas: np.ndarray, judges: np.ndarray) -> np.ndarray:
    """Shared over united area of each pair; 1 where both are empty."""
    both, either = shapely.area(shapely.intersection(areas, judges)), shapely.area(shapely.union(areas, judges))
    return np.divide(both, either, out=np.ones(len(areas)), where=either > 0)


def compare(name: str, network: Network, count: int) -> None:
    """Measure one network."""
    print(f"{name}: {network!r}")
    sites = sites_on(network, count)
    few = Sites(sites.frame.iloc[: min(JUDGED, count)])
    service_areas(network, few, minutes=[MINUTES])  # compiles, and lays out the network
    areas, ours = measured(f"{count} areas", lambda: service_areas(network, sites, minutes=[MINUTES], metres=METRES))
    measured(f"{count} sites, nested areas of 5, 10 and 15 minutes", lambda: service_areas(network, sites), repeats=1)
    judges, theirs = measured(
        f"GEOS: union of buffers, {len(few)} areas", lambda: united(network, few, quad_segs=8), repeats=1
    )
    drawn = areas.geometry.to_numpy()
    print(
        f"times planner's, an area: {theirs / len(few) / (ours / count):.0f}; all valid: {shapely.is_valid(drawn).all()}"
    )
    for steps in (8, 64):
        shared = overlap(drawn[: len(few)], judges if steps == 8 else united(network, few, quad_segs=steps))
        print(f"overlap, quarter circles in {steps:2d} steps: mean {shared.mean():.4f}, least {shared.min():.4f}")
        if shared.mean() < 0.99:
            raise SystemExit("the areas do not overlap with the exact union by 0.99")


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_areas", description=__doc__)
    parser.add_argument("--nodes", type=int, default=300_000)
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--shapefile", type=Path, help="roads in WGS 84 with a column 'highway'")
    parser.add_argument("--crs", default="EPSG:4548", help="metric CRS to measure the shapefile in")
    asked = parser.parse_args(arguments)
    compare("synthetic city", synthetic_network(asked.nodes, "walk"), asked.sites)
    if asked.shapefile:
        frame = gpd.read_file(asked.shapefile).set_crs(4326, allow_override=True).to_crs(asked.crs)
        frame = frame[shapely.is_valid(frame.geometry.to_numpy())].rename(columns={"highway": "road_class"})
        frame.index = pd.Index([f"road:{at}" for at in range(len(frame))], name="id", dtype=object)
        roads = Roads(frame[["road_class", "geometry"]].assign(oneway=True))
        compare(asked.shapefile.stem, build_network(roads), asked.sites)


if __name__ == "__main__":
    main()
