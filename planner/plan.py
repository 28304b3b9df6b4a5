"""Scenario: the question. Plan: the answer, measured afresh."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from planner.arrays import Mask, Positions
from planner.coverage import Coverage
from planner.errors import IdError, OptimiseError, QuestionError

PROVEN_GAP = 1e-6


@dataclass(frozen=True, eq=False)
class Scenario:
    """A named question: what may change, on top of the sites kept.

    ``new`` is how many sites to open besides those kept, at most; ``keep`` the IDs that stay open (by
    default every existing site); ``avoid`` the IDs that must not open. Raises `IdError` for unknown IDs
    and `QuestionError` for a question that contradicts itself.
    """

    name: str
    coverage: Coverage
    new: int | None = None
    keep: Iterable[str] | None = None
    avoid: Iterable[str] = ()

    def __post_init__(self) -> None:
        sites = self.coverage.sites
        keep = sites.existing.ids if self.keep is None else self.keep
        object.__setattr__(self, "keep", tuple(keep))
        object.__setattr__(self, "avoid", tuple(self.avoid))
        if both := set(self.kept_ids) & set(self.avoid):
            raise QuestionError(f"sites both kept and avoided: {', '.join(sorted(both)[:3])}")
        if self.new is None:
            return
        if isinstance(self.new, bool) or not isinstance(self.new, int | np.integer) or self.new < 0:
            raise QuestionError(f"new must be a whole number, 0 or more, not {self.new!r}")
        if self.new > (possible := int(self.possible.sum())):
            raise QuestionError(f"{self.new:,} new sites are asked for, but only {possible:,} candidates may open")

    @property
    def kept_ids(self) -> tuple[str, ...]:
        """IDs that stay open."""
        return tuple(self.keep or ())

    @cached_property
    def kept(self) -> Mask:
        """Whether each site stays open, shape ``(sites,)``."""
        return self._mask(self.kept_ids)

    @cached_property
    def possible(self) -> Mask:
        """Whether each site may open, shape ``(sites,)``."""
        return ~self.kept & ~self._mask(self.avoid)

    def but(self, *, minutes: float | None = None, **changes: Any) -> Scenario:
        """The same question with something changed; ``minutes`` tightens the coverage."""
        coverage = self.coverage if minutes is None else self.coverage.within(minutes)
        return replace(self, **{"coverage": coverage, **changes})

    def _mask(self, ids: Iterable[str]) -> Mask:
        mask = np.zeros(len(self.coverage.sites), bool)
        mask[self.coverage.sites.positions(ids)] = True
        return mask


@dataclass(frozen=True, eq=False)
class Plan:
    """A named answer: the open sites, and the proof of how good it is.

    ``value`` is measured from the coverage, never believed from a solver; ``bound`` is what no plan can
    beat. For coverage both are people; more is better.
    """

    scenario: Scenario
    objective: str
    opened: Positions
    value: float
    bound: float
    solver: str
    status: str
    seconds: float
    seed: int = 0
    sense: int = 1
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        chosen = np.zeros(len(self.scenario.coverage.sites), bool)
        chosen[self.opened] = True
        if (self.scenario.kept & ~chosen).any():
            raise IdError("the plan closes sites it had to keep")
        if (chosen & ~self.scenario.kept & ~self.scenario.possible).any():
            raise IdError("the plan opens sites it had to avoid")
        if self.scenario.new is not None and len(self.added) > self.scenario.new:
            raise OptimiseError(f"the plan opens {len(self.added)} new sites, {self.scenario.new} were asked")
        slack = PROVEN_GAP * max(1.0, abs(self.value))
        if self.sense * (self.value - self.bound) > slack:
            raise OptimiseError(
                f"{self.solver} claims no plan beats {self.bound:g}, yet this one is worth {self.value:g}"
            )

    @property
    def ids(self) -> pd.Index:
        """IDs of the open sites."""
        return self.scenario.coverage.sites.ids[self.opened]

    @property
    def added(self) -> pd.Index:
        """IDs of the sites it opens besides those kept."""
        opened = np.asarray(self.opened)
        return self.scenario.coverage.sites.ids[opened[~self.scenario.kept[opened]]]

    @property
    def share(self) -> float:
        """Share of the people, 0 to 1, within the limit of an open site."""
        return self.scenario.coverage.share(self.ids)

    @property
    def gap(self) -> float:
        """How far from proven best, relative to the value, 0 or more."""
        return max(0.0, self.sense * (self.bound - self.value)) / max(abs(self.value), 1e-12)

    @property
    def proven(self) -> bool:
        """Whether no better plan exists, to 1 in a million."""
        return self.gap <= PROVEN_GAP

    @cached_property
    def assignment(self) -> pd.DataFrame:
        """Nearest open site of each covered point, by demand ID: ``site`` and ``minutes``."""
        return self.scenario.coverage.nearest(self.ids)

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """New sites in the order to build them: ``rank``, ``people`` gained, ``covered`` so far, by site ID.

        Each next site is the one that adds most people to those before it; ties go to the lower ID.
        """
        coverage = self.scenario.coverage
        covered = coverage.covered_by(np.flatnonzero(self.scenario.kept))
        left = {site: coverage.sites.positions([site])[0] for site in sorted(self.added)}
        rows = []
        while left:
            gains = {
                site: float(coverage.demand.people[_fresh(coverage, at, covered)].sum()) for site, at in left.items()
            }
            best = max(gains, key=lambda site: gains[site])
            covered[_fresh(coverage, left.pop(best), covered)] = True
            rows.append((best, len(rows) + 1, gains[best], float(coverage.demand.people[covered].sum())))
        frame = pd.DataFrame(rows, columns=["id", "rank", "people", "covered"])
        return frame.set_index("id")

    def __repr__(self) -> str:
        how = "proven best" if self.proven else f"at most {self.gap:.2%} from the best"
        limit = self.scenario.coverage.limit
        return (
            f"<Plan {self.scenario.name!r}: {len(self.added):,} new sites,"
            f" {self.share:.1%} within {limit:g} minutes, {how}>"
        )


def _fresh(coverage: Coverage, site: int, covered: Mask) -> Positions:
    row = coverage.points[coverage.starts[site] : coverage.starts[site + 1]]
    return row[~covered[row]]
