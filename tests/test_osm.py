"""OpenStreetMap: tags, extracts, graphs of osmnx, a server on this machine, people and possible sites."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import networkx as nx
import numpy as np
import osmium
import osmnx
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

from planner.area import StudyArea, metric_crs
from planner.errors import DataError, QuestionError, SourceError
from planner.network import build_network
from planner.sources import read_roads
from planner.sources.osm import fetch_roads, read_osm, read_osm_people, read_osm_sites
from planner.sources.osm.tags import attributes, table_of

Tags = dict[str, str]
STEP = 0.001  # degrees: about 111 m north, 90 m east


def xml(
    path: Path, nodes: dict[int, tuple[float, float]], ways: dict[int, tuple[list[int], Tags]], **of_nodes: Tags
) -> Path:
    """An OSM XML file; nodes lie in steps from 117° E, 36.6° N, those with tags are given as ``n1={...}``."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="test">']
    for node, (x, y) in nodes.items():
        tags = "".join(f'<tag k="{k}" v="{v}"/>' for k, v in of_nodes.get(f"n{node}", {}).items())
        place = f'lat="{36.6 + y * STEP:.7f}" lon="{117 + x * STEP:.7f}"'
        lines.append(f'<node id="{node}" version="1" {place}>{tags}</node>')
    for way, (refs, tags) in ways.items():
        inside = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        inside += "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items())
        lines.append(f'<way id="{way}" version="1">{inside}</way>')
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return path


CROSS = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (1, 1), 5: (1, -1), 6: (1.5, 1), 7: (1.5, -1)}
ROADS: dict[int, tuple[list[int], Tags]] = {
    10: ([1, 2, 3], {"highway": "primary", "name": "Road", "name:zh": "经十路", "maxspeed": "60"}),
    11: ([5, 2, 4], {"highway": "residential"}),
    12: ([6, 7], {"highway": "secondary", "bridge": "yes", "layer": "1"}),
    13: ([1, 4], {"building": "yes"}),
}


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return xml(tmp_path / "town.osm", CROSS, ROADS)


def area_of(area: StudyArea, *, size: float = 2 * STEP, buffer_metres: float = 0.0) -> StudyArea:
    """A square of the given size in degrees around the south-west half of the cross."""
    crs = metric_crs((117, 36.6, 117.1, 36.7))
    move = Transformer.from_crs(4326, crs, always_xy=True)
    square = shapely.transform(
        shapely.box(117 - size / 2, 36.6 - size / 2, 117 + size / 2, 36.6 + size / 2),
        lambda xy: np.column_stack(move.transform(xy[:, 0], xy[:, 1])),
    )
    units = type(area.units)(area.units.frame.set_geometry([square] * len(area.units), crs=crs))
    return replace(area, polygon=square, crs=crs, units=units, buffer_metres=buffer_metres)


# tags


def told(**tags: str) -> Any:
    row = attributes(table_of([{key.replace("_Z", ":"): value for key, value in tags.items()}])).iloc[0]
    return row.where(row.notna(), None)


@pytest.mark.parametrize(
    ("tags", "oneway", "turned"),
    [
        ({}, False, False),
        ({"oneway": "yes"}, True, False),
        ({"oneway": "1"}, True, False),
        ({"oneway": "-1"}, True, True),
        ({"oneway": "reverse"}, True, True),
        ({"oneway": "reversible"}, False, False),
        ({"oneway": "alternating"}, False, False),
        ({"junction": "roundabout"}, True, False),
        ({"junction": "roundabout", "oneway": "no"}, False, False),
        ({"junction": "roundabout", "oneway": "-1"}, True, True),
        ({"highway": "motorway"}, True, False),
        ({"highway": "motorway", "oneway": "no"}, False, False),
        ({"highway": "motorway_link"}, False, False),
    ],
)
def test_direction_comes_from_oneway_junction_and_class(tags: Tags, oneway: bool, turned: bool) -> None:
    row = told(**({"highway": "tertiary"} | tags))
    assert (row["oneway"], row["turned"]) == (oneway, turned)


