"""Median search: the compiled swap search of a median. Import inside functions only."""

# mypy: allow-untyped-defs
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from planner.arrays import Mask, Minutes, People, Positions
from planner.compiling import compiler

jit = compiler(__file__)


class Lists(NamedTuple):
    """Short lists as the loops take them; see `ShortLists`."""

    first: Positions
    site: Positions
    minutes: Minutes
    weight: People
    cap: Minutes
    by_first: Positions
    by_point: Positions
    by_minutes: Minutes


class State(NamedTuple):
    """Where a search stands: who is served by whom, and what each open site is worth.

    ``near`` and ``second`` ``(points,)`` are the two quickest open sites, -1 for none, ``d1`` and ``d2`` their
    minutes; ``slot`` ``(sites,)`` is a site's place in ``open_sites`` and ``loss``, -1 while closed. The queue
    holds the sites whose swaps may have become worth a look.
    """

    near: npt.NDArray[np.int32]
    second: npt.NDArray[np.int32]
    d1: Minutes
    d2: Minutes
    slot: npt.NDArray[np.int32]
    open_sites: npt.NDArray[np.int32]
    loss: npt.NDArray[np.float64]
    scratch: npt.NDArray[np.float64]
    queued: Mask
    queue: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int64]


def fresh(lists: Lists, opened: Mask, room: int) -> State:
    """Set up a search from the open sites; ``room`` is the most that may be open."""
    points, sites = len(lists.cap), len(opened)
    state = State(
        np.full(points, -1, np.int32), np.full(points, -1, np.int32), lists.cap.copy(), lists.cap.copy(),
        np.full(sites, -1, np.int32), np.full(room, -1, np.int32), np.zeros(room), np.zeros(room),
        np.zeros(sites, np.bool_), np.zeros(sites, np.int32), np.zeros(3, np.int64),
    )  # fmt: skip
    for site in np.flatnonzero(opened):
        open_site(lists, state, site)
    return state


@jit
def enqueue(state, j):
    """Put a site in the queue unless it is there."""
    if not state.queued[j]:
        state.queued[j] = True
        state.queue[state.ends[1]] = j
        state.ends[1] = (state.ends[1] + 1) % len(state.queue)
        state.ends[2] += 1


@jit
def dequeue(state):
    """Take the site that waited longest, -1 when none does."""
    if state.ends[2] == 0:
        return -1
    j = state.queue[state.ends[0]]
    state.ends[0] = (state.ends[0] + 1) % len(state.queue)
    state.ends[2] -= 1
    state.queued[j] = False
    return j


@jit
def wake_all(state):
    """Queue every closed site."""
    for j in range(len(state.slot)):
        if state.slot[j] < 0:
            enqueue(state, j)


@jit
def wake(lists, state, i, limit):
    """Queue every closed site that serves a point sooner than the limit."""
    for e in range(lists.first[i], lists.first[i + 1]):
        if lists.minutes[e] >= limit:
            break
        if state.slot[lists.site[e]] < 0:
            enqueue(state, lists.site[e])


@jit
def open_site(lists, state, j):
    """Open a closed site."""
    k = 0
    while state.open_sites[k] >= 0:
        k += 1
    state.open_sites[k] = j
    state.slot[j] = k
    state.loss[k] = 0.0
    for e in range(lists.by_first[j], lists.by_first[j + 1]):
        i, c, w = lists.by_point[e], lists.by_minutes[e], lists.weight[lists.by_point[e]]
        if c >= state.d2[i]:
            continue
        wake(lists, state, i, state.d2[i])
        if state.near[i] >= 0:
            state.loss[state.slot[state.near[i]]] -= w * (state.d2[i] - state.d1[i])
        if c < state.d1[i]:
            state.d2[i], state.second[i] = state.d1[i], state.near[i]
            state.d1[i], state.near[i] = c, j
        else:
            state.d2[i], state.second[i] = c, j
        state.loss[state.slot[state.near[i]]] += w * (state.d2[i] - state.d1[i])


