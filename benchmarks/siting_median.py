"""Median and centre siting: value, certified gap, CPU seconds and memory on published and seeded instances.

Run ``python benchmarks/siting_median.py [case ...]``, cases: pmed rl1304 small middle large. Each case runs in a process of
its own, on one thread; compiled code is warmed first. Clustered instances put 75 % of the points in Gaussian towns and
25 % anywhere in a square of 100 km; they hold each point's nearest candidates, and a point none of them serves costs the
next one's distance, so that the bound holds for the full matrix too.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import shortest_path
from scipy.spatial import cKDTree

from planner.optimise.centre import least_worst_time, verify_centre
from planner.optimise.clock import Clock
from planner.optimise.median import MedianChoice, least_mean_time, search, verify_median
from planner.optimise.median.lists import short_lists
from planner.optimise.median.local import compiled, improved, value_of
from planner.optimise.siting import SitingProblem

INSTANCES = Path(__file__).resolve().parents[2] / "shared" / "data" / "instances"


def clustered(sites: int, demand: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sites and points in towns and between them, in km, and 0.5 to 20 people at each point."""
    rng = np.random.default_rng(seed)
    towns = max(5, demand // 2500)
    centre, width = rng.uniform(0, 100, (towns, 2)), rng.uniform(0.5, 3, towns)

    def scatter(count: int) -> np.ndarray:
        town = rng.integers(towns, size=int(0.75 * count))
        near = centre[town] + rng.normal(size=(len(town), 2)) * width[town][:, None]
        return np.clip(np.vstack([near, rng.uniform(0, 100, (count - len(town), 2))]), 0, 100)

    return scatter(sites), scatter(demand), rng.uniform(0.5, 20, demand)


def nearest_pairs(sites: np.ndarray, points: np.ndarray, people: np.ndarray, *, new: int, nearest: int):
    """The problem of each point's nearest sites, and what a point costs that none of them serves."""
    found, site = cKDTree(sites).query(points, nearest + 1)
    beyond = found[:, nearest].astype(np.float32).astype(float)
    minutes, column = found[:, :nearest].astype(np.float32).ravel(), site[:, :nearest].ravel()
    order = np.argsort(column, kind="stable")
    starts = np.concatenate(([0], np.cumsum(np.bincount(column, minlength=len(sites)))))
    point = np.repeat(np.arange(len(points), dtype=np.int32), nearest)[order]
    nobody = np.zeros(len(sites), bool)
    return SitingProblem(starts, point, minutes[order], people, nobody, ~nobody, new), beyond


def timed(name: str, problem: SitingProblem, unserved: float | np.ndarray, seconds: float) -> MedianChoice:
    """Solve, check and print; with the CPU seconds at which the gap first fell under 2.5, 1.2 and 0.75 %."""
    began, marks = process_time(), {}

    def note(value: float, bound: float) -> None:
        for percent in (2.5, 1.2, 0.75):
            if value - bound <= percent / 100 * value:
                marks.setdefault(percent, round(process_time() - began, 1))

    choice = least_mean_time(problem, unserved_minutes=unserved, seconds=seconds, progress=note)
    spent, memory = process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    verify_median(problem, choice)
    print(
        f"{name:24} {choice.value:16,.1f} gap {choice.gap:.3%} certified {choice.certified_gap:.3%} {choice.status}"
        f" {choice.proven_by or '-'} CPU {spent:.1f} s, {memory:,.0f} MB, gap marks {marks}",
        flush=True,
    )
    return choice


def compared(problem: SitingProblem, beyond: np.ndarray, choice: MedianChoice) -> None:
    """Print how much better the answer is than greedy's, and than greedy's improved by single swaps."""
    lists, _ = short_lists(problem, beyond)
    state = search.fresh(compiled(lists), np.zeros(len(lists.sites), bool), problem.new)
    search.fill(compiled(lists), state, np.full(len(lists.sites), np.inf))
    greedy = state.slot >= 0
    swapped = improved(lists, greedy, problem.new, Clock(600))
    worse = [value_of(lists, opened) / choice.value - 1 for opened in (greedy, swapped)]
    print(f"{'':24} greedy {worse[0]:.2%} and single swap {worse[1]:.2%} above", flush=True)


def beasley(number: int) -> tuple[np.ndarray, int]:
    """Shortest paths of an OR-Library graph, and its p."""
    numbers = np.array((INSTANCES / "pmed" / f"pmed{number}.txt").read_text().split(), float)
    graph = np.zeros((int(numbers[0]),) * 2)
    for start, end, cost in numbers[3:].reshape(-1, 3):
        graph[int(start) - 1, int(end) - 1] = graph[int(end) - 1, int(start) - 1] = cost
    return shortest_path(graph, directed=False), int(numbers[2])


def pmed() -> None:
    """OR-Library's p-median and p-centre, 1 to 20."""
    for number in range(1, 21):
        matrix, new = beasley(number)
        problem = SitingProblem.from_matrix(matrix, new=new)
        timed(f"pmed{number} median", problem, np.inf, 600)
        began = process_time()
        choice = least_worst_time(problem)
        spent = process_time() - began
        verify_centre(problem, choice)
        print(f"pmed{number} centre {choice.value:g} {choice.status} {choice.proven_by} CPU {spent:.1f} s", flush=True)


def rl1304() -> None:
    """TSPLIB's rl1304 for the nine published p."""
    folder = INSTANCES / "tsplib"
    text = (folder / "rl1304.tsp").read_text().split("NODE_COORD_SECTION")[1].split("EOF")[0]
    xy = np.array(text.split(), float).reshape(-1, 3)[:, 1:]
    matrix = np.floor(np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)))
    for row in pd.read_csv(folder / "best_known.csv").itertuples():
        timed(f"rl1304 p={row.p} ({row.opt_or_bkn})", SitingProblem.from_matrix(matrix, new=row.p), np.inf, 600)


def small() -> None:
    """500 sites, 5,000 points, p = 50, every pair known."""
    for seed in range(5):
        sites, points, people = clustered(500, 5_000, seed=seed)
        matrix = np.hypot(*(sites[:, None] - points[None]).transpose(2, 0, 1))
        problem = SitingProblem.from_matrix(matrix, people=people, new=50)
        compared(problem, matrix.max(axis=0), timed(f"500 x 5,000 seed {seed}", problem, np.inf, 300))


def middle() -> None:
    """2,000 sites, 50,000 points, p = 200."""
    problem, beyond = nearest_pairs(*clustered(2_000, 50_000), new=200, nearest=120)
    compared(problem, beyond, timed("2,000 x 50,000", problem, beyond, 300))


def large() -> None:
    """5,000 sites, 200,000 points, p = 500."""
    problem, beyond = nearest_pairs(*clustered(5_000, 200_000), new=500, nearest=80)
    compared(problem, beyond, timed("5,000 x 200,000", problem, beyond, 600))


def _case(name: str) -> None:
    least_mean_time(
        SitingProblem.from_matrix(np.random.default_rng(0).uniform(0, 9, (20, 60)), new=3), unserved_minutes=9
    )
    {"pmed": pmed, "rl1304": rl1304, "small": small, "middle": middle, "large": large}[name]()


if __name__ == "__main__":
    for case in sys.argv[1:] or ["pmed", "rl1304", "small", "middle", "large"]:
        process = multiprocessing.get_context("spawn").Process(target=_case, args=(case,))
        process.start()
        process.join()
