"""Plain coverage proven by cuts and a tree: against every choice, and against HiGHS's own branch and cut."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from planner.optimise import highs, lagrange
from planner.optimise.clock import Clock
from planner.optimise.cover_tree import CoverTree
from planner.optimise.objectives import PeopleCovered
from planner.optimise.problem import Problem
from planner.optimise.reduce import Reduced, reduce


def town(seed: int, *, sites: int, points: int, new: int, whole: bool) -> Reduced:
    random = np.random.default_rng(seed)
    place, home = random.uniform(0, 10, (sites, 2)), random.uniform(0, 10, (points, 2))
    people = random.integers(1, 30, points).astype(float) if whole else random.uniform(0.1, 9.0, points)
    row, site = np.nonzero(np.hypot(*(home[:, None] - place[None]).transpose(2, 0, 1)) <= 10 / np.sqrt(sites) * 1.3)
    return reduce(Problem.from_pairs(people, site, row, sites=sites, new=new))


def covered(reduced: Reduced, chosen: np.ndarray) -> float:
    rows = [reduced.rows[reduced.starts[site] : reduced.starts[site + 1]] for site in chosen]
    return float(reduced.people[np.unique(np.concatenate(rows))].sum())


def proven_by_tree(reduced: Reduced, *, whole: bool) -> CoverTree:
    """The tree, begun from the first sites and poor prices; what it hears on the way must hold at the end too."""
    every, first = np.ones(len(reduced.sites), bool), np.arange(reduced.room)
    tree = CoverTree(reduced, every, first, lagrange.Prices(reduced).best, Clock(float("inf")), whole=whole)
    bounds, values = [], []

    def told() -> None:
        bounds.append(tree.bound)
        values.append(covered(reduced, tree.chosen))

    tree.close(10_000, told)
    assert tree.bound == pytest.approx(covered(reduced, tree.chosen))
    assert values == sorted(values)
    assert min(bounds) >= covered(reduced, tree.chosen) - 1e-6
    return tree


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_the_tree_finds_what_every_choice_shows_to_be_best(seed: int, whole: bool) -> None:
    reduced = town(seed, sites=11, points=60, new=3 + seed % 3, whole=whole)
    best = max(covered(reduced, np.array(some)) for some in combinations(range(len(reduced.sites)), reduced.room))
    assert covered(reduced, proven_by_tree(reduced, whole=whole).chosen) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(3))
def test_the_tree_ends_where_branch_and_cut_ends(seed: int) -> None:
    reduced = town(seed, sites=60, points=900, new=14, whole=True)
    model, extra = PeopleCovered().model(reduced)
    answer = highs.solve_whole(model, Clock(120.0))
    assert answer.optimal
    tree = proven_by_tree(reduced, whole=True)
    assert covered(reduced, tree.chosen) == pytest.approx(extra - answer.bound)
    assert (tree.prices >= 0).all()
    assert (tree.prices <= reduced.people + 1e-9).all()
