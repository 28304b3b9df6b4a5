"""Units: villages, towns and districts that tile the city exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from generator.linework import GRID
from generator.places import DISTRICTS, TOWNS, Village
from generator.terrain import Terrain, roughen, smooth

CELL = 150.0


@dataclass(frozen=True, eq=False)
class Unit:
    """A division or village: its code, name, the code above it, and its ground."""

    code: str
    name: str
    parent: str
    kind: str
    shape: shapely.Geometry


def _ripple(xy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shift places by smooth waves, so that borders between nearest villages bend."""
    out = xy.copy()
    for length, height in ((3100.0, 210.0), (1500.0, 110.0), (700.0, 55.0)):
        for axis in (0, 1):
            for _ in range(2):
                turn, phase = rng.uniform(0, 2 * np.pi, 2)
                wave = (xy @ np.array([np.cos(turn), np.sin(turn)])) * 2 * np.pi / length + phase
                out[:, axis] += height * np.sin(wave)
    return out


def village_grounds(terrain: Terrain, villages: list[Village], rng: np.random.Generator) -> list[shapely.Geometry]:
    """The ground of each village: what is nearest to it, the river not crossed, as a coverage without gaps."""
    left, low, right, high = terrain.city.buffer(400).bounds
    x, y = np.meshgrid(np.arange(left, right, CELL), np.arange(low, high, CELL))
    xy = np.column_stack([x.ravel(), y.ravel()]) + CELL / 2
    moved = _ripple(xy, rng)
    where = np.array([v.xy for v in villages])
    away = np.hypot(*(moved[:, None, :] - where[None, :, :]).transpose(2, 0, 1))
    east = np.array([_east(p, terrain) for p in where])
    away += np.where(_east(xy, terrain)[:, None] != east.reshape(1, -1), 2500, 0)
    on_island = shapely.contains_xy(terrain.island.buffer(500), xy[:, 0], xy[:, 1])
    away[~on_island, -1] += 2000
    away[on_island, -1] -= 9000
    owner = np.argmin(away, axis=1)
    boxes = shapely.box(x.ravel(), y.ravel(), x.ravel() + CELL, y.ravel() + CELL)
    rough = np.array([shapely.coverage_union_all(boxes[owner == v]) for v in range(len(villages))])
    soft = shapely.coverage_simplify(rough, 230, simplify_boundary=True)
    edges = shapely.get_parts(shapely.line_merge(shapely.union_all(shapely.boundary(soft))))
    bent = [
        shapely.linestrings(smooth(roughen(smooth(shapely.get_coordinates(e), 2), rng, finest=140, rough=0.05), 1))
        for e in edges
    ]
    lines = shapely.union_all([*shapely.simplify(bent, 4), shapely.boundary(terrain.city)], grid_size=GRID)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    middle = shapely.point_on_surface(faces)
    faces, middle = faces[shapely.contains(terrain.city, middle)], middle[shapely.contains(terrain.city, middle)]
    face = shapely.STRtree(soft).query_nearest(middle, all_matches=False)
    village = _whole(faces, face[1][np.argsort(face[0], kind="stable")])
    return [shapely.coverage_union_all(faces[village == v]) for v in range(len(villages))]


def _whole(faces: np.ndarray, village: np.ndarray) -> np.ndarray:
    """Give the lesser pieces of a village to the neighbour they share most border with; islets stay."""
    village = village.copy()
    tree = shapely.STRtree(faces)
    area = shapely.area(faces)
    for i in np.argsort(area, kind="stable"):
        own = np.flatnonzero(village == village[i])
        if area[i] == area[own].max():
            continue
        near = np.sort(tree.query(faces[i], predicate="intersects"))
        shared = shapely.length(shapely.intersection(shapely.boundary(faces[i]), shapely.boundary(faces[near])))
        shared[near == i] = 0
        if shared.max() > 1:
            village[i] = village[near[int(np.argmax(shared))]]
    return village


def _east(xy: np.ndarray, terrain: Terrain) -> np.ndarray:
    """Whether places lie east of the river and the bay."""
    points = np.atleast_2d(xy)
    line = shapely.get_coordinates(terrain.river)
    order = np.argsort(line[:, 1], kind="stable")
    return points[:, 0] > np.interp(points[:, 1], line[order, 1], line[order, 0])


def make_units(
    terrain: Terrain, villages: list[Village], rng: np.random.Generator
) -> tuple[list[Unit], list[Unit], list[Unit]]:
    """Districts, towns and villages with their codes, each level tiling the one above."""
    grounds = np.array(village_grounds(terrain, villages, rng))
    town_codes = _town_codes()
    order = sorted(
        range(len(villages)), key=lambda i: (town_codes[villages[i].town], villages[i].rural, -villages[i].xy[1])
    )
    seen: dict[tuple[str, bool], int] = {}
    lowest = []
    for i in order:
        village = villages[i]
        town = town_codes[village.town]
        seen[town, village.rural] = number = seen.get((town, village.rural), 0) + 1
        code = f"{town}{number + (200 if village.rural else 0):03d}"
        name = village.name + ("村民委员会" if village.rural else "社区居民委员会")
        lowest.append(Unit(code, name, town, "村委会" if village.rural else "居委会", grounds[i]))
    towns = []
    for row, (district, name, _, _) in enumerate(TOWNS):
        shape = shapely.coverage_union_all([grounds[i] for i in range(len(villages)) if villages[i].town == row])
        towns.append(
            Unit(town_codes[row], name, DISTRICTS[district][0], "街道" if name.endswith("街道") else "镇", shape)
        )
    districts = [
        Unit(code, name, "379900", "市辖区", shapely.coverage_union_all([t.shape for t in towns if t.parent == code]))
        for code, name in DISTRICTS
    ]
    return districts, sorted(towns, key=lambda t: t.code), lowest


def _town_codes() -> list[str]:
    """Nine-digit codes: sub-districts from 001, towns from 100, in each district."""
    counts: dict[tuple[int, bool], int] = {}
    codes = []
    for district, name, _, _ in TOWNS:
        street = name.endswith("街道")
        counts[district, street] = number = counts.get((district, street), 0) + 1
        codes.append(f"{DISTRICTS[district][0]}{number + (0 if street else 99):03d}")
    return codes
