"""Times: how the minutes to the nearest site are spread over people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from planner.arrays import Minutes, People
from planner.coverage import Coverage
from planner.errors import QuestionError


@dataclass(frozen=True, eq=False)
class Times:
    """Minutes to the nearest site and the people who need them, ascending; those out of reach are counted apart."""

    minutes: Minutes
    people: People
    out_of_reach: float

    def share_within(self, minutes: float) -> float:
        """Share of all people, 0 to 1, within so many minutes."""
        total = self.people.sum() + self.out_of_reach
        return float(self.people[self.minutes <= minutes].sum() / total) if total else 0.0

    def quantile(self, share: float) -> float | None:
        """Minutes within which this share of all people reach a site; None where fewer people reach one at all."""
        if not 0 < share <= 1:
            raise QuestionError(f"share must be above 0 and at most 1, not {share!r}")
        wanted = share * (self.people.sum() + self.out_of_reach)
        reached = np.cumsum(self.people)
        if not len(reached) or reached[-1] < wanted * (1 - 1e-12):
            return None
        return float(self.minutes[np.searchsorted(reached, wanted * (1 - 1e-12))])

    @property
    def mean(self) -> float | None:
        """Mean minutes of those who reach a site; None where nobody does."""
        served = float(self.people.sum())
        return float(self.people @ self.minutes / served) if served else None

    def __repr__(self) -> str:
        median, slow = self.quantile(0.5), self.quantile(0.9)
        told = ["out of reach" if value is None else f"{value:.1f} minutes" for value in (median, slow)]
        return f"<Times: median {told[0]}, nine in ten {told[1]}, {self.out_of_reach:,.0f} people out of reach>"


def nearest_times(coverage: Coverage, ids: Iterable[str]) -> Times:
    """Spread of the minutes to the nearest of the given sites, weighted by people."""
    nearest = coverage.nearest(ids)["minutes"]
    people = coverage.demand["people"].reindex(nearest.index).to_numpy(dtype=float)
    order = np.argsort(nearest.to_numpy(), kind="stable")
    return Times(nearest.to_numpy()[order], people[order], coverage.demand.total - float(people.sum()))
