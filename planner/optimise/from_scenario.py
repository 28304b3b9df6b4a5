"""From a scenario to the plain problem under it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from planner.arrays import Positions
from planner.errors import QuestionError
from planner.optimise.problem import NO_UNIT, Amounts, Problem
from planner.plan import Scenario


def problem_of(scenario: Scenario) -> Problem:
    """The array problem of a scenario, sites and rows in the scenario's order."""
    coverage = scenario.coverage
    rank = np.argsort(np.argsort(coverage.sites.ids.to_numpy(dtype=object), kind="stable"), kind="stable")
    return Problem(
        coverage.demand.people, coverage.starts, coverage.points, scenario.kept, scenario.possible, new=scenario.new,
        minutes=coverage.minutes, rank=rank, standing=scenario.standing, moves=scenario.moves, need=scenario.backup,
        worth=tuple(sorted(scenario.worth.items())), least_people=scenario.least_people,
        **_costs(scenario), **_capacities(scenario), **_units(scenario), **_spacing(scenario),
    )  # fmt: skip


def _numbers(scenario: Scenario, column: str, needed: str) -> Amounts:
    sites = scenario.coverage.sites
    if column not in sites:
        raise QuestionError(f"{needed} needs a column {column!r} of the sites; they have none")
    return pd.to_numeric(sites[column], errors="coerce").to_numpy(dtype=float)


def _costs(scenario: Scenario) -> dict[str, Any]:
    """Costs of opening; what stands is paid for."""
    sites = scenario.coverage.sites
    if scenario.budget is None and "cost" not in sites:
        return {}
    cost = _numbers(scenario, "cost", "a budget")
    paid = scenario.kept | scenario.standing
    cost = np.where(paid, 0.0, cost)
    unknown = np.isnan(cost) & scenario.possible
    if unknown.any():
        if scenario.budget is None:
            return {}
        raise QuestionError(
            f"a budget needs the cost of every candidate; {unknown.sum():,} have none, first {sites.ids[unknown][0]!r}"
        )
    limit = np.inf if scenario.budget is None else scenario.budget
    return {"cost": np.nan_to_num(cost), "budget": limit}


def _capacities(scenario: Scenario) -> dict[str, Any]:
    if not scenario.capacity:
        return {}
    capacity = _numbers(scenario, "capacity", "capacity=True")
    return {"capacity": np.where(np.isnan(capacity), np.inf, capacity)}


def _units(scenario: Scenario) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if scenario.site_units is not None:
        labels, codes = _codes(scenario.site_units, scenario.coverage.sites.ids)
        least = _by_label(scenario.least_sites, labels, "least_sites", "site_units")
        found |= {"site_unit": codes, "unit_sites": np.ceil(least).astype(np.int64)}
    if scenario.people_units is not None:
        labels, codes = _codes(scenario.people_units, scenario.coverage.demand.ids)
        least = _by_label(scenario.least_share, labels, "least_share", "people_units")
        if ((least < 0) | (least > 1)).any():
            raise QuestionError(f"least_share must be from 0 to 1, not {scenario.least_share!r}")
        found |= {"row_unit": codes, "unit_share": least}
    return found


def unit_labels(given: Mapping[str, str] | pd.Series) -> list[str]:
    """Labels of units, sorted; their places are the unit numbers of the problem."""
    values = given.dropna() if isinstance(given, pd.Series) else pd.Series(dict(given), dtype=object).dropna()
    return sorted({str(value) for value in values})


def _codes(given: Mapping[str, str] | pd.Series, ids: pd.Index) -> tuple[list[str], Positions]:
    series = given if isinstance(given, pd.Series) else pd.Series(dict(given), dtype=object)
    if len(unknown := series.index.difference(ids)):
        raise QuestionError(f"{len(unknown):,} IDs with a unit are unknown, first {unknown[0]!r}")
    labels = unit_labels(given)
    places = {label: place for place, label in enumerate(labels)}
    held = series.reindex(ids)
    return labels, np.array([NO_UNIT if pd.isna(value) else places[str(value)] for value in held], np.int64)


def _by_label(given: float | Mapping[str, Any], labels: list[str], name: str, units: str) -> Amounts:
    if not isinstance(given, Mapping):
        return np.full(len(labels), float(given))
    if unknown := set(given) - set(labels):
        raise QuestionError(f"{name} names units that {units} does not: {', '.join(sorted(unknown)[:3])}")
    return np.array([float(given.get(label, 0)) for label in labels])


def _spacing(scenario: Scenario) -> dict[str, Any]:
    """Pairs of sites too close together, and pairs near enough; pairs of kept sites are history."""
    found: dict[str, Any] = {}
    if not scenario.apart_metres and scenario.near_metres is None:
        return found
    place = np.flatnonzero(scenario.kept | scenario.possible)
    tree = cKDTree(scenario.coverage.sites.xy[place])
    if scenario.apart_metres:
        near = np.nextafter(scenario.apart_metres, 0)
        pairs = place[tree.query_pairs(near, output_type="ndarray")].reshape(-1, 2)
        found["clashes"] = pairs[~scenario.kept[pairs].all(axis=1)]
    if scenario.near_metres is not None:
        found["company"] = place[tree.query_pairs(scenario.near_metres, output_type="ndarray")].reshape(-1, 2)
    return found
