"""Prepare: sites and demand laid out for the compiled search, in the order in which it meets them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from planner.arrays import Positions
from planner.errors import DataError
from planner.network import Attachment, Network
from planner.routing.graph import graph_of
from planner.routing.kernels import ENTRY, HEAD_BITS, HOME, SPAN, Arcs, Doors, Homes, Work
from planner.routing.terminals import Towards, terminals
from planner.routing.ticks import LONGEST_MINUTES, NEVER, as_ticks


def arcs_of(network: Network, towards: Towards) -> Arcs:
    """Give a network's arcs as records, kept with it."""
    kept, name = vars(network), f"_arcs_towards_{towards}"
    if name not in kept:
        graph = graph_of(network, towards)
        if graph.nodes > 1 << HEAD_BITS:
            raise DataError(
                f"the compiled router takes networks of up to {1 << HEAD_BITS:,} nodes, not {graph.nodes:,}"
            )
        ticks = as_ticks(np.minimum(graph.minutes, LONGEST_MINUTES + 1))
        kept[name] = Arcs(graph.starts.copy(), ticks << HEAD_BITS | graph.heads)
    found: Arcs = kept[name]
    return found


def homes_of(network: Network, demand: Attachment, towards: Towards) -> tuple[Homes, Positions]:
    """Give the demand points under the lower end of their edge; and of each edge the first and last that lie on it."""
    ends = terminals(network, demand, arriving=towards == "people")
    tail_owns = ends.tail <= ends.head
    own, other = np.minimum(ends.tail, ends.head), np.maximum(ends.tail, ends.head)
    nodes = len(network.xy)
    order = np.lexsort((ends.edge, own.astype(np.int64) * nodes + other))
    own, other, edge = own[order], other[order], ends.edge[order]
    homes = np.empty(len(order), HOME)
    homes["other"] = other
    homes["own"] = as_ticks(np.where(tail_owns, ends.to_tail, ends.to_head)[order])
    homes["far"] = as_ticks(np.where(tail_owns, ends.to_head, ends.to_tail)[order])
    first = np.flatnonzero(np.diff(own, prepend=-1) | np.diff(other, prepend=-1))
    spans = np.empty(len(first), SPAN)
    spans["own"], spans["first"], spans["last"] = own[first], first, np.append(first[1:], len(own))
    by_far = np.argsort(other[first], kind="stable")
    starts, far_starts = _starts(own, nodes), _starts(other[first], nodes)
    point = ends.point[order].astype(np.int32)
    return Homes(
        point, starts, homes, far_starts, spans[by_far], ends.fraction[order], as_ticks(ends.access[order])
    ), _spans_by_edge(edge, len(network))


def _spans_by_edge(edge: Positions, edges: int) -> Positions:
    """First and last point on each edge, shape ``(edges, 2)``; none where both are 0."""
    begins = np.flatnonzero(np.diff(edge, prepend=-1))
    spans = np.zeros((edges, 2), np.int64)
    spans[edge[begins], 0] = begins
    spans[edge[begins], 1] = np.append(begins[1:], len(edge))[: len(begins)]
    return spans


def doors_of(network: Network, sites: Attachment, on_edge: Positions, towards: Towards) -> tuple[Doors, Positions]:
    """Give the connected sites as searches start from them, and the row of each in the sites as given."""
    ends = terminals(network, sites, arriving=towards == "sites")
    first, last = on_edge[ends.edge, 0], on_edge[ends.edge, 1]
    forward, backward = network.forward[ends.edge], network.backward[ends.edge]
    upward, downward = (backward, forward) if towards == "sites" else (forward, backward)
    doors = Doors(
        ends.tail.copy(), ends.head.copy(), as_ticks(ends.to_tail), as_ticks(ends.to_head), first, last,
        ends.fraction.copy(), as_ticks(ends.access), upward, downward,
    )  # fmt: skip
    return doors, ends.point


def work_for(nodes: int, points: int, buckets: int) -> Work:
    """Make the arrays of one thread: for a network's nodes, at most so many demand points, and a queue of buckets."""
    words = -(-points // 64)
    half = (max(points, 2) - 1).bit_length() + 1 >> 1
    return Work(
        time=np.full(nodes, NEVER), touched=np.empty(nodes, np.int32), buckets=np.full(buckets, -1, np.int32),
        pool=np.empty(2 * nodes + 16, ENTRY), best=np.empty(points, np.float32), words=np.zeros(words, np.uint64),
        groups=np.zeros(-(-words // 64), np.uint64), found=np.empty(points, np.int32),
        found_minutes=np.empty(points, np.float32), middle=np.empty(points, np.int32),
        digits=np.empty((2, 1 << half), np.int64),
    )  # fmt: skip


def _starts(keys: Positions, size: int) -> npt.NDArray[Any]:
    starts = np.zeros(size + 1, np.int32)
    np.cumsum(np.bincount(keys, minlength=size), out=starts[1:])
    return starts
