"""Pieces: stretches of road on their way to become edges."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    courses = _Courses.of(pieces)
    leads, group = courses.leads, courses.group
    twin = courses.twins(pieces.single)
    stays, alone = np.zeros(len(pieces), bool), np.ones(len(leads), bool)
    stays[leads] = True
    alone[group[~stays]] = False
    again = np.flatnonzero(~stays & ~twin)
    same = ids[pieces.road[leads[group[again]]]]
    told = finding("duplicate", ids[pieces.road[again]], metres=pieces.taken(again).chains.metres, other=same)
    kept = pieces.taken(leads)
    forward, backward = courses.quickest(pieces.forward, pieces.backward)
    result = replace(kept, forward=forward, backward=backward, single=kept.single & alone)
    return Merged(result, int(twin.sum()), told)


@dataclass(frozen=True, eq=False)
class _Courses:
    """Pieces grouped by the course they run: the ``group`` of each, and the piece that ``leads`` each group.

    ``flipped`` tells which way round each piece is drawn, against an arbitrary but common way.
    """

    group: Positions
    flipped: Mask
    leads: Positions

    @classmethod
    def of(cls, pieces: Pieces) -> _Courses:
        drawn, reverse = _fingerprints(pieces)
        low, high = np.minimum(drawn, reverse), np.maximum(drawn, reverse)
        order = np.lexsort((pieces.road, np.minimum(pieces.forward, pieces.backward), high, low))
        fresh = np.ones(len(pieces), bool)
        fresh[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
        leads = order[fresh]
        rank = np.empty(len(leads), np.int64)
        rank[np.argsort(leads)] = np.arange(len(leads))
        group = np.empty(len(pieces), np.int64)
        group[order] = rank[np.cumsum(fresh) - 1]
        return cls(group, drawn > reverse, np.sort(leads))

    def quickest(self, forward: Minutes, backward: Minutes) -> tuple[Minutes, Minutes]:
        """Least of each group, along its leading piece and against it."""
        same = self.flipped == self.flipped[self.leads][self.group]
        best = np.full((2, len(self.leads)), np.inf)
        np.minimum.at(best[0], self.group, np.where(same, forward, backward))
        np.minimum.at(best[1], self.group, np.where(same, backward, forward))
        return best[0], best[1]

    def twins(self, single: Mask) -> Mask:
        """Whether each piece is the first single line to run against a single line that leads its group."""
        against = single & single[self.leads][self.group] & (self.flipped != self.flipped[self.leads][self.group])
        rows = np.flatnonzero(against)
        _, earliest = np.unique(self.group[rows], return_index=True)
        twin = np.zeros(len(self.group), bool)
        twin[rows[earliest]] = True
        return twin


def _fingerprints(pieces: Pieces) -> tuple[Words, Words]:
    # both directions make 128 bits: two different courses agree by chance less than once in 10^26 networks
    drawn, reverse = pieces.chains.hashes()
    tail, head = scattered(pieces.tail), scattered(pieces.head)
    five = np.uint64(5)
    return scattered(drawn + tail + five * head), scattered(reverse + head + five * tail)
