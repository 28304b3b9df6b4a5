"""Coverage of Jinan on foot and by car: the compiled search against networkx, all pairs and their minutes."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

from planner.area import StudyArea
from planner.network import Attachment, Network, build_network
from planner.routing import nearest
from planner.routing.compiled import Compiled
from planner.routing.dijkstra import Dijkstra
from planner.routing.terminals import along_edge, terminals
from planner.sources import read_area, read_roads
from tests.contracts.test_routers import table

SITES, POINTS = 80, 3000
LIMITS = {"walk": 15.0, "drive": 6.0}


@pytest.fixture(scope="module")
def area(real_data: Path) -> StudyArea:
    return read_area(
        real_data / "jinan" / "districts.gpkg", names=["历下区", "市中区", "槐荫区", "天桥区"], on="2023-12-31"
    )


@pytest.fixture(scope="module", params=["walk", "drive"])
def network(request: pytest.FixtureRequest, real_data: Path, area: StudyArea) -> Network:
    return build_network(
        read_roads(real_data / "jinan" / "roads" / "edges.shp", area=area, crs="EPSG:4326"), mode=request.param
    )


@pytest.fixture(scope="module")
def people(real_data: Path, area: StudyArea, network: Network) -> Attachment:
    cells = pd.read_csv(real_data / "jinan" / "population_cells.csv")
    to_metres = Transformer.from_crs("EPSG:4326", area.crs, always_xy=True)
    xy = np.column_stack(to_metres.transform(cells["lng"], cells["lat"]))
    inside = np.flatnonzero(shapely.contains_xy(area.polygon, xy))
    return network.attach(xy[np.random.default_rng(1).choice(inside, POINTS, replace=False)])


@pytest.fixture(scope="module")
def sites(network: Network) -> Attachment:
    rng = np.random.default_rng(5)
    edges = rng.choice(np.flatnonzero(network.attaches), SITES)
    return Attachment(edges, rng.random(SITES), rng.random(SITES) * 60)


def by_networkx(network: Network, sites: Attachment, people: Attachment, limit: float) -> np.ndarray:
    """Minutes from people to sites by networkx, on the network's own minutes; shape ``(sites, people)``."""
    graph = nx.DiGraph()
    for tail, head, forward, backward in zip(
        network.tail, network.head, network.forward, network.backward, strict=True
    ):
        for start, end, minutes in ((head, tail, forward), (tail, head, backward)):  # against the traffic
            if np.isfinite(minutes) and minutes < graph.get_edge_data(start, end, {"minutes": np.inf})["minutes"]:
                graph.add_edge(int(start), int(end), minutes=float(minutes))
    graph.add_nodes_from(range(len(network.xy)))
    doors, homes = terminals(network, sites, arriving=True), terminals(network, people, arriving=False)
    found = np.full((len(sites), len(people)), np.inf)
    for at, row in enumerate(doors.point):
        times = np.full(len(network.xy), np.inf)
        for node, leg in ((doors.tail[at], doors.to_tail[at]), (doors.head[at], doors.to_head[at])):
            if leg <= limit:
                near = nx.single_source_dijkstra_path_length(
                    graph, int(node), cutoff=limit - leg + 1e-6, weight="minutes"
                )
                nodes = np.fromiter(near.keys(), int)
                times[nodes] = np.minimum(times[nodes], leg + np.fromiter(near.values(), float))
        total = np.minimum(times[homes.tail] + homes.to_tail, times[homes.head] + homes.to_head)
        same = np.flatnonzero(homes.edge == doors.edge[at])
        direct = along_edge(network, homes.edge[same], homes.fraction[same], np.full(len(same), doors.fraction[at]))
        total[same] = np.minimum(total[same], direct + homes.access[same] + doors.access[at])
        found[row, homes.point] = np.where(total <= limit + 1e-6, total, np.inf)
    return found


def test_all_pairs_and_minutes_are_those_of_networkx(network: Network, sites: Attachment, people: Attachment) -> None:
    limit = LIMITS[network.profile.mode]
    found = table(Compiled().reach(network, sites, people, minutes=limit), len(people))
    expected = by_networkx(network, sites, people, limit)
    assert np.isfinite(expected).sum() > 500
    assert np.array_equal(np.isfinite(found), np.isfinite(expected))
    np.testing.assert_allclose(found, expected, rtol=1.2e-7)


def test_both_routers_agree_to_the_bit(network: Network, sites: Attachment, people: Attachment) -> None:
    limit = LIMITS[network.profile.mode]
    first, second = (router.reach(network, sites, people, minutes=limit) for router in (Compiled(), Dijkstra()))
    assert np.array_equal(first.starts, second.starts)
    assert np.array_equal(first.points, second.points)
    assert np.array_equal(first.minutes, second.minutes)


def test_the_nearest_site_is_the_first_of_all_pairs(network: Network, sites: Attachment, people: Attachment) -> None:
    limit = LIMITS[network.profile.mode]
    everything = table(Compiled().reach(network, sites, people, minutes=limit), len(people))
    found = nearest(network, sites, people, minutes=limit)
    assert np.array_equal(found.minutes[:, 0].astype(np.float32), everything.min(axis=0).astype(np.float32))


def test_fault_66_the_unconnected_are_told(network: Network, people: Attachment) -> None:
    assert 0.5 < people.connected.mean() <= 1.0
