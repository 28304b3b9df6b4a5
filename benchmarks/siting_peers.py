"""Siting beside spopt: the same matrix, the same question, both answers measured afresh; CPU seconds and how good each is.

Run ``python -m benchmarks.siting_peers [question ...]``. spopt writes its models for HiGHS, the solver planner uses too, with
the same tolerance and a minute's limit, on one thread. Its seconds count from the matrix to the answer, as planner's do; each pair
runs in a process of its own. Sites and customers stand 75 % in towns, 25 % anywhere in a square of 100 km.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from time import process_time

import numpy as np

from benchmarks.siting_median import clustered
from planner.optimise import Problem, fewest_sites, most_covered
from planner.optimise.centre import least_worst_time
from planner.optimise.median import least_mean_time
from planner.optimise.siting import SitingProblem

LIMIT, RADIUS, GAP = 60.0, 8.0, 1e-6
SIZES: dict[str, tuple[tuple[int, int, int], ...]] = {
    # sites, customers and sites to open, up to what spopt ends in about a minute
    "most people (MCLP)": ((100, 1_000, 10), (200, 2_000, 20), (500, 5_000, 25)),
    "fewest sites (LSCP)": ((100, 1_000, 0), (200, 2_000, 0), (500, 5_000, 0)),
    "least mean time (p-median)": ((50, 500, 5), (100, 1_000, 10), (200, 2_000, 20)),
    "least worst time (p-centre)": ((30, 300, 5), (50, 500, 5), (100, 1_000, 10)),
}

Opened = np.ndarray
Ask = Callable[[np.ndarray, np.ndarray, int], Opened]
"""Open sites ``(sites,)`` for distances ``(customers, sites)``, people and how many sites may open."""


def table(sites: int, customers: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances ``(customers, sites)`` in km to the nearest metre, and whole people."""
    place, home, people = clustered(sites, customers, seed=1)
    return np.round(np.hypot(*(home[:, None] - place[None]).transpose(2, 0, 1)), 3), np.ceil(people)


def ours(question: str) -> Ask:
    """planner's answer in plain arrays."""

    def covering(apart: np.ndarray, people: np.ndarray, new: int) -> Opened:
        problem = Problem.from_matrix(people, apart, limit=RADIUS, new=new or None)
        return (most_covered if new else fewest_sites)(problem, seconds=LIMIT).opened

    def timing(apart: np.ndarray, people: np.ndarray, new: int) -> Opened:
        problem = SitingProblem.from_matrix(apart.T, people=people, new=new)
        if "median" in question:
            return least_mean_time(problem, unserved_minutes=float("inf"), seconds=LIMIT).opened
        return least_worst_time(problem, seconds=LIMIT).opened

    return covering if "CLP" in question or "SCP" in question else timing


def theirs(question: str) -> Ask:
    """spopt's answer."""
    import pulp
    from spopt import locate

    def ask(apart: np.ndarray, people: np.ndarray, new: int) -> Opened:
        if "MCLP" in question:
            model = locate.MCLP.from_cost_matrix(apart, people, RADIUS, p_facilities=new)
        elif "LSCP" in question:
            reached = apart[(apart <= RADIUS).any(axis=1)]  # it knows no customer out of reach
            model = locate.LSCP.from_cost_matrix(reached, RADIUS)
        elif "median" in question:
            model = locate.PMedian.from_cost_matrix(apart, people, p_facilities=new)
        else:
            model = locate.PCenter.from_cost_matrix(apart, p_facilities=new)
        model.problem.solve(pulp.HiGHS(msg=False, threads=1, timeLimit=LIMIT, gapRel=GAP))
        return np.array([(site.varValue or 0.0) > 0.5 for site in model.fac_vars])

    return ask


def worth(question: str, apart: np.ndarray, people: np.ndarray, opened: Opened) -> float:
    """What a choice is worth, in the question's own measure."""
    if not opened.any():
        return float("nan")
    nearest = apart[:, opened].min(axis=1)
    if "MCLP" in question:
        return float(people[nearest <= RADIUS].sum())
    if "LSCP" in question:
        reached = apart.min(axis=1) <= RADIUS
        return float(opened.sum()) if (nearest[reached] <= RADIUS).all() else float("nan")
    return float((nearest @ people) / people.sum()) if "median" in question else float(nearest.max())


def compare(question: str, sites: int, customers: int, new: int) -> str:
    """One row of the table."""
    small, few = table(12, 40)
    found = []
    for asked in (ours(question), theirs(question)):
        asked(small, few, min(new, 3))  # load and compile
        apart, people = table(sites, customers)
        began = process_time()
        opened = asked(apart, people, new)
        spent = process_time() - began
        found.append((worth(question, apart, people, opened), spent))
    (mine, quick), (peer, slow) = found
    better = mine - peer if "MCLP" in question else peer - mine
    if np.isnan(peer):
        words = "no answer of spopt's"
    elif abs(better) <= GAP * max(1.0, abs(peer)):
        words = "equal"
    else:
        words = f"planner's {100 * better / peer:.2g} % better" if better > 0 else "spopt's better (!)"
    size = f"{sites:,} x {customers:,}" + (f", p {new}" if new else "")
    return f"| {question} | {size} | {mine:,.6g} | {quick:.2f} | {peer:,.6g} | {slow:.2f} | {slow / quick:,.0f} | {words} |"


def main(wanted: list[str]) -> int:
    """Print the table, versions first; tell how many answers were worse than spopt's."""
    try:
        print(", ".join(f"{name} {version(name)}" for name in ("spopt", "pulp", "highspy", "numpy")))
    except PackageNotFoundError as missing:
        print(f"{missing.name} is not installed; run make bench, which installs the peers")
        return 0
    print(f"Within {RADIUS:g} km where a question has a radius; CPU seconds on one thread, limit {LIMIT:g} s.\n")
    print("| question | size | planner | CPU s | spopt | CPU s | times planner's | answers |")
    print("|---|---|---:|---:|---:|---:|---:|---|", flush=True)
    worse = 0
    for question, sizes in SIZES.items():
        for size in sizes:
            if wanted and not any(word in question for word in wanted):
                continue
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
                line = alone.submit(compare, question, *size).result()
            worse += "(!)" in line
            print(line, flush=True)
    return worse


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
