"""People: where they live, how old they are, and where they eat today."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from generator.linework import Road
from generator.places import CORES, DISTRICTS, Core, Village
from generator.terrain import Points, Terrain
from generator.units import Unit

CELL = 100.0
CENSUS = {"379901": (152_000, 34_200, 59_480), "379902": (88_000, 11_970, 33_710), "379903": (60_000, 13_830, 23_150)}
"""People, people of 60 and over, and households by district: 300,000 and 60,000 in all."""
CELL_FACTOR = {"379901": 0.97, "379902": 1.12, "379903": 0.91}
"""What the cells say over what the census says: a cell product is never the census."""
BANDS = ("60到64岁", "65到69岁", "70到74岁", "75到79岁", "80到84岁", "85岁以上")
_BAND_SHARES = np.array([0.272, 0.268, 0.198, 0.126, 0.081, 0.055])
_MEN = np.array([0.495, 0.485, 0.475, 0.455, 0.425, 0.375])

STATIONS = {"老城": 50, "老城北": 10, "青禾城区": 7, "东澜新城": 4, "湾头新区": 1, "观海片区": 1, "镇驻地": 6, "村": 11}
HOSTS = 320
_URBAN_HOSTS = ("社区服务中心", "邻里中心", "社区卫生服务站", "街道文化站", "闲置校舍", "社区用房")
_RURAL_HOSTS = ("村委会", "村卫生室", "农村幸福院", "闲置校舍", "文化大院")
_MONTHS = (
    (2019, 5),
    (2020, 9),
    (2021, 4),
    (2021, 11),
    (2022, 6),
    (2022, 10),
    (2023, 5),
    (2023, 9),
    (2024, 3),
    (2024, 8),
)


@dataclass(frozen=True, eq=False)
class Venue:
    """A meal station, or a building that could house one."""

    name: str
    kind: str
    town: str
    address: str
    xy: Points
    size: int
    opened: str
    note: str


def share_out(total: int, shares: np.ndarray) -> np.ndarray:
    """Whole numbers in proportion to shares that add up to the total (largest remainders)."""
    exact = total * shares / shares.sum()
    whole = np.floor(exact).astype(int)
    short = np.argsort(-(exact - whole), kind="stable")[: total - int(whole.sum())]
    whole[short] += 1
    return whole


def census_rows() -> list[list[object]]:
    """The census, the city first: code, province, city, district, people, households, men and women by band."""
    rows = []
    for code, name in DISTRICTS:
        people, elders, households = CENSUS[code]
        bands = share_out(elders, _BAND_SHARES)
        men = np.floor(bands * _MEN).astype(int)
        pairs = [int(n) for band, man in zip(bands, men, strict=True) for n in (man, band - man)]
        rows.append([code, "示例省", "澜湾市", name, people, households, *pairs])
    sums = [sum(int(row[i]) for row in rows) for i in range(4, len(rows[0]))]  # type: ignore[call-overload]
    return [["379900", "示例省", "澜湾市", "澜湾市", *sums], *rows]


def _waves(xy: Points, rng: np.random.Generator) -> np.ndarray:
    """Uneven ground for crowding: smooth waves of several lengths, mean about 0."""
    out = np.zeros(len(xy))
    for length in (2600.0, 1300.0, 700.0, 420.0):
        for _ in range(3):
            turn, phase = rng.uniform(0, 2 * np.pi, 2)
            out += 0.2 * np.sin((xy @ np.array([np.cos(turn), np.sin(turn)])) * 2 * np.pi / length + phase)
    return out


def make_cells(
    terrain: Terrain,
    cores: list[Core],
    villages: list[Village],
    districts: list[Unit],
    roads: list[Road],
    rng: np.random.Generator,
) -> tuple[Points, np.ndarray]:
    """People on 100 m cells: centres, shape ``(cells, 2)``, and people, ``(cells,)``."""
    left, low, right, high = (CELL * np.round(b / CELL) for b in terrain.city.bounds)
    x, y = np.meshgrid(np.arange(left, right, CELL), np.arange(low, high, CELL))
    xy = np.column_stack([x.ravel(), y.ravel()]) + CELL / 2
    homes = [r.line for r in roads if r.kind in ("街巷", "支路", "次干路", "村道", "乡道", "主干路")]
    points = shapely.points(xy)
    near, _ = shapely.STRtree(homes).query_nearest(points, max_distance=95, all_matches=False)
    dry = shapely.contains_xy(terrain.city, xy[:, 0], xy[:, 1]) & ~shapely.contains_xy(
        shapely.union(terrain.water, terrain.hill), xy[:, 0], xy[:, 1]
    )
    lived = np.zeros(len(xy), bool)
    lived[near] = True
    lived &= dry
    uneven, luck = _waves(xy, rng), rng.normal(0, 0.35, len(xy))
    empty = rng.random(len(xy))
    people = np.zeros(len(xy))
    settled = [(core.shape.buffer(60), core.people, 0.09) for core in cores]
    settled += [(v.shape.buffer(35), v.people, 0.0) for v in villages if v.rural]
    for shape, total, gaps in settled:
        shapely.prepare(shape)
        here = np.flatnonzero(lived & shapely.contains_xy(shape, xy[:, 0], xy[:, 1]) & (empty >= gaps))
        middle, reach = np.array(shape.centroid.coords[0]), np.sqrt(shape.area / np.pi)
        fall = np.exp(-0.9 * (np.hypot(*(xy[here] - middle).T) / reach) ** 2)
        weight = fall * np.exp(uneven[here] + luck[here])
        if len(here):
            people[here] += total * weight / weight.sum()
    alone = np.flatnonzero(dry & lived & (people == 0) & (empty < 0.02))
    people[alone] = rng.uniform(1, 9, len(alone))
    return _to_census(xy, people, districts)


def _to_census(xy: Points, people: np.ndarray, districts: list[Unit]) -> tuple[Points, np.ndarray]:
    """Scale the cells of each district to its census times the product's factor; drop the empty ones."""
    out = np.zeros_like(people)
    for unit in districts:
        shapely.prepare(unit.shape)
        here = shapely.contains_xy(unit.shape, xy[:, 0], xy[:, 1])
        out[here] = people[here] * CENSUS[unit.code][0] * CELL_FACTOR[unit.code] / people[here].sum()
    out = np.round(out, 2)
    return xy[out >= 0.05], out[out >= 0.05]


