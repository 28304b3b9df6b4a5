"""Sites of limited size: against brute force, and against what must always hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from scipy.optimize import linprog

from planner.errors import DataError, InfeasibleError, OptimiseError, QuestionError
from planner.optimise.capacitated import SizedProblem, least_cost, verify_sized


def random_problem(seed: int) -> SizedProblem:
    """A small problem with barred pairs, free openings, kept sites and whole or split points."""
    rng = np.random.default_rng(seed)
    sites, demand = int(rng.integers(1, 5)), int(rng.integers(1, 6))
    cost = rng.integers(0, 9, (sites, demand)).astype(float)
    cost[rng.random((sites, demand)) < 0.15] = np.inf
    opening = rng.integers(0, 6, sites).astype(float) * (seed % 3 > 0)
    capacity = np.where(rng.random(sites) < 0.2, np.inf, rng.integers(2, 12, sites))
    kept = rng.random(sites) < 0.2
    people = rng.integers(0, 6, demand).astype(float)
    return SizedProblem(cost, people, capacity, opening, kept, int(rng.integers(0, 4)), whole=bool(seed % 2))


def shared_out(problem: SizedProblem, opened: list[int]) -> float:
    """The least cost of serving everyone from these sites; inf where they cannot."""
    demand = len(problem.people)
    if problem.whole:
        found = [np.inf]
        for at in product(opened, repeat=demand):
            load = np.bincount(at, weights=problem.people, minlength=len(problem.capacity))
            if (load <= problem.capacity).all():
                found.append(problem.cost[list(at), np.arange(demand)].sum())
        return min(found)
    pairs = [(j, i) for j in opened for i in range(demand) if np.isfinite(problem.cost[j, i])]
    if not pairs:
        return np.inf
    full = [[float(i == k) for _, i in pairs] for k in range(demand)]
    load = [[problem.people[i] * (j == k) for j, i in pairs] for k in opened if np.isfinite(problem.capacity[k])]
    room = [problem.capacity[k] for k in opened if np.isfinite(problem.capacity[k])]
    found = linprog([problem.cost[pair] for pair in pairs], load or None, room or None, full, np.ones(demand))
    return found.fun if found.status == 0 else np.inf


def brute_force(problem: SizedProblem) -> float:
    """The least cost over all choices of sites."""
    kept, could = np.flatnonzero(problem.kept).tolist(), np.flatnonzero(~problem.kept)
    return min(
        shared_out(problem, kept + list(extra)) + problem.opening[list(extra)].sum()
        for count in range(min(problem.new, len(could)) + 1)
        for extra in combinations(could.tolist(), count)
    )


@pytest.mark.parametrize("block", range(6))
def test_fault_79_it_equals_brute_force_on_random_cases(block):
    for seed in range(block * 25, block * 25 + 25):
        problem = random_problem(seed)
        best = brute_force(problem)
        if np.isinf(best):
            with pytest.raises(InfeasibleError):
                least_cost(problem)
            continue
        choice = least_cost(problem)
        assert choice.status == "proven", seed
        assert choice.value == pytest.approx(best, abs=1e-6), seed
        assert choice.certified <= best + 1e-6
        verify_sized(problem, choice)


def small(**changes) -> SizedProblem:
    given = {
        "cost": [[1.0, 2.0, 9.0], [8.0, 3.0, 1.0]], "people": [2.0, 2.0, 2.0], "capacity": [4.0, 4.0],
        "opening": [5.0, 6.0], "kept": [False, False], "new": 2,
    }  # fmt: skip
    return SizedProblem(**{**given, **changes})


def test_points_are_split_only_where_that_is_allowed():
    tight = small(capacity=[3.0, 3.0])
    assert least_cost(tight).value == pytest.approx(5 + 6 + 1 + (2 + 3) / 2 + 1)
    with pytest.raises(InfeasibleError, match="let points be split"):
        least_cost(replace(tight, whole=True))


def test_fault_80_more_room_never_costs_more():
    values = [least_cost(small(capacity=[size, 4.0])).value for size in (2.0, 3.0, 4.0, 6.0)]
    assert (np.diff(values) <= 1e-9).all()


def test_fault_74_too_little_room_is_told_in_people():
    with pytest.raises(InfeasibleError, match="6 people, yet the largest sites hold 4"):
        least_cost(small(new=1))


def test_a_point_that_no_site_serves_is_named():
    with pytest.raises(InfeasibleError, match="point 2"):
        least_cost(small(cost=[[1.0, 2.0, np.inf], [8.0, 3.0, np.inf]]))


def test_fault_75_out_of_time_is_never_called_proven():
    rng = np.random.default_rng(1)
    cost, people = rng.integers(1, 90, (60, 300)).astype(float), rng.uniform(1, 5, 300)
    problem = SizedProblem(cost, people, np.full(60, 60.0), np.full(60, 40.0), np.zeros(60, bool), 60, whole=True)
    with pytest.raises(OptimiseError, match="no answer within"):
        least_cost(problem, seconds=0.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: {"value": c.value - 1}, "measured afresh"),
        (lambda c: {"certified": c.certified + 9}, "its duals prove"),
        (lambda c: {"bound": c.value + 9}, "nothing beats"),
        (lambda c: {"opened": np.array([True, False])}, "closed site"),
        (lambda c: {"share": c.share * 0.5}, "everyone"),
        (lambda c: {"share": np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])}, "beyond its capacity"),
    ],
)
def test_a_tampered_choice_is_caught(change, message):
    choice = least_cost(small())
    verify_sized(small(), choice)
    with pytest.raises(OptimiseError, match=message):
        verify_sized(small(), replace(choice, **change(choice)))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"people": [1.0]}, DataError, "people has shape"),
        ({"cost": [1.0]}, DataError, "matrix"),
        ({"cost": [[1.0, 2.0, np.nan]] * 2}, DataError, "cost must be"),
        ({"opening": [np.inf, 1.0]}, DataError, "opening must be finite"),
        ({"capacity": [-1.0, 1.0]}, DataError, "capacity must be"),
        ({"new": True}, QuestionError, "whole number"),
    ],
)
def test_arrays_that_disagree_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        small(**change)
