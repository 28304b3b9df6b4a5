"""Files: OpenStreetMap extracts, recognised and refused before they are parsed, and streamed.

An XML file with a DOCTYPE can make a parser eat all memory or read other files, and OpenStreetMap's never have one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from planner.arrays import Points, Positions
from planner.errors import SourceError
from planner.sources.sniff import digest, local

CHUNK = 1 << 20
DECLARATIONS = (b"<!doctype", b"<!entity")


class Kind(StrEnum):
    """The formats OpenStreetMap data come in."""

    PBF = "OSM PBF"
    XML = "OSM XML"
    GRAPHML = "GraphML"


@dataclass(frozen=True, slots=True)
class Extract:
    """A file that was recognised: safe to hand to its parser."""

    path: Path
    kind: Kind
    sha256: str


def is_osm(name: str | os.PathLike[str]) -> bool:
    """Tell by its name whether a file is to be read as OpenStreetMap data; `opened` looks at the content."""
    return os.fspath(name).lower().endswith((".pbf", ".osm", ".osm.xml", ".graphml"))


def opened(path: str | os.PathLike[str]) -> Extract:
    """Recognise a file by its content; raises `SourceError` for one that is no such file, or is dangerous."""
    found = local(path)
    with found.open("rb") as file:
        head = file.read(4096)
    kind = _recognised(head, found.name)
    if kind is not Kind.PBF:
        _refuse_declarations(found)
    return Extract(found, kind, digest([found]))


def _recognised(head: bytes, name: str) -> Kind:
    if head[4:15] == b"\x0a\x09OSMHeader":
        return Kind.PBF
    if head[:2] in (b"\x1f\x8b", b"BZ"):
        raise SourceError(f"{name} is compressed; unpack it first, or give the .osm.pbf")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or (start.startswith(b"<") and b"\x00" in head):
        raise SourceError(f"{name} is XML in UTF-16, which OpenStreetMap never writes; save it as UTF-8")
    if start.startswith(b"<"):
        _refuse(start, name)
        for mark, kind in ((b"<osm", Kind.XML), (b"<graphml", Kind.GRAPHML)):
            if mark in start:
                return kind
    raise SourceError(f"{name} is not an OpenStreetMap file: .osm.pbf, .osm (XML) and .graphml of osmnx are read")


def _refuse_declarations(path: Path) -> None:
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            _refuse(tail + chunk.lower(), path.name)
            tail = chunk[-16:].lower()


def _refuse(text: bytes, name: str) -> None:
    if any(mark in text for mark in DECLARATIONS):
        raise SourceError(
            f"{name} declares a DOCTYPE or ENTITY, which data files never need and attacks do; it is refused"
        )


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways as OpenStreetMap has them: way ``i`` runs through the nodes from ``starts[i]`` up to ``starts[i + 1]``.

    ``lonlat`` is NaN for a node the extract names but does not hold.
    """

    ids: Positions
    tags: Sequence[Mapping[str, str]]
    nodes: Positions
    lonlat: Points
    starts: Positions


def ways(extract: Extract, key: str) -> Ways:
    """Every way that has the key, in file order."""
    import osmium

    ids: list[int] = []
    tags: list[dict[str, str]] = []
    nodes: list[int] = []
    lonlat: list[tuple[float, float]] = []
    starts = [0]
    nowhere = (float("nan"), float("nan"))
    with _faults_told(extract):
        stream: Any = osmium.FileProcessor(str(extract.path)).with_locations()
        stream = stream.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)).with_filter(
            osmium.filter.KeyFilter(key)
        )
        for way in stream:
            ids.append(way.id)
            tags.append({tag.k: tag.v for tag in way.tags})
            for node in way.nodes:
                place = node.location
                nodes.append(node.ref)
                lonlat.append((place.lon, place.lat) if place.valid() else nowhere)
            starts.append(len(nodes))
    xy = np.array(lonlat, dtype=np.float64).reshape(-1, 2)
    return Ways(np.array(ids, np.int64), tags, np.array(nodes, np.int64), xy, np.array(starts, np.int64))


@dataclass(frozen=True, slots=True)
class Feature:
    """A node or an area: its ID such as ``osm:way/12``, tags, and geometry in degrees."""

    id: str
    tags: Mapping[str, str]
    geometry: shapely.Geometry


def features(extract: Extract, *keys: str, nodes: bool = True) -> Iterator[Feature]:
    """Nodes and areas (closed ways, multipolygons) that have one of the keys; an area that cannot be drawn is passed over."""
    import osmium

    write = osmium.geom.WKBFactory()
    with _faults_told(extract):
        wanted = osmium.filter.KeyFilter(*keys)
        stream: Any = osmium.FileProcessor(str(extract.path)).with_areas(wanted).with_filter(wanted)
        for one in stream:
            tags = {tag.k: tag.v for tag in one.tags}
            if one.is_area():
                kind = "way" if one.from_way() else "relation"
                shape = shapely.from_wkb(bytes.fromhex(write.create_multipolygon(one)))
                yield Feature(f"osm:{kind}/{one.orig_id()}", tags, shape)
            elif nodes and one.is_node() and one.location.valid():
                yield Feature(f"osm:node/{one.id}", tags, shapely.Point(one.location.lon, one.location.lat))


def areas_named(extract: Extract, *keys: str) -> set[str]:
    """IDs of closed ways and multipolygons that have one of the keys, whether or not they can be drawn."""
    import osmium

    named = set()
    with _faults_told(extract):
        stream: Any = osmium.FileProcessor(str(extract.path)).with_filter(osmium.filter.KeyFilter(*keys))
        for one in stream:
            if one.is_relation() and one.tags.get("type") in ("multipolygon", "boundary"):
                named.add(f"osm:relation/{one.id}")
            elif one.is_way() and one.is_closed() and one.tags.get("area") != "no":
                named.add(f"osm:way/{one.id}")
    return named


@contextmanager
def _faults_told(extract: Extract) -> Iterator[None]:
    """Turn the parser's complaints into one that names the file, and notice a file that changes meanwhile."""
    before = extract.path.stat()
    try:
        yield
    except RuntimeError as error:
        raise SourceError(
            f"{extract.path.name} is damaged or cut off ({error}); nothing was kept of it, get the file again"
        ) from error
    after = extract.path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise SourceError(f"{extract.path.name} changed while it was read; read it again when it is complete")
