"""Chains: lines as runs of numbered vertices, where equal places share a number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from planner.arrays import Lines, Mask, Metres, Points, Positions

MILLIMETRES = 1000.0  # to the metre: vertices equal to the millimetre are one place
WIDEST = 2.0**62  # two whole numbers of a smaller range fit into one of 64 bits
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Chains:
    """Lines end to end in flat arrays.

    ``xy`` ``(corners, 2)`` and ``vertex`` ``(corners,)`` hold the corners of all lines; line ``i`` has those
    from ``starts[i]`` up to ``starts[i + 1]``. No corner repeats the one before it, so a line that has only
    one corner left has no length.
    """

    xy: Points
    vertex: Positions
    starts: Positions

    @classmethod
    def of(cls, lines: Lines, *, exact: bool) -> Chains:
        """Number the vertices of lines: by equal coordinates, ``exact``, or else by equal millimetres."""
        xy, line = shapely.get_coordinates(lines, return_index=True)
        vertex = _numbered(xy if exact else np.round(xy * MILLIMETRES))
        fresh = np.ones(len(xy), bool)
        fresh[1:] = (np.diff(vertex) != 0) | (np.diff(line) != 0)
        return cls(xy[fresh], vertex[fresh], _starts(np.bincount(line[fresh], minlength=len(lines))))

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def corners(self) -> Positions:
        """Number of corners of each line."""
        return np.diff(self.starts)

    @property
    def first(self) -> Positions:
        """Vertex each line starts at."""
        return self.vertex[self.starts[:-1]]

    @property
    def last(self) -> Positions:
        """Vertex each line ends at."""
        return self.vertex[self.starts[1:] - 1]

    @property
    def metres(self) -> Metres:
        """Planar length of each line."""
        if not len(self):
            return np.empty(0)
        stride = np.hypot(*np.diff(self.xy, axis=0, append=self.xy[-1:]).T)
        stride[self.starts[1:] - 1] = 0.0  # from the last corner of one line to the next line
        return np.add.reduceat(stride, self.starts[:-1])

    @property
    def lines(self) -> Lines:
        """The lines as shapely geometry."""
        return np.asarray(shapely.linestrings(self.xy, indices=np.repeat(np.arange(len(self)), self.corners)), object)

    def taken(self, rows: Positions) -> Chains:
        """Only the lines at these positions, in this order."""
        if len(rows) == len(self) and (rows == np.arange(len(self))).all():
            return self
        return self._between(self.starts[rows], self.starts[rows + 1])

    def cut_at(self, nodes: Mask) -> tuple[Chains, Positions]:
        """Cut lines wherever they pass a node, and tell which line each piece is from.

        ``nodes`` says of each vertex whether it is one; the ends of lines must be.
        """
        ends = np.zeros(len(self.vertex), bool)
        ends[self.starts[1:] - 1] = True
        stops = np.flatnonzero(nodes[self.vertex])
        begin = stops[~ends[stops]]
        finish = stops[np.flatnonzero(~ends[stops]) + 1]
        return self._between(begin, finish + 1), np.searchsorted(self.starts, begin, side="right") - 1

    def hashes(self) -> tuple[Words, Words]:
        """Fingerprints of each line's vertices in order, as drawn and reversed: 64 bits each."""
        along = np.arange(len(self.vertex)) - np.repeat(self.starts[:-1], self.corners)
        back = np.repeat(self.corners - 1, self.corners) - along
        place = scattered(self.vertex) * np.uint64(3)
        drawn = np.add.reduceat(scattered(place + scattered(along)), self.starts[:-1])
        return drawn, np.add.reduceat(scattered(place + scattered(back)), self.starts[:-1])

    def _between(self, begin: Positions, stop: Positions) -> Chains:
        starts = _starts(stop - begin)
        corner = np.arange(starts[-1]) + np.repeat(begin - starts[:-1], stop - begin)
        return Chains(self.xy[corner], self.vertex[corner], starts)


def scattered(numbers: npt.ArrayLike) -> Words:
    """Mix whole numbers into 64 bits that look random (splitmix64), the same ones every time."""
    mixed: Words = np.asarray(numbers).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _numbered(keys: npt.NDArray[np.float64]) -> Positions:
    """Number of each pair of whole or other numbers, from 0, in order of appearance."""
    span = np.ptp(keys, axis=0) + 1
    if span.prod() < WIDEST and (keys == np.floor(keys)).all():
        column, row = (keys - keys.min(axis=0)).astype(np.int64).T
        return pd.factorize(column * np.int64(span[1]) + row)[0]
    column, _ = pd.factorize(keys[:, 0])
    row, rows = pd.factorize(keys[:, 1])
    return pd.factorize(column.astype(np.int64) * len(rows) + row)[0]


def _starts(counts: Positions) -> Positions:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))