def _pick(
    shape: shapely.Geometry,
    xy: Points,
    people: np.ndarray,
    count: int,
    apart: float,
    rng: np.random.Generator,
    pull: float = 1.0,
) -> list[int]:
    """Cells of a shape, chosen by their people to the power of ``pull``, at least ``apart`` metres from each other."""
    shapely.prepare(shape)
    here = np.flatnonzero(shapely.contains_xy(shape, xy[:, 0], xy[:, 1]))
    order = rng.choice(here, len(here), replace=False, p=people[here] ** pull / (people[here] ** pull).sum())
    kept: list[int] = []
    for cell in order:
        if len(kept) == count:
            break
        if not kept or np.hypot(*(xy[kept] - xy[cell]).T).min() >= apart:
            kept.append(int(cell))
    return kept


class _Register:
    """Looks up what a place is near: its town, community and street."""

    def __init__(self, towns: list[Unit], lowest: list[Unit], roads: list[Road], water: shapely.Geometry) -> None:
        self.water = water.buffer(5)
        shapely.prepare(self.water)
        self.towns, self.lowest = {t.code: t for t in towns}, lowest
        self.ground = shapely.STRtree([u.shape for u in lowest])
        self.named = [r for r in roads if r.name and r.kind in ("主干路", "次干路", "支路", "街巷")]
        self.streets = shapely.STRtree([r.line for r in self.named])
        self.ways = [r for r in roads if r.kind in ("街巷", "支路", "次干路", "村道", "乡道")]
        self.lines = shapely.STRtree([r.line for r in self.ways])

    def community(self, xy: Points) -> Unit:
        return self.lowest[int(self.ground.nearest(shapely.Point(*xy)))]

    def beside(self, xy: Points, rng: np.random.Generator) -> Points:
        """A door a few metres off the street nearest to a place."""
        line = self.ways[int(self.lines.nearest(shapely.Point(*xy)))].line
        door = np.array(line.interpolate(line.project(shapely.Point(*xy)) + rng.uniform(-20, 20)).coords[0])
        for turn in rng.uniform(0, 2 * np.pi, 12):
            there = np.round(door + rng.uniform(6, 16) * np.array([np.cos(turn), np.sin(turn)]), 2)
            if not shapely.contains_xy(self.water, *there):
                return there
        raise ValueError(f"no dry door near {xy}")

    def address(self, xy: Points, rng: np.random.Generator) -> str:
        unit = self.community(xy)
        town = self.towns[unit.parent]
        district = dict(DISTRICTS)[town.parent]
        street = self.named[int(self.streets.nearest(shapely.Point(*xy)))]
        if unit.kind == "村委会" or street.line.distance(shapely.Point(*xy)) > 250:
            village = unit.name[:-5] + "村" if unit.kind == "村委会" else unit.name[:-7] + "社区"
            return f"{district}{town.name}{village}{rng.integers(1, 90)}号"
        return f"{district}{street.name}{rng.integers(1, 260)}号"