@pytest.mark.parametrize(
    ("said", "kmh"),
    [
        ("50", 50.0), ("50 km/h", 50.0), ("30 mph", 30 * 1.609344), ("10 knots", 18.52), ("CN:urban", 50.0),
        ("walk", 5.0), ("50;30", 30.0), ("60; signals", 60.0),
        ("none", None), ("", None), ("signals", None), ("fast", None),
        ("0", None), ("999", None), ("-5", None), ("RU:urban", None),
    ],
)  # fmt: skip
def test_posted_speeds_are_read_or_unknown(said: str, kmh: float | None) -> None:
    assert told(highway="primary", maxspeed=said)["speed_kmh"] == (pytest.approx(kmh) if kmh else None)


@pytest.mark.parametrize(
    ("tags", "walk", "drive"),
    [
        ({"highway": "residential"}, None, None),
        ({"highway": "footway"}, None, False),
        ({"highway": "footway", "motor_vehicle": "destination"}, None, True),
        ({"highway": "footway", "vehicle": "yes"}, None, False),
        ({"highway": "footway", "access": "yes"}, None, False),
        ({"highway": "residential", "access": "private"}, False, False),
        ({"highway": "residential", "access": "no", "foot": "yes"}, True, False),
        ({"highway": "residential", "access": "no", "vehicle": "yes"}, False, None),
        ({"highway": "service", "motor_vehicle": "private"}, None, False),
        ({"highway": "service", "service": "emergency_access"}, None, False),
        ({"highway": "primary", "foot": "use_sidepath"}, False, None),
        ({"highway": "trunk", "sidewalk": "both"}, True, None),
        ({"highway": "trunk", "sidewalk": "both", "foot": "no"}, False, None),
        ({"highway": "trunk", "foot": "designated"}, True, None),
        ({"highway": "pedestrian", "area": "yes"}, None, False),
        ({"highway": "construction", "foot": "yes", "motorcar": "yes"}, None, False),
        ({"highway": "trail"}, None, False),
    ],
)
def test_access_is_decided_by_the_most_specific_tag(tags: Tags, walk: bool | None, drive: bool | None) -> None:
    row = told(**tags)
    assert (row["walk"], row["drive"]) == (walk, drive)


# extracts


def test_ways_are_cut_at_shared_nodes_and_bridges_join_nothing(town: Path) -> None:
    roads = read_osm(town)
    assert sorted(roads.ids) == ["osm:way/10#1", "osm:way/10#2", "osm:way/11#1", "osm:way/11#2", "osm:way/12#1"]
    assert roads["from_node"].loc["osm:way/10#2"] == roads["to_node"].loc["osm:way/10#1"] == "osm:node/2"
    assert roads.crs.to_epsg() == 4548
    network = build_network(roads, mode="drive")
    assert (len(network), int(network.pieces.max())) == (5, 1)


def test_attributes_come_along(town: Path) -> None:
    row = read_osm(town).frame.loc["osm:way/10#1"]
    assert (row["road_class"], row["name"], row["speed_kmh"]) == ("primary", "经十路", 60.0)


def test_every_way_is_accounted_for(tmp_path: Path) -> None:
    ways = ROADS | {
        14: ([98, 99], {"highway": "path"}), 15: ([1, 5], {"highway": "tertiary", "maxspeed": "fast"}),
        16: ([1, 4], {"highway": "razed"}),
    }  # fmt: skip
    report = read_osm(xml(tmp_path / "a.osm", CROSS, ways)).report
    assert report is not None
    assert (report.read, report.accepted) == (5, 4)
    assert report.quarantine["rule"].tolist() == ["geometry.empty"]
    assert report.repairs[["column", "before"]].to_numpy().tolist() == [["maxspeed", "fast"]]
    assert len(report.sha256) == 64


