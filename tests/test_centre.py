"""p-centre on plain arrays: against brute force, and against what must always hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from planner.errors import InfeasibleError, OptimiseError
from planner.optimise.centre import least_worst_time, verify_centre, worst_time
from planner.optimise.siting import SitingProblem


def random_problem(seed: int) -> SitingProblem:
    """A small problem with ties, zero minutes, absent pairs, kept and barred sites, and points without people."""
    rng = np.random.default_rng(seed)
    sites, demand = int(rng.integers(1, 10)), int(rng.integers(1, 14))
    kind = seed % 4
    minutes = rng.integers(0, 8, (sites, demand)).astype(float) if kind < 2 else rng.uniform(0, 25, (sites, demand))
    if kind % 2:
        minutes[rng.random((sites, demand)) < 0.3] = np.inf
    kept = rng.random(sites) < 0.2
    possible = ~kept & (rng.random(sites) < 0.9)
    people = rng.integers(0, 4, demand).astype(float)
    return SitingProblem.from_matrix(minutes, people=people, kept=kept, possible=possible, new=int(rng.integers(0, 5)))


def brute_force(problem: SitingProblem) -> float:
    """The least worst time over all choices; ``inf`` where none reaches everyone."""
    matrix = np.full((problem.sites, problem.demand), np.inf)
    matrix[np.repeat(np.arange(problem.sites), np.diff(problem.starts)), problem.points] = problem.minutes
    asked = np.isfinite(matrix[problem.kept | problem.possible]).any(axis=0) & (problem.people > 0)
    could = np.flatnonzero(problem.possible)
    values = []
    for count in range(min(problem.new, len(could)) + 1):
        for chosen in combinations(could, count):
            opened = problem.kept.copy()
            opened[list(chosen)] = True
            values.append(matrix[opened][:, asked].min(axis=0, initial=np.inf).max(initial=0.0))
    return float(min(values))


@pytest.mark.parametrize("block", range(10))
def test_fault_79_it_equals_brute_force_on_random_cases(block):
    for seed in range(block * 30, block * 30 + 30):
        problem = random_problem(seed)
        best = brute_force(problem)
        if np.isinf(best):
            with pytest.raises(InfeasibleError, match="would do"):
                least_worst_time(problem)
            continue
        choice = least_worst_time(problem)
        assert (choice.value, choice.bound, choice.status) == (best, best, "proven"), seed
        assert worst_time(problem, choice.opened) == best
        verify_centre(problem, choice)


def test_fault_73_too_few_sites_tell_how_many_would_do():
    problem = SitingProblem.from_matrix(np.where(np.eye(5, dtype=bool), 1.0, np.inf), new=2)
    with pytest.raises(InfeasibleError, match="5 would do"):
        least_worst_time(problem)


def test_fault_65_a_point_no_site_reaches_is_left_out_and_listed():
    problem = SitingProblem.from_matrix(np.array([[4.0, np.inf]]), new=1)
    choice = least_worst_time(problem)
    assert choice.value == 4.0
    assert choice.unreached.tolist() == [False, True]


def test_fault_76_the_same_question_gives_the_same_answer():
    problem = SitingProblem.from_matrix(np.random.default_rng(1).uniform(0, 30, (30, 80)), new=4)
    first, second = least_worst_time(problem), least_worst_time(problem)
    assert (first.opened == second.opened).all()


def test_fault_77_nobody_and_one_site_are_valid():
    assert least_worst_time(SitingProblem.from_matrix(np.ones((1, 1)), people=[0.0], new=1)).value == 0.0
    assert least_worst_time(SitingProblem.from_matrix(np.zeros((1, 1)), new=1)).value == 0.0


def test_a_tampered_choice_is_caught():
    problem = SitingProblem.from_matrix(np.random.default_rng(2).uniform(1, 30, (20, 50)), new=3)
    choice = least_worst_time(problem)
    verify_centre(problem, choice)
    with pytest.raises(OptimiseError, match="measured afresh"):
        verify_centre(problem, replace(choice, value=choice.value - 1))
    with pytest.raises(OptimiseError, match="nothing beats"):
        verify_centre(problem, replace(choice, bound=choice.value + 1))
    with pytest.raises(OptimiseError, match="do not prove"):
        verify_centre(problem, replace(choice, certified=choice.value + 1))
    with pytest.raises(OptimiseError, match="new sites"):
        verify_centre(problem, replace(choice, opened=~choice.opened))
