"""Crossings: the wait before a road is crossed, in the last metres of the streets that meet it (过街等候)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.arrays import Mask, Minutes, Points, Positions
from planner.network.chains import Chains
from planner.network.pieces import Pieces

KERB_METRES = 10.0  # waiting happens this near to the road that is crossed, or within a third of a shorter street
Seconds = npt.NDArray[np.floating]


def with_waits(pieces: Pieces, node_xy: Points, seconds: Seconds) -> tuple[Pieces, Points]:
    """Put the wait to cross each road on the streets that meet it; ``seconds`` is of each piece, shape ``(pieces,)``.

    A road is crossed where two arms of a junction make it and a third arm goes in or out. That arm waits half, so
    going straight over waits once, and turning into the road half, which is once for one of its two sides. Of several
    roads the one with the longest wait counts. A carriageway drawn on its own (``single``) is half a road. Waits stand
    on a short stretch of their own at the end of the arm, so that nobody who walks the other way waits.
    """
    waits = _waits(pieces, np.where(pieces.single, seconds / 2, seconds), len(node_xy))
    if not waits.any():
        return pieces, node_xy
    cut, origin, xy = _cut(pieces, waits > 0)
    first = np.diff(origin, prepend=-1) > 0
    last = np.diff(origin, append=len(pieces)) > 0
    minutes = np.where(first, waits[0][origin], 0.0) + np.where(last, waits[1][origin], 0.0)
    slower = minutes / cut.metres
    at = np.arange(len(origin)) - origin  # cuts made before each piece, which number the nodes they made
    result = Pieces(
        cut,
        np.where(first, pieces.tail[origin], len(node_xy) + at - 1),
        np.where(last, pieces.head[origin], len(node_xy) + at),
        pieces.road[origin],
        pieces.forward[origin] + slower,
        pieces.backward[origin] + slower,
        pieces.single[origin],
    )
    return result, np.concatenate((node_xy, xy))


def _waits(pieces: Pieces, seconds: Seconds, nodes: int) -> Minutes:
    """Minutes waited at the tail and at the head of each piece, shape ``(2, pieces)``.

    Half the second longest wait among the other arms there: two of them make the road that is crossed.
    """
    node, own = np.concatenate((pieces.tail, pieces.head)), np.tile(seconds, 2)
    order = np.lexsort((-own, node))
    starts = np.searchsorted(node[order], np.arange(nodes))
    place = np.arange(len(node)) - starts[node[order]]
    longest = np.zeros((3, nodes))
    for rank in range(3):
        at = order[place == rank]
        longest[rank, node[at]] = own[at]
    among_two = own >= longest[1, node]
    return (np.where(among_two, longest[2, node], longest[1, node]) / 120).reshape(2, -1)


def _cut(pieces: Pieces, waiting: Mask) -> tuple[Chains, Positions, Points]:
    """Pieces with the stretches waited on cut off, the piece each is from, and where the cuts are, in their order."""
    chains = pieces.chains
    stride = np.hypot(*np.diff(chains.xy, axis=0, append=chains.xy[-1:]).T)
    stride[chains.starts[1:] - 1] = 0.0
    along = np.concatenate(([0.0], np.cumsum(stride)))[:-1]
    begin, finish = along[chains.starts[:-1]], along[chains.starts[1:] - 1]
    short = np.minimum(KERB_METRES, (finish - begin) / 3)
    place = np.sort(np.concatenate(((begin + short)[waiting[0]], (finish - short)[waiting[1]])))
    before = np.searchsorted(along, place, side="right") - 1
    share = (place - along[before]) / (along[before + 1] - along[before])
    xy = chains.xy[before] + share[:, None] * (chains.xy[before + 1] - chains.xy[before])
    fresh = share > 0  # a cut at a corner needs no corner of its own
    corners = np.insert(chains.xy, before[fresh] + 1, xy[fresh], axis=0)
    moved = np.searchsorted(before[fresh], np.arange(len(chains.xy)), side="left")
    starts = np.append(chains.starts[:-1] + moved[chains.starts[:-1]], len(corners))
    node = np.zeros(len(corners), bool)
    node[starts[:-1]] = node[starts[1:] - 1] = True
    node[before + fresh.cumsum()] = True
    whole = Chains(corners, np.arange(len(corners)), starts)
    cut, origin = whole.cut_at(node)
    return cut, origin, xy
