"""Search: good choices fast. Greedy, swaps, then annealing; says nothing about how good they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.arrays import Positions
from planner.optimise.clock import Clock
from planner.optimise.reduce import Reduced

CHUNK = 10_000
"""Moves between two looks at the clock; a chunk is the unit of ``effort`` too."""
TRIES = 6
"""Sites looked at in place of another before it stays."""
HOT, COLD = 0.08, 0.05
"""Heat to begin with, as a share of what an open site is worth, and what is left of it at the end."""


@dataclass
class State:
    """Open sites, open sites a row, and what each site would gain or lose: kept right by the kernels."""

    opened: np.ndarray
    count: np.ndarray
    gains: np.ndarray
    losses: np.ndarray
    spent: float = 0.0


def greedy(reduced: Reduced, *, by_cost: bool = False, room: int | None = None) -> State:
    """Open the site that adds most, again and again (the lazy bound is not needed: gains are kept incrementally)."""
    from planner.optimise import kernels

    state = empty(reduced)
    state.spent = kernels.greedy(
        state.opened, *_rows(reduced), state.count, state.gains, state.losses, reduced.cost, reduced.problem.budget,
        reduced.room if room is None else room, by_cost,
    )  # fmt: skip
    return state


def empty(reduced: Reduced) -> State:
    """Nothing open yet."""
    from planner.optimise import kernels

    count = np.zeros(len(reduced.people), np.int32)
    gains = kernels.gains_of(reduced.starts, reduced.rows, reduced.people, count, reduced.need)
    sites = len(reduced.sites)
    return State(np.zeros(sites, bool), count, gains, np.zeros(sites))


def state_of(reduced: Reduced, chosen: Positions) -> State:
    """The state with the given sites open."""
    from planner.optimise import kernels

    state = empty(reduced)
    for site in chosen:
        kernels.open_site(site, *_rows(reduced), state.count, state.gains, state.losses)
        state.opened[site] = True
    state.spent = float(reduced.cost[chosen].sum())
    return state


def value(reduced: Reduced, state: State) -> float:
    """People covered, those served already included."""
    return reduced.served + float(reduced.people[state.count >= reduced.need].sum())


def descend(reduced: Reduced, state: State, *, sweeps: int = 100) -> State:
    """Swap one site at a time until none helps."""
    from planner.optimise import kernels

    slack = reduced.problem.budget - state.spent
    left = kernels.swap_descent(
        state.opened, *_rows(reduced), state.count, state.gains, state.losses, reduced.cost, slack, sweeps
    )
    state.spent += slack - left if np.isfinite(slack) else 0.0
    return state


def _rows(reduced: Reduced) -> tuple[np.ndarray, ...]:
    return (reduced.starts, reduced.rows, reduced.row_starts, reduced.row_sites, reduced.people, reduced.need)


def first_answer(reduced: Reduced) -> State:
    """Greedy by gain, and under a budget by gain a unit of cost too; the better, improved by swaps."""
    found = [descend(reduced, greedy(reduced), sweeps=20)]
    if np.isfinite(reduced.problem.budget):
        found.append(descend(reduced, greedy(reduced, by_cost=True), sweeps=20))
    return max(found, key=lambda state: value(reduced, state))


def anneal(reduced: Reduced, state: State, clock: Clock, *, effort: int, seed: int, hot: float = HOT) -> State:
    """Move sites at random while it cools from ``hot``, ``effort`` chunks of `CHUNK` moves or until the time is up; gives where that ends.

    For plain maximal covering: every row wants one site, and only their number is limited.
    """
    from planner.optimise import kernels

    places = np.flatnonzero(state.opened)
    if len(places) in (0, len(state.opened)):
        return state
    random = np.array([np.random.default_rng(seed).integers(1, 2**63)], np.uint64)
    hot = max(float(state.losses[places].mean()) * hot, 1e-9)
    for chunk in range(effort):
        passed = 0.0 if np.isinf(clock.seconds) else 1.0 - clock.left / max(clock.seconds, 1e-9)
        heat = hot * COLD ** max(chunk / effort, passed)
        kernels.anneal(state.opened, places, *_rows(reduced)[:-1], state.count, heat, CHUNK, TRIES, random)
        if clock.up:
            break
    return state_of(reduced, np.sort(places))