@jit
def close_site(lists, state, j):
    """Close an open site."""
    k = state.slot[j]
    state.slot[j] = -1
    state.open_sites[k] = -1
    state.loss[k] = 0.0
    for e in range(lists.by_first[j], lists.by_first[j + 1]):
        i = lists.by_point[e]
        w = lists.weight[i]
        if state.near[i] == j:
            state.near[i], state.d1[i] = state.second[i], state.d2[i]
        elif state.second[i] == j:
            state.loss[state.slot[state.near[i]]] -= w * (state.d2[i] - state.d1[i])
        else:
            continue
        state.second[i], state.d2[i] = -1, lists.cap[i]
        for f in range(lists.first[i], lists.first[i + 1]):
            s = lists.site[f]
            if state.slot[s] >= 0 and s != state.near[i]:
                state.second[i], state.d2[i] = s, lists.minutes[f]
                break
        if state.near[i] >= 0:
            state.loss[state.slot[state.near[i]]] += w * (state.d2[i] - state.d1[i])
        wake(lists, state, i, state.d2[i])


@jit
def worth(lists, state, j):
    """What swapping a closed site in saves at best, and the slot to close for it."""
    gain = 0.0
    for e in range(lists.by_first[j], lists.by_first[j + 1]):
        i, c = lists.by_point[e], lists.by_minutes[e]
        if c >= state.d2[i]:
            continue
        w = lists.weight[i]
        r = state.near[i]
        if r < 0:
            gain += w * (state.d1[i] - c)
        elif c < state.d1[i]:
            gain += w * (state.d1[i] - c)
            state.scratch[state.slot[r]] += w * (state.d2[i] - state.d1[i])
        else:
            state.scratch[state.slot[r]] += w * (state.d2[i] - c)
    best, at = -np.inf, -1
    for k in range(len(state.open_sites)):
        if state.open_sites[k] >= 0 and state.scratch[k] - state.loss[k] > best:
            best, at = state.scratch[k] - state.loss[k], k
        state.scratch[k] = 0.0
    return gain + best, at


@jit
def total(lists, state):
    """People-minutes as things stand."""
    found = 0.0
    for i in range(len(state.d1)):
        found += lists.weight[i] * state.d1[i]
    return found


@jit
def settle(lists, state):
    """Work out every open site's worth afresh, so that no rounding builds up."""
    state.loss[:] = 0.0
    for i in range(len(state.d1)):
        if state.near[i] >= 0:
            state.loss[state.slot[state.near[i]]] += lists.weight[i] * (state.d2[i] - state.d1[i])


@jit
def descend(lists, state, least, most, log, logged):
    """Swap while it saves more than ``least``, looking at queued sites; what it saved, looks and swaps made.

    At most ``most`` looks; swaps are written to ``log`` (in, out) from ``logged`` on, as far as it reaches.
    """
    saved = 0.0
    looks = 0
    while looks < most:
        j = dequeue(state)
        if j < 0:
            break
        if state.slot[j] >= 0:
            continue
        looks += 1
        better, k = worth(lists, state, j)
        if k < 0 or better <= least:
            continue
        r = state.open_sites[k]
        close_site(lists, state, r)
        open_site(lists, state, j)
        enqueue(state, r)
        saved += better
        if logged < len(log):
            log[logged, 0], log[logged, 1] = j, r
        logged += 1
    return saved, looks, logged


@jit
def gains(lists, state, j):
    """What opening one more site saves."""
    gain = 0.0
    for e in range(lists.by_first[j], lists.by_first[j + 1]):
        d = state.d1[lists.by_point[e]] - lists.by_minutes[e]
        if d > 0:
            gain += lists.weight[lists.by_point[e]] * d
    return gain


