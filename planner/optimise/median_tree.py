"""Median tree: branch and bound on what is left of a median, compiled. Import inside functions only."""

# mypy: allow-untyped-defs
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from planner.arrays import Minutes
from planner.optimise.median_search import Lists

FREE, OPEN, SHUT = 0, 1, 2

jit: Any = njit(cache=True, nogil=True)


class Tree(NamedTuple):
    """The branches still to look at: one row of each array a branch.

    ``status`` ``(room, sites)`` tells which sites are free, open or shut there, ``price`` ``(room, points)`` the
    prices to start from, ``bound`` ``(room,)`` what the branch cannot go below. ``tally`` is how many
    branches wait, and how many were looked at.
    """

    status: npt.NDArray[np.int8]
    price: Minutes
    bound: npt.NDArray[np.float64]
    tally: npt.NDArray[np.int64]


def planted(lists: Lists, sites: int, price: Minutes) -> Tree:
    """A tree of one branch, where every site is free."""
    room = sites + 3
    tree = Tree(
        np.zeros((room, sites), np.int8),
        np.zeros((room, len(lists.cap))),
        np.full(room, -np.inf),
        np.zeros(2, np.int64),
    )
    tree.price[0] = np.minimum(price, lists.cap)
    tree.tally[0] = 1
    return tree


@jit
def reduced_costs(lists, status, price, rho):
    """Reduced costs of the sites that are not shut; the prices' own worth and the open sites' part."""
    rho[:] = 0.0
    found = 0.0
    for i in range(len(price)):
        u, w = price[i], lists.weight[i]
        found += w * u
        for e in range(lists.first[i], lists.first[i + 1]):
            if lists.minutes[e] >= u:
                break
            rho[lists.site[e]] -= w * (u - lists.minutes[e])
    for j in range(len(rho)):
        if status[j] == OPEN:
            found += rho[j]
        elif status[j] == SHUT:
            rho[j] = 0.0
    return found


@jit
def pick(status, rho, left, taken):
    """Take the open sites and the ``left`` cheapest free ones: their sum, the last taken's cost, the next one's."""
    free = np.flatnonzero(status == FREE)
    order = free[np.argsort(rho[free], kind="mergesort")]
    found = last = following = 0.0
    for j in range(len(status)):
        taken[j] = status[j] == OPEN
    for k in range(len(order)):
        if k < left:
            taken[order[k]] = True
            found += rho[order[k]]
            last = rho[order[k]]
        elif k == left:
            following = rho[order[k]]
    if len(order) < left:
        last = 0.0
    return found, last, following


@jit
def step(lists, taken, scale, trial, drift, room):
    """One deflected subgradient step towards a bound higher by ``room``; False at the top."""
    norm = 0.0
    for i in range(len(trial)):
        served = 0
        for e in range(lists.first[i], lists.first[i + 1]):
            if lists.minutes[e] >= trial[i]:
                break
            served += taken[lists.site[e]]
        drift[i] = 0.3 * drift[i] + 0.7 * (1 - served)
        norm += lists.weight[i] * scale[i] * drift[i] * drift[i]
    if norm <= 0.0:
        return False
    for i in range(len(trial)):
        lowest = lists.minutes[lists.first[i]]
        trial[i] = min(lists.cap[i], max(lowest, trial[i] + room / norm * scale[i] * drift[i]))
    return True


@jit
def lift(lists, status, left, price, scale, goal, rounds, often):
    """Raise a branch's bound in place, up to the goal; ``often`` gets how often each site was taken."""
    sites = len(status)
    rho, taken = np.zeros(sites), np.zeros(sites, np.bool_)
    trial, drift = price.copy(), np.zeros(len(price))
    best, factor, idle = -np.inf, 1.0, 0
    often[:] = 0.0
    for _ in range(rounds):
        bound = reduced_costs(lists, status, trial, rho)
        bound += pick(status, rho, left, taken)[0]
        for j in range(sites):
            often[j] = 0.9 * often[j] + 0.1 * taken[j]
        idle += 1
        if bound > best:
            if bound > best + 0.01 * (goal - best):
                idle = 0
            best = bound
            price[:] = trial
        if best >= goal:
            break
        if idle > 4:
            factor *= 0.6
            idle = 0
            trial[:] = price
            drift[:] = 0.0
            bound = reduced_costs(lists, status, trial, rho)
            bound += pick(status, rho, left, taken)[0]
        if not step(lists, taken, scale, trial, drift, factor * (goal - bound)):
            break
    return best


@jit
def worth(lists, chosen):
    """People-minutes of a choice."""
    found = 0.0
    for i in range(len(lists.cap)):
        d = lists.cap[i]
        for e in range(lists.first[i], lists.first[i + 1]):
            if chosen[lists.site[e]]:
                d = lists.minutes[e]
                break
        found += lists.weight[i] * d
    return found


@jit
def fix(lists, status, new, price, goal):
    """Fix free sites whose change would lift the bound to the goal; the number left to open, and the bound."""
    rho, taken = np.zeros(len(status)), np.zeros(len(status), np.bool_)
    left = new - np.sum(status == OPEN)
    own = reduced_costs(lists, status, price, rho)
    found, last, following = pick(status, rho, left, taken)
    slack = goal - own - found
    for j in range(len(status)):
        if status[j] == FREE:
            if taken[j] and following - rho[j] > slack:
                status[j] = OPEN
            elif not taken[j] and rho[j] - last > slack:
                status[j] = SHUT
    return new - np.sum(status == OPEN), own + found, taken


@jit
def branch(lists, new, tree, scale, below, step_down, rounds, looks, best):
    """Look at up to ``looks`` branches, deepest first; a better choice goes to ``best`` and lowers the goal.

    ``below`` is the value only better choices matter under, less ``step_down`` of a new best's value. Gives
    the goal as it is at the end.
    """
    often = np.zeros(len(best))
    goal = below
    for _ in range(looks):
        if tree.tally[0] == 0:
            break
        tree.tally[0] -= 1
        top = tree.tally[0]
        tree.tally[1] += 1
        if tree.bound[top] >= goal:
            continue
        status, price = tree.status[top].copy(), tree.price[top].copy()
        left = new - np.sum(status == OPEN)
        bound = lift(lists, status, left, price, scale, goal, rounds, often)
        if bound >= goal:
            continue
        left, bound, taken = fix(lists, status, new, price, goal)
        value = worth(lists, taken)
        if value < goal:
            goal = value - step_down
            best[:] = taken
        free = np.sum(status == FREE)
        if bound >= goal or free == 0 or left == 0:
            if left == 0 or free == 0:
                value = worth(lists, status == OPEN)
                if value < goal:
                    goal = value - step_down
                    best[:] = status == OPEN
            continue
        if free <= left:
            value = worth(lists, status != SHUT)
            if value < goal:
                goal = value - step_down
                best[:] = status != SHUT
            continue
        _split(tree, top, status, price, bound, often)
    return goal


@jit
def _split(tree, top, status, price, bound, often):
    """Put both halves of a branch on the tree, the likelier one last: it is looked at first."""
    at, most = -1, -1.0
    for j in range(len(status)):
        if status[j] == FREE:
            doubt = min(often[j], 1.0 - often[j])
            if doubt > most:
                at, most = j, doubt
    sides = (SHUT, OPEN) if often[at] >= 0.5 else (OPEN, SHUT)
    for side in sides:
        tree.status[top] = status
        tree.status[top, at] = side
        tree.price[top] = price
        tree.bound[top] = bound
        top += 1
    tree.tally[0] = top
