"""Graph: a network's arcs as a search walks them, in compressed rows, kept with the network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.arrays import Minutes, Positions, frozen
from planner.network import Network
from planner.routing.terminals import Towards
from planner.routing.ticks import in_ticks


@dataclass(frozen=True, eq=False)
class Graph:
    """Arcs out of each node as a search from the sites follows them: the quickest of parallel ones, no self-loops.

    ``starts`` ``(nodes + 1,)``; ``heads`` ascending within a node and ``minutes``, both ``(arcs,)``.
    """

    starts: Positions
    heads: Positions
    minutes: Minutes

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", frozen(self.starts, np.int32))
        object.__setattr__(self, "heads", frozen(self.heads, np.int32))
        object.__setattr__(self, "minutes", frozen(self.minutes, np.float64))

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.starts) - 1


def graph_of(network: Network, towards: Towards) -> Graph:
    """Give the arcs a search from the sites follows: against the traffic ``towards="sites"``, else along it.

    Networks never change, so the graph is worked out once and kept with its network.
    """
    kept = vars(network)
    name = f"_graph_towards_{towards}"
    if name not in kept:
        kept[name] = _build(network, towards)
    graph: Graph = kept[name]
    return graph


def _build(network: Network, towards: Towards) -> Graph:
    nodes = len(network.xy)
    along, against = (network.backward, network.forward) if towards == "sites" else (network.forward, network.backward)
    first = np.concatenate((network.tail, network.head)).astype(np.int64)
    last = np.concatenate((network.head, network.tail)).astype(np.int64)
    minutes = in_ticks(np.concatenate((along, against)))
    useful = np.flatnonzero(np.isfinite(minutes) & (first != last))
    link = first[useful] * nodes + last[useful]
    order = np.argsort(link)
    link = link[order]
    begins = np.flatnonzero(np.diff(link, prepend=-1))
    quickest = np.minimum.reduceat(minutes[useful[order]], begins) if len(begins) else np.empty(0)
    node, head = np.divmod(link[begins], nodes)
    starts = np.zeros(nodes + 1, np.int64)
    np.cumsum(np.bincount(node, minlength=nodes), out=starts[1:])
    return Graph(starts, head, quickest)
