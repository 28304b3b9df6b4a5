"""Coverage siting: value, bound, seconds and memory on seeded towns and published cities.

Run ``python benchmarks/siting_coverage.py [case ...]``; each case runs in a process of its own, on one
thread, and limits count CPU seconds, so that a busy machine does not change the figures. Clustered
instances put 75 % of the points in Gaussian towns and 25 % anywhere in a square of 100 km.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from planner.optimise import search
from planner.optimise.clock import Clock
from planner.optimise.objectives import PeopleCovered
from planner.optimise.problem import Problem
from planner.optimise.reduce import reduce
from planner.optimise.solvers import Highs
from planner.optimise.warm import coverage_loops

CITIES = Path(__file__).resolve().parents[2] / "shared" / "data" / "instances" / "mclp_cities"


def clustered(sites: int, customers: int, *, new: int, radius: float, seed: int = 1) -> Problem:
    """Sites and customers in towns and between them; people from 1 to 100 at each; covered within ``radius`` km."""
    random = np.random.default_rng(seed)
    towns = random.uniform(0, 100, (40, 2))
    sizes = random.dirichlet(np.full(40, 2.0))

    def scatter(count: int) -> np.ndarray:
        inside = int(0.75 * count)
        near = towns[random.choice(40, inside, p=sizes)] + random.normal(0, 3.0, (inside, 2))
        return np.vstack([near, random.uniform(0, 100, (count - inside, 2))])

    place, home = scatter(sites), scatter(customers)
    people = random.integers(1, 101, customers).astype(float)
    pairs = cKDTree(place).query_ball_point(home, radius, return_sorted=True)
    row = np.repeat(np.arange(customers), [len(some) for some in pairs])
    return Problem.from_pairs(people, np.concatenate(pairs).astype(np.int64), row, sites=sites, new=new)


def city(name: str, new: int, radius: float) -> Problem:
    """Road nodes of a city: every node is a customer and a candidate (Maximo, Cordeau, Nascimento 2023)."""
    place, people, section = [], [], ""
    for line in (CITIES / f"{name}.txt").read_text().splitlines():
        if "SECTION" in line or line.strip() == "EOF":
            section = line
        elif "COORD_SECTION" in section:
            place.append([float(part) for part in line.split()])
        elif "DEMAND" in section:
            people.append(float(line.split()[-1]))
    lat, lon = np.radians(np.array(place)).T
    cosine = np.sin(lat)[:, None] * np.sin(lat) + np.cos(lat)[:, None] * np.cos(lat) * np.cos(lon[:, None] - lon)
    metres = (np.arccos(np.clip(cosine, -1, 1)) * 6_378_100).astype(np.float32)
    np.fill_diagonal(metres, 0)
    return Problem.from_matrix(np.array(people), metres, limit=radius, new=new)


Case = tuple[Callable[[], Problem], float, float]
CASES: dict[str, Case] = {
    **{
        f"500 x 5,000, p 50, seed {seed}": (lambda s=seed: clustered(500, 5_000, new=50, radius=5.0, seed=s), 10, 0)  # type: ignore[misc]
        for seed in range(1, 6)
    },
    "2,000 x 50,000, p 200": (lambda: clustered(2_000, 50_000, new=200, radius=2.5), 15, 0),
    "5,000 x 200,000, p 500, first": (lambda: clustered(5_000, 200_000, new=500, radius=1.6), 12, 0),
    "5,000 x 200,000, p 500": (lambda: clustered(5_000, 200_000, new=500, radius=1.6), 100, 0),
}
BEST = {
    "NewYork": (400.0, {50: 1153640, 60: 1288174, 70: 1396333, 80: 1481434, 90: 1539992, 100: 1574256}),
    "Bronx": (600.0, {50: 1205051, 60: 1290635, 70: 1348232, 80: 1376061, 90: 1384376, 100: 1385099}),
}
for _name, (_radius, _best) in BEST.items():
    for _new, _value in _best.items():
        CASES[f"{_name} p {_new}"] = (lambda n=_name, p=_new, r=_radius: city(n, p, r), 60, _value)  # type: ignore[misc]


def run(name: str) -> dict[str, Any]:
    """Solve one case; seconds count from the customers to the answer, compilation apart."""
    make, seconds, best = CASES[name]
    coverage_loops()
    began, cpu = perf_counter(), process_time()
    problem = make()
    ready = process_time()
    choice = Highs().solve(problem, PeopleCovered(), Clock(seconds, timer=process_time))
    done = process_time()
    value = PeopleCovered().value(problem, choice.opened)
    found = {
        "case": name, "value": value, "gap %": 100 * (choice.bound / value - 1), "certified %": 100 * (choice.certified / value - 1),
        "status": choice.status, "make s": ready - cpu, "solve s": done - ready, "wall s": perf_counter() - began,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip
    if best:
        found["below best %"] = 100 * (1 - value / best)
    else:
        reduced = reduce(problem)
        greedy = search.value(reduced, search.greedy(reduced))
        single = search.value(reduced, search.first_answer(reduced))
        found |= {"over greedy %": 100 * (value / greedy - 1), "over swaps %": 100 * (value / single - 1)}
    return found


def main(wanted: list[str]) -> None:
    """Run the cases whose names contain a wanted word."""
    for name in CASES:
        if wanted and not any(word in name for word in wanted):
            continue
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.apply(run, (name,))
        words = [
            f"{key} {value:,.3f}" if isinstance(value, float) else f"{key} {value}" for key, value in found.items()
        ]
        print("; ".join(words), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
