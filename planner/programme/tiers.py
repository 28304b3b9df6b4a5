"""Tiers: stations near a town's centre that is near the district's, and no facility counted at two tiers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd

from planner.coverage import Towards
from planner.errors import ColumnError, CrsError, QuestionError
from planner.layers import same_crs
from planner.network import Network
from planner.plan import Plan, Scenario
from planner.programme.plans import Programme, cost_of
from planner.routing import default_router
from planner.sites import Sites

Counting = Literal["each", "all"]


@dataclass(frozen=True, eq=False)
class Tier:
    """One tier of a network of facilities: its own question, and what ties its sites to the tier above.

    ``scenario`` holds the tier's coverage, numbers, costs and rules. ``links`` has a row for each pair of a ``site`` of
    this tier and a site ``above`` it (IDs) that are within reach of each other, as `link_sites` makes: a new site
    opens only with an open one above. ``weight`` is what a person covered by this tier is worth beside one
    covered by another.
    """

    scenario: Scenario
    links: pd.DataFrame | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.weight < float("inf"):
            raise QuestionError(f"weight of tier {self.name!r} must be a number, 0 or more, not {self.weight!r}")
        if self.links is not None and (missing := {"site", "above"} - set(self.links.columns)):
            raise ColumnError(f"links of tier {self.name!r} need columns site and above; {sorted(missing)} are missing")

    @property
    def name(self) -> str:
        """The name of the tier's scenario."""
        return self.scenario.name


@dataclass(frozen=True, eq=False)
class TieredScenario:
    """A question over the tiers of a network, widest first: district, town, village.

    A facility of one tier never counts at another (GB 50180): a place that stands in the lists of several tiers,
    by its ID, opens at one of them at most. With ``counting="each"`` people count once for each tier that covers
    them, by the tier's weight; with ``"all"`` only those whom every tier covers. ``budget`` limits the cost of new sites of all
    tiers together.

    Raises `QuestionError` for a question that contradicts itself, `IdError` for links to unknown sites.
    """

    name: str
    tiers: Iterable[Tier]
    counting: Counting = "each"
    budget: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tiers", tuple(self.tiers))
        if not self.levels:
            raise QuestionError("a tiered scenario needs at least one tier")
        if len({tier.name for tier in self.levels}) < len(self.levels):
            raise QuestionError("tiers must have different names; give each scenario its own")
        if self.levels[0].links is not None:
            raise QuestionError(f"no tier stands above {self.levels[0].name!r}, the first; give it no links")
        if self.budget is not None and not 0 <= self.budget < float("inf"):
            raise QuestionError(f"budget must be a number, 0 or more, not {self.budget!r}")
        same_crs(*(tier.scenario.coverage.sites for tier in self.levels))
        self._check_counting()
        self._check_places()
        for upper, tier in zip(self.levels, self.levels[1:], strict=False):
            if tier.links is not None:
                tier.scenario.coverage.sites.positions(tier.links["site"])
                upper.scenario.coverage.sites.positions(tier.links["above"])

    def _check_counting(self) -> None:
        if self.counting == "each":
            return
        if self.counting != "all":
            raise QuestionError(f"counting must be 'each' or 'all', not {self.counting!r}")
        first = self.levels[0].scenario.coverage.demand
        for tier in self.levels:
            demand = tier.scenario.coverage.demand
            if not demand.ids.equals(first.ids) or not np.array_equal(demand.people, first.people):
                raise QuestionError(f"counting='all' needs the same people at every tier; {tier.name!r} has others")
            if refused := sorted(tier.scenario.rules & {"worth", "capacity", "least_people"}):
                raise QuestionError(f"counting='all' cannot honour {', '.join(refused)} of tier {tier.name!r}")
            if tier.weight != 1.0:
                raise QuestionError(f"counting='all' has no use for weight; leave it out of tier {tier.name!r}")

    def _check_places(self) -> None:
        for one, other in combinations(self.levels, 2):
            if both := set(one.scenario.kept_ids) & set(other.scenario.kept_ids):
                raise QuestionError(
                    f"{min(both)!r} is kept at tiers {one.name!r} and {other.name!r}; a facility counts at one tier only"
                )

    @property
    def levels(self) -> tuple[Tier, ...]:
        """The tiers, widest first."""
        return tuple(self.tiers)

    @cached_property
    def shared(self) -> Mapping[str, tuple[int, ...]]:
        """The tiers (from 0) of each place that stands in the lists of several."""
        found: dict[str, list[int]] = {}
        for at, tier in enumerate(self.levels):
            for site in tier.scenario.coverage.sites.ids:
                found.setdefault(site, []).append(at)
        return MappingProxyType({site: tuple(places) for site, places in found.items() if len(places) > 1})

    def but(self, **changes: Any) -> TieredScenario:
        """The same question with something changed."""
        return replace(self, **changes)

    def __repr__(self) -> str:
        return f"<TieredScenario {self.name!r}: {', '.join(tier.name for tier in self.levels)}>"


