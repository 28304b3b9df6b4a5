"""Helsinki's real extract: footways, steps and access, judged by networkx on osmium's own reading."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely

from planner.area import StudyArea, Units
from planner.network import Network, build_network, clipping_at_the_border
from planner.profiles import Mode, travel_profile
from planner.roads import Roads
from planner.routing.compiled import Compiled
from planner.sources.osm import read_osm, read_osm_people, read_osm_sites


@pytest.fixture(scope="module")
def extract(real_data: Path) -> Path:
    return real_data / "helsinki" / "Helsinki.osm.pbf"


@pytest.fixture(scope="module")
def roads(extract: Path) -> Roads:
    return read_osm(extract)


@pytest.fixture(scope="module")
def area(roads: Roads) -> StudyArea:
    west, south, east, north = roads.frame.total_bounds
    polygon = shapely.box(west + 250, south + 250, east - 250, north - 250)
    unit = pd.DataFrame(
        {"code": ["091"], "name": ["Helsinki"], "level": ["district"], "parent": [""]}, index=["unit:091"]
    )
    units = Units(gpd.GeoDataFrame(unit, geometry=[polygon], crs=roads.crs))
    return StudyArea("Helsinki", polygon, roads.crs, units, date(2024, 1, 1), buffer_metres=250)


def test_every_way_with_a_highway_tag_is_accounted_for(extract: Path, roads: Roads) -> None:
    kinds = Counter(
        way.tags["highway"] for way in osmium.FileProcessor(str(extract)) if way.is_way() and "highway" in way.tags
    )
    assert (kinds["footway"], kinds["steps"]) == (1_097, 141)
    assert roads.report is not None
    assert roads.report.read == kinds.total()
    assert roads.report.accepted == len({name.split("#")[0] for name in roads.ids})


def test_steps_and_footways_come_through(roads: Roads) -> None:
    ways = pd.Series(roads["road_class"].to_numpy(), index=[name.split("#")[0] for name in roads.ids])
    ways = ways[~ways.index.duplicated()]
    assert (ways == "steps").sum() == 141
    assert (ways == "footway").sum() > 1_050


def test_walking_uses_footways_and_driving_does_not(roads: Roads) -> None:
    walk, drive = build_network(roads), build_network(roads, mode="drive")
    assert walk.metres.sum() > 3 * drive.metres.sum()
    assert "footway" in set(walk.road_class)
    assert not set(drive.road_class) & {"footway", "steps", "trail", "platform"}
    assert (walk.pieces == 0).mean() > 0.95


def test_walking_times_equal_networkx_over_the_nodes_of_the_extract(
    extract: Path, roads: Roads, rng: np.random.Generator
) -> None:
    walk = build_network(roads)
    slow = travel_profile("walk").slower_surfaces
    judge = nx.Graph()
    open_ways = {name.split("#")[0] for name in roads.ids[np.unique(walk.road)]}
    lonlat: dict[int, tuple[float, float]] = {}
    for way in osmium.FileProcessor(str(extract)).with_locations():
        if not way.is_way() or f"osm:way/{way.id}" not in open_ways:
            continue
        factor = (2.0 if way.tags["highway"] == "steps" else 1.0) * slow.get(way.tags.get("surface", ""), 1.0)
        nodes = list(way.nodes)
        lonlat |= {node.ref: (node.lon, node.lat) for node in nodes if node.location.valid()}
        for a, b in pairwise(nodes):
            if a.location.valid() and b.location.valid():
                known = judge.get_edge_data(a.ref, b.ref, {}).get("factor", np.inf)
                judge.add_edge(a.ref, b.ref, factor=min(factor, known))
    places = gpd.GeoSeries(gpd.points_from_xy(*zip(*lonlat.values(), strict=True)), crs=4326).to_crs(roads.crs)
    xy = dict(zip(lonlat, shapely.get_coordinates(places.to_numpy()), strict=True))
    for a, b, data in judge.edges(data=True):
        data["minutes"] = np.hypot(*(xy[a] - xy[b])) * data["factor"] / 48
    graph = nx.MultiGraph()
    graph.add_edges_from(
        (tail, head, {"minutes": minutes})
        for tail, head, minutes in zip(walk.tail, walk.head, walk.forward, strict=True)
    )
    by_place = {tuple(np.round(place, 3)): node for node, place in xy.items() if node in judge}
    named = [by_place[tuple(np.round(place, 3))] for place in walk.xy]
    for start in rng.choice(np.flatnonzero(walk.pieces == 0), 8, replace=False):
        ours = nx.single_source_dijkstra_path_length(graph, start, cutoff=15, weight="minutes")
        theirs = nx.single_source_dijkstra_path_length(judge, named[start], cutoff=15, weight="minutes")
        for node, minutes in ours.items():
            assert theirs[named[node]] == pytest.approx(minutes, rel=1e-9, abs=1e-9)
        assert len(ours) > 100


@pytest.mark.parametrize("mode", ["walk", "drive"])
def test_pairs_of_sites_and_homes_equal_networkx(
    extract: Path, roads: Roads, area: StudyArea, mode: Mode, rng: np.random.Generator
) -> None:
    network = build_network(roads, mode=mode)
    people = read_osm_people(extract, area=area, people_total=20_000)
    sites = read_osm_sites(extract, area=area, service="meal_station", tags={"amenity": ["restaurant", "library"]})
    doors = sites.xy[rng.choice(len(sites), 25, replace=False)]
    minutes = 10.0 if mode == "walk" else 2.0
    reach = Compiled().reach(network, network.attach(doors), network.attach(people.xy), minutes=minutes)
    site = np.repeat(np.arange(len(doors)), np.diff(reach.starts))
    ours = dict(zip(zip(site.tolist(), reach.points.tolist(), strict=True), reach.minutes, strict=True))
    theirs = pairs_by_networkx(network, doors, people.xy, minutes=minutes)
    assert len(theirs) > 500
    assert ours.keys() == theirs.keys()
    for pair, judged in theirs.items():
        assert ours[pair] == pytest.approx(judged, rel=2**-23, abs=1e-6)


def pairs_by_networkx(
    network: Network, sites: np.ndarray, homes: np.ndarray, *, minutes: float
) -> dict[tuple[int, int], float]:
    """Minutes from each home to each site within reach of it: homes and sites cut the very edges they hang on."""
    graph, hung = nx.MultiDiGraph(), {"home": network.attach(homes), "site": network.attach(sites)}
    on_edge: dict[int, list[tuple[float, tuple[str, int]]]] = {}
    for kind, points in hung.items():
        for row in np.flatnonzero(points.connected):
            place = (kind, int(row))
            on_edge.setdefault(int(points.edge[row]), []).append((float(points.fraction[row]), ("on", *place)))
            walk = points.off_road_metres[row] / network.profile.access_metres_per_minute
            off, on = (place, ("on", *place)) if kind == "home" else (("on", *place), place)
            graph.add_edge(off, on, minutes=walk)
    for edge in range(len(network)):
        stops = [(0.0, int(network.tail[edge])), *sorted(on_edge.get(edge, [])), (1.0, int(network.head[edge]))]
        for (since, a), (upto, b) in pairwise(stops):
            for start, end, whole in ((a, b, network.forward[edge]), (b, a, network.backward[edge])):
                if upto == since or np.isfinite(whole):
                    graph.add_edge(start, end, minutes=(upto - since) * whole if upto > since else 0.0)
    backwards, found = graph.reverse(copy=False), {}
    for row in np.flatnonzero(hung["site"].connected):
        times = nx.single_source_dijkstra_path_length(
            backwards, ("site", int(row)), cutoff=minutes + 1e-6, weight="minutes"
        )
        found.update(
            {(int(row), place[1]): at for place, at in times.items() if isinstance(place, tuple) and place[0] == "home"}
        )
    return found


def test_homes_and_possible_sites_lie_in_the_area(extract: Path, area: StudyArea) -> None:
    people = read_osm_people(extract, area=area, people_total=20_000)
    assert people.total == pytest.approx(20_000, rel=1e-12)
    assert len(people) > 120
    assert shapely.contains(area.polygon, shapely.centroid(people.frame.geometry.to_numpy())).mean() > 0.97
    sites = read_osm_sites(extract, area=area, service="meal_station", tags={"amenity": ["restaurant", "library"]})
    assert len(sites) > 100
    assert len(set(sites.ids)) == len(sites)


def test_fault_70_an_extract_that_ends_at_the_border_is_told(extract: Path, roads: Roads, area: StudyArea) -> None:
    assert clipping_at_the_border(roads, area) is None
    inside = roads.frame[roads.frame.within(area.polygon)]
    assert "被截断" in str(clipping_at_the_border(Roads(inside), replace(area, buffer_metres=1000)))


def test_roads_of_an_area_are_kept_whole(extract: Path, area: StudyArea) -> None:
    small = replace(area, polygon=area.polygon.buffer(-150), buffer_metres=50)
    kept = read_osm(extract, area=small)
    assert kept.frame.intersects(small.wide).mean() > 0.5
    assert not kept.frame.within(small.wide).all()
    assert kept.report is not None
    assert (kept.report.quarantine["rule"] == "place.outside").sum() > 100
