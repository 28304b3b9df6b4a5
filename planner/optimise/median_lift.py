"""Median lift: one branch of a median's tree, its bound raised by a short climb. Import inside functions only."""

# mypy: allow-untyped-defs
from __future__ import annotations

import numpy as np

from planner.compiling import compiler
from planner.optimise.median_search import Lists

FREE, OPEN, SHUT = 0, 1, 2
LATELY = 0.04
"""Weight of the last step in how often a site is taken."""

jit = compiler(__file__)
inner = compiler(__file__, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""For loops that only other loops call: they need no door to Python, and compile sooner."""


@inner
def how_many(status, kind):
    """How many sites are of a kind."""
    found = 0
    for one in status:
        found += one == kind
    return found


@inner
def put(rows, at, row):
    """Copy a row into an array of rows."""
    for k in range(len(row)):
        rows[at, k] = row[k]


@inner
def reduced_costs(lists, status, limit, price, rho):
    """Reduced costs of the sites that are not shut; the prices' own worth and the open sites' part."""
    rho[:] = 0.0
    found = 0.0
    for i in range(len(price)):
        u, w, most = price[i], lists.weight[i], limit[i]
        found += w * u
        for e in range(lists.first[i], lists.first[i + 1]):
            if lists.minutes[e] >= u or lists.minutes[e] > most:
                break
            rho[lists.site[e]] -= w * (u - lists.minutes[e])
    for j in range(len(rho)):
        if status[j] == OPEN:
            found += rho[j]
        elif status[j] == SHUT:
            rho[j] = 0.0
    return found


@inner
def pick(status, rho, left, taken):
    """Take the open sites and the ``left`` cheapest free ones: their sum, the last taken's cost, the next one's."""
    order, known = np.empty(left + 1, np.int64), 0
    for j in range(len(status)):
        taken[j] = status[j] == OPEN
        if status[j] != FREE or (known > left and rho[j] >= rho[order[left]]):
            continue
        known = min(known + 1, left + 1)
        k = known - 1
        while k > 0 and rho[order[k - 1]] > rho[j]:
            order[k] = order[k - 1]
            k -= 1
        order[k] = j
    found = 0.0
    for k in range(min(known, left)):
        taken[order[k]] = True
        found += rho[order[k]]
    last = rho[order[left - 1]] if 0 < left <= known else 0.0
    following = rho[order[left]] if known > left else 0.0
    return found, last, following


@inner
def thinned(lists, status, limit):
    """The lists without what cannot serve any more, for the loops of one branch; sites keep their numbers."""
    first = np.zeros(len(limit) + 1, np.int64)
    site, minutes = np.empty_like(lists.site), np.empty_like(lists.minutes)
    at = 0
    for i in range(len(limit)):
        for e in range(lists.first[i], lists.first[i + 1]):
            if lists.minutes[e] > limit[i]:
                break
            if status[lists.site[e]] != SHUT:
                site[at], minutes[at] = lists.site[e], lists.minutes[e]
                at += 1
        first[i + 1] = at
    return Lists(
        first, site[:at], minutes[:at], lists.weight, lists.cap, lists.by_first, lists.by_point, lists.by_minutes
    )


@inner
def step(lists, taken, limit, scale, trial, drift, room):
    """One deflected subgradient step towards a bound higher by ``room``; False at the top."""
    norm = 0.0
    for i in range(len(trial)):
        served = 0
        for e in range(lists.first[i], lists.first[i + 1]):
            if lists.minutes[e] >= trial[i] or lists.minutes[e] > limit[i]:
                break
            served += taken[lists.site[e]]
        drift[i] = 0.3 * drift[i] + 0.7 * (1 - served)
        norm += lists.weight[i] * scale[i] * drift[i] * drift[i]
    if norm <= 0.0:
        return False
    for i in range(len(trial)):
        lowest = lists.minutes[lists.first[i]] if lists.first[i] < lists.first[i + 1] else 0.0
        most = lists.cap[i] if limit[i] == np.inf else np.inf
        trial[i] = min(most, max(lowest, trial[i] + room / norm * scale[i] * drift[i]))
    return True


@inner
def lift(lists, status, limit, left, price, scale, goal, rounds, often):
    """Raise a branch's bound in place, up to the goal; ``often`` gets how often each site was taken."""
    sites = len(status)
    rho, taken = np.zeros(sites), np.zeros(sites, np.bool_)
    trial, drift = price.copy(), np.zeros(len(price))
    best, factor, idle = -np.inf, 1.0, 0
    known = 1.0 if often.sum() > 0.0 else 0.0
    for done in range(rounds):
        blend = max(LATELY, (1.0 - known) / (done + 1.0))
        bound = reduced_costs(lists, status, limit, trial, rho)
        bound += pick(status, rho, left, taken)[0]
        for j in range(sites):
            often[j] += blend * (taken[j] - often[j])
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
            bound = reduced_costs(lists, status, limit, trial, rho)
            bound += pick(status, rho, left, taken)[0]
        if not step(lists, taken, limit, scale, trial, drift, factor * (goal - bound)):
            break
    return best


@inner
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


@inner
def fix(lists, status, limit, new, price, goal):
    """Fix free sites whose change would lift the bound to the goal; the number left to open, and the bound."""
    rho, taken = np.zeros(len(status)), np.zeros(len(status), np.bool_)
    left = new - how_many(status, OPEN)
    own = reduced_costs(lists, status, limit, price, rho)
    found, last, following = pick(status, rho, left, taken)
    slack = goal - own - found
    for j in range(len(status)):
        if status[j] == FREE:
            if taken[j] and following - rho[j] > slack:
                status[j] = OPEN
            elif not taken[j] and rho[j] - last > slack:
                status[j] = SHUT
    for i in range(len(limit)):
        most = price[i] + slack / lists.weight[i]
        if most < lists.cap[i] and most < limit[i]:  # served later, a point would pay more than the slack
            limit[i] = most * (1.0 + 1e-12)
    return new - how_many(status, OPEN), own + found, taken


@inner
def must(lists, status, limit, new):
    """Open the last site that can serve a point in time; how many more may open, -1 where some point has none."""
    for i in range(len(limit)):
        if limit[i] == np.inf:
            continue
        count, last = 0, -1
        for e in range(lists.first[i], lists.first[i + 1]):
            if lists.minutes[e] > limit[i]:
                break
            if status[lists.site[e]] != SHUT:
                count, last = count + 1, lists.site[e]
                if status[last] == OPEN or count > 1:
                    break
        if last < 0:
            return -1
        if count == 1:
            status[last] = OPEN
    return max(-1, new - how_many(status, OPEN))
