"""Phases: what to build in which year, when a site once opened stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from planner.coverage import Coverage
from planner.demand import Demand
from planner.errors import IdError, QuestionError
from planner.plan import Plan, Scenario
from planner.programme.plans import Programme, cost_of


@dataclass(frozen=True, eq=False)
class Phase:
    """One phase: the ``year`` it begins, how many sites may open in it or what they may cost, and who lives there then.

    ``people`` is a `Demand` with the points of the scenario's coverage, such as `project_demand` makes; where left out, nothing
    changes since the phase before.
    """

    year: int
    new: int | None = None
    budget: float | None = None
    people: Demand | None = None

    def __post_init__(self) -> None:
        whole = (int, np.integer)
        if isinstance(self.year, bool) or not isinstance(self.year, whole):
            raise QuestionError(f"a phase's year must be a whole number, not {self.year!r}")
        if self.new is None and self.budget is None:
            raise QuestionError(f"phase {self.year} needs new=, how many sites may open in it, or budget=")
        if self.new is not None and (isinstance(self.new, bool) or not isinstance(self.new, whole) or self.new < 0):
            raise QuestionError(f"new of phase {self.year} must be a whole number, 0 or more, not {self.new!r}")
        if self.budget is not None and not 0 <= self.budget < float("inf"):
            raise QuestionError(f"budget of phase {self.year} must be a number, 0 or more, not {self.budget!r}")


@dataclass(frozen=True, eq=False)
class PhasedScenario:
    """A question over years: what to open in which, when what opened once stays.

    ``scenario`` holds coverage and rules; its ``new`` and ``budget``, if any, limit the whole. Each phase counts for its
    own year and those until the next, the last till ``until`` (the first year that no longer counts; by default the
    year after). People covered in a year are worth less by ``discount`` for each year since the first. What a phase
    leaves unspent is lost, or added to the next with ``carry_over``. The floors of units hold from the year
    ``floors_from``, by default from the last phase; all other rules hold in every year.

    Raises `QuestionError` for phases out of order or a rule that years cannot honour.
    """

    scenario: Scenario
    phases: Iterable[Phase]
    discount: float = 0.0
    until: int | None = None
    carry_over: bool = False
    floors_from: int | None = None

    def __post_init__(self) -> None:
        phases = tuple(self.phases)
        object.__setattr__(self, "phases", phases)
        if not phases:
            raise QuestionError("a phased scenario needs at least one phase")
        if wrong := [later.year for here, later in pairwise(phases) if later.year <= here.year]:
            raise QuestionError(f"phases must be in order, each year once; {wrong[0]} is not after the one before")
        if not 0 <= self.discount < 1:
            raise QuestionError(f"discount must be a share a year, from 0 to below 1, not {self.discount!r}")
        if self.until is not None and self.until <= phases[-1].year:
            raise QuestionError(f"until must be after the last phase, {phases[-1].year}, not {self.until!r}")
        if self.scenario.standing.any():
            raise QuestionError("phases cannot honour may_close: what stands stays; leave it out of the scenario")
        self._check_people()

    def _check_people(self) -> None:
        ids = self.scenario.coverage.demand.ids
        for phase in self.steps:
            if phase.people is not None and not phase.people.ids.equals(ids):
                raise IdError(f"people of phase {phase.year} are not at the points of the coverage, in its order")

    @property
    def steps(self) -> tuple[Phase, ...]:
        """The phases, in order."""
        return tuple(self.phases)

    @property
    def years(self) -> tuple[int, ...]:
        """The year each phase begins."""
        return tuple(phase.year for phase in self.steps)

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """What a person covered from each phase until the next is worth: years, discounted."""
        ends = (*self.years[1:], self.years[-1] + 1 if self.until is None else self.until)
        first = self.years[0]
        return tuple(
            float(sum((1 + self.discount) ** -(year - first) for year in range(start, end)))
            for start, end in zip(self.years, ends, strict=True)
        )

    @cached_property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The question of each phase as if it stood alone: all that may be open by then."""
        found, people = [], self.scenario.coverage.demand
        room = int((self.scenario.possible & ~self.scenario.standing).sum())
        limits = zip(self._so_far("new"), self._so_far("budget"), strict=True)
        first_floor = self.years[-1] if self.floors_from is None else self.floors_from
        for phase, (new, budget) in zip(self.steps, limits, strict=True):
            people = people if phase.people is None else phase.people
            changes: dict[str, Any] = {
                "name": f"{self.scenario.name} {phase.year}",
                "coverage": _with_people(self.scenario.coverage, people),
                "new": None if new is None else min(int(new), room),
                "budget": budget,
            }
            if phase.year < first_floor:
                changes |= {"site_units": None, "people_units": None}
            found.append(self.scenario.but(**changes))
        return tuple(found)

    def _so_far(self, limit: str) -> list[float | None]:
        """The sum of a limit up to each phase, within that of the scenario; None where nothing limits it."""
        whole: float | None = getattr(self.scenario, limit)
        given = [getattr(phase, limit) for phase in self.steps]
        sums = accumulate(given, lambda sofar, more: None if sofar is None or more is None else sofar + more)
        return [whole if sofar is None else sofar if whole is None else min(whole, sofar) for sofar in sums]

    def but(self, **changes: Any) -> PhasedScenario:
        """The same question with something changed."""
        return replace(self, **changes)

    def __repr__(self) -> str:
        return f"<PhasedScenario {self.scenario.name!r}: {self.years[0]} to {self.years[-1]}, {len(self.years)} phases>"


