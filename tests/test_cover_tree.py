"""Plain coverage proven by cuts and a tree: against every choice, and against HiGHS's own branch and cut."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from planner.optimise import highs
from planner.optimise.clock import Clock
from planner.optimise.cover.prices import duals_of
from planner.optimise.cover.tree import CoverTree
from planner.optimise.cover.trios import fewer, sound, with_trios
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
    """The tree, begun from the first sites and no openings; what it hears on the way must hold at the end too."""
    first = covered(reduced, np.arange(reduced.room)) + reduced.served
    tree = CoverTree(reduced, first, np.zeros(len(reduced.sites)), Clock(float("inf")), whole=whole)
    bounds, values = [], [first]

    def told() -> None:
        bounds.append(tree.bound)
        if len(tree.chosen):
            values.append(covered(reduced, tree.chosen) + reduced.served)

    tree.tighten()
    told()
    if not tree.over:
        tree.close(10_000, told)
    assert tree.closed
    assert tree.bound == pytest.approx(values[-1])
    assert values == sorted(values)
    assert min(bounds) >= values[-1] - 1e-6
    return tree


def best_of(reduced: Reduced, tree: CoverTree) -> float:
    """People of the best choice: the one found, or the first sites, which were known."""
    chosen = tree.chosen if len(tree.chosen) else np.arange(reduced.room)
    return covered(reduced, chosen)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_the_tree_finds_what_every_choice_shows_to_be_best(seed: int, whole: bool) -> None:
    reduced = town(seed, sites=11, points=60, new=3 + seed % 3, whole=whole)
    best = max(covered(reduced, np.array(some)) for some in combinations(range(len(reduced.sites)), reduced.room))
    assert best_of(reduced, proven_by_tree(reduced, whole=whole)) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(3))
def test_the_tree_ends_where_branch_and_cut_ends(seed: int) -> None:
    reduced = town(seed, sites=60, points=900, new=14, whole=True)
    model, extra = PeopleCovered().model(reduced)
    answer = highs.solve_whole(model, Clock(120.0))
    assert answer.optimal
    tree = proven_by_tree(reduced, whole=True)
    assert best_of(reduced, tree) == pytest.approx(extra - answer.bound)


@pytest.mark.parametrize("seed", range(3))
def test_what_bounds_before_any_branch_is_certified_without_a_solver(seed: int) -> None:
    reduced = town(seed, sites=60, points=900, new=14, whole=False)
    tree = CoverTree(reduced, 1.0, np.zeros(len(reduced.sites)), Clock(float("inf")), whole=False)
    tree.tighten()
    model, extra = PeopleCovered().model(reduced)
    proof = tree.proof()
    model = with_trios(model, reduced, proof.trios)
    assert len(proof.trios)
    assert extra - model.bound(model.signed(duals_of(reduced, proof))) == pytest.approx(tree.bound)


def test_fewer_sites_ask_the_same_of_those_left() -> None:
    reduced = town(1, sites=60, points=900, new=14, whole=True)
    tree = CoverTree(reduced, 1.0, np.zeros(len(reduced.sites)), Clock(float("inf")), whole=True)
    tree.tighten()
    sites = tree.opening > 0
    part, opening, trios = fewer(reduced, sites, tree.opening, tree.proof().trios)
    assert set(part.sites) <= set(reduced.sites[sites])
    assert opening == pytest.approx(tree.opening[np.searchsorted(reduced.sites, part.sites)])
    assert sound(trios, part)
    smaller = CoverTree(part, 1.0, opening, Clock(float("inf")), whole=True, trios=trios)
    smaller.tighten()
    assert smaller.bound == pytest.approx(tree.bound, rel=1e-3)
