"""Inequality: how unevenly access is spread over people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.arrays import People
from planner.errors import DataError


@dataclass(frozen=True, slots=True)
class Inequality:
    """Gini and Theil of an amount over people, the part of Theil between groups, and what the worst-off tenth get.

    ``gini`` is 0 where all have the same and nears 1 where one has all; ``theil`` = ``between`` + ``within``;
    ``worst_tenth`` is the share of the whole amount that the tenth of people with least have.
    """

    gini: float
    theil: float
    between: float
    within: float
    worst_tenth: float


def inequality(amount: pd.Series, people: pd.Series, *, by: pd.Series | None = None) -> Inequality:
    """Measure how unevenly an amount per person (such as `floating_catchments`) is spread over people.

    All three are aligned by demand ID; ``by`` is each point's group, say its district. Raises `DataError` for amounts
    below 0 or missing, and where there is nobody or nothing to share.
    """
    each = amount.to_numpy(dtype=float)
    persons = people.reindex(amount.index).to_numpy(dtype=float)
    if not (np.isfinite(each).all() and (each >= 0).all() and np.isfinite(persons).all() and (persons >= 0).all()):
        raise DataError("amounts and people must be known and 0 or more at every point, aligned by ID")
    if not persons.sum() or not (each * persons).sum():
        raise DataError("inequality needs somebody to share something; people or amounts are all zero")
    theil = _theil(each, persons)
    between = 0.0 if by is None else _between(each, persons, by.reindex(amount.index))
    return Inequality(_gini(each, persons), theil, between, theil - between, _worst(each, persons, 0.1))


def _gini(each: People, persons: People) -> float:
    order = np.argsort(each, kind="stable")
    people = persons[order] / persons.sum()
    share = np.cumsum(each[order] * persons[order]) / (each @ persons)
    before = np.concatenate(([0.0], share[:-1]))
    return float(1.0 - (people * (share + before)).sum())


def _theil(each: People, persons: People) -> float:
    relative = each / np.average(each, weights=persons)
    terms = np.where(relative > 0, relative * np.log(np.where(relative > 0, relative, 1.0)), 0.0)
    return float(np.average(terms, weights=persons))


def _between(each: People, persons: People, groups: pd.Series) -> float:
    code = groups.fillna("").astype("category").cat.codes.to_numpy()
    people: People = np.bincount(code, persons).astype(float)
    amount = np.bincount(code, each * persons)
    lived_in = people > 0
    return _theil(amount[lived_in] / people[lived_in], people[lived_in])


def _worst(each: People, persons: People, share: float) -> float:
    order = np.argsort(each, kind="stable")
    people = np.concatenate(([0.0], np.cumsum(persons[order]) / persons.sum()))
    amount = np.concatenate(([0.0], np.cumsum(each[order] * persons[order]) / (each @ persons)))
    return float(np.interp(share, people, amount))
