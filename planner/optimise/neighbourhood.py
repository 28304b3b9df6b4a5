"""Neighbourhood: open sites near each other are set free, and the little problem they leave is solved exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.arrays import Positions
from planner.optimise import highs
from planner.optimise.clock import Clock
from planner.optimise.objectives import PeopleCovered
from planner.optimise.problem import Problem
from planner.optimise.reduce import Reduced, reduce

NODES = 200
SECONDS = 2.0


@dataclass
class Size:
    """How many sites to set free at once: more while that is quick, fewer when it is not."""

    free: int = 6

    def learn(self, *, solved: bool, seconds: float) -> None:
        """Grow after a quick proof, shrink after a search cut short."""
        if not solved:
            self.free = max(3, self.free - 1)
        elif seconds < SECONDS / 8:
            self.free = min(40, self.free + 1)


def improve(
    reduced: Reduced, chosen: Positions, clock: Clock, random: np.random.Generator, size: Size, *, fixed: bool = False
) -> Positions:
    """A choice at least as good, with one neighbourhood made best; ``fixed`` limits nodes instead of seconds."""
    free = _near_each_other(reduced, chosen, random, size.free)
    freed = np.zeros(len(reduced.sites), bool)
    freed[free] = True
    stays = chosen[~freed[chosen]]
    little, sites = _little_problem(reduced, stays, free)
    part = reduce(little)
    objective = PeopleCovered()
    model, _ = objective.model(part)
    start = objective.start(part, part.narrow(freed[sites]))
    own = clock.part(np.inf if fixed else SECONDS)
    found = highs.solve_whole(model, own, start=start, nodes=NODES if fixed else None)
    if not fixed:
        size.learn(solved=found.optimal, seconds=own.spent)
    if own.stopped:
        clock.stopped = True
    if found.x is None:
        return chosen
    picked = sites[part.sites[np.flatnonzero(found.x[: len(part.sites)] > 0.5)]]
    return np.sort(np.concatenate([stays, picked]))


def _rows_of(reduced: Reduced, sites: Positions) -> Positions:
    return np.unique(np.concatenate([reduced.rows[reduced.starts[s] : reduced.starts[s + 1]] for s in sites]))


def _sites_of(reduced: Reduced, rows: Positions) -> Positions:
    return np.unique(
        np.concatenate([reduced.row_sites[reduced.row_starts[r] : reduced.row_starts[r + 1]] for r in rows])
    )


def _near_each_other(reduced: Reduced, chosen: Positions, random: np.random.Generator, wanted: int) -> Positions:
    """An open site and the open sites nearest to it, by steps over shared rows."""
    opened = np.zeros(len(reduced.sites), bool)
    opened[chosen] = True
    near = random.choice(chosen, 1)
    while True:
        wider = _sites_of(reduced, _rows_of(reduced, near))
        inside = wider[opened[wider]]
        if len(inside) >= wanted or len(wider) == len(near):
            break
        near = wider
    if len(inside) < min(wanted, len(chosen)):
        others = np.setdiff1d(chosen, inside)
        inside = np.append(inside, random.choice(others, min(wanted - len(inside), len(others)), replace=False))
    return np.sort(random.choice(inside, min(wanted, len(inside)), replace=False))


def _little_problem(reduced: Reduced, stays: Positions, free: Positions) -> tuple[Problem, Positions]:
    """The rows nobody else covers, and the sites near them."""
    count = np.zeros(len(reduced.people), np.int64)
    for site in stays:
        count[reduced.rows[reduced.starts[site] : reduced.starts[site + 1]]] += 1
    bare = _rows_of(reduced, free)
    sites = _sites_of(reduced, bare[count[bare] == 0]) if (count[bare] == 0).any() else free
    sites = np.union1d(np.setdiff1d(sites, stays), free)
    rows = _rows_of(reduced, sites)
    rows = rows[count[rows] == 0]
    place = np.full(len(reduced.people), -1)
    place[rows] = np.arange(len(rows))
    lengths = reduced.starts[sites + 1] - reduced.starts[sites]
    pairs = np.concatenate([reduced.rows[reduced.starts[s] : reduced.starts[s + 1]] for s in sites])
    owner = np.repeat(np.arange(len(sites)), lengths)
    inside = place[pairs] >= 0
    little = Problem.from_pairs(
        reduced.people[rows], owner[inside], place[pairs[inside]], sites=len(sites), new=len(free)
    )
    return little, sites
