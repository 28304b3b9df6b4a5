"""Centre under rules: the last person's minutes when budgets, spacing, units, closures, backup or sizes bind the sites."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planner.arrays import Mask, Minutes
from planner.errors import InfeasibleError, NoPlanInTimeError
from planner.optimise import highs
from planner.optimise.clock import Clock, Progress
from planner.optimise.model import Model, Numbers, Rows
from planner.optimise.objectives import Objective, PeopleCovered
from planner.optimise.problem import Problem
from planner.optimise.reduce import Reduced, reduce
from planner.optimise.rules import SLACK, broken, covered
from planner.optimise.sharing import PeopleServed, Shares, faults_of, share_out


@dataclass(frozen=True, eq=False)
class RuledCentre:
    """Which sites to open so that the last person is near, and how good that provably is.

    ``value`` is the minutes of the person furthest from the open sites they need, or are sent to where sites are of
    limited size (``shares``); ``bound`` the least any choice could have; ``certified`` the part of it that ``duals`` prove
    alone: they show that not everyone can be covered within ``too_few`` minutes.
    """

    opened: Mask
    value: float
    bound: float
    certified: float
    too_few: float
    duals: Numbers
    shares: Shares | None
    seconds: float

    @property
    def proven_by(self) -> str:
        """What closes the gap: ``certificate``, ``HiGHS`` (its tree), or nothing."""
        return "" if self.bound < self.value else "certificate" if self.certified >= self.value else "HiGHS"


def least_worst_time_under_rules(
    problem: Problem, clock: Clock, *, seed: int = 0, progress: Progress | None = None
) -> RuledCentre:
    """Halve the range of times, asking of each whether some choice that keeps the rules covers everyone within it.

    Raises `InfeasibleError` where none does at all, `NoPlanInTimeError` where the time did not suffice to find one.
    """
    search = _Search(problem, clock, seed, progress)
    try:
        search.run()
    except KeyboardInterrupt:
        clock.stopped = True
    return search.choice()


def faults_of_centre(problem: Problem, choice: RuledCentre) -> list[str]:
    """What does not hold of a choice, in words, checked without any solver."""
    opened = np.asarray(choice.opened, bool)
    found = broken(problem, opened)
    value = _value(problem, opened, choice.shares, found)
    if abs(value - choice.value) > SLACK:
        found.append(f"claims {choice.value!r} minutes; measured afresh it takes {value!r}")
    if choice.bound > value + SLACK:
        found.append(f"claims that nothing beats {choice.bound!r} minutes, yet takes {value!r}")
    proved = _certified(problem, choice.too_few, choice.duals)
    if choice.certified > proved + SLACK:
        found.append(f"states a certified bound of {choice.certified!r} minutes; its duals prove {proved!r}")
    return found


def asked(problem: Problem) -> Mask:
    """Points with people who reach as many kept or possible sites as they need, shape ``(rows,)``."""
    return covered(problem, problem.kept | problem.possible) & (problem.people > 0)


def worst_of(problem: Problem, opened: Mask) -> float:
    """Minutes of the person furthest from the open sites they need; inf where someone lacks one."""
    pairs = np.repeat(opened, np.diff(problem.starts))
    row, minutes = problem.rows[pairs], _minutes(problem)[pairs]
    order = np.lexsort((minutes, row))
    row, minutes = row[order], minutes[order]
    first = np.searchsorted(row, np.arange(len(problem.people)))
    last = first + problem.need - 1
    enough = np.bincount(row, minlength=len(problem.people)) >= problem.need
    if not (want := asked(problem)).any():
        return 0.0
    return float(minutes[last[want]].max()) if enough[want].all() else float("inf")


def _minutes(problem: Problem) -> Minutes:
    return np.asarray(problem.minutes, float)


def _sized(problem: Problem) -> bool:
    return problem.capacity is not None or problem.least_people > 0


def _value(problem: Problem, opened: Mask, shares: Shares | None, found: list[str]) -> float:
    """The last person's minutes afresh; by the assignment where sites are of limited size."""
    if not _sized(problem):
        return worst_of(problem, opened)
    if shares is None:
        found.append("carries no assignment of people to its sites")
        return float("inf")
    found += faults_of(problem, opened, shares)
    want = float(problem.people[asked(problem)].sum())
    if shares.people.sum() < want - SLACK * max(1.0, want):
        found.append(f"serves {shares.people.sum():g} people of {want:g}")
    return _longest(problem, shares)


def _longest(problem: Problem, shares: Shares) -> float:
    """Minutes of the longest way anybody is sent."""
    used = shares.people > 1e-9
    site = np.repeat(np.arange(problem.sites), np.diff(problem.starts))
    key = site * max(1, len(problem.people)) + problem.rows
    order = np.argsort(key)
    want = shares.site[used] * max(1, len(problem.people)) + shares.row[used]
    return float(_minutes(problem)[order[np.searchsorted(key[order], want)]].max(initial=0.0))


