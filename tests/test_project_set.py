"""A whole set from one planner.toml: several services, one of them the office's own, and the elders of a later year."""

from __future__ import annotations

from pathlib import Path

import pyogrio
import pytest

from planner.access import is_sensitive
from planner.errors import QuestionError
from planner.project import Run, open_project
from tests.tiny_project import TOML, make_project

OWN = """
key = "memory_cafe"
based_on = "dementia_day_care"
zh = "记忆咖啡屋"
en = "Memory café"
sensitive = true

[parameters.minutes]
value = 12
unit = { zh = "分钟", en = "min" }
source = { zh = "本局试点方案", en = "the bureau's pilot" }
basis = "assumption"
since = "2025"
"""
BANDS = ("60到64岁", "65到69岁", "70到74岁", "75到79岁", "80到84岁", "85岁以上")
MORE = """
[[service]]
key = "meal_station"
id = "meals_2035"
year = 2035
new = 2
existing = { file = "stations.xlsx", crs = "EPSG:4490" }
candidates = { spacing_metres = 400.0 }
minutes = 10.0

[[service]]
key = "memory_cafe"
preset = "own.toml"
new = 1
candidates = { spacing_metres = 500.0 }
mode = "walk"

[[service]]
key = "social_work_station"
new = 4
one_per = "town"
candidates = { spacing_metres = 400.0 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = make_project(tmp_path_factory.mktemp("set")).parent
    heads = ",".join(f"{sex}_{band}" for sex in "男女" for band in BANDS)
    counts = ",".join(["60", "50", "40", "30", "20", "10"] * 2)
    census = f"区划代码,区县,人口数_合计,{heads}\n379901,东区,2000,{counts}\n379902,西区,2000,{counts}\n"
    (path / "census.csv").write_text(census, encoding="utf-8")
    (path / "own.toml").write_text(OWN, encoding="utf-8")
    aged = 'people = "people"\ncensus = "census.csv"\nage = "60+"\n'
    (path / "planner.toml").write_text(TOML.replace('people = "people"\n', aged) + MORE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return open_project(folder).run(folder / "out")


def test_one_file_asks_for_a_whole_set(run: Run) -> None:
    assert list(run.plans) == ["meal_station", "meals_2035", "memory_cafe", "social_work_station"]
    kinds = {name.rpartition(".")[0] for name in run.files if name.endswith(".map")}
    assert kinds == set(run.plans)


def test_a_plan_for_2035_counts_the_elders_of_2035(run: Run) -> None:
    now, later = (run.answers[one].summary.overall["people"] for one in ("meal_station", "meals_2035"))
    assert later > 1.2 * now
    table = run.facts["meals_2035"].parameters
    row = table[table["key"] == "year"].iloc[0]
    assert row["value"] == 2035
    assert "存活" in str(row["source"].words("zh"))


def test_ones_own_service_brings_its_words_its_limit_and_its_sources(run: Run) -> None:
    answer = run.answers["memory_cafe"]
    assert answer.service.zh == "记忆咖啡屋"
    assert answer.plan.scenario.coverage.limit == 12
    facts = run.facts["memory_cafe"]
    assert "本局试点方案" in {getattr(source, "zh", source) for source in facts.parameters["source"]}


def test_ones_own_sensitive_service_is_protected_like_a_shipped_one(run: Run) -> None:
    answer = run.answers["memory_cafe"]
    assert is_sensitive(answer.plan.scenario.coverage.sites)
    assert run.facts["memory_cafe"].hidden is not None
    assert "demand" not in {name for name, _ in pyogrio.list_layers(run.files["memory_cafe.layers"])}


def test_every_town_gets_its_social_work_station(run: Run) -> None:
    answer = run.answers["social_work_station"]
    towns = answer.plan.scenario.site_units
    assert towns is not None
    assert set(towns[answer.plan.ids]) == {"东南街道", "东北街道", "西南街道", "西北街道"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('preset = "own.toml"\n', ""), "name its file as preset"),
        (('"own.toml"', '"gone.toml"'), "no file 'gone.toml'"),
        (('key = "memory_cafe"\npreset', 'key = "cafe"\npreset'), "holds the service 'memory_cafe', not 'cafe'"),
        (('age = "60+"\n', ""), "needs population.census and population.age"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_computed(
    folder: Path, tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    text = (folder / "planner.toml").read_text(encoding="utf-8")
    assert change[0] in text
    path = tmp_path / "planner.toml"
    path.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(QuestionError, match=said):
        open_project(path, data=folder).run(tmp_path / "out")
