"""Streamed customers: a hundred sites, customers by the million made and merged block by block, sited with a proof.

Run ``python -m benchmarks.siting_streams [case ...]``; each case runs in a process of its own, on one thread, and counts from
the customers' coordinates to the proven plan, making the customers included; compiled loops are loaded before. Sites and
customers lie anywhere in a square of 30 km, one person each. ``by places`` merges coordinates by a grid of cells,
``by pairs`` hands over each block's pairs, found by NumPy here, as one would with times from another engine.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter, process_time

import numpy as np

from planner.optimise import Problem, most_covered, verify
from planner.optimise.warm import coverage_loops

SITES, SQUARE, BLOCK = 100, 30_000.0, 50_000
CASES: dict[str, tuple[int, float, int, str, float]] = {
    # customers, radius in metres, sites to open, how they are merged, seconds allowed end to end
    "1 M, 6 km, p 10": (1_000_000, 6_000, 10, "places", 30),
    "1 M, 4.5 km, p 15": (1_000_000, 4_500, 15, "places", 30),
    "1 M, 3.75 km, p 20": (1_000_000, 3_750, 20, "places", 30),
    "20 M, 6 km, p 10": (20_000_000, 6_000, 10, "places", 60),
    "20 M, 4.5 km, p 15": (20_000_000, 4_500, 15, "places", 60),
    "20 M, 3.75 km, p 20": (20_000_000, 3_750, 20, "places", 60),
    "1 M by pairs, 6 km, p 10": (1_000_000, 6_000, 10, "pairs", 30),
    "20 M by pairs, 6 km, p 10": (20_000_000, 6_000, 10, "pairs", 60),
}

Places = tuple[np.ndarray, np.ndarray]


def places(customers: int, random: np.random.Generator) -> Iterator[Places]:
    """People and coordinates, a block at a time."""
    for start in range(0, customers, BLOCK):
        count = min(BLOCK, customers - start)
        yield np.ones(count), random.uniform(0, SQUARE, (count, 2))


def pairs(blocks: Iterator[Places], sites: np.ndarray, metres: float) -> Iterator[tuple[np.ndarray, ...]]:
    """People and the pairs in reach, a block at a time."""
    for people, xy in blocks:
        apart = (xy[:, :1] - sites[:, 0]) ** 2 + (xy[:, 1:] - sites[:, 1]) ** 2
        row, site = np.divmod(np.flatnonzero(apart <= metres**2), len(sites))
        yield people, row, site


def asked(customers: int, metres: float, new: int, how: str, seed: int) -> Problem:
    """The question of so many customers."""
    random = np.random.default_rng(seed)
    sites = random.uniform(0, SQUARE, (SITES, 2))
    blocks = places(customers, random)
    if how == "places":
        return Problem.from_places(blocks, sites, metres=metres, new=new)
    return Problem.from_blocks(pairs(blocks, sites, metres), sites=SITES, new=new)


def run(name: str, seed: int) -> str:
    """Answer one case, check it, and tell figures."""
    customers, metres, new, how, allowed = CASES[name]
    coverage_loops()
    asked(1_000, metres, new, how, seed)  # compile
    wall, cpu = perf_counter(), process_time()
    question = asked(customers, metres, new, how, seed)
    merged = process_time() - cpu
    choice = most_covered(question, seconds=allowed)
    spent, passed = process_time() - cpu, perf_counter() - wall
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    verify(choice)
    kept = choice.proven and spent <= allowed and memory <= 2048
    return (
        f"| {name} | {len(question.people):,} | {choice.value:,.0f} | {choice.share:.2%} | {choice.status} by"
        f" {choice.proven_by or 'nothing'} | {choice.certified / choice.value - 1:.3%} | {merged:.1f} | {spent:.1f} |"
        f" {passed:.1f} | {memory:,.0f} | {allowed:g} | {'kept' if kept else 'MISSED'} |"
    )


def main(wanted: list[str]) -> int:
    """Run the cases whose names contain a wanted word, or all; tell whether any missed its goal."""
    print(
        "| case | rows | people covered | share | status | certified gap | merging CPU s | all CPU s | wall s | peak MB | allowed s | goal |"
    )
    print("|---|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|---|", flush=True)
    missed = 0
    for name in CASES:
        if wanted and not any(word in name for word in wanted):
            continue
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
            line = alone.submit(run, name, 1).result()
        missed += "MISSED" in line
        print(line, flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
