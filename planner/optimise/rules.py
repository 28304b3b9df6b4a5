"""Rules: what a choice of sites must keep besides its objective, checked afresh and stated as rows of a model."""

from __future__ import annotations

import numpy as np

from planner.arrays import Mask, Positions
from planner.optimise.model import Numbers, Rows
from planner.optimise.problem import Problem
from planner.optimise.reduce import Reduced, layered

SLACK = 1e-6
"""What rounding may leave of a broken rule, relative."""


def open_sites(problem: Problem, opened: Mask) -> Positions:
    """How many open sites reach each row, shape ``(rows,)``."""
    pairs = np.repeat(opened, np.diff(problem.starts))
    return np.bincount(problem.rows[pairs], minlength=len(problem.people))


def covered(problem: Problem, opened: Mask) -> Mask:
    """Which rows are reached by as many open sites as they need."""
    return np.asarray(open_sites(problem, opened) >= problem.need)


def people_covered(problem: Problem, opened: Mask) -> float:
    """People reached by as many open sites as they need; under gradual worth, what they are worth."""
    flat = layered(problem)
    return float(flat.people[covered(flat, opened)].sum())


def unit_people(problem: Problem, which: Mask) -> Numbers:
    """People of each unit at the given rows, shape ``(units,)``."""
    unit = np.asarray(problem.row_unit)
    units = len(np.asarray(problem.unit_share))
    inside = which & (unit >= 0)
    return np.asarray(np.bincount(unit[inside], weights=problem.people[inside], minlength=units), float)


def broken(problem: Problem, opened: Mask) -> list[str]:
    """What rules a choice breaks, in words; empty where it keeps them all. Capacity is judged with its assignment."""
    found = []
    if (problem.kept & ~opened).any():
        found.append("closes sites it had to keep")
    if (opened & ~problem.kept & ~problem.possible).any():
        found.append("opens sites it had to avoid")
    if opened.sum() > problem.most_open:
        found.append(f"opens {int(opened.sum())} sites where {problem.most_open} may be open")
    standing = np.asarray(problem.standing)
    if problem.moves is not None and (standing & ~opened).sum() > problem.moves:
        found.append(f"closes {(standing & ~opened).sum()} standing sites where {problem.moves} may close")
    if np.isfinite(problem.budget) and problem.cost is not None:
        spent = float(problem.cost[opened & ~problem.kept & ~standing].sum())
        if spent > problem.budget * (1 + SLACK):
            found.append(f"costs {spent:g} where the budget is {problem.budget:g}")
    if (
        problem.clashes is not None
        and (both := opened[problem.clashes].all(axis=1) & ~problem.kept[problem.clashes].all(axis=1)).any()
    ):
        found.append(f"opens {both.sum()} pairs of sites too close together")
    if problem.company is not None and (alone := _alone(problem, opened)).any():
        found.append(f"opens {alone.sum()} sites with no other near enough")
    return found + _broken_units(problem, opened)


def _broken_units(problem: Problem, opened: Mask) -> list[str]:
    found = []
    if problem.unit_share is not None:
        share_of = unit_people(problem, covered(problem, opened))
        least = problem.unit_share * unit_people(problem, np.ones(len(problem.people), bool))
        if (short := share_of < least * (1 - SLACK) - SLACK).any():
            found.append(f"leaves {short.sum()} units below their least share")
    if problem.unit_sites is not None:
        unit = np.asarray(problem.site_unit)
        have = np.bincount(unit[opened & (unit >= 0)], minlength=len(problem.unit_sites))
        if (short := have < problem.unit_sites).any():
            found.append(f"leaves {short.sum()} units below their least number of sites")
    return found


def _alone(problem: Problem, opened: Mask) -> Mask:
    pairs = np.asarray(problem.company)
    friends = np.zeros(problem.sites, np.int64)
    np.add.at(friends, pairs[:, 0], opened[pairs[:, 1]])
    np.add.at(friends, pairs[:, 1], opened[pairs[:, 0]])
    return opened & ~problem.kept & (friends == 0)


