"""Terrain: the coast, the river, the hills and the outline of the made-up city.

Everything is drawn in kilometres from a local origin by hand-set control points, roughened by
midpoint displacement, and moved to metres of EPSG:4549. The origin lies in the open Yellow Sea, so that no
real place is meant.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon, box

Points = NDArray[np.float64]

ORIGIN = (580_000.0, 3_990_000.0)
FRAME_KM = (-2.0, -3.5, 30.0, 19.5)

COAST_KM = [
    (-8, 5.2), (-3, 4.7), (0.0, 4.3), (2.0, 3.3), (3.6, 3.9), (5.2, 3.4), (7.0, 2.7), (8.3, 1.6),
    (9.4, 0.5), (10.6, 0.2),
    (11.6, 0.7), (12.1, 1.9), (12.3, 3.2), (12.8, 4.4), (13.2, 5.6), (14.0, 6.8), (15.2, 7.4), (16.3, 7.2), (17.1, 6.3),
    (17.2, 5.1), (16.9, 4.1), (17.7, 3.2), (19.2, 3.0), (20.7, 2.2), (21.9, 1.3), (22.8, 1.6), (23.0, 2.9), (23.7, 3.9),
    (25.0, 3.6), (26.3, 4.2), (27.2, 5.6), (27.7, 7.1), (28.8, 8.4), (30.4, 9.0), (36, 10.0),
]  # fmt: skip
BORDER_KM = [
    (0.9, 1.0), (0.5, 6.2), (1.3, 9.0), (0.7, 11.6), (2.3, 14.6), (5.0, 15.9), (8.2, 15.3), (11.0, 16.8), (14.2, 16.1),
    (17.6, 17.3), (20.6, 16.2), (23.6, 16.6), (26.0, 14.7), (27.0, 12.2), (28.3, 10.4), (28.1, 6.0), (29.0, 1.0),
    (22.0, -4.0), (10.0, -4.0),
]  # fmt: skip
RIVER_KM = [(13.2, 22), (14.1, 18), (13.3, 15.6), (14.5, 13.4), (13.9, 11.4), (15.1, 9.6), (15.2, 8.2), (15.4, 6.6)]
STREAM_KM = [(5.6, 13.4), (6.9, 11.4), (6.4, 9.3), (7.3, 7.4), (6.6, 5.4), (6.2, 2.6)]
HILLS_KM = [
    # x, y, radius along, radius across, turn in degrees, name
    (3.6, 10.6, 2.3, 1.3, 60, "西屏山"), (4.9, 12.6, 1.5, 1.0, 20, "西屏山"), (23.6, 11.6, 2.9, 1.7, 35, "东岱岭"),
    (21.4, 13.2, 2.2, 1.3, 120, "东岱岭"), (25.3, 9.4, 1.7, 1.1, 80, "东岱岭"), (22.1, 2.5, 0.75, 0.5, 70, "望潮角"),
    (9.3, 4.5, 0.62, 0.42, 30, "钟楼山"), (11.2, 6.6, 0.75, 0.4, 100, "榴花山"), (10.5, 1.2, 0.4, 0.3, 10, "灯塔山"),
    (8.4, 13.6, 1.4, 0.8, 150, "凤台山"), (18.6, 14.4, 1.2, 0.8, 60, "北大顶"), (4.0, 6.6, 1.1, 0.65, 25, "石人岭"),
    (19.9, 7.2, 0.9, 0.55, 70, "云栖山"), (26.3, 6.5, 0.7, 0.5, 60, "墨石山"),
]  # fmt: skip
ISLANDS_KM = [
    (14.6, 1.9, 0.62, 0.42, 30, "鸥屿"),
    (19.2, -0.4, 0.28, 0.16, 70, "小青屿"),
    (25.6, 1.2, 0.34, 0.2, 20, "砚台屿"),
]


@dataclass(frozen=True, eq=False)
class Terrain:
    """The ground of the city, in metres of EPSG:4549.

    ``land`` goes on beyond the city; ``city`` is the part inside the border; ``island`` is the inhabited
    one. ``hills`` and ``waters`` are (name, kind, polygon) in drawing order.
    """

    frame: Polygon
    land: shapely.Geometry
    city: shapely.Geometry
    island: Polygon
    river: LineString
    water: shapely.Geometry
    hill: shapely.Geometry
    hills: list[tuple[str, str, shapely.Geometry]]
    waters: list[tuple[str, str, shapely.Geometry]]


def metres(km: object) -> Points:
    """Move kilometres of the drawing to metres of EPSG:4549."""
    return np.asarray(km, dtype=float) * 1000.0 + ORIGIN


def roughen(points: Points, rng: np.random.Generator, *, finest: float, rough: float) -> Points:
    """Displace midpoints sideways by ``rough`` of each length, until no piece is longer than ``finest`` metres."""
    while True:
        step = np.diff(points, axis=0)
        length = np.hypot(step[:, 0], step[:, 1])
        if length.max() <= finest:
            return points
        side = np.column_stack([-step[:, 1], step[:, 0]]) * rng.normal(0, rough, len(step))[:, None]
        halves = (points[:-1] + points[1:]) / 2 + np.where(length[:, None] > finest, side, 0)
        merged = np.empty((len(points) + len(halves), 2))
        merged[0::2], merged[1::2] = points, halves
        keep = np.ones(len(merged), bool)
        keep[1::2] = length > finest
        points = merged[keep]


def smooth(points: Points, rounds: int = 2) -> Points:
    """Cut corners (Chaikin), the ends kept."""
    for _ in range(rounds):
        before, after = points[:-1], points[1:]
        cut = np.empty((2 * len(before), 2))
        cut[0::2], cut[1::2] = 0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after
        points = np.vstack([points[:1], cut, points[-1:]])
    return points


def blob(
    centre: Points, along: float, across: float, turn: float, rng: np.random.Generator, rough: float = 0.12
) -> Polygon:
    """Draw an uneven ellipse: radii in metres, ``turn`` in degrees."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    radius = np.ones_like(angle)
    for wave in (2, 3, 5, 7):
        radius += rough / np.sqrt(wave) * rng.normal() * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    x, y = along * radius * np.cos(angle), across * radius * np.sin(angle)
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return Polygon(np.column_stack([centre[0] + c * x - s * y, centre[1] + s * x + c * y])).buffer(0)


