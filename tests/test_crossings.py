"""Crossings: the wait to cross a road, by hand and beside networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.coverage import cover
from planner.errors import QuestionError
from planner.network import Network, build_network
from planner.profiles import Profile, signal_wait, travel_profile
from tests.town import demand_of, roads_of, sites_of

WAIT = {"primary": 60.0, "secondary": 30.0, "trunk": 90.0}
STREET = 1 / 48  # minutes a metre
EAST, WEST, NORTH, SOUTH = [(100, 0), (200, 0)], [(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, -100), (100, 0)]
HOMES = {"east": (150, 0), "west": (50, 0), "north": (100, 50), "south": (100, -50)}


@pytest.fixture
def patient() -> Profile:
    return travel_profile("walk").but(crossing_seconds=WAIT)


def minutes_between(network: Network, start: tuple[float, float], end: tuple[float, float]) -> float:
    found = cover(network, demand_of([start]), sites_of([end]), minutes=400)
    assert len(found.minutes) == 1
    return float(found.minutes[0])


def waited(profile: Profile, start: str, end: str, *, roads: str = "primary", **columns: object) -> float:
    """Seconds waited at a junction whose east and west arms are of one class, the others residential."""
    classes = [roads, roads, "residential", "residential"]
    given = roads_of([EAST, WEST, NORTH, SOUTH], road_class=classes, **columns)
    both = [minutes_between(build_network(given, profile=one), HOMES[start], HOMES[end])
            for one in (profile, travel_profile("walk"))]  # fmt: skip
    return (both[0] - both[1]) * 60


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [("south", "north", 60), ("north", "south", 60), ("south", "east", 30), ("east", "south", 30), ("west", "east", 0)],
)
def test_straight_over_waits_once_turning_in_half_and_going_along_never(
    patient: Profile, start: str, end: str, seconds: float
) -> None:
    assert waited(patient, start, end) == pytest.approx(seconds, abs=1e-3)


def test_a_road_nobody_walks_along_is_waited_for_where_streets_cross_it(patient: Profile) -> None:
    roads = roads_of([EAST, WEST, NORTH, SOUTH], road_class=["trunk", "trunk", "residential", "residential"])
    network = build_network(roads, profile=patient)
    assert set(network.road_class) == {"residential"}
    assert minutes_between(network, HOMES["south"], HOMES["north"]) == pytest.approx(100 * STREET + 1.5, abs=1e-5)


def test_bridges_over_a_road_do_not_wait(patient: Profile) -> None:
    roads = roads_of([[(0, 0), (200, 0)], [(100, -100), (100, 100)]], road_class=["primary", "residential"])
    network = build_network(roads, profile=patient)
    assert minutes_between(network, HOMES["south"], HOMES["north"]) == pytest.approx(100 * STREET, abs=1e-5)


def test_two_carriageways_are_one_road_to_cross(patient: Profile) -> None:
    lines = [
        [(0, 0), (100, 0), (200, 0)],
        [(200, 20), (100, 20), (0, 20)],
        [(100, -100), (100, 0)],
        [(100, 0), (100, 20)],
        [(100, 20), (100, 100)],
    ]
    roads = roads_of(lines, road_class=["primary"] * 2 + ["residential"] * 3, oneway=[True, True, False, False, False])
    network = build_network(roads, profile=patient)
    assert minutes_between(network, (100, -50), (100, 60)) == pytest.approx(110 * STREET + 1.0, abs=1e-5)


def test_whoever_walks_away_from_the_crossing_does_not_wait(patient: Profile) -> None:
    lines = [EAST, WEST, NORTH, [(100, 100), (100, 200)]]
    roads = roads_of(lines, road_class=["primary", "primary", "residential", "residential"])
    network = build_network(roads, profile=patient)
    assert minutes_between(network, (100, 20), (100, 150)) == pytest.approx(130 * STREET, abs=1e-5)
    assert minutes_between(network, (100, 5), (100, 150)) < 145 * STREET + 0.5  # at the kerb, half of the half


def test_a_street_shorter_than_the_kerb_waits_at_either_end(patient: Profile) -> None:
    lines = [EAST, WEST, [(100, 0), (100, 12)], [(0, 12), (100, 12)], [(100, 12), (200, 12)]]
    roads = roads_of(lines, road_class=["primary", "primary", "residential", "secondary", "secondary"])
    network = build_network(roads, profile=patient)
    assert minutes_between(network, (50, 0), (50, 12)) == pytest.approx(112 * STREET + (30 + 15) / 60, abs=1e-5)
    assert network.metres.sum() == pytest.approx(412)


def test_without_waits_the_network_is_the_same_to_the_bit() -> None:
    roads = roads_of([EAST, WEST, NORTH, SOUTH], road_class=["primary", "primary", "residential", "residential"])
    none = travel_profile("walk").but(crossing_seconds={"primary": 0.0})
    plain, same = build_network(roads), build_network(roads, profile=none)
    assert np.array_equal(plain.forward, same.forward)
    assert len(plain.xy) == len(same.xy)


def test_the_mean_wait_at_a_signal_is_the_manuals() -> None:
    assert signal_wait(120, 30) == 33.75
    assert signal_wait(60, 60) == 0.0
    with pytest.raises(QuestionError, match="does not fit"):
        signal_wait(60, 90)


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_impossible_waits_are_refused_by_class(seconds: float) -> None:
    with pytest.raises(QuestionError, match="crossing_seconds of primary"):
        travel_profile("walk").but(crossing_seconds={"primary": seconds})


def test_drivers_do_not_wait_twice() -> None:
    with pytest.raises(QuestionError, match="for walking"):
        travel_profile("drive").but(crossing_seconds={"primary": 30.0})


CLASSES = ("residential", "secondary", "primary", "trunk", "footway")


@st.composite
def towns(draw: st.DrawFn) -> tuple[list[list[tuple[float, float]]], list[str], list[bool]]:
    """Streets of a 4 by 4 grid of blocks of 120 m, some missing, each of any class, some one carriageway."""
    places = [(x, y) for x in range(4) for y in range(4)]
    pairs = [((x, y), (x + dx, y + dy)) for x, y in places for dx, dy in ((1, 0), (0, 1)) if x + dx < 4 and y + dy < 4]
    kept = draw(st.lists(st.sampled_from(pairs), min_size=6, unique=True))
    lines = [[(a[0] * 120.0, a[1] * 120.0), (b[0] * 120.0, b[1] * 120.0)] for a, b in kept]
    count = len(kept)
    classes = draw(st.lists(st.sampled_from(CLASSES), min_size=count, max_size=count))
    return lines, classes, draw(st.lists(st.booleans(), min_size=count, max_size=count))


@settings(max_examples=60, deadline=None)
@given(towns())
def test_times_door_to_door_equal_networkx_with_waits_counted_arm_by_arm(
    town: tuple[list[list[tuple[float, float]]], list[str], list[bool]],
) -> None:
    lines, classes, single = town
    walked = [at for at, name in enumerate(classes) if name != "trunk"]
    if not walked:
        return
    worth = [WAIT.get(name, 0.0) / (2 if alone else 1) for name, alone in zip(classes, single, strict=True)]
    arms = [(place, at) for at, line in enumerate(lines) for place in line]

    def wait(place: tuple[float, float], street: int) -> float:
        others = sorted((worth[at] for here, at in arms if here == place and at != street), reverse=True)
        return others[1] / 120 if len(others) > 1 else 0.0

    graph = nx.Graph()
    for at in walked:
        for place in lines[at]:
            graph.add_edge(place, at, minutes=60 * STREET + wait(place, at))
    middles = [tuple(np.mean(lines[at], axis=0)) for at in walked]
    profile = travel_profile("walk").but(crossing_seconds=WAIT)
    network = build_network(roads_of(lines, road_class=classes, oneway=single), profile=profile)
    found = cover(network, demand_of(middles), sites_of(middles), minutes=400)
    table = np.full((len(walked), len(walked)), np.inf)
    table[found.site, found.points] = found.minutes
    for row, at in enumerate(walked):
        known = nx.single_source_dijkstra_path_length(graph, at, weight="minutes")
        expected = [known.get(other, np.inf) for other in walked]
        assert table[row] == pytest.approx(expected, rel=1e-6, abs=1e-5)
