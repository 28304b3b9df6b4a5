"""Places: the built-up cores, the towns and the villages of the made-up city."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Point, Polygon

from generator.terrain import Points, Terrain, blob, inside, metres

DISTRICTS = (("379901", "望海区"), ("379902", "东澜区"), ("379903", "青禾区"))

TOWNS = [
    # district, name, x, y of the seat
    (0, "钟楼街道", 9.5, 5.0), (0, "灯塔街道", 10.5, 1.7), (0, "观澜街道", 11.6, 3.6), (0, "临港街道", 8.7, 3.0),
    (0, "榴花街道", 11.5, 7.2), (0, "通济街道", 8.8, 7.3), (0, "沙嘴镇", 4.9, 4.6), (0, "石岭镇", 2.0, 5.6),
    (0, "西屏镇", 5.4, 8.9), (1, "澜东街道", 18.2, 4.4), (1, "云栖街道", 19.0, 6.3), (1, "湾头街道", 16.7, 8.7),
    (1, "观海街道", 20.6, 4.3), (1, "望潮镇", 23.3, 5.4), (1, "墨石镇", 26.5, 5.0), (1, "东岱镇", 22.3, 8.6),
    (1, "岱阴镇", 27.2, 9.3), (2, "青禾街道", 10.9, 12.0), (2, "清澜街道", 12.6, 12.5), (2, "凤台镇", 8.4, 11.5),
    (2, "柳河镇", 16.9, 11.7), (2, "北岭镇", 20.2, 15.1), (2, "平畴镇", 11.4, 15.1), (2, "屏北镇", 3.6, 14.7),
]  # fmt: skip

CORES = [
    # name, x, y, radius along, across, turn, grid angle, residential spacing in metres, people
    ("老城", 10.3, 3.3, 3.15, 2.1, 80, 12, 125, 84_000), ("老城北", 10.4, 6.9, 2.1, 1.35, 5, -6, 155, 36_000),
    ("东澜新城", 19.1, 5.2, 2.0, 1.9, 15, 20, 190, 49_000), ("湾头新区", 16.7, 8.8, 1.35, 1.05, -10, 40, 200, 17_000),
    ("青禾城区", 11.5, 12.3, 1.75, 1.2, 10, -14, 140, 29_000), ("观海片区", 21.4, 4.2, 1.0, 0.8, -25, -25, 170, 8_000),
]  # fmt: skip
SEAT_PEOPLE = 2_900
"""People round the seat of a town outside the cores."""

_FIRST = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田"
    "任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_KIND = ("家庄", "家疃", "家沟", "家埠", "家洼", "家河", "家岭", "家台", "家屯", "家泊")
_FIELD = [
    "东山前", "西山后", "南河套", "北河崖", "柳林", "槐树底", "大桥头", "小桥头", "上沙滩", "下沙滩", "盐场", "双石", "老鸹岭", "泉子", "石门",
    "麦岛", "渔坞", "后海", "前海", "松园", "梨园", "桃花涧", "官道口", "三官庙", "土城", "红土崖", "白鹭滩", "芦苇荡", "蛤蜊湾", "礁石",
]  # fmt: skip
_WORD_ONE = "海潮澜汐云霞松榴梧桂棠兰荷竹枫瑞安康宁和永长庆丰新文景明朝华春秋晴帆舟贝珊鸥鹭"
_WORD_TWO = "兴泰平宁园苑里湾港庭坊桥源泽光阳和乐丰盛台石林溪城门"


@dataclass(frozen=True, eq=False)
class Core:
    """A built-up area: where streets are laid out in blocks."""

    name: str
    shape: Polygon
    angle: float
    spacing: float
    people: float


@dataclass(frozen=True, eq=False)
class Village:
    """A village (村委会) or community (居委会) with its built-up area and its town's row in `TOWNS`."""

    name: str
    xy: Points
    shape: Polygon
    angle: float
    rural: bool
    town: int
    people: float


def make_cores(terrain: Terrain, rng: np.random.Generator) -> list[Core]:
    """Lay the built-up cores and the seats of the outer towns on dry, level ground."""
    free = terrain.city.difference(shapely.union(terrain.water.buffer(45), terrain.hill))
    cores = [
        Core(
            name,
            blob(metres((x, y)), along * 1000, across * 1000, turn, rng, 0.1).intersection(free),
            angle,
            space,
            people,
        )
        for name, x, y, along, across, turn, angle, space, people in CORES
    ]
    built = shapely.union_all([core.shape for core in cores])
    for _, name, x, y in TOWNS:
        if not built.contains(Point(metres((x, y)))):
            seat = blob(metres((x, y)), 560, 430, rng.uniform(0, 180), rng, 0.2).intersection(free)
            cores.append(Core(name, seat, rng.uniform(-45, 45), 130, SEAT_PEOPLE))
    return cores


