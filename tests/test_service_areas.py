"""Service areas: stretches cut where the time is up, land that never claims a road that is not reached."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from planner.errors import CrsError, QuestionError
from planner.network import Network, build_network
from planner.routing.outlines import Land, Outliner, united
from planner.routing.service_areas import reached_roads, service_areas
from tests.town import SOUTH, WEST, roads_of, sites_of

METRES_A_MINUTE = 48.0


@pytest.fixture(scope="module")
def town() -> Network:
    """A grid of 9 x 9 streets, 100 m apart, and a bridge over them that touches none."""
    span = [at * 100.0 for at in range(9)]
    streets = [[(x, y), (x + 100, y)] for x in span[:-1] for y in span]
    streets += [[(x, y), (x, y + 100)] for x in span for y in span[:-1]]
    bridge = [[(-50.0, 145.0), (950.0, 155.0)]]
    return build_network(roads_of(streets + bridge), mode="walk")


def test_a_straight_road_is_cut_exactly_where_the_time_is_up() -> None:
    road = build_network(roads_of([[(0, 0), (1000, 0)]]), mode="walk")
    found = reached_roads(road, sites_of([(300, 0)]), minutes=5.0)
    assert found.metres.sum() == pytest.approx(2 * 5 * METRES_A_MINUTE, abs=1e-3)
    assert found.total_bounds == pytest.approx([WEST + 60, SOUTH, WEST + 540, SOUTH], abs=1e-3)


def test_the_leg_off_the_road_takes_its_share_of_the_time() -> None:
    road = build_network(roads_of([[(0, 0), (1000, 0)]]), mode="walk")
    found = reached_roads(road, sites_of([(500, 96)]), minutes=5.0)
    assert found.metres.sum() == pytest.approx(2 * 3 * METRES_A_MINUTE, abs=1e-3)


def test_every_place_on_a_reached_stretch_is_within_the_limit_and_no_place_beside_one_is(town: Network) -> None:
    from planner.routing.dijkstra import Dijkstra

    sites = sites_of([(410, 400)])
    found = reached_roads(town, sites, minutes=6.0)
    places = np.vstack([shapely.get_coordinates(shapely.segmentize(town.lines, 7.0))])
    on_road = shapely.distance(shapely.union_all(found.geometry.to_numpy()), shapely.points(places))
    reach = Dijkstra().reach(town, town.attach(sites.xy), town.attach(places), minutes=6.0)
    near = np.zeros(len(places), bool)
    near[reach.points] = True
    crossing_bridge = np.abs(places[:, 1] - SOUTH - 150) < 6
    assert np.array_equal(near[~crossing_bridge], (on_road < 1e-6)[~crossing_bridge])


def test_an_area_never_claims_a_road_that_is_not_reached(town: Network) -> None:
    sites = sites_of([(410, 400)])
    area = service_areas(town, sites, minutes=[6]).geometry.iloc[0]
    reached = shapely.union_all(reached_roads(town, sites, minutes=6.0).geometry.to_numpy())
    others = shapely.difference(shapely.union_all(town.lines), shapely.buffer(reached, 0.01))
    assert others.length > 1000
    assert shapely.intersection(area, others).length < 0.01
    assert shapely.intersection(area, reached).length > 0.99 * reached.length  # crossed by strips along others


@pytest.mark.parametrize("metres", [12.0, 30.0, 55.0])
def test_areas_are_what_geos_unites_from_single_buffers(town: Network, metres: float) -> None:
    sites = sites_of([(410, 400), (100, 700), (790, 20)])
    areas = service_areas(town, sites, minutes=[8], metres=metres).geometry.to_numpy()
    for site, area in zip(sites.ids, areas, strict=True):
        reached = reached_roads(town, sites, minutes=8.0)
        buffers = shapely.buffer(reached.geometry[reached["site"] == site].to_numpy(), metres, quad_segs=64)
        assert overlap(area, shapely.union_all(buffers)) > 0.985  # strips along other roads are left out
        assert area.is_valid


@pytest.mark.parametrize("seed", range(6))
def test_outlines_of_roads_in_any_disorder_are_what_geos_unites(seed: int) -> None:
    rng = np.random.default_rng(seed)
    land = Land(_tangle(rng, 60), _tangle(rng, 25), np.full(25, 0.5))
    outliner = Outliner(20.0)
    outliner.add(land)
    area, judge = outliner.areas()[0], united(land, 20.0)
    assert len(outliner.unclear) == 0
    assert area.is_valid
    assert overlap(area, judge) > 0.998
    assert len(shapely.get_parts(area)) == len(shapely.get_parts(judge))


def test_an_outline_that_rounding_leaves_open_is_united_by_geos(monkeypatch: pytest.MonkeyPatch) -> None:
    from planner.routing import ring_kernels

    monkeypatch.setattr(ring_kernels, "outline", lambda *_: 0)
    outliner = Outliner(20.0)
    outliner.add(Land(np.array([[0.0, 0.0, 100.0, 0.0, 0.0, 0.0]]), np.empty((0, 6)), np.empty(0)))
    assert outliner.areas()[0].area == pytest.approx(100 * 40 + np.pi * 400, rel=0.01)
    assert outliner.unclear == [0]


def test_roads_drawn_twice_and_in_one_line_have_the_outline_of_one() -> None:
    once = np.array([[0.0, 0.0, 100.0, 0.0, 0.0, 1.0]])
    parts = np.array(
        [[0.0, 0.0, 40.0, 0.0, 0.0, 2.0], [40.0, 0.0, 40.0, 0.0, 0.0, 3.0], [40.0, 0.0, 100.0, 0.0, 0.0, 4.0]]
    )
    twice = np.vstack((once, parts, parts[::-1, [2, 3, 0, 1, 4, 5]]))
    twice[:, 5] = np.arange(len(twice))
    outliner = Outliner(30.0)
    for pieces in (once, twice):
        outliner.add(Land(pieces, np.empty((0, 6)), np.empty(0)))
    alone, together = outliner.areas()
    assert len(shapely.get_parts(together)) == 1
    assert together.area == pytest.approx(alone.area, rel=1e-4)
    assert outliner.unclear == []


def _tangle(rng: np.random.Generator, count: int) -> np.ndarray:
    """Straight pieces that start where others end, in one line, across each other, some without length."""
    corner = rng.integers(0, 12, (count, 2)) * 25.0
    step = rng.integers(-2, 3, (count, 2)) * 12.5 * (rng.random((count, 1)) < 0.9)
    return np.column_stack((corner, corner + step, np.arange(count), np.arange(count) + 1000.0 * count))


def overlap(area: shapely.Geometry, other: shapely.Geometry) -> float:
    """Shared part of two areas, 0 to 1."""
    shared: float = shapely.area(shapely.intersection(area, other)) / shapely.area(shapely.union(area, other))
    return shared


def test_the_area_of_a_shorter_time_lies_within_that_of_a_longer(town: Network) -> None:
    areas = service_areas(town, sites_of([(410, 400)]), minutes=(3, 6, 9))
    assert areas.minutes.tolist() == [9.0, 6.0, 3.0]
    wide, middle, small = areas.geometry
    assert shapely.difference(middle, wide).area < 1e-3 * middle.area
    assert shapely.difference(small, middle).area < 1e-3 * small.area
    assert areas.index.tolist() == ["site:0@9", "site:0@6", "site:0@3"]


def test_a_site_that_is_not_connected_has_an_empty_area(town: Network) -> None:
    areas = service_areas(town, sites_of([(410, 400), (5000, 5000)]), minutes=[5])
    assert areas.is_empty.tolist() == [False, True]
    assert areas.is_valid.all()


def test_a_one_way_road_is_reached_only_as_it_may_be_driven() -> None:
    road = build_network(roads_of([[(0, 0), (9000, 0)]], oneway=True), mode="drive")
    sites = sites_of([(4500, 0)])
    towards_sites = reached_roads(road, sites, minutes=2.0)
    towards_people = reached_roads(road, sites, minutes=2.0, towards="people")
    assert towards_sites.total_bounds[2] == pytest.approx(WEST + 4500)
    assert towards_people.total_bounds[0] == pytest.approx(WEST + 4500)
    assert towards_sites.metres.sum() == pytest.approx(towards_people.metres.sum())


def test_limits_that_are_no_times_are_refused(town: Network) -> None:
    with pytest.raises(QuestionError):
        service_areas(town, sites_of([(0, 0)]), minutes=[])
    with pytest.raises(QuestionError):
        service_areas(town, sites_of([(0, 0)]), minutes=[-5])


def test_sites_in_another_crs_are_refused(town: Network) -> None:
    from planner.sites import Sites

    moved = Sites(sites_of([(0, 0)]).frame.to_crs("EPSG:4548"))
    with pytest.raises(CrsError, match="4548"):
        service_areas(town, moved)
