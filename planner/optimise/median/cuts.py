"""Median cuts: what a group of points must pay, as compiled loops over short lists. Import inside functions only.

For given openings of the sites, a point's best price is the time at which the sites up to it open once in sum (Duran-Mateluna,
Alès and Elloumi 2023). Any prices give a cut that holds for every choice: a group pays at least the worth of
its prices less what each open site undercuts them by.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from planner.arrays import Positions
from planner.compiling import compiler

jit = compiler(__file__)

WHOLE = 1e-6
"""How near 0 or 1 an opening counts as it."""
DOUBT = 0.02
"""How far from 0 and 1 the share of a point's service must be to branch on it."""


class Groups(NamedTuple):
    """Points by group: ``point`` holds group g's from ``first[g]`` on; ``of`` ``(points,)`` is each one's group."""

    point: Positions
    first: Positions
    of: Positions


class Cuts(NamedTuple):
    """Cuts in compressed rows: what ``value`` times its ``column`` sums to is ``low`` or more.

    Columns are sites, then groups that pay, then what it costs to leave a set unopened. ``group`` is the one that a cut is for, -1
    where it asks that a set of sites opens.
    """

    group: Positions
    low: npt.NDArray[np.float64]
    first: Positions
    column: Positions
    value: npt.NDArray[np.float64]


@jit
def best_prices(lists, opening, price):
    """Set each point's best price at these openings."""
    for i in range(len(price)):
        price[i] = lists.cap[i]
        reached = 0.0
        for e in range(lists.first[i], lists.first[i + 1]):
            reached += opening[lists.site[e]]
            if reached >= 1.0 - 1e-9:
                price[i] = lists.minutes[e]
                break


@jit
def violated(lists, groups, price, opening, paid, tolerance):
    """The cuts at these prices that openings and payments ``(groups,)`` break, and what all groups should pay."""
    count, sites = len(groups.first) - 1, len(opening)
    group, low, first = np.empty(count, np.int64), np.empty(count), np.zeros(count + 1, np.int64)
    column, value = np.empty(4 * sites + 4, np.int32), np.empty(4 * sites + 4)
    sums, known = np.zeros(sites), np.empty(sites, np.int32)
    cuts, at, total = 0, 0, 0.0
    for g in range(count):
        worth, seen = 0.0, 0
        for i in groups.point[groups.first[g] : groups.first[g + 1]]:
            u, w = price[i], lists.weight[i]
            worth += w * u
            for e in range(lists.first[i], lists.first[i + 1]):
                if lists.minutes[e] >= u:
                    break
                j = lists.site[e]
                if sums[j] == 0.0:
                    known[seen] = j
                    seen += 1
                sums[j] += w * (u - lists.minutes[e])
        due = worth
        for j in known[:seen]:
            due -= sums[j] * opening[j]
        total += due
        if due > paid[g] + tolerance:
            while at + seen >= len(column):
                column, value = np.concatenate((column, column)), np.concatenate((value, value))
            for j in known[:seen]:
                column[at], value[at] = j, sums[j]
                at += 1
            column[at], value[at] = sites + g, 1.0
            at += 1
            group[cuts], low[cuts] = g, worth
            cuts += 1
            first[cuts] = at
        for j in known[:seen]:
            sums[j] = 0.0
    return Cuts(group[:cuts], low[:cuts], first[: cuts + 1], column[:at], value[:at]), total


@jit
def certified(cuts, duals, pays, floor, ceiling, new, costs):
    """What no openings between floor and ceiling can go below, by any duals of the number of sites and of the cuts.

    ``pays`` ``(payers,)`` is what one of each payer's payments costs: duals that ask more of it are cut down to it. Sets ``costs``
    to each site's reduced cost.
    """
    sites, asked = len(costs), np.zeros(len(pays))
    for k in range(len(cuts.low)):
        if duals[k + 1] > 0.0:
            for e in range(cuts.first[k], cuts.first[k + 1]):
                if cuts.column[e] >= sites:
                    asked[cuts.column[e] - sites] += duals[k + 1] * cuts.value[e]
    each = max(0.0, -duals[0])
    costs[:] = each
    bound = -each * new
    for k in range(len(cuts.low)):
        if duals[k + 1] <= 0.0:
            continue
        part = 1.0
        for e in range(cuts.first[k], cuts.first[k + 1]):
            payer = cuts.column[e] - sites
            if payer >= 0 and asked[payer] > pays[payer]:
                part = min(part, pays[payer] / asked[payer])
        dual = duals[k + 1] * part
        bound += dual * cuts.low[k]
        for e in range(cuts.first[k], cuts.first[k + 1]):
            if cuts.column[e] < sites:
                costs[cuts.column[e]] -= dual * cuts.value[e]
    for j in range(sites):
        bound += costs[j] * (floor[j] if costs[j] > 0.0 else ceiling[j])
    return bound


@jit
def doubts(lists, opening):
    """For each point the minutes within which it is half served, how much that tells, and the share of its service."""
    points = len(lists.cap)
    within, told, share = np.zeros(points), np.zeros(points), np.zeros(points)
    for i in range(points):
        whole, all_minutes = 0.0, 0.0
        for e in range(lists.first[i], lists.first[i + 1]):
            part = min(opening[lists.site[e]], 1.0 - whole)
            whole += part
            all_minutes += part * lists.minutes[e]
            if whole >= 1.0 - WHOLE:
                break
        all_minutes += (1.0 - whole) * lists.cap[i]
        below, minutes = 0.0, 0.0
        for e in range(lists.first[i], lists.first[i + 1]):
            below += opening[lists.site[e]]
            minutes += opening[lists.site[e]] * lists.minutes[e]
            if below > 1.0 - DOUBT:
                break
            if below < DOUBT or (e + 1 < lists.first[i + 1] and lists.minutes[e + 1] <= lists.minutes[e]):
                continue
            tells = lists.weight[i] * ((all_minutes - minutes) * below - minutes * (1.0 - below))
            if tells > told[i]:
                within[i], told[i], share[i] = lists.minutes[e], tells, below
    return within, told, share
