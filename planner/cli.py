"""The command ``planner``: plans from a planner.toml, for people who do not write Python."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from planner.cli_files import import_, inspect
from planner.cli_gazetteer import gazetteer
from planner.cli_outputs import map_command, report_command
from planner.errors import DataError, OptimiseError, PlannerError, StoreError
from planner.texts import Text

DONE, FINDINGS, BAD_INPUT, NO_PLAN, STORE, INTERRUPTED = 0, 1, 3, 4, 5, 130
"""Exit codes; 2 is wrong usage, told by click."""

WORDS = {
    "zh": {
        "map": "地图", "table": "表格", "brief": "简报", "layers": "图层", "index": "成果目录", "manifest": "运行清单",
        "people": "服务对象 {people} 人：现状覆盖 {covered_before} 人（{share_before}），"
        "规划后 {covered} 人（{share}）；未覆盖 {uncovered} 人，未接入路网 {not_connected} 人",
        "plan": "新增 {added} 处；{proof}", "proven": "已证明最优", "gap": "距最优不超过 {gap:.2%}",
        "findings": "有数据行被隔离，见表格中的“隔离记录”",
    },
    "en": {
        "map": "map", "table": "table", "brief": "brief", "layers": "layers", "index": "index", "manifest": "manifest",
        "people": "{people} people: {covered_before} covered today ({share_before}), {covered} with the plan"
        " ({share}); {uncovered} out of reach, {not_connected} not connected to a road",
        "plan": "{added} new sites; {proof}", "proven": "proven best", "gap": "at most {gap:.2%} from the best",
        "findings": "some rows were quarantined; the table lists them",
    },
}  # fmt: skip


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="service-coverage-planner")
def main() -> None:
    """Plan where services go: coverage, siting with proof, offline maps.

    规划服务设施布局：覆盖分析、选址优化（附最优性证明）、离线地图。
    """


for command in (inspect, import_, gazetteer, map_command, report_command):
    main.add_command(command)


@main.command()
@click.argument("toml", type=click.Path(path_type=Path))
@click.option(
    "--data", type=click.Path(path_type=Path), help="Folder the input files are in (default: beside the TOML)."
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("out"), show_default=True, help="Folder to write to."
)
@click.option("--quiet", is_flag=True, help="No progress bars.")
def plan(toml: Path, data: Path | None, out: Path, quiet: bool) -> None:
    """Run the whole job of a planner.toml: map, tables, layers and manifest.

    按 planner.toml 一次做完：每个服务的地图、Excel 表、Word 简报、图层，以及运行清单。
    """
    _run(toml, data, out, quiet=quiet)


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("maps/demo"), show_default=True)
@click.option("--quiet", is_flag=True, help="No progress bars.")
def demo(out: Path, quiet: bool) -> None:
    """Plan fifty new meal stations for the made-up town in data/demo.

    试运行：为虚构的示范城市选五十处新助餐点。
    """
    _run(demo_folder() / "planner.toml", None, out, quiet=quiet)


def demo_folder() -> Path:
    """Where the demo town is: in the checkout this package is part of, or in the working folder's."""
    for root in (Path(__file__).parent.parent, Path.cwd()):
        if (folder := root / "data" / "demo").is_dir():
            return folder
    raise DataError("the demo town is not here; run this from a checkout of the project, which holds it in data/demo")


def _run(toml: Path, data: Path | None, out: Path, *, quiet: bool) -> None:
    from planner.project import open_project

    project = open_project(toml, data=data)
    run = project.run(out, progress=not quiet and sys.stderr.isatty())
    lang = project.settings.project.lang
    words = WORDS[lang]
    for ident, one in run.answers.items():
        proof = words["proven"] if one.plan.proven else words["gap"].format(gap=one.plan.gap)
        click.echo(f"【{one.plan.scenario.name}】")
        click.echo("  " + words["people"].format(**_told(run.facts[ident].overall)))
        click.echo("  " + words["plan"].format(added=len(one.plan.added), proof=proof))
    for report in run.reports.values():
        click.echo("  " + report.summary(lang=lang))
        for note in report.notes:
            click.echo(f"    - {Text.of(note).words(lang)}")
    for warning in run.warnings(lang):
        click.echo(f"  ! {warning}")
    for kind, path in run.files.items():
        click.echo(f"{words[kind.rpartition('.')[2]]}: {path}")
    if run.has_findings:
        click.echo(words["findings"])
        sys.exit(FINDINGS)


def _told(overall: Mapping[str, Any]) -> dict[str, str]:
    """Counts and shares as every table shows them, hidden ones as their marks."""
    from planner.facts import count_text, percent

    told = {name: count_text(value) for name, value in overall.items() if not name.startswith("share")}
    shares = {"share_before": "covered_before", "share": "covered"}
    return told | {name: percent(overall[part], overall["people"]) for name, part in shares.items()}


def run_command() -> None:
    """Run the command; a fault of the input is told in a sentence, never as a traceback."""
    try:
        main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("已中断 interrupted", err=True)
        sys.exit(INTERRUPTED)
    except PlannerError as error:
        click.echo(f"错误：{error.zh}" if error.zh else f"错误 error: {error}", err=True)
        sys.exit(_exit_code(error))


def _exit_code(error: PlannerError) -> int:
    if isinstance(error, OptimiseError):
        return NO_PLAN
    return STORE if isinstance(error, StoreError) else BAD_INPUT
