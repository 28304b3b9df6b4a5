"""Make the demo city: ``python data/demo/make_demo.py [--out DIR]`` writes every file of this folder afresh.

The city is made up: its coast, people, names and codes are of nowhere. The same seed gives the same files.
"""

from __future__ import annotations

import argparse
import csv
import os
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
import xlsxwriter
from generator import people, places, roads, terrain, units

SEED = 20260
DAY = "2025-01-15"
METRIC, DEGREES = "EPSG:4549", "EPSG:4490"
DBF_OPTIONS = {"RESIZE": "YES", "DBF_DATE_LAST_UPDATE": DAY}


def degrees(xy: terrain.Points) -> list[tuple[str, str]]:
    """Longitude and latitude of places, to six decimals (a decimetre)."""
    points = gpd.GeoSeries(shapely.points(xy), crs=METRIC).to_crs(DEGREES)
    return [(f"{p.x:.6f}", f"{p.y:.6f}") for p in points]


def write_roads(folder: Path, lines: list[roads.Road]) -> None:
    """The roads as offices hand them over: a GBK shapefile in the three-degree zone, without .cpg."""
    order = sorted(lines, key=lambda r: (r.rank, r.kind, r.name, r.line.bounds))
    frame = gpd.GeoDataFrame(
        {
            "编号": [f"R{i:05d}" for i in range(1, len(order) + 1)],
            "路名": [r.name for r in order],
            "道路等级": [r.kind for r in order],
            "单行": ["是" if r.oneway else "否" for r in order],
        },
        geometry=[r.line for r in order],
        crs=METRIC,
    )
    path = folder / "roads.shp"
    pyogrio.write_dataframe(frame, path, driver="ESRI Shapefile", encoding="GBK", layer_options=DBF_OPTIONS)
    path.with_suffix(".cpg").unlink(missing_ok=True)


def write_units(folder: Path, ground: terrain.Terrain, levels: dict[str, list[units.Unit]]) -> None:
    """Divisions, water and green in one GeoPackage in EPSG:4490."""
    path = folder / "units.gpkg"
    path.unlink(missing_ok=True)
    for layer, rows in levels.items():
        frame = gpd.GeoDataFrame(
            {
                "code": [u.code for u in rows],
                "name": [u.name for u in rows],
                "parent": [u.parent for u in rows],
                "kind": [u.kind for u in rows],
            },
            geometry=[u.shape for u in rows],
            crs=METRIC,
        )
        _add(path, layer, frame)
    for layer, shapes in (("water", ground.waters), ("green", ground.hills)):
        frame = gpd.GeoDataFrame(
            {"name": [n for n, _, _ in shapes], "kind": [k for _, k, _ in shapes]},
            geometry=[s for _, _, s in shapes],
            crs=METRIC,
        )
        _add(path, layer, frame)


def _add(path: Path, layer: str, frame: gpd.GeoDataFrame) -> None:
    there = frame.to_crs(DEGREES)
    shapes = shapely.set_precision(shapely.force_2d(there.geometry.array), 0)
    there = there.set_geometry(
        [shapely.multipolygons([s]) if s.geom_type == "Polygon" else s for s in shapes], crs=DEGREES
    )
    pyogrio.write_dataframe(there, path, layer=layer, driver="GPKG", append=path.exists())


