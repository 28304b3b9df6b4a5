"""Roads: the whole network of the made-up city, from the motorway to the steps on its hills."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
import shapely.ops
from shapely.geometry import LineString, Point

from generator.linework import GRID, Road, mend, reach_out, stretch, trim, weave
from generator.places import CORES, Core, Village
from generator.streets import Tracer, make_field, trace
from generator.terrain import Points, Terrain, metres, roughen, smooth

MAINS_KM = {
    "西海路": [(-2, 6.3), (0.2, 6.1), (2.0, 5.6), (3.2, 5.1), (4.9, 4.7), (6.6, 5.1), (8.2, 5.7), (9.5, 5.6), (10.6, 5.3), (12.0, 5.1), (12.75, 5.2)],
    "北环路": [(1.2, 7.6), (3.4, 8.0), (5.3, 8.9), (7.4, 8.3), (8.8, 7.9), (10.7, 8.2), (12.6, 8.6), (15.1, 8.75), (16.9, 8.9), (18.6, 8.7),
             (20.6, 8.8), (22.3, 8.5), (23.6, 7.5), (25.2, 7.4), (26.6, 7.9), (27.3, 9.2), (28.4, 9.9), (30, 10.6)],
    "解放路": [(10.6, 0.55), (10.7, 1.7), (10.3, 3.0), (10.3, 4.2), (10.5, 5.4), (10.4, 6.8), (10.7, 8.2), (11.0, 10.0), (11.3, 12.1), (11.2, 13.8),
             (11.6, 15.2), (12.2, 17.2), (12.0, 19.5)],
    "澜东路": [(17.75, 3.3), (18.2, 4.5), (18.9, 6.0), (18.5, 7.6), (17.7, 8.9), (17.5, 10.4), (16.9, 11.7), (16.6, 13.6), (17.4, 15.6), (17.2, 19.5)],
    "云栖路": [(17.0, 5.4), (18.6, 5.2), (20.4, 4.9), (21.9, 5.2), (23.3, 5.3), (24.8, 4.9), (26.4, 5.1), (27.2, 5.9)],
    "青禾大道": [(6.9, 11.4), (8.5, 11.5), (9.8, 12.2), (11.3, 12.1), (12.8, 12.3), (14.2, 12.2), (16.9, 11.7), (18.6, 11.6), (19.9, 10.6), (21.0, 9.2), (22.3, 8.5)],
    "屏山路": [(5.4, 3.9), (5.6, 4.8), (6.0, 6.6), (6.3, 8.5), (7.6, 9.9), (7.7, 11.5), (7.2, 13.2), (6.4, 15.0), (6.6, 17.0), (6.2, 19.5)],
    "通济路": [(8.1, 2.6), (8.5, 4.0), (8.2, 5.7), (8.8, 7.9), (9.1, 9.8), (9.8, 12.2)],
    "榴花路": [(12.4, 3.5), (11.7, 4.2), (12.0, 5.1), (12.3, 6.6), (12.6, 8.6), (12.6, 10.6), (12.8, 12.3), (13.0, 14.2)],
    "人民路": [(8.3, 3.4), (9.4, 3.35), (10.3, 3.2), (11.3, 3.3), (12.1, 3.0)],
    "平北路": [(2.0, 14.3), (3.6, 14.75), (5.0, 15.0), (6.4, 15.0), (8.6, 14.9), (11.4, 15.0), (13.8, 14.9), (16.9, 14.9), (18.6, 15.6), (20.2, 15.0), (23.4, 15.6), (25, 17.5), (25.6, 19.5)],
}  # fmt: skip
MOTORWAY_KM = [
    (-2, 7.1),
    (2.0, 7.1),
    (4.4, 7.9),
    (7.0, 9.6),
    (9.2, 9.5),
    (11.0, 9.6),
    (13.2, 10.2),
    (15.2, 10.6),
    (17.5, 10.3),
    (19.8, 10.1),
    (22, 10.6),
    (25, 11.8),
    (27.6, 11.7),
    (30, 12.6),
]
INTERCHANGES = ("解放路", "澜东路", "屏山路")
BRIDGE_KM = [(11.7, 2.75), (13.2, 3.2), (15.0, 3.35), (16.4, 3.6), (18.2, 4.1)]

_NAME_ONE = "海潮澜汐云霞松榴梧桂棠兰荷竹枫瑞安康宁和永长庆丰新文景明朝华春秋晴帆贝珊鸥鹭"
_NAME_TWO = "兴泰平源泽光阳和乐盛台石林溪城门清远达通宁安"


def curve(km: list[tuple[float, float]], rng: np.random.Generator, rough: float = 0.025) -> LineString:
    """A flowing line through control points in kilometres."""
    return LineString(smooth(roughen(smooth(metres(km), 1), rng, finest=400, rough=rough), 3)).simplify(2.5)


def coast_road(terrain: Terrain, inland: float, bend: float) -> list[shapely.Geometry]:
    """Lines that follow the coast ``inland`` metres from it, with bends no tighter than ``bend``."""
    mainland = max(shapely.get_parts(terrain.land), key=lambda part: part.area)
    shore = mainland.buffer(-inland - bend).buffer(bend).exterior
    sea = terrain.waters[0][2]
    near = shapely.line_merge(shore.intersection(sea.buffer(inland + 140)).intersection(terrain.city.buffer(50)))
    return [part.simplify(3) for part in shapely.get_parts(near) if part.length > 500]


def _ramps(motorway: LineString, main: LineString) -> tuple[list[Road], list[float]]:
    """Four ramps that join a motorway to the main road it passes over, and where they leave it."""
    cross = shapely.get_parts(motorway.intersection(main))[0]
    on, off = motorway.project(cross), main.project(cross)
    ramps, places = [], []
    for ahead in (-1, 1):
        exit_at = on + ahead * 520
        leave = shapely.set_precision(motorway.interpolate(exit_at), GRID)
        places.append(exit_at)
        for side in (-1, 1):
            land = main.interpolate(off + side * 330)
            a, b, c = (np.array(p.coords[0]) for p in (leave, cross, land))
            control = b + 0.25 * (a - b) + 0.25 * (c - b)
            t = np.linspace(0, 1, 9)[:, None]
            path = (1 - t) ** 2 * a + 2 * t * (1 - t) * control + t**2 * c
            ramps.append(Road(stretch(shapely.linestrings(path), end=6), "匝道", rank=2))
    return ramps, places


def motorway_parts(mains: dict[str, LineString], rng: np.random.Generator) -> tuple[list[Road], list[Road]]:
    """The motorway in pieces between its interchanges (it crosses everything else above), and its ramps."""
    line = curve(MOTORWAY_KM, rng, 0.01)
    ramps, cuts = [], []
    for name in INTERCHANGES:
        more, places = _ramps(line, mains[name])
        ramps += more
        cuts += places
    bounds = [0.0, *sorted(cuts), line.length]
    roads = []
    for start, end in pairwise(bounds):
        piece = shapely.set_precision(shapely.ops.substring(line, start, end), GRID)
        roads.append(Road(piece, "高速公路", "滨澜高速", rank=0))
    return roads, ramps


def gabriel(xy: Points, farthest: float) -> list[tuple[int, int]]:
    """Pairs with no third point in the circle on their span as diameter."""
    away = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    pairs = []
    for i, j in zip(*np.nonzero(np.triu(away < farthest, 1)), strict=True):
        others = away[i] ** 2 + away[j] ** 2 < away[i, j] ** 2 - 1e-6
        others[[i, j]] = False
        if not others.any():
            pairs.append((int(i), int(j)))
    return pairs


def country_roads(
    terrain: Terrain, villages: list[Village], mains: list[shapely.Geometry], seats: Points, rng: np.random.Generator
) -> list[Road]:
    """Winding roads from village to village and to the main roads, round hills and water."""
    rural = np.array([v.xy for v in villages if v.rural][:-1])
    xy = np.vstack([rural, seats])
    blocked = shapely.union(terrain.water.buffer(60), terrain.hill.buffer(-120))
    shapely.prepare(blocked)
    trunk = shapely.union_all(mains)
    links = [(xy[i], xy[j], i >= len(rural) or j >= len(rural)) for i, j in gabriel(xy, 3400)]
    for point in xy:
        nearest = np.array(shapely.get_coordinates(shapely.shortest_line(Point(point), trunk))[1])
        gap = np.hypot(*(nearest - point))
        if 40 < gap < 1700:
            links.append((point, nearest + (nearest - point) / gap * 8, False))
    roads = []
    for a, b, big in links:
        straight = LineString([a, b])
        if shapely.intersects(blocked, straight):
            continue
        busy = straight.buffer(260).intersection(trunk).length
        if busy > 0.75 * straight.length and straight.length > 500:
            continue
        line = LineString(smooth(roughen(np.array([a, b]), rng, finest=230, rough=0.085), 2)).simplify(3)
        if shapely.intersects(blocked, line):
            line = straight
        town_road = big or rng.random() < 0.12
        roads.append(Road(line, "乡道" if town_road else "村道", rank=3 if town_road else 4))
    return roads


def hill_paths(terrain: Terrain, streets: list[Road], rng: np.random.Generator) -> list[Road]:
    """Footpaths that wind up the hills from the nearest street, with steps where it is steep."""
    walkable = shapely.union_all([road.line for road in streets])
    roads = []
    for name, kind, shape in terrain.hills:
        if kind != "山体":
            continue
        for part in shapely.get_parts(shape):
            area = part.area / 1e6
            top = np.array(part.point_on_surface().coords[0])
            for _ in range(2 if area < 2 else 4):
                turn = rng.uniform(0, 2 * np.pi)
                far = Point(top + 5000 * np.array([np.cos(turn), np.sin(turn)]))
                foot = shapely.get_coordinates(
                    shapely.shortest_line(shapely.intersection(part.exterior, LineString([top, far])), walkable)
                )
                if len(foot) < 2 or np.hypot(*(foot[1] - foot[0])) > 500:
                    continue
                gate, street = foot
                up = roughen(
                    np.array([gate, gate + (top - gate) * min(1.0, 1300 / np.hypot(*(top - gate)))]),
                    rng,
                    finest=60,
                    rough=0.16,
                )
                climb = smooth(up, 1)
                a, b = int(len(climb) * 0.35), int(len(climb) * 0.55)
                out = street + (street - gate) / max(np.hypot(*(street - gate)), 1e-9) * 6
                roads.append(Road(LineString([out, *climb[: a + 1]]), "人行道", f"{name}登山道", rank=8))
                roads.append(Road(LineString(climb[a : b + 1]), "台阶", f"{name}登山道", rank=8))
                roads.append(Road(LineString(climb[b:]), "人行道", f"{name}登山道", rank=8))
    return roads


def _urban(
    terrain: Terrain,
    cores: list[Core],
    villages: list[Village],
    tracer: Tracer,
    names: list[str],
    rng: np.random.Generator,
) -> list[Road]:
    """Secondary roads, local roads and lanes of the built-up areas, and lanes of the villages."""
    dry = terrain.city.buffer(-35).difference(shapely.union(terrain.water.buffer(40), terrain.hill.buffer(-10)))
    large = cores[: len(CORES)]
    roads = []
    ground = shapely.union_all([core.shape for core in large]).buffer(160).intersection(dry)
    for core in large:
        roads += [Road(line, "次干路", names.pop(), rank=3) for line in trace(tracer, core.shape, ground, 640, rng)]
    for core in large:
        lines = trace(tracer, core.shape, ground, max(2.0 * core.spacing, 300), rng, 2600)
        roads += [Road(line, "支路", names.pop(), rank=4) for line in lines]
    for core in cores:
        ground = core.shape.buffer(40).intersection(dry)
        for line in trace(tracer, core.shape, ground, core.spacing, rng, 1500):
            roads.append(
                Road(line, "街巷", rng.choice(["", "", names[len(roads) % 60][0] + f"{rng.integers(1, 12)}巷"]), rank=5)
            )
    for village in villages:
        if village.rural:
            ground = village.shape.buffer(20).intersection(dry)
            roads += [Road(line, "村道", rank=6) for line in trace(tracer, village.shape, ground, 105, rng, 500)]
    return roads


def _street_names(rng: np.random.Generator) -> list[str]:
    taken = set(MAINS_KM)
    pool = [a + b + g for a in _NAME_ONE for b in _NAME_TWO for g in ("路", "街") if a != b and a + b + g not in taken]
    return [pool[i] for i in rng.permutation(len(pool))]


def _alleys(roads: list[Road], old: shapely.Geometry, rng: np.random.Generator) -> list[Road]:
    """In the old town a few lanes are for walking only or climb by steps, and a few streets are one-way."""
    shapely.prepare(old)
    out = []
    named = {r.name: rng.random() < 0.07 for r in sorted(roads, key=lambda r: r.name) if r.kind in ("支路", "次干路")}
    for road in roads:
        kind, oneway = road.kind, named.get(road.name, False) and road.kind in ("支路", "次干路")
        if kind == "街巷" and shapely.contains(old, road.line):
            dice = rng.random()
            kind = "台阶" if dice < 0.02 and road.line.length < 160 else "人行道" if dice < 0.09 else kind
        out.append(Road(road.line, kind, road.name, oneway, road.rank))
    return out


def make_roads(terrain: Terrain, cores: list[Core], villages: list[Village], rng: np.random.Generator) -> list[Road]:
    """Draw every road and cut them where they meet."""
    mains = {name: curve(km, rng) for name, km in MAINS_KM.items()}
    shore = coast_road(terrain, 210, 420)
    motorway, ramps = motorway_parts(mains, rng)
    names = _street_names(rng)
    trunk = [*mains.values(), *shore]
    seats = np.array([core.shape.centroid.coords[0] for core in cores[len(CORES) :]])
    country = country_roads(terrain, villages, trunk, seats, rng)
    bridge = curve(BRIDGE_KM, rng, 0.0)
    tracer = Tracer(make_field(terrain, cores, villages, trunk))
    for line in [*trunk, *(m.line for m in motorway), *(r.line for r in ramps), *(r.line for r in country)]:
        tracer.take(shapely.get_coordinates(line))
    roads = [Road(stretch(line, start=8, end=8), "主干路", name, rank=1) for name, line in mains.items()]
    roads += [Road(line, "主干路", "滨海大道", rank=1) for line in shore]
    roads += [Road(bridge, "快速路", "澜湾大桥", rank=2), *ramps, *country]
    roads += _urban(terrain, cores, villages, tracer, names, rng)
    clear = shapely.union_all([r.line for r in ramps]).buffer(45)
    roads = [r for r in roads if r.rank < 4 or not shapely.intersects(clear, r.line)]
    roads = reach_out(roads, farthest=190, forbidden=shapely.union(terrain.water, motorway[0].line))
    walks = [Road(line, "人行道", "滨海步道", rank=7) for line in coast_road(terrain, 55, 90)]
    urban = shapely.union_all([core.shape for core in cores[: len(CORES)]]).buffer(500)
    walks = [
        Road(part, w.kind, w.name, rank=7)
        for w in walks
        for part in shapely.get_parts(w.line.intersection(urban))
        if part.length > 400
    ]
    roads += walks
    roads += [Road(line, "人行道", "", rank=7) for line in _to_promenade(walks, roads)]
    roads += hill_paths(terrain, [r for r in roads if r.rank != 2], rng)
    woven = trim(weave(roads), 95, frozenset({"人行道", "台阶"}))
    for _ in range(2):
        woven = trim(weave(mend(woven, terrain.water, farthest=2500, smallest=250)), 30, frozenset({"人行道", "台阶"}))
    return [*motorway, *_alleys(woven, cores[0].shape, rng)]


def _to_promenade(walks: list[Road], roads: list[Road]) -> list[shapely.Geometry]:
    """Short ways from the streets to the walk along the shore, about every 350 metres."""
    streets = shapely.union_all([r.line for r in roads if r.kind in ("街巷", "支路", "次干路", "主干路")])
    out = []
    for walk in walks:
        for along in np.arange(60, walk.line.length, 350):
            link = shapely.shortest_line(walk.line.interpolate(along), streets)
            if 5 < link.length < 320:
                out.append(stretch(link, start=6, end=6))
    return out
