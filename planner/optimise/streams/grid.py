"""Grid: square cells around sites, which know the sites that reach all of them and those that reach a part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from planner.arrays import Mask, Points, Positions

FINENESS = 12
"""Cells a radius: finer ones leave fewer sites to be tried, and fit the cache less well."""

MOST_CELLS, AT_ONCE = 2_000_000, 1_000_000

Sums = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells ``side`` wide from ``corner``, ``shape`` of them across and up, over all that any site reaches.

    ``sure`` ``(cells, 2)`` are sums of the keys of the sites that reach a whole cell; ``starts`` and ``perhaps`` are
    compressed rows, one a cell, of the sites to be tried.
    """

    sites: Points
    radius: float
    corner: Points
    side: float
    shape: Positions
    sure: Sums
    starts: Positions
    perhaps: Positions

    @classmethod
    def around(cls, sites: Points, radius: float, keys: Sums) -> Grid:
        """Make the grid of sites that reach as far as a radius."""
        corner = sites.min(axis=0) - radius
        extent = sites.max(axis=0) + radius - corner
        side = max(radius / FINENESS, float(np.sqrt(extent.prod() / MOST_CELLS)))
        shape = np.ceil(extent / side).astype(np.int64) + 1
        site, cell, whole = _touched(sites - corner, radius, side, shape)
        sure = np.zeros((int(shape.prod()), 2), np.uint64)
        np.add.at(sure, cell[whole], keys[site[whole]])
        site, cell = site[~whole], cell[~whole]
        starts = np.concatenate(([0], np.cumsum(np.bincount(cell, minlength=len(sure)))))
        perhaps = site[np.lexsort((site, cell))].astype(np.int32)
        return cls(sites, radius, corner, side, shape, sure, starts, perhaps)

    def reaching(self, xy: Points) -> tuple[Positions, Positions]:
        """How many sites reach each of some places, ``(places,)``, and which, place by place."""
        near = cKDTree(self.sites).query_ball_point(xy, self.radius * (1 + 1e-9)) if len(xy) else []
        place = np.repeat(np.arange(len(xy)), [len(some) for some in near])
        site = np.concatenate([np.zeros(0, np.int64), *(np.array(sorted(some), np.int64) for some in near)])
        apart = (xy[place, 0] - self.sites[site, 0]) ** 2 + (xy[place, 1] - self.sites[site, 1]) ** 2
        within = apart <= self.radius**2  # as the kernel decides
        return np.bincount(place[within], minlength=len(xy)), site[within]


def _touched(place: Points, radius: float, side: float, shape: Positions) -> tuple[Positions, Positions, Mask]:
    """Site and cell of each pair that may meet, and whether the site reaches the whole cell; where in doubt, not."""
    step = np.arange(-int(radius / side) - 2, int(radius / side) + 3)
    across, up = (part.ravel() for part in np.meshgrid(step, step))
    margin = 1e-6 * side  # a customer's cell is found by division, which rounds
    count, found = max(1, AT_ONCE // len(across)), []
    for first in range(0, len(place), count):
        some = place[first : first + count, None]
        cell = np.floor(some / side).astype(np.int64) + np.stack([across, up], axis=-1)
        low = cell * side - some
        near = np.maximum(np.maximum(low, -low - side), 0.0)
        far = np.maximum(np.abs(low), np.abs(low + side))
        meets = (np.hypot(near[..., 0], near[..., 1]) <= radius + margin) & ((cell >= 0) & (cell < shape)).all(axis=-1)
        whole = np.hypot(far[..., 0], far[..., 1]) <= radius - margin
        site, which = np.nonzero(meets)
        at = cell[site, which]
        found.append((site + first, at[:, 1] * shape[0] + at[:, 0], whole[site, which]))
    site, cells, inside = (np.concatenate(part) for part in zip(*found, strict=True))
    return site, cells, inside
