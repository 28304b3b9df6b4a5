"""Model: a question as a mixed-integer programme in plain arrays, and the bound its duals certify."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array, vstack

from planner.arrays import Mask, Positions

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Model:
    """Minimise ``cost @ x`` with ``low <= rows @ x <= high`` and ``floor <= x <= ceiling``, ``x[whole]`` in whole numbers.

    The first variables open the sites of the reduced problem, in its order.
    """

    cost: Numbers
    rows: csr_array
    low: Numbers
    high: Numbers
    floor: Numbers
    ceiling: Numbers
    whole: Mask

    def bound(self, duals: Numbers) -> float:
        """A value no solution can go below, by weak duality, for any duals, shape ``(rows,)``: O(non-zeros), no solver."""
        duals = self.signed(duals)
        reduced = self.cost - self.rows.T @ duals
        with np.errstate(invalid="ignore"):
            sides = np.where(duals > 0, duals * self.low, duals * self.high)
            boxes = np.where(reduced > 0, reduced * self.floor, reduced * self.ceiling)
        rows, columns = np.where(duals == 0, 0.0, sides), np.where(reduced == 0, 0.0, boxes)
        return float(rows.sum() + columns.sum())

    def signed(self, duals: Numbers) -> Numbers:
        """The duals with those of the wrong sign, which certify nothing, set to 0."""
        wrong = ((duals > 0) & ~np.isfinite(self.low)) | ((duals < 0) & ~np.isfinite(self.high)) | ~np.isfinite(duals)
        return np.where(wrong, 0.0, duals)

    def breach(self, x: Numbers) -> float:
        """The most by which ``x`` breaks a row or a bound; 0 where it breaks none."""
        sums = self.rows @ x
        worst = [self.low - sums, sums - self.high, self.floor - x, x - self.ceiling]
        return float(max((np.max(part) for part in worst if len(part)), default=0.0))


class Rows:
    """Rows of a model while it is being written."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._row: list[Positions] = []
        self._column: list[Positions] = []
        self._value: list[Numbers] = []
        self._low: list[Numbers] = []
        self._high: list[Numbers] = []
        self._count = 0

    def add(self, row: Positions, column: Positions, value: Numbers, *, low: Numbers, high: Numbers) -> None:
        """Add ``len(low)`` rows; ``row`` counts from 0 within them."""
        self._row.append(np.asarray(row) + self._count)
        self._column.append(np.asarray(column))
        self._value.append(np.asarray(value, float))
        self._low.append(np.asarray(low, float))
        self._high.append(np.asarray(high, float))
        self._count += len(low)

    def one(self, column: Positions, value: Numbers, *, low: float = -np.inf, high: float = np.inf) -> None:
        """Add one row."""
        self.add(np.zeros(len(column), np.int64), column, value, low=np.array([low]), high=np.array([high]))

    def model(self, cost: Numbers, floor: Numbers, ceiling: Numbers, whole: Mask) -> Model:
        """The finished model."""
        parts = (self._value, self._row, self._column)
        value, row, column = (np.concatenate(part) if part else np.zeros(0) for part in parts)
        matrix = coo_array((value, (row.astype(np.int64), column.astype(np.int64))), shape=(self._count, self.columns))
        low = np.concatenate(self._low) if self._low else np.zeros(0)
        high = np.concatenate(self._high) if self._high else np.zeros(0)
        return Model(cost, csr_array(matrix), low, high, floor, ceiling, whole)

    def joined(self, model: Model) -> Model:
        """The model with these rows added."""
        more = self.model(model.cost, model.floor, model.ceiling, model.whole)
        rows = csr_array(vstack([model.rows, more.rows]))
        low, high = np.concatenate([model.low, more.low]), np.concatenate([model.high, more.high])
        return Model(model.cost, rows, low, high, model.floor, model.ceiling, model.whole)
