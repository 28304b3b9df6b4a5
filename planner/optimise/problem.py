"""Problem: a siting question in plain arrays, without a map; what every solver is given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from planner.arrays import Mask, Minutes, People, Points, Positions, frozen
from planner.errors import DataError, QuestionError

if TYPE_CHECKING:
    from planner.coverage import Coverage
    from planner.optimise.streams import Pairs, Places

Amounts = npt.NDArray[np.float64]
"""Costs or capacities, one a site."""

NO_UNIT = -1


@dataclass(frozen=True, eq=False)
class Problem:
    """People at rows, sites that reach some of them, and the rules a choice of sites must keep.

    ``starts`` ``(sites + 1,)`` and ``rows`` ``(pairs,)`` are compressed rows, one a site, of the demand
    rows within its reach; ``minutes`` ``(pairs,)`` where known. ``kept`` sites stand open, ``possible``
    ones may open, at most ``new`` of them; ``rank`` is each site's place in the order of IDs and breaks
    ties. ``need`` open sites must reach a row before it counts. ``row_unit`` and ``site_unit`` number
    units from 0, -1 where there is none; ``unit_share`` is the least share of each unit's people to
    cover, ``unit_sites`` the least number of open sites in each. ``clashes`` ``(k, 2)`` are pairs of sites too
    close to be open together, ``company`` the pairs near enough to keep each other company.
    """

    people: People
    starts: Positions
    rows: Positions
    kept: Mask
    possible: Mask
    new: int | None = None
    standing: Mask | None = None
    moves: int | None = None
    need: int = 1
    minutes: Minutes | None = None
    worth: tuple[tuple[float, float], ...] = ()
    cost: Amounts | None = None
    budget: float = float("inf")
    capacity: Amounts | None = None
    least_people: float = 0.0
    row_unit: Positions | None = None
    unit_share: Amounts | None = None
    site_unit: Positions | None = None
    unit_sites: Positions | None = None
    clashes: Positions | None = None
    company: Positions | None = None
    rank: Positions | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            kind = _KINDS.get(field.name)
            if kind is not None and getattr(self, field.name) is not None:
                object.__setattr__(self, field.name, frozen(getattr(self, field.name), kind))
        sites = len(self.kept)
        if self.rank is None:
            object.__setattr__(self, "rank", frozen(np.arange(sites), np.int64))
        if self.standing is None:
            object.__setattr__(self, "standing", frozen(np.zeros(sites, bool), np.bool_))
        _check(self)

    @property
    def sites(self) -> int:
        """Number of sites."""
        return len(self.kept)

    @property
    def most_open(self) -> int:
        """The most sites that may be open at once."""
        standing = int(self.kept.sum()) + int(_mask(self.standing).sum())
        room = int((self.kept | self.possible).sum())
        return room if self.new is None else min(room, standing + self.new)

    @property
    def plain(self) -> bool:
        """Whether nothing but the number of sites limits the choice."""
        return not (self.rules - {"need", "worth"})

    @property
    def rules(self) -> frozenset[str]:
        """Names of the rules in force, as a `Scenario` spells them."""
        found = {
            "backup": self.need > 1,
            "worth": bool(self.worth),
            "budget": np.isfinite(self.budget),
            "capacity": self.capacity is not None,
            "least_people": self.least_people > 0,
            "least_share": self.unit_share is not None,
            "least_sites": self.unit_sites is not None,
            "apart_metres": self.clashes is not None,
            "near_metres": self.company is not None,
            "may_close": bool(_mask(self.standing).any()),
        }
        return frozenset(name for name, given in found.items() if given)

    def matrix(self) -> csr_array:
        """Ones where a site reaches a row, shape ``(sites, rows)``."""
        ones = np.ones(len(self.rows))
        return csr_array((ones, self.rows, self.starts), shape=(self.sites, len(self.people)))

    def but(self, **changes: Any) -> Problem:
        """The same problem with something changed."""
        return replace(self, **changes)

    @classmethod
    def from_pairs(
        cls,
        people: People,
        site: Positions,
        row: Positions,
        *,
        sites: int,
        minutes: Minutes | None = None,
        **rules: Any,
    ) -> Problem:
        """Make a problem from (site, row) pairs in any order; a repeated pair counts once, at its quickest."""
        site, row = np.asarray(site, np.int64), np.asarray(row, np.int64)
        time = np.zeros(len(site)) if minutes is None else np.asarray(minutes, float)
        order = np.lexsort((time, row, site))
        again = (np.diff(site[order], prepend=-1) == 0) & (np.diff(row[order], prepend=-1) == 0)
        order = order[~again]
        starts = np.zeros(sites + 1, np.int64)
        np.cumsum(np.bincount(site[order], minlength=sites), out=starts[1:])
        held = None if minutes is None else time[order]
        return cls(people, starts, row[order], **_all_possible(sites, rules), minutes=held)

    @classmethod
    def from_matrix(cls, people: People, minutes: Minutes, *, limit: float, **rules: Any) -> Problem:
        """Make a problem from a dense table of minutes, shape ``(rows, sites)``; what is over the limit is out of reach."""
        from planner.routing.reach import is_within

        table = np.asarray(minutes, float)
        row, site = np.nonzero(is_within(table, limit))
        return cls.from_pairs(people, site, row, sites=table.shape[1], minutes=table[row, site], **rules)

    @classmethod
    def from_blocks(cls, blocks: Iterable[Pairs | Coverage], *, sites: int, **rules: Any) -> Problem:
        """Make a problem of customers that come block by block: those reached by the same sites become one row.

        A block is people ``(customers,)`` with the (customer, site) pairs in reach, customers counted from 0 in each, or
        a `Coverage`, so that cities too large to be held are searched a part at a time. Memory holds one block and the
        sets of sites met so far: 20 million customers of 100 sites become some thousands of rows. ``rules`` are those of a
        problem; what looks at single customers (minutes, worth, units of people) is refused.

        >>> near = (np.array([2.0, 1.0]), np.array([0, 0, 1]), np.array([0, 1, 2]))
        >>> far = (np.array([5.0, 1.0, 3.0]), np.array([0, 0, 1]), np.array([1, 0, 2]))
        >>> question = Problem.from_blocks([near, far], sites=3, new=1)
        >>> question.people.tolist()  # reached by sites 0 and 1, by site 2, by none
        [7.0, 2.0, 3.0]
        """
        from planner.optimise.streams import merge_pairs

        return merge_pairs(blocks, sites=sites, **rules)

    @classmethod
    def from_places(cls, blocks: Iterable[Places], sites: Points, *, metres: float, **rules: Any) -> Problem:
        """Make a problem of customers that come block by block with their places, in reach of sites within a radius.

        A block is people ``(customers,)`` and coordinates ``(customers, 2)``; ``sites`` are coordinates ``(sites, 2)``. No pair
        is ever written down: a grid of cells knows which sites are near. Otherwise as `from_blocks`.

        >>> from planner.optimise import most_covered
        >>> random = np.random.default_rng(1)
        >>> sites = random.uniform(0, 30_000, (60, 2))
        >>> blocks = ((np.ones(10_000), random.uniform(0, 30_000, (10_000, 2))) for _ in range(20))
        >>> question = Problem.from_places(blocks, sites, metres=5_000, new=8)
        >>> most_covered(question)
        <CoverChoice: 8 of 60 sites, 67.1 % of 200,000 people, proven best>
        """
        from planner.optimise.streams import merge_places

        return merge_places(blocks, sites, metres=metres, **rules)


def _all_possible(sites: int, rules: dict[str, Any]) -> dict[str, Any]:
    kept = np.asarray(rules.pop("kept", np.zeros(sites, bool)), bool)
    possible = np.asarray(rules.pop("possible", ~kept), bool)
    return {"kept": kept, "possible": possible, **rules}


_KINDS: dict[str, Any] = {
    "people": np.float64, "starts": np.int64, "rows": np.int32, "kept": np.bool_, "possible": np.bool_,
    "standing": np.bool_, "minutes": np.float32, "cost": np.float64, "capacity": np.float64, "row_unit": np.int64,
    "unit_share": np.float64, "site_unit": np.int64, "unit_sites": np.int64, "clashes": np.int64,
    "company": np.int64, "rank": np.int64,
}  # fmt: skip


def _mask(given: Mask | None) -> Mask:
    return np.zeros(0, bool) if given is None else given


def _check(problem: Problem) -> None:
    people = problem.people
    if not (np.isfinite(people) & (people >= 0)).all():
        raise DataError("people must be numbers, 0 or more, at every row")
    if problem.starts[0] != 0 or problem.starts[-1] != len(problem.rows) or (np.diff(problem.starts) < 0).any():
        raise DataError("starts must ascend from 0 to the number of pairs")
    if len(problem.starts) != problem.sites + 1 or len(problem.possible) != problem.sites:
        raise DataError(f"starts, kept and possible must agree on the number of sites ({problem.sites})")
    if len(problem.rows) and not (problem.rows.min() >= 0 and problem.rows.max() < len(people)):
        raise DataError("a pair names a demand row that does not exist")
    if (problem.kept & problem.possible).any():
        raise DataError("a kept site stands open already; it cannot also be possible")
    if problem.need < 1:
        raise QuestionError(f"backup must be 1 or more sites within reach, not {problem.need}")
    if problem.new is not None and problem.new < 0:
        raise QuestionError(f"new must be 0 or more, not {problem.new}")
    if np.isfinite(problem.budget) and problem.cost is None:
        raise QuestionError("a budget needs the cost of every site")
