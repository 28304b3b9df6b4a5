"""The demo city keeps its promises, and its script makes it again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo"
METRIC = "EPSG:4549"
OFF_FOOT = {"高速公路", "快速路", "匝道"}
CLASSES = OFF_FOOT | {"主干路", "次干路", "支路", "街巷", "乡道", "村道", "人行道", "台阶"}


def read_roads(folder: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / "roads.shp", encoding="GB18030")


def read_rows(folder: Path) -> list[tuple[object, ...]]:
    book = openpyxl.load_workbook(folder / "stations.xlsx", read_only=True)
    return list(book.active.iter_rows(values_only=True))


def layer(name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(DEMO / "units.gpkg", layer=name)


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(DEMO / name, encoding="utf-8-sig", dtype={"区划代码": str, "代码": str})


@pytest.fixture(scope="module")
def roads() -> gpd.GeoDataFrame:
    return read_roads(DEMO)


def test_the_whole_city_is_smaller_than_six_megabytes() -> None:
    assert sum(path.stat().st_size for path in DEMO.iterdir() if path.is_file()) < 6_000_000


def test_the_roads_are_gbk_without_a_cpg_in_the_three_degree_zone(roads: gpd.GeoDataFrame) -> None:
    assert not (DEMO / "roads.cpg").exists()
    with pytest.raises(UnicodeDecodeError):
        (DEMO / "roads.dbf").read_bytes()[65:].decode("utf-8")
    assert "CGCS2000_3_Degree_GK_CM_120E" in (DEMO / "roads.prj").read_text("ascii")
    assert list(roads.columns) == ["编号", "路名", "道路等级", "单行", "geometry"]
    assert set(roads["道路等级"]) == CLASSES
    assert set(roads["单行"]) == {"是", "否"}
    assert roads["编号"].is_unique


def test_nearly_all_walkable_roads_are_one_piece_joined_at_exact_vertices(roads: gpd.GeoDataFrame) -> None:
    lines = roads[~roads["道路等级"].isin(OFF_FOOT)].geometry.array
    tips = np.vstack([shapely.get_coordinates(shapely.get_point(lines, end)) for end in (0, -1)])
    nodes, number = np.unique(tips, axis=0, return_inverse=True)
    tail, head = number.reshape(2, -1)
    links = coo_array((np.ones(len(lines)), (tail, head)), shape=(len(nodes), len(nodes)))
    pieces, piece = connected_components(links, directed=False)
    assert pieces == 2, "the mainland and one island"
    assert np.bincount(piece).max() > 0.99 * len(nodes)


def test_no_street_crosses_another_without_a_shared_vertex(roads: gpd.GeoDataFrame) -> None:
    lines = roads[roads["道路等级"] != "高速公路"].geometry.array
    first, second = shapely.STRtree(lines).query(lines, predicate="crosses")
    assert len(first) == len(second) == 0


def test_three_districts_and_twenty_four_towns_and_two_hundred_villages_tile_the_city_exactly() -> None:
    levels = {name: layer(name) for name in ("districts", "towns", "villages")}
    assert len(levels["districts"]) == 3
    assert len(levels["towns"]) == 24
    assert 190 <= len(levels["villages"]) <= 220
    for above, below in (("districts", "towns"), ("towns", "villages")):
        assert shapely.coverage_is_valid(levels[below].geometry.array)
        for unit in levels[above].itertuples():
            parts = levels[below].loc[levels[below]["parent"] == unit.code]
            assert parts["code"].str.startswith(unit.code).all()
            assert shapely.coverage_union_all(parts.geometry.array).normalize().equals(unit.geometry.normalize())
    for units in levels.values():
        assert units.crs.to_epsg() == 4490
        assert units["code"].is_unique
        assert units.geometry.is_valid.all()


def test_every_code_is_of_the_unused_range_and_says_what_it_names() -> None:
    towns, villages = layer("towns"), layer("villages")
    assert towns["code"].str.fullmatch(r"3799\d{5}").all()
    assert villages["code"].str.fullmatch(r"3799\d{8}").all()
    assert ((towns["code"].str[6:].astype(int) < 100) == (towns["kind"] == "街道")).all()
    assert ((villages["code"].str[9:].astype(int) < 200) == (villages["kind"] == "居委会")).all()


def test_the_table_of_villages_agrees_with_their_ground() -> None:
    points, grounds = table("villages.csv"), layer("villages").set_index("code")
    where = gpd.GeoSeries(gpd.points_from_xy(points["经度"], points["纬度"]), index=points["代码"], crs=4490)
    assert set(points["代码"]) == set(grounds.index)
    assert where.within(grounds.geometry.reindex(where.index)).all()


def test_the_census_counts_three_hundred_thousand_people_and_sixty_thousand_elders() -> None:
    census = table("census_2020.csv").set_index("区划代码")
    elders = census.filter(regex="^[男女]_").sum(axis=1)
    assert census.loc["379900", "人口数_合计"] == census.drop("379900")["人口数_合计"].sum() == 300_000
    assert elders["379900"] == elders.drop("379900").sum() == 60_000
    assert set(census.index) - {"379900"} == set(layer("districts")["code"])


def test_the_cells_come_near_the_census_of_each_district_but_are_not_it() -> None:
    cells, census = table("population_cells.csv"), table("census_2020.csv").set_index("区划代码")
    points = gpd.GeoDataFrame(cells, geometry=gpd.points_from_xy(cells["lon"], cells["lat"]), crs=4490)
    joined = points.sjoin(layer("districts")[["code", "geometry"]])
    assert len(joined) == len(points), "every cell lies in one district"
    factor = census["人口数_合计"] / joined.groupby("code")["总人口"].sum()
    assert factor.dropna().between(0.8, 1.25).all()
    assert factor.notna().sum() == 3
    assert (cells["总人口"] > 0).all()


def test_ninety_stations_stand_between_a_title_and_a_total() -> None:
    title, heads, *rows, total = read_rows(DEMO)
    assert str(title[0]).startswith("澜湾市老年助餐点一览表")
    assert heads == (
        "序号", "站点名称", "类别", "所属镇街", "详细地址", "经度", "纬度", "启用时间", "每日供餐能力", "备注",
    )  # fmt: skip
    assert [row[0] for row in rows] == list(range(1, 91))
    assert len({row[1] for row in rows}) == 90
    assert {row[3] for row in rows} <= set(layer("towns")["name"])
    assert total[0] == "合计"
    assert total[8] == sum(row[8] for row in rows)


def test_every_station_and_host_stands_on_dry_land_beside_a_road(roads: gpd.GeoDataFrame) -> None:
    rows = read_rows(DEMO)[2:-1]
    stations = gpd.GeoSeries(gpd.points_from_xy([r[5] for r in rows], [r[6] for r in rows]), crs=4490).to_crs(METRIC)
    hosts = gpd.read_file(DEMO / "host_buildings.geojson")
    assert 200 <= len(hosts) <= 400
    assert hosts["编号"].is_unique
    water = layer("water").to_crs(METRIC).union_all()
    ways = roads.geometry.union_all()
    for places in (stations, hosts.geometry.to_crs(METRIC)):
        assert not places.intersects(water).any()
        assert places.distance(ways).max() < 30


@pytest.mark.long
def test_the_script_makes_the_committed_files_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, DEMO / "make_demo.py", "--out", tmp_path], check=True)
    committed = {path.name for path in DEMO.iterdir() if path.is_file()} - {"make_demo.py", "planner.toml"}
    assert {path.name for path in tmp_path.iterdir()} == committed
    for name in committed - {"units.gpkg", "stations.xlsx"}:
        assert (tmp_path / name).read_bytes() == (DEMO / name).read_bytes(), name
    assert read_rows(tmp_path) == read_rows(DEMO)
    for name in ("districts", "towns", "villages", "water", "green"):
        again = gpd.read_file(tmp_path / "units.gpkg", layer=name)
        assert again.drop(columns="geometry").equals(layer(name).drop(columns="geometry"))
        assert shapely.equals_exact(again.geometry.array, layer(name).geometry.array, 1e-9).all()
