"""Mean time under rules at size: bounded by the median without the rules, answered over a core of sites.

With a variable for every pair, the whole question is too large for branch and cut beyond some hundred thousand pairs. What the
rules forbid can only lengthen the mean time, so the plain median's certified bound holds; a core of sites that the
rules allow is then solved as a whole.
"""

from __future__ import annotations

import numpy as np

from planner.arrays import Mask, Positions
from planner.errors import InfeasibleError, NoPlanInTimeError
from planner.optimise.choice import Choice
from planner.optimise.clock import Clock, Progress
from planner.optimise.median import MedianChoice, least_mean_time, verify_median
from planner.optimise.problem import Problem
from planner.optimise.siting import SitingProblem
from planner.optimise.solvers import Highs
from planner.optimise.travel import MeanTime

WHOLE_PAIRS = 120_000
"""The most pairs handed to branch and cut as they are; above it, a core with about as many."""

THIN_PAIRS, LEAST_NEAR, MOST_NEAR = 50_000, 3, 20
"""About how many pairs the core keeps, and the fewest and most sites kept for a point."""

PER_UNIT = 3
"""Sites of each unit in the core, those that reach most people."""


def without_rules(problem: Problem) -> SitingProblem:
    """The plain median that any choice keeping the rules also answers: as many sites as could be afforded at all."""
    may_open = problem.possible
    room = problem.most_open - int(problem.kept.sum())
    if np.isfinite(problem.budget) and problem.cost is not None:
        price = np.where(np.asarray(problem.standing), 0.0, problem.cost)[may_open]
        room = min(room, int((np.cumsum(np.sort(price)) <= problem.budget * (1 + 1e-9)).sum()))
    minutes = np.asarray(problem.minutes)
    return SitingProblem(problem.starts, problem.rows, minutes, problem.people, problem.kept, may_open, max(0, room))


def answer_in_core(
    problem: Problem, goal: MeanTime, clock: Clock, *, effort: int | None, seed: int, progress: Progress | None
) -> Choice:
    """A choice over a core of sites, with the bound of the median without rules, which it carries as ``relaxed``.

    Raises `InfeasibleError` where even without rules not everyone can be served, `NoPlanInTimeError` where the core holds
    no plan that keeps the rules.
    """
    plain = without_rules(problem)
    seconds = float("inf") if effort is not None else clock.left * 0.4
    median = least_mean_time(
        plain, unserved_minutes=goal.unserved, seconds=seconds, effort=float(effort or 1), seed=seed, progress=progress
    )
    core = _thinned(problem.but(possible=problem.possible & _core(problem, median.opened)))
    try:
        found = Highs().solve(core, goal, clock.part(clock.left), effort=effort, seed=seed)
    except InfeasibleError as error:
        raise NoPlanInTimeError(
            "the question is too large to be solved whole, and no plan that keeps the rules was found among the most"
            f" promising sites ({error}); give unserved_minutes=, a looser rule, fewer candidates or a shorter limit"
        ) from error
    people = max(median.people, 1e-300)
    value = goal.value(problem, np.asarray(found.opened, bool))
    bound = min(median.bound / people, value)
    status = "proven" if value - bound <= 1e-6 * max(1.0, abs(value)) else "time limit"
    return Choice(found.opened, bound, status, median.certified / people, relaxed=median)


def _core(problem: Problem, opened: Mask) -> Mask:
    """The plain median's sites, the best of every unit, then those that reach most people, while the pairs allow."""
    lengths = np.diff(problem.starts)
    totals = np.concatenate(([0.0], np.cumsum(problem.people[problem.rows])))
    reach = totals[problem.starts[1:]] - totals[problem.starts[:-1]]
    order = np.lexsort((np.asarray(problem.rank), -reach))
    inside = opened | np.asarray(problem.standing) | _of_units(problem, order)
    if np.isfinite(problem.budget) and problem.cost is not None:
        inside |= _cheap(problem, reach)
    left = WHOLE_PAIRS - int(lengths[inside | problem.kept].sum())
    for site in order[~inside[order] & problem.possible[order]]:
        left -= int(lengths[site])
        if left < 0:
            break
        inside[site] = True
    return inside


def _thinned(core: Problem) -> Problem:
    """The core with only the nearest few sites of each point: a choice over it is measured on the whole afterwards."""
    most = int(np.clip(THIN_PAIRS // max(1, len(core.people)), LEAST_NEAR, MOST_NEAR))
    site = np.repeat(np.arange(core.sites), np.diff(core.starts))
    pairs = np.flatnonzero((core.kept | core.possible)[site])
    order = pairs[np.lexsort((site[pairs], np.asarray(core.minutes)[pairs], core.rows[pairs]))]
    first = np.searchsorted(core.rows[order], core.rows[order])
    near = np.zeros(len(site), bool)
    near[order[np.arange(len(order)) - first < most]] = True
    starts = np.concatenate(([0], np.cumsum(near)))[core.starts]
    return core.but(starts=starts, rows=core.rows[near], minutes=np.asarray(core.minutes)[near])


def _of_units(problem: Problem, order: Positions) -> Mask:
    inside = np.zeros(problem.sites, bool)
    if problem.site_unit is None or problem.unit_sites is None:
        return inside
    unit = problem.site_unit[order]
    for which, least in enumerate(problem.unit_sites):
        inside[order[(unit == which) & problem.possible[order]][: max(PER_UNIT, int(least))]] = True
    return inside


def _cheap(problem: Problem, reach: np.ndarray) -> Mask:
    """Sites that reach most people for their cost, as many as the budget would pay for twice over."""
    cost = np.asarray(problem.cost)
    order = np.argsort(-reach / np.maximum(cost, 1e-9), kind="stable")
    order = order[problem.possible[order]]
    inside = np.zeros(problem.sites, bool)
    inside[order[np.cumsum(cost[order]) <= 2 * problem.budget]] = True
    return inside


def proved_by_median(problem: Problem, found: object) -> float | None:
    """The bound that a median without the rules proves, checked without any solver; None where there is none."""
    if not isinstance(found, MedianChoice):
        return None
    verify_median(without_rules(problem), found)
    return found.certified / max(found.people, 1e-300)
