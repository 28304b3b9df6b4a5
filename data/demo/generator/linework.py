"""Linework: lines cut and joined so that roads that meet share an exact vertex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

GRID = 0.01
"""Metres every vertex is rounded to."""


@dataclass(frozen=True, eq=False)
class Road:
    """A road with its class and name in Chinese; lower ``rank`` wins where two run along the same ground."""

    line: shapely.Geometry
    kind: str
    name: str = ""
    oneway: bool = False
    rank: int = 5


def stretch(line: shapely.Geometry, *, start: float = 0.0, end: float = 0.0) -> shapely.Geometry:
    """Lengthen a line straight on at its ends, by metres."""
    points = shapely.get_coordinates(line)
    first, last = points[0] - points[1], points[-1] - points[-2]
    points[0] += first / max(np.hypot(*first), 1e-9) * start
    points[-1] += last / max(np.hypot(*last), 1e-9) * end
    return shapely.linestrings(points)


def reach_out(roads: list[Road], *, farthest: float, forbidden: shapely.Geometry) -> list[Road]:
    """Lengthen street ends that stop short of the next road until they meet it."""
    lines = [road.line for road in roads]
    tree = shapely.STRtree(lines)
    shapely.prepare(forbidden)
    out = []
    for i, road in enumerate(roads):
        if road.rank == 2:
            out.append(road)
            continue
        reach = 4 * farthest if road.rank == 1 else farthest
        more = {}
        for side, which in (("end", -1), ("start", 0)):
            points = shapely.get_coordinates(road.line)
            tip, before = points[which], points[which + (1 if which == 0 else -1)]
            heading = (tip - before) / np.hypot(*(tip - before))
            ray = shapely.linestrings([tip + 0.5 * heading, tip + reach * heading])
            hits = [lines[j] for j in tree.query(ray, predicate="intersects") if j != i]
            if not hits:
                continue
            first = shapely.distance(shapely.points(tip), shapely.intersection(ray, shapely.union_all(hits)))
            if not shapely.intersects(forbidden, shapely.linestrings([tip, tip + first * heading])):
                more[side] = float(first) + 6.0
        out.append(Road(stretch(road.line, **more), road.kind, road.name, road.oneway, road.rank))
    return out


def weave(roads: list[Road]) -> list[Road]:
    """Cut all roads where they cross or touch, vertices rounded to `GRID`."""
    lines = np.array([road.line for road in roads])
    pieces = shapely.get_parts(shapely.union_all(lines, grid_size=GRID))
    tree = shapely.STRtree(lines)
    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    piece, road = tree.query(middle, predicate="dwithin", distance=0.5)
    rank = np.array([r.rank for r in roads])[road]
    order = np.lexsort((road, rank, piece))
    piece, first = np.unique(piece[order], return_index=True)
    owner = road[order][first]
    return [
        Road(pieces[p], roads[o].kind, roads[o].name, roads[o].oneway, roads[o].rank)
        for p, o in zip(piece, owner, strict=True)
    ]


def ends(roads: list[Road]) -> tuple[np.ndarray, np.ndarray]:
    """Node numbers of the first and last vertex of each road, shape ``(roads, 2)``, and the nodes' places."""
    first = shapely.get_coordinates(shapely.get_point([r.line for r in roads], 0))
    last = shapely.get_coordinates(shapely.get_point([r.line for r in roads], -1))
    nodes, number = np.unique(np.round(np.vstack([first, last]), 2), axis=0, return_inverse=True)
    return number.reshape(2, -1).T, nodes


def trim(roads: list[Road], shortest: float, spared: frozenset[str] = frozenset()) -> list[Road]:
    """Take away dead ends shorter than ``shortest`` metres, three times over, and closed specks."""
    for _ in range(3):
        nodes, places = ends(roads)
        degree = np.bincount(nodes.ravel(), minlength=len(places))
        length = shapely.length([r.line for r in roads])
        dead = (degree[nodes] == 1).any(axis=1)
        drop = (dead & (length < shortest)) | (length < 0.5) | ((nodes[:, 0] == nodes[:, 1]) & (length < 60))
        roads = [
            road
            for road, gone in zip(roads, drop, strict=True)
            if not gone or (road.kind in spared and gone and road.line.length > 25)
        ]
    return roads


def pieces(roads: list[Road]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The connected piece of each road (0 the longest), with nodes as `ends` gives them."""
    nodes, places = ends(roads)
    parent = np.arange(len(places))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = int(parent[node])
        return node

    for a, b in nodes:
        parent[root(a)] = root(b)
    label = np.array([root(a) for a, _ in nodes])
    names, label = np.unique(label, return_inverse=True)
    length = np.bincount(label, shapely.length([r.line for r in roads]), minlength=len(names))
    rank = np.empty(len(names), int)
    rank[np.argsort(-length, kind="stable")] = np.arange(len(names))
    return rank[label], nodes, places


def mend(roads: list[Road], forbidden: shapely.Geometry, *, farthest: float, smallest: float) -> list[Road]:
    """Join pieces to the main piece by the shortest link over dry ground; drop specks below ``smallest`` metres."""
    piece, nodes, places = pieces(roads)
    length = np.bincount(piece, shapely.length([r.line for r in roads]))
    main = np.unique(nodes[piece == 0])
    kept = [road for road, p in zip(roads, piece, strict=True) if length[p] >= smallest]
    for p in np.flatnonzero(length >= smallest)[1:]:
        own = np.unique(nodes[piece == p])
        away = np.hypot(*(places[own][:, None, :] - places[main][None, :, :]).transpose(2, 0, 1))
        for flat in np.argsort(away, axis=None, kind="stable")[:40]:
            a, b = np.unravel_index(flat, away.shape)
            link = shapely.linestrings([places[own[a]], places[main[b]]])
            if away[a, b] <= farthest and not shapely.intersects(forbidden, link):
                kept.append(Road(link, "村道", rank=6))
                break
    return kept