@dataclass(frozen=True, eq=False, kw_only=True)
class TieredPlan(Programme):
    """A programme over tiers: a plan for each, every new site with an open one above it.

    ``value`` and ``bound`` are people covered: summed over the tiers by weight, or those whom all tiers cover.
    """

    question: TieredScenario

    @property
    def by_tier(self) -> Mapping[str, Plan]:
        """The plan of each tier, by its name."""
        return MappingProxyType({plan.scenario.name: plan for plan in self.plans})

    @cached_property
    def parents(self) -> pd.DataFrame:
        """The open site ``above`` each open one that has links, with ``tier``: the quickest where minutes are known.

        Ties go to the lower ID; ``above`` is missing for a standing site with no open one above it.
        """
        rows = []
        for upper, plan, tier in zip(self.plans, self.plans[1:], self.question.levels[1:], strict=False):
            if tier.links is None:
                continue
            near = tier.links[tier.links["site"].isin(plan.ids) & tier.links["above"].isin(upper.ids)]
            order = [name for name in ("minutes", "above") if name in near]
            first = near.sort_values(order, kind="stable").drop_duplicates("site").set_index("site")["above"]
            rows += [(site, plan.scenario.name, first.get(site)) for site in plan.ids]
        return pd.DataFrame(rows, columns=["id", "tier", "above"]).set_index("id")

    @property
    def table(self) -> pd.DataFrame:
        """What each tier does, by name.

        ``new`` sites, those ``open``, ``cost``, ``people``, those ``covered``, their ``share``, and the standing sites
        ``unlinked``, with no open one above.
        """
        rows = []
        alone = self.parents[self.parents["above"].isna()]["tier"].value_counts()
        for name, plan in self.by_tier.items():
            people = plan.scenario.coverage.demand.total
            rows.append((name, len(plan.added), len(plan.ids), cost_of(plan, plan.added), people,
                         plan.share * people, plan.share, int(alone.get(name, 0))))  # fmt: skip
        columns = ["tier", "new", "open", "cost", "people", "covered", "share", "unlinked"]
        return pd.DataFrame(rows, columns=columns).set_index("tier")

    def __repr__(self) -> str:
        tiers = ", ".join(f"{len(plan.added):,} new of {name}" for name, plan in self.by_tier.items())
        return f"<TieredPlan {self.name!r}: {tiers}, {self._how()}>"


def link_sites(
    network: Network, sites: Sites, above: Sites, *, minutes: float, towards: Towards = "sites"
) -> pd.DataFrame:
    """Find the sites of the tier ``above`` within reach of each site: ``site``, ``above`` (IDs) and ``minutes``.

    Travel is from the lower site to the upper, or ``towards="people"`` the other way. A site that no road connects has
    no row. Raises `CrsError` where layers and network disagree, `QuestionError` for a limit that is not a number above 0.
    """
    if not 0 < minutes < float("inf"):
        raise QuestionError(f"minutes must be a number above 0, not {minutes!r}")
    same_crs(sites, above)
    if sites.crs != network.crs:
        raise CrsError(f"sites are in {sites.crs.to_string()}, the network in {network.crs.to_string()}")
    doors, homes = network.attach(above.xy), network.attach(sites.xy)
    reach = default_router().reach(network, doors, homes, minutes=minutes, towards=towards, progress=None)
    upper = np.repeat(np.arange(len(above)), np.diff(reach.starts))
    columns = {
        "site": sites.ids[reach.points], "above": above.ids[upper], "minutes": np.asarray(reach.minutes, float),
    }  # fmt: skip
    return pd.DataFrame(columns).sort_values(["site", "minutes", "above"], kind="stable", ignore_index=True)
