"""The laws every router keeps, each judged by networkx and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from planner.errors import QuestionError
from planner.network import Attachment, Network
from planner.routing import Reach, Router, default_router
from planner.routing.compiled import Compiled
from planner.routing.dijkstra import Dijkstra
from tests.networks import INF, hung, naive_minutes, network_of, travel_cases

ROUTERS = [Compiled(threads=1), Compiled(threads=2), Dijkstra()]
Case = tuple[Network, Attachment, Attachment, float]


@pytest.fixture(params=ROUTERS, ids=["compiled", "compiled, two threads", "scipy"])
def router(request: pytest.FixtureRequest) -> Router:
    return request.param


def table(reach: Reach, points: int) -> np.ndarray:
    """Minutes as a matrix, infinite where a pair is absent; shape ``(sites, points)``."""
    sites = len(reach.starts) - 1
    dense = np.full((sites, points), INF)
    dense[np.repeat(np.arange(sites), np.diff(reach.starts)), reach.points] = reach.minutes
    return dense


@settings(max_examples=200, deadline=None)
@given(case=travel_cases())
def test_pairs_and_minutes_are_those_of_networkx(case: Case) -> None:
    network, sites, demand, limit = case
    router = ROUTERS[0]  # the next test ties the others to it
    for towards in ("sites", "people"):
        reach = router.reach(network, sites, demand, minutes=limit, towards=towards)
        there = towards == "sites"
        exact = naive_minutes(network, demand, sites).T if there else naive_minutes(network, sites, demand)
        expected = np.where(exact <= limit + 1e-6, exact, INF)
        found = table(reach, len(demand))
        assert np.array_equal(np.isfinite(found), np.isfinite(expected))
        np.testing.assert_allclose(found, expected, rtol=1.2e-7, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(case=travel_cases())
def test_all_routers_agree_to_the_bit(case: Case) -> None:
    network, sites, demand, limit = case
    first, *others = [router.reach(network, sites, demand, minutes=limit) for router in ROUTERS]
    for other in others:
        assert np.array_equal(first.starts, other.starts)
        assert np.array_equal(first.points, other.points)
        assert np.array_equal(first.minutes, other.minutes)


def test_all_routers_agree_to_the_bit_on_a_city(rng: np.random.Generator) -> None:
    from benchmarks.networks import scattered, synthetic_network

    network = synthetic_network(3000, "drive")
    sites, demand = scattered(network, 150, seed=4), scattered(network, 4000, seed=5)
    first, *others = [router.reach(network, sites, demand, minutes=4.0) for router in ROUTERS]
    assert len(first.points) > 10_000
    for other in others:
        assert np.array_equal(first.starts, other.starts)
        assert np.array_equal(first.points, other.points)
        assert np.array_equal(first.minutes, other.minutes)


@pytest.mark.parametrize("spread", [0.0, 3.0, 6.0], ids=["even", "a thousand times", "a million times"])
def test_all_routers_agree_to_the_bit_on_squares_of_many_roads_short_and_long(
    rng: np.random.Generator, spread: float
) -> None:
    """Hubs with more roads than a node's four places, roads so long that the queue's ring starts anew."""
    nodes, roads = 400, 4000
    ends = np.where(
        rng.random((roads, 2)) < 0.3, rng.integers(8, size=(roads, 2)), rng.integers(nodes, size=(roads, 2))
    )
    ends = ends[ends[:, 0] != ends[:, 1]]
    minutes = 10.0 ** -rng.uniform(0, spread, len(ends)) * 120
    network = network_of(nodes, np.column_stack((ends, minutes, minutes * rng.uniform(0.5, 2, len(ends)))))
    sites, demand = (
        hung(*zip(rng.integers(len(ends), size=n), rng.random(n), np.zeros(n), strict=True)) for n in (40, 900)
    )
    reaches = [router.reach(network, sites, demand, minutes=470.0) for router in ROUTERS]
    assert len(reaches[0].points) > 1000
    for other in reaches[1:]:
        assert np.array_equal(reaches[0].starts, other.starts)
        assert np.array_equal(reaches[0].points, other.points)
        assert np.array_equal(reaches[0].minutes, other.minutes)


def test_a_queue_that_was_too_small_is_enlarged_and_nothing_is_lost(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks.networks import scattered, synthetic_network

    network = synthetic_network(400, "drive")
    sites, demand = scattered(network, 5, seed=1), scattered(network, 300, seed=2)
    expected = Dijkstra().reach(network, sites, demand, minutes=10.0)
    monkeypatch.setattr("planner.routing.prepare.ROOM", 2)
    found = Compiled(threads=1).reach(network, sites, demand, minutes=10.0)
    assert np.array_equal(found.points, expected.points)
    assert np.array_equal(found.minutes, expected.minutes)


def test_fault_71_a_point_at_exactly_the_limit_is_within(router: Router) -> None:
    network = network_of(3, [(0, 1, 10.0, 10.0), (1, 2, 5.1, 5.1)])
    reach = router.reach(network, hung((0, 0.0, 0.0)), hung((1, 1.0, 0.0), (1, 0.5, 48.0 * 2.55)), minutes=15.1)
    assert reach.points.tolist() == [0, 1]
    assert len(router.reach(network, hung((0, 0.0, 0.0)), hung((1, 1.0, 0.0)), minutes=15.09999).points) == 0


def test_fault_65_what_lies_on_an_island_is_absent_and_never_a_number(router: Router) -> None:
    network = network_of(4, [(0, 1, 1.0, 1.0), (2, 3, 1.0, 1.0)])
    reach = router.reach(network, hung((0, 0.5, 0.0), (1, 0.5, 0.0)), hung((1, 0.0, 0.0)), minutes=100.0)
    assert reach.starts.tolist() == [0, 0, 1]


def test_fault_66_a_point_that_is_not_connected_reaches_nothing(router: Router) -> None:
    network = network_of(2, [(0, 1, 1.0, 1.0)])
    reach = router.reach(network, hung((-1, 0.0, 0.0), (0, 0.0, 0.0)), hung((0, 0.0, 0.0), (-1, 0.0, 0.0)), minutes=9.0)
    assert reach.starts.tolist() == [0, 0, 1]
    assert reach.points.tolist() == [0]


def test_points_on_one_road_travel_along_it_without_passing_its_ends(router: Router) -> None:
    network = network_of(2, [(0, 1, 8.0, 8.0)])
    reach = router.reach(network, hung((0, 0.25, 48.0)), hung((0, 0.5, 24.0)), minutes=15.0)
    assert reach.minutes.tolist() == [1.0 + 2.0 + 0.5]


def test_a_one_way_road_is_travelled_only_along_its_direction(router: Router) -> None:
    network = network_of(3, [(0, 1, 4.0, INF), (1, 2, 1.0, 1.0)])
    at_start, at_end = hung((0, 0.25, 0.0)), hung((0, 0.75, 0.0))
    assert router.reach(network, at_end, at_start, minutes=15.0).minutes.tolist() == [2.0]
    assert len(router.reach(network, at_start, at_end, minutes=15.0).points) == 0
    assert router.reach(network, at_start, at_end, minutes=15.0, towards="people").minutes.tolist() == [2.0]


def test_a_point_at_the_end_of_a_one_way_road_is_the_crossing_there(router: Router) -> None:
    network = network_of(3, [(0, 1, 4.0, INF), (1, 2, 1.0, 1.0)])
    assert router.reach(network, hung((0, 1.0, 0.0)), hung((1, 1.0, 0.0)), minutes=5.0).minutes.tolist() == [1.0]


@pytest.mark.parametrize(("sites", "points"), [(0, 0), (0, 2), (2, 0)])
def test_no_sites_or_no_people_give_no_pairs(router: Router, sites: int, points: int) -> None:
    network = network_of(2, [(0, 1, 1.0, 1.0)])
    here = (0, 0.5, 0.0)
    reach = router.reach(network, hung(*[here] * sites), hung(*[here] * points), minutes=9.0)
    assert reach.starts.tolist() == [0] * (sites + 1)
    assert len(reach.points) == 0


def test_a_network_without_roads_gives_no_pairs(router: Router) -> None:
    nowhere = hung((-1, 0.0, 0.0))
    assert len(router.reach(network_of(3, []), nowhere, nowhere, minutes=9.0).points) == 0


def test_shuffling_sites_and_people_changes_nothing_but_the_order(router: Router, rng: np.random.Generator) -> None:
    from benchmarks.networks import scattered, synthetic_network

    network = synthetic_network(900, "walk")
    sites, demand = scattered(network, 20, seed=1), scattered(network, 300, seed=2)
    site, point = rng.permutation(20), rng.permutation(300)
    shuffled = [Attachment(a.edge[p], a.fraction[p], a.off_road_metres[p]) for a, p in ((sites, site), (demand, point))]
    straight = table(router.reach(network, sites, demand, minutes=20.0), 300)
    assert np.array_equal(table(router.reach(network, *shuffled, minutes=20.0), 300), straight[np.ix_(site, point)])


def test_progress_ends_with_all_sites_done(router: Router) -> None:
    from benchmarks.networks import scattered, synthetic_network

    network, told = synthetic_network(400, "walk"), []
    sites, demand = scattered(network, 30, seed=1), scattered(network, 50, seed=2)
    router.reach(network, sites, demand, minutes=5.0, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (30, 30)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_raising_from_progress_stops_the_search_and_leaves_the_router_whole(router: Router) -> None:
    from benchmarks.networks import scattered, synthetic_network

    network = synthetic_network(400, "walk")
    sites, demand = scattered(network, 300, seed=1), scattered(network, 50, seed=2)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    before = router.reach(network, sites, demand, minutes=5.0)
    with pytest.raises(KeyboardInterrupt):
        router.reach(network, sites, demand, minutes=5.0, progress=stop)
    after = router.reach(network, sites, demand, minutes=5.0)
    assert np.array_equal(before.points, after.points)
    assert np.array_equal(before.minutes, after.minutes)


def test_the_default_router_is_the_compiled_one() -> None:
    assert default_router().name == "compiled"


def test_the_compiled_router_refuses_limits_it_cannot_count_to() -> None:
    network = network_of(2, [(0, 1, 1.0, 1.0)])
    with pytest.raises(QuestionError, match=r"router=Dijkstra\(\)"):
        Compiled().reach(network, hung((0, 0.5, 0.0)), hung((0, 0.5, 0.0)), minutes=1000.0)


def test_an_arc_of_many_hours_does_not_overflow(router: Router) -> None:
    network = network_of(3, [(0, 1, 1e7, 1e7), (1, 2, 1.0, 1.0)])
    reach = router.reach(network, hung((1, 0.0, 0.0)), hung((0, 0.0, 0.0), (1, 1.0, 0.0)), minutes=480.0)
    assert reach.points.tolist() == [1]
