"""Travel: the mean time as an objective with every rule on sites, for branch and cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.arrays import Mask, Positions
from planner.optimise.clock import Clock
from planner.optimise.model import Model, Numbers, Rows
from planner.optimise.problem import Problem
from planner.optimise.reduce import Reduced, apart
from planner.optimise.rules import covered, site_rows


@dataclass(frozen=True)
class MeanTime:
    """Mean minutes of the people whom any site reaches, to the nearest or, where sites are of limited size, as shared out best.

    ``unserved`` is what a person counts as whom no open site serves; inf demands that all be served.
    """

    unserved: float = float("inf")
    name: str = "mean minutes"
    sense: int = -1

    def value(self, problem: Problem, opened: Mask) -> float:
        """See `Objective.value`; inf where someone who must be served is not."""
        if problem.capacity is None and problem.least_people <= 0:
            return self._nearest(problem, opened)
        from planner.optimise import highs

        part = apart(problem)
        model, _ = self.model(part)
        place = opened[part.sites].astype(float)
        floor, ceiling = model.floor.copy(), model.ceiling.copy()
        floor[: len(place)] = ceiling[: len(place)] = place
        fixed = Model(model.cost, model.rows, model.low, model.high, floor, ceiling, np.zeros(len(floor), bool))
        answer = highs.solve_relaxed(fixed, Clock(np.inf))
        return float(fixed.cost @ answer.x) if answer.optimal and answer.x is not None else float("inf")

    def _nearest(self, problem: Problem, opened: Mask) -> float:
        asked = covered(problem, problem.kept | problem.possible) & (problem.people > 0)
        nearest = np.full(len(problem.people), self.unserved)
        pairs = np.repeat(opened, np.diff(problem.starts))
        np.minimum.at(nearest, problem.rows[pairs], np.asarray(problem.minutes, float)[pairs])
        people = float(problem.people[asked].sum())
        return float(problem.people[asked] @ nearest[asked]) / people if people else 0.0

    def model(self, reduced: Reduced) -> tuple[Model, float]:
        """See `Objective.model`; flows are shares of a row's people, the last variables those unserved."""
        sites, pairs, count = len(reduced.sites), len(reduced.rows), len(reduced.people)
        rows = Rows(sites + pairs + count)
        floor, ceiling = site_rows(reduced, rows)
        site = np.repeat(np.arange(sites), np.diff(reduced.starts))
        flow, left = sites + np.arange(pairs), sites + pairs + np.arange(count)
        ones = np.ones(count)
        row = np.concatenate([reduced.rows, np.arange(count)])
        rows.add(row, np.concatenate([flow, left]), np.ones(pairs + count), low=ones, high=ones)
        each = np.arange(pairs)
        rows.add(
            np.concatenate([each, each]), np.concatenate([flow, site]), np.repeat([1.0, -1.0], pairs),
            low=np.full(pairs, -np.inf), high=np.zeros(pairs),
        )  # fmt: skip
        _loads(reduced, rows, site, flow)
        total = max(float(reduced.people.sum()), 1e-300)
        weight = reduced.people / total
        endless = not np.isfinite(self.unserved)
        minutes = _minutes(reduced)
        cost = np.concatenate(
            [np.zeros(sites), weight[reduced.rows] * minutes, weight * (0.0 if endless else self.unserved)]
        )
        floor = np.concatenate([floor, np.zeros(pairs + count)])
        ceiling = np.concatenate([ceiling, np.ones(pairs), np.full(count, 0.0 if endless else 1.0)])
        whole = np.concatenate([np.ones(sites, bool), np.zeros(pairs + count, bool)])
        return rows.model(cost, floor, ceiling, whole), 0.0

    def start(self, reduced: Reduced, chosen: Positions) -> Numbers:
        """See `Objective.start`: everyone to the nearest; under limited sizes a start may break them, and is then not used."""
        sites, pairs, count = len(reduced.sites), len(reduced.rows), len(reduced.people)
        values = np.zeros(sites + pairs + count)
        values[chosen] = 1.0
        values[reduced.narrow(reduced.widen(chosen))] = 1.0
        site = np.repeat(np.arange(sites), np.diff(reduced.starts))
        usable = np.flatnonzero(values[site] > 0.5)
        order = usable[np.lexsort((site[usable], _minutes(reduced)[usable], reduced.rows[usable]))]
        served, first = np.unique(reduced.rows[order], return_index=True)
        values[sites + order[first]] = 1.0
        values[sites + pairs + np.setdiff1d(np.arange(count), served)] = 1.0
        return values


def _minutes(reduced: Reduced) -> Numbers:
    """Minutes of each pair of the reduced problem, shape ``(pairs,)``."""
    problem = reduced.problem
    table = problem.matrix()
    table.data = np.asarray(problem.minutes, float) + 1.0  # a stored 0 would vanish
    order = np.flatnonzero(reduced.row_of >= 0)
    narrow = table[reduced.sites][:, order]
    narrow.sort_indices()
    return np.asarray(narrow.data) - 1.0


def _loads(reduced: Reduced, rows: Rows, site: Positions, flow: Positions) -> None:
    """What a site serves is at most its capacity, and for a new one at least the fewest asked."""
    sites = len(reduced.sites)
    people = reduced.people[reduced.rows]
    for limit, low, high in _limits(reduced):
        some = np.isfinite(limit)
        inside = some[site]
        row = np.concatenate([site[inside], np.flatnonzero(some)])
        column = np.concatenate([flow[inside], np.flatnonzero(some)])
        value = np.concatenate([people[inside], -limit[some]])
        rows.add(row, column, value, low=np.full(sites, low), high=np.full(sites, high))


def _limits(reduced: Reduced) -> list[tuple[Numbers, float, float]]:
    problem, found = reduced.problem, []
    if problem.capacity is not None:
        found.append((problem.capacity[reduced.sites], -np.inf, 0.0))
    if problem.least_people > 0:
        found.append((np.where(reduced.fixed, np.inf, problem.least_people), 0.0, np.inf))
    return found
