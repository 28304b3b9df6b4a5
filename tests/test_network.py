"""Network: from hand-drawn roads to edges, minutes and attachments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from planner.area import StudyArea
from planner.errors import ColumnError, DataError, QuestionError
from planner.network import Network, build_network, clipping_at_the_border, describe_findings
from planner.network.hilbert import hilbert_distance
from planner.network.nearest import NearestEdges
from planner.profiles import travel_profile
from planner.roads import Roads

CRS = "EPSG:4549"
EAST, NORTH = 500_000.0, 4_000_000.0
CORNER = np.array([EAST, NORTH])
Line = Sequence[tuple[float, float]]


def roads_of(*lines: Line, ids: Sequence[str] | None = None, **columns: object) -> Roads:
    """Roads drawn through points in metres from a corner of the town; two-way residential unless told."""
    drawn = [LineString([(EAST + x, NORTH + y) for x, y in line]) for line in lines]
    names = list(ids or [f"road:{number}" for number in range(len(lines))])
    table = pd.DataFrame({"road_class": "residential", "oneway": False} | columns, index=pd.Index(names, dtype=object))
    return Roads(gpd.GeoDataFrame(table, geometry=drawn, crs=CRS))


def found(network: Network, rule: str) -> list[str]:
    return network.findings.loc[network.findings["rule"] == rule, "road"].tolist()


def node_at(network: Network, x: float, y: float) -> int:
    away = np.hypot(*(network.xy - [EAST + x, NORTH + y]).T)
    assert away.min() < 0.01
    return int(away.argmin())


def minutes_between(network: Network, start: tuple[float, float], end: tuple[float, float]) -> float | None:
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(len(network.xy)))
    for tail, head, forward, backward in zip(
        network.tail, network.head, network.forward, network.backward, strict=True
    ):
        if np.isfinite(forward):
            graph.add_edge(int(tail), int(head), minutes=forward)
        if np.isfinite(backward):
            graph.add_edge(int(head), int(tail), minutes=backward)
    try:
        return nx.dijkstra_path_length(graph, node_at(network, *start), node_at(network, *end), weight="minutes")
    except nx.NetworkXNoPath:
        return None


# topology


def test_roads_that_share_an_end_join() -> None:
    network = build_network(roads_of([(0, 0), (100, 0)], [(100, 0), (100, 100)]))
    assert (len(network.xy), len(network)) == (3, 2)
    assert minutes_between(network, (0, 0), (100, 100)) == pytest.approx(200 / 0.80 / 60)


def test_a_vertex_shared_by_two_roads_cuts_both() -> None:
    network = build_network(roads_of([(0, 0), (50, 0), (100, 0)], [(50, -50), (50, 0), (50, 50)]))
    assert (len(network.xy), len(network)) == (5, 4)
    assert network.metres.tolist() == [50.0] * 4


def test_an_end_on_anothers_vertex_cuts_the_other() -> None:
    network = build_network(roads_of([(0, 0), (50, 0), (100, 0)], [(50, 0), (50, 50)]))
    assert (len(network.xy), len(network)) == (4, 3)


def test_roads_that_cross_without_a_shared_vertex_do_not_join_like_a_bridge() -> None:
    network = build_network(roads_of([(0, 0), (100, 0)], [(50, -50), (50, 50)]))
    assert len(network) == 2
    assert minutes_between(network, (0, 0), (50, 50)) is None
    assert network.pieces.tolist() != [0, 0, 0, 0]


def test_vertices_are_equal_to_the_millimetre_and_no_further() -> None:
    joined = build_network(roads_of([(0, 0), (100, 0)], [(100.0003, 0), (200, 0)]))
    apart = build_network(roads_of([(0, 0), (100, 0)], [(100.01, 0), (200, 0)]))
    assert (len(joined.xy), len(apart.xy)) == (3, 4)
    assert found(apart, "near-miss") == ["road:0", "road:1"]


def test_a_road_that_crosses_itself_at_a_vertex_joins_itself() -> None:
    eight = [(0, 0), (50, 0), (100, 50), (50, 100), (50, 0), (50, -80)]
    network = build_network(roads_of(eight))
    assert len(network) == 3
    assert found(network, "self-loop") == ["road:0"]


def test_edges_run_from_tail_to_head_along_their_line() -> None:
    network = build_network(roads_of([(0, 0), (50, 10), (100, 0)], [(100, 0), (0, 200)], [(0, 0), (0, 200)]))
    assert np.allclose([line.coords[0] for line in network.lines], network.xy[network.tail])
    assert np.allclose([line.coords[-1] for line in network.lines], network.xy[network.head])
    assert np.allclose(network.metres, shapely.length(network.lines))


def test_trusted_nodes_join_what_coordinates_do_not_and_part_what_they_do() -> None:
    lines = [(0, 0), (100, 0)], [(100, 30), (100, 100)], [(100, 0), (200, 0)]
    network = build_network(roads_of(*lines, from_node=["a", "b", "x"], to_node=["b", "c", "y"]))
    assert len(network.xy) == 5
    assert minutes_between(network, (0, 0), (100, 100)) == pytest.approx(170 / 0.80 / 60)
    assert found(network, "node-apart") == ["road:1"]


def test_nodes_named_at_one_end_only_are_refused() -> None:
    with pytest.raises(DataError, match="to_node"):
        build_network(roads_of([(0, 0), (100, 0)], from_node=["a"]))


# lines drawn twice


def test_a_line_for_each_direction_becomes_one_edge_and_its_vertices_no_nodes() -> None:
    there, back = [(0, 0), (40, 5), (100, 0)], [(100, 0), (40, 5), (0, 0)]
    for mode in ("walk", "drive"):
        network = build_network(roads_of(there, back, oneway=True), mode=mode)
        assert (len(network.xy), len(network)) == (2, 1)
        assert np.isfinite([network.forward, network.backward]).all()
    assert network.findings["rule"].tolist() == ["twins"]


def test_twins_keep_the_speed_of_their_own_direction() -> None:
    roads = roads_of([(0, 0), (1000, 0)], [(1000, 0), (0, 0)], oneway=True, speed_kmh=[60.0, 30.0])
    network = build_network(roads, mode="drive")
    assert minutes_between(network, (0, 0), (1000, 0)) == pytest.approx(1.0)
    assert minutes_between(network, (1000, 0), (0, 0)) == pytest.approx(2.0)


def test_fault_68_exact_duplicates_become_the_quickest_and_are_listed() -> None:
    line = [(0, 0), (1000, 0)]
    network = build_network(roads_of(line, line, line, speed_kmh=[20.0, 60.0, 60.0]), mode="drive")
    assert len(network) == 1
    assert network.forward.tolist() == pytest.approx([1.0])
    assert network.road.tolist() == [1]
    assert found(network, "duplicate") == ["road:0", "road:2"]


def test_pieces_that_overlap_after_cutting_are_merged_too() -> None:
    network = build_network(roads_of([(0, 0), (50, 0), (100, 0)], [(100, 0), (50, 0)], [(50, 0), (50, 50)]))
    assert len(network) == 3
    assert found(network, "duplicate") == ["road:1"]


def test_parallel_roads_of_another_course_are_both_kept() -> None:
    network = build_network(roads_of([(0, 0), (100, 0)], [(0, 0), (50, 40), (100, 0)]))
    assert len(network) == 2


def test_fault_68_self_loops_are_kept_and_listed() -> None:
    network = build_network(roads_of([(0, 0), (100, 0)], [(100, 0), (150, 50), (150, -50), (100, 0)]))
    assert (network.tail == network.head).sum() == 1
    assert found(network, "self-loop") == ["road:1"]


def test_fault_68_lines_without_length_to_the_millimetre_are_left_out_and_listed() -> None:
    network = build_network(roads_of([(0, 0), (100, 0)], [(100, 0), (100.0001, 0)]))
    assert len(network) == 1
    assert found(network, "zero-length") == ["road:1"]


def test_nothing_but_lines_without_length_is_refused() -> None:
    with pytest.raises(DataError, match="any length"):
        build_network(roads_of([(0, 0), (0.0001, 0)]))


def test_fault_68_a_length_of_the_source_is_compared_and_never_used() -> None:
    lines = [[(0, y), (100, y)] for y in range(0, 700, 100)]
    said = [100.4, -100.0, np.nan, 0.0, 100.0, 100.0, 99.0]
    network = build_network(roads_of(*lines, length_metres=said))
    assert network.metres.tolist() == [100.0] * 7
    assert found(network, "length") == ["road:1", "road:2", "road:3"]


def test_fault_69_lengths_in_another_unit_are_told_once() -> None:
    lines = [[(0, y), (100, y)] for y in range(0, 300, 100)]
    network = build_network(roads_of(*lines, length_metres=[0.1, 0.1, 0.1]))
    assert (
        network.findings.loc[network.findings["rule"] == "length-unit", "detail"]
        .str.contains("median ratio 0.001")
        .all()
    )


# how people travel


def test_fault_67_walking_ignores_oneway() -> None:
    network = build_network(roads_of([(0, 0), (100, 0)], oneway=True))
    assert network.forward.tolist() == network.backward.tolist()


def test_driving_honours_oneway_along_the_line() -> None:
    network = build_network(roads_of([(0, 0), (100, 0)], [(100, 0), (100, 100)], oneway=[True, False]), mode="drive")
    assert minutes_between(network, (0, 0), (100, 100)) is not None
    assert minutes_between(network, (100, 100), (0, 0)) is None


@pytest.mark.parametrize("kind", ["motorway", "motorway_link", "trunk", "trunk_link"])
def test_nobody_walks_on_motorways_and_trunk_roads(kind: str) -> None:
    network = build_network(roads_of([(0, 0), (100, 0)], [(0, 0), (0, 100)], road_class=[kind, "footway"]))
    assert network.road_class.tolist() == ["footway"]
    assert network.findings["rule"].tolist() == ["barred"]


def test_the_source_opens_and_closes_roads_whatever_their_class() -> None:
    lines = [(0, 0), (100, 0)], [(0, 0), (0, 100)], [(0, 0), (-100, 0)]
    roads = roads_of(*lines, road_class=["trunk", "footway", "footway"], walk=[True, False, None])
    assert sorted(build_network(roads).road.tolist()) == [0, 2]


def test_steps_take_twice_as_long() -> None:
    network = build_network(roads_of([(0, 0), (48, 0)], road_class="steps"))
    assert network.forward.tolist() == pytest.approx([2.0])


def test_rough_ground_takes_longer_and_an_unknown_surface_does_not() -> None:
    lines = [[(0, y), (48, y)] for y in (0, 100, 200, 300)]
    network = build_network(roads_of(*lines, surface=["mud", "asphalt", None, ""]))
    assert [network.forward[network.road == row][0] for row in range(4)] == pytest.approx([1.5, 1.0, 1.0, 1.0])


def test_driving_goes_by_posted_speed_then_by_class_then_by_the_usual() -> None:
    lines = [[(0, y), (1000, y)] for y in (0, 100, 200)]
    roads = roads_of(*lines, road_class=["primary", "primary", "busway"], speed_kmh=[60.0, np.nan, np.nan])
    network = build_network(roads, mode="drive")
    minutes = dict(zip(network.road.tolist(), network.forward.tolist(), strict=True))
    assert minutes == pytest.approx({0: 1.0, 1: 60 / 45, 2: 1000 / 8.3 / 60})
    assert network.findings["rule"].tolist().count("speed") == 1


def test_a_walking_speed_holds_on_the_road_and_off_it() -> None:
    network = build_network(roads_of([(0, 0), (64 * 0.6, 0)]), metres_per_second=0.64)
    assert network.forward.tolist() == pytest.approx([1.0])
    assert network.profile.access_metres_per_second == 0.64


def test_walking_faster_than_elders_do_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="faster than elders"):
        build_network(roads_of([(0, 0), (100, 0)]), metres_per_second=1.33)


def test_mode_profile_and_speed_must_go_together() -> None:
    roads = roads_of([(0, 0), (100, 0)])
    with pytest.raises(QuestionError, match="one of the two"):
        build_network(roads, mode="walk", profile=travel_profile("drive"))
    with pytest.raises(QuestionError, match="road class"):
        build_network(roads, mode="drive", metres_per_second=10)
    with pytest.raises(QuestionError, match="number above 0"):
        build_network(roads, metres_per_second=0)


def test_no_roads_and_no_open_roads_say_so() -> None:
    with pytest.raises(DataError, match="there are no roads"):
        build_network(Roads(roads_of([(0, 0), (1, 0)]).frame.iloc[:0]))
    with pytest.raises(DataError, match=r"none of the 1 roads is open to walk \(classes motorway\)"):
        build_network(roads_of([(0, 0), (100, 0)], road_class="motorway"))


@pytest.mark.parametrize(
    ("column", "value"),
    [("oneway", "maybe"), ("speed_kmh", -5.0), ("road_class", ""), ("walk", "x"), ("length_metres", "far")],
)
def test_impossible_values_of_a_road_are_refused_by_column(column: str, value: object) -> None:
    with pytest.raises(ColumnError, match=column):
        roads_of([(0, 0), (100, 0)], **{column: [value]})


# the frozen promises of a network


def test_a_network_cannot_be_changed() -> None:
    network = build_network(roads_of([(0, 0), (100, 0)]))
    for name in ("xy", "tail", "forward", "lines"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(network, name)[0] = 0


@pytest.mark.parametrize("minutes", [0.0, -1.0, np.nan, np.inf])
def test_an_edge_nobody_can_travel_is_refused(minutes: float) -> None:
    network = build_network(roads_of([(0, 0), (100, 0)]))
    with pytest.raises(DataError, match="finite travel time"):
        replace(network, forward=[minutes], backward=[minutes])


def test_an_edge_to_nowhere_is_refused() -> None:
    network = build_network(roads_of([(0, 0), (100, 0)]))
    with pytest.raises(DataError, match="two of the network's nodes"):
        replace(network, head=[7])
    with pytest.raises(DataError, match="one length"):
        replace(network, head=[0, 1])


def test_fault_65_pieces_are_numbered_from_the_largest_and_told() -> None:
    network = build_network(roads_of([(0, 0), (9, 0)], [(500, 0), (600, 0)], [(600, 0), (700, 0)]))
    assert network.pieces[node_at(network, 700, 0)] == 0
    assert network.pieces[node_at(network, 0, 0)] == 1
    assert "2 pieces" in network.findings.set_index("rule").at["pieces", "detail"]
    assert repr(network) == "<Network to walk: 5 nodes, 3 edges, 0 km, 2 pieces>"


def test_findings_are_told_in_both_languages_by_rule() -> None:
    there, back = [(0, 0), (100, 0)], [(100, 0), (0, 0)]
    roads = roads_of(
        there, back, there, [(500, 0), (600, 0)], [(0, 0), (0, 9)], oneway=True, road_class=4 * ["path"] + ["trunk"]
    )
    findings = build_network(roads).findings
    assert describe_findings(findings, lang="en") == [
        "1 roads of class trunk are not open to walk",
        "1 lines drawn once for each direction became one edge with their opposite",
        "lines drawn twice: 1",
        "2 pieces that do not connect; the largest holds 50.0% of the road length",
    ]
    assert describe_findings(findings) == [
        "1 条 trunk 类道路不对步行开放",
        "1 条按方向分别绘制的线与其反向线合并为一条",
        "重复绘制的线：1 条",
        "路网分为互不连通的 2 片，最大一片占道路总长的 50.0%",
    ]


def test_the_curve_visits_every_cell_of_a_small_square_once_and_never_jumps() -> None:
    cells = np.array([(x, y) for x in range(8) for y in range(8)], dtype=float)
    path = cells[np.argsort(hilbert_distance(cells))]
    assert (np.abs(np.diff(path, axis=0)).sum(axis=1) == 1).all()


def test_the_curve_takes_no_points_and_one_point() -> None:
    assert hilbert_distance(np.empty((0, 2))).tolist() == []
    assert hilbert_distance(np.array([[5.0, 5.0]])).tolist() == [0]


# against an independent judge: networkx over the vertices of the same lines


@st.composite
def drawn_roads(draw: st.DrawFn) -> gpd.GeoDataFrame:
    corner = st.tuples(st.integers(0, 5), st.integers(0, 5))
    lines = draw(st.lists(st.lists(corner, min_size=2, max_size=5), min_size=1, max_size=12))
    lines = [[a for a, b in zip(line, [None, *line], strict=False) if a != b] for line in lines]
    lines = [line for line in lines if len(line) > 1] or [[(0, 0), (1, 0)]]
    count = len(lines)
    kinds = draw(st.lists(st.sampled_from(["residential", "primary", "service"]), min_size=count, max_size=count))
    oneway = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    order = draw(st.permutations(range(count)))
    frame = roads_of(
        *([(100.0 * x, 100.0 * y) for x, y in line] for line in lines), road_class=kinds, oneway=oneway
    ).frame
    return frame.iloc[list(order)]


def naive_minutes(frame: gpd.GeoDataFrame, mode: str) -> dict[tuple[float, float], dict[tuple[float, float], float]]:
    """All times between vertices, every straight stretch of every line an edge of its own."""
    graph = nx.MultiDiGraph()
    profile = travel_profile(mode)
    for line, kind, oneway in zip(frame.geometry, frame["road_class"], frame["oneway"], strict=True):
        metres_per_minute = 48.0 if mode == "walk" else profile.class_speeds[kind] * 1000 / 60
        for a, b in zip(line.coords, line.coords[1:], strict=False):
            minutes = np.hypot(a[0] - b[0], a[1] - b[1]) / metres_per_minute
            graph.add_edge(a, b, minutes=minutes)
            if mode == "walk" or not oneway:
                graph.add_edge(b, a, minutes=minutes)
    return dict(nx.all_pairs_dijkstra_path_length(graph, weight="minutes"))


@pytest.mark.parametrize("mode", ["walk", "drive"])
@settings(max_examples=60, deadline=None)
@given(frame=drawn_roads())
def test_times_between_nodes_equal_networkx_on_the_same_lines(mode: str, frame: gpd.GeoDataFrame) -> None:
    expected = naive_minutes(frame, mode)
    network = build_network(Roads(frame), mode=mode)
    graph = nx.MultiDiGraph()
    places = [tuple(xy) for xy in network.xy]
    for tail, head, forward, backward in zip(
        network.tail, network.head, network.forward, network.backward, strict=True
    ):
        for start, end, minutes in ((tail, head, forward), (head, tail, backward)):
            if np.isfinite(minutes):
                graph.add_edge(places[start], places[end], minutes=minutes)
    for start, reached in nx.all_pairs_dijkstra_path_length(graph, weight="minutes"):
        assert reached == pytest.approx({end: m for end, m in expected[start].items() if end in set(places)})


@settings(max_examples=40, deadline=None)
@given(frame=drawn_roads(), seed=st.integers(0, 9))
def test_fault_76_the_order_of_rows_changes_nothing(frame: gpd.GeoDataFrame, seed: int) -> None:
    one = build_network(Roads(frame), mode="drive")
    shuffled = frame.sample(frac=1, random_state=seed)
    other = build_network(Roads(shuffled), mode="drive")
    for name in ("xy", "tail", "head", "metres", "forward", "backward", "road_class"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert shapely.equals_exact(one.lines, other.lines).all()
    assert frame.index[one.road].tolist() == shuffled.index[other.road].tolist()
    assert one.findings.equals(other.findings)


# attaching


def attach(network: Network, *places: tuple[float, float], **options: float) -> list[tuple[int, float, float]]:
    xy = np.array([(EAST + x, NORTH + y) for x, y in places]).reshape(-1, 2)
    hung = network.attach(xy, **options)
    return list(zip(hung.edge.tolist(), hung.fraction.tolist(), hung.off_road_metres.tolist(), strict=True))


def test_a_point_hangs_on_its_nearest_road_with_its_offset() -> None:
    network = build_network(roads_of([(0, 0), (100, 0)], [(0, 400), (100, 400)]))
    [(edge, fraction, metres)] = attach(network, (25, 30))
    assert network.road[edge] == 0
    assert (min(fraction, 1 - fraction), metres) == pytest.approx((0.25, 30.0))


def test_fault_66_a_point_over_the_snap_distance_is_not_connected_and_one_at_it_is() -> None:
    network = build_network(roads_of([(0, 0), (100, 0)]))
    hung = network.attach(np.array([[EAST + 50, NORTH + 300.0], [EAST + 50, NORTH + 300.001]]))
    assert hung.connected.tolist() == [True, False]
    assert hung.edge.tolist() == [0, -1]
    assert len(hung) == 2


def test_the_snap_distance_may_be_given() -> None:
    network = build_network(roads_of([(0, 0), (100, 0)]))
    assert [edge for edge, *_ in attach(network, (50, 0), (50, 5), snap_metres=1)] == [0, -1]
    assert [edge for edge, *_ in attach(network, (50, 1e6), snap_metres=np.inf)] == [0]


def test_of_roads_equally_near_the_lower_edge_is_taken() -> None:
    network = build_network(roads_of([(0, 0), (100, 37.3)], [(100, 37.3), (203.7, 0)], [(100, 37.3), (101.1, 93.3)]))
    corner = node_at(network, 100, 37.3)
    incident = np.flatnonzero((network.tail == corner) | (network.head == corner))
    assert [edge for edge, *_ in attach(network, (100, 37.3))] == [incident.min()]
    ladder = build_network(roads_of([(0, 0), (100, 0)], [(0, 10), (100, 10)]))
    assert [edge for edge, *_ in attach(ladder, (50, 5))] == [0]


def test_nobody_drives_off_a_motorway_to_a_door() -> None:
    roads = roads_of([(0, 0), (100, 0)], [(0, 90), (100, 90)], road_class=["motorway", "residential"])
    network = build_network(roads, mode="drive")
    [(edge, _, metres)] = attach(network, (50, 1))
    assert (network.road_class[edge], metres) == ("residential", 89.0)
    nowhere = build_network(roads_of([(0, 0), (100, 0)], road_class="motorway"), mode="drive")
    assert attach(nowhere, (50, 1)) == [(-1, 0.0, np.inf)]


def test_no_points_hang_nowhere_and_nan_is_refused() -> None:
    network = build_network(roads_of([(0, 0), (100, 0)]))
    assert attach(network) == []
    with pytest.raises(DataError, match="NaN"):
        network.attach(np.array([[np.nan, 0.0]]))


@settings(max_examples=40, deadline=None)
@given(frame=drawn_roads(), seed=st.integers(0, 1000), limit=st.sampled_from([5.0, 60.0, 300.0, 5000.0]))
def test_attaching_equals_shapelys_distance_to_every_edge(frame: gpd.GeoDataFrame, seed: int, limit: float) -> None:
    network = build_network(Roads(frame))
    rng = np.random.default_rng(seed)
    xy = np.concatenate((rng.uniform(-400, 900, (40, 2)), rng.integers(0, 6, (10, 2)) * 100.0)) + CORNER
    hung = network.attach(xy, snap_metres=limit)
    every = shapely.distance(shapely.points(xy)[:, None], network.lines[None, :])
    nearest = every.min(axis=1)
    assert (hung.connected == (nearest <= limit)).all()
    on = hung.connected
    assert hung.off_road_metres[on] == pytest.approx(nearest[on], abs=1e-6)
    assert every[on, hung.edge[on]] == pytest.approx(nearest[on], abs=1e-6)
    along = shapely.line_interpolate_point(network.lines[hung.edge[on]], hung.fraction[on], normalized=True)
    assert shapely.distance(along, shapely.points(xy[on])) == pytest.approx(nearest[on], abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    scale=st.sampled_from([1.0, 7.3, 40.0, 900.0]),
    limit=st.sampled_from([0.0, 9.0, 250.0, np.inf]),
)
def test_the_nearest_segment_is_that_of_trying_all_of_them_ties_and_all(seed: int, scale: float, limit: float) -> None:
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, 12, (30, 2, 2)) * scale  # on a lattice, where ties and touching ends are common
    ends[:3] = rng.uniform(-20, 40, (3, 2, 2)) * scale
    ends = ends[(ends[:, 0] != ends[:, 1]).any(axis=1)]
    lines = np.asarray(shapely.linestrings(ends), object)
    xy = np.concatenate((rng.integers(-2, 15, (40, 2)) * scale / 2, rng.uniform(-30, 60, (30, 2)) * scale))
    nearest = NearestEdges.of(lines, np.arange(len(lines)))
    found = nearest.find(xy, limit)
    (x, y), (ax, ay, bx, by) = (xy - nearest.origin).T[:, :, None], nearest.ends.T
    dx, dy = bx - ax, by - ay
    share = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0, 1)
    squares = ((1 - share) * ax + share * bx - x) ** 2 + ((1 - share) * ay + share * by - y) ** 2
    best, metres = squares.argmin(axis=1), np.sqrt(squares.min(axis=1))
    near = metres <= limit
    assert found.edge.tolist() == np.where(near, best, -1).tolist()
    assert found.metres[near].tolist() == metres[near].tolist()
    assert found.fraction[near] == pytest.approx(share[np.arange(len(xy)), best][near], abs=1e-12)


def test_attaching_many_points_equals_shapely_over_many_blocks(rng: np.random.Generator) -> None:
    lines = [[(x, 0), (x + rng.normal(), 2000)] for x in range(0, 2000, 40)]
    network = build_network(roads_of(*lines, [(2500, 0), (9000, 100)]))
    xy = np.column_stack((rng.uniform(-200, 9500, 20_000), rng.uniform(-200, 2300, 20_000))) + CORNER
    hung = network.attach(xy)
    nearest, metres = shapely.STRtree(network.lines).query_nearest(
        shapely.points(xy), max_distance=300.0, all_matches=False, return_distance=True
    )
    assert np.flatnonzero(hung.connected).tolist() == nearest[0].tolist()
    assert hung.off_road_metres[hung.connected] == pytest.approx(metres, abs=1e-6)


# the border


def streets(*, low: float, high: float) -> Roads:
    return roads_of(
        *([(x, low), (x, high)] for x in range(100, 2000, 200)),
        *([(low, y), (high, y)] for y in range(100, 2000, 200)),
    )


def test_fault_70_roads_cut_at_the_border_are_told(area: StudyArea) -> None:
    assert "止于边界 40 条" in str(clipping_at_the_border(streets(low=0, high=2000), area))
    told = clipping_at_the_border(streets(low=30, high=1970), area)
    assert told is not None
    assert "0 lie outside" in told.en


def test_fault_70_roads_that_go_on_outside_are_not_told_of(area: StudyArea) -> None:
    assert clipping_at_the_border(streets(low=-800, high=2800), area) is None
    assert clipping_at_the_border(streets(low=300, high=1500), replace(area, buffer_metres=0)) is None
    assert clipping_at_the_border(roads_of([(900, 900), (1000, 1000)]), area) is None
