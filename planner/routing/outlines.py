"""Outlines: the land within metres of straight pieces of road, less thin strips along others, as polygons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from planner.arrays import Lines, Metres, Points, Positions
from planner.routing.reached import Pieces

STEPS = 8  # straight ones in which a quarter of a circle is drawn
AT_ONCE = 256  # outlines made into geometry together


@dataclass(frozen=True, eq=False)
class Land:
    """What an area is made of: pieces of road it lies along, others along which it is left out, half as wide as told."""

    pieces: Pieces
    others: Pieces
    half: Metres


@dataclass(frozen=True, eq=False)
class Rings:
    """Corners of an outline's rings, ``lengths`` of each, and the ring of its polygon: its own, or that around a hole."""

    xy: Points
    lengths: Positions
    owner: Positions


class Outliner:
    """Draws areas one after another, in arrays that are used again and again.

    ``unclear`` lists those that rounding left with a loose end or a crossing, which GEOS unites instead.
    """

    def __init__(self, metres: float) -> None:
        self.metres = metres
        self.waiting: list[tuple[Land, Rings]] = []
        self.done: list[shapely.MultiPolygon] = []
        self.unclear: list[int] = []
        self._make_room(4096)

    def add(self, land: Land) -> None:
        """Draw one more area."""
        self.waiting.append((land, self._rings(land)))
        if len(self.waiting) == AT_ONCE:
            self._finish()

    def areas(self) -> list[shapely.MultiPolygon]:
        """Give the areas added, in order."""
        self._finish()
        return self.done

    def _finish(self) -> None:
        if not self.waiting:
            return
        areas = _drawn([rings for _, rings in self.waiting])
        unclear = np.array([not len(rings.owner) and len(land.pieces) > 0 for land, rings in self.waiting])
        for at in np.flatnonzero(unclear):
            self.unclear.append(len(self.done) + int(at))
            areas[at] = united(self.waiting[at][0], self.metres)
        self.done += areas.tolist()
        self.waiting = []

    def _rings(self, land: Land) -> Rings:
        """Draw an area; no rings where rounding leaves a loose end or a crossing."""
        from planner.routing.ring_kernels import outline

        while True:
            rings = outline(
                land.pieces, self.metres, land.others, land.half, np.pi / 2 / STEPS, self.border, self.following,
                self.xy, self.starts, self.owner,
            )  # fmt: skip
            if rings >= 0:
                break
            self._make_room(2 * len(self.following))
        xy = self.xy[: int(self.starts[rings])].copy()
        return Rings(xy, np.diff(self.starts[: rings + 1]), self.owner[:rings].copy())

    def _make_room(self, parts: int) -> None:
        from planner.routing.outline_kernels import PART

        self.border = np.empty(parts, PART)
        self.following = np.empty(parts, np.int64)
        self.xy = np.empty((8 * parts, 2))
        self.starts, self.owner = np.zeros(parts, np.int64), np.empty(parts, np.int64)


def _drawn(outlines: list[Rings]) -> Lines:
    """Make geometry of outlines, all at a time."""
    areas: Any = np.full(len(outlines), shapely.MultiPolygon(), object)
    counts = np.array([len(one.lengths) for one in outlines])
    lengths = np.concatenate([one.lengths for one in outlines])
    if not len(lengths):
        return np.asarray(areas)
    which = np.repeat(np.arange(len(outlines)), counts)
    owner = np.concatenate([one.owner for one in outlines]) + np.repeat(np.cumsum(counts) - counts, counts)
    corners = np.concatenate([one.xy for one in outlines])
    rings: Any = shapely.linearrings(corners, indices=np.repeat(np.arange(len(lengths)), lengths))
    shells = np.flatnonzero(owner == np.arange(len(owner)))
    order = np.lexsort((owner != np.arange(len(owner)), owner))  # the outer ring first
    polygons: Any = shapely.polygons(rings[order], indices=np.searchsorted(shells, owner[order]))
    return np.asarray(shapely.multipolygons(polygons, indices=which[shells], out=areas))


def united(land: Land, metres: float) -> shapely.Geometry:
    """Give the same area as GEOS unites it from single buffers, some forty times slower."""
    area = shapely.union_all(shapely.buffer(_straight(land.pieces), metres, quad_segs=STEPS))
    half = land.half[land.others[:, 4].astype(int)]
    strips = shapely.union_all(shapely.buffer(_straight(land.others), half, quad_segs=STEPS))
    return _several(shapely.difference(area, strips))


def _several(area: shapely.Geometry) -> shapely.MultiPolygon:
    parts = shapely.get_parts(area)
    return shapely.MultiPolygon(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON].tolist())


def _straight(pieces: Pieces) -> Any:
    return shapely.linestrings(pieces[:, :4].reshape(-1, 2, 2))
