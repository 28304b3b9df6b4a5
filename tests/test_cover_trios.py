"""Trios of rows: cuts that hold for every choice, close what rows alone leave open, and are checked with the plan."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest

from planner.errors import OptimiseError
from planner.optimise import most_covered, verify
from planner.optimise.cover.trios import broken, sites_of, sound, with_trios
from planner.optimise.objectives import PeopleCovered
from planner.optimise.problem import Problem
from planner.optimise.reduce import Reduced, reduce


def triangles(count: int, new: int) -> Problem:
    """Three sites each, two of which reach each of three rows of ten people: half-open sites serve all, whole ones do not."""
    three = 3 * np.repeat(np.arange(count), 6)
    site, row = three + np.tile([0, 1, 1, 2, 2, 0], count), three + np.tile([0, 0, 1, 1, 2, 2], count)
    return Problem.from_pairs(np.full(3 * count, 10.0), site, row, sites=3 * count, new=new)


def random_rows(seed: int) -> Reduced:
    random = np.random.default_rng(seed)
    row, site = np.nonzero(random.random((9, 7)) < 0.45)
    people = random.integers(1, 30, 9).astype(float)
    return reduce(Problem.from_pairs(people, site, row, sites=7, new=3), dominance=False)


@pytest.mark.parametrize("seed", range(20))
def test_every_trio_holds_for_every_choice(seed: int) -> None:
    reduced = random_rows(seed)
    trios = np.array(list(combinations(range(len(reduced.people)), 3)))
    model, _ = PeopleCovered().model(reduced)
    model = with_trios(model, reduced, trios)
    for count in range(reduced.room + 1):
        for some in combinations(range(len(reduced.sites)), count):
            assert model.breach(PeopleCovered().start(reduced, np.array(some, int))) == 0.0


@pytest.mark.parametrize("seed", range(20))
def test_the_trios_found_are_broken_and_none_that_is_broken_by_more_is_missed(seed: int) -> None:
    reduced, random = random_rows(seed), np.random.default_rng(seed)
    first, site, rows = reduced.row_starts, reduced.row_sites, len(reduced.people)
    opening = random.choice([0.0, 0.5, 0.5, 0.4], len(reduced.sites))
    missed = np.array([max(0.0, 1.0 - opening[site[first[r] : first[r + 1]]].sum()) for r in range(rows)])
    every = np.array(list(combinations(range(rows), 3)))

    def lacks(trios: np.ndarray) -> np.ndarray:
        starts, found, times = sites_of(first, site, trios)
        open_ = [times[a:b] @ opening[found[a:b]] for a, b in pairwise(starts)]
        return 2.0 - missed[trios].sum(axis=1) - np.array(open_)

    found = broken(first, site, reduced.people, opening, missed, most=99)
    assert not len(found) or lacks(found).min() > 0.0
    assert len(found) or lacks(every).max() < 0.2


def test_the_sites_of_a_trio_count_twice_where_all_three_rows_share_them() -> None:
    first, site = np.array([0, 2, 4, 7]), np.array([0, 1, 1, 2, 0, 1, 3], np.int32)
    starts, sites, times = sites_of(first, site, np.array([[0, 1, 2]]))
    assert starts.tolist() == [0, 4]
    assert dict(zip(sites.tolist(), times.tolist(), strict=True)) == {0: 1.0, 1: 2.0, 2: 1.0, 3: 1.0}


def test_what_rows_alone_leave_open_is_proven_by_the_certificate_alone() -> None:
    choice = most_covered(triangles(40, 60), effort=2)
    assert choice.value == 40 * 20 + 20 * 10  # one site serves two rows of a triangle, a second one the third
    assert choice.status == "proven"
    assert verify(choice).proven_by == "certificate"
    rows_alone = {name: held for name, held in choice.details.items() if name != "trios"}
    with pytest.raises(OptimiseError, match="another question"):
        verify(replace(choice, details=rows_alone))


@pytest.mark.parametrize(
    "wrong", [np.array([[0, 0, 1]]), np.array([[0, 1, 10_000]]), np.array([[-1, 0, 1]]), np.array([0, 1, 2]), np.eye(3)]
)
def test_cuts_that_are_no_trios_are_refused(wrong: np.ndarray) -> None:
    problem = triangles(4, 6)
    assert not sound(wrong, reduce(problem))
    choice = most_covered(problem, effort=2)
    with pytest.raises(OptimiseError, match="cuts that do not hold"):
        verify(replace(choice, details=choice.details | {"trios": wrong}))
