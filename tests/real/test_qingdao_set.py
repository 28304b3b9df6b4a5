"""Social-work stations of Qingdao from one planner.toml: one in every town, by straight lines since no roads are open."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from planner.candidates import candidate_sites
from planner.coverage import cover
from planner.network import build_network
from planner.project import Run, open_project
from planner.sources import read_area, read_population, read_roads

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "qingdao_social_work.toml"
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def run(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return open_project(EXAMPLE, data=real_data / "qingdao").run(tmp_path_factory.mktemp("qingdao"))


def test_every_town_of_qingdao_gets_one_social_work_station_and_no_town_two(run: Run) -> None:
    plan, towns = run.plans["social_work_station"], run.inputs.area.units
    assert plan.proven
    assert len(plan.ids) == 135
    sites = plan.scenario.coverage.sites.frame.loc[plan.ids]
    held = towns.frame[towns["level"] == "town"].sindex.query(sites.geometry, predicate="intersects")[1]
    assert len(np.unique(held)) == 135


def test_the_outputs_say_that_times_are_estimated_and_by_which_detour(run: Run) -> None:
    manifest = json.loads(run.files["manifest"].read_text(encoding="utf-8"))
    rows = manifest["services"]["social_work_station"]["parameters"]
    detour = next(row for row in rows if row["key"] == "detour")
    assert detour["value"] == "1.46"
    assert "济南" in detour["source"]
    assert any("没有道路数据" in warning for warning in manifest["warnings"])
    assert "按直线距离估算" in run.files["social_work_station.map"].read_text(encoding="utf-8")


def test_the_detour_of_the_example_is_what_jinans_roads_measure(real_data: Path) -> None:
    folder = real_data / "jinan"
    names = ["历下区", "市中区", "槐荫区", "天桥区"]
    area = read_area(folder / "districts.gpkg", on="2023-12-31", names=names)
    roads = read_roads(folder / "roads" / "edges.shp", area=area, crs="EPSG:4326", directed=True)
    people = read_population(folder / "population_cells.csv", area=area, crs="EPSG:4326", people="POP_2015")
    network = build_network(roads)
    sites = candidate_sites(network, people, spacing_metres=1000)
    found = cover(network, people, sites, minutes=40)
    straight = np.hypot(*(people.xy[found.points] - sites.xy[found.site]).T)
    near = (straight > 400) & (straight <= 800)
    ratio = found.minutes[near] * network.profile.metres_per_second * 60 / straight[near]
    order = np.argsort(ratio)
    weight = np.cumsum(people.people[found.points[near]][order])
    assert round(float(ratio[order][np.searchsorted(weight, weight[-1] / 2)]), 2) == 1.46
