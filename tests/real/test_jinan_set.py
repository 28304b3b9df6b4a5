"""A whole set of plans from one planner.toml on real data: two stages, 2035, one per unit - in under ten minutes."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from planner.project import Run, open_project

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "jinan_set.toml"
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def data(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The open data, and a made-up list of 250 buildings on inhabited cells, since no open list of venues exists."""
    folder = tmp_path_factory.mktemp("data")
    shutil.copytree(real_data / "jinan", folder, dirs_exist_ok=True)
    cells = pd.read_csv(folder / "population_cells.csv")
    drawn = cells.sample(250, random_state=7, weights="POP_2015")
    venues = pd.DataFrame(
        {
            "名称": [f"邻里中心{at}" for at in range(250)],
            "经度": drawn["lng"].to_numpy(),
            "纬度": drawn["lat"].to_numpy(),
        }
    )
    venues.to_csv(folder / "venues.csv", index=False, encoding="utf-8-sig")
    return folder


@pytest.fixture(scope="module")
def timed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, float]:
    began = time.monotonic()
    run = open_project(EXAMPLE, data=data).run(tmp_path_factory.mktemp("set"))
    return run, time.monotonic() - began


@pytest.fixture(scope="module")
def run(timed: tuple[Run, float]) -> Run:
    return timed[0]


def test_the_whole_set_takes_less_than_ten_minutes(timed: tuple[Run, float]) -> None:
    assert timed[1] < 600


def test_every_service_has_its_map_its_workbook_and_its_layers(run: Run) -> None:
    for ident in ("meal_station", "meal_station_2035", "social_work_station", "care_station"):
        for kind in ("map", "table", "layers"):
            assert run.files[f"{ident}.{kind}"].stat().st_size > 10_000
    manifest = json.loads(run.files["manifest"].read_text(encoding="utf-8"))
    assert "service[0].candidates.hosts.file" in manifest["inputs"]


def test_meal_stations_reuse_buildings_first_and_build_then(run: Run) -> None:
    plan = run.plans["meal_station"]
    hosts = plan.scenario.coverage.sites["host"].notna()
    added = hosts[hosts.index.isin(plan.ids)]
    assert (int(added.sum()), int((~added).sum())) == (60, 40)
    assert plan.share > 0.5


def test_the_plan_for_2035_is_for_more_elders_and_says_by_which_source(run: Run) -> None:
    now, later = (run.answers[one].summary.overall["people"] for one in ("meal_station", "meal_station_2035"))
    assert 1.1 < later / now < 2.5
    book = openpyxl.load_workbook(run.files["meal_station_2035.table"], read_only=True)
    text = "".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell)
    assert "规划目标年" in text
    assert "2035" in text


def test_four_readings_stand_side_by_side(run: Run) -> None:
    readings = run.answers["meal_station"].readings
    assert readings is not None
    shares = readings.shares(run.plans["meal_station"].ids)
    assert {1000.0, 800.0, 720.0, 576.0} <= set(shares["metres"])
    assert shares.sort_values("metres")["share"].is_monotonic_increasing


def test_every_district_gets_a_social_work_station(run: Run) -> None:
    plan = run.plans["social_work_station"]
    assert plan.scenario.site_units is not None
    assert set(plan.scenario.site_units[plan.ids]) == {"历下区", "市中区", "槐荫区", "天桥区"}


def test_six_in_ten_of_the_elders_any_candidate_reaches_are_within_reach_of_a_care_station(run: Run) -> None:
    plan = run.plans["care_station"]
    coverage = plan.scenario.coverage
    assert plan.share / coverage.share(coverage.sites.ids) >= 0.6 - 1e-9
