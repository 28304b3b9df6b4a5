"""Compiled: the router planner uses, a bounded search from each site compiled by numba."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from planner.arrays import Minutes, Positions
from planner.errors import QuestionError
from planner.network import Attachment, Network
from planner.routing.reach import Reach
from planner.routing.search import Run, Search
from planner.routing.terminals import Towards

BYTES_A_PAIR = 8
SPARE = 1.5  # room over the estimate; pages never written to cost no memory


@dataclass(frozen=True)
class Compiled:
    """Searches in parallel over sites, stops at the limit and keeps only the pairs within it.

    The first search on a machine compiles for some seconds, and says so. Answers do not depend on ``threads``,
    by default all of the machine's. Raises `QuestionError` where the pairs would not fit in memory, which is
    estimated from a few sites beforehand; `stream_reach` writes them to files instead.
    """

    threads: int | None = None
    name: str = "compiled"

    def reach(
        self,
        network: Network,
        sites: Attachment,
        demand: Attachment,
        *,
        minutes: float,
        towards: Towards = "sites",
        progress: Callable[[int, int], None] | None = None,
    ) -> Reach:
        """See `Router.reach`."""
        search = Search.prepare(network, demand, minutes=minutes, towards=towards)
        return reach_of(search, sites, threads=self.threads, progress=progress)


def reach_of(
    search: Search, sites: Attachment, *, threads: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Reach:
    """Find every demand point within the limit of each site, with a search that stands ready."""
    run = Run(search, sites, threads, progress)
    check_fits(run.pairs)
    slabs = _Slabs(run)
    run.each_block(slabs.take)
    return slabs.reach(len(sites))


def check_fits(pairs: int) -> None:
    """Raise `QuestionError` where so many pairs would not fit in the memory that is free."""
    free = free_bytes()
    if free is not None and pairs * BYTES_A_PAIR > 0.8 * free:
        raise QuestionError(
            f"about {pairs:,} pairs of site and point are within the limit; they take {pairs * BYTES_A_PAIR / 1e9:.1f} GB"
            f" and {free / 1e9:.1f} GB of memory are free: write them to files with stream_reach(), or ask with a"
            " shorter limit or fewer sites"
        )


def free_bytes() -> int | None:
    """Memory that is free for use, or None where the system does not tell."""
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as lines:
            facts = dict(line.split(":", 1) for line in lines)
        return int(facts["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        try:
            return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (AttributeError, OSError, ValueError):
            return None


Block = tuple[Positions, Positions, Positions, Minutes]
"""Sites of its rows, the pairs in each row, their points and minutes."""


class _Slabs:
    """The pairs of all blocks, in the order of the sites as given, whichever thread brings them."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.room = int(run.pairs * SPARE) + run.search.points + (1 << 16)
        self.slabs: list[tuple[Positions, Minutes]] = []
        self.ends: list[int] = []
        self.counts = np.zeros(len(run.sites), np.int64)
        self.next_block = 0
        self.early: dict[int, Block] = {}
        self.lock = threading.Lock()

    def take(self, number: int, sites: Positions, counts: Positions, points: Positions, minutes: Minutes) -> None:
        """Copy a block to its place, which is known once all blocks before have come; nobody waits for them."""
        if number != self.next_block:  # the thread goes on, and whoever brings the missing one finds a copy here
            points, minutes = points.copy(), minutes.copy()
        with self.lock:
            self.early[number] = (sites, counts, points, minutes)
            due = []
            while block := self.early.pop(self.next_block, None):
                due.append((block, *self._room_for(len(block[2]))))
                self.next_block += 1
        for block, to, first in due:
            self._put(block, to, first)

    def _put(self, block: Block, to: tuple[Positions, Minutes], first: int) -> None:
        from planner.routing.row_kernels import copy_rows

        sites, counts, points, minutes = block
        self.counts[sites] = counts
        order = np.argsort(sites)
        starts = np.empty(len(sites), np.int64)
        starts[order] = first + np.cumsum(counts[order]) - counts[order]
        copy_rows(starts, counts, points, minutes, *to)

    def _room_for(self, pairs: int) -> tuple[tuple[Positions, Minutes], int]:
        if not self.slabs or self.ends[-1] + pairs > len(self.slabs[-1][0]):
            size = max(self.room, pairs)
            self.slabs.append((np.empty(size, np.int32), np.empty(size, np.float32)))
            self.ends.append(0)
        first = self.ends[-1]
        self.ends[-1] += pairs
        return self.slabs[-1], first

    def reach(self, sites: int) -> Reach:
        """Put the slabs together; most often there is one, and it is only cut to length."""
        starts = np.zeros(sites + 1, np.int64)
        np.cumsum(self.counts, out=starts[1:])
        parts = [
            (points[:end], minutes[:end]) for (points, minutes), end in zip(self.slabs, self.ends, strict=True)
        ] or [(np.empty(0, np.int32), np.empty(0, np.float32))]
        points, minutes = parts[0] if len(parts) == 1 else (np.concatenate(part) for part in zip(*parts, strict=True))
        for array in (starts, points, minutes):
            array.flags.writeable = False
        return Reach(starts, points, minutes)
