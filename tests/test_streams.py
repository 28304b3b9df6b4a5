"""Customers that come block by block, and coverage asked in plain arrays: against all pairs at once and brute force."""

from __future__ import annotations

import doctest
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.coverage import Coverage
from planner.errors import DataError, InfeasibleError, OptimiseError, QuestionError
from planner.optimise import Problem, covering, fewest_sites, most_covered, problem, verify
from planner.optimise.rules import people_covered
from tests.siting import random_coverage
from tests.town import demand_of

Row = tuple[float, tuple[int, ...]]


def rows_of(asked: Problem) -> dict[tuple[int, ...], float]:
    """People by the set of sites that reach them."""
    by_row = asked.matrix().T.tocsr()
    sets = [tuple(sorted(by_row.indices[a:b])) for a, b in zip(by_row.indptr[:-1], by_row.indptr[1:], strict=True)]
    assert len(set(sets)) == len(sets)
    return dict(zip(sets, asked.people.tolist(), strict=True))


def expected(near: np.ndarray, people: np.ndarray) -> dict[tuple[int, ...], float]:
    found: dict[tuple[int, ...], float] = {}
    for row, weight in zip(near, people, strict=True):
        found[tuple(np.flatnonzero(row))] = found.get(tuple(np.flatnonzero(row)), 0.0) + weight
    return found


def case(seed: int, customers: int = 400, sites: int = 9) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.uniform(size=(customers, sites)) < 0.3, random.integers(1, 9, customers).astype(float)


@pytest.mark.parametrize("size", [1, 7, 100, 400])
def test_streamed_customers_give_the_problem_of_all_their_pairs(size: int) -> None:
    near, people = case(3)
    blocks = ((people[at : at + size], *np.nonzero(near[at : at + size])) for at in range(0, 400, size))
    merged = Problem.from_blocks(blocks, sites=9, new=3)
    assert rows_of(merged) == expected(near, people)
    whole = Problem.from_pairs(people, *np.nonzero(near)[::-1], sites=9, new=3)
    for opened in (np.arange(9) < 2, np.arange(9) % 2 == 0):
        assert people_covered(merged, opened) == people_covered(whole, opened)


def test_a_block_may_name_its_pairs_in_any_order_and_twice() -> None:
    near, people = case(4)
    row, site = np.nonzero(near)
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(len(row)), 2))
    merged = Problem.from_blocks([(people, row[order], site[order])], sites=9)
    assert rows_of(merged) == expected(near, people)


@pytest.mark.parametrize(
    ("row", "site", "words"),
    [([0, 2], [0, 1], "customer 2 of 2"), ([-1, 0], [0, 1], "customer -1"), ([0, 1], [0, 2], "site 2 of 2"), ([0], [0, 1], "a pair is one of each")],
)  # fmt: skip
def test_streamed_pairs_of_nobody_are_refused(row: list[int], site: list[int], words: str) -> None:
    with pytest.raises(DataError, match=words):
        Problem.from_blocks([(np.ones(2), np.array(row), np.array(site))], sites=2, new=1)


def test_parts_of_a_city_searched_one_by_one_make_the_problem_of_the_whole() -> None:
    whole = random_coverage(5, points=30, sites=8)
    minutes = np.full((30, 8), np.inf)
    minutes[whole.points, whole.site] = whole.minutes

    def parts() -> Iterator[Coverage]:
        for some in (np.arange(0, 11), np.arange(11, 30)):
            people = demand_of([tuple(xy) for xy in whole.demand.xy[some]], whole.demand.people[some].tolist())
            point, site = np.nonzero(np.isfinite(minutes[some]))
            yield Coverage.from_pairs(
                people, whole.sites, site=site, point=point, minutes=minutes[some][point, site], limit=whole.limit
            )

    merged = Problem.from_blocks(parts(), sites=8, new=2)
    found = rows_of(merged)
    wanted = expected(np.isfinite(minutes), whole.demand.people)
    assert found.keys() == wanted.keys()
    assert [found[key] for key in wanted] == pytest.approx(list(wanted.values()))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 3000.0), st.integers(1, 60))
