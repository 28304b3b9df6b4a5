"""Robustness: which of several plans still holds when people, speed or a site turn out otherwise than planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.coverage import Coverage
from planner.errors import IdError, QuestionError
from planner.plan import Plan

AS_PLANNED, SITE_FAILS = "as planned", "a site fails"


@dataclass(frozen=True, eq=False)
class Robustness:
    """How plans fare in several futures: ``shares`` of people covered and ``regret``, a row a plan, a column a future.

    Regret is the share lost against the best of these plans in the same future (Savage 1951).
    """

    shares: pd.DataFrame
    regret: pd.DataFrame

    @property
    def worst_regret(self) -> pd.Series:
        """The most each plan loses against the best in any future."""
        return self.regret.max(axis=1).rename("worst_regret")

    @property
    def holds(self) -> str:
        """The plan whose worst regret is least; of equals the one with the higher share as planned, then the first."""
        order = pd.DataFrame({"regret": self.worst_regret.round(9), "share": -self.shares[AS_PLANNED]})
        return str(order.sort_values(["regret", "share"], kind="stable").index[0])

    def __repr__(self) -> str:
        least = self.worst_regret[self.holds]
        return f"<Robustness of {len(self.shares)} plans in {self.shares.shape[1]} futures: {self.holds!r} holds, worst regret {least:.1%}>"


def robustness(plans: Iterable[Plan], futures: Mapping[str, Coverage] | None = None) -> Robustness:
    """Compare plans in every future: as each was planned, when the site that matters most fails, and in those given.

    ``futures`` are coverages by name, over the same sites: with other people (`project_demand`), a slower walk
    (``coverage.within(12)``), a closed bridge. A failing site is one the plan would open; the people it leaves are those no other open
    site reaches. Raises `QuestionError` for plans of one name, `IdError` where a future lacks a plan's site.
    """
    given = list(plans)
    names = [plan.scenario.name for plan in given]
    if not given or len(set(names)) < len(names):
        raise QuestionError("give at least one plan, each with a name of its own (scenario.but(name=...))")
    if taken := {AS_PLANNED, SITE_FAILS} & set(futures or {}):
        raise QuestionError(f"a future may not be called {min(taken)!r}; that one is worked out here")
    rows = []
    for plan in given:
        now = plan.scenario.coverage
        row = {AS_PLANNED: now.share(plan.ids), SITE_FAILS: now.share(plan.ids) - _most_lost(plan)}
        for name, coverage in (futures or {}).items():
            if len(unknown := plan.ids.difference(coverage.sites.ids)):
                raise IdError(f"future {name!r} knows no site {unknown[0]!r} of plan {plan.scenario.name!r}")
            row[name] = coverage.share(plan.ids)
        rows.append(row)
    shares = pd.DataFrame(rows, index=pd.Index(names, name="plan"))
    return Robustness(shares, shares.max(axis=0) - shares)


def _most_lost(plan: Plan) -> float:
    """Share of the people who lose their only open site when the one new site that matters most fails."""
    coverage = plan.scenario.coverage
    opened = np.zeros(len(coverage.sites), bool)
    opened[coverage.sites.positions(plan.ids)] = True
    pairs = opened[coverage.site]
    site, point = coverage.site[pairs], coverage.points[pairs]
    alone = np.bincount(point, minlength=len(coverage.demand))[point] == 1
    lost = np.bincount(site[alone], coverage.demand.people[point[alone]], minlength=len(coverage.sites))
    new = coverage.sites.positions(plan.added)
    total = coverage.demand.total
    return float(lost[new].max()) / total if len(new) and total else 0.0
