"""Network: the roads as a graph of minutes and metres, for one way of travelling."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from pyproj import CRS

from planner.arrays import Lines, Mask, Metres, Minutes, Points, Positions, frozen
from planner.errors import DataError
from planner.network.nearest import NearestEdges
from planner.profiles import Profile


@dataclass(frozen=True, eq=False)
class Attachment:
    """Where points hang on a network: on which edge, how far along it, and how far off it.

    ``edge`` is -1 for a point that is not connected (farther than the profile's ``snap_metres`` from
    any road), where the other arrays mean nothing. All have shape ``(points,)``.
    """

    edge: Positions
    fraction: Minutes
    off_road_metres: Metres

    def __post_init__(self) -> None:
        object.__setattr__(self, "edge", frozen(self.edge, np.int32))
        object.__setattr__(self, "fraction", frozen(self.fraction, np.float64))
        object.__setattr__(self, "off_road_metres", frozen(self.off_road_metres, np.float64))

    @property
    def connected(self) -> Mask:
        """Whether each point hangs on a road."""
        return self.edge >= 0

    def __len__(self) -> int:
        return len(self.edge)


@dataclass(frozen=True, eq=False)
class Network:
    """Edges between nodes, each with the minutes it takes in either direction.

    Arrays are aligned and read-only. ``forward`` is the time from ``tail`` to ``head`` and ``backward``
    the other way, in minutes above 0; infinite where travel that way is not allowed, finite at least one
    way. Parallel edges and self-loops are kept, since people live along them. Nodes are numbered along
    a Hilbert curve, so that a neighbourhood lies together in memory. ``attaches`` tells the edges that
    points may hang on, ``road`` the row of the `Roads` each edge is part of; ``lines`` run from tail to head.
    ``findings`` lists what was mended, merged or left out while building: ``rule``, ``road`` (its ID, or '' for a
    row about so many ``roads``), and ``detail`` in English and ``detail_zh`` in Chinese.
    """

    xy: Points
    tail: Positions
    head: Positions
    metres: Metres
    forward: Minutes
    backward: Minutes
    lines: Lines
    road: Positions
    road_class: Lines
    attaches: Mask
    profile: Profile
    crs: CRS
    findings: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        kinds = {
            "xy": np.float64, "tail": np.int32, "head": np.int32, "metres": np.float64, "forward": np.float64,
            "backward": np.float64, "lines": object, "road": np.int32, "road_class": object, "attaches": np.bool_,
        }  # fmt: skip
        for name, kind in kinds.items():
            object.__setattr__(self, name, frozen(getattr(self, name), kind))
        if len({len(getattr(self, name)) for name in kinds if name != "xy"}) > 1:
            raise DataError("the arrays of a network's edges must be of one length")
        quickest = np.minimum(self.forward, self.backward)
        if not (np.isfinite(quickest) & (quickest > 0)).all():  # the lesser of a number and NaN is NaN
            raise DataError("every edge needs a finite travel time above 0 minutes in at least one direction")
        if len(self.tail) and not (
            min(self.tail.min(), self.head.min()) >= 0 and max(self.tail.max(), self.head.max()) < len(self.xy)
        ):
            raise DataError("every edge must join two of the network's nodes")

    def __len__(self) -> int:
        return len(self.tail)

    @cached_property
    def pieces(self) -> Positions:
        """The connected piece each node belongs to, shape ``(nodes,)``; 0 is the largest."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        nodes = len(self.xy)
        links = coo_array((np.ones(len(self)), (self.tail, self.head)), shape=(nodes, nodes))
        _, piece = connected_components(links, directed=False)
        order = np.argsort(-np.bincount(piece), kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        return frozen(rank[piece], np.int32)

    @cached_property
    def _nearest(self) -> NearestEdges:
        return NearestEdges.of(self.lines, np.flatnonzero(self.attaches))

    def attach(self, xy: Points, *, snap_metres: float | None = None) -> Attachment:
        """Hang points, shape ``(points, 2)``, on their nearest edges; of edges equally near, on the lower.

        ``snap_metres`` defaults to the profile's: a point farther from any road is not connected, one at
        exactly that distance is. Raises `DataError` on a coordinate that is not a number.
        """
        limit = self.profile.snap_metres if snap_metres is None else snap_metres
        xy = np.asarray(xy, np.float64).reshape(-1, 2)
        if not np.isfinite(xy).all():
            raise DataError(f"{(~np.isfinite(xy).all(axis=1)).sum()} points to attach have NaN or infinite coordinates")
        if not len(xy) or not self.attaches.any():
            return Attachment(np.full(len(xy), -1), np.zeros(len(xy)), np.full(len(xy), np.inf))
        found = self._nearest.find(xy, limit)
        return Attachment(found.edge, found.fraction, found.metres)

    def __repr__(self) -> str:
        kilometres = self.metres.sum() / 1000
        return (
            f"<Network to {self.profile.mode}: {len(self.xy):,} nodes, {len(self):,} edges, {kilometres:,.0f} km,"
            f" {int(self.pieces.max(initial=-1)) + 1} pieces>"
        )
