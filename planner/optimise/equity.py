"""Equity: raise the worst-served unit or age band as high as it goes, then the next worst, and so on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.arrays import Mask, Positions
from planner.errors import NoPlanInTimeError, QuestionError
from planner.optimise.answer import answer, refuse
from planner.optimise.clock import Clock, Progress
from planner.optimise.from_scenario import problem_of, unit_labels
from planner.optimise.model import Model, Numbers, Rows
from planner.optimise.objectives import cover_rows, sites_then_rows
from planner.optimise.problem import Problem
from planner.optimise.reduce import SERVED, Reduced
from planner.optimise.rules import covered, people_covered, site_rows, unit_share_rows
from planner.plan import PROVEN_GAP, Plan, Scenario

Groups = npt.NDArray[np.float64]
"""People of each group at each demand row, shape ``(groups, rows)``."""

LOOSE = 1e-9
"""What a sum of shares, once reached, may fall by: rounding."""


@dataclass(frozen=True, eq=False)
class WorstShares:
    """The shares covered of the ``depth`` worst-served groups, added up; with ``depth`` 0 the people covered.

    ``groups`` ``(groups, rows)`` are the people of each. ``floors`` are the least sums of the worst one, two, ... shares. To
    maximise the sums in turn is to maximise the sorted shares lexicographically (Ogryczak and Tamir 2003).
    """

    groups: Groups
    floors: tuple[float, ...] = ()
    depth: int = 1
    sense: int = 1

    @property
    def name(self) -> str:
        """See `Objective.name`."""
        return "people covered" if self.depth == 0 else "worst share" if self.depth == 1 else "worst shares"

    def shares(self, problem: Problem, opened: Mask) -> Numbers:
        """Share of each group covered, 0 to 1, shape ``(groups,)``."""
        return np.asarray(self.groups @ covered(problem, opened) / self.groups.sum(axis=1))

    def value(self, problem: Problem, opened: Mask) -> float:
        """See `Objective.value`."""
        if self.depth == 0:
            return people_covered(problem, opened)
        return float(np.sort(self.shares(problem, opened))[: self.depth].sum()) if len(self.groups) else 1.0

    def model(self, reduced: Reduced) -> tuple[Model, float]:
        """See `Objective.model`; after sites and rows come, for each sum of worst shares, its threshold and the groups below."""
        first, count = len(reduced.sites), len(reduced.people)
        sums, groups = self._sums, len(self.groups)
        columns = first + count + sums * (1 + groups)
        rows = Rows(columns)
        floor, ceiling = site_rows(reduced, rows)
        cover_rows(reduced, rows)
        unit_share_rows(reduced, rows, first)
        total = self.groups.sum(axis=1)
        here, served = self._merged(reduced)
        for at in range(sums):
            threshold = first + count + at * (1 + groups)
            for group in range(groups):
                inside = np.flatnonzero(here[group])
                column = np.concatenate([first + inside, [threshold, threshold + 1 + group]])
                value = np.concatenate([here[group, inside] / total[group], [-1.0, 1.0]])
                rows.one(column, value, low=-float(served[group] / total[group]))
            if at < len(self.floors):
                rows.one(*self._sum_of(threshold, at + 1), low=self.floors[at] - LOOSE)
        cost = np.zeros(columns)
        if self.depth == 0:
            cost[first : first + count] = -reduced.people
        else:
            column, value = self._sum_of(first + count + (self.depth - 1) * (1 + groups), self.depth)
            cost[column] = -value
        floor = np.concatenate([floor, np.zeros(columns - first)])
        ceiling = np.concatenate([ceiling, np.ones(columns - first)])
        whole = np.concatenate([np.ones(first, bool), reduced.need > 1, np.zeros(columns - first - count, bool)])
        return rows.model(cost, floor, ceiling, whole), reduced.served if self.depth == 0 else 0.0

    def start(self, reduced: Reduced, chosen: Positions) -> Numbers:
        """See `Objective.start`."""
        shares = self.shares(reduced.problem, reduced.widen(chosen))
        more = []
        for at in range(self._sums):
            threshold = np.sort(shares)[min(at, len(shares) - 1)] if len(shares) else 0.0
            more += [[threshold], np.maximum(0.0, threshold - shares)]
        return np.concatenate([sites_then_rows(reduced, chosen), *more])

    @property
    def _sums(self) -> int:
        return max(self.depth, len(self.floors)) if len(self.groups) else 0

    def _sum_of(self, threshold: int, depth: int) -> tuple[Positions, Numbers]:
        """Columns and factors of the sum of the worst ``depth`` shares: ``depth * t - sum(below)``."""
        groups = len(self.groups)
        return threshold + np.arange(1 + groups), np.append(float(depth), -np.ones(groups))

    def _merged(self, reduced: Reduced) -> tuple[Groups, Numbers]:
        """People of each group at each reduced row, and those served anyway."""
        found = np.zeros((len(self.groups), len(reduced.people)))
        inside = reduced.row_of >= 0
        for group, people in enumerate(self.groups):
            found[group] = np.bincount(reduced.row_of[inside], weights=people[inside], minlength=len(reduced.people))
        return found, self.groups[:, reduced.row_of == SERVED].sum(axis=1)


def maximise_worst_share(
    scenario: Scenario,
    *,
    bands: Sequence[str] = (),
    in_turn: bool = False,
    seconds: float = 60,
    effort: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Plan:
    """Raise the share covered in the worst-served unit, or of the worst-served age band, as high as it goes (max-min equity).

    The groups are the scenario's ``people_units``, or the demand's columns named as ``bands``. Those nobody could reach are
    left out. With ``in_turn`` the next worst is raised then, and the next, as far as the time allows: no group can gain
    without one that is worse off losing (lexicographic max-min). ``plan.details["group_shares"]`` holds the share of each
    group, ``["settled"]`` how many of the worst are proven. Among equals this takes a plan that reaches most people.

    Raises `QuestionError` where no groups or no numbers are given, or for rules it cannot honour.
    """
    if (scenario.new is None and scenario.budget is None) or (scenario.people_units is None and not bands):
        raise QuestionError(
            "maximise_worst_share() needs new= or budget=, and people_units= (demand ID to unit) in the scenario or bands="
        )
    refuse(scenario, {"worth", "capacity", "least_people"}, "maximise_worst_share()")
    problem = problem_of(scenario)
    labels, groups = _groups(scenario, problem, bands)
    ladder = _Ladder(scenario, problem, WorstShares(groups), seconds, effort, seed, progress)
    plan = ladder.climb(len(labels) if in_turn else 1)
    opened = np.zeros(problem.sites, bool)
    opened[plan.opened] = True
    shares = pd.Series(WorstShares(groups).shares(problem, opened), index=pd.Index(labels, name="group"), name="share")
    return replace(plan, details=plan.details | {"group_shares": shares, "settled": ladder.settled})


class _Ladder:
    """One sum of worst shares after another made as large as it goes, each keeping those before."""

    def __init__(
        self, scenario: Scenario, problem: Problem, goal: WorstShares, seconds: float, effort: int | None, seed: int,
        progress: Progress | None,
    ) -> None:  # fmt: skip
        self.scenario, self.problem, self.goal = scenario, problem, goal
        self.effort, self.seed, self.progress = effort, seed, progress
        self.clock = Clock(seconds)
        self.settled = 0

    def climb(self, rungs: int) -> Plan:
        """The plan after so many rungs, with the worst share's own bound and certificate."""
        first = self._ask(self.goal, self.clock.seconds * (0.6 if rungs <= 1 else 0.4))
        self.settled = int(first.proven)
        last, floors = first, [first.value]
        for depth in range(2, rungs + 1):
            if self._out_of_time():
                break
            found = self._next(last, replace(self.goal, floors=tuple(floors), depth=depth), 1 / (rungs - depth + 2))
            if found is None:
                break
            self.settled += int(found.proven and self.settled == depth - 1)
            last = found
            floors.append(found.value)
        final = self._next(last, replace(self.goal, floors=tuple(floors), depth=0), 1.0)
        return self._made(first, final or last)

    def _out_of_time(self) -> bool:
        return self.effort is None and self.clock.left < 0.1 * self.clock.seconds

    def _next(self, last: Plan, goal: WorstShares, share: float) -> Plan | None:
        """A further rung, beginning from the last; None where the time did not suffice for one."""
        if self.effort is None and self.clock.left <= 0:
            return None
        start = np.zeros(self.problem.sites, bool)
        start[last.opened] = True
        try:
            return self._ask(goal, max(0.05, self.clock.left * share), start)
        except NoPlanInTimeError:
            return None

    def _ask(self, goal: WorstShares, seconds: float, start: Mask | None = None) -> Plan:
        from planner.optimise.solvers import Highs

        solver = Highs(starts=() if start is None else (start,))
        return answer(
            self.scenario,
            goal,
            seconds=seconds,
            effort=self.effort,
            seed=self.seed,
            solver=solver,
            progress=self.progress,
        )

    def _made(self, first: Plan, last: Plan) -> Plan:
        opened = np.zeros(self.problem.sites, bool)
        opened[last.opened] = True
        value = self.goal.value(self.problem, opened)
        status = first.status if first.bound - value > PROVEN_GAP else "proven"
        return Plan(
            self.scenario, first.objective, last.opened, value, max(first.bound, value), first.solver, status,
            self.clock.spent, seed=self.seed, sense=1, details=first.details,
        )  # fmt: skip


def _groups(scenario: Scenario, problem: Problem, bands: Sequence[str]) -> tuple[list[str], Groups]:
    """Names of the groups somebody of whom can be reached, and their people."""
    demand = scenario.coverage.demand
    if bands:
        if unknown := [band for band in bands if band not in demand]:
            raise QuestionError(f"the demand has no band {unknown[0]!r}; it has {', '.join(demand.bands) or 'none'}")
        labels, groups = list(bands), np.array([demand[band].to_numpy(float) for band in bands])
        if len(odd := np.flatnonzero((groups > 0).any(axis=0) & (problem.people <= 0))):
            raise QuestionError(
                f"bands must be part of the people; at {demand.ids[odd[0]]!r} nobody lives, yet a band does"
            )
    else:
        given: Mapping[str, str] | pd.Series = {} if scenario.people_units is None else scenario.people_units
        labels = unit_labels(given)
        groups = np.where(np.asarray(problem.row_unit) == np.arange(len(labels))[:, None], problem.people, 0.0)
    near = covered(problem, problem.kept | problem.possible)
    some = np.asarray(groups @ near > 0)
    return [label for label, counts in zip(labels, some, strict=True) if counts], groups[some]
