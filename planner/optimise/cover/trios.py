"""Trios: cuts of plain coverage from three rows at a time, which say what no row says alone.

A site that all three share reaches three, any other at most two; so where no site stands in all three, two open sites are needed
to miss none. With x the openings and z what is missed: z1 + z2 + z3 + x(sites of any) + x(sites of all) >= 2, the zero-half cut of
three rows (Caprara and Fischetti 1996). Three half-open sites, each shared by two of the rows, break it and break no row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from planner.arrays import Mask, People, Positions
from planner.optimise.model import Model, Numbers, Rows
from planner.optimise.reduce import Reduced, reduce, site_keys

Trios: TypeAlias = Positions
"""Three different rows each, shape ``(trios, 3)``."""

WANTED = 2.0
"""What the misses and the openings of a trio sum to at least."""
BROKEN = 0.02
"""A cut broken by less is not worth a row."""
FINE, COARSE = (0.01, 0.03), (0.05, 0.2)
"""Openings this near 0 or 1 tell nothing; two rows of a trio share openings of more than the second, and as much is not shared.
Coarse where openings are many and not at a corner of what is possible, so that most rows overlap a little."""
OVER = 0.3
"""Rows covered more than once by more than this break no trio."""
EACH, USES = 3, 2
"""Trios taken for each three kinds of rows, and for each row, in one look."""

NONE: Trios = np.zeros((0, 3), np.int64)


@dataclass(frozen=True, eq=False)
class Proof:
    """What proves a bound of plain coverage without any solver: a price for each row, in people, and for some trios of rows."""

    prices: Numbers
    trios: Trios
    trio_prices: Numbers


def broken(
    first: Positions, site: Positions, people: People, opening: Numbers, missed: Numbers, *, most: int,
    grain: tuple[float, float] = FINE,
) -> Trios:  # fmt: skip
    """Trios that openings ``(sites,)`` and misses ``(rows,)`` break, the costliest first, ``most`` at most.

    ``first`` and ``site`` are the sites by row, in order. Rows with the same half-open sites are of one kind: a trio is looked for
    among kinds, and taken for the rows of most people.
    """
    from planner.optimise.cover import kernels

    slight, apart = grain
    inside = (opening > slight) & (opening < 1.0 - slight)
    excess, starts, sites = kernels.half_open(first, site, opening, missed, inside)
    rows = np.flatnonzero((np.diff(starts) > 1) & (excess < OVER))
    if not len(rows):
        return NONE
    keys = site_keys(len(opening))[:, 0].view(np.int64)
    running = np.concatenate(([0], np.cumsum(keys[sites])))
    kind_of = np.unique((running[starts[1:]] - running[starts[:-1]])[rows], return_inverse=True)[1]
    order = np.lexsort((rows, -people[rows], kind_of))
    kinds, sizes = np.concatenate(([0], np.cumsum(np.bincount(kind_of)))), np.bincount(kind_of, people[rows])
    heads = rows[order[kinds[:-1]]]
    pairs = kernels.overlaps(heads, starts, sites, opening, apart)
    found, by = kernels.broken(heads, pairs, starts, sites, opening, excess, BROKEN)
    worth = by * sizes[found].min(axis=1, initial=np.inf)
    best = np.argsort(-worth, kind="stable")
    return np.asarray(kernels.taken(found[best], kinds, rows[order], len(people), EACH, USES, most))


def sites_of(first: Positions, site: Positions, trios: Trios) -> tuple[Positions, Positions, Numbers]:
    """The sites of each trio in compressed rows, and how often each counts: twice where all three rows share it."""
    from planner.optimise.cover import kernels

    return kernels.joined(first, site, trios)


def sound(trios: npt.NDArray[Any], reduced: Reduced) -> bool:
    """Whether these are trios: three different rows each that want one site."""
    if trios.ndim != 2 or trios.shape[1] != 3 or not np.issubdtype(trios.dtype, np.integer):
        return False
    inside = (trios >= 0).all() and (trios < len(reduced.people)).all()
    different = (np.diff(np.sort(trios, axis=1), axis=1) > 0).all()
    return bool(inside and different and (reduced.need[trios] == 1).all())


def with_trios(model: Model, reduced: Reduced, trios: Trios) -> Model:
    """The model of `PeopleCovered` with these trios: it counts who is covered, so openings less the covered are -1 or more."""
    if not len(trios):
        return model
    starts, found, times = sites_of(reduced.row_starts, reduced.row_sites, trios)
    sites, each, rows = len(reduced.sites), np.arange(len(trios)), Rows(len(model.cost))
    row = np.concatenate([np.repeat(each, np.diff(starts)), np.repeat(each, 3)])
    column = np.concatenate([found, sites + trios.ravel()])
    value = np.concatenate([times, -np.ones(trios.size)])
    rows.add(row, column, value, low=np.full(len(trios), WANTED - 3), high=np.full(len(trios), np.inf))
    return rows.joined(model)


def fewer(reduced: Reduced, sites: Mask, opening: Numbers, trios: Trios) -> tuple[Reduced, Numbers, Trios]:
    """The problem of fewer ``sites`` ``(reduced sites,)`` alone, with openings and trios of its own rows as far as they are left."""
    problem, row = reduced.problem, np.zeros(len(reduced.people), np.int64)
    part = reduce(problem.but(possible=reduced.widen(np.flatnonzero(sites)) & ~problem.kept))
    wide = np.zeros(problem.sites)
    wide[reduced.sites] = opening
    inside = np.flatnonzero(reduced.row_of >= 0)
    row[reduced.row_of[inside]] = inside
    moved = np.sort(part.row_of[row[trios]], axis=1)
    whole = (moved[:, 0] >= 0) & (np.diff(moved, axis=1) > 0).all(axis=1)
    return part, wide[part.sites], moved[whole]
