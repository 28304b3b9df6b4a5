"""Median answers and bounds: greedy, swaps, shaking and dual ascent on short lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner.arrays import Mask, Minutes
from planner.optimise.clock import Clock
from planner.optimise.median.lists import ShortLists

if TYPE_CHECKING:
    from planner.optimise.median.search import Lists, State

LEAST = 1e-9
"""A swap must save this share of the value; less is rounding."""


def compiled(lists: ShortLists) -> Lists:
    """Short lists as the compiled loops take them."""
    from planner.optimise.median.search import Lists

    return Lists(
        lists.first, lists.site, lists.minutes, lists.weight, lists.cap,
        lists.by_site_first, lists.by_site_point, lists.by_site_minutes,
    )  # fmt: skip


def value_of(lists: ShortLists, opened: Mask) -> float:
    """People-minutes when these of the listed sites open."""
    from planner.optimise.median.kernels import nearest_open

    served = nearest_open(lists.first, lists.site, lists.minutes, lists.cap, opened)
    return lists.constant + float(lists.weight @ served)


def first_answer(lists: ShortLists, new: int, clock: Clock) -> Mask:
    """Open the site that saves most, again and again, then swap (Teitz and Bart 1968, Whitaker 1983)."""
    from planner.optimise.median import search

    pairs = compiled(lists)
    state = search.fresh(pairs, np.zeros(len(lists.sites), bool), new)
    search.fill(pairs, state, np.full(len(lists.sites), np.inf))
    return _descended(lists, pairs, state, clock)


def improved(lists: ShortLists, opened: Mask, new: int, clock: Clock) -> Mask:
    """Swap from these sites until no swap saves anything, or the time is up."""
    from planner.optimise.median import search

    pairs = compiled(lists)
    state = search.fresh(pairs, opened, new)
    if opened.sum() < new:
        search.fill(pairs, state, np.full(len(lists.sites), np.inf))
    return _descended(lists, pairs, state, clock)


def _descended(lists: ShortLists, pairs: Lists, state: State, clock: Clock) -> Mask:
    from planner.optimise.median import search

    none = np.zeros((0, 2), np.int32)
    value = search.total(pairs, state)
    least = LEAST * (value + lists.constant)
    chunk = max(16, 20_000_000 // max(1, len(lists.site) // max(1, len(lists.sites))))
    again = True
    while again and not clock.up:
        search.settle(pairs, state)
        search.wake_all(state)
        saved, looks = 0.0, chunk
        while looks >= chunk and not clock.up:
            gain, looks, _ = search.descend(pairs, state, least, chunk, none, 0)
            saved += gain
        again = saved > least
    return np.asarray(state.slot >= 0)


def shaken(
    lists: ShortLists, opened: Mask, new: int, *, clock: Clock, rounds: int, seed: int, kicks: int, heat: float
) -> tuple[Mask, float]:
    """Shake the answer: ``kicks`` forced swaps and a descent, kept unless too much worse; the best set and its value.

    ``heat`` is what may be lost at first, in shares of what a site saves on average, less and less of it.
    """
    from planner.optimise.median import search

    state = search.fresh(compiled(lists), opened, new)
    close = lists.near(1.6 * state.d2)
    pairs = compiled(close)
    state = search.fresh(pairs, opened, new)
    best, best_value = opened.copy(), value_of(lists, opened)
    chunk = max(5, min(100, 5_000_000 // len(lists.site)))
    warm = best_value * heat / max(1, new) ** 1.5
    for done in range(0, rounds, chunk):
        if clock.up:
            break
        search.settle(pairs, state)
        before = search.total(pairs, state) + close.constant
        seen = state.slot >= 0
        now = max(warm * (1.0 - done / rounds), 1e-12 * best_value + 1e-300)
        saved = search.shake(
            pairs, state, LEAST * best_value, now, kicks, min(chunk, rounds - done), (seed + done) % 2**31, seen
        )
        if before - saved < best_value - LEAST * best_value:
            best, best_value = seen, value_of(lists, seen)
    return best, best_value


@dataclass(eq=False)
class Ascent:
    """The climb of the Lagrangian bound: prices ``(points,)``, what a point would pay to be served.

    The bound relaxes that every point is served once: with prices ``u`` no choice costs less than the sum of
    ``people * u`` and of the ``new`` least reduced costs, where a site's is minus what it undercuts the prices by.
    """

    lists: ShortLists
    new: int
    price: Minutes
    scale: Minutes
    trial: Minutes = field(init=False)
    drift: Minutes = field(init=False)
    control: npt.NDArray[np.float64] = field(init=False)
    rho: npt.NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.restart()
        self.rho = np.zeros(len(self.lists.sites))

    @classmethod
    def beside(cls, lists: ShortLists, new: int, opened: Mask) -> Ascent:
        """Start halfway between the quickest and the second quickest open site."""
        from planner.optimise.median import search

        state = search.fresh(compiled(lists), opened, max(new, int(opened.sum())))
        return cls(lists, new, (state.d1 + state.d2) / 2, np.sqrt(state.d2 + 1e-9 * state.d2.max() + 1e-12))

    @property
    def bound(self) -> float:
        """The best bound so far."""
        return float(self.control[0]) + self.lists.constant

    @property
    def step(self) -> float:
        """The step factor; the climb is over when it is small."""
        return float(self.control[1])

    def restart(self, step: float = 0.3, patience: float = 10.0, keep: float = 0.5) -> None:
        """Walk on from the best prices with a new step factor; ``keep`` is the share of the last direction in the next."""
        best = self.control[0] if hasattr(self, "control") else -np.inf
        self.trial = self.price.copy()
        self.drift = np.zeros_like(self.price)
        self.control = np.array([best, step, 0.0, patience, keep, 0.7])

    def climb(self, upper: float, rounds: int) -> Mask:
        """Climb for some rounds towards a known value; gives the sites the relaxed answer opens."""
        from planner.optimise.median import dual

        pairs = compiled(self.lists)
        goal = upper - self.lists.constant
        return np.asarray(
            dual.climb(
                pairs, self.new, goal, self.scale, rounds, self.price, self.trial, self.drift, self.control, self.rho
            )
        )

    def adopt(self, price: Minutes) -> None:
        """Take other prices if their bound is better."""
        from planner.optimise.median import dual

        pairs = compiled(self.lists)
        own = dual.lagrangian(pairs, price, self.rho)
        bound = own + dual.cheapest(self.rho, self.new)[1]
        if bound > self.control[0]:
            self.price = price.copy()
            self.control[0] = bound
            self.restart(0.1)
