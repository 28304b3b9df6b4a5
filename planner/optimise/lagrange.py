"""Lagrange: prices of covering each row, by subgradient, where the linear relaxation is too large to solve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from planner.optimise.clock import Clock
from planner.optimise.model import Numbers
from planner.optimise.reduce import Reduced

STEPS = 50
"""Subgradient steps between two looks at the clock."""


@dataclass(eq=False)
class Prices:
    """Prices so far, the bound they prove, and how far the next step goes."""

    prices: Numbers
    best: Numbers
    drift: Numbers
    top: float = 1e300  # inf would make its own tolerance nan
    agility: float = 0.5
    idle: int = 0

    @property
    def tired(self) -> bool:
        """Whether further steps would hardly help."""
        return self.agility < 3e-4


def begin(reduced: Reduced) -> Prices:
    """Prices at a third of the people: covered once or twice by the best sites."""
    prices = reduced.people * 0.3
    return Prices(prices, prices.copy(), np.zeros(len(prices)))


def improve(
    reduced: Reduced,
    state: Prices,
    value: float,
    clock: Clock,
    *,
    steps: int,
    told: Callable[[float], None] | None = None,
) -> Prices:
    """Take up to ``steps`` steps, aiming at the ``value`` of the best plan known; stops when tired or out of time."""
    from planner.optimise import kernels

    if not len(reduced.people) or reduced.room <= 0:
        state.top = 0.0
        return state
    for _ in range(0, steps, STEPS):
        state.top, state.agility, state.idle = kernels.subgradient(
            reduced.starts, reduced.rows, reduced.people, reduced.room, state.prices, state.best, state.top,
            value - reduced.served, state.agility, STEPS, state.drift, state.idle,
        )  # fmt: skip
        if told:
            told(state.top + reduced.served)
        if clock.up or state.tired or state.top + reduced.served <= value * (1 + 1e-9):
            break
    return state


def duals_of(reduced: Reduced, prices: Numbers) -> Numbers:
    """The prices as duals of the rows of `PeopleCovered.model`: first the number of sites, then the cover rows."""
    if reduced.room >= len(reduced.sites):
        return prices
    running = np.concatenate(([0.0], np.cumsum(prices[reduced.rows])))
    worth = running[reduced.starts[1:]] - running[reduced.starts[:-1]]
    marginal = np.sort(worth)[::-1][reduced.room - 1] if reduced.room else worth.max(initial=0.0)
    return np.concatenate([[-marginal], prices])
