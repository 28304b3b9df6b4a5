"""Programme: plans that were chosen together, the worth of all of them, and the proof of how good that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from planner.errors import OptimiseError
from planner.plan import PROVEN_GAP, Plan, Proof


@dataclass(frozen=True, eq=False, kw_only=True)
class Programme(Proof):
    """Plans that are one answer, because what one of them opens binds the others.

    ``plans`` stand in the order of the question's parts; ``value`` is the worth of them all, measured from their
    coverages, and ``bound`` what no programme can beat. Each plan's own bound is what it could reach if it stood alone.
    """

    name: str
    plans: tuple[Plan, ...]
    weights: tuple[float, ...]
    value: float
    bound: float
    solver: str
    status: str
    seconds: float
    seed: int = 0
    details: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.value - self.bound > PROVEN_GAP * max(1.0, abs(self.value)):
            raise OptimiseError(
                f"{self.solver} claims no programme beats {self.bound:g}, yet this one is worth {self.value:g}"
            )


def cost_of(plan: Plan, ids: pd.Index) -> float:
    """What the sites cost by the column ``cost``; nan where a cost, or the column, is missing."""
    sites = plan.scenario.coverage.sites
    if "cost" not in sites:
        return float("nan")
    return float(pd.to_numeric(sites["cost"].loc[ids], errors="coerce").sum(skipna=False))