def make_stations(
    terrain: Terrain,
    cores: list[Core],
    villages: list[Village],
    towns: list[Unit],
    lowest: list[Unit],
    roads: list[Road],
    xy: Points,
    people: np.ndarray,
    rng: np.random.Generator,
) -> list[Venue]:
    """The 90 meal stations of today: thick in the old town, thin elsewhere."""
    register = _Register(towns, lowest, roads, terrain.water)
    cells: list[int] = []
    for core in cores[: len(CORES)]:
        cells += _pick(core.shape, xy, people, STATIONS[core.name], 100, rng, pull=4.5)
    seats = [cores[i] for i in sorted(rng.permutation(np.arange(len(CORES), len(cores)))[: STATIONS["镇驻地"]])]
    for core in seats:
        cells += _pick(core.shape, xy, people, 1, 0, rng)
    rural = [v for v in villages[:-1] if v.rural]
    for i in sorted(rng.permutation(len(rural))[: STATIONS["村"]]):
        cells += _pick(rural[i].shape.buffer(40), xy, people, 1, 0, rng)
    seen: set[str] = set()
    return [_station(register, xy[cell], seen, rng) for cell in cells]


def _station(register: _Register, place: Points, seen: set[str], rng: np.random.Generator) -> Venue:
    unit = register.community(place)
    xy, town = register.beside(place, rng), register.towns[unit.parent].name
    rural = unit.kind == "村委会"
    base = unit.name.removesuffix("民委员会" if rural else "居民委员会")
    options = ("老年助餐点", "幸福食堂") if rural else ("老年助餐点", "长者食堂", "助老食堂")
    kind = str(rng.choice(options))
    address = register.address(xy, rng)
    name = base + kind
    for extra in ("东区", "西区", "南区", "北区", "第二", "第三"):
        if name not in seen:
            break
        name = f"{base}{extra}{kind}"
    seen.add(name)
    size = int(rng.choice((30, 40, 50, 60)) if rural else rng.choice((60, 80, 100, 120, 150, 200)))
    year, month = _MONTHS[int(rng.integers(len(_MONTHS)))]
    note = str(rng.choice(["", "", "", "", "提供送餐", "与日间照料中心合用", "中央厨房配送"]))
    return Venue(name, kind, town, address, xy, size, f"{year}年{month}月", note)


def make_hosts(
    terrain: Terrain,
    cores: list[Core],
    villages: list[Village],
    towns: list[Unit],
    lowest: list[Unit],
    roads: list[Road],
    xy: Points,
    people: np.ndarray,
    rng: np.random.Generator,
) -> list[Venue]:
    """Buildings that could house a station: one in most villages, the rest where people are."""
    register = _Register(towns, lowest, roads, terrain.water)
    rural = [v for v in villages if v.rural]
    places = [cell for v in rural for cell in _pick(v.shape.buffer(40), xy, people, 1, 0, rng)]
    for core in cores[len(CORES) :]:
        places += _pick(core.shape, xy, people, 3, 180, rng)
    total = sum(core.people for core in cores[: len(CORES)])
    rest = HOSTS - len(places)
    for core in cores[: len(CORES)]:
        places += _pick(core.shape, xy, people, round(rest * core.people / total), 190, rng)
    out, seen = [], {}
    for cell in places:
        unit = register.community(xy[cell])
        kinds = _RURAL_HOSTS if unit.kind == "村委会" else _URBAN_HOSTS
        kind = str(rng.choice(kinds))
        base = unit.name.removesuffix("民委员会") if unit.kind == "村委会" else unit.name.removesuffix("居民委员会")
        name = f"{base.removesuffix('村') if kind.startswith('村') else base}{kind}"
        seen[name] = seen.get(name, 0) + 1
        name += "" if seen[name] == 1 else f"（{seen[name]}）"
        door = register.beside(xy[cell], rng)
        out.append(
            Venue(
                name,
                kind,
                register.towns[unit.parent].name,
                register.address(door, rng),
                door,
                int(rng.integers(6, 60) * 20),
                "",
                "",
            )
        )
    return out
