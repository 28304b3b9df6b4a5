"""Median: the sites of least mean travel time, with a bound that anyone can check (p-median, Hakimi 1964)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from planner.arrays import Mask, Minutes
from planner.errors import OptimiseError, QuestionError
from planner.optimise.centre import reach_everyone
from planner.optimise.clock import Clock, Progress
from planner.optimise.median.lists import ShortLists, short_lists
from planner.optimise.median.local import compiled
from planner.optimise.median.run import MedianSearch
from planner.optimise.siting import SitingProblem
from planner.optimise.warm import median_loops

Status = Literal["proven", "within gap", "time limit"]

PROVEN_GAP = 1e-6


@dataclass(frozen=True, eq=False)
class MedianChoice:
    """Which sites to open, and how good that provably is.

    ``opened`` ``(sites,)`` includes the kept sites. ``value`` is people-minutes, over the points some site
    reaches; ``bound`` is what no choice can go below; ``certified`` is the part of it that ``prices``
    ``(demand,)`` prove alone, by `verify_median`. ``proven_by`` tells what closed the gap: ``certificate``,
    ``tree`` (branch and cut on the reduced problem, each bound checked by its duals), or nothing. ``unreached`` ``(demand,)`` marks the points no
    site reaches, left out; ``unserved`` those no open site reaches, at ``unserved_minutes`` each.
    """

    opened: Mask
    value: float
    bound: float
    certified: float
    status: Status
    proven_by: Literal["certificate", "tree", ""]
    seconds: float
    seed: int
    prices: Minutes
    unserved_minutes: Minutes
    unreached: Mask
    unserved: Mask
    people: float

    @property
    def mean_minutes(self) -> float:
        """Mean minutes of a person whom some site reaches; 0 where there is nobody."""
        return self.value / self.people if self.people else 0.0

    @property
    def gap(self) -> float:
        """How far from proven best, relative to the value, 0 or more."""
        return max(0.0, self.value - self.bound) / max(abs(self.value), 1e-12)

    @property
    def certified_gap(self) -> float:
        """The gap that the prices prove without any solver."""
        return max(0.0, self.value - self.certified) / max(abs(self.value), 1e-12)


def least_mean_time(
    problem: SitingProblem,
    *,
    unserved_minutes: float | Minutes,
    seconds: float = 60.0,
    effort: float = 1.0,
    gap: float = 0.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> MedianChoice:
    """Open at most ``new`` sites so that people travel least in all, and prove how close to best it is.

    A point that no open site reaches costs ``unserved_minutes``, a number or ``(demand,)``: at least its
    longest known minutes, so that nobody is better off unserved. ``inf`` demands that everyone whom any
    site reaches be served. The search ends when proven, at a gap of ``gap``, after ``seconds``, or when the
    ``effort`` (1 is usual, more tries longer) is spent; without the clock's say it repeats exactly. Ctrl-C
    gives the best so far. Compiling, which happens once on a machine and takes about a minute, is not counted.

    Raises `QuestionError` where being unserved would pay, and `InfeasibleError` where ``inf`` cannot be met.
    """
    median_loops(problem.minutes.dtype.name)
    clock = Clock(seconds)
    unserved = _unserved(problem, unserved_minutes)
    lists, reached = short_lists(problem, unserved)
    whole = _whole(problem, unserved, reached)
    search = MedianSearch(lists, problem.new, clock, effort=effort, gap=gap, seed=seed, progress=progress, whole=whole)
    try:
        search.start()
        _serve_everyone(problem, search, np.isinf(unserved_minutes) & (problem.people > 0) & reached)
        search.run()
    except KeyboardInterrupt:
        clock.stopped = True
    return _choice(problem, search, unserved, reached)


def _choice(problem: SitingProblem, search: MedianSearch, unserved: Minutes, reached: Mask) -> MedianChoice:
    """The outcome of a search in the problem's own positions, measured afresh."""
    lists = search.lists
    opened = _opened(problem, search)
    if not search.best.any() and people_minutes(problem, opened, unserved) > search.value and problem.new:
        opened[lists.sites[0]] = True  # the lists count on one opening: any serves those whom every candidate reaches
    value = people_minutes(problem, opened, unserved)
    prices = unserved.copy()
    prices[lists.rows] = search.ascent.price if search.ascent is not None else 0.0
    certified = certified_bound(lists, problem.new, prices[lists.rows], whole=search.whole)
    bound = max(certified, search.bound)
    close = value - bound <= PROVEN_GAP * abs(value)
    alone = value - certified <= PROVEN_GAP * abs(value)
    status: Status = "proven" if close else "time limit" if search.clock.up else "within gap"
    return MedianChoice(
        opened, value, bound, certified, status, "certificate" if alone else "tree" if close else "",
        search.clock.spent, search.seed, prices, unserved, ~reached, reached & ~np.isfinite(problem.nearest(opened)),
        float(problem.people[reached].sum()),
    )  # fmt: skip


