"""Median kernels: the compiled loops over short lists. Import inside functions only; compiling takes seconds once."""

# mypy: allow-untyped-defs
from __future__ import annotations

import numpy as np

from planner.compiling import compiler

jit = compiler(__file__)


@jit
def caps(starts, points, minutes, kept, possible, demand):
    """Quickest kept site of each point, whether any site reaches it, and by how many candidates."""
    best = np.full(demand, np.inf)
    reached = np.zeros(demand, np.bool_)
    lists = np.zeros(demand, np.int32)
    for j in range(len(kept)):
        if not (kept[j] or possible[j]):
            continue
        for e in range(starts[j], starts[j + 1]):
            i = points[e]
            reached[i] = True
            if kept[j]:
                best[i] = min(best[i], np.float64(minutes[e]))
            else:
                lists[i] += 1
    return best, reached, lists


@jit
def furthest(starts, points, minutes, possible, demand):
    """Slowest candidate of each point."""
    worst = np.zeros(demand)
    for j in range(len(possible)):
        if possible[j]:
            for e in range(starts[j], starts[j + 1]):
                worst[points[e]] = max(worst[points[e]], np.float64(minutes[e]))
    return worst


@jit
def lists_by_point(starts, points, minutes, possible, cap):
    """Candidates quicker than the cap, by point, quickest first, then by site."""
    n = len(cap)
    first = np.zeros(n + 1, np.int64)
    for j in range(len(possible)):
        if possible[j]:
            for e in range(starts[j], starts[j + 1]):
                if minutes[e] < cap[points[e]]:
                    first[points[e] + 1] += 1
    for i in range(n):
        first[i + 1] += first[i]
    at = first[:-1].copy()
    site = np.empty(first[n], np.int32)
    cost = np.empty(first[n], np.float64)
    local = 0
    for j in range(len(possible)):
        if possible[j]:
            for e in range(starts[j], starts[j + 1]):
                i = points[e]
                if minutes[e] < cap[i]:
                    site[at[i]] = local
                    cost[at[i]] = minutes[e]
                    at[i] += 1
            local += 1
    for i in range(n):
        _sort(site[first[i] : first[i + 1]], cost[first[i] : first[i + 1]])
    return first, site, cost


@jit
def _sort(site, cost):
    """Sort one list by cost, keeping the order of equals."""
    n = len(cost)
    if n > 24:
        order = np.argsort(cost, kind="mergesort")
        site[:] = site[order]
        cost[:] = cost[order]
        return
    for a in range(1, n):
        s, c = site[a], cost[a]
        b = a
        while b > 0 and cost[b - 1] > c:
            site[b], cost[b] = site[b - 1], cost[b - 1]
            b -= 1
        site[b], cost[b] = s, c


@jit
def turned(first, site, minutes, sites):
    """The same pairs by site, points ascending."""
    start = np.zeros(sites + 1, np.int64)
    for s in site:
        start[s + 1] += 1
    for j in range(sites):
        start[j + 1] += start[j]
    at = start[:-1].copy()
    point = np.empty(len(site), np.int32)
    cost = np.empty(len(site), minutes.dtype)
    for i in range(len(first) - 1):
        for e in range(first[i], first[i + 1]):
            s = site[e]
            point[at[s]] = i
            cost[at[s]] = minutes[e]
            at[s] += 1
    return start, point, cost


@jit
def shorten(first, site, minutes, new_site, cap):
    """Lists of only the renumbered sites (-1: gone) below the caps."""
    n = len(cap)
    start = np.zeros(n + 1, np.int64)
    for i in range(n):
        k = 0
        for e in range(first[i], first[i + 1]):
            if minutes[e] >= cap[i]:
                break
            k += new_site[site[e]] >= 0
        start[i + 1] = start[i] + k
    kept = np.empty(start[n], np.int32)
    cost = np.empty(start[n], minutes.dtype)
    for i in range(n):
        at = start[i]
        for e in range(first[i], first[i + 1]):
            if minutes[e] >= cap[i]:
                break
            if new_site[site[e]] >= 0:
                kept[at] = new_site[site[e]]
                cost[at] = minutes[e]
                at += 1
    return start, kept, cost


@jit
def nearest_open(first, site, minutes, cap, opened):
    """Minutes from each point to its quickest open site, or its cap."""
    found = cap.copy()
    for i in range(len(cap)):
        for e in range(first[i], first[i + 1]):
            if opened[site[e]]:
                found[i] = minutes[e]
                break
    return found
