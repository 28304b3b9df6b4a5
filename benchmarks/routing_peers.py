"""Peers of routing: what planners use today, asked the same question on the same network.

Sites and points stand on crossings here, since peers know no other places. Slow peers answer for fewer sites.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from planner.network import Attachment, Network
from planner.routing.compiled import reach_of
from planner.routing.graph import graph_of
from planner.routing.reach import is_within
from planner.routing.search import Search

MINUTES = 15.0


@dataclass
class Task:
    """One question: sites and points by node."""

    name: str
    network: Network
    site_nodes: np.ndarray
    point_nodes: np.ndarray

    @cached_property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each node one of its roads, and the end of it that the node is."""
        network = self.network
        edge, end = np.full(len(network.xy), -1), np.zeros(len(network.xy))
        edge[network.head], end[network.head] = np.arange(len(network)), 1.0
        edge[network.tail], end[network.tail] = np.arange(len(network)), 0.0
        return edge, end

    def hung(self, nodes: np.ndarray) -> Attachment:
        """Points at nodes, each at an end of one of the node's roads."""
        edge, end = self.ends
        return Attachment(edge[nodes], end[nodes], np.zeros(len(nodes)))


@dataclass
class Answer:
    """Pairs as sorted keys ``site * points + point`` with their minutes."""

    keys: np.ndarray
    minutes: np.ndarray


Ask = Callable[[np.ndarray], Answer]


def keyed(task: Task, site: np.ndarray, point: np.ndarray, minutes: np.ndarray) -> Answer:
    """Sort pairs by site and point."""
    key = site.astype(np.int64) * len(task.point_nodes) + point
    order = np.argsort(key, kind="stable")
    return Answer(key[order], minutes[order])


def ours(task: Task) -> Ask:
    """The compiled router on one thread."""
    search = Search.prepare(task.network, task.hung(task.point_nodes), minutes=MINUTES, towards="sites")
    reach_of(search, task.hung(task.site_nodes[:20]), threads=1)

    def ask(nodes: np.ndarray) -> Answer:
        reach = reach_of(search, task.hung(nodes), threads=1)
        return Answer(reach, None)  # type: ignore[arg-type]  # opened outside the clock

    return ask


def opened(task: Task, answer: Answer) -> Answer:
    """Pairs of our answer; compressed rows become keys outside the clock."""
    reach: Any = answer.keys
    site = np.repeat(np.arange(len(reach.starts) - 1), np.diff(reach.starts))
    return Answer(site * len(task.point_nodes) + reach.points.astype(np.int64), reach.minutes)


def _reversed(task: Task) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    graph = graph_of(task.network, "sites")
    return np.repeat(np.arange(graph.nodes), np.diff(graph.starts)), graph.heads, graph.minutes


def scipy_peer(task: Task) -> Ask:
    """`scipy.sparse.csgraph.dijkstra` with a limit, a site at a time (a dense row each)."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    graph = graph_of(task.network, "sites")
    matrix = csr_array((graph.minutes, graph.heads, graph.starts), shape=(graph.nodes, graph.nodes))

    def ask(nodes: np.ndarray) -> Answer:
        found = []
        for at, node in enumerate(nodes):
            minutes = dijkstra(matrix, indices=node, limit=MINUTES + 1e-6)[task.point_nodes]
            point = np.flatnonzero(is_within(minutes, MINUTES))
            found.append((np.full(len(point), at), point, minutes[point]))
        return keyed(task, *(np.concatenate(part) for part in zip(*found, strict=True)))

    return ask


def _points_at(task: Task) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(task.point_nodes, kind="stable")
    starts = np.searchsorted(task.point_nodes[order], np.arange(len(task.network.xy) + 1))
    return order, starts


def _spread(
    task: Task, places: tuple[np.ndarray, np.ndarray], at: np.ndarray, node: np.ndarray, minutes: np.ndarray
) -> Answer:
    """Points standing on the nodes found."""
    order, starts = places
    count = starts[node + 1] - starts[node]
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    point = order[np.repeat(starts[node], count) + step]
    return keyed(task, np.repeat(at, count), point, np.repeat(minutes, count))


def networkx_peer(task: Task) -> Ask:
    """`networkx.single_source_dijkstra_path_length` with a cutoff."""
    import networkx as nx

    tail, head, minutes = _reversed(task)
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(zip(tail.tolist(), head.tolist(), minutes.tolist(), strict=True), weight="minutes")
    places = _points_at(task)

    def ask(nodes: np.ndarray) -> Answer:
        at, found, time_ = [], [], []
        for site, node in enumerate(nodes.tolist()):
            if node in graph:
                near = nx.single_source_dijkstra_path_length(graph, node, cutoff=MINUTES + 1e-6, weight="minutes")
                at += [site] * len(near)
                found += near.keys()
                time_ += near.values()
        return _spread(task, places, np.array(at), np.array(found), np.array(time_))

    return ask


def osmnx_peer(task: Task) -> Ask:
    """The recipe of osmnx's isochrone notebook: `networkx.ego_graph` by travel time; pairs without minutes."""
    import networkx as nx
    import osmnx  # noqa: F401 - so that its version stands in the table

    tail, head, minutes = _reversed(task)
    graph = nx.MultiDiGraph()
    graph.add_weighted_edges_from(zip(tail.tolist(), head.tolist(), minutes.tolist(), strict=True), weight="minutes")
    places = _points_at(task)

    def ask(nodes: np.ndarray) -> Answer:
        at, found = [], []
        for site, node in enumerate(nodes.tolist()):
            near = list(nx.ego_graph(graph, node, radius=MINUTES + 1e-6, distance="minutes"))
            at += [site] * len(near)
            found += near
        return _spread(task, places, np.array(at), np.array(found), np.full(len(at), np.nan))

    return ask


