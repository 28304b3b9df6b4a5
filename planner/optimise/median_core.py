"""Median core: the relaxation of what is left of a median, solved by HiGHS for its prices and its likeliest sites."""

from __future__ import annotations

import numpy as np

from planner.arrays import Minutes, Positions
from planner.optimise.clock import Clock
from planner.optimise.median_local import Ascent
from planner.optimise.median_problem import ShortLists
from planner.optimise.median_reduce import Reduced, reduce
from planner.optimise.model import Model, Numbers, Rows

LARGEST_CORE = 15_000
"""Most pairs of a core that is given to the solver."""


def small_enough(ascent: Ascent, below: float, most: int = LARGEST_CORE) -> Reduced:
    """The reduction by the largest value up to ``below`` that leaves at most so many pairs.

    A guess between bound and ``below`` loses no answer better than the guess: if the core holds none, the guess
    is a bound; if it holds one, the best of them is the best of all.
    """
    left = reduce(ascent, below)
    while len(left.lists.site) > most and left.below - ascent.bound > 1e-9 * abs(below):
        left = reduce(ascent, ascent.bound + (left.below - ascent.bound) / 2)
    return left


def priced(left: Reduced, scale: Minutes, clock: Clock) -> tuple[Ascent, Numbers] | None:
    """Solve the relaxation of a core: a climb with its prices, good within the core only, and how far it opens each site.

    None where the time is up or the solver gave none.
    """
    from planner.optimise import highs

    lists = left.lists
    model, heads = radius_model(lists, left.new)
    answer = highs.solve_relaxed(model, clock, interior=True)
    if answer.x is None or answer.duals is None:
        return None
    quickest = lists.minutes[lists.first[:-1]]
    price = np.minimum(quickest + np.maximum(answer.duals[heads], 0.0) / lists.weight, lists.cap)
    ascent = Ascent(lists, left.new, price, scale)
    ascent.adopt(price)
    return ascent, np.asarray(answer.x[: len(lists.sites)])


def radius_model(lists: ShortLists, new: int) -> tuple[Model, Positions]:
    """The radius form of a median (Cornuejols, Nemhauser and Wolsey 1980; sparse after Elloumi 2010).

    After the sites come, for each point, one variable a step of its list: 1 when no site up to that step
    opens. The dual of a point's first row, which the second array finds, is what it would pay above its quickest site.
    """
    sites, pairs = len(lists.sites), len(lists.site)
    row = np.repeat(np.arange(len(lists.rows)), np.diff(lists.first))
    following = np.append(lists.minutes[1:], 0.0)
    following[lists.first[1:] - 1] = lists.cap
    ends = following > lists.minutes
    step: Positions = np.cumsum(ends) - ends
    count = int(ends.sum())
    chained = np.zeros(count, bool)
    chained[1:] = row[ends][1:] == row[ends][:-1]
    late, linked = sites + np.arange(count), np.flatnonzero(chained)
    rows = Rows(sites + count)
    rows.add(
        np.concatenate([np.arange(count), linked, step]), np.concatenate([late, late[linked] - 1, lists.site]),
        np.concatenate([np.ones(count), -np.ones(len(linked)), np.ones(pairs)]),
        low=np.where(chained, 0.0, 1.0), high=np.full(count, np.inf),
    )  # fmt: skip
    rows.one(np.arange(sites), np.ones(sites), high=float(new))
    cost = np.concatenate([np.zeros(sites), (lists.weight[row] * (following - lists.minutes))[ends]])
    ceiling = np.concatenate([np.ones(sites), np.full(count, np.inf)])
    whole = np.concatenate([np.ones(sites, bool), np.zeros(count, bool)])
    return rows.model(cost, np.zeros(sites + count), ceiling, whole), np.flatnonzero(~chained)
