"""Terminals: the last minutes between a point and the two ends of its road, as searches start and stop there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from planner.arrays import Minutes, Positions
from planner.network import Attachment, Network
from planner.routing.ticks import in_ticks

Towards = Literal["sites", "people"]
"""Which way people or deliveries travel: from people to the sites, or from the sites to people."""


@dataclass(frozen=True, eq=False)
class Terminals:
    """The connected points of an attachment, each with the minutes to the ends of its edge.

    ``point`` is the row in the attachment, ``edge``, ``fraction``, ``tail`` and ``head`` are where it
    hangs; ``access`` the minutes off the road, ``to_tail`` and ``to_head`` the minutes between the point
    and each end, access included, infinite where that way is not allowed, all in whole ticks. All have shape ``(connected,)``.
    """

    point: Positions
    edge: Positions
    fraction: Minutes
    tail: Positions
    head: Positions
    access: Minutes
    to_tail: Minutes
    to_head: Minutes

    def __len__(self) -> int:
        return len(self.point)


def terminals(network: Network, points: Attachment, *, arriving: bool) -> Terminals:
    """Give the minutes from each point to the ends of its edge, or, ``arriving``, from the ends to the point.

    A point at fraction 0 or 1 of its edge is the node there: it costs nothing to or from it, even
    where the edge is one-way.
    """
    point = np.flatnonzero(points.connected)
    edge, fraction = points.edge[point], points.fraction[point]
    access = in_ticks(points.off_road_metres[point] / network.profile.access_metres_per_minute)
    forward, backward = network.forward[edge], network.backward[edge]
    by_tail, by_head = (forward, backward) if arriving else (backward, forward)
    to_tail = _share(by_tail, fraction) + access
    to_head = _share(by_head, 1.0 - fraction) + access
    return Terminals(point, edge, fraction, network.tail[edge], network.head[edge], access, to_tail, to_head)


def along_edge(network: Network, edge: Positions, start: Minutes, end: Minutes) -> Minutes:
    """Give the minutes from one fraction of an edge to another without leaving it; infinite against a one-way."""
    minutes = np.where(end >= start, network.forward[edge], network.backward[edge])
    return _share(minutes, np.abs(end - start))


def _share(minutes: Minutes, fraction: Minutes) -> Minutes:
    part = np.zeros(len(minutes))
    np.multiply(minutes, fraction, out=part, where=fraction > 0)
    return in_ticks(part)