def _stream(
    control: list[tuple[float, float]], widths: tuple[float, float], rng: np.random.Generator
) -> tuple[LineString, Polygon]:
    """A winding line and the water along it, from the first width to the last."""
    line = LineString(smooth(roughen(smooth(metres(control), 2), rng, finest=150, rough=0.07), 2)).simplify(6)
    step = 200.0
    along = np.arange(0, line.length + step, step)
    points = shapely.line_interpolate_point(line, along)
    radii = np.linspace(widths[0], widths[1], len(points)) / 2
    beads = [
        shapely.union(points[i].buffer(radii[i]), points[i + 1].buffer(radii[i + 1])).convex_hull
        for i in range(len(points) - 1)
    ]
    return line, shapely.union_all(beads).simplify(8)


def make_terrain(rng: np.random.Generator) -> Terrain:
    """Draw the ground."""
    frame = box(*metres([FRAME_KM[:2], FRAME_KM[2:]]).ravel())
    coast = roughen(smooth(metres(COAST_KM), 1), rng, finest=90, rough=0.085)
    far = metres([(36, 40), (-8, 40)])
    mainland = Polygon(np.vstack([coast, far])).buffer(0)
    mainland = max(shapely.get_parts(mainland), key=lambda p: p.area).simplify(6).intersection(frame)
    islands = [(name, blob(metres((x, y)), a * 1000, b * 1000, t, rng, 0.2)) for x, y, a, b, t, name in ISLANDS_KM]
    river, wet = _stream(RIVER_KM, (70, 260), rng)
    _, brook = _stream(STREAM_KM, (14, 46), rng)
    reservoir = blob(metres((5.35, 14.1)), 620, 260, 50, rng, 0.25)
    border = roughen(smooth(metres([*BORDER_KM, BORDER_KM[0]]), 1), rng, finest=200, rough=0.09)
    land = shapely.union_all([mainland, *(shape for _, shape in islands)])
    inside = Polygon(border).buffer(0)
    city = shapely.union_all([mainland.intersection(inside), *(shape for _, shape in islands)])
    fresh = shapely.union_all([wet, brook, reservoir]).intersection(mainland)
    by_name: dict[str, list[shapely.Geometry]] = {}
    for x, y, a, b, t, name in HILLS_KM:
        by_name.setdefault(name, []).append(blob(metres((x, y)), a * 1000, b * 1000, t, rng, 0.16))
    dry = mainland.difference(fresh.buffer(60))
    hills = [(name, "山体", shapely.union_all(parts).intersection(dry).simplify(8)) for name, parts in by_name.items()]
    hills += [(name, "岛屿林地", shape.buffer(-90)) for name, shape in islands if name == "小青屿"]
    sea = frame.difference(land)
    waters = [
        ("澜湾", "海域", sea),
        ("清澜河", "河流", wet.intersection(mainland)),
        ("白石溪", "河流", brook.intersection(mainland)),
        ("西屏水库", "水库", reservoir),
    ]
    return Terrain(
        frame=frame,
        land=land,
        city=city,
        island=islands[0][1],
        river=river,
        water=shapely.union_all([sea, fresh]),
        hill=shapely.union_all([shape for _, _, shape in hills]),
        hills=hills,
        waters=waters,
    )


def inside(shape: shapely.Geometry, xy: Points) -> NDArray[np.bool_]:
    """Tell which points, shape ``(points, 2)``, lie in a polygon."""
    shapely.prepare(shape)
    return np.asarray(shapely.contains_xy(shape, xy[:, 0], xy[:, 1]))


def at(x: float, y: float) -> Point:
    """Give the point at kilometres of the drawing."""
    return Point(*metres((x, y)))
