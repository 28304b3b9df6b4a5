"""Growth of routing: what a pair costs as networks and sites grow, and what changes, nearest sites and streams cost."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.networks import scattered, synthetic_network
from benchmarks.routing_peers import MINUTES, Task
from planner.coverage import cover
from planner.demand import Demand
from planner.live import LiveCoverage
from planner.routing import people_in_reach
from planner.routing.compiled import Compiled, reach_of
from planner.routing.nearest import nearest
from planner.routing.search import Search
from planner.sites import Sites

SIZES = ((100_000, 1_000), (300_000, 1_000), (300_000, 20_000), (1_000_000, 1_000), (1_000_000, 20_000))
"""Nodes and sites; the points are six for every ten nodes."""


def sizes(repeats: int, *, largest: int) -> list[str]:
    """Rows on how the cost of a pair grows with the network and with the sites, all pairs kept in memory."""
    rows = []
    for nodes, count in SIZES:
        if nodes > largest:
            continue
        network = synthetic_network(nodes, "drive")
        sites, demand = scattered(network, count, seed=2), scattered(network, nodes * 6 // 10, seed=3)
        router, spent = Compiled(threads=1), []
        for _ in range(repeats if count < 10_000 else 1):
            start = time.process_time()
            reach = router.reach(network, sites, demand, minutes=MINUTES)
            spent.append(time.process_time() - start)
        pairs, middle = len(reach.points), float(np.median(spent))
        del reach
        rows.append(
            f"| {len(network.xy):,} | {count:,} | {pairs:,} | {middle:.2f} | {middle / pairs * 1e9:.0f} |"
            f" {peak_gigabytes():.1f} |"
        )
        print(rows[-1], flush=True)
    return rows


def streamed(largest: int) -> str:
    """How long it takes to count the people within reach of each site where no pair is kept, and the memory."""
    network = synthetic_network(largest, "drive")
    sites, demand = scattered(network, 20_000, seed=2), scattered(network, largest * 6 // 10, seed=3)
    start = time.process_time()
    people_in_reach(network, sites, demand, np.ones(len(demand)), minutes=MINUTES, threads=1)
    return (
        f"People within reach of 20,000 sites on {len(network.xy):,} nodes, no pair kept: {time.process_time() - start:.1f} s,"
        f" {peak_gigabytes():.1f} GB at most."
    )


def threads(task: Task, repeats: int) -> list[str]:
    """How much sooner two threads answer than one, by the clock on the wall, in alternating runs.

    The whole question lays out the demand points first, on one thread; the search alone finds them laid out, and counts
    the pairs of some sites on one thread before it starts. The best runs are those that other work disturbed least.
    """
    sites, demand = task.hung(task.site_nodes), task.hung(task.point_nodes)
    search = Search.prepare(task.network, demand, minutes=MINUTES, towards="sites")
    asks: dict[str, Callable[[int], object]] = {
        "the whole question": lambda count: Compiled(threads=count).reach(task.network, sites, demand, minutes=MINUTES),
        "the search alone": lambda count: reach_of(search, sites, threads=count),
    }
    lines = []
    for what, ask in asks.items():
        spent = np.array([[_wall_seconds(ask, count) for count in (1, 2)] for _ in range(repeats + 4)])
        (one, two), (middle_one, middle_two) = spent.min(axis=0), np.median(spent, axis=0)
        lines.append(
            f"Two threads answer the drive, {what}, in {two:.2f} s of wall time at best, one in {one:.2f} s:"
            f" {one / two:.2f} times; medians of {len(spent)} runs {middle_two:.2f} s and {middle_one:.2f} s."
        )
    return lines


def _wall_seconds(ask: Callable[[int], object], count: int) -> float:
    start = time.perf_counter()
    ask(count)
    return time.perf_counter() - start


def changes(task: Task) -> list[str]:
    """What the nearest site of every point costs, and on a live coverage a site more or less, and a stricter limit."""
    sites, demand = task.hung(task.site_nodes), task.hung(task.point_nodes)
    lines = [
        (
            f"Nearest of {len(sites):,} sites for {len(demand):,} points:"
            f" {_milliseconds(lambda: nearest(task.network, sites, demand, minutes=60.0)):.0f} ms CPU."
        )
    ]
    xy, crs = task.network.xy, task.network.crs
    people = gpd.GeoDataFrame(
        {"people": 1.0}, geometry=shapely.points(xy[task.point_nodes]), crs=crs,
        index=[f"cell:{node}" for node in task.point_nodes],
    )  # fmt: skip
    places = gpd.GeoDataFrame(
        {"name": "", "service": "meal_station", "existing": True}, geometry=shapely.points(xy[task.site_nodes]), crs=crs,
        index=[f"site:{node}" for node in task.site_nodes],
    )  # fmt: skip
    coverage = cover(task.network, Demand(people), Sites(places), minutes=MINUTES)
    live, middle = LiveCoverage(task.network, coverage), tuple(xy[task.site_nodes[0]] + 30.0)
    lines.append(
        f"A site more among {len(sites):,} takes {_milliseconds(lambda: live.add('site:new', middle), after=lambda: live.remove('site:new')):.1f} ms,"
        f" a site less {_milliseconds(lambda: live.remove('site:new'), before=lambda: live.add('site:new', middle)):.2f} ms;"
        f" tightening {len(coverage.points):,} pairs to 10 minutes {_milliseconds(lambda: coverage.within(10.0)):.1f} ms."
    )
    return lines


def _milliseconds(
    act: Callable[[], object],
    *,
    before: Callable[[], object] = lambda: None,
    after: Callable[[], object] = lambda: None,
    times: int = 7,
) -> float:
    spent = []
    for _ in range(times):
        before()
        start = time.process_time()
        act()
        spent.append(time.process_time() - start)
        after()
    return float(np.median(spent)) * 1e3


def peak_gigabytes() -> float:
    """Most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9