def _serve_everyone(problem: SitingProblem, search: MedianSearch, demanded: Mask) -> None:
    """Where the first answer leaves out points that must be served ``(demand,)``, find one that leaves out none."""
    if (demanded & ~np.isfinite(problem.nearest(_opened(problem, search)))).any():
        everyone = replace(problem, people=np.where(demanded, problem.people, 0.0))
        search.take(reach_everyone(everyone, seconds=search.clock.left, seed=search.seed)[search.lists.sites])


def _opened(problem: SitingProblem, search: MedianSearch) -> Mask:
    """The kept sites and the best found, ``(sites,)``."""
    opened = problem.kept.copy()
    opened[search.lists.sites[search.best]] = True
    return opened


def people_minutes(problem: SitingProblem, opened: Mask, unserved_minutes: Minutes) -> float:
    """What a choice of sites ``(sites,)`` costs in all, over the points that some kept or possible site reaches."""
    reached = np.isfinite(problem.nearest(problem.kept | problem.possible))
    cost = np.minimum(problem.nearest(opened), unserved_minutes)
    return float(problem.people[reached] @ cost[reached])


def verify_median(problem: SitingProblem, choice: MedianChoice) -> None:
    """Check a choice without any solver: who it opens, its value afresh, and the bound its prices certify.

    Raises `OptimiseError` naming what is wrong.
    """
    opened = problem.checked(choice.opened)
    lists, reached = short_lists(problem, choice.unserved_minutes)
    value = people_minutes(problem, opened, choice.unserved_minutes)
    if not np.isclose(value, choice.value, rtol=1e-9, atol=1e-9):
        raise OptimiseError(f"the choice claims {choice.value!r} people-minutes; measured afresh it costs {value!r}")
    whole = _whole(problem, choice.unserved_minutes, reached)
    proved = certified_bound(lists, problem.new, choice.prices[lists.rows], whole=whole)
    if choice.certified > proved + 1e-9 * max(1.0, abs(proved)):
        raise OptimiseError(f"the choice claims a certified bound of {choice.certified!r}; its prices prove {proved!r}")
    if choice.bound > value + PROVEN_GAP * max(1.0, abs(value)):
        raise OptimiseError(f"the choice claims that nothing beats {choice.bound!r}, yet costs {value!r}")


def certified_bound(lists: ShortLists, new: int, prices: Minutes, *, whole: bool = False) -> float:
    """What no choice can go below, by these prices ``(rows,)``, in one pass over the pairs.

    Where all people and minutes are ``whole`` numbers, so is every value, and the bound rounds up.
    """
    from planner.optimise.median import dual

    rho = np.zeros(len(lists.sites))
    price = np.minimum(np.asarray(prices, np.float64), lists.cap)
    own = dual.lagrangian(compiled(lists), price, rho)
    bound = lists.constant + own + dual.cheapest(rho, new)[1]
    return float(np.ceil(bound - 1e-6)) if whole else float(bound)


def _unserved(problem: SitingProblem, given: float | Minutes) -> Minutes:
    """What each point costs unserved; a finite stand-in for ``inf`` that any full service undercuts."""
    from planner.optimise.median import kernels

    unserved = np.broadcast_to(np.asarray(given, np.float64), (problem.demand,)).copy()
    longest = kernels.furthest(
        problem.starts, problem.points, problem.minutes, problem.kept | problem.possible, problem.demand
    )
    if (short := np.flatnonzero(~(unserved >= longest))).size:
        raise QuestionError(
            f"point {short[0]} costs {unserved[short[0]]:g} minutes unserved, less than a site in reach at"
            f" {longest[short[0]]:g}; unserved_minutes must be at least the coverage limit"
        )
    endless = np.isinf(unserved)
    if endless.any():
        total = float(problem.people @ longest) + 1.0
        unserved[endless] = np.ceil(longest[endless] + total / np.maximum(problem.people[endless], 1e-9))
    return unserved


def _whole(problem: SitingProblem, unserved: Minutes, reached: Mask) -> bool:
    """Whether every value a choice can take is a whole number."""
    parts = (problem.people, problem.minutes, unserved[reached])
    return all(bool((part == np.floor(part)).all()) for part in parts)
