"""A tiny project as files: two districts, a grid of streets, cells of people, a list of stations, and a planner.toml."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from openpyxl import Workbook
from shapely import LineString, Point, box

CRS = 4549
WEST, SOUTH = 500_000.0, 4_000_000.0

TOML = """
[project]
name = "两区助餐点"
on = 2024-01-01

[area]
file = "divisions.gpkg"
layer = "districts"
buffer_metres = 500.0
towns = { file = "divisions.gpkg", layer = "towns" }

[roads]
file = "roads.shp"

[population]
file = "cells.csv"
people = "people"
crs = "EPSG:4490"

[[service]]
key = "meal_station"
new = 2
existing = { file = "stations.xlsx", crs = "EPSG:4490" }
candidates = { spacing_metres = 400.0 }
minutes = 10.0
seconds = 20.0
"""


def make_project(folder: Path) -> Path:
    """Write the project's files and give the path of its planner.toml."""
    _divisions().to_file(folder / "divisions.gpkg", layer="districts", driver="GPKG")
    _towns().to_file(folder / "divisions.gpkg", layer="towns", driver="GPKG")
    _roads().to_file(folder / "roads.shp", encoding="GBK")
    (folder / "roads.cpg").unlink(missing_ok=True)
    _cells().to_csv(folder / "cells.csv", index=False, encoding="utf-8-sig")
    _stations(folder / "stations.xlsx")
    path = folder / "planner.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


def _divisions() -> gpd.GeoDataFrame:
    rows = [("379901", "东区", (1000, 0, 2000, 2000)), ("379902", "西区", (0, 0, 1000, 2000))]
    return _units(rows)


def _towns() -> gpd.GeoDataFrame:
    rows = [
        ("379901001", "东南街道", (1000, 0, 2000, 1000)),
        ("379901002", "东北街道", (1000, 1000, 2000, 2000)),
        ("379902001", "西南街道", (0, 0, 1000, 1000)),
        ("379902002", "西北街道", (0, 1000, 1000, 2000)),
    ]
    return _units(rows)


def _units(rows: list[tuple[str, str, tuple[float, float, float, float]]]) -> gpd.GeoDataFrame:
    shapes = [box(WEST + w, SOUTH + s, WEST + e, SOUTH + n) for _, _, (w, s, e, n) in rows]
    data = {"code": [row[0] for row in rows], "name": [row[1] for row in rows]}
    return gpd.GeoDataFrame(data, geometry=shapes, crs=CRS).to_crs(4490)


def _roads() -> gpd.GeoDataFrame:
    ticks = range(0, 2001, 250)
    along = [LineString([(WEST + x, SOUTH + y) for x in ticks]) for y in ticks]
    across = [LineString([(WEST + x, SOUTH + y) for y in ticks]) for x in ticks]
    lines = along + across
    names = [f"第{number}路" for number in range(1, len(lines) + 1)]
    data = {"等级": "支路", "路名": names}
    return gpd.GeoDataFrame(data, geometry=lines, crs=CRS)


def _cells() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    xy = [(WEST + 50 + 100 * i, SOUTH + 50 + 100 * j) for i in range(20) for j in range(20)]
    where = gpd.GeoSeries([Point(at) for at in xy], crs=CRS).to_crs(4490)
    people = rng.gamma(1.5, 4, len(xy)).round(2)
    return pd.DataFrame({"lon": where.x.to_numpy(), "lat": where.y.to_numpy(), "people": people})


def _stations(path: Path) -> None:
    where = gpd.GeoSeries([Point(WEST + 300, SOUTH + 300), Point(WEST + 1500, SOUTH + 1600)], crs=CRS).to_crs(4490)
    book = Workbook()
    sheet = book.active
    sheet.append(["助餐点名单"])
    sheet.merge_cells("A1:D1")
    sheet.append(["序号", "站点名称", "经度", "纬度"])
    for number, (name, point) in enumerate(zip(["西南助餐点", "东北助餐点"], where, strict=True), 1):
        sheet.append([number, name, point.x, point.y])
    book.save(path)
