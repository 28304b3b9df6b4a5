"""The main job on real data: four districts of Jinan, one hundred new meal stations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.project import Run, open_project

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "jinan.toml"
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def run(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return open_project(EXAMPLE, data=real_data / "jinan").run(tmp_path_factory.mktemp("jinan"))


def test_a_hundred_stations_are_sited_within_one_percent_of_the_best(run: Run) -> None:
    plan = run.plans["meal_station"]
    assert len(plan.added) == 100
    assert plan.gap <= 0.01
    assert 0.70 < plan.share < 0.75


def test_people_of_every_table_sum_to_the_input(run: Run) -> None:
    answer = run.answers["meal_station"]
    table = answer.summary.table("district")
    assert table.loc["total", "people"] == round(run.inputs.people.total)
    assert table.drop(index="total")["people"].sum() == table.loc["total", "people"]
    assert {"历下区", "市中区", "槐荫区", "天桥区"} <= set(table["name"])


def test_elders_are_the_censuss_share_of_each_districts_cells(run: Run) -> None:
    cells = run.inputs.people.frame
    assert cells["people"].sum() == pytest.approx(run.inputs.people.total, rel=1e-9)
    assert run.inputs.people.report is not None
    assert any("普查中" in str(note) for note in run.inputs.people.report.notes)


def test_the_manifest_holds_every_part_of_the_shapefile(run: Run) -> None:
    manifest = json.loads(run.files["manifest"].read_text(encoding="utf-8"))
    assert set(manifest["inputs"]["roads.file"]["parts"]) == {"edges.shp", "edges.shx", "edges.dbf"}


def test_the_map_is_small_enough_to_send(run: Run) -> None:
    assert run.files["meal_station.map"].stat().st_size < 3_000_000
