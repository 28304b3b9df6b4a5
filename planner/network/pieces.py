"""Pieces: stretches of road on their way to become edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.arrays import Lines, Mask, Minutes, Positions
from planner.network.chains import Chains, Words, scattered
from planner.network.findings import finding


@dataclass(frozen=True, eq=False)
class Pieces:
    """Stretches of road between two nodes.

    ``tail`` and ``head`` number the node at the first and the last corner; ``road`` is the row of the road,
    in order of road IDs; ``forward`` and ``backward`` are minutes a metre along the line and against it;
    ``single`` tells lines the source draws for one direction only.
    """

    chains: Chains
    tail: Positions
    head: Positions
    road: Positions
    forward: Minutes
    backward: Minutes
    single: Mask

    def __len__(self) -> int:
        return len(self.chains)

    def taken(self, rows: Positions) -> Pieces:
        """Only the pieces at these positions, in this order."""
        return Pieces(
            self.chains.taken(rows), self.tail[rows], self.head[rows], self.road[rows],
            self.forward[rows], self.backward[rows], self.single[rows],
        )  # fmt: skip

    def cut_where_they_meet(self) -> Pieces:
        """Cut at vertices that end a line, or that lines pass twice or more; ``tail`` and ``head`` become vertices."""
        chains = self.chains
        passes = np.bincount(chains.vertex)
        nodes = passes > 1
        nodes[chains.first] = nodes[chains.last] = True
        cut, origin = chains.cut_at(nodes)
        return Pieces(
            cut, cut.first, cut.last, self.road[origin],
            self.forward[origin], self.backward[origin], self.single[origin],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Merged:
    """Pieces of which no two run the same course, and what became of the others."""

    pieces: Pieces
    twins: int
    duplicates: pd.DataFrame


def merged(pieces: Pieces, ids: Lines) -> Merged:
    """Make one of pieces that run the same course between the same nodes, drawn either way round.

    The quickest stays (ties: the lower road ID) and takes over the quickest time each way. A line drawn
    once for each direction is a twin, and only counted; every other repetition is listed.
    """
    group, flipped, order, first = _alike(pieces)
    leads = order[first]
    along = np.where(flipped, pieces.backward, pieces.forward)
    against = np.where(flipped, pieces.forward, pieces.backward)
    along, against = np.minimum.reduceat(along[order], first), np.minimum.reduceat(against[order], first)
    turned = flipped[leads]
    kept = pieces.taken(leads)
    twin = _twins(pieces, group, flipped, order, first)
    stays, alone = np.zeros(len(pieces), bool), np.ones(len(leads), bool)
    stays[leads] = True
    alone[group[~stays]] = False
    again = np.flatnonzero(~stays & ~twin)
    details = (f"runs the same course as {ids[road]}; the quicker is kept" for road in pieces.road[leads[group[again]]])
    result = Pieces(
        kept.chains, kept.tail, kept.head, kept.road,
        np.where(turned, against, along), np.where(turned, along, against), kept.single & alone,
    )  # fmt: skip
    by_position = np.argsort(leads, kind="stable")
    return Merged(result.taken(by_position), int(twin.sum()), finding("duplicate", ids[pieces.road[again]], details))


def _alike(pieces: Pieces) -> tuple[Positions, Mask, Positions, Positions]:
    """Group pieces of one course: each one's group, whether it runs against it, all in order, each group's first."""
    drawn, reverse = _courses(pieces)
    flipped = drawn > reverse
    low, high = np.minimum(drawn, reverse), np.maximum(drawn, reverse)
    order = np.lexsort((pieces.road, np.minimum(pieces.forward, pieces.backward), high, low))
    fresh = np.ones(len(pieces), bool)
    fresh[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    group = np.empty(len(pieces), np.int64)
    group[order] = np.cumsum(fresh) - 1
    return group, flipped, order, np.flatnonzero(fresh)


def _courses(pieces: Pieces) -> tuple[Words, Words]:
    # both directions make 128 bits: two different courses agree by chance less than once in 10^26 networks
    drawn, reverse = pieces.chains.hashes()
    tail, head = scattered(pieces.tail), scattered(pieces.head)
    five = np.uint64(5)
    return scattered(drawn + tail + five * head), scattered(reverse + head + five * tail)


def _twins(pieces: Pieces, group: Positions, flipped: Mask, order: Positions, first: Positions) -> Mask:
    """Whether each piece is the first single line to run against a single line that leads its group."""
    leads = order[first]
    against = pieces.single & pieces.single[leads][group] & (flipped != flipped[leads][group])
    rows = order[against[order]]
    _, earliest = np.unique(group[rows], return_index=True)
    twin = np.zeros(len(pieces), bool)
    twin[rows[earliest]] = True
    return twin
