"""The laws every solver keeps, and what happens to one that does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import pytest

from planner.errors import OptimiseError, QuestionError
from planner.optimise import Highs, Problem, Search, Solver, maximise_coverage, verify
from planner.optimise.choice import Choice
from planner.optimise.clock import Clock
from planner.optimise.objectives import PeopleCovered
from planner.plan import Scenario
from tests.siting import random_coverage

SOLVERS: list[Solver] = [Highs(), Search()]


def scattered(seed: int, *, sites: int = 120, rows: int = 900, new: int = 12) -> Problem:
    """Random discs over random people."""
    random = np.random.default_rng(seed)
    place, home = random.uniform(0, 1, (sites, 2)), random.uniform(0, 1, (rows, 2))
    row, site = np.nonzero(np.hypot(*(home[:, None] - place[None]).transpose(2, 0, 1)) < 0.11)
    return Problem.from_pairs(random.integers(1, 50, rows).astype(float), site, row, sites=sites, new=new)


@pytest.fixture(params=SOLVERS, ids=lambda solver: solver.name)
def solver(request: pytest.FixtureRequest) -> Solver:
    """Each solver in turn."""
    found: Solver = request.param
    return found


@pytest.mark.parametrize("seed", range(3))
def test_value_and_bound_stand_on_their_sides_of_the_best(solver: Solver, seed: int) -> None:
    problem = scattered(seed)
    best = Highs().solve(problem, PeopleCovered(), Clock(60))
    assert best.status == "proven"
    choice = solver.solve(problem, PeopleCovered(), Clock(20), effort=None, seed=seed, progress=None)
    value, most = (PeopleCovered().value(problem, found.opened) for found in (choice, best))
    assert value <= most * (1 + 1e-9) <= choice.bound * (1 + 1e-6)
    assert choice.opened.sum() <= 12


def test_fault_76_the_same_seed_and_effort_repeat_exactly(solver: Solver) -> None:
    found = [
        solver.solve(scattered(3), PeopleCovered(), Clock(np.inf), effort=2, seed=5, progress=None) for _ in range(2)
    ]
    assert (found[0].opened == found[1].opened).all()
    assert found[0].bound == found[1].bound


def test_shuffled_rows_and_sites_give_the_same_sites(solver: Solver) -> None:
    problem = scattered(4)
    random = np.random.default_rng(0)
    to_row, to_site = random.permutation(len(problem.people)), random.permutation(problem.sites)
    site = np.repeat(np.arange(problem.sites), np.diff(problem.starts))
    people = np.empty(len(problem.people))
    people[to_row] = problem.people
    rank = np.empty(problem.sites, np.int64)
    rank[to_site] = np.arange(problem.sites)
    shuffled = Problem.from_pairs(people, to_site[site], to_row[problem.rows], sites=problem.sites, new=12, rank=rank)
    plain = solver.solve(problem, PeopleCovered(), Clock(np.inf), effort=2, seed=1, progress=None)
    other = solver.solve(shuffled, PeopleCovered(), Clock(np.inf), effort=2, seed=1, progress=None)
    assert (other.opened[to_site] == plain.opened).all()


def test_fault_75_time_is_kept_and_the_gap_told(solver: Solver) -> None:
    problem = scattered(5, sites=900, rows=20_000, new=60)
    solver.solve(scattered(6), PeopleCovered(), Clock(5), effort=None, seed=0, progress=None)  # compile
    began = perf_counter()
    choice = solver.solve(problem, PeopleCovered(), Clock(2.0), effort=None, seed=0, progress=None)
    assert perf_counter() - began < 2.0 + 1.0 + 0.5  # half a second for a busy machine
    value = PeopleCovered().value(problem, choice.opened)
    assert choice.status in {"time limit", "proven"}
    assert (choice.status == "proven") == (choice.bound <= value * (1 + 1e-6))


def test_progress_is_told_of_better_values_and_bounds() -> None:
    told: list[tuple[float, float]] = []
    Highs().solve(scattered(7), PeopleCovered(), Clock(20), progress=lambda value, bound: told.append((value, bound)))
    values, bounds = zip(*told, strict=True)
    assert list(values) == sorted(values)
    assert list(bounds) == sorted(bounds, reverse=True)


def test_control_c_gives_the_best_plan_so_far() -> None:
    def stop(value: float, bound: float) -> None:
        if np.isfinite(bound):
            raise KeyboardInterrupt

    choice = Highs().solve(scattered(8), PeopleCovered(), Clock(60), progress=stop)
    assert choice.status in {"interrupted", "proven"}
    assert choice.opened.any()


def test_the_swap_search_refuses_rules_it_cannot_honour_by_name() -> None:
    with pytest.raises(QuestionError, match="budget"):
        maximise_coverage(Scenario("poor", random_coverage(1), new=2, budget=5.0), solver=Search())


@dataclass(frozen=True)
class Liar:
    """A solver whose answer is altered before it is handed back."""

    lie: str
    name: str = "liar"

    def solve(self, problem: Problem, objective: PeopleCovered, clock: Clock, **options: object) -> Choice:
        choice = Highs().solve(problem, objective, clock)
        opened = choice.opened.copy()
        if self.lie == "closes a kept site":
            opened[np.flatnonzero(problem.kept)[0]] = False
        if self.lie == "opens too many":
            opened[:] = True
        if self.lie == "claims too little":
            return replace(choice, bound=objective.value(problem, opened) * 0.9)
        return replace(choice, opened=opened)


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        ("closes a kept site", "closes sites"),
        ("opens too many", "may be open"),
        ("claims too little", "claims no plan beats"),
    ],
)
def test_a_lying_solver_is_caught(lie: str, message: str) -> None:
    with pytest.raises(OptimiseError, match=message):
        maximise_coverage(Scenario("lied to", random_coverage(4), new=2), solver=Liar(lie))


@pytest.mark.parametrize("field", ["value", "bound", "opened", "certified", "duals", "loose"])
def test_verify_rejects_a_tampered_plan(field: str) -> None:
    plan = maximise_coverage(Scenario("true", random_coverage(9, sites=10), new=2))
    verify(plan)
    details = dict(plan.details)
    changes: dict[str, object] = {"details": details}
    if field == "value":
        changes["value"] = plan.value - 1
    if field == "bound":
        changes["bound"] = plan.value * (1 - 9e-7) - 2e-6 * plan.value
    if field == "opened":
        changes["opened"] = np.flatnonzero(plan.scenario.kept)
    if field == "certified":
        details["certified_bound"] = plan.certified - 5
    if field == "duals":
        details["duals"] = np.asarray(plan.details["duals"]) * 0.5
    if field == "loose":
        changes["bound"] = plan.bound + 50
    with pytest.raises(OptimiseError):
        verify(replace(plan, **changes))  # type: ignore[arg-type]
