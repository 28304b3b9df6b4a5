"""Median tree: branch and bound on what is left of a median, compiled. Import inside functions only."""

# mypy: allow-untyped-defs
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from planner.arrays import Minutes
from planner.optimise.median_lift import FREE, OPEN, SHUT, fix, how_many, inner, jit, lift, must, put, thinned, worth
from planner.optimise.median_search import Lists

ROOM = 64
"""Branches a tree has room for at first."""
PROBES, PROBE = 5, 10
"""Points tried before branching, and steps of a climb for each half."""
APART = 0.01
"""How far apart the shares of service must be for two points to be asked about different sites."""
DOUBT = 0.02
"""How far from 0 and 1 the share of a point's service must be to branch on it."""


class Tree(NamedTuple):
    """The branches still to look at: one row of each array a branch.

    ``status`` ``(room, sites)`` tells which sites are free, open or shut there, ``limit`` ``(room, points)`` within
    which minutes each point must be served, ``price`` ``(room, points)`` the prices to start from, ``often``
    ``(room, sites)`` how often each site was taken of late, ``bound`` ``(room,)`` what the branch cannot go below.
    ``tally`` is how many branches wait, and how many were looked at.
    """

    status: npt.NDArray[np.int8]
    limit: Minutes
    price: Minutes
    often: npt.NDArray[np.float64]
    bound: npt.NDArray[np.float64]
    tally: npt.NDArray[np.int64]


def planted(lists: Lists, sites: int, price: Minutes) -> Tree:
    """A tree of one branch, where every site is free."""
    points = len(lists.cap)
    tree = Tree(
        np.zeros((ROOM, sites), np.int8), np.full((ROOM, points), np.inf), np.zeros((ROOM, points)),
        np.zeros((ROOM, sites)), np.full(ROOM, -np.inf), np.zeros(2, np.int64),
    )  # fmt: skip
    tree.price[0] = np.minimum(price, lists.cap)
    tree.tally[0] = 1
    return tree


def roomy(tree: Tree) -> Tree:
    """The tree with room for two more branches at least."""
    if tree.tally[0] + 2 <= len(tree.bound):
        return tree
    status, limit, price, often, bound = (np.concatenate([part, np.zeros_like(part)]) for part in tree[:-1])
    return Tree(status, limit, price, often, bound, tree.tally)


@inner
def doubts(lists, limit, often):
    """For each point the minutes within which it is or is not served, how much that tells, and how likely it is."""
    points = len(limit)
    within, told, share = np.zeros(points), np.zeros(points), np.zeros(points)
    for i in range(points):
        whole, all_minutes = 0.0, 0.0
        for e in range(lists.first[i], lists.first[i + 1]):
            if lists.minutes[e] > limit[i] or whole >= 1.0:
                break
            part = min(often[lists.site[e]], 1.0 - whole)
            whole += part
            all_minutes += part * lists.minutes[e]
        all_minutes += (1.0 - whole) * min(lists.cap[i], limit[i])
        below, minutes = 0.0, 0.0
        for e in range(lists.first[i], lists.first[i + 1]):
            if lists.minutes[e] >= limit[i] or below > 1.0 - DOUBT:
                break
            below += often[lists.site[e]]
            minutes += often[lists.site[e]] * lists.minutes[e]
            if e + 1 < lists.first[i + 1] and lists.minutes[e + 1] <= lists.minutes[e]:
                continue
            if DOUBT < below < 1.0 - DOUBT:
                tells = lists.weight[i] * ((all_minutes - minutes) * below - minutes * (1.0 - below))
                if tells > told[i]:
                    within[i], told[i], share[i] = lists.minutes[e], tells, below
    return within, told, share


@inner
def halve(lists, status, limit, at, within, near):
    """Demand in place that a point is served within so many minutes, or that it is not, which shuts all so near."""
    if near:
        limit[at] = within
        return
    for e in range(lists.first[at], lists.first[at + 1]):
        if lists.minutes[e] > within:
            break
        status[lists.site[e]] = SHUT


