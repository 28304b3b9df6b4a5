"""Prices of plain coverage: the bound they prove against HiGHS' linear relaxation, and no choice above it."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from planner.optimise import highs
from planner.optimise.clock import Clock
from planner.optimise.cover.prices import Prices, duals_of
from planner.optimise.cover.trios import with_trios
from planner.optimise.objectives import PeopleCovered
from planner.optimise.problem import Problem
from planner.optimise.reduce import reduce

FOREVER = Clock(float("inf"))


def town(seed: int, *, sites: int, points: int, new: int) -> Problem:
    random = np.random.default_rng(seed)
    place, home = random.uniform(0, 10, (sites, 2)), random.uniform(0, 10, (points, 2))
    people = random.integers(1, 30, points).astype(float)
    row, site = np.nonzero(np.hypot(*(home[:, None] - place[None]).transpose(2, 0, 1)) <= 13 / np.sqrt(sites))
    return Problem.from_pairs(people, site, row, sites=sites, new=new)


@pytest.mark.parametrize("seed", range(4))
def test_prices_come_to_the_linear_relaxation_and_are_its_certificate(seed: int) -> None:
    reduced = reduce(town(seed, sites=80, points=1500, new=6 + 5 * seed))
    prices = Prices(reduced)
    model, extra = PeopleCovered().model(reduced)
    duals = highs.solve_relaxed(model, Clock(60.0)).duals
    assert duals is not None
    relaxed = extra - model.bound(model.signed(duals))
    prices.improve(relaxed, FOREVER, steps=8_000)
    assert relaxed - 1e-6 <= prices.bound <= relaxed * 1.0002
    assert relaxed * 0.998 <= prices.reached <= relaxed + 1e-6
    own = extra - model.bound(model.signed(duals_of(reduced, prices.proof)))
    assert own == pytest.approx(prices.bound)
    assert prices.openings.sum() <= reduced.room + 1e-6
    assert prices.openings.min() >= 0.0
    assert prices.openings.max() <= 1.0


@pytest.mark.parametrize("trios", [0, 2])
@pytest.mark.parametrize("steps", [0, 40, 400])
@pytest.mark.parametrize("seed", range(6))
def test_no_choice_covers_more_than_prices_bound_however_few_their_steps(seed: int, steps: int, trios: int) -> None:
    reduced = reduce(town(seed, sites=12, points=70, new=1 + seed % 5))
    prices = Prices(reduced)
    prices.improve(0.0, FOREVER, steps=steps)
    for _ in range(trios):
        prices.bind(20)
        prices.improve(0.0, FOREVER, steps=steps)
    reached = [set(reduced.rows[reduced.starts[one] : reduced.starts[one + 1]]) for one in range(len(reduced.sites))]
    best = max(
        reduced.people[list(set.union(*(reached[one] for one in some)))].sum()
        for some in combinations(range(len(reached)), reduced.room)
    )
    assert best + reduced.served <= prices.bound + 1e-6


@pytest.mark.parametrize(("seed", "new"), [(1, 9), (4, 12), (2, 16), (3, 16)])
def test_trios_lower_the_bound_and_their_prices_certify_it(seed: int, new: int) -> None:
    reduced = reduce(town(seed, sites=60, points=1200, new=new))
    model, extra = PeopleCovered().model(reduced)
    best = extra - highs.solve_whole(model, Clock(120.0)).bound
    prices = Prices(reduced)
    prices.improve(best, FOREVER, steps=4_000)
    alone = prices.bound
    for _ in range(4):
        if not prices.bind(200):
            break
        prices.improve(best, FOREVER, steps=4_000)
    assert len(prices.trios)
    assert best - 1e-6 <= prices.bound <= alone - 0.5 * (alone - best)
    bound_to = with_trios(model, reduced, prices.trios)
    own = extra - bound_to.bound(bound_to.signed(duals_of(reduced, prices.proof)))
    assert own == pytest.approx(prices.bound)


def test_sites_that_reach_nobody_and_no_site_at_all_are_priced() -> None:
    idle = reduce(
        Problem.from_pairs(np.array([3.0, 4.0]), np.array([0, 1]), np.array([0, 1]), sites=3, new=1), dominance=False
    )
    prices = Prices(idle)
    prices.improve(4.0, FOREVER, steps=400)
    assert prices.bound == pytest.approx(4.0, rel=1e-3)
    none = reduce(Problem.from_pairs(np.array([3.0, 4.0]), np.array([0, 1]), np.array([0, 1]), sites=2, new=0))
    prices = Prices(none)
    prices.improve(0.0, FOREVER, steps=400)
    assert prices.bound == 0.0
