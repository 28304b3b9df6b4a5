"""Reduce: the same problem with fewer rows and sites, and the way back.

Demand rows with the same sites become one weighted row; rows that kept sites serve already, or that
no site can serve, leave; a site whose people another site reaches too, at no more cost, leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from planner.arrays import Mask, People, Positions
from planner.optimise.problem import NO_UNIT, Amounts, Problem

SERVED, OUT_OF_REACH = -1, -2
"""Where a demand row went that is not part of the reduced problem."""

_KEYS_SEED = 20_240_101


@dataclass(frozen=True, eq=False)
class Reduced:
    """What is left to decide: merged rows by site and by row, and where everything came from.

    ``sites`` ``(sites,)`` are positions in the problem, in order of ID; ``row_of`` ``(problem rows,)`` is the
    merged row of each demand row, `SERVED` or `OUT_OF_REACH`. ``fixed`` ``(sites,)`` are kept sites, which are part of it only
    where people are shared out among sites. ``need`` is how many more open sites a row
    wants. ``served`` people count already; ``lost`` ones cannot be reached.
    """

    problem: Problem
    people: People
    need: Positions
    unit: Positions
    starts: Positions
    rows: Positions
    row_starts: Positions
    row_sites: Positions
    sites: Positions
    fixed: Mask
    row_of: Positions
    served: float
    lost: float

    @property
    def room(self) -> int:
        """How many sites may open."""
        return min(len(self.sites), self.problem.most_open - int(self.problem.kept.sum()) + int(self.fixed.sum()))

    @property
    def cost(self) -> Amounts:
        """Cost of opening each site; nothing for one that stands."""
        if self.problem.cost is None:
            return np.zeros(len(self.sites))
        standing = np.asarray(self.problem.standing)[self.sites]
        return np.where(standing | self.fixed, 0.0, self.problem.cost[self.sites])

    def widen(self, chosen: Positions) -> Mask:
        """Open sites of the problem, shape ``(problem sites,)``, for chosen sites of the reduced one."""
        opened = self.problem.kept.copy()
        opened[self.sites[chosen]] = True
        return opened

    def narrow(self, opened: Mask) -> Positions:
        """Chosen sites of the reduced problem among open ones of the problem; those that left are skipped."""
        return np.flatnonzero(opened[self.sites])


def layered(problem: Problem) -> Problem:
    """Turn gradual worth into layers of plain rows: being within each step is worth what the step adds."""
    if not problem.worth:
        return problem
    minutes = np.asarray(problem.minutes, float)
    steps = sorted(problem.worth)
    extra = [here[1] - after for here, after in zip(steps, [step[1] for step in steps[1:]] + [0.0], strict=True)]
    site = np.repeat(np.arange(problem.sites), np.diff(problem.starts))
    from planner.routing.reach import is_within

    near = [np.flatnonzero(is_within(minutes, step[0])) for step in steps]
    rows = np.concatenate(
        [problem.rows[pairs].astype(np.int64) + k * len(problem.people) for k, pairs in enumerate(near)]
    )
    people = np.concatenate([problem.people * more for more in extra])
    whose = np.concatenate([site[pairs] for pairs in near])
    order = np.lexsort((rows, whose))
    starts = np.concatenate(([0], np.cumsum(np.bincount(whose, minlength=problem.sites))))
    unit = None if problem.row_unit is None else np.tile(problem.row_unit, len(steps))
    return problem.but(people=people, starts=starts, rows=rows[order], minutes=None, worth=(), row_unit=unit)


def reduce(problem: Problem, *, dominance: bool = True) -> Reduced:
    """Merge rows, drop those decided already, and (where no rule forbids it) dominated sites."""
    problem = layered(problem)
    by_rank = np.argsort(np.asarray(problem.rank), kind="stable")
    shared_out = problem.capacity is not None or problem.least_people > 0
    taking_part = problem.possible | problem.kept if shared_out else problem.possible
    sites = by_rank[taking_part[by_rank]]
    by_site = problem.matrix()
    already = np.diff(by_site[np.flatnonzero(problem.kept & ~taking_part)].tocsc().indptr)
    need = np.where(problem.people > 0, np.maximum(problem.need - already, 0), 0)  # nobody there, nothing to serve
    by_row = by_site[sites].T.tocsr()
    by_row.sort_indices()
    reach = np.diff(by_row.indptr)
    row_of: Positions = np.where(need == 0, SERVED, OUT_OF_REACH).astype(np.int64)
    open_rows = np.flatnonzero((need > 0) & (reach >= need))
    unit = np.full(len(need), NO_UNIT) if problem.row_unit is None else np.asarray(problem.row_unit)
    first, group = _same_sites(by_row, open_rows, need, unit, problem.people)
    row_of[open_rows] = group
    people = _sum_in_order(group, problem.people[open_rows], len(first))
    kept_rows = by_row[first]
    keep: Positions = np.arange(len(sites))
    if dominance and problem.rules <= {"worth", "budget"}:
        keep = _undominated(kept_rows, None if problem.cost is None else problem.cost[sites])
        kept_rows = kept_rows[:, keep]
        if len(keep) < len(sites):
            kept_rows, people, row_of, first = _merge_again(kept_rows, people, row_of, first, need, unit)
    kept_rows.sort_indices()
    columns = kept_rows.T.tocsr()
    columns.sort_indices()
    return Reduced(
        problem, people, need[first], unit[first], columns.indptr.astype(np.int64), columns.indices.astype(np.int32),
        kept_rows.indptr.astype(np.int64), kept_rows.indices.astype(np.int32), sites[keep],
        problem.kept[sites[keep]], row_of,
        float(problem.people[row_of == SERVED].sum()), float(problem.people[row_of == OUT_OF_REACH].sum()),
    )  # fmt: skip


def apart(problem: Problem) -> Reduced:
    """The problem with every row by itself and kept sites among the rest, for objectives that count minutes."""
    by_rank = np.argsort(np.asarray(problem.rank), kind="stable")
    sites = by_rank[(problem.possible | problem.kept)[by_rank]]
    columns = problem.matrix()[sites]
    reached = np.zeros(len(problem.people), bool)
    reached[columns.indices] = True
    rows = np.flatnonzero(reached & (problem.people > 0))
    columns = columns[:, rows]
    columns.sort_indices()
    kept_rows = columns.T.tocsr()
    kept_rows.sort_indices()
    row_of = np.where(problem.people > 0, OUT_OF_REACH, SERVED).astype(np.int64)
    row_of[rows] = np.arange(len(rows))
    unit = np.full(len(rows), NO_UNIT)
    return Reduced(
        problem, problem.people[rows], np.ones(len(rows), np.int64), unit, columns.indptr.astype(np.int64),
        columns.indices.astype(np.int32), kept_rows.indptr.astype(np.int64), kept_rows.indices.astype(np.int32), sites,
        problem.kept[sites], row_of, 0.0, float(problem.people[row_of == OUT_OF_REACH].sum()),
    )  # fmt: skip


def site_keys(sites: int) -> npt.NDArray[np.uint64]:
    """Two random 64-bit keys a site, shape ``(sites, 2)``; a set of sites is known by the sums of its keys."""
    return np.random.default_rng(_KEYS_SEED).integers(0, 2**64, size=(sites, 2), dtype=np.uint64)


def _signatures(by_row: csr_array, rows: Positions) -> npt.NDArray[np.uint64]:
    keys = site_keys(by_row.shape[1])
    sums = np.zeros((len(rows), 2), np.uint64)
    if len(by_row.indices):
        running = np.vstack([np.zeros((1, 2), np.uint64), np.cumsum(keys[by_row.indices], axis=0, dtype=np.uint64)])
        sums = running[by_row.indptr[rows + 1]] - running[by_row.indptr[rows]]
    return sums


def _same_sites(
    by_row: csr_array, rows: Positions, need: Positions, unit: Positions, people: People
) -> tuple[Positions, Positions]:
    """First row of each group with the same sites, need and unit, and the group of each of ``rows``."""
    if not len(rows):
        return rows, rows
    keys = _signatures(by_row, rows)
    order = np.lexsort((people[rows], unit[rows], need[rows], keys[:, 1], keys[:, 0]))
    held = np.column_stack([keys.view(np.int64), need[rows], unit[rows]])[order]
    fresh = np.concatenate(([True], (np.diff(held, axis=0) != 0).any(axis=1)))
    group = np.empty(len(rows), np.int64)
    group[order] = np.cumsum(fresh) - 1
    return rows[order[fresh]], group


def _sum_in_order(group: Positions, people: People, groups: int) -> People:
    """People of each group, added from the fewest up, so that the order of the rows changes no digit."""
    order = np.argsort(people, kind="stable")
    return np.asarray(np.bincount(group[order], weights=people[order], minlength=groups), float)


def _merge_again(
    by_row: csr_array, people: People, row_of: Positions, first: Positions, need: Positions, unit: Positions
) -> tuple[csr_array, People, Positions, Positions]:
    again, group = _same_sites(by_row, np.arange(len(first)), need[first], unit[first], people)
    inside = row_of >= 0
    row_of = row_of.copy()
    row_of[inside] = group[row_of[inside]]
    return by_row[again], _sum_in_order(group, people, len(again)), row_of, first[again]


def _undominated(by_row: csr_array, cost: Amounts | None) -> Positions:
    """Sites that no other makes needless; of equals, the first stays."""
    from planner.optimise.kernels import undominated

    by_site = by_row.T.tocsr()
    by_site.sort_indices()
    price = np.zeros(by_site.shape[0]) if cost is None else cost
    useful = undominated(
        by_site.indptr.astype(np.int64), by_site.indices.astype(np.int32),
        by_row.indptr.astype(np.int64), by_row.indices.astype(np.int32), price,
    )  # fmt: skip
    return np.flatnonzero(useful)
