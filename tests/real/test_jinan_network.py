"""Jinan's real roads: 28,597 directed lines without node IDs become the network that the data page describes."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

from planner.network import Network, build_network
from planner.profiles import travel_profile
from planner.roads import Roads


@pytest.fixture(scope="module")
def lines(real_data: Path) -> gpd.GeoDataFrame:
    """Every row of the shapefile in CGCS2000's zone of 117° E, the zero-length one left out."""
    frame = gpd.read_file(real_data / "jinan" / "roads" / "edges.shp").set_crs(4326).to_crs(4548)
    assert len(frame) == 28_597
    frame = frame.rename(columns={"highway": "road_class"}).assign(oneway=True)
    frame.index = pd.Index([f"road:{number}" for number in frame["eid"]], dtype=object)
    return frame[shapely.is_valid(frame.geometry.to_numpy())]


@pytest.fixture(scope="module")
def drive(lines: gpd.GeoDataFrame) -> Network:
    return build_network(Roads(lines), mode="drive")


def test_one_line_has_no_length(lines: gpd.GeoDataFrame) -> None:
    assert len(lines) == 28_596


def test_shared_ends_give_the_nodes_of_the_source(drive: Network, real_data: Path) -> None:
    nodes = gpd.read_file(real_data / "jinan" / "roads" / "nodes.shp").set_crs(4326).to_crs(4548)
    assert len(drive.xy) == len(nodes) == 12_766
    metres, _ = _nearest(shapely.get_coordinates(nodes.geometry.to_numpy()), drive.xy)
    assert metres.max() < 0.001


def test_pieces_and_self_loops_are_as_the_data_page_says(drive: Network) -> None:
    assert int(drive.pieces.max()) + 1 == 26
    assert int((drive.pieces == 0).sum()) == 12_517
    assert int((drive.tail == drive.head).sum()) == 22  # 23 with the one that has no length


def test_the_two_directions_of_a_street_are_one_edge_and_no_metre_is_lost(
    lines: gpd.GeoDataFrame, drive: Network
) -> None:
    directed = drive.metres[np.isfinite(drive.forward)].sum() + drive.metres[np.isfinite(drive.backward)].sum()
    repeated = lines.loc[drive.findings.loc[drive.findings["rule"] == "duplicate", "road"]].length.sum()
    assert directed <= lines.length.sum() <= directed + repeated
    assert len(drive) < 0.65 * len(lines)


def test_nobody_walks_on_trunk_roads_and_motorways(lines: gpd.GeoDataFrame) -> None:
    walk = build_network(Roads(lines))
    assert not set(walk.road_class) & {"motorway", "motorway_link", "trunk", "trunk_link"}
    assert np.array_equal(walk.forward, walk.backward)


def test_driving_times_equal_networkx_over_every_line_as_drawn(
    lines: gpd.GeoDataFrame, drive: Network, rng: np.random.Generator
) -> None:
    profile = travel_profile("drive")
    judge = nx.MultiDiGraph()
    for line, kind in zip(lines.geometry, lines["road_class"], strict=True):
        kmh = profile.class_speeds[kind]
        for (ax, ay), (bx, by) in zip(line.coords, line.coords[1:], strict=False):
            minutes = np.hypot(ax - bx, ay - by) / (kmh * 1000 / 60)
            judge.add_edge((round(ax, 3), round(ay, 3)), (round(bx, 3), round(by, 3)), minutes=minutes)
    graph = nx.MultiDiGraph()
    for tail, head, forward, backward in zip(drive.tail, drive.head, drive.forward, drive.backward, strict=True):
        if np.isfinite(forward):
            graph.add_edge(tail, head, minutes=forward)
        if np.isfinite(backward):
            graph.add_edge(head, tail, minutes=backward)
    for start in rng.choice(len(drive.xy), 5, replace=False):
        ours = nx.single_source_dijkstra_path_length(graph, start, cutoff=12, weight="minutes")
        place = tuple(np.round(drive.xy[start], 3).tolist())
        theirs = nx.single_source_dijkstra_path_length(judge, place, cutoff=12, weight="minutes")
        for node, minutes in ours.items():
            assert theirs[tuple(np.round(drive.xy[node], 3).tolist())] == pytest.approx(minutes, rel=1e-9)


def test_homes_hang_where_shapely_says(lines: gpd.GeoDataFrame, real_data: Path) -> None:
    walk = build_network(Roads(lines))
    cells = pd.read_csv(real_data / "jinan" / "population_cells.csv")
    homes = gpd.GeoSeries(gpd.points_from_xy(cells["lng"], cells["lat"]), crs=4326).to_crs(4548)
    hung = walk.attach(shapely.get_coordinates(homes.to_numpy()))
    near = shapely.STRtree(walk.lines).query_nearest(homes.to_numpy(), all_matches=False, return_distance=True)
    assert (hung.connected == (near[1] <= 300)).all()
    assert hung.off_road_metres[hung.connected] == pytest.approx(near[1][hung.connected], abs=1e-6)
    assert hung.connected.sum() == 13_656


def _nearest(points: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from scipy.spatial import KDTree

    metres, row = KDTree(among).query(points)
    return metres, row
