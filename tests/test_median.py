"""p-median on plain arrays: against brute force, and against what must always hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from planner.errors import DataError, InfeasibleError, OptimiseError, QuestionError
from planner.optimise.median import least_mean_time, verify_median
from planner.optimise.siting import SitingProblem

UNSERVED = 30.0


def random_problem(seed: int) -> SitingProblem:
    """A small problem with ties, zero minutes, absent pairs, kept and barred sites, and points without people."""
    rng = np.random.default_rng(seed)
    sites, demand = int(rng.integers(1, 10)), int(rng.integers(1, 14))
    kind = seed % 4
    minutes = rng.integers(0, 8, (sites, demand)).astype(float) if kind < 2 else rng.uniform(0, 25, (sites, demand))
    if kind % 2:
        minutes[rng.random((sites, demand)) < 0.4] = np.inf
    people = rng.integers(0, 4, demand).astype(float) if kind == 0 else rng.uniform(0, 9, demand)
    kept = rng.random(sites) < 0.2
    possible = ~kept & (rng.random(sites) < 0.9)
    return SitingProblem.from_matrix(minutes, people=people, kept=kept, possible=possible, new=int(rng.integers(0, 5)))


def towns(seed: int, sites: int, demand: int, new: int) -> SitingProblem:
    """Points in a square of 30 by 30 minutes, as the crow flies."""
    rng = np.random.default_rng(seed)
    return SitingProblem.from_matrix(
        np.hypot(*(rng.uniform(0, 20, (2, sites, 1)) - rng.uniform(0, 20, (2, 1, demand)))), new=new
    )


def matrix_of(problem: SitingProblem) -> np.ndarray:
    """The minutes as a matrix ``(sites, demand)``, ``inf`` where absent."""
    matrix = np.full((problem.sites, problem.demand), np.inf)
    matrix[np.repeat(np.arange(problem.sites), np.diff(problem.starts)), problem.points] = problem.minutes
    return matrix


def people_minutes(problem: SitingProblem, opened: np.ndarray, unserved: float) -> float:
    """The value of a choice, worked out from the matrix."""
    matrix = matrix_of(problem)
    reached = np.isfinite(matrix[problem.kept | problem.possible]).any(axis=0)
    nearest = np.minimum(matrix[opened].min(axis=0, initial=np.inf), unserved)
    return float(problem.people[reached] @ nearest[reached])


def brute_force(problem: SitingProblem, unserved: float = UNSERVED) -> float:
    """The least value over all choices."""
    could = np.flatnonzero(problem.possible)
    values = []
    for count in range(min(problem.new, len(could)) + 1):
        for chosen in combinations(could, count):
            opened = problem.kept.copy()
            opened[list(chosen)] = True
            values.append(people_minutes(problem, opened, unserved))
    return min(values)


@pytest.mark.parametrize("block", range(10))
def test_fault_79_it_equals_brute_force_on_random_cases(block):
    for seed in range(block * 30, block * 30 + 30):
        problem = random_problem(seed)
        choice = least_mean_time(problem, unserved_minutes=UNSERVED)
        assert choice.status == "proven"
        assert choice.value == pytest.approx(brute_force(problem), abs=1e-9), seed
        assert choice.value == pytest.approx(people_minutes(problem, choice.opened, UNSERVED), abs=1e-9)
        verify_median(problem, choice)


def test_fault_76_the_same_question_gives_the_same_answer():
    problem = towns(3, 60, 300, 6)
    first, second = (least_mean_time(problem, unserved_minutes=UNSERVED, seed=4) for _ in range(2))
    assert (first.opened == second.opened).all()
    assert first.value == second.value
    assert (first.prices == second.prices).all()


def test_fault_76_equal_sites_give_the_lower_position():
    problem = SitingProblem.from_matrix(np.array([[5.0, 9.0], [2.0, 3.0], [2.0, 3.0]]), new=1)
    assert least_mean_time(problem, unserved_minutes=UNSERVED).opened.tolist() == [False, True, False]


def test_fault_65_a_point_no_site_reaches_is_listed_and_left_out_of_the_mean():
    problem = SitingProblem.from_matrix(np.array([[4.0, np.inf, np.inf], [np.inf, np.inf, 6.0]]), new=1)
    choice = least_mean_time(problem, unserved_minutes=20.0)
    assert choice.unreached.tolist() == [False, True, False]
    assert choice.unserved.tolist() == [False, False, True]
    assert choice.mean_minutes == pytest.approx((4 + 20) / 2)


def test_fault_72_no_new_site_measures_today():
    problem = SitingProblem.from_matrix(
        np.array([[4.0, 7.0], [0.0, 1.0]]), kept=[True, False], possible=[False, True], new=0
    )
    choice = least_mean_time(problem, unserved_minutes=UNSERVED)
    assert (choice.value, choice.bound, choice.status) == (11.0, 11.0, "proven")


def test_fault_77_no_people_is_a_valid_question():
    choice = least_mean_time(SitingProblem.from_matrix(np.ones((2, 3)), people=np.zeros(3), new=1), unserved_minutes=9)
    assert (choice.value, choice.mean_minutes, choice.status) == (0.0, 0.0, "proven")


def test_fault_80_one_more_site_never_worsens():
    values = [least_mean_time(towns(5, 30, 90, new), unserved_minutes=UNSERVED).value for new in range(9)]
    assert (np.diff(values) <= 0).all()


def test_everyone_is_served_where_that_is_demanded():
    matrix = np.array([[1.0, 1.0, np.inf], [9.0, np.inf, 9.0], [np.inf, 8.0, 8.0]])
    problem = SitingProblem.from_matrix(matrix, people=[100.0, 100.0, 1.0], new=2)
    choice = least_mean_time(problem, unserved_minutes=np.inf)
    assert not choice.unserved.any()
    assert choice.value == 100 + 100 + 8


def test_too_few_sites_for_everyone_tells_how_many_would_do():
    problem = SitingProblem.from_matrix(np.where(np.eye(4, dtype=bool), 1.0, np.inf), new=2)
    with pytest.raises(InfeasibleError, match="4 would do"):
        least_mean_time(problem, unserved_minutes=np.inf)


def test_being_unserved_must_not_pay():
    with pytest.raises(QuestionError, match="unserved_minutes must be at least"):
        least_mean_time(SitingProblem.from_matrix(np.array([[12.0]]), new=1), unserved_minutes=10)


def test_fault_75_out_of_time_is_never_called_proven():
    choice = least_mean_time(towns(6, 80, 2000, 8), unserved_minutes=UNSERVED, seconds=0.0)
    assert choice.status == "time limit"
    assert choice.bound <= choice.value
    assert choice.opened.sum() <= 8


def test_ctrl_c_gives_the_best_so_far():
    def interrupt(value: float, bound: float) -> None:
        raise KeyboardInterrupt

    problem = towns(7, 80, 500, 8)
    choice = least_mean_time(problem, unserved_minutes=UNSERVED, progress=interrupt)
    assert choice.status == "time limit"
    assert 0 < choice.opened.sum() <= 8
    verify_median(problem, choice)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: {"value": c.value * 0.99}, "measured afresh"),
        (lambda c: {"certified": c.certified * 1.01}, "its prices prove"),
        (lambda c: {"bound": c.value * 1.01}, "nothing beats"),
        (lambda c: {"opened": ~c.opened}, "new sites"),
    ],
)
def test_a_tampered_choice_is_caught(change, message):
    problem = towns(8, 30, 90, 4)
    choice = least_mean_time(problem, unserved_minutes=UNSERVED)
    verify_median(problem, choice)
    with pytest.raises(OptimiseError, match=message):
        verify_median(problem, replace(choice, **change(choice)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"people": [1.0, np.nan]}, "people"),
        ({"people": [1.0, -1.0]}, "people"),
        ({"minutes": [1.0, -2.0]}, "minutes"),
        ({"points": [0, 2]}, "outside 0 to 1"),
        ({"starts": [0, 1]}, "one entry a site"),
        ({"starts": [0, 1, 3]}, "number of pairs"),
        ({"possible": [True, True]}, "both stays open"),
    ],
)
def test_arrays_that_disagree_are_refused(change, message):
    good = {
        "starts": [0, 1, 2], "points": [0, 1], "minutes": [1.0, 2.0], "people": [1.0, 1.0],
        "kept": [True, False], "possible": [False, True], "new": 1,
    }  # fmt: skip
    SitingProblem(**good)
    with pytest.raises(DataError, match=message):
        SitingProblem(**{**good, **change})


@pytest.mark.parametrize("new", [-1, 1.5, True])
def test_new_must_be_a_whole_number(new):
    with pytest.raises(QuestionError, match="whole number"):
        SitingProblem.from_matrix(np.ones((1, 1)), new=new)
