"""Outlines: the land within metres of straight pieces of road, less thin strips along others, as polygons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from planner.arrays import Metres, Points, Positions
from planner.routing.reached import Pieces

if TYPE_CHECKING:
    from planner.routing.outline_kernels import Border

STEPS = 8  # straight ones in which a quarter of a circle is drawn
AT_ONCE = 256  # outlines made into geometry together


@dataclass(frozen=True, eq=False)
class Rings:
    """Corners of an outline's rings, ``lengths`` of each, and the ring of its polygon: its own, or that around a hole."""

    xy: Points
    lengths: Positions
    owner: Positions


class Outliner:
    """Draws outlines in arrays that are used again and again."""

    def __init__(self) -> None:
        self._make_room(4096)

    def rings(self, pieces: Pieces, metres: float, others: Pieces, half: Metres) -> Rings | None:
        """Draw the land within ``metres`` of pieces, less what lies within ``half`` of others.

        None where rounding leaves a loose end, which is up to the caller to mend.
        """
        from planner.routing.border_kernels import outline

        while True:
            rings = outline(
                pieces, metres, others, half, np.pi / 2 / STEPS, self.border, self.following, self.xy, self.starts,
                self.owner,
            )  # fmt: skip
            if rings >= 0:
                break
            self._make_room(2 * len(self.following))
        if not rings and len(pieces):
            return None
        corners = int(self.starts[rings]) if rings else 0
        origin = pieces[0, :2] if len(pieces) else 0.0
        return Rings(self.xy[:corners] + origin, np.diff(self.starts[: rings + 1]), self.owner[:rings].copy())

    def _make_room(self, parts: int) -> None:
        from planner.routing.outline_kernels import Border

        self.border: Border = Border(*(np.empty(parts) for _ in Border._fields))
        self.following = np.empty(parts, np.int64)
        self.xy = np.empty((8 * parts, 2))
        self.starts, self.owner = np.zeros(parts, np.int64), np.empty(parts, np.int64)


def drawn(outlines: list[Rings]) -> list[shapely.MultiPolygon]:
    """Make geometry of outlines, many at a time."""
    return [area for first in range(0, len(outlines), AT_ONCE) for area in _drawn(outlines[first : first + AT_ONCE])]


def _drawn(outlines: list[Rings]) -> Iterator[shapely.MultiPolygon]:
    counts = np.array([len(one.lengths) for one in outlines])
    which = np.repeat(np.arange(len(outlines)), counts)
    lengths = np.concatenate([one.lengths for one in outlines])
    owner = np.concatenate([one.owner for one in outlines]) + np.repeat(np.cumsum(counts) - counts, counts)
    corners = np.concatenate([one.xy for one in outlines])
    if not len(lengths):
        return iter([shapely.MultiPolygon()] * len(outlines))
    rings: Any = shapely.linearrings(corners, indices=np.repeat(np.arange(len(lengths)), lengths))
    shells = np.flatnonzero(owner == np.arange(len(owner)))
    order = np.lexsort((owner != np.arange(len(owner)), owner))  # the outer ring first
    polygons: Any = shapely.polygons(rings[order], indices=np.searchsorted(shells, owner[order]))
    empty: Any = np.full(len(outlines), shapely.MultiPolygon(), object)
    return iter(shapely.multipolygons(polygons, indices=which[shells], out=empty))


def united(pieces: Pieces, metres: float, others: Pieces, half: Metres) -> shapely.Geometry:
    """Give the same land as GEOS unites it from single buffers, some forty times slower."""
    area = shapely.union_all(shapely.buffer(_lines(pieces), metres, quad_segs=STEPS))
    strips = shapely.union_all(shapely.buffer(_lines(others), half, quad_segs=STEPS))
    return shapely.difference(area, strips)


def _lines(pieces: Pieces) -> Any:
    return shapely.linestrings(pieces[:, :4].reshape(-1, 2, 2))