def test_places_within_a_radius_are_those_that_distances_tell(seed: int, metres: float, sites: int) -> None:
    random = np.random.default_rng(seed)
    place = random.uniform(0, 2000, (sites, 2)) * random.choice([1.0, 0.01]) + random.choice([0.0, 4e5])
    turn = random.uniform(0, 2 * np.pi, 50)
    edge = place[random.integers(sites, size=50)] + 0.999 * metres * np.column_stack([np.cos(turn), np.sin(turn)])
    home = np.vstack([place[: sites // 2], edge, random.uniform(-500, 2500, (200, 2)) + place.min()])
    people = random.integers(0, 5, len(home)).astype(float)
    apart = np.hypot(*(home[:, None] - place[None]).transpose(2, 0, 1))
    at = random.integers(0, len(home))
    blocks = [(people[:at], home[:at]), (people[at:], home[at:])]
    merged = Problem.from_places(blocks, place, metres=metres, new=1)
    assert rows_of(merged) == expected(apart <= metres + 1e-6, people)


def test_a_place_at_exactly_the_radius_is_within_it() -> None:
    site = np.array([[0.0, 0.0]])
    ring = np.array([[3.0, 4.0], [-4.0, 3.0], [0.0, 5.0], [5.0, 0.0], [0.3, 0.4], [3.0, 4.0001]])
    merged = Problem.from_places([(np.ones(6), ring * 0.1)], site, metres=0.5)
    assert rows_of(merged) == {(0,): 5.0, (): 1.0}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metres": 0.0}, "metres must be"),
        ({"metres": np.inf}, "metres must be"),
        ({"sites": np.zeros((0, 2))}, "one or more"),
        ({"sites": np.array([[np.nan, 0.0]])}, "all numbers"),
        ({"blocks": [(np.ones(2), np.zeros((3, 2)))]}, "places of 2 customers"),
        ({"blocks": [(np.ones(1), np.array([[0.0, np.inf]]))]}, "places must be numbers"),
        ({"blocks": [(np.array([-1.0]), np.zeros((1, 2)))]}, "people must be numbers"),
        ({"worth": ((10.0, 1.0),)}, "worth cannot be kept"),
    ],
)
def test_places_that_cannot_be_are_refused(change: dict[str, Any], words: str) -> None:
    given = {"blocks": [(np.ones(1), np.zeros((1, 2)))], "sites": np.zeros((1, 2)), "metres": 5.0} | change
    with pytest.raises((DataError, QuestionError), match=words):
        Problem.from_places(given.pop("blocks"), given.pop("sites"), **given)


def test_memory_holds_one_block_and_not_all_customers() -> None:
    random = np.random.default_rng(0)
    sites = random.uniform(0, 30, (100, 2))

    def blocks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for _ in range(40):
            yield np.ones(25_000), random.uniform(0, 30, (25_000, 2))

    Problem.from_places(blocks(), sites, metres=6.0)  # compile
    tracemalloc.start()
    merged = Problem.from_places(blocks(), sites, metres=6.0)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert merged.people.sum() == 1_000_000
    assert most < 12e6  # the places alone of all would be 16 million bytes, their pairs over 100


@pytest.mark.parametrize("seed", range(8))
def test_fault_79_the_most_covered_without_a_map_equals_brute_force(seed: int) -> None:
    near, people = case(seed, customers=40, sites=7)
    asked = Problem.from_blocks([(people, *np.nonzero(near))], sites=7, new=2)
    best = max(float(people[near[:, list(pair)].any(axis=1)].sum()) for pair in combinations(range(7), 2))
    choice = most_covered(asked, seed=seed)
    assert choice.value == choice.people == best
    assert choice.proven
    assert choice.share == pytest.approx(best / people.sum())
    assert verify(choice).value == best


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("share", [1.0, 0.7])
def test_fault_79_the_fewest_sites_without_a_map_equal_brute_force(seed: int, share: float) -> None:
    near, people = case(seed, customers=40, sites=7)
    asked = Problem.from_pairs(people, *np.nonzero(near)[::-1], sites=7)
    wanted = share * people[near.any(axis=1)].sum() - 1e-9
    best = next(
        count for count in range(8)
        if any(people[near[:, list(some)].any(axis=1)].sum() >= wanted for some in combinations(range(7), count))
    )  # fmt: skip
    choice = fewest_sites(asked, share=share)
    assert choice.value == best == choice.opened.sum()
    assert choice.people >= wanted
    verify(choice)


def test_rules_hold_without_a_map_too() -> None:
    near, people = case(2, customers=40, sites=7)
    pairs = np.nonzero(near)[::-1]
    cost = np.arange(1.0, 8.0)
    best = max(
        float(people[near[:, list(some)].any(axis=1)].sum())
        for count in range(8) for some in combinations(range(7), count) if cost[list(some)].sum() <= 6
    )  # fmt: skip
    assert most_covered(Problem.from_pairs(people, *pairs, sites=7, cost=cost, budget=6.0)).value == best
    sized = most_covered(Problem.from_pairs(people, *pairs, sites=7, new=3, capacity=np.full(7, 20.0)))
    assert sized.value <= 60.0 + 1e-9
    verify(sized)
    with pytest.raises(QuestionError, match="cannot honour backup; leave them out of the problem"):
        most_covered(Problem.from_pairs(people, *pairs, sites=7, new=3, capacity=np.full(7, 20.0), need=2))
    with pytest.raises(QuestionError, match="how many sites may open"):
        most_covered(Problem.from_pairs(people, *pairs, sites=7))
    with pytest.raises(QuestionError, match="seconds must be"):
        most_covered(Problem.from_pairs(people, *pairs, sites=7, new=1), seconds=0)
    with pytest.raises(InfeasibleError):
        fewest_sites(Problem.from_pairs(people, *pairs, sites=7, new=1))


def test_a_tampered_choice_is_rejected() -> None:
    near, people = case(1, customers=40, sites=7)
    choice = most_covered(Problem.from_pairs(people, *np.nonzero(near)[::-1], sites=7, new=2))
    for change in ({"value": choice.value + 1}, {"opened": ~choice.opened}, {"bound": choice.value * 0.9}):
        with pytest.raises(OptimiseError):
            verify(replace(choice, **change))


@pytest.mark.parametrize("module", [problem, covering])
def test_the_examples_of_the_documentation_are_true(module: Any) -> None:
    found = doctest.testmod(module, extraglobs={"np": np, "Problem": Problem})
    assert found.attempted > 3
    assert not found.failed