def test_a_way_that_leaves_the_extract_is_not_joined_across_the_gap(tmp_path: Path) -> None:
    path = xml(tmp_path / "a.osm", CROSS, {10: ([1, 2, 99, 3, 6], {"highway": "primary"})})
    roads = read_osm(path)
    assert roads.ids.tolist() == ["osm:way/10#1", "osm:way/10#2"]
    assert roads["from_node"].tolist() == ["osm:node/1", "osm:node/3"]


def test_a_way_against_its_line_is_turned_with_its_nodes(tmp_path: Path) -> None:
    path = xml(tmp_path / "a.osm", CROSS, {10: ([1, 2], {"highway": "primary", "oneway": "-1"})})
    [row] = read_osm(path).frame.itertuples()
    assert (row.from_node, row.to_node, row.oneway) == ("osm:node/2", "osm:node/1", True)
    assert row.geometry.coords[0] > row.geometry.coords[-1]


def test_a_closed_way_and_one_that_meets_itself_are_cut_there(tmp_path: Path) -> None:
    ring = {10: ([1, 4, 3, 5, 1], {"highway": "tertiary", "junction": "roundabout"})}
    lasso = {10: ([1, 2, 4, 3, 2], {"highway": "footway"})}
    assert len(read_osm(xml(tmp_path / "a.osm", CROSS, ring))) == 1
    assert len(read_osm(xml(tmp_path / "b.osm", CROSS, lasso))) == 2


def test_nodes_given_twice_in_a_row_and_ways_without_length_do_no_harm(tmp_path: Path) -> None:
    nodes = CROSS | {8: CROSS[1]}
    ways = {
        10: ([1, 1, 2, 2], {"highway": "footway"}),
        11: ([1, 8], {"highway": "footway"}),
        12: ([1], {"highway": "path"}),
    }
    roads = read_osm(xml(tmp_path / "a.osm", nodes, ways))
    assert roads.ids.tolist() == ["osm:way/10#1"]
    assert roads.report is not None
    assert len(roads.report.quarantine) == 2


def test_roads_that_touch_the_area_are_kept_whole_and_others_left_out(town: Path, area: StudyArea) -> None:
    small = area_of(area)
    roads = read_osm(town, area=small)
    assert {name.split("#")[0] for name in roads.ids} == {"osm:way/10", "osm:way/11"}
    assert not roads.frame.within(small.polygon).all()
    assert roads.crs == small.crs
    assert roads.report is not None
    assert roads.report.quarantine["rule"].tolist() == ["place.outside"]
    wide = read_osm(town, area=area_of(area, buffer_metres=500))
    assert len(wide) == 5


def test_read_roads_reads_extracts_as_read_osm_does_and_refuses_what_only_other_files_have(
    town: Path, area: StudyArea
) -> None:
    small = area_of(area)
    roads = read_roads(town, area=small, crs="EPSG:4326")
    assert roads.frame.equals(read_osm(town, area=small).frame)
    with pytest.raises(QuestionError, match="leave out crs=, encoding="):
        read_roads(town, area=small, crs="EPSG:4490", encoding="gbk")


def test_an_area_elsewhere_has_no_roads(town: Path, area: StudyArea) -> None:
    far = area_of(area)
    moved = replace(far, polygon=shapely.affinity.translate(far.polygon, 20_000, 20_000))
    with pytest.raises(DataError, match="no road lies in 两区"):
        read_osm(town, area=moved)


def test_pbf_and_xml_give_the_same_roads(town: Path, tmp_path: Path) -> None:
    pbf = tmp_path / "town.osm.pbf"
    with osmium.SimpleWriter(str(pbf)) as writer:
        for one in osmium.FileProcessor(str(town)):
            writer.add(one)
    pd.testing.assert_frame_equal(read_osm(pbf).frame, read_osm(town).frame)


def test_a_crs_may_be_given(town: Path) -> None:
    assert read_osm(town, crs="EPSG:32650").crs.to_epsg() == 32650


def test_a_file_without_roads_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no roads"):
        read_osm(xml(tmp_path / "a.osm", CROSS, {13: ([1, 4], {"building": "yes"})}))


