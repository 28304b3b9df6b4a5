"""Lifting: whoever is served by a site that needs one above it is served through one above, and counts no more than those open.

Between single sites, half a centre carries half of each of many stations, and they together cover everyone about them. So each
demand row has a row of its own: it is covered no more than the sites above those that reach it are open, one tier up
and further up. In whole numbers this follows from the rest; in fractions it is much stricter (a relaxation 4.5 %
above the best plan of three tiers fell to 1.3 %).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import csr_array

from planner.arrays import Mask, Positions
from planner.optimise.model import Rows
from planner.optimise.objectives import Objective, PeopleCovered
from planner.optimise.problem import Problem
from planner.optimise.reduce import Reduced

MOST_OPEN = 1.5
"""Rows whose sites above would be more than so many if all were open alike hold anyway, and are left out."""


Above = Sequence[csr_array | None]


def lift(above: Above, reduced: Sequence[Reduced], goals: Sequence[Objective], columns: Positions, rows: Rows) -> None:
    """Add the rows of all problems that have others above them; ``columns`` are where each one's variables begin."""
    for at, (part, goal) in enumerate(zip(reduced, goals, strict=True)):
        if not isinstance(goal, PeopleCovered):
            continue
        for level, row, site, covered in _carriers(above, reduced, at):
            count = len(covered)
            rows.add(
                np.concatenate([np.searchsorted(covered, row), np.arange(count)]),
                np.concatenate([columns[level] + site, columns[at] + len(part.sites) + covered]),
                np.repeat([1.0, -1.0], [len(site), count]), low=np.zeros(count), high=np.full(count, np.inf),
            )  # fmt: skip


def _carriers(
    above: Above, reduced: Sequence[Reduced], at: int
) -> Iterator[tuple[int, Positions, Positions, Positions]]:
    """For each problem above in turn: which, the pairs of a row and a reduced site there that it hangs on, and the rows."""
    part = reduced[at]
    shape = (len(part.people), len(part.sites))
    through = csr_array((np.ones(len(part.row_sites)), part.row_sites, part.row_starts), shape=shape)
    bound = np.ones(shape[0], bool)
    for level in range(at - 1, -1, -1):
        near = above[level + 1]
        if near is None:
            return
        lower, upper = reduced[level + 1], reduced[level]
        free = _free(lower.problem, upper.problem, near)[lower.sites]
        bound &= through @ free.astype(float) == 0
        through = csr_array(through @ near[lower.sites][:, upper.sites])
        share = upper.room / max(1, len(upper.sites))
        row = np.repeat(np.arange(shape[0]), np.diff(through.indptr))
        strict = bound & (np.diff(through.indptr) * share <= MOST_OPEN)
        yield level, row[strict[row]], through.indices[strict[row]], np.flatnonzero(strict)


def _free(lower: Problem, upper: Problem, near: csr_array) -> Mask:
    """Sites that need no open one above: those that stand, and those above which one is kept."""
    return lower.kept | np.asarray(lower.standing) | (near @ upper.kept.astype(float) > 0)
