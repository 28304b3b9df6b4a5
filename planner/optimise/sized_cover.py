"""Sized cover: the fewest new sites, or the cheapest, that have room for a share of the people."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planner.arrays import Mask, Positions
from planner.errors import InfeasibleError
from planner.optimise.model import Model, Numbers, Rows
from planner.optimise.objectives import SitesNeeded
from planner.optimise.problem import Problem
from planner.optimise.reduce import Reduced
from planner.optimise.rules import SLACK
from planner.optimise.sharing import PeopleServed, Shares


@dataclass(frozen=True)
class SitesServing:
    """New sites needed to serve so many ``people`` within their sizes, or their cost with ``by_cost`` (capacitated LSCP)."""

    people: float
    by_cost: bool = False
    sense: int = -1

    @property
    def name(self) -> str:
        """See `Objective.name`."""
        return SitesNeeded(by_cost=self.by_cost).name

    def value(self, problem: Problem, opened: Mask) -> float:
        """See `Objective.value`."""
        return SitesNeeded(by_cost=self.by_cost).value(problem, opened)

    def model(self, reduced: Reduced) -> tuple[Model, float]:
        """See `Objective.model`."""
        model, _ = PeopleServed().model(reduced)
        sites = len(reduced.sites)
        rows = Rows(len(model.cost))
        flows = np.arange(sites, len(model.cost))
        rows.one(flows, np.ones(len(flows)), low=self.people * (1 - SLACK / 10))
        price = reduced.cost if self.by_cost else np.where(reduced.fixed, 0.0, 1.0)
        return replace(rows.joined(model), cost=np.append(price, np.zeros(len(flows)))), 0.0

    def start(self, reduced: Reduced, chosen: Positions) -> Numbers:
        """See `Objective.start`."""
        return PeopleServed().start(reduced, chosen)

    def unmet(self, shares: Shares) -> list[str]:
        """What an assignment lacks, in words."""
        served = float(shares.people.sum())
        if served >= self.people - SLACK * max(1.0, self.people):
            return []
        return [f"serves {served:,.0f} people where {self.people:,.0f} are wanted"]


def why_too_small(problem: Problem, error: InfeasibleError, wanted: float) -> InfeasibleError:
    """The same error with the places there are and the people to be served."""
    every = problem.kept | problem.possible
    room = np.inf if problem.capacity is None else float(problem.capacity[every].sum())
    places = f"; all {every.sum():,} sites together have room for {room:,.0f}" if np.isfinite(room) else ""
    return InfeasibleError(
        f"{error}: {wanted:,.0f} people are to be served{places}; ask maximise_coverage() for the most that can be"
    )
