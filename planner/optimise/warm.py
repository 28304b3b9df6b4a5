"""Warm: the compiled loops, made ready before a clock starts, so that compiling them takes none of a caller's seconds.

They are compiled once and kept on disk; from then on this only loads them, in about a second a process.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from planner.errors import QuestionError
from planner.optimise.clock import Clock
from planner.optimise.problem import Problem


def started(seconds: float, effort: int | None) -> Clock:
    """A clock for a question of coverage, from when its loops stand ready; without end where ``effort`` limits the work.

    Raises `QuestionError` for limits that are none.
    """
    if not 0 < seconds < float("inf"):
        raise QuestionError(f"seconds must be a number above 0, not {seconds!r}")
    if effort is not None and effort < 1:
        raise QuestionError(f"effort must be a whole number, 1 or more, not {effort!r}")
    coverage_loops()
    return Clock(seconds if effort is None else float("inf"))


@cache
def coverage_loops() -> None:
    """Run every loop of the coverage search on a handful of customers, and those of the tree that proves it."""
    median_loops("float32")
    from planner.optimise import search
    from planner.optimise.cover.prices import Prices
    from planner.optimise.cover.tree import CoverTree
    from planner.optimise.cover.trios import broken
    from planner.optimise.reduce import reduce

    random = np.random.default_rng(0)
    near = random.random((40, 12)) < 0.3
    row, site = np.nonzero(near)
    reduced = reduce(Problem.from_pairs(random.integers(1, 9, 40).astype(float), site, row, sites=12, new=3))
    state = search.descend(reduced, search.greedy(reduced), sweeps=2)
    search.anneal(reduced, state, Clock(float("inf")), effort=1, seed=0)
    clock, prices = Clock(float("inf")), Prices(reduced)
    prices.improve(0.0, clock, steps=1)
    part, none = np.full(len(reduced.sites), 0.3), np.zeros(len(reduced.people))
    broken(reduced.row_starts, reduced.row_sites, reduced.people, part, none, most=9)
    prices.bind(9)
    prices.improve(0.0, clock, steps=1)
    tree = CoverTree(reduced, 0.0, prices.openings, clock, whole=True)
    tree.tighten()
    tree.close(1, lambda: None)


@cache
def median_loops(kind: str) -> None:
    """Run every loop of the median's search on a handful of points; ``kind`` is that of the minutes."""
    from planner.optimise.median import kernels
    from planner.optimise.median.lists import short_lists
    from planner.optimise.median.local import Ascent, first_answer, improved, shaken
    from planner.optimise.median.reduction import reduce
    from planner.optimise.median.relaxation import Relaxation
    from planner.optimise.median.tree import Tree
    from planner.optimise.siting import SitingProblem

    clock, minutes = Clock(float("inf")), np.random.default_rng(0).uniform(0, 20, (12, 40)).astype(kind)
    problem = SitingProblem.from_matrix(minutes, new=3)
    lists, _ = short_lists(problem, np.full(40, 30.0))
    kernels.furthest(problem.starts, problem.points, problem.minutes, problem.kept | problem.possible, problem.demand)
    opened = improved(lists, first_answer(lists, 3, clock), 3, clock)
    problem.nearest(opened)
    shaken(lists, opened, 3, clock=clock, rounds=5, seed=0, kicks=2, heat=0.1)
    ascent = Ascent.beside(lists, 3, opened)
    ascent.climb(1e3, 5)
    ascent.adopt(ascent.price)
    reduce(ascent, 1e3)
    tree = Tree(Relaxation(lists, 3, opened, ascent.price, 1e3), 1e3, 1e-3, clock)
    for _ in range(3):
        if not tree.over:
            tree.look_on()
