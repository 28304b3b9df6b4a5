"""planner.toml: every fault is told at once, by key, with what is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.errors import QuestionError
from planner.project.settings import read_settings

GOOD = """
[project]
name = "两区"
on = 2024-01-01
[area]
file = "districts.gpkg"
towns = { file = "towns.gpkg" }
[roads]
file = "roads.shp"
[population]
file = "cells.csv"
census = "census.csv"
[[service]]
key = "meal_station"
new = 5
candidates = { spacing_metres = 300 }
"""
FILES = ("districts.gpkg", "towns.gpkg", "roads.shp", "cells.csv", "census.csv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).touch()
    return tmp_path


def settings_of(folder: Path, text: str):
    path = folder / "planner.toml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path, folder)


def faults_of(folder: Path, text: str) -> str:
    with pytest.raises(QuestionError) as caught:
        settings_of(folder, text)
    return str(caught.value)


def test_a_good_file_is_read_with_its_files_named_by_key(folder: Path) -> None:
    settings = settings_of(folder, GOOD)
    assert settings.service[0].ident == "meal_station"
    assert settings.files() == {
        "area.file": "districts.gpkg",
        "area.towns.file": "towns.gpkg",
        "roads.file": "roads.shp",
        "population.file": "cells.csv",
        "population.census": "census.csv",
    }


def test_all_faults_are_told_at_once(folder: Path) -> None:
    text = GOOD.replace("new = 5", 'new = "five"').replace('name = "两区"', "").replace("census =", "sensus =")
    message = faults_of(folder, text)
    assert "has 3 faults" in message
    assert "service[0].new: Input should be a valid integer (given 'five')" in message
    assert "project.name: is missing" in message
    assert "population.sensus: no such key; is 'census' meant?" in message


def test_all_missing_files_are_told_at_once(folder: Path) -> None:
    (folder / "cells.csv").unlink()
    (folder / "roads.shp").unlink()
    message = faults_of(folder, GOOD)
    assert "roads.file: no file 'roads.shp'" in message
    assert "population.file: no file 'cells.csv'" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("new = 5", "new = -1"), "service[0].new: Input should be greater than or equal to 0"),
        (('key = "meal_station"', 'key = "meal"'), "unknown service 'meal'; known: meal_station"),
        (("candidates = { spacing_metres = 300 }", ""), "new sites need candidates"),
        (("spacing_metres = 300", ""), "give at least one of spacing_metres, clusters, one_in and hosts"),
        (("new = 5", "share = 0.5\nnew = 5"), "share goes with cover_everyone"),
        (("new = 5", ""), "maximise_coverage needs new"),
        (("new = 5", "new = 5\nminutes = nan"), "service[0].minutes"),
        (("new = 5", 'new = 5\nid = "../evil"'), "id must be letters, digits and underscores"),
        (("on = 2024-01-01", 'on = "2024"'), "project.on"),
        (('file = "districts.gpkg"', ""), "give file, the polygons of divisions, or box"),
        (('file = "districts.gpkg"', "box = [120.0, 36.0, 121.0, 37.0]"), "a box needs a name"),
        (("new = 5", "new = 5\nreuse = 2"), "reuse opens host buildings first"),
        (("new = 5", "new = 5\nunserved_minutes = 30"), "unserved_minutes goes with minimise_mean_time"),
    ],
)
def test_a_fault_is_told_by_key_with_the_reason(folder: Path, change: tuple[str, str], message: str) -> None:
    assert change[0] in GOOD
    assert message in faults_of(folder, GOOD.replace(*change))


def test_two_services_need_two_ids(folder: Path) -> None:
    block = GOOD[GOOD.index("[[service]]") :]
    assert "share the id meal_station" in faults_of(folder, GOOD + block)
    settings = settings_of(folder, GOOD + block + 'id = "second"\n')
    assert [one.ident for one in settings.service] == ["meal_station", "second"]


def test_a_file_that_is_no_toml_is_told_with_the_line(folder: Path) -> None:
    assert "line 2" in faults_of(folder, "a = 1\nb = = 2\n")


def test_a_file_that_does_not_exist_is_told(folder: Path) -> None:
    with pytest.raises(QuestionError, match="does not exist"):
        read_settings(folder / "nothing.toml", folder)