# bad files


BOMB = '<!DOCTYPE osm [<!ENTITY a "aaaaaaaaaa">]>'


@pytest.mark.parametrize("where", ["start", "far"])
@pytest.mark.parametrize("root", ["osm", "graphml"])
def test_fault_23_a_doctype_is_refused_before_parsing(tmp_path: Path, where: str, root: str) -> None:
    path = tmp_path / f"bomb.{root}"
    padding = "" if where == "start" else "<!--" + "x" * 1_048_570 + "-->"
    path.write_text(f'<?xml version="1.0"?>{padding if where == "start" else ""}<{root}>{padding}{BOMB}</{root}>')
    with pytest.raises(SourceError, match="DOCTYPE or ENTITY"):
        read_osm(path)


def test_fault_23_utf_16_that_would_hide_a_doctype_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hidden.osm"
    path.write_text(f"{BOMB}<osm></osm>", encoding="utf-16")
    with pytest.raises(SourceError, match="UTF-16"):
        read_osm(path)


def test_fault_24_an_xml_cut_in_the_middle_is_refused_with_its_line(town: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.osm"
    cut.write_bytes(town.read_bytes()[:900])
    with pytest.raises(SourceError, match=r"cut\.osm is damaged or cut off .*line \d+.*nothing was kept"):
        read_osm(cut)
    assert sorted(tmp_path.iterdir()) == [cut, town]


def test_fault_24_a_pbf_cut_in_the_middle_is_refused(town: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.osm.pbf", tmp_path / "cut.osm.pbf"
    with osmium.SimpleWriter(str(whole)) as writer:
        for one in osmium.FileProcessor(str(town)):
            writer.add(one)
    cut.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(SourceError, match="damaged or cut off"):
        read_osm(cut)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"PK\x03\x04", "not an OpenStreetMap file"),
        (b"<gpx></gpx>", "not an OpenStreetMap file"),
        (b"<graphml></graphml>", "GraphML"),
        (b"", "empty"),
    ],
)
def test_files_of_another_kind_say_what_is_read(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "roads.osm"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read_osm(path)


@pytest.mark.parametrize("path", ["https://example.org/a.osm.pbf", "/vsicurl/http://example.org/a.osm"])
def test_fault_16_addresses_are_refused(path: str) -> None:
    with pytest.raises(SourceError, match="address, not a file"):
        read_osm(path)


# graphs of osmnx


def graph_of(town: Path, *, simplify: bool) -> nx.MultiDiGraph[Any]:
    streets = xml(town.with_name("streets.osm"), CROSS, {way: ROADS[way] for way in (10, 11, 12)})
    return osmnx.graph_from_xml(streets if town.name == "town.osm" else town, simplify=simplify, retain_all=True)


@pytest.mark.parametrize("simplify", [True, False])
def test_graphml_of_osmnx_gives_the_same_times_as_the_extract(town: Path, tmp_path: Path, simplify: bool) -> None:
    path = tmp_path / "town.graphml"
    osmnx.save_graphml(graph_of(town, simplify=simplify), path)
    ours, theirs = (build_network(read_osm(one), mode="drive") for one in (town, path))
    assert theirs.metres.sum() == pytest.approx(ours.metres.sum())
    assert theirs.forward.sum() == pytest.approx(ours.forward.sum())
    assert theirs.findings["rule"].tolist() == ours.findings["rule"].tolist()


def test_graphml_keeps_one_way_streets_and_makes_two_way_ones_one_row(tmp_path: Path) -> None:
    ways = ROADS | {10: ([1, 2, 3], {"highway": "primary", "oneway": "-1"})}
    path = tmp_path / "town.graphml"
    osmnx.save_graphml(graph_of(xml(tmp_path / "a.osm", CROSS, ways), simplify=False), path)
    roads = read_osm(path)
    assert roads["oneway"].sum() == 2
    assert len(roads) == 5
    first = roads.frame.loc[roads["oneway"]].iloc[0]
    assert first["from_node"] > first["to_node"]


def test_a_projected_graph_says_where_it_is(town: Path, tmp_path: Path, area: StudyArea) -> None:
    path = tmp_path / "town.graphml"
    osmnx.save_graphml(osmnx.project_graph(graph_of(town, simplify=True), to_crs="EPSG:32650"), path)
    assert read_osm(path).frame.total_bounds == pytest.approx(read_osm(town).frame.total_bounds, abs=0.01)
    assert len(read_osm(path, area=area_of(area))) < len(read_osm(path))


def test_graphml_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.graphml"
    nx.write_graphml(nx.path_graph(3, create_using=nx.MultiDiGraph), path)
    with pytest.raises(SourceError, match="osmnx"):
        read_osm(path)


# a server on this machine


@contextmanager
def overpass(
    town: Path, *, status: int = 200, empty: bool = False, remark: str = ""
) -> Iterator[tuple[str, list[str]]]:
    """A server that answers every query with the ways of a file, and the queries it was sent."""
    elements: list[dict[str, Any]] = []
    remarks = {"remark": remark} if remark else {}
    for one in osmium.FileProcessor(str(town)) if not empty else ():
        if one.is_node():
            elements.append({"type": "node", "id": one.id, "lon": one.location.lon, "lat": one.location.lat})
        elif one.is_way() and "highway" in one.tags:
            nodes = [node.ref for node in one.nodes]
            elements.append({"type": "way", "id": one.id, "nodes": nodes, "tags": {tag.k: tag.v for tag in one.tags}})
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append(parse_qs(body)["data"][0])
            answer = json.dumps({"version": 0.6, "elements": elements} | remarks).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api", asked
    finally:
        server.shutdown()
        server.server_close()


def test_fetched_roads_equal_those_of_the_extract(
    town: Path, tmp_path: Path, area: StudyArea, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    wide = area_of(area, buffer_metres=500)
    before = {name: getattr(osmnx.settings, name) for name in ("overpass_url", "use_cache", "useful_tags_way")}
    with overpass(town) as (endpoint, asked):
        roads = fetch_roads(wide, endpoint=endpoint, timeout=10)
    assert "way['highway']".replace("'", '"') in asked[0]
    assert "[timeout:10]" in asked[0]
    ours, theirs = (build_network(one, mode="drive") for one in (read_osm(town, area=wide), roads))
    assert theirs.metres.sum() == pytest.approx(ours.metres.sum())
    assert theirs.forward.sum() == pytest.approx(ours.forward.sum())
    assert (roads["speed_kmh"].max(), "经十路" in set(roads["name"])) == (60.0, True)
    assert {name: getattr(osmnx.settings, name) for name in before} == before
    assert [path.name for path in tmp_path.iterdir()] == ["town.osm"]


def test_a_server_that_knows_no_roads_or_fails_is_named(town: Path, area: StudyArea) -> None:
    partial = "runtime error: Query timed out"
    for options, said in (({"empty": True}, "No data"), ({"status": 429}, "429"), ({"remark": partial}, "only a part")):
        with overpass(town, **options) as (endpoint, _), pytest.raises(SourceError, match=rf"127\.0\.0\.1.*{said}"):
            fetch_roads(area_of(area), endpoint=endpoint, timeout=10)


def test_a_server_that_is_not_there_is_named(area: StudyArea) -> None:
    with pytest.raises(SourceError, match="could be fetched from http://127"):
        fetch_roads(area_of(area), endpoint="http://127.0.0.1:9/api", timeout=2)
    with pytest.raises(QuestionError, match="http address"):
        fetch_roads(area_of(area), endpoint="file:///etc/passwd")


# people and possible sites


CORNERS = {
    21: (0, 0), 22: (0.4, 0), 23: (0.4, 0.4), 24: (0, 0.4), 31: (0.5, 0), 32: (0.9, 0), 33: (0.9, 0.4), 34: (0.5, 0.4),
    41: (5, 5), 42: (5.4, 5), 43: (5.4, 5.4), 50: (0.2, 0.2), 51: (0.1, 0.1), 52: (9, 9),
}  # fmt: skip
BUILDINGS: dict[int, tuple[list[int], Tags]] = {
    20: ([21, 22, 23, 24, 21], {"building": "apartments", "building:levels": "3"}),
    30: ([31, 32, 33, 34, 31], {"building": "yes"}),
    40: ([41, 42, 43, 41], {"building": "apartments"}),
    45: ([21, 22, 34, 21], {"building": "church", "amenity": "place_of_worship", "name": "教堂"}),
}


@pytest.fixture
def quarter(tmp_path: Path) -> Path:
    tagged = {
        "n50": {"amenity": "restaurant", "name": "Noodles", "name:zh": "面馆"},
        "n51": {"amenity": "bench"},
        "n52": {"amenity": "restaurant"},
    }
    return xml(tmp_path / "quarter.osm", CORNERS, BUILDINGS, **tagged)


def test_people_live_by_floor_area_and_all_of_them_are_placed(quarter: Path, area: StudyArea) -> None:
    people = read_osm_people(quarter, area=area_of(area), people_total=900)
    assert people.ids.tolist() == ["osm:way/20", "osm:way/30"]
    assert people.total == pytest.approx(900, rel=1e-12)
    assert people.people.tolist() == pytest.approx([600.0, 300.0], rel=1e-3)
    assert people["levels"].tolist() == [3.0, 3.0]
    assert people.report is not None
    assert people.report.quarantine["rule"].tolist() == ["place.outside"]


def test_shares_of_the_floor_may_be_given_and_nobody_may_be_lost(quarter: Path, area: StudyArea) -> None:
    people = read_osm_people(quarter, area=area_of(area), people_total=10, shares={"yes": 1.0})
    assert people.people.tolist() == [10.0]
    with pytest.raises(DataError, match="no residential building"):
        read_osm_people(quarter, area=area_of(area), people_total=10, shares={"castle": 1.0})
    with pytest.raises(QuestionError, match="people_total"):
        read_osm_people(quarter, area=area_of(area), people_total=0)


def test_possible_sites_come_from_points_and_buildings_with_the_tags(quarter: Path, area: StudyArea) -> None:
    sites = read_osm_sites(quarter, area=area_of(area), service="meal_station")
    assert sites.ids.tolist() == ["osm:node/50", "osm:way/45"]
    assert sites["name"].tolist() == ["面馆", "教堂"]
    assert sites["host"].tolist() == ["amenity=restaurant", "amenity=place_of_worship"]
    assert not sites["existing"].any()
    benches = read_osm_sites(quarter, area=area_of(area), service="x", tags={"amenity": ["bench"]})
    assert benches.ids.tolist() == ["osm:node/51"]


def test_buildings_whose_outline_is_not_whole_are_told(tmp_path: Path, area: StudyArea) -> None:
    broken = {60: ([21, 22, 99, 24, 21], {"building": "apartments"})}
    people = read_osm_people(xml(tmp_path / "a.osm", CORNERS, BUILDINGS | broken), area=area_of(area), people_total=9)
    assert people.report is not None
    [note] = people.report.notes
    assert note.words("en").startswith("1 areas cannot be drawn")


def test_tags_that_nothing_has_and_no_tags_are_told(quarter: Path, area: StudyArea) -> None:
    with pytest.raises(DataError, match="no place with the tags"):
        read_osm_sites(quarter, area=area_of(area), service="x", tags={"amenity": ["zoo"]})
    with pytest.raises(QuestionError, match="at least one value"):
        read_osm_sites(quarter, area=area_of(area), service="x", tags={"amenity": []})


def test_graphml_has_no_buildings(town: Path, tmp_path: Path, area: StudyArea) -> None:
    path = tmp_path / "town.graphml"
    osmnx.save_graphml(graph_of(town, simplify=True), path)
    with pytest.raises(DataError, match="streets alone"):
        read_osm_sites(path, area=area_of(area), service="x")
