"""Compiled: the router planner uses, a bounded search from each site compiled by numba."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from planner.network import Attachment, Network
from planner.routing.reach import TOLERANCE_MINUTES, Reach
from planner.routing.terminals import Towards


@dataclass(frozen=True)
class Compiled:
    """Searches in parallel over sites, stops at the limit and keeps only the pairs within it.

    The first search on a machine compiles for some seconds. Answers do not depend on ``threads``.
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
        from planner.routing.kernels import ENTRY, Work, copy_rows, reach_rows
        from planner.routing.prepare import arcs_of, doors_of, homes_of

        arcs = arcs_of(network, towards)
        homes, edge = homes_of(network, demand, towards)
        doors, ends = doors_of(network, sites, edge, towards)
        cut = minutes + TOLERANCE_MINUTES
        nodes, people = len(network.xy), len(demand)
        typical = float(np.median(arcs.arcs["minutes"])) if len(arcs.arcs) else 1.0
        per_minute = 1.0 / max(typical * WIDTH, cut / 100_000)
        words = -(-people // 64)
        work = Work(
            np.full(nodes, np.inf), np.empty(nodes, np.int32), np.full(int(cut * per_minute) + 2, -1, np.int32),
            np.empty(4 * nodes + 16, ENTRY), np.empty(people, np.float32), np.zeros(words, np.uint64),
            np.zeros(-(-words // 64), np.uint64),
        )  # fmt: skip
        rows = np.argsort(np.minimum(ends.tail, ends.head), kind="stable")
        counts = np.zeros(len(rows), np.int64)
        points = np.empty(max(people, 1 << 20), np.int32)
        times = np.empty(len(points), np.float32)
        row, filled = 0, 0
        while row < len(rows):
            row, filled, full = reach_rows(
                arcs, homes, doors, rows, row, min(len(rows), row + 64), cut, per_minute, work, counts, points, times, filled
            )
            if full:
                work = work._replace(pool=np.empty(2 * len(work.pool), ENTRY))
            elif filled + people > len(points):
                points, times = np.resize(points, 2 * len(points)), np.resize(times, 2 * len(times))
            if progress:
                progress(row, len(sites))
        starts = np.zeros(len(sites) + 1, np.int64)
        starts[1 + ends.point[rows]] = counts
        np.cumsum(starts, out=starts)
        to_points, to_times = np.empty(filled, np.int32), np.empty(filled, np.float32)
        copy_rows(ends.point[rows], counts, points, times, starts, to_points, to_times)
        for array in (starts, to_points, to_times):
            array.flags.writeable = False
        return Reach(starts, to_points, to_times)


WIDTH = 0.5  # of a bucket, in typical arcs
