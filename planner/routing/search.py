"""Search: one compiled search made ready, and run over blocks of sites in parallel."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from planner.arrays import Minutes, Positions
from planner.compiling import compiling
from planner.errors import QuestionError
from planner.network import Attachment, Network
from planner.routing.reach import TOLERANCE_MINUTES
from planner.routing.terminals import Towards
from planner.routing.ticks import LONGEST_MINUTES, TICKS_PER_MINUTE

if TYPE_CHECKING:
    from planner.routing.kernels import Arcs, Doors, Work
    from planner.routing.row_kernels import Blocks, Homes

Progress = Callable[[int, int], None]
BUCKET_ARCS = 1.5  # width of a bucket of the queue, in typical arcs
MOST_BUCKETS = 100_000
BLOCK_PAIRS = 2_000_000
BLOCKS_A_THREAD = 6  # at least, where there are several threads, so that they end together
BLOCK_SITES = 4096
CALL_SITES = 64  # rows between two looks at whether to stop
SAMPLE_SITES = 16


@dataclass(frozen=True, eq=False)
class Search:
    """A network's arcs and its demand, laid out once for searches up to one limit."""

    network: Network
    towards: Towards
    minutes: float
    arcs: Arcs
    homes: Homes
    ranks: Positions
    points: int
    cut: int
    shift: int

    @classmethod
    def prepare(cls, network: Network, demand: Attachment, *, minutes: float, towards: Towards) -> Search:
        """Lay out a network and demand; raises `QuestionError` for a limit longer than a search can count."""
        if not 0 < minutes <= LONGEST_MINUTES:
            raise QuestionError(
                f"the compiled router searches up to {LONGEST_MINUTES:g} minutes, not {minutes!r};"
                " for longer trips pass router=Dijkstra()"
            )
        from planner.routing.kernels import HEAD_BITS
        from planner.routing.prepare import arcs_of, homes_of

        arcs = arcs_of(network, towards)
        homes, ranks = homes_of(network, demand, towards)
        cut = int(np.floor((minutes + TOLERANCE_MINUTES) * TICKS_PER_MINUTE))
        typical = float(np.median(arcs.arcs[:: 1 + len(arcs.arcs) // 50_000] >> HEAD_BITS)) if len(arcs.arcs) else 1.0
        shift = max(0, round(np.log2(max(typical * BUCKET_ARCS, cut / MOST_BUCKETS, 1.0))))
        return cls(network, towards, minutes, arcs, homes, ranks, len(demand), cut, shift)

    @cached_property
    def blocks(self) -> Blocks:
        """Where the demand points lie that each node's roads lead to."""
        from planner.routing.row_kernels import blocks_near

        found: Blocks = blocks_near(self.homes.homes, len(self.network.xy))
        return found

    def doors(self, sites: Attachment) -> tuple[Doors, Positions]:
        """Give the connected sites as starts of searches, and the row of each in ``sites``."""
        from planner.routing.prepare import doors_of

        return doors_of(self.network, sites, self.ranks, self.towards)

    def work(self) -> Work:
        """Make the arrays one thread works in."""
        from planner.routing.prepare import ROOM, work_for

        return work_for(self.arcs, self.points, ROOM)

    def roomier(self, work: Work) -> Work:
        """Give the arrays of a thread with twice the room in the queue, where it was too small."""
        from planner.routing.prepare import queue_for

        return work._replace(queue=queue_for(self.arcs, 2 * work.queue.rows.shape[1]))


class Desk:
    """What one thread works with: arrays for searches, and room for the pairs of a block, used again and again."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.work = search.work()
        self.points = np.empty(len(search.homes.homes) + BLOCK_PAIRS, np.int32)
        self.minutes = np.empty(len(self.points), np.float32)

    def fill(
        self, doors: Doors, rows: Positions, stopped: Callable[[int], bool]
    ) -> tuple[Positions, Positions, Minutes] | None:
        """Search from the given doors: the pairs in each row, and the rows' points and minutes one after another.

        The arrays are this desk's own and hold until its next block; None where ``stopped(rows done)`` says so.
        """
        from planner.routing.row_kernels import reach_rows

        search, counts, row, filled = self.search, np.zeros(len(rows), np.int64), 0, 0
        while row < len(rows):
            before = row
            row, filled, full = reach_rows(
                search.arcs, search.homes, search.blocks, doors, rows, row, min(len(rows), row + CALL_SITES), search.cut, search.shift,
                self.work, counts, self.points, self.minutes, filled,
            )  # fmt: skip
            if full:
                self.work = search.roomier(self.work)
            elif row < len(rows) and filled + len(search.homes.homes) > len(self.points):
                self.points, self.minutes = _doubled(self.points, filled), _doubled(self.minutes, filled)
            if stopped(row - before):
                return None
        return counts, self.points[:filled], self.minutes[:filled]


def _doubled(array: npt.NDArray[Any], filled: int) -> npt.NDArray[Any]:
    """Give an array of twice the length with the same beginning."""
    longer = np.empty(2 * len(array), array.dtype)
    longer[:filled] = array[:filled]
    return longer


Take = Callable[[int, Positions, Positions, Positions, Minutes], None]
"""What is done with a block: its number, the sites of its rows, the pairs in each row, their points and minutes."""


class Stopped(Exception):  # noqa: N818 - a signal between threads, never seen by callers
    """Another thread failed, or the caller wants no more."""


@dataclass(eq=False)
class Run:
    """One search over all sites: in blocks of consecutive sites, each in the order of the network's curve inside."""

    search: Search
    sites: Attachment
    threads: int | None = None
    progress: Progress | None = None

    def __post_init__(self) -> None:
        self.doors, self.site_of = self.search.doors(self.sites)
        self.stop = threading.Event()
        self.mean = self._sample()
        self.most_threads = self.threads or os.cpu_count() or 1
        shares = BLOCKS_A_THREAD * self.most_threads if self.most_threads > 1 else 1
        sites = min(BLOCK_PAIRS / max(self.mean, 1.0), len(self.site_of) / shares)
        size = int(np.clip(sites, 1, BLOCK_SITES))
        edges = np.searchsorted(self.site_of, np.arange(0, len(self.sites) + size, size))
        self.blocks = [np.arange(first, last) for first, last in pairwise(edges) if last > first]
        self._done = 0

    @property
    def pairs(self) -> int:
        """About how many pairs will be found."""
        return int(self.mean * len(self.site_of))

    def each_block(self, take: Take) -> None:
        """Search every block and hand it on, from several threads at once; stop all of them on any error."""
        threads = min(self.most_threads, len(self.blocks))
        desks: SimpleQueue[Desk] = SimpleQueue()
        desks.put(self.desk)
        for _ in range(threads - 1):
            desks.put(Desk(self.search))
        if threads <= 1:
            for number in range(len(self.blocks)):
                self._one(number, desks, take)
                self._report()
        else:
            self._all(threads, desks, take)
        if self.progress:
            self.progress(len(self.sites), len(self.sites))

    def _all(self, threads: int, desks: SimpleQueue[Desk], take: Take) -> None:
        with ThreadPoolExecutor(threads, thread_name_prefix="planner-search") as pool:
            futures = [pool.submit(self._one, number, desks, take) for number in range(len(self.blocks))]
            try:
                left = set(futures)
                while left and not any(future.exception() for future in set(futures) - left):
                    _, left = wait(left, timeout=0.2, return_when=FIRST_EXCEPTION)
                    self._report()
            finally:
                self.stop.set()
                pool.shutdown(cancel_futures=True)
        errors = [error for future in futures if not future.cancelled() and (error := future.exception())]
        for error in sorted(errors, key=lambda error: isinstance(error, Stopped)):
            raise error

    def _one(self, number: int, desks: SimpleQueue[Desk], take: Take) -> None:
        desk, rows = desks.get(), self.blocks[number]
        try:
            rows = rows[np.argsort(np.minimum(self.doors.tail[rows], self.doors.head[rows]), kind="stable")]
            found = desk.fill(self.doors, rows, self._stopped)
            if found is None:
                raise Stopped  # noqa: TRY301 - told to the other threads below
            take(number, self.site_of[rows], *found)
        except BaseException:
            self.stop.set()
            raise
        finally:
            desks.put(desk)

    def _stopped(self, done: int) -> bool:
        self._done += done
        if threading.current_thread() is threading.main_thread():
            self._report()
        return self.stop.is_set()

    def _report(self) -> None:
        if self.progress:
            self.progress(min(self._done, len(self.sites)), len(self.sites))

    def _sample(self) -> float:
        """Pairs a site, from a few sites spread over the list."""
        self.desk = Desk(self.search)
        if not len(self.site_of):
            return 0.0
        rows = np.unique(np.linspace(0, len(self.site_of) - 1, SAMPLE_SITES).astype(np.int64))
        with compiling():
            found = self.desk.fill(self.doors, rows, lambda _: False)
        return len(found[1]) / len(rows) if found else 0.0
