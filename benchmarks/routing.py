"""Routing beside its peers: the same network, the same question, answers checked equal, CPU seconds compared.

The question: which demand points lie within the limit of each site, and how many minutes away. Sites and points stand
on crossings here, since peers know no other places. Slow peers answer for fewer sites, and their time a site is compared.
Preparation (graphs, orders) is timed apart. Run with ``python -m benchmarks.routing``.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

for limit in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(limit, "1")  # one thread for everybody, said in the table

import numpy as np  # noqa: E402

from benchmarks.networks import synthetic_network  # noqa: E402
from benchmarks.routing_growth import changes, peak_gigabytes, sizes, streamed, threads  # noqa: E402
from benchmarks.routing_peers import MINUTES, PEERS, Task, agrees, clocked, opened, ours  # noqa: E402
from planner.network import Network, build_network  # noqa: E402
from planner.sources import read_area, read_roads  # noqa: E402

RESULTS = Path(__file__).parent / "results" / "routing.md"


def compare(task: Task, kind: int, names: list[str], repeats: int) -> list[str]:
    """Rows of the table for one task: each peer's CPU time a site over ours, in alternating runs."""
    ours(task)  # compiles, where that is still to do
    again = replace(task, network=replace(task.network))  # a copy, with nothing kept from the run before
    start = time.process_time()
    mine = ours(again)
    ready = time.process_time() - start
    whole = [clocked(mine, task.site_nodes) for _ in range(repeats + 2)]
    pairs = len(opened(task, whole[0][0]).keys)
    best = float(np.median([seconds for _, seconds in whole]))
    rows = [
        f"| {task.name} | **planner** | {len(task.site_nodes):,} | {best:.3f} | 1 | {best / pairs * 1e9:,.0f} | {ready:.1f} | {pairs:,} pairs |"
    ]
    for name in names:
        make, sites, off = PEERS[name]
        try:
            start = time.process_time()
            peer = make(task)
            prepared = time.process_time() - start
        except ImportError as error:
            print(f"{name} is not installed ({error}); skipped")
            continue
        nodes = task.site_nodes[: sites[kind]]
        ratios, spent = [], []
        for _ in range(repeats):
            _, our_seconds = clocked(mine, task.site_nodes)
            answer, seconds = clocked(peer, nodes)
            spent.append(seconds / len(nodes) * len(task.site_nodes))
            ratios.append(spent[-1] / our_seconds)
        same = agrees(answer, opened(task, mine(nodes)), off)
        rows.append(
            f"| {task.name} | {name} {version(name)} | {len(nodes):,} | {np.median(spent):.2f} | {np.median(ratios):,.1f} |"
            f" {np.median(spent) / pairs * 1e9:,.0f} | {prepared:.1f} | {same} |"
        )
        print(rows[-1], flush=True)
    return rows


def city_network(roads: Path, crs: str, districts: Path, mode: str) -> Network:
    """Network of a real city, from a road file and the district polygons around it."""
    area = read_area(districts, on="2023-12-31")
    return build_network(read_roads(roads, area=area, crs=crs), mode=mode)


def task_on(network: Network, name: str, sites: int, points: int) -> Task:
    """Sites and points on crossings of a network, all different, seeded."""
    rng = np.random.default_rng(7)
    used = np.unique(np.concatenate((network.tail, network.head)))
    found = rng.choice(used, min(points, len(used)), replace=False)
    return Task(name, network, rng.choice(used, min(sites, len(used)), replace=False), found)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing", description=__doc__)
    parser.add_argument("--nodes", type=int, default=300_000)
    parser.add_argument("--walk-sites", type=int, default=5_000)
    parser.add_argument("--drive-sites", type=int, default=1_000)
    parser.add_argument("--points", type=int, default=200_000)
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--largest", type=int, default=1_000_000, help="largest network of the table of sizes")
    parser.add_argument("--roads", type=Path, help="road lines of a real city, to compare on these too")
    parser.add_argument("--crs", default="EPSG:4326", help="reference of the road lines")
    parser.add_argument("--districts", type=Path, help="polygons of the real city")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args(arguments)
    rows, notes = [], [streamed(asked.largest)]
    for kind, (mode, sites) in enumerate((("walk", asked.walk_sites), ("drive", asked.drive_sites))):
        task = task_on(synthetic_network(asked.nodes, mode), f"{mode} {MINUTES:g} min", sites, asked.points)
        rows += compare(task, kind, asked.peers, asked.repeats)
        notes += changes(task) if mode == "walk" else threads(task, asked.repeats)
        if asked.roads:
            network = city_network(asked.roads, asked.crs, asked.districts, mode)
            name = f"real city of {len(network.xy):,} nodes, {mode} {MINUTES:g} min"
            rows += compare(task_on(network, name, sites, asked.points), kind, asked.peers, asked.repeats)
    grown = sizes(asked.repeats, largest=asked.largest)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(page(asked, rows, grown, notes), encoding="utf-8")
    print(f"written to {asked.out}")


def page(asked: argparse.Namespace, rows: list[str], grown: list[str], notes: list[str]) -> str:
    """The table as Markdown."""
    return "\n".join(
        [
            "# Routing beside its peers",
            "",
            (
                f"Synthetic city of {asked.nodes:,} crossings, {asked.points:,} demand points, places on crossings; one thread;"
                f" CPU seconds, medians of {asked.repeats} alternating runs; a peer that answered for fewer sites is scaled to"
                " all of them. Preparation apart."
            ),
            "",
            "| question | engine | sites answered | CPU s, all sites | times planner's | ns a pair | preparation, s | answers |",
            "|---|---|---:|---:|---:|---:|---:|---|",
            *rows,
            "",
            "Cost of a pair by size (drive, places anywhere along roads):",
            "",
            "| nodes | sites | pairs | CPU s | ns a pair | peak GB |",
            "|---:|---:|---:|---:|---:|---:|",
            *grown,
            "",
            *(f"{note}  " for note in notes),
            "",
            (
                f"Python {platform.python_version()}, NumPy {version('numpy')}, numba {version('numba')},"
                f" {processor()}, {os.cpu_count()} cores, peak memory {peak_gigabytes():.1f} GB."
            ),
            "",
        ]
    )


def processor() -> str:
    """Name of the processor, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    try:
        main()
    except PackageNotFoundError as error:
        sys.exit(f"a package tells no version: {error}")