def _within(problem: Problem, minutes: float) -> Problem:
    """Only the pairs within the minutes and the people who count; where sizes bind nobody, a point counts 1."""
    near = _minutes(problem) <= minutes
    running = np.concatenate(([0], np.cumsum(near)))
    want = asked(problem)
    people = np.where(want, problem.people if _sized(problem) else 1.0, 0.0)
    return problem.but(people=people, starts=running[problem.starts], rows=problem.rows[near],
                       minutes=_minutes(problem)[near].astype(np.float32))  # fmt: skip


class _Question:
    """Whether everyone can be covered within some minutes, as a model that covers as many as can be."""

    def __init__(self, problem: Problem, minutes: float) -> None:
        self.problem = _within(problem, minutes)
        self.objective: Objective = PeopleServed() if _sized(problem) else PeopleCovered()
        self.reduced: Reduced = reduce(self.problem, dominance=False)
        self.model, self.extra = self.objective.model(self.reduced)
        self.everyone = float(self.problem.people.sum())
        self.slack = SLACK * max(1.0, self.everyone) if _sized(problem) else 0.5

    def ruled_out(self, duals: Numbers) -> bool:
        """Whether these duals prove that someone is left out."""
        return self.extra - self.model.bound(duals) < self.everyone - self.slack

    def demanding(self) -> Model:
        """Any choice that covers everyone: the model without a goal."""
        rows = Rows(len(self.model.cost))
        goal = np.flatnonzero(self.model.cost)
        rows.one(goal, -self.model.cost[goal], low=self.everyone - self.extra - self.slack / 2)
        return replace(rows.joined(self.model), cost=np.zeros(len(self.model.cost)))


def _certified(problem: Problem, minutes: float, duals: Numbers) -> float:
    """The least minutes that duals prove: the next time after one at which they show that someone is left out."""
    lowest = _lowest(problem)
    if not np.isfinite(minutes):
        return lowest
    question = _Question(problem, minutes)
    if len(duals) != len(question.model.low) or not question.ruled_out(duals):
        return lowest
    times = _minutes(problem)
    return max(lowest, float(times[times > minutes].min(initial=np.inf)))


def _lowest(problem: Problem) -> float:
    """The least the last person could have if every site opened."""
    return worst_of(problem, problem.kept | problem.possible)


class _Search:
    """The best choice so far, the times still in question, and the duals that rule out the lower ones."""

    def __init__(self, problem: Problem, clock: Clock, seed: int, progress: Progress | None) -> None:
        self.problem, self.clock, self.seed, self.progress = problem, clock, seed, progress
        self.opened: Mask | None = None
        self.shares: Shares | None = None
        self.value = np.inf
        self.bound = self.certified = _lowest(problem)
        self.too_few, self.duals = -np.inf, np.zeros(0)

    def run(self) -> None:
        """Halve the range of times until one is left."""
        times = np.unique(np.append(_minutes(self.problem), 0.0))
        times = times[times >= self.bound]
        if self._possible(float(times[-1])) is False:
            raise InfeasibleError("no choice of sites that keeps the rules reaches everyone whom some site reaches")
        low = int(np.searchsorted(times, self.bound))
        while self.opened is not None and not self.clock.up:
            high = int(np.searchsorted(times, self.value))
            if low >= high:
                return
            middle = (low + high) // 2
            answer = self._possible(float(times[middle]))
            if answer is None:
                return
            if not answer:
                low = middle + 1
                self.bound = float(times[low])
            if self.progress is not None:
                self.progress(self.value, self.bound)

    def _possible(self, minutes: float) -> bool | None:
        """Whether everyone can be covered within the minutes, taking the choice if so; None when the time is up."""
        question = _Question(self.problem, minutes)
        relaxed = highs.solve_relaxed(question.model, self.clock, seed=self.seed)
        if relaxed.duals is not None and not relaxed.infeasible and question.ruled_out(relaxed.duals):
            if minutes > self.too_few:
                self.too_few, self.duals = minutes, question.model.signed(relaxed.duals)
                self.certified = _certified(self.problem, minutes, self.duals)
            return False
        if relaxed.infeasible:
            return False
        answer = highs.solve_whole(question.demanding(), self.clock, seed=self.seed)
        if answer.x is not None:
            chosen = np.flatnonzero(answer.x[: len(question.reduced.sites)] > 0.5)
            self._take(question, question.reduced.widen(chosen))
            return True
        return False if answer.infeasible else None

    def _take(self, question: _Question, opened: Mask) -> None:
        shares = share_out(question.problem, opened) if _sized(self.problem) else None
        value = worst_of(self.problem, opened) if shares is None else _longest(self.problem, shares)
        if value < self.value:
            self.opened, self.value, self.shares = opened, value, shares

    def choice(self) -> RuledCentre:
        """The outcome, measured afresh."""
        if self.opened is None:
            raise NoPlanInTimeError(
                f"no plan that reaches everyone was found in {self.clock.spent:.1f} seconds; allow more of them"
            )
        return RuledCentre(
            self.opened, self.value, min(self.bound, self.value), min(self.certified, self.value), self.too_few,
            self.duals, self.shares, self.clock.spent,
        )  # fmt: skip
