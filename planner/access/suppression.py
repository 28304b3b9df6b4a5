"""Suppression: small counts hidden, and others with them, so that no subtraction brings them back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from planner.arrays import Mask, People, Positions
from planner.errors import DataError, QuestionError

LIMIT = 10
SHAKES = 10
ALONGSIDE = "※"
"""How a count reads that is hidden only to protect another."""


@dataclass(frozen=True, eq=False)
class Known:
    """What every reader of a table knows: sums that are zero, and differences that are zero or less.

    ``sums`` such as the parts less their total, shape ``(sums, cells)``; ``orders`` such as those reached in ten minutes
    less those reached in fifteen, shape ``(orders, cells)``.
    """

    sums: csr_array
    orders: csr_array

    @classmethod
    def of(cls, cells: int, sums: list[dict[int, int]], orders: list[dict[int, int]] | None = None) -> Known:
        """Make it from coefficients by cell, one mapping a sum or order."""
        return cls(_matrix(sums, cells), _matrix(orders or [], cells))


def hide(
    counts: Positions, known: Known, *, limit: int = LIMIT, dear: People | None = None, show_zeros: bool = False
) -> Mask:
    """Choose the cells to hide, shape ``(cells,)``: all under the limit, and as many more as protect them.

    A reader knows every cell shown, what is `Known`, and which hidden ones are under the limit; still no hidden cell may
    follow: some other table of whole numbers reads the same, and there it differs. For a cell that would follow, the cells
    that change with it in the cheapest such table are hidden too (secondary suppression by linear programming; Kelly,
    Golden and Assad 1992), ``dear`` ones such as totals last. The choice is safe, not always the smallest. Raises
    `DataError` where nothing can protect a cell.
    """
    if limit < 2:
        raise QuestionError(f"limit must be a whole number of 2 or more, not {limit!r}")
    values = np.asarray(counts, dtype=float)
    if np.abs(known.sums @ values).max(initial=0) > 1e-6 or (known.orders @ values).max(initial=0) > 1e-6:
        raise DataError("the counts do not add up as they are said to; hide() needs whole numbers that do")
    small = (values < limit) & ~((values == 0) & show_zeros)
    price = 1.0 + values / (1.0 + 2 * values.max(initial=0))  # few cells, and small ones
    price += 0.0 if dear is None else 20.0 * np.asarray(dear, dtype=float)
    audit = _Audit(values, known, small, limit, least=1 if show_zeros else 0, price=price)
    audit.shake()
    audit.protect(np.flatnonzero(small))
    return audit.hidden


def suppress_counts(counts: pd.Series, *, limit: int = LIMIT, show_zeros: bool = False) -> pd.Series:
    """A list of counts as it may be printed beside its total: ``<10`` for the small, ``※`` for those hidden with them.

    >>> suppress_counts(pd.Series([4, 30, 12, 50])).tolist()
    ['<10', 30, '※', 50]
    """
    values = counts.to_numpy(dtype=np.int64)
    total = len(values)
    known = Known.of(total + 1, [{**dict.fromkeys(range(total), 1), total: -1}])
    dear = np.append(np.zeros(total), 1.0)
    hidden = hide(np.append(values, values.sum()), known, limit=limit, dear=dear, show_zeros=show_zeros)[:-1]
    return pd.Series(told(values, hidden, limit), index=counts.index, dtype=object, name=counts.name)


def told(values: Positions, hidden: Mask, limit: int) -> list[int | str]:
    """Counts as a reader sees them."""
    return [
        int(value) if not away else f"<{limit}" if value < limit else ALONGSIDE
        for value, away in zip(values, hidden, strict=True)
    ]


class _Audit:
    """What a reader could work out: which cells are hidden so far, and which are open, as they differ in some table found.

    A table found that reads the same still does so when more is hidden, so what is open stays open.
    """

    def __init__(self, values: People, known: Known, small: Mask, limit: int, *, least: int, price: People) -> None:
        self.values, self.known, self.price = values, known, price
        self.hidden = small.copy()
        self.open = np.zeros(len(values), bool)
        most = 2 * values.max(initial=0) + 2 * limit
        self.bounds = np.column_stack([np.where(small, least, limit), np.where(small, limit - 1, most)])
        self.bounds[~small & (values < limit)] = 0.0  # zeros that are shown stay zero
        self.bounds -= values[:, None]

    def shake(self) -> None:
        """Open many cells at once, by tables in which all hidden ones are as large, or as small, as can be."""
        random = np.random.default_rng(0)
        still = np.where(self.hidden[:, None], self.bounds, 0.0)
        every = np.ones(len(self.values))
        ways = [every, -every, *(random.choice([-1.0, 1.0], len(every)) for _ in range(SHAKES))]
        for way in ways:
            if not (self.hidden & ~self.open).any():
                return
            aim = np.where(self.hidden, np.where(self.open, 1e-3, 1.0) * way, 0.0)
            change = self._solve(aim, still)
            self.open |= np.zeros(len(every), bool) if change is None else np.abs(change) > 0.5

    def protect(self, cells: Positions) -> None:
        """Hide what must be hidden so that these cells are open: all by one table where there is one, else half by half."""
        waiting = cells[~self.open[cells]]
        if len(waiting) == 1:
            self._protect_one(int(waiting[0]))
        elif len(waiting):
            change = self._together(waiting)
            if change is None:
                self.protect(waiting[: len(waiting) // 2])
                self.protect(waiting[len(waiting) // 2 :])
                return
            moved = np.abs(change) > 0.5
            self.hidden |= moved
            self.open |= moved

    def _together(self, cells: Positions) -> People | None:
        """A cheap table in which every one of these cells differs, turn about by one more and one less; None if none is found."""
        bounds = self.bounds.copy()
        up = np.arange(len(cells)) % 2 == 0
        up = np.where(bounds[cells, 1] < 1, False, np.where(bounds[cells, 0] > -1, True, up))
        bounds[cells, 0] = np.where(up, np.maximum(bounds[cells, 0], 1.0), bounds[cells, 0])
        bounds[cells, 1] = np.where(up, bounds[cells, 1], np.minimum(bounds[cells, 1], -1.0))
        if (bounds[:, 0] > bounds[:, 1]).any():
            return None
        return self._solve(np.where(self.hidden, 1e-6, self.price), bounds, either_way=True, whole_only=True)

    def _protect_one(self, cell: int) -> None:
        best: Mask | None = None
        for step in (1.0, -1.0):
            if (change := self._cheapest(cell, step)) is None:
                continue
            moved = np.abs(change) > 0.5
            if best is None or self._price(moved) < self._price(best):
                best = moved
            if not (moved & ~self.hidden).any():
                break  # it is open already
        if best is None:
            raise DataError("some small counts follow from the others whatever is hidden; print wider units instead")
        self.hidden |= best
        self.open |= best

    def _price(self, moved: Mask) -> float:
        return float(self.price[moved & ~self.hidden].sum())

    def _cheapest(self, cell: int, step: float) -> People | None:
        """The change of every cell, this one by a step, that keeps all sums and needs the least hidden; None if none does."""
        bounds = self.bounds.copy()
        bounds[cell] = (max(bounds[cell, 0], step), min(bounds[cell, 1], step))
        if bounds[cell, 0] > bounds[cell, 1]:
            return None
        return self._solve(np.where(self.hidden, 1e-6, self.price), bounds, either_way=True)

    def _solve(
        self, aim: People, bounds: People, *, either_way: bool = False, whole_only: bool = False
    ) -> People | None:
        """Least ``aim @ change``, or least ``aim @ abs(change)`` where ``either_way``, in whole numbers.

        None where there is no such table, or where ``whole_only`` and the plain programme does not find it whole.
        """
        from scipy.optimize import linprog
        from scipy.sparse import hstack

        sums, orders, limits = self.known.sums, self.known.orders, bounds
        if either_way:
            sums, orders, aim = hstack([sums, -sums]), hstack([orders, -orders]), np.concatenate([aim, aim])
            limits = np.vstack([np.maximum(bounds, 0), np.maximum(-bounds[:, ::-1], 0)])
        room = {
            "A_eq": sums,
            "b_eq": np.zeros(sums.shape[0]),
            "A_ub": orders,
            "b_ub": -(self.known.orders @ self.values),
            "bounds": limits,
        }
        answer = linprog(aim, **room, method="highs")
        if answer.x is not None and np.abs(answer.x - np.round(answer.x)).max(initial=0) > 1e-6:
            if whole_only:
                return None
            answer = linprog(aim, **room, integrality=1, method="highs")
        if answer.x is None:
            return None
        whole = np.round(answer.x)
        return whole[: len(self.values)] - whole[len(self.values) :] if either_way else whole


def _matrix(rows: list[dict[int, int]], cells: int) -> csr_array:
    at = [(number, cell, value) for number, row in enumerate(rows) for cell, value in row.items()]
    if not at:
        return csr_array((len(rows), cells))
    row, column, value = (np.array(part) for part in zip(*at, strict=True))
    return coo_array((value.astype(float), (row, column)), shape=(len(rows), cells)).tocsr()
