"""The main job end to end on a tiny project, from Python and from the command line."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest
from openpyxl import load_workbook

from planner import cli
from planner.errors import InfeasibleError, QuestionError, SourceError, StoreError
from planner.optimise import save_plan
from planner.project import Run, open_project
from planner.project.register_names import register_names
from planner.sources import opening, watching
from tests.commands import outcome
from tests.registers import make_register
from tests.tiny_project import make_project
from tests.town import CRS, SOUTH, WEST


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tiny")
    make_project(place)
    return place


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return open_project(folder).run(folder / "out")


def changed(folder: Path, tmp_path: Path, *change: str) -> Path:
    path = tmp_path / "planner.toml"
    text = (folder / "planner.toml").read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    return path


def test_a_run_writes_map_table_layers_and_manifest(run: Run) -> None:
    made = {f"meal_station.{kind}" for kind in ("map", "table", "brief", "layers")} | {"index", "manifest"}
    assert set(run.files) | {"meal_station.brief"} == made
    assert all(path.stat().st_size > 0 for path in run.files.values())


def test_people_in_every_table_sum_to_the_input(run: Run) -> None:
    answer = run.answers["meal_station"]
    total = round(answer.plan.scenario.coverage.demand.total)
    for level in ("district", "town"):
        table = answer.summary.table(level)
        assert table.loc["total", "people"] == total
        assert table.drop(index="total")["people"].sum() == total
    assert (
        json.loads(run.files["manifest"].read_text(encoding="utf-8"))["services"]["meal_station"]["summary"]["people"]
        == total
    )


def test_the_plan_keeps_existing_stations_and_is_proven(run: Run) -> None:
    plan = run.plans["meal_station"]
    assert len(plan.added) == 2
    assert plan.scenario.kept.sum() == 2
    assert plan.proven
    assert plan.share > plan.scenario.coverage.share(plan.scenario.kept_ids)


def test_the_manifest_names_inputs_parameters_versions_and_proof(run: Run) -> None:
    manifest = json.loads(run.files["manifest"].read_text(encoding="utf-8"))
    assert {"roads.file", "population.file", "area.file", "area.towns.file"} <= set(manifest["inputs"])
    assert all(len(part["sha256"]) == 64 for one in manifest["inputs"].values() for part in one["parts"].values())
    facts = manifest["services"]["meal_station"]
    assert facts["plan"]["value"] <= facts["plan"]["bound"] + 1e-6
    assert facts["plan"]["status"]
    assert manifest["environment"]["highspy"]
    assert all(stage["seconds"] >= 0 for stage in manifest["stages"])


def test_the_layers_open_with_the_plans_sites(run: Run) -> None:
    plan = run.plans["meal_station"]
    layers = gpd.list_layers(run.files["meal_station.layers"])["name"].tolist()
    assert layers
    frames = [gpd.read_file(run.files["meal_station.layers"], layer=name) for name in layers]
    assert any(len(frame) == len(plan.added) for frame in frames)


def test_fault_90_the_table_shows_the_same_people_as_the_summary(run: Run) -> None:
    overall = run.answers["meal_station"].summary.overall
    book = load_workbook(run.files["meal_station.table"], read_only=True)
    shown = {cell for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row}
    assert {overall["people"], overall["covered"], overall["covered_before"], overall["uncovered"]} <= shown


def test_the_same_project_gives_the_same_plan(folder: Path, run: Run, tmp_path: Path) -> None:
    again = open_project(folder).run(tmp_path / "out")
    assert again.plans["meal_station"].ids.tolist() == run.plans["meal_station"].ids.tolist()


def test_fault_72_no_new_sites_measures_today(folder: Path, tmp_path: Path) -> None:
    project = open_project(changed(folder, tmp_path, "new = 2", "new = 0"), data=folder)
    overall = project.run(tmp_path / "out").answers["meal_station"].summary.overall
    assert overall["covered"] == overall["covered_before"] > 0


def test_the_command_runs_the_job_and_says_where_everything_is(folder: Path, tmp_path: Path) -> None:
    code, said = outcome("plan", str(folder / "planner.toml"), "--out", str(tmp_path / "out"), "--quiet")
    assert code == 0, said
    assert "新增 2 处；已证明最优" in said
    assert str(tmp_path / "out" / "meal_station.html") in said


def test_a_typo_is_told_in_one_message_with_exit_code_3(folder: Path, tmp_path: Path) -> None:
    path = changed(folder, tmp_path, "minutes", "minuts")
    code, said = outcome("plan", str(path), "--data", str(folder), "--out", str(tmp_path / "out"))
    assert code == 3
    assert "service[0].minuts: no such key; is 'minutes' meant?" in said
    assert not (tmp_path / "out").exists()


def test_fault_72_more_sites_than_candidates_is_told(folder: Path, tmp_path: Path) -> None:
    path = changed(folder, tmp_path, "new = 2", "new = 2000")
    code, said = outcome("plan", str(path), "--data", str(folder), "--out", str(tmp_path / "out"), "--quiet")
    assert code == 3
    assert "2,000 new sites are asked for, but only" in said


def test_wrong_usage_and_missing_files_have_their_own_codes(folder: Path, tmp_path: Path) -> None:
    assert outcome("plan")[0] == 2
    assert outcome("plan", str(tmp_path / "none.toml"))[0] == 3
    assert outcome("plan", str(folder / "planner.toml"), "--data", str(tmp_path / "none"))[0] == 3


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (QuestionError("q"), 3),
        (SourceError("s"), 3),
        (InfeasibleError("i"), 4),
        (StoreError("p"), 5),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_kind_of_fault_has_its_exit_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli, "_run", fails)
    assert outcome("plan", str(folder / "planner.toml"))[0] == code


def test_a_file_is_imported_into_the_project_file_with_its_account(folder: Path, tmp_path: Path) -> None:
    make_project(tmp_path)
    words = (str(tmp_path / "stations.xlsx"), "--as", "sites", "--project", str(tmp_path), "--crs", "EPSG:4490")
    code, said = outcome("import", *words, "--dry-run")
    assert code == 0, said
    assert not (tmp_path / "project.gpkg").exists()
    code, said = outcome("import", *words)
    assert code == 0, said
    assert "读取 2 行，采用 2 行" in said
    kept = open_project(tmp_path).store
    assert len(kept.read("sites")) == 2
    assert kept.read("imports")["rows_read"].tolist() == [2]


def test_an_import_that_fails_changes_nothing(folder: Path, tmp_path: Path) -> None:
    make_project(tmp_path)
    (tmp_path / "empty.csv").touch()
    code, said = outcome("import", str(tmp_path / "empty.csv"), "--as", "sites", "--project", str(tmp_path))
    assert code == 3
    assert "empty.csv" in said
    assert not (tmp_path / "project.gpkg").exists()


def test_a_file_is_inspected_before_it_is_imported(folder: Path) -> None:
    code, said = outcome("inspect", str(folder / "roads.shp"))
    assert code == 0, said
    assert "路名" in said
    assert "第1路" in said


@pytest.mark.parametrize(
    "asked",
    [
        'objective = "maximise_worst_share"\nleast_share_per = "town"',
        'one_per = "town"\napart_metres = 200.0',
        'least_share = 0.05\nleast_share_per = "district"\neffort = 1',
        "backup = 2",
        'objective = "minimise_mean_time"\nunserved_minutes = 30.0',
    ],
)
def test_a_block_may_ask_with_any_rule_the_optimiser_knows(asked: str, folder: Path, tmp_path: Path) -> None:
    project = open_project(changed(folder, tmp_path, "new = 2", f"new = 4\n{asked}"), data=folder)
    plan = project.run(tmp_path / "out").plans["meal_station"]
    assert len(plan.added) <= 4


def test_a_rule_by_units_that_are_not_there_is_told(folder: Path, tmp_path: Path) -> None:
    path = changed(folder, tmp_path, "new = 2", 'new = 2\none_per = "village"')
    code, said = outcome("plan", str(path), "--data", str(folder), "--out", str(tmp_path / "out"), "--quiet")
    assert code == 3
    assert "no units of level 'village', only district, town" in said


def test_an_impossible_rule_says_what_would_do_with_exit_code_4(folder: Path, tmp_path: Path) -> None:
    path = changed(folder, tmp_path, "new = 2", 'new = 1\none_per = "town"')
    code, said = outcome("plan", str(path), "--data", str(folder), "--out", str(tmp_path / "out"), "--quiet")
    assert code == 4
    assert "[[service]] meal_station：没有任何选址方案能同时满足各项要求：若不限新增数量，新增设施至少需 2 处。" in said


def test_fault_89_without_a_chinese_font_the_brief_is_left_out_and_that_is_said(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.project.has_chinese_font", lambda: False)
    monkeypatch.setattr("planner.project.inputs.has_chinese_font", lambda: False)
    code, said = outcome("plan", str(folder / "planner.toml"), "--out", str(tmp_path / "out"), "--quiet")
    assert code == 0, said
    assert "fonts-noto-cjk" in said
    assert not list((tmp_path / "out").glob("*.docx"))


def test_one_service_is_drawn_and_reported_by_command(folder: Path, tmp_path: Path) -> None:
    page, book, brief = tmp_path / "maps" / "one.html", tmp_path / "one.xlsx", tmp_path / "one.docx"
    code, said = outcome("map", str(folder), "--out", str(page), "--quiet", "--lang", "en")
    assert code == 0, said
    assert "reach a station within" in page.read_text(encoding="utf-8")
    code, said = outcome("report", str(folder), "--out", str(book), "--out", str(brief), "--quiet")
    assert code == 0, said
    assert load_workbook(book).sheetnames[0] == "摘要"
    assert brief.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("map", "{folder}", "--out", "one.pdf"), "name it with .html"),
        (("map", "{folder}/none.gpkg", "--out", "one.html"), "there is no register"),
        (("report", "{folder}", "--out", "one.csv"), ".xlsx, .docx, .html"),
        (("map", "{folder}", "--out", "{tmp}/one.html", "--service", "none"), "has no service 'none'"),
    ],
)
def test_a_map_or_report_that_cannot_be_made_says_why(
    words: tuple[str, ...], told: str, folder: Path, tmp_path: Path
) -> None:
    code, said = outcome(*(word.format(folder=folder, tmp=tmp_path) for word in words))
    assert code == 3
    assert told in said


def test_the_register_is_drawn_by_command_and_its_names_stand_on_a_plan_s_map(tmp_path: Path) -> None:
    make_project(tmp_path)
    make_register(tmp_path / "project.gpkg").close()
    for kind, more in (("divisions", ()), ("changes", ("--before", "2018-01-01")), ("signs", ())):
        page = tmp_path / f"{kind}.html"
        code, said = outcome(
            "map", str(tmp_path / "project.gpkg"), "--of", kind, "--on", "2024-06-01", "--out", str(page), *more
        )
        assert code == 0, said
        assert page.stat().st_size > 100_000
    code, said = outcome("map", str(tmp_path / "project.gpkg"), "--of", "changes", "--out", str(tmp_path / "x.html"))
    assert code == 3
    assert "--before" in said
    names = register_names(tmp_path, open_project(tmp_path).area, date(2024, 1, 1))
    assert names is not None
    assert names.crs == open_project(tmp_path).area.crs


def test_a_saved_plan_is_drawn_without_siting_anew(
    folder: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = save_plan(run.plans["meal_station"], tmp_path / "plan.json")

    def never(*_: object) -> None:
        raise AssertionError("the plan is saved; nothing needs to be sited")

    monkeypatch.setattr("planner.project.run._solve", never)
    page = tmp_path / "saved.html"
    code, said = outcome("map", str(folder), "--out", str(page), "--plan", str(saved), "--quiet")
    assert code == 0, said
    overall = run.facts["meal_station"].overall
    assert f"{overall['covered']:,}" in page.read_text(encoding="utf-8")
    other = changed(folder, tmp_path, "new = 2", "new = 1")
    code, said = outcome("map", str(other), "--data", str(folder), "--out", str(page), "--plan", str(saved), "--quiet")
    assert code == 3, said


def test_quiet_reads_every_file_without_a_bar_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_project(tmp_path)
    hall = gpd.GeoSeries.from_xy([WEST + 900], [SOUTH + 800], crs=CRS).to_crs(4490)[0]
    given = path.read_text(encoding="utf-8").replace(
        "spacing_metres = 400.0 }", 'spacing_metres = 400.0, hosts = { file = "halls.csv", crs = "EPSG:4490" } }'
    )
    (tmp_path / "halls.csv").write_text(f"名称,经度,纬度\n东礼堂,{hall.x:.6f},{hall.y:.6f}\n", encoding="utf-8")
    given += '\n[backdrop.green]\nfile = "divisions.gpkg"\nlayer = "towns"\n'
    path.write_text(given, encoding="utf-8")
    unwatched: list[str] = []
    shown = opening.watched

    def watched(progress: watching.Progress | None, name: str) -> AbstractContextManager[watching.Progress]:
        if progress is None:
            unwatched.append(name)
        return shown(progress, name)

    monkeypatch.setattr(opening, "watched", watched)
    open_project(path).run(tmp_path / "out", progress=False)
    assert unwatched == []
