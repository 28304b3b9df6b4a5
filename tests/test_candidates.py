"""Candidates: along roads, from people, from host buildings."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from planner.candidates import candidate_sites, candidates_from_hosts, candidates_from_people
from planner.errors import CrsError, QuestionError
from planner.network import build_network
from tests.town import SOUTH, WEST, demand_of, roads_of, sites_of

STREET = roads_of([[(0, 0), (3000, 0)], [(0, 9000), (50, 9000)]])


def test_candidates_stand_on_roads_where_people_are() -> None:
    walk = build_network(STREET, mode="walk")
    homes = demand_of([(50, 20), (70, 25), (1550, 10), (1500, 4000)])
    could = candidate_sites(walk, homes, spacing_metres=300)
    road = shapely.LineString([(WEST, SOUTH), (WEST + 3000, SOUTH)])
    assert len(could) == 2  # nobody lives along the rest, and the lonely house is far from any road
    assert shapely.distance(could.frame.geometry.to_numpy(), road).max() < 1e-6
    assert not could["existing"].any()


def test_the_same_roads_give_the_same_candidates() -> None:
    walk = build_network(STREET, mode="walk")
    homes = demand_of([(float(x), 5.0) for x in range(0, 3000, 40)])
    first, again = (candidate_sites(walk, homes, spacing_metres=300) for _ in range(2))
    assert first.ids.tolist() == again.ids.tolist()
    assert 9 <= len(first) <= 11


def test_candidates_never_stand_on_a_cut_off_piece_of_road() -> None:
    walk = build_network(STREET, mode="walk")
    assert len(candidate_sites(walk, demand_of([(20, 9000)]), spacing_metres=300)) == 0


def test_masks_bar_candidates() -> None:
    walk = build_network(STREET, mode="walk")
    homes = demand_of([(50, 0), (1550, 0)])
    park = shapely.box(WEST - 100, SOUTH - 100, WEST + 900, SOUTH + 100)
    assert len(candidate_sites(walk, homes, spacing_metres=300, outside=[park])) == 1
    assert len(candidate_sites(walk, homes, spacing_metres=300, within=park)) == 1


@pytest.mark.parametrize("spacing", [0, -5, float("nan"), float("inf")])
def test_a_spacing_that_is_no_number_above_zero_is_refused(spacing: float) -> None:
    with pytest.raises(QuestionError, match="spacing_metres"):
        candidate_sites(build_network(STREET, mode="walk"), demand_of([(0, 0)]), spacing_metres=spacing)


def test_people_in_another_crs_are_refused() -> None:
    homes = type(demand_of([(0, 0)]))(demand_of([(0, 0)]).frame.to_crs(32651))
    with pytest.raises(CrsError, match="EPSG:32651"):
        candidate_sites(build_network(STREET, mode="walk"), homes, spacing_metres=300)


def test_clusters_of_people_give_candidates_where_people_live(rng: np.random.Generator) -> None:
    villages = [(0.0, 0.0), (5000.0, 0.0), (0.0, 5000.0)]
    homes = demand_of([(x + dx, y + dy) for x, y in villages for dx, dy in rng.normal(0, 100, (30, 2))])
    could = candidates_from_people(homes, count=3)
    assert len(could) == 3
    assert {tuple(xy) for xy in could.xy} <= {tuple(xy) for xy in homes.xy}


def test_more_clusters_than_places_are_refused() -> None:
    with pytest.raises(QuestionError, match="from 1 to the 1 points"):
        candidates_from_people(demand_of([(0, 0), (1, 1)], [1.0, 0.0]), count=2)


def test_host_buildings_become_candidates_named_by_their_host() -> None:
    could = candidates_from_hosts(sites_of([(0, 0), (10, 10)]))
    assert could["host"].tolist() == ["site 0", "site 1"]
    with pytest.raises(QuestionError, match="existing=False"):
        candidates_from_hosts(sites_of([(0, 0)], existing=True))


def test_candidates_are_named_by_their_road() -> None:
    roads = roads_of([[(0, 0), (3000, 0)], [(0, 0), (0, 3000)]], name=["解放路", None])
    walk = build_network(roads, mode="walk")
    homes = demand_of([(50, 10), (1550, 10), (10, 1600)])
    could = candidate_sites(walk, homes, spacing_metres=300, roads=roads)
    assert sorted(could["name"])[-2:] == ["解放路候选点1", "解放路候选点2"]
    assert sum(name.startswith("候选点") for name in could["name"]) == 1
