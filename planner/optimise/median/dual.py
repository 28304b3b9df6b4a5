"""Median dual: the compiled Lagrangian bound of short lists and its climb. Import inside functions only."""

# mypy: allow-untyped-defs
from __future__ import annotations

import numpy as np

from planner.compiling import compiler

jit = compiler(__file__)


@jit
def lagrangian(lists, price, rho):
    """Set ``rho`` to each site's reduced cost at these prices; give the prices' own worth."""
    rho[:] = 0.0
    found = 0.0
    for i in range(len(price)):
        u, w = price[i], lists.weight[i]
        found += w * u
        for e in range(lists.first[i], lists.first[i + 1]):
            if lists.minutes[e] >= u:
                break
            rho[lists.site[e]] -= w * (u - lists.minutes[e])
    return found


@jit
def cheapest(rho, new):
    """The ``new`` sites of least reduced cost, ties to the lower: mask, sum, last one's cost, the next one's."""
    order = np.argsort(rho, kind="mergesort")
    taken = np.zeros(len(rho), np.bool_)
    found = 0.0
    for k in range(min(new, len(rho))):
        taken[order[k]] = True
        found += rho[order[k]]
    last = rho[order[new - 1]] if 0 < new <= len(rho) else 0.0
    following = rho[order[new]] if new < len(rho) else 0.0
    return taken, found, last, following


@jit
def climb(lists, new, upper, scale, rounds, price, trial, drift, control, rho):
    """Raise the bound by deflected subgradient steps; the best prices end in ``price``, their bound in ``control``.

    ``control`` is best bound, step factor, rounds since a gain, most of them, drift kept, shrink; ``trial``
    and ``drift`` carry the walk on to the next call. Gives the sites the last relaxed answer opens.
    """
    n = len(price)
    taken = np.zeros(len(rho), np.bool_)
    for _ in range(rounds):
        own = lagrangian(lists, trial, rho)
        taken, found, _last, _next = cheapest(rho, new)
        bound = own + found
        if bound > control[0]:
            if bound > control[0] + 1e-4 * (upper - control[0]):
                control[2] = 0
            control[0] = bound
            price[:] = trial
        control[2] += 1
        if control[2] > control[3]:
            control[1] *= control[5]
            control[2] = 0
            trial[:] = price
            drift[:] = 0.0
            continue
        norm = 0.0
        for i in range(n):
            served = 0
            for e in range(lists.first[i], lists.first[i + 1]):
                if lists.minutes[e] >= trial[i]:
                    break
                served += taken[lists.site[e]]
            drift[i] = control[4] * drift[i] + (1.0 - control[4]) * (1 - served)
            norm += lists.weight[i] * scale[i] * drift[i] * drift[i]
        if norm <= 0.0:
            break
        step = control[1] * (upper - bound) / norm
        for i in range(n):
            lowest = np.float64(lists.minutes[lists.first[i]])
            trial[i] = min(lists.cap[i], max(lowest, trial[i] + step * scale[i] * drift[i]))
    return taken