@inner
def probe(lists, new, status, limit, price, scale, goal, often, at, within, bound):
    """What halving by a point promises: the bounds of both halves after a short climb, and their prices."""
    bounds, prices = np.empty(2), np.empty((2, len(price)))
    for near in range(2):
        here, most = status.copy(), limit.copy()
        put(prices, near, price)
        halve(lists, here, most, at, within, near == 1)
        left = must(lists, here, most, new)
        bounds[near] = np.inf
        if left >= 0:
            found = lift(lists, here, most, left, prices[near], scale, goal, PROBE, often.copy())
            bounds[near] = max(bound, found)
    return bounds, prices


@inner
def telling(lists, new, status, limit, price, bound, often, scale, goal):
    """Of a few points that tell much, the one whose halves promise most, -1 where all is clear; see `probe`."""
    within, told, share = doubts(lists, limit, often)
    bounds, prices = np.full(2, bound), np.empty((2, len(price)))
    put(prices, 0, price)
    put(prices, 1, price)
    at, most, room = -1, -1.0, goal - bound
    for _ in range(PROBES):
        i = int(np.argmax(told))
        if told[i] <= 0.0:
            break
        some, lifted = probe(
            lists, new, status, limit, price, scale, goal, often, i, within[i], bound
        )  # fmt: skip
        gain = (min(some[0] - bound, room) + 0.01 * room) * (min(some[1] - bound, room) + 0.01 * room)
        if gain > most:
            at, most, bounds, prices = i, gain, some, lifted
        if some.max() >= goal:
            break
        for k in range(len(told)):  # the next is asked about other sites
            if abs(share[k] - share[i]) < APART:
                told[k] = 0.0
    return at, within[at], share[at], bounds, prices


@inner
def _split(lists, new, tree, top, status, limit, price, bound, often, scale, goal):
    """Put both halves of a branch on the tree, the likelier one last: it is looked at first.

    The halves are: a point is served within so many minutes, or not. Where the climb is sure of every point, one
    site opens or not.
    """
    for j in range(len(status)):
        often[j] = 1.0 if status[j] == OPEN else 0.0 if status[j] == SHUT else often[j]
    at, within, share, bounds, prices = telling(
        lists, new, status, limit, price, bound, often, scale, goal
    )  # fmt: skip
    site, doubt = -1, -1.0
    for j in range(len(status)):
        if status[j] == FREE and min(often[j], 1.0 - often[j]) > doubt:
            site, doubt = j, min(often[j], 1.0 - often[j])
    likely = (often[site] if at < 0 else share) >= 0.5
    for side in range(2):
        near = int((side == 1) == likely)
        if bounds[near] >= goal:
            continue
        put(tree.status, top, status)
        put(tree.limit, top, limit)
        put(tree.often, top, often)
        put(tree.price, top, prices[near])
        tree.bound[top] = bounds[near]
        if at < 0:
            tree.status[top, site] = OPEN if near else SHUT
        else:
            halve(lists, tree.status[top], tree.limit[top], at, within, near == 1)
        top += 1
    tree.tally[0] = top


@jit
def branch(lists, new, tree, scale, below, step_down, rounds, looks, best):
    """Look at up to ``looks`` branches, deepest first; a better choice goes to ``best`` and lowers the goal.

    ``below`` is the value only better choices matter under, less ``step_down`` of a new best's value. Gives
    the goal as it is at the end.
    """
    goal = below
    for _ in range(looks):
        if tree.tally[0] == 0 or tree.tally[0] + 1 >= len(tree.bound):
            break
        tree.tally[0] -= 1
        top = tree.tally[0]
        tree.tally[1] += 1
        if tree.bound[top] >= goal:
            continue
        status, limit, price = tree.status[top].copy(), tree.limit[top].copy(), tree.price[top].copy()
        often = tree.often[top].copy()
        left = must(lists, status, limit, new)
        if left < 0:
            continue
        thin = thinned(lists, status, limit)
        bound = lift(thin, status, limit, left, price, scale, goal, rounds, often)
        if bound >= goal:
            continue
        left, bound, taken = fix(thin, status, limit, new, price, goal)
        free = how_many(status, FREE)
        if left == 0 or free <= left:
            for j in range(len(status)):
                taken[j] = status[j] == OPEN or (left > 0 and status[j] == FREE)
        value = worth(lists, taken)
        if value < goal:
            goal = value - step_down
            for j in range(len(taken)):
                best[j] = taken[j]
        if bound >= goal or free <= left or left == 0:
            continue
        _split(thin, new, tree, top, status, limit, price, bound, often, scale, goal)
    return goal