@dataclass(frozen=True, eq=False, kw_only=True)
class PhasedPlan(Programme):
    """A programme over years: a plan for each phase, each open site of which stays open in the next.

    ``value`` and ``bound`` are people covered, summed over the years that count and discounted.
    """

    question: PhasedScenario

    @property
    def by_year(self) -> Mapping[int, Plan]:
        """The plan of each phase, by the year it begins."""
        return MappingProxyType(dict(zip(self.question.years, self.plans, strict=True)))

    @cached_property
    def openings(self) -> pd.DataFrame:
        """New sites by ID with the ``year`` to open each, and its ``cost``, in order of year, then ID."""
        rows, before = [], set[str]()
        for year, plan in self.by_year.items():
            fresh = sorted(set(plan.added) - before)
            rows += [(site, year, cost_of(plan, pd.Index([site]))) for site in fresh]
            before |= set(fresh)
        return pd.DataFrame(rows, columns=["id", "year", "cost"]).set_index("id")

    @property
    def table(self) -> pd.DataFrame:
        """What each phase does, by year.

        ``new`` sites of the phase, those ``open`` by then, ``cost``, ``people``, those ``covered``, their ``share``, the
        ``weight`` of the phase and its ``value``.
        """
        rows = []
        for (year, plan), weight in zip(self.by_year.items(), self.weights, strict=True):
            fresh = self.openings.index[self.openings["year"] == year]
            demand = plan.scenario.coverage.demand
            covered = plan.share * demand.total
            rows.append((year, len(fresh), len(plan.ids), cost_of(plan, fresh), demand.total, covered, plan.share,
                         weight, weight * plan.value))  # fmt: skip
        columns = ["year", "new", "open", "cost", "people", "covered", "share", "weight", "value"]
        return pd.DataFrame(rows, columns=columns).set_index("year")

    def __repr__(self) -> str:
        last = self.plans[-1]
        return (
            f"<PhasedPlan {self.name!r}: {len(last.added):,} new sites by {self.question.years[-1]},"
            f" {last.share:.1%} within {last.scenario.coverage.limit:g} minutes, {self._how()}>"
        )


def _with_people(coverage: Coverage, people: Demand) -> Coverage:
    return coverage if people is coverage.demand else replace(coverage, demand=people)
