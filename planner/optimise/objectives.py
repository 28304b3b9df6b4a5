"""Objectives: what makes one choice of sites better than another.

An objective measures any choice (``value``) and can state itself as a mixed-integer programme (``model``)
over the reduced problem, whose least cost, turned by ``sense``, is the best value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from planner.arrays import Mask, Positions
from planner.optimise.model import Model, Numbers, Rows
from planner.optimise.problem import Problem
from planner.optimise.reduce import Reduced
from planner.optimise.rules import people_covered, site_rows, unit_share_rows


class Objective(Protocol):
    """What planner asks of an objective; ``sense`` is 1 where more is better, -1 where less is."""

    @property
    def name(self) -> str:
        """What the value counts, in words."""

    @property
    def sense(self) -> int:
        """1 where more is better, -1 where less is."""

    def value(self, problem: Problem, opened: Mask) -> float:
        """Worth of opening these sites, ``opened`` of shape ``(sites,)``."""

    def model(self, reduced: Reduced) -> tuple[Model, float]:
        """The question as a programme, and what to add to its cost, times the sense, to get the value."""

    def start(self, reduced: Reduced, chosen: Positions) -> Numbers:
        """Values of the model's variables for a choice of reduced sites."""


@dataclass(frozen=True)
class PeopleCovered:
    """People within the limit: the maximal covering location problem, MCLP (Church and ReVelle 1974)."""

    name: str = "people covered"
    sense: int = 1

    def value(self, problem: Problem, opened: Mask) -> float:
        """See `Objective.value`."""
        return people_covered(problem, opened)

    def model(self, reduced: Reduced) -> tuple[Model, float]:
        """See `Objective.model`."""
        sites, count = len(reduced.sites), len(reduced.people)
        rows = Rows(sites + count)
        floor, ceiling = site_rows(reduced, rows)
        cover_rows(reduced, rows)
        unit_share_rows(reduced, rows, sites)
        cost = np.concatenate([np.zeros(sites), -reduced.people])
        whole = np.concatenate([np.ones(sites, bool), reduced.need > 1])
        floor, ceiling = np.append(floor, np.zeros(count)), np.append(ceiling, np.ones(count))
        return rows.model(cost, floor, ceiling, whole), reduced.served

    def start(self, reduced: Reduced, chosen: Positions) -> Numbers:
        """See `Objective.start`."""
        return sites_then_rows(reduced, chosen)


@dataclass(frozen=True)
class SitesNeeded:
    """New sites needed to cover a share of the people: the location set covering problem, LSCP (Toregas et al. 1971).

    ``people`` are how many must be covered at least; ``None`` means everyone who can be. ``by_cost`` counts what the
    sites cost instead of how many they are.
    """

    people: float | None = None
    by_cost: bool = False
    sense: int = -1

    @property
    def name(self) -> str:
        """See `Objective.name`."""
        return "cost of new sites" if self.by_cost else "new sites"

    def value(self, problem: Problem, opened: Mask) -> float:
        """See `Objective.value`."""
        fresh = opened & ~problem.kept & ~np.asarray(problem.standing)
        if self.by_cost:
            return float(np.asarray(problem.cost)[fresh].sum())
        return float((opened & ~problem.kept).sum())

    def model(self, reduced: Reduced) -> tuple[Model, float]:
        """See `Objective.model`."""
        sites = len(reduced.sites)
        partial = self.people is not None or reduced.problem.unit_share is not None
        count = len(reduced.people) if partial else 0
        rows = Rows(sites + count)
        floor, ceiling = site_rows(reduced, rows)
        if self.people is None:
            lengths = np.diff(reduced.row_starts)
            row = np.repeat(np.arange(len(lengths)), lengths)
            need = reduced.need.astype(float)
            rows.add(row, reduced.row_sites, np.ones(len(row)), low=need, high=np.full(len(need), np.inf))
        if partial:
            cover_rows(reduced, rows)
            unit_share_rows(reduced, rows, sites)
        if self.people is not None:
            rows.one(sites + np.arange(count), reduced.people, low=max(0.0, self.people - reduced.served))
        price = reduced.cost if self.by_cost else np.ones(sites)
        whole = np.concatenate([np.ones(sites, bool), np.broadcast_to(reduced.need[:count] > 1, count)])
        cost = np.append(price, np.zeros(count))
        return rows.model(cost, np.append(floor, np.zeros(count)), np.append(ceiling, np.ones(count)), whole), 0.0

    def start(self, reduced: Reduced, chosen: Positions) -> Numbers:
        """See `Objective.start`."""
        values = sites_then_rows(reduced, chosen)
        partial = self.people is not None or reduced.problem.unit_share is not None
        return values if partial else values[: len(reduced.sites)]


def cover_rows(reduced: Reduced, rows: Rows) -> None:
    """A row counts only if enough of its sites are open: ``sum(sites) - need * z >= 0``."""
    sites, count = len(reduced.sites), len(reduced.people)
    lengths = np.diff(reduced.row_starts)
    row = np.concatenate([np.repeat(np.arange(count), lengths), np.arange(count)])
    column = np.concatenate([reduced.row_sites, sites + np.arange(count)])
    value = np.concatenate([np.ones(len(reduced.row_sites)), -reduced.need.astype(float)])
    rows.add(row, column, value, low=np.zeros(count), high=np.full(count, np.inf))


def sites_then_rows(reduced: Reduced, chosen: Positions) -> Numbers:
    """Values of the variables of sites, then of rows covered, for a choice of reduced sites."""
    opened = np.zeros(len(reduced.sites))
    opened[chosen] = 1.0
    running = np.concatenate(([0.0], np.cumsum(opened[reduced.row_sites])))
    open_of = running[reduced.row_starts[1:]] - running[reduced.row_starts[:-1]]
    return np.concatenate([opened, (open_of >= reduced.need).astype(float)])
