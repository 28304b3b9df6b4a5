"""Sharing people out among sites of limited size: the capacitated coverage objective and its assignment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.arrays import Mask, People, Positions
from planner.optimise.clock import Clock
from planner.optimise.model import Model, Numbers, Rows
from planner.optimise.problem import Problem
from planner.optimise.reduce import Reduced, reduce
from planner.optimise.rules import SLACK, site_rows


@dataclass(frozen=True, eq=False)
class Shares:
    """People sent from a demand row to a site: ``row``, ``site`` and ``people``, each ``(pairs used,)``."""

    row: Positions
    site: Positions
    people: People


@dataclass(frozen=True)
class PeopleServed:
    """People served by sites of limited capacity, everyone sent where the whole serves most (splittable).

    The capacitated maximal covering location problem (Current and Storbeck 1988). A new site serves at least the
    problem's ``least_people``, or does not open.
    """

    name: str = "people served"
    sense: int = 1

    def value(self, problem: Problem, opened: Mask) -> float:
        """See `Objective.value`."""
        return float(share_out(problem, opened).people.sum())

    def model(self, reduced: Reduced) -> tuple[Model, float]:
        """See `Objective.model`."""
        problem, sites, pairs = reduced.problem, len(reduced.sites), len(reduced.rows)
        rows = Rows(sites + pairs)
        floor, ceiling = site_rows(reduced, rows)
        site = np.repeat(np.arange(sites), np.diff(reduced.starts))
        flow = sites + np.arange(pairs)
        rows.add(reduced.rows, flow, np.ones(pairs), low=np.full(len(reduced.people), -np.inf), high=reduced.people)
        capacity = _capacity(problem)[reduced.sites]
        most = np.minimum(reduced.people[reduced.rows], capacity[site])
        each = np.arange(pairs)
        rows.add(
            np.concatenate([each, each]), np.concatenate([flow, site]), np.concatenate([np.ones(pairs), -most]),
            low=np.full(pairs, -np.inf), high=np.zeros(pairs),
        )  # fmt: skip
        _load_rows(reduced, rows, site, flow, capacity)
        cost = np.concatenate([np.zeros(sites), -np.ones(pairs)])
        whole = np.concatenate([np.ones(sites, bool), np.zeros(pairs, bool)])
        return rows.model(cost, np.append(floor, np.zeros(pairs)), np.append(ceiling, most), whole), 0.0

    def start(self, reduced: Reduced, chosen: Positions) -> Numbers:
        """See `Objective.start`."""
        opened = reduced.widen(chosen)
        shares = share_out(reduced.problem, opened)
        place = np.full(reduced.problem.sites, -1)
        place[reduced.sites] = np.arange(len(reduced.sites))
        flows = np.zeros(len(reduced.rows))
        site = np.repeat(np.arange(len(reduced.sites)), np.diff(reduced.starts))
        key = site.astype(np.int64) * max(1, len(reduced.people)) + reduced.rows
        want = place[shares.site] * max(1, len(reduced.people)) + reduced.row_of[shares.row]
        np.add.at(flows, np.searchsorted(key, want), shares.people)
        values = np.zeros(len(reduced.sites))
        values[reduced.narrow(opened)] = 1.0
        return np.concatenate([values, flows])


def _capacity(problem: Problem) -> Numbers:
    return np.full(problem.sites, np.inf) if problem.capacity is None else problem.capacity


def _load_rows(reduced: Reduced, rows: Rows, site: Positions, flow: Positions, capacity: Numbers) -> None:
    """What a site serves is at most its capacity, and for a new one at least what makes it worth while."""
    sites, least = len(reduced.sites), reduced.problem.least_people
    every = np.arange(sites)
    limited = np.isfinite(capacity)
    if limited.any():
        inside = limited[site]
        row = np.concatenate([site[inside], every[limited]])
        value = np.concatenate([np.ones(inside.sum()), -capacity[limited]])
        rows.add(
            row,
            np.concatenate([flow[inside], every[limited]]),
            value,
            low=np.full(sites, -np.inf),
            high=np.zeros(sites),
        )
    if least > 0:
        fresh = ~reduced.fixed
        inside = fresh[site]
        row = np.concatenate([site[inside], every[fresh]])
        value = np.concatenate([np.ones(inside.sum()), np.full(fresh.sum(), -least)])
        rows.add(
            row, np.concatenate([flow[inside], every[fresh]]), value, low=np.zeros(sites), high=np.full(sites, np.inf)
        )


def share_out(problem: Problem, opened: Mask) -> Shares:
    """Send people to the open sites so that most are served; empty where some new site cannot get its least."""
    from planner.optimise import highs

    only = problem.but(
        kept=opened, possible=np.zeros(problem.sites, bool), new=0, standing=np.zeros(problem.sites, bool), budget=np.inf,
        least_people=0.0, capacity=_capacity(problem), moves=None, unit_sites=None, clashes=None, company=None,
        unit_share=None,
    )  # fmt: skip
    part = reduce(only)
    model, _ = PeopleServed().model(part)
    if problem.least_people > 0:
        model = _with_least(model, part, problem)
    answer = highs.solve_relaxed(model, Clock(np.inf))
    if answer.x is None or not answer.optimal:
        none = np.zeros(0, np.int64)
        return Shares(none, none, np.zeros(0))
    return _unmerge(part, np.maximum(answer.x[len(part.sites) :], 0.0))


def _with_least(model: Model, part: Reduced, problem: Problem) -> Model:
    """The sharing model with the least each new site must serve."""
    rows = Rows(len(model.cost))
    for place, site in enumerate(part.sites):
        if not problem.kept[site]:
            flows = len(part.sites) + np.arange(part.starts[place], part.starts[place + 1])
            rows.one(flows, np.ones(len(flows)), low=problem.least_people)
    return rows.joined(model)


def _unmerge(part: Reduced, flows: Numbers) -> Shares:
    """Spread what a merged row sends over its demand rows, in proportion to their people."""
    inside = np.flatnonzero(part.row_of >= 0)
    order = inside[np.argsort(part.row_of[inside], kind="stable")]
    first = np.searchsorted(part.row_of[order], np.arange(len(part.people) + 1))
    row, site, people = [], [], []
    for place in range(len(part.sites)):
        for k in range(part.starts[place], part.starts[place + 1]):
            merged = part.rows[k]
            if flows[k] <= 0 or part.people[merged] <= 0:
                continue
            members = order[first[merged] : first[merged + 1]]
            row.append(members)
            site.append(np.full(len(members), part.sites[place]))
            people.append(part.problem.people[members] * (flows[k] / part.people[merged]))
    if not row:
        none = np.zeros(0, np.int64)
        return Shares(none, none, np.zeros(0))
    return Shares(np.concatenate(row), np.concatenate(site), np.concatenate(people))


def faults_of(problem: Problem, opened: Mask, shares: Shares) -> list[str]:
    """What an assignment breaks, in words, checked without a solver."""
    sent = np.bincount(shares.row, weights=shares.people, minlength=len(problem.people))
    load = np.bincount(shares.site, weights=shares.people, minlength=problem.sites)
    slack = SLACK * max(1.0, float(problem.people.sum()))
    pairs = set(
        zip(np.repeat(np.arange(problem.sites), np.diff(problem.starts)).tolist(), problem.rows.tolist(), strict=True)
    )
    far = [pair for pair in zip(shares.site.tolist(), shares.row.tolist(), strict=True) if pair not in pairs]
    fresh = opened & ~problem.kept
    tests = {
        "sends more people than live there": (sent > problem.people + slack).any(),
        "sends people to a closed site": (load[~opened] > slack).any(),
        "fills a site beyond its capacity": (load > _capacity(problem) + slack).any(),
        "gives a new site fewer people than asked": (load[fresh] < problem.least_people - slack).any(),
        "sends people farther than the limit": bool(far),
    }
    return [fault for fault, broken in tests.items() if broken]
