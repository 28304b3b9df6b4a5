"""Capacitated: sites of limited size, each with a cost of opening; people split among sites, or each point to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from planner.arrays import Mask, People, Positions, frozen
from planner.errors import DataError, InfeasibleError, OptimiseError, QuestionError
from planner.optimise import highs
from planner.optimise.clock import Clock, Progress
from planner.optimise.model import Model, Numbers, Rows

Status = Literal["proven", "time limit"]

PROVEN_GAP = 1e-6
SLACK = 1e-6
"""The share of a point's people, and of a site's capacity, that counts as rounding."""


@dataclass(frozen=True, eq=False)
class SizedProblem:
    """Points to be served in full by sites of limited size: no map, no IDs.

    ``cost`` ``(sites, demand)`` is what it costs to serve all of a point from a site, ``inf`` where it may not;
    ``people`` ``(demand,)`` need ``capacity`` ``(sites,)``; ``opening`` ``(sites,)`` is a site's own cost. ``kept``
    ``(sites,)`` stay open; at most ``new`` others open. With ``whole`` each point goes to one site
    (single-source), else it may be split. Raises `DataError` for arrays that disagree.
    """

    cost: Numbers
    people: People
    capacity: Numbers
    opening: Numbers
    kept: Mask
    new: int
    whole: bool = False

    def __post_init__(self) -> None:
        for name in ("cost", "people", "capacity", "opening"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        object.__setattr__(self, "kept", frozen(self.kept, np.bool_))
        self._check_shapes()
        self._check_numbers()
        if isinstance(self.new, bool) or not isinstance(self.new, int | np.integer) or self.new < 0:
            raise QuestionError(f"new must be a whole number, 0 or more, not {self.new!r}")

    def _check_shapes(self) -> None:
        if self.cost.ndim != 2:
            raise DataError(f"cost must be a matrix (sites, demand), not of {self.cost.ndim} dimensions")
        sites, demand = self.cost.shape
        for name, count in (("people", demand), ("capacity", sites), ("opening", sites), ("kept", sites)):
            if (shape := getattr(self, name).shape) != (count,):
                raise DataError(f"{name} has shape {shape}; the cost matrix asks for ({count:,},)")

    def _check_numbers(self) -> None:
        if np.isnan(self.cost).any() or (self.cost < 0).any():
            raise DataError("cost must be 0 or more, inf where a site may not serve a point")
        for name in ("people", "opening"):
            if not ((values := getattr(self, name)) >= 0).all() or not np.isfinite(values).all():
                raise DataError(f"{name} must be finite numbers, 0 or more")
        if not (self.capacity >= 0).all():
            raise DataError("capacity must be 0 or more, inf where a site has no limit")


@dataclass(frozen=True, eq=False)
class SizedChoice:
    """Which sites open, who goes where, and how good that provably is.

    ``share`` ``(sites, demand)`` is the part of a point a site serves. ``value`` is the cost of opening the sites that
    are not kept, and of serving all. ``certified`` is the part of ``bound`` that ``duals`` prove alone, by
    `verify_sized`; where it falls short of ``bound``, HiGHS' tree closed the gap.
    """

    opened: Mask
    share: Numbers
    value: float
    bound: float
    certified: float
    duals: Numbers
    status: Status
    seconds: float
    seed: int

    @property
    def gap(self) -> float:
        """How far from proven best, relative to the value, 0 or more."""
        return max(0.0, self.value - self.bound) / max(abs(self.value), 1e-12)


def least_cost(
    problem: SizedProblem, *, seconds: float = 60.0, seed: int = 0, progress: Progress | None = None
) -> SizedChoice:
    """Open sites and send everyone to one with room, at the least cost in all.

    With ``opening`` 0, ``new`` = p and ``whole`` this is the capacitated p-median (Osman and Christofides 1994);
    with opening costs and ``new`` as many as there are, capacitated warehouse location (Beasley 1988). Branch and
    cut by HiGHS on the strong formulation. Raises `InfeasibleError` where the sites cannot hold everyone, and
    `OptimiseError` when the time ends before any answer.
    """
    clock = Clock(seconds)
    _refuse_too_small(problem)
    model = _model(problem)
    relaxed = highs.solve_relaxed(model, clock, seed=seed)
    if relaxed.infeasible:
        raise InfeasibleError("the sites that may open cannot hold everyone within reach; open more, or larger ones")
    duals = np.zeros(len(model.low)) if relaxed.duals is None else model.signed(relaxed.duals)
    answer = highs.solve_whole(model, clock, seed=seed, watch=progress)
    if answer.infeasible:
        raise InfeasibleError("no choice of sites holds every point whole; let points be split, or open more sites")
    if answer.x is None:
        raise OptimiseError(f"no answer within {seconds:g} seconds; give it longer")
    opened, share = _read(problem, answer.x)
    value, certified = cost_of(problem, opened, share), model.bound(duals)
    bound = max(certified, min(value, answer.bound))
    status: Status = "proven" if value - bound <= PROVEN_GAP * abs(value) else "time limit"
    return SizedChoice(opened, share, value, bound, certified, duals, status, clock.spent, seed)


def cost_of(problem: SizedProblem, opened: Mask, share: Numbers) -> float:
    """What opening these sites ``(sites,)`` and these shares ``(sites, demand)`` cost."""
    used = share > 0
    return float(problem.opening[opened & ~problem.kept].sum() + (problem.cost[used] * share[used]).sum())


def verify_sized(problem: SizedProblem, choice: SizedChoice) -> None:
    """Check a choice without any solver: its rules and value afresh, and the bound its duals certify.

    Raises `OptimiseError` naming what is wrong.
    """
    opened, share = np.asarray(choice.opened, bool), choice.share
    room = problem.capacity * (1 + SLACK) + SLACK
    tests = {
        "closes a site it had to keep": (problem.kept & ~opened).any(),
        "opens more new sites than asked": (opened & ~problem.kept).sum() > problem.new,
        "does not serve everyone": (np.abs(share.sum(axis=0) - 1) > SLACK).any(),
        "serves from a closed site": (share[~opened] > 0).any(),
        "serves a point from a site that may not": (share[~np.isfinite(problem.cost)] > 0).any(),
        "fills a site beyond its capacity": (share @ problem.people > room).any(),
        "has a share below 0": (share < 0).any(),
        "splits a point that must go whole": problem.whole and not np.isin(share, (0.0, 1.0)).all(),
    }
    faults = [fault for fault, broken in tests.items() if broken]
    value = cost_of(problem, opened, share)
    if not np.isclose(value, choice.value, rtol=1e-9, atol=1e-9):
        faults.append(f"claims to cost {choice.value!r}; measured afresh it costs {value!r}")
    proved = _model(problem).bound(choice.duals)
    if choice.certified > proved + 1e-9 * max(1.0, abs(proved)):
        faults.append(f"claims a certified bound of {choice.certified!r}; its duals prove {proved!r}")
    if choice.bound > value + PROVEN_GAP * max(1.0, abs(value)):
        faults.append(f"claims that nothing beats {choice.bound!r}, yet costs {value!r}")
    if faults:
        raise OptimiseError(f"the choice {'; '.join(faults)}")


def _refuse_too_small(problem: SizedProblem) -> None:
    """Refuse what plain sums show cannot be."""
    sites, _ = problem.cost.shape
    nowhere = ~np.isfinite(problem.cost).any(axis=0) if sites else np.ones(len(problem.people), bool)
    if nowhere.any():
        raise InfeasibleError(f"point {np.flatnonzero(nowhere)[0]} is served by no site")
    largest = np.sort(problem.capacity[~problem.kept])[::-1][: problem.new]
    room, people = float(problem.capacity[problem.kept].sum() + largest.sum()), float(problem.people.sum())
    if room < people * (1 - 1e-12):
        raise InfeasibleError(f"{people:g} people, yet the largest sites hold {room:g}; open more, or larger ones")


def _model(problem: SizedProblem) -> Model:
    """Share everyone out: ``y`` opens a site, ``x`` is the share of a point; ``x <= y`` makes the relaxation tight."""
    sites, demand = problem.cost.shape
    site, point = (np.asarray(part) for part in np.nonzero(np.isfinite(problem.cost)))
    pairs = len(site)
    rows, flow = Rows(sites + pairs), sites + np.arange(pairs)
    rows.add(point, flow, np.ones(pairs), low=np.ones(demand), high=np.ones(demand))
    each = np.arange(pairs)
    rows.add(
        np.concatenate([each, each]), np.concatenate([flow, site]), np.repeat([1.0, -1.0], pairs),
        low=np.full(pairs, -np.inf), high=np.zeros(pairs),
    )  # fmt: skip
    _room(problem, rows, site, flow, point)
    fresh = np.flatnonzero(~problem.kept)
    rows.one(fresh, np.ones(len(fresh)), high=float(problem.new))
    cost = np.concatenate([np.where(problem.kept, 0.0, problem.opening), problem.cost[site, point]])
    floor = np.concatenate([problem.kept.astype(float), np.zeros(pairs)])
    whole = np.concatenate([np.ones(sites, bool), np.full(pairs, problem.whole)])
    return rows.model(cost, floor, np.ones(sites + pairs), whole)


def _room(problem: SizedProblem, rows: Rows, site: Positions, flow: Positions, point: Positions) -> None:
    """No site serves more than its capacity; the open ones hold everyone, which whole sites make a cut."""
    sites, total = len(problem.capacity), float(problem.people.sum())
    capacity = np.minimum(problem.capacity, total)
    rows.add(
        np.concatenate([site, np.arange(sites)]), np.concatenate([flow, np.arange(sites)]),
        np.concatenate([problem.people[point], -capacity]), low=np.full(sites, -np.inf), high=np.zeros(sites),
    )  # fmt: skip
    rows.one(np.arange(sites), capacity, low=total)


def _read(problem: SizedProblem, x: npt.NDArray[np.float64]) -> tuple[Mask, Numbers]:
    """The sites a solution opens, and its shares without the solver's rounding."""
    sites = len(problem.capacity)
    share = np.zeros(problem.cost.shape)
    share[np.isfinite(problem.cost)] = x[sites:]
    share = np.round(share) if problem.whole else np.where(share < 1e-9, 0.0, share)
    share = share / share.sum(axis=0)
    opened = problem.kept | (x[:sites] > 0.5)
    return opened, share
