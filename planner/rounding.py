"""Rounding: fractions of people inside become whole people outside, and every table still adds up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.arrays import Mask, People, Positions


def whole_people(amounts: People, groupings: list[Positions], *, nearest: Mask | None = None) -> npt.NDArray[np.int64]:
    """Round amounts to whole numbers so that every group's sum, and the total, is its own sum rounded up or down.

    ``amounts`` has shape ``(cells,)``; each grouping gives every cell's group, shape ``(cells,)``. Where the
    groupings form two nested families, as units within units and classes within classes do, such a rounding
    always exists (Bacharach 1966; Cox 1987), and the linear programme below finds it whole. The total rounds to
    nearest, and so does the sum of the cells in ``nearest``, one of the groups; each cell goes to the nearer side
    wherever that is possible.
    """
    down = np.floor(amounts + 1e-9)
    part = np.clip(amounts - down, 0.0, 1.0)
    part[part < 1e-9] = 0.0
    if not part.any():
        return down.astype(np.int64)
    headline = np.zeros(len(part), bool) if nearest is None else nearest
    return (down + _round_parts(part, groupings, headline)).astype(np.int64)


def _round_parts(part: People, groupings: list[Positions], headline: Mask) -> People:
    from scipy.optimize import linprog
    from scipy.sparse import coo_array, vstack

    cells = np.arange(len(part))
    families = [
        coo_array((np.ones(len(part)), (group, cells)), shape=(group.max() + 1, len(part))) for group in groupings
    ]
    rows = vstack([*families, headline[None].astype(float), np.ones((1, len(part)))]).tocsr()
    sums = rows @ part
    low, high = np.floor(sums + 1e-9), np.ceil(sums - 1e-9)
    low[-2:] = high[-2:] = np.floor(sums[-2:] + 0.5)
    nearer = 1.0 - 2.0 * part + 1e-6 * cells / len(cells)  # the earlier cell where two are alike
    answer = linprog(
        nearer,
        A_ub=vstack([rows, -rows]).tocsr(),
        b_ub=np.concatenate([high, -low]),
        bounds=np.column_stack([np.zeros(len(part)), (part > 0).astype(float)]),
        method="highs-ds",
    )
    if answer.x is None or np.abs(answer.x - np.round(answer.x)).max() > 1e-6:
        raise ValueError("the groupings are not two nested families, so no rounding keeps all their sums")
    rounded: People = np.round(answer.x)
    return rounded