def pandana_peer(task: Task) -> Ask:
    """`pandana.Network.nodes_in_range`; it counts in thousandths, so minutes are given as thousands.

    It contracts the network first and cannot be told not to, nor to do so quicker (two-way edges take as long): 4 s for
    10,000 nodes, 16 s for 30,000, 100 s for 100,000. So compare it with ``--nodes 100000 --largest 100000``.
    """
    import pandana
    import pandas as pd

    tail, head, minutes = _reversed(task)
    xy = task.network.xy
    table = pd.DataFrame({"minutes": minutes * 1000})
    network = pandana.Network(
        pd.Series(xy[:, 0]), pd.Series(xy[:, 1]), pd.Series(tail), pd.Series(head), table, twoway=False
    )
    places = _points_at(task)

    def ask(nodes: np.ndarray) -> Answer:
        near = network.nodes_in_range(nodes, MINUTES * 1000)
        near.columns = ["source", "destination", "weight"]  # the last is named after the impedance
        near = near[near["weight"] <= MINUTES * 1000 + 1e-3]
        at = pd.Series(np.arange(len(nodes)), index=nodes)[near["source"]].to_numpy()
        return _spread(task, places, at, near["destination"].to_numpy(), near["weight"].to_numpy() / 1000)

    return ask


def pyroutingkit_peer(task: Task) -> Ask:
    """`pyroutingkit.CCH` many to many, in whole milliseconds; all pairs of a batch of sites, cut to the limit."""
    from pyroutingkit import CCH

    tail, head, minutes = _reversed(task)
    xy = task.network.xy
    engine = CCH()
    latitude, longitude = (xy[:, 1] / 1e5).astype(np.float32), (xy[:, 0] / 1e5).astype(np.float32)
    engine.build_topology(tail.astype(np.uint32), head.astype(np.uint32), latitude, longitude, len(xy))
    engine.customize_weights(np.rint(minutes * 60_000).astype(np.uint32))

    def ask(nodes: np.ndarray) -> Answer:
        found = []
        points = task.point_nodes.astype(np.uint32)
        for first in range(0, len(nodes), 16):
            table = np.asarray(engine.distances_many_to_many(nodes[first : first + 16].astype(np.uint32), points))
            at, point = np.nonzero(table.reshape(-1, len(points)) <= MINUTES * 60_000)
            found.append((at + first, point, table.reshape(-1, len(points))[at, point] / 60_000))
        return keyed(task, *(np.concatenate(part) for part in zip(*found, strict=True)))

    return ask


PEERS: dict[str, tuple[Callable[[Task], Ask], tuple[int, int], float]] = {
    # how many sites each answers for, on foot and by car, and how far its minutes may be off
    "scipy": (scipy_peer, (100, 40), 2e-6),
    "networkx": (networkx_peer, (100, 4), 2e-6),
    "osmnx": (osmnx_peer, (20, 2), np.nan),
    "pandana": (pandana_peer, (500, 20), 0.3),
    "pyroutingkit": (pyroutingkit_peer, (32, 32), 0.02),
}


def clocked(ask: Ask, nodes: np.ndarray) -> tuple[Answer, float]:
    """Answer and CPU seconds."""
    start = time.process_time()
    answer = ask(nodes)
    return answer, time.process_time() - start


def agrees(found: Answer, expected: Answer, off: float) -> str:
    """How an answer compares with ours: equal pairs, and minutes within what the peer's own units allow."""
    differ = len(np.setxor1d(found.keys, expected.keys, assume_unique=True))
    both, ours_at, theirs_at = np.intersect1d(expected.keys, found.keys, assume_unique=True, return_indices=True)
    words = "equal pairs" if not differ else f"{differ:,} of {len(expected.keys):,} pairs differ"
    if np.isnan(off):
        return words
    worst = float(np.abs(expected.minutes[ours_at] - found.minutes[theirs_at]).max(initial=0.0)) if len(both) else 0.0
    return f"{words}, minutes to {worst:.1g}" + ("" if worst <= off else " (!)")
