"""Networks made by hand for tests of routing, and a naive model of travel to judge routers by."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np
import shapely
from hypothesis import strategies as st

from planner.network import Attachment, Network
from planner.profiles import travel_profile

METRES_A_MINUTE = 48.0  # of the straight leg, in the walking profile
INF = float("inf")


def network_of(nodes: int, edges: Sequence[tuple[int, int, float, float]]) -> Network:
    """Network of (tail, head, forward minutes, backward minutes) on nodes in a row, 100 m apart."""
    table = np.array(edges, dtype=float).reshape(-1, 4)
    tail, head = table[:, 0].astype(int), table[:, 1].astype(int)
    xy = np.column_stack((np.arange(nodes) * 100.0, np.zeros(nodes)))
    lines = shapely.linestrings(np.stack((xy[tail], xy[head] + [0, 1.0]), axis=1)) if len(tail) else np.empty(0, object)
    return Network(
        xy=xy, tail=tail, head=head, metres=np.full(len(tail), 100.0), forward=table[:, 2], backward=table[:, 3],
        lines=lines, road=np.arange(len(tail)), road_class=np.full(len(tail), "residential", object),
        attaches=np.ones(len(tail), bool), profile=travel_profile("walk"), crs="EPSG:4549",
    )  # fmt: skip


def hung(*points: tuple[int, float, float]) -> Attachment:
    """Attachment of (edge, fraction, metres off the road) points."""
    table = np.array(points, dtype=float).reshape(-1, 3)
    return Attachment(table[:, 0].astype(int), table[:, 1], table[:, 2])


def naive_minutes(network: Network, start: Attachment, end: Attachment) -> np.ndarray:
    """Minutes from each start to each end by networkx, every point a node of its own; shape ``(starts, ends)``."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(network.xy)))

    def link(tail: object, head: object, minutes: float) -> None:
        if np.isfinite(minutes) and minutes < graph.get_edge_data(tail, head, {"minutes": INF})["minutes"]:
            graph.add_edge(tail, head, minutes=minutes)

    spots: dict[int, list[tuple[float, object]]] = {edge: [] for edge in range(len(network))}
    for edge in range(len(network)):
        spots[edge] = [(0.0, int(network.tail[edge])), (1.0, int(network.head[edge]))]
    for kind, points in (("start", start), ("end", end)):
        for at in range(len(points)):
            graph.add_node((kind, at))
            if (edge := int(points.edge[at])) >= 0:
                graph.add_node(road := (kind, at, "road"))
                spots[edge].append((float(points.fraction[at]), road))
                leg = float(points.off_road_metres[at]) / METRES_A_MINUTE
                link(*(((kind, at), road) if kind == "start" else (road, (kind, at))), leg)
    for edge, along in spots.items():
        for fraction, spot in along:
            for other_fraction, other in along:
                step = other_fraction - fraction
                pace = float(network.forward[edge] if step > 0 else network.backward[edge])
                if spot != other or step:
                    link(spot, other, 0.0 if step == 0 else abs(step) * pace)
    table = np.full((len(start), len(end)), INF)
    for at in range(len(start)):
        found = nx.single_source_dijkstra_path_length(graph, ("start", at), weight="minutes")
        table[at] = [found.get(("end", other), INF) for other in range(len(end))]
    return table


def _points(edges: int) -> st.SearchStrategy[Attachment]:
    point = st.tuples(
        st.integers(-1, edges - 1), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), st.sampled_from([0.0, 12.0, 48.0])
    )
    return st.lists(point, max_size=12).map(lambda points: hung(*points))


@st.composite
def travel_cases(draw: st.DrawFn) -> tuple[Network, Attachment, Attachment, float]:
    """Small networks with one-ways, parallel edges, self-loops, islands and ties; sites, demand and a limit."""
    nodes = draw(st.integers(1, 9))
    node, minutes = st.integers(0, nodes - 1), st.sampled_from([0.25, 0.5, 1.0, 1.25, 3.0])
    both = st.tuples(node, node, minutes, minutes)
    one = st.tuples(node, node, minutes, st.just(INF)) | st.tuples(node, node, st.just(INF), minutes)
    edges = draw(st.lists(both | one, min_size=1, max_size=20))
    limit = draw(st.sampled_from([0.25, 1.0, 1.5, 2.0, 4.75, 40.0]))
    return network_of(nodes, edges), draw(_points(len(edges))), draw(_points(len(edges))), limit