def scatter(
    shape: shapely.Geometry, apart: float, rng: np.random.Generator, taken: Points, tries: int = 6000
) -> Points:
    """Throw points into a polygon, none nearer than ``apart`` metres to another or to those taken."""
    left, low, right, high = shape.bounds
    thrown = rng.uniform((left, low), (right, high), (tries, 2))
    kept = [tuple(p) for p in taken]
    first = len(kept)
    for point in thrown[inside(shape, thrown)]:
        if not kept or np.hypot(*(np.array(kept) - point).T).min() >= apart:
            kept.append(tuple(point))
    return np.array(kept[first:])


def _names(rng: np.random.Generator, villages: int, communities: int) -> tuple[list[str], list[str]]:
    """Names nobody bears twice, for villages and for communities."""
    pool = [first + kind for first in _FIRST for kind in _KIND]
    family = [pool[i] for i in rng.permutation(len(pool))]
    seen: set[str] = set()
    once = [name for name in family if not (name[0] in seen or seen.add(name[0]))]
    rural = [*_FIELD, *once, *[name for name in family if name not in once]][:villages]
    pairs = [a + b for a in _WORD_ONE for b in _WORD_TWO if a != b]
    urban = [pairs[i] for i in rng.permutation(len(pairs))[:communities]]
    return [rural[i] for i in rng.permutation(villages)], urban


def nearest_town(xy: Points, terrain: Terrain) -> np.ndarray:
    """The town each point belongs to: the nearest seat, the river and the bay counting as a detour."""
    seats = metres([(x, y) for _, _, x, y in TOWNS])
    away = np.hypot(*(xy[:, None, :] - seats[None, :, :]).transpose(2, 0, 1))
    links = shapely.linestrings(np.stack(np.broadcast_arrays(xy[:, None, :], seats[None, :, :]), axis=2))
    away += np.where(shapely.intersects(links, terrain.river), 3000, 0)
    away += 1.5 * shapely.length(shapely.intersection(links, terrain.waters[0][2]))
    away += 0.6 * shapely.length(shapely.intersection(links, terrain.hill))
    return np.argmin(away, axis=1)


def make_villages(terrain: Terrain, cores: list[Core], rng: np.random.Generator) -> list[Village]:
    """Scatter communities in the cores and villages in the country, one on the island."""
    built = shapely.union_all([core.shape for core in cores])
    seats = np.array([core.shape.centroid.coords[0] for core in cores[len(CORES) :]])
    dense = shapely.union_all([core.shape for core in cores[: len(CORES)]])
    inner = scatter(dense.buffer(-60), 600, rng, np.empty((0, 2)))
    mainland = max(shapely.get_parts(terrain.city), key=lambda part: part.area)
    free = mainland.buffer(-260).difference(
        shapely.union_all([terrain.water.buffer(230), terrain.hill.buffer(120), built.buffer(260)])
    )
    outer = scatter(free, 1080, rng, np.vstack([inner, seats]))
    island = np.array(terrain.island.centroid.coords)
    xy = np.vstack([inner, seats, outer, island])
    rural = np.arange(len(xy)) >= len(inner) + len(seats)
    names = _names(rng, int(rural.sum()), int((~rural).sum()))
    names_in_order = iter(names[1] + names[0])
    town = nearest_town(xy, terrain)
    town[-1] = [name for _, name, _, _ in TOWNS].index("灯塔街道")
    sizes = np.clip(rng.lognormal(np.log(520), 0.45, len(xy)), 180, 1500)
    out = []
    for i, point in enumerate(xy):
        radius = 105 + 4.6 * np.sqrt(sizes[i]) if rural[i] else 200
        shape = blob(
            point, radius * rng.uniform(1.0, 1.35), radius * rng.uniform(0.7, 0.95), rng.uniform(0, 180), rng, 0.16
        )
        name = "鸥屿" if i == len(xy) - 1 else next(names_in_order)
        dry = shape.difference(terrain.water.buffer(25))
        out.append(
            Village(
                name,
                point,
                dry,
                rng.uniform(-45, 45),
                bool(rural[i]),
                int(town[i]),
                float(sizes[i]) if rural[i] else 0.0,
            )
        )
    return out
