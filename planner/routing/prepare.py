"""Prepare: sites and demand laid out for the compiled search, in the order in which it meets them."""

from __future__ import annotations

import numpy as np

from planner.arrays import Positions
from planner.errors import DataError
from planner.network import Attachment, Network
from planner.routing.graph import graph_of
from planner.routing.kernels import HEAD_BITS, RING, SLOTS, Arcs, Array, Doors, Queue, Work
from planner.routing.row_kernels import BLOCK_BITS, GROUP_BITS, HOME, Homes
from planner.routing.terminals import Towards, terminals
from planner.routing.ticks import LONGEST_MINUTES, NEVER, as_ticks

ROOM = 4000  # entries a bucket of the queue holds at first; pages never written to cost no memory


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
        arcs = ticks << HEAD_BITS | graph.heads
        kept[name] = Arcs(graph.starts.copy(), arcs, _side_by_side(graph.starts, arcs))
    found: Arcs = kept[name]
    return found


def _side_by_side(starts: Positions, arcs: Array) -> Array:
    """Give the first arcs of each node, and 0 as the last where there are more; the rest lead back to the node."""
    nodes, degree = len(starts) - 1, np.diff(starts)
    slots = np.empty((nodes, SLOTS), np.uint64)
    slots[:] = np.arange(nodes, dtype=np.uint64)[:, None]
    for slot in range(SLOTS):
        has = np.flatnonzero(degree > slot)
        slots[has, slot] = arcs[starts[has] + slot]
    slots[degree > SLOTS, SLOTS - 1] = 0
    return slots


def homes_of(network: Network, demand: Attachment, towards: Towards) -> tuple[Homes, Positions]:
    """Give the demand points by the lower end of their edge, and the rank of the edge of each, ascending."""
    connected = np.flatnonzero(demand.connected)
    order, ranks = _in_order(_edge_rank(network)[demand.edge[connected]])
    point = connected[order]
    ordered = Attachment(demand.edge[point], demand.fraction[point], demand.off_road_metres[point])
    ends = terminals(network, ordered, arriving=towards == "people")
    to_tail, to_head = as_ticks(ends.to_tail), as_ticks(ends.to_head)
    homes = np.empty(len(point), HOME)
    homes["low"], homes["high"] = np.minimum(ends.tail, ends.head), np.maximum(ends.tail, ends.head)
    homes["to_low"] = np.where(ends.tail <= ends.head, to_tail, to_head)
    homes["to_high"] = np.where(ends.tail <= ends.head, to_head, to_tail)
    return Homes(point.astype(np.int32), homes, ends.fraction, as_ticks(ends.access)), ranks


def _in_order(ranks: Positions) -> tuple[Positions, Positions]:
    """Order of some ranks, and the ranks in order; as one sort of words, which is several times quicker than a sort of rows."""
    words = np.sort(ranks.astype(np.int64) << 32 | np.arange(len(ranks)))
    return words & 0xFFFFFFFF, words >> 32


def _edge_rank(network: Network) -> Positions:
    """Give the rank of each edge by its lower end, then its higher, kept with the network."""
    kept = vars(network)
    if "_edge_rank" not in kept:
        low, high = np.minimum(network.tail, network.head), np.maximum(network.tail, network.head)
        rank = np.empty(len(network), np.int32)
        rank[np.lexsort((high, low))] = np.arange(len(network), dtype=np.int32)
        kept["_edge_rank"] = rank
    found: Positions = kept["_edge_rank"]
    return found


def blocks_of(points: int) -> int:
    """Tell how many blocks hold so many points; one more, empty, follows them."""
    return -(-points >> BLOCK_BITS)


def doors_of(network: Network, sites: Attachment, ranks: Positions, towards: Towards) -> tuple[Doors, Positions]:
    """Give the connected sites as searches start from them, and the row of each in the sites as given.

    ``ranks`` are those of the demand points' edges, see `homes_of`.
    """
    ends = terminals(network, sites, arriving=towards == "sites")
    rank = _edge_rank(network)[ends.edge]
    first, last = np.searchsorted(ranks, rank, side="left"), np.searchsorted(ranks, rank, side="right")
    forward, backward = network.forward[ends.edge], network.backward[ends.edge]
    upward, downward = (backward, forward) if towards == "sites" else (forward, backward)
    doors = Doors(
        ends.tail.copy(), ends.head.copy(), as_ticks(ends.to_tail), as_ticks(ends.to_head), first, last,
        ends.fraction.copy(), as_ticks(ends.access), upward, downward,
    )  # fmt: skip
    return doors, ends.point


def work_for(arcs: Arcs, points: int, room: int) -> Work:
    """Make the arrays of one thread: for a network's nodes, so many demand points, ``room`` in each bucket."""
    nodes = len(arcs.starts) - 1
    blocks = blocks_of(points) + 1
    digits = 1 << ((max(points, 2) - 1).bit_length() + 1 >> 1)
    return Work(
        time=np.full(nodes, NEVER), touched=np.empty(nodes + 1, np.int32), queue=queue_for(arcs, room),
        marks=np.zeros(blocks, np.uint8), groups=np.zeros((blocks >> GROUP_BITS) + 1, np.uint8),
        keys=np.empty(points + 1, np.uint64), middle=np.empty(points, np.uint64), digits=np.empty((2, digits), np.int64),
    )  # fmt: skip


def queue_for(arcs: Arcs, room: int) -> Queue:
    """Make an empty queue with ``room`` in each bucket."""
    widest = max(SLOTS, int(np.diff(arcs.starts).max(initial=0)))
    return Queue(
        filled=np.zeros(RING, np.int64), rows=np.empty((RING, room), np.uint64), later=np.empty(16 * room, np.uint64),
        front=np.empty(room + 1, np.uint64), sooner=np.empty(widest * room + 1, np.uint64),
    )  # fmt: skip
