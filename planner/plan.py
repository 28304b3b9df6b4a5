"""Scenario: the question. Plan: the answer, measured afresh."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from planner.arrays import Mask, Positions
from planner.coverage import Coverage
from planner.errors import IdError, OptimiseError, QuestionError

PROVEN_GAP = 1e-6

ByUnit: TypeAlias = "Mapping[str, str] | pd.Series"
"""Unit of each site or demand point, by ID; those that lie in none are left out or missing."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """A named question: what may change, on top of the sites kept, and what rules the answer must keep.

    ``new`` is how many sites to open besides those that stand, at most; ``keep`` the IDs that stay open (by
    default every existing site but those that ``may_close``); ``avoid`` the IDs that must not open. A standing site
    that closes gives its place to another; at most ``moves`` may. ``budget`` limits the ``cost`` of new sites.

    ``backup`` is how many open sites must be in reach before a person counts; ``worth`` what a person counts by
    minutes, such as ``{10: 1.0, 15: 0.5}``. ``capacity`` honours the sites' capacity, people being shared out as serves
    most; ``least_people`` is the fewest a new site must serve. ``site_units`` with ``least_sites`` asks for open
    sites in every unit, ``people_units`` with ``least_share`` for a share of every unit's people. Open sites stand at
    least ``apart_metres`` apart, and each new one within ``near_metres`` of another.

    Raises `IdError` for unknown IDs and `QuestionError` for a question that contradicts itself. A verb that cannot
    honour a rule refuses it by name.
    """

    name: str
    coverage: Coverage
    new: int | None = None
    keep: Iterable[str] | None = None
    avoid: Iterable[str] = ()
    may_close: Iterable[str] = ()
    moves: int | None = None
    budget: float | None = None
    capacity: bool = False
    least_people: float = 0.0
    backup: int = 1
    worth: Mapping[float, float] = field(default_factory=dict)
    site_units: ByUnit | None = None
    least_sites: int | Mapping[str, int] = 1
    people_units: ByUnit | None = None
    least_share: float | Mapping[str, float] = 0.0
    apart_metres: float = 0.0
    near_metres: float | None = None

    def __post_init__(self) -> None:
        closable = tuple(self.may_close)
        keep = self._default_keep(closable) if self.keep is None else self.keep
        held = {
            "keep": tuple(keep),
            "avoid": tuple(self.avoid),
            "may_close": closable,
            "worth": MappingProxyType(dict(self.worth)),
        }
        for name, value in held.items():
            object.__setattr__(self, name, value)
        self._check_ids()
        self._check_amounts()

    def _default_keep(self, closable: tuple[str, ...]) -> Iterable[str]:
        return [site for site in self.coverage.sites.existing.ids if site not in set(closable)]

    def _check_ids(self) -> None:
        self.coverage.sites.positions([*self.kept_ids, *self.avoid, *self.may_close])
        if both := set(self.kept_ids) & set(self.avoid):
            raise QuestionError(f"sites both kept and avoided: {', '.join(sorted(both)[:3])}")
        if both := set(self.kept_ids) & set(self.may_close):
            raise QuestionError(f"sites both kept and free to close: {', '.join(sorted(both)[:3])}")
        if (ghosts := self.standing & ~self.coverage.sites["existing"].to_numpy(bool)).any():
            raise QuestionError(
                f"only existing sites may close; {self.coverage.sites.ids[ghosts][0]!r} does not stand yet"
            )
        if self.new is None:
            return
        if isinstance(self.new, bool) or not isinstance(self.new, int | np.integer) or self.new < 0:
            raise QuestionError(f"new must be a whole number, 0 or more, not {self.new!r}")
        if self.new > (possible := int((self.possible & ~self.standing).sum())):
            raise QuestionError(f"{self.new:,} new sites are asked for, but only {possible:,} candidates may open")

    def _check_amounts(self) -> None:
        whole = {"backup": (self.backup, 1), "moves": (0 if self.moves is None else self.moves, 0)}
        for name, (value, least) in whole.items():
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise QuestionError(f"{name} must be a whole number, {least} or more, not {value!r}")
        amounts = {
            "budget": self.budget, "least_people": self.least_people, "apart_metres": self.apart_metres,
            "near_metres": self.near_metres,
        }  # fmt: skip
        for name, amount in amounts.items():
            if amount is not None and not 0 <= amount < float("inf"):
                raise QuestionError(f"{name} must be a number, 0 or more, not {amount!r}")
        steps = sorted(self.worth.items())
        falls = all(0 < value <= 1 for _, value in steps) and all(a[1] > b[1] for a, b in pairwise(steps))
        if not falls or any(not 0 <= minutes <= self.coverage.limit for minutes, _ in steps):
            raise QuestionError(
                "worth must fall from at most 1 as minutes grow, up to the coverage's limit of"
                f" {self.coverage.limit:g}, not {dict(self.worth)!r}"
            )

    @property
    def rules(self) -> frozenset[str]:
        """Names of the rules in force besides ``new``, ``keep`` and ``avoid``."""
        given = {
            "may_close": bool(self.standing.any()),
            "budget": self.budget is not None,
            "capacity": self.capacity,
            "least_people": self.least_people > 0,
            "backup": self.backup > 1,
            "worth": bool(self.worth),
            "least_sites": self.site_units is not None,
            "least_share": self.people_units is not None,
            "apart_metres": self.apart_metres > 0,
            "near_metres": self.near_metres is not None,
        }
        return frozenset(name for name, on in given.items() if on)

    @property
    def kept_ids(self) -> tuple[str, ...]:
        """IDs that stay open."""
        return tuple(self.keep or ())

    @cached_property
    def kept(self) -> Mask:
        """Whether each site stays open, shape ``(sites,)``."""
        return self._mask(self.kept_ids)

    @cached_property
    def standing(self) -> Mask:
        """Whether each site stands and may close, shape ``(sites,)``."""
        return self._mask(self.may_close)

    @cached_property
    def possible(self) -> Mask:
        """Whether each site may open, or stay open without having to, shape ``(sites,)``."""
        return ~self.kept & ~self._mask(self.avoid)

    def but(self, *, minutes: float | None = None, **changes: Any) -> Scenario:
        """The same question with something changed; ``minutes`` tightens the coverage."""
        coverage = self.coverage if minutes is None else self.coverage.within(minutes)
        return replace(self, **{"coverage": coverage, **changes})

    def _mask(self, ids: Iterable[str]) -> Mask:
        mask = np.zeros(len(self.coverage.sites), bool)
        mask[self.coverage.sites.positions(ids)] = True
        return mask

    def __repr__(self) -> str:
        new = "any number of" if self.new is None else f"{self.new:,}"
        rules = f", {', '.join(sorted(self.rules))}" if self.rules else ""
        return f"<Scenario {self.name!r}: {new} new sites besides {len(self.kept_ids):,} kept{rules}>"


class Proof:
    """How good an answer is, by what it is worth and what no other can beat; ``sense`` is 1 where more is better, else -1."""

    value: float
    bound: float
    solver: str
    sense: int = 1
    details: dict[str, Any]

    @property
    def gap(self) -> float:
        """How far from proven best, relative to the value, 0 or more."""
        return max(0.0, self.sense * (self.bound - self.value)) / max(abs(self.value), 1e-12)

    @property
    def proven(self) -> bool:
        """Whether no better answer exists, to 1 in a million."""
        return self.gap <= PROVEN_GAP

    @property
    def certified(self) -> float:
        """The bound that the dual certificate proves without any solver; nan where it carries none."""
        return float(self.details.get("certified_bound", float("nan")))

    @property
    def proven_by(self) -> str:
        """What closes the gap: ``certificate``, the solver whose tree did (``HiGHS``), or nothing."""
        if not self.proven:
            return ""
        off = self.sense * (self.certified - self.value)
        alone = off <= PROVEN_GAP * max(1.0, abs(self.value))
        return "certificate" if alone else self.solver

    def _how(self) -> str:
        return "proven best" if self.proven else f"at most {self.gap:.2%} from the best"


@dataclass(frozen=True, eq=False)
class Plan(Proof):
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
        standing = int(self.scenario.kept.sum() + self.scenario.standing.sum())
        if self.scenario.new is not None and len(self.opened) > standing + self.scenario.new:
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
        """IDs of the sites it opens besides those that stand."""
        opened = np.asarray(self.opened)
        fresh = ~self.scenario.kept[opened] & ~self.scenario.standing[opened]
        return self.scenario.coverage.sites.ids[opened[fresh]]

    @property
    def closed(self) -> pd.Index:
        """IDs of the standing sites it closes, of those that may."""
        shut = self.scenario.standing.copy()
        shut[self.opened] = False
        return self.scenario.coverage.sites.ids[shut]

    @property
    def share(self) -> float:
        """Share of the people, 0 to 1, within the limit of an open site."""
        return self.scenario.coverage.share(self.ids)

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
        added = coverage.sites.positions(sorted(self.added))
        covered = coverage.covered_by(np.setdiff1d(self.opened, added))
        gains = {at: float(coverage.demand.people[_fresh(coverage, at, covered)].sum()) for at in added}
        queue = [(-gain, place, at) for place, (at, gain) in enumerate(gains.items())]
        heapify(queue)
        rows: list[tuple[str, int, float, float]] = []
        while queue:  # a gain only falls as others open, so a fresh one that still leads is the greatest
            _, place, at = heappop(queue)
            fresh = _fresh(coverage, at, covered)
            gain = float(coverage.demand.people[fresh].sum())
            if queue and (-gain, place) > queue[0][:2]:
                heappush(queue, (-gain, place, at))
                continue
            covered[fresh] = True
            rows.append((coverage.sites.ids[at], len(rows) + 1, gain, float(coverage.demand.people[covered].sum())))
        frame = pd.DataFrame(rows, columns=["id", "rank", "people", "covered"])
        return frame.set_index("id")

    def __repr__(self) -> str:
        limit = self.scenario.coverage.limit
        return (
            f"<Plan {self.scenario.name!r}: {len(self.added):,} new sites,"
            f" {self.share:.1%} within {limit:g} minutes, {self._how()}>"
        )


def _fresh(coverage: Coverage, site: int, covered: Mask) -> Positions:
    row = coverage.points[coverage.starts[site] : coverage.starts[site + 1]]
    return row[~covered[row]]