def site_rows(reduced: Reduced, rows: Rows) -> tuple[Numbers, Numbers]:
    """Write the rules on sites; gives the floor and ceiling of the site variables."""
    problem, sites = reduced.problem, reduced.sites
    every, floor, ceiling = np.arange(len(sites)), reduced.fixed.astype(float), np.ones(len(sites))
    if reduced.room < len(sites):
        rows.one(every, np.ones(len(sites)), high=reduced.room)
    if np.isfinite(problem.budget):
        rows.one(every, reduced.cost, high=problem.budget)
    standing = np.flatnonzero(np.asarray(problem.standing)[sites])
    stays = int(np.asarray(problem.standing).sum()) - (
        problem.moves or 0
    )  # those left out of the reduced problem close
    if problem.moves is not None and stays > 0:
        rows.one(standing, np.ones(len(standing)), low=stays)
    if problem.unit_sites is not None:
        _unit_site_rows(reduced, rows)
    if problem.clashes is not None:
        ceiling = _clash_rows(reduced, rows, ceiling)
    if problem.company is not None:
        _company_rows(reduced, rows)
    return floor, ceiling


def _unit_site_rows(reduced: Reduced, rows: Rows) -> None:
    problem = reduced.problem
    unit, least = np.asarray(problem.site_unit), np.asarray(problem.unit_sites)
    have = np.bincount(unit[problem.kept & (unit >= 0)], minlength=len(least))
    local = np.where(reduced.fixed, -1, unit[reduced.sites])
    for which in np.flatnonzero(least > have):
        inside = np.flatnonzero(local == which)
        rows.one(inside, np.ones(len(inside)), low=float(least[which] - have[which]))


def _local(reduced: Reduced) -> Positions:
    place = np.full(reduced.problem.sites, -1)
    place[reduced.sites] = np.arange(len(reduced.sites))
    return place


def _clash_rows(reduced: Reduced, rows: Rows, ceiling: Numbers) -> Numbers:
    problem, place = reduced.problem, _local(reduced)
    pairs = np.asarray(problem.clashes)
    beside_kept = np.concatenate([pairs[problem.kept[pairs[:, 0]], 1], pairs[problem.kept[pairs[:, 1]], 0]])
    beside_kept = place[beside_kept]
    beside_kept = beside_kept[beside_kept >= 0]
    ceiling[beside_kept[~reduced.fixed[beside_kept]]] = 0.0
    both = place[pairs]
    both = both[(both >= 0).all(axis=1)]
    both = both[~reduced.fixed[both].any(axis=1)]
    count = len(both)
    if count:
        row = np.repeat(np.arange(count), 2)
        rows.add(row, both.ravel(), np.ones(2 * count), low=np.full(count, -np.inf), high=np.ones(count))
    return ceiling


def _company_rows(reduced: Reduced, rows: Rows) -> None:
    """A site may open only if another near it is open: ``sum(near) - y >= 0``."""
    problem, place = reduced.problem, _local(reduced)
    pairs = np.asarray(problem.company)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    has_kept = np.zeros(problem.sites, bool)
    has_kept[both[problem.kept[both[:, 1]], 0]] = True
    for site in np.flatnonzero(~has_kept[reduced.sites] & ~reduced.fixed):
        friends = place[both[both[:, 0] == reduced.sites[site], 1]]
        friends = friends[friends >= 0]
        rows.one(np.append(friends, site), np.append(np.ones(len(friends)), -1.0), low=0.0)


def unit_share_rows(reduced: Reduced, rows: Rows, first: int) -> None:
    """Write the least share of every unit over the cover variables that start at ``first``."""
    problem = reduced.problem
    if problem.unit_share is None:
        return
    everyone = unit_people(problem, np.ones(len(problem.people), bool))
    have = unit_people(problem, covered(problem, problem.kept))
    short = problem.unit_share * everyone - have
    for unit in np.flatnonzero(short > SLACK):
        inside = np.flatnonzero(reduced.unit == unit)
        rows.one(first + inside, reduced.people[inside], low=float(short[unit]))