@jit
def fill(lists, state, upper):
    """Open the site that saves most until there is no room or nothing to save; ``upper`` bounds gains from above."""
    room = 0
    for s in state.open_sites:
        room += s < 0
    while room > 0:
        best, at = 0.0, -1
        order = np.argsort(-upper, kind="mergesort")
        for j in order:
            if upper[j] < best or upper[j] <= 0.0:
                break
            if state.slot[j] >= 0:
                continue
            upper[j] = gains(lists, state, j)
            if upper[j] > best or (upper[j] == best and 0 <= j < at):
                best, at = upper[j], j
        if at < 0:
            break
        open_site(lists, state, at)
        room -= 1


@jit
def throw(dice, sides):
    """A random number from 0 up to ``sides``; ``dice`` holds the generator's 64 bits (Marsaglia 2003)."""
    x = dice[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    dice[0] = x
    return np.int64((x * np.uint64(2685821657736338717)) >> np.uint64(33)) % sides


@jit
def shake(lists, state, least, heat, strength, rounds, seed, best_open):
    """Force a few swaps near a random point, descend, and keep the outcome unless too much worse; ``rounds`` times.

    ``heat`` is what a worse outcome may cost on average and still be kept. Sets ``best_open`` to the best set
    seen; gives what it saves against the start.
    """
    dice = np.array([seed * 2 + 1], np.uint64)
    for _ in range(8):
        throw(dice, 2)
    log = np.zeros((4096, 2), np.int32)
    now = saved = 0.0
    points = len(state.d1)
    for _ in range(rounds):
        logged, change = 0, 0.0
        i = throw(dice, points)
        for _kick in range(strength):
            j = _closed_near(lists, state, i, dice)
            if j >= 0:
                cost, k = _swap_random(lists, state, j, i, dice)
                if k >= 0:
                    log[logged, 0], log[logged, 1] = j, k
                    logged += 1
                    change += cost
        gain, _looks, logged = descend(lists, state, least, 1 << 30, log, logged)
        change += gain
        if change >= -1e-12 or throw(dice, 1 << 30) < np.exp(change / heat) * (1 << 30) or logged > len(log):
            now += change
            if now > saved + least:
                saved = now
                for s in range(len(best_open)):
                    best_open[s] = state.slot[s] >= 0
        else:
            for t in range(logged - 1, -1, -1):
                close_site(lists, state, log[t, 0])
                open_site(lists, state, log[t, 1])
            while dequeue(state) >= 0:
                pass
    return saved


@jit
def _closed_near(lists, state, i, dice):
    """A random closed site among those that serve a point sooner than its second."""
    count = 0
    chosen = -1
    for e in range(lists.first[i], lists.first[i + 1]):
        if lists.minutes[e] >= state.d2[i] and count > 0:
            break
        if state.slot[lists.site[e]] < 0:
            count += 1
            if throw(dice, count) == 0:
                chosen = lists.site[e]
    return chosen


@jit
def _swap_random(lists, state, j, i, dice):
    """Open a site in place of the one that serves a point, or of the least missed; what it saves and what closed."""
    before_k = state.slot[state.near[i]] if state.near[i] >= 0 else -1
    better, k = worth(lists, state, j)
    if k < 0:
        return 0.0, -1
    if before_k >= 0 and throw(dice, 2) == 0:
        k = before_k
        better = _worth_of(lists, state, j, k)
    r = state.open_sites[k]
    close_site(lists, state, r)
    open_site(lists, state, j)
    return better, r


@jit
def _worth_of(lists, state, j, k):
    """What opening a site in place of the one in a slot saves."""
    found = -state.loss[k]
    closed = state.open_sites[k]
    for e in range(lists.by_first[j], lists.by_first[j + 1]):
        i, c = lists.by_point[e], lists.by_minutes[e]
        w = lists.weight[i]
        if c < state.d1[i]:
            found += w * (state.d1[i] - c)
            if state.near[i] == closed:
                found += w * (state.d2[i] - state.d1[i])
        elif c < state.d2[i] and state.near[i] == closed:
            found += w * (state.d2[i] - c)
    return found
