"""Median master: the relaxed median as sites, payments of groups and cuts, kept warm in one HiGHS model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from planner.arrays import Mask, Positions
from planner.optimise.clock import Clock
from planner.optimise.median.cuts import Cuts, Groups
from planner.optimise.median.lists import ShortLists
from planner.optimise.median.local import compiled
from planner.optimise.model import Numbers

SPARE = 2.0
"""What it costs to leave a branch's sets unopened, in values of the best answer: more than any answer."""
WORTH = 1e3
"""The value of the best answer in the model's units, so that the solver's tolerances mean the same everywhere."""
OPTIONS = {
    "output_flag": False, "threads": 1, "presolve": "off", "solver": "simplex",
    "simplex_dual_edge_weight_strategy": 1, "simplex_scale_strategy": 0,
}  # fmt: skip
"""Each run takes a few steps from the last optimum: steepest edges (1 is Devex) and scaling would cost more than they save."""
LONGEST = 5_000
"""Steps of the solver, besides five for each row, after which it begins anew from nowhere."""


def unit_of(value: float) -> float:
    """What one unit is worth where an answer is worth so much."""
    return max(value, 1e-9) / WORTH


def grouped(lists: ShortLists, opened: Mask, count: int) -> Groups:
    """Points by the quickest of the open sites and others spread over the list, about ``count`` in all.

    One payment for all points makes feeble cuts, one for each makes many; groups of near points need few of either.
    """
    from planner.optimise.median import search

    heads = opened.copy()
    heads[:: max(1, len(heads) // max(1, count))] = True
    near = search.fresh(compiled(lists), heads, int(heads.sum())).near
    of = np.unique(near, return_inverse=True)[1]
    return Groups(np.argsort(of, kind="stable"), np.concatenate(([0], np.cumsum(np.bincount(of)))), of)


@dataclass(frozen=True, eq=False)
class Solved:
    """An optimum of the master: ``bound`` certified by the duals, openings, payments, reduced costs, and duals in units."""

    bound: float
    opening: Numbers
    paid: Numbers
    costs: Numbers
    duals: Numbers

    @property
    def split(self) -> Mask:
        """The sites that open in part, ``(sites,)``."""
        return np.asarray(np.minimum(self.opening, 1.0 - self.opening) > 1e-6)

    def likeliest(self, new: int) -> Mask:
        """The ``new`` sites that open most, those that open at all."""
        chosen = np.zeros(len(self.opening), bool)
        chosen[np.argsort(-self.opening, kind="stable")[:new]] = True
        return chosen & (self.opening > 1e-6)


class Master:
    """The model: its rows are the number of sites, then cuts and sets asked to open, each with a number of its own.

    ``pays`` ``(groups,)`` is what each group's payment costs; the model counts in units of ``unit``. ``floor`` and ``ceiling``
    ``(sites,)`` are what the branch in hand allows.
    """

    def __init__(self, sites: int, pays: Numbers, new: int, unit: float) -> None:
        import highspy

        self.sites, self.groups, self.new, self.unit = sites, len(pays), new, unit
        self.pays = np.append(pays / unit, SPARE * WORTH)
        self.floor, self.ceiling = np.zeros(sites), np.ones(sites)
        self.cuts = Cuts(
            *(np.zeros(size, kind) for size, kind in ((0, int), (0, float), (1, int), (0, int), (0, float)))
        )
        self.number = np.zeros(0, np.int64)
        self.asked: frozenset[int] = frozenset()
        self._next = 0
        new_solver: Any = highspy.Highs
        self.solver = new_solver()
        for option, value_ in OPTIONS.items():
            self.solver.setOptionValue(option, value_)
        columns = sites + len(self.pays)
        ceiling = np.full(columns, np.inf)
        ceiling[:sites] = 1.0
        self.solver.addVars(columns, np.zeros(columns), ceiling)
        self.solver.changeColsCost(len(self.pays), np.arange(sites, columns, dtype=np.int32), self.pays)
        self.solver.addRow(-np.inf, float(new), sites, np.arange(sites, dtype=np.int32), np.ones(sites))

    def add(self, cuts: Cuts) -> Positions:
        """Add rows; gives their numbers."""
        return self._append(cuts, cuts.low)

    def offer(self, sites: Positions) -> int:
        """Add a row that asks one of the sites to open, in branches that ask for it; gives its number."""
        none, ends = np.array([-1]), np.array([0, len(sites) + 1])
        columns = np.append(sites, self.sites + self.groups)
        row = Cuts(none, np.ones(1), ends, columns, np.ones(len(columns)))
        return int(self._append(row, np.array([-np.inf]))[0])

    def confine(self, floor: Numbers, ceiling: Numbers, asked: frozenset[int]) -> None:
        """Allow what a branch allows: openings, and the rows of sets it asks for."""
        every = np.arange(self.sites, dtype=np.int32)
        self.floor, self.ceiling = floor, ceiling
        self.solver.changeColsBounds(self.sites, every, floor, ceiling)
        for one in self.asked ^ asked:
            low = 1.0 if one in asked else -np.inf
            self.solver.changeRowBounds(int(np.searchsorted(self.number, one)) + 1, low, np.inf)
        self.asked = asked

    def solve(self, clock: Clock, iterations: int = 0, *, interior: bool = False) -> Solved:
        """The optimum, or what is known of it after so many iterations or when the time is up.

        ``interior`` goes there through the interior: sooner where the master is large and nothing is known yet.
        """
        import highspy

        from planner.optimise.median import cuts as kernels

        left = clock.left if np.isfinite(clock.left) else 1e30
        self.solver.setOptionValue("time_limit", self.solver.getRunTime() + max(left, 1e-3))
        self.solver.setOptionValue("simplex_iteration_limit", iterations or LONGEST + 5 * len(self.number))
        self.solver.setOptionValue("solver", "ipm" if interior else "simplex")
        self.solver.run()
        if not iterations and self.solver.getModelStatus() == highspy.HighsModelStatus.kIterationLimit:
            self.solver.clearSolver()  # it went in circles from where it stood
            self.solver.run()
        solution = self.solver.getSolution()
        x, duals = np.array(solution.col_value), np.array(solution.row_dual)
        if not solution.dual_valid:
            duals = np.zeros(len(self.number) + 1)
        asleep = (self.cuts.group < 0) & ~np.isin(self.number, list(self.asked))
        duals[1:][asleep] = 0.0
        costs = np.zeros(self.sites)
        bound = kernels.certified(self.cuts, duals, self.pays, self.floor, self.ceiling, self.new, costs)
        opening, paid = x[: self.sites], x[self.sites : -1]
        return Solved(bound * self.unit, opening, paid, costs * self.unit, duals[1:])

    def withdraw(self, one: int) -> None:
        """Drop the last row added, a set that turned out to be worse to ask about."""
        row = len(self.number)
        self.solver.deleteRows(1, np.array([row], np.int32))
        self._keep(self.number != one)

    def purge(self, live: frozenset[int] = frozenset()) -> None:
        """Drop the cuts that did not bind last time, and the sets that no branch asks for any more."""
        import highspy

        basic = highspy.HighsBasisStatus.kBasic
        slack = np.array([status == basic for status in self.solver.getBasis().row_status], bool)[1:]
        gone = np.where(self.cuts.group < 0, ~np.isin(self.number, list(live | self.asked)), slack)
        rows = np.flatnonzero(gone).astype(np.int32) + 1
        if not len(rows):
            return
        self.solver.deleteRows(len(rows), rows)
        self._keep(~gone)

    def _keep(self, rows: Mask) -> None:
        """Drop the other rows from the arrays that certify."""
        known, size = self.cuts, np.diff(self.cuts.first)
        kept, first = np.repeat(rows, size), np.concatenate(([0], np.cumsum(size[rows])))
        self.cuts = Cuts(known.group[rows], known.low[rows], first, known.column[kept], known.value[kept])
        self.number = self.number[rows]

    def _append(self, rows: Cuts, low: Numbers) -> Positions:
        """Put rows into the model and into the arrays that certify."""
        count = len(rows.low)
        numbers = np.arange(self._next, self._next + count)
        self._next += count
        if not count:
            return numbers
        start, column = rows.first[:-1].astype(np.int32), rows.column.astype(np.int32)
        self.solver.addRows(count, low, np.full(count, np.inf), len(column), start, column, rows.value)
        known = self.cuts
        self.cuts = Cuts(
            np.concatenate((known.group, rows.group)), np.concatenate((known.low, rows.low)),
            np.concatenate((known.first, known.first[-1] + rows.first[1:])),
            np.concatenate((known.column, rows.column)), np.concatenate((known.value, rows.value)),
        )  # fmt: skip
        self.number = np.concatenate((self.number, numbers))
        return numbers