def write_table(path: Path, heads: list[str], rows: list[list[object]]) -> None:
    """A CSV as Excel saves it: UTF-8 with a byte order mark."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([heads, *rows])


def write_stations(path: Path, stations: list[people.Venue]) -> None:
    """The list of meal stations with its title over the headings and its total at the foot."""
    heads = ["序号", "站点名称", "类别", "所属镇街", "详细地址", "经度", "纬度", "启用时间", "每日供餐能力", "备注"]
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"created": datetime(2025, 1, 15, tzinfo=UTC), "title": "澜湾市老年助餐点一览表"})
    sheet = book.add_worksheet("助餐点")
    title = book.add_format({"bold": True, "font_size": 16, "align": "center"})
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#DDEBF7", "align": "center"})
    sheet.merge_range(0, 0, 0, len(heads) - 1, "澜湾市老年助餐点一览表（示例数据，均为虚构）", title)
    sheet.write_row(1, 0, heads, head)
    for column, width in enumerate((6, 30, 12, 12, 30, 12, 12, 12, 14, 20)):
        sheet.set_column(column, column, width)
    for row, (venue, (lon, lat)) in enumerate(
        zip(stations, degrees(np.array([s.xy for s in stations])), strict=True), start=2
    ):
        values = [
            row - 1,
            venue.name,
            venue.kind,
            venue.town,
            venue.address,
            float(lon),
            float(lat),
            venue.opened,
            venue.size,
            venue.note,
        ]
        sheet.write_row(row, 0, values)
    foot = len(stations) + 2
    sheet.merge_range(foot, 0, foot, 7, "合计", head)
    sheet.write(foot, 8, sum(s.size for s in stations))
    book.close()


def write_hosts(path: Path, hosts: list[people.Venue]) -> None:
    """Buildings that could house a station, as GeoJSON."""
    frame = gpd.GeoDataFrame(
        {
            "编号": [f"H{i:04d}" for i in range(1, len(hosts) + 1)],
            "名称": [h.name for h in hosts],
            "类别": [h.kind for h in hosts],
            "所属镇街": [h.town for h in hosts],
            "地址": [h.address for h in hosts],
            "建筑面积": [h.size for h in hosts],
        },
        geometry=shapely.points([[float(v) for v in pair] for pair in degrees(np.array([h.xy for h in hosts]))]),
        crs="EPSG:4326",
    )
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(frame, path, driver="GeoJSON", layer_options={"COORDINATE_PRECISION": "6"})


def write_villages(
    path: Path, villages: list[units.Unit], towns: list[units.Unit], where: dict[str, terrain.Points]
) -> None:
    """The register of villages and communities with 12-digit codes, as a table of points."""
    town = {t.code: t for t in towns}
    district = dict(places.DISTRICTS)
    there = degrees(np.array([_seat(v, where) for v in villages]))
    rows: list[list[object]] = [
        [v.code, v.name, v.kind, town[v.parent].name, district[town[v.parent].parent], lon, lat]
        for v, (lon, lat) in zip(villages, there, strict=True)
    ]
    write_table(path, ["代码", "名称", "类别", "所属镇街", "所属区", "经度", "纬度"], rows)


def _seat(village: units.Unit, where: dict[str, terrain.Points]) -> terrain.Points:
    """The middle of a village's houses, which lies on its own ground."""
    houses = where[village.name.removesuffix("村民委员会").removesuffix("社区居民委员会")]
    inside = shapely.contains_xy(village.shape, *houses)
    return houses if inside else np.array(shapely.point_on_surface(village.shape).coords[0])


def make(folder: Path) -> None:
    """Write the whole city into a folder."""
    os.environ["OGR_CURRENT_DATE"] = f"{DAY}T00:00:00.000Z"
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{DAY}T00:00:00.000Z"})
    folder.mkdir(parents=True, exist_ok=True)
    rng = [np.random.default_rng([SEED, part]) for part in range(7)]
    ground = terrain.make_terrain(rng[0])
    cores = places.make_cores(ground, rng[1])
    villages = places.make_villages(ground, cores, rng[1])
    lines = roads.make_roads(ground, cores, villages, rng[2])
    districts, towns, lowest = units.make_units(ground, villages, rng[3])
    xy, count = people.make_cells(ground, cores, villages, districts, lines, rng[4])
    stations = people.make_stations(ground, cores, villages, towns, lowest, lines, xy, count, rng[5])
    hosts = people.make_hosts(ground, cores, villages, towns, lowest, lines, xy, count, rng[6])
    write_roads(folder, lines)
    write_units(folder, ground, {"districts": districts, "towns": towns, "villages": lowest})
    write_table(
        folder / "population_cells.csv",
        ["lon", "lat", "总人口"],
        [[*p, f"{n:.2f}"] for p, n in zip(degrees(xy), count, strict=True)],
    )
    sexes = [f"{sex}_{band}" for band in people.BANDS for sex in ("男", "女")]
    write_table(
        folder / "census_2020.csv",
        ["区划代码", "省", "市", "区县", "人口数_合计", "家庭户数", *sexes],
        people.census_rows(),
    )
    write_villages(folder / "villages.csv", lowest, towns, {v.name: v.xy for v in villages})
    write_stations(folder / "stations.xlsx", stations)
    write_hosts(folder / "host_buildings.geojson", hosts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    make(parser.parse_args().out)
