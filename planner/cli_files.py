"""The commands ``planner inspect`` and ``planner import``: files as GIS staff have them, brought into a project."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from planner.imports import ImportReport

FINDINGS = 1
LAYERS = ("roads", "population", "sites", "districts", "quarters")
REGISTER = ("names", "lines", "markers", "signs")
SHOWN = 10  # rows left out that are told on the screen; all of them are in the project file and in --findings

WORDS = {
    "zh": {
        "kept": "已写入 {path} 的图层 {table}", "entered": "已记入 {path} 的登记簿：{count:,} 条", "dry": "试读，未写入任何内容",
        "row": "    第 {row} 行：{reason}{mend}", "mend": "；{suggestion}", "more": "    …… 另有 {count:,} 行",
        "left": "  隔离的行：", "findings": "隔离、重复与修正清单：{path}", "read": "读取 {name}", "keep": "写入工程文件",
    },
    "en": {
        "kept": "kept in the layer {table} of {path}", "entered": "entered into the register of {path}: {count:,} records",
        "dry": "read only; nothing was kept", "row": "    row {row}: {reason}{mend}", "mend": "; {suggestion}",
        "more": "    … and {count:,} more", "left": "  rows quarantined:", "findings": "what was left out or mended: {path}",
        "read": "Read {name}", "keep": "Write the project file",
    },
}  # fmt: skip


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--encoding", help="Encoding of the text, where the guess is wrong. 文字编码")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def inspect(file: Path, encoding: str | None, lang: str) -> None:
    """Tell what a file holds, before anything is imported from it.

    查看文件内容：格式、图层、行数、字段、编码、坐标系与范围，不导入任何数据。
    """
    from planner.sources import inspect as look_into

    click.echo(look_into(file, encoding=encoding).summary(lang=lang))


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--as", "kind", required=True, type=click.Choice([*LAYERS, *REGISTER]), help="What the file holds. 数据类别"
)
@click.option(
    "--project",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder with the planner.toml. 项目文件夹",
)
@click.option(
    "--data", type=click.Path(path_type=Path), help="Folder the planner.toml's files are in (default: beside it)."
)
@click.option("--layer", help="Layer or sheet, where the file has several. 图层或工作表")
@click.option("--crs", help="What the coordinates refer to: EPSG:4490, GCJ-02, BD-09 ... 坐标系")
@click.option("--transformation", help="Your bureau's PROJ pipeline, for Xian 1980 and Beijing 1954. 坐标转换参数")
@click.option("--encoding", help="Encoding of the text, where the guess is wrong. 文字编码")
@click.option("--columns", type=click.Path(path_type=Path), help='A TOML of field = "heading". 列名对照文件')
@click.option(
    "--classes", type=click.Path(path_type=Path), help='Roads: a TOML of class word = "OSM class". 道路等级对照'
)
@click.option(
    "--ignore", multiple=True, metavar="HEADING", help="A column to leave out, such as telephones. 不读取的列"
)
@click.option(
    "--places",
    type=click.Path(path_type=Path),
    help="Villages that rows without coordinates are matched to. 村居位置文件",
)
@click.option("--nodata", type=float, help="Population raster: the value that means no data. 栅格无数据值")
@click.option("--repair", is_flag=True, help="Mend invalid shapes, each listed. 修复无效图形")
@click.option(
    "--service", help="Sites: the service they are of (default meal_station), kept in a layer of its own. 服务类别"
)
@click.option("--people", help="Population: the column of people. 人口列")
@click.option("--quarters-are", type=click.Choice(["new", "existing"]), help="Quarters: what all are. 新建或已建")
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), help="Day the records hold from (default: the project's). 日期"
)
@click.option("--secrecy", help="Names: the 密级 that holds where the form has none, such as 公开.")
@click.option("--document", help="Register: number of the document. 文号")
@click.option("--authority", help="Register: approving authority. 批准机关")
@click.option("--actor", default="", help="Who imports (default: the user of this machine). 经办人")
@click.option(
    "--findings", type=click.Path(path_type=Path), help="Write what was left out or mended to an .xlsx. 清单文件"
)
@click.option("--dry-run", is_flag=True, help="Read and report, keep nothing. 试读")
@click.option("--quiet", is_flag=True, help="No progress bars.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def import_(
    file: Path,
    kind: str,
    folder: Path,
    data: Path | None,
    findings: Path | None,
    *,
    actor: str,
    dry_run: bool,
    quiet: bool,
    lang: str,
    **how: Any,
) -> None:
    """Import a file into the project's GeoPackage, with every row accounted for.

    导入数据：每一行都有去向，隔离的行说明原因和改法。names、lines、markers、signs 记入登记簿，其余写为图层。
    """
    from planner.project import Entry, open_project, save_findings

    words, given = WORDS[lang], _given(kind, how)
    project = open_project(folder, data=data)
    found = project.import_file(
        file, kind, dry_run=dry_run, who=actor, watch=not quiet and sys.stderr.isatty(), **given
    )
    click.echo(found.report.describe(lang=lang))
    _tell_rows(found.report, lang)
    path = project.store.path
    if dry_run:
        click.echo(words["dry"])
    elif isinstance(found, Entry):
        click.echo(words["entered"].format(path=path, count=found.report.accepted))
    else:
        click.echo(words["kept"].format(path=path, table=found.table))
    if findings is not None:
        click.echo(words["findings"].format(path=save_findings(found.report, findings, lang=lang)))
    if found.report.faulty:
        sys.exit(FINDINGS)


OPTIONS = {
    "roads": ("transformation", "ignore", "classes", "repair"),
    "population": ("transformation", "ignore", "places", "nodata", "people"),
    "sites": ("transformation", "ignore", "places", "service"),
    "districts": ("transformation", "ignore", "repair", "on"),
    "quarters": ("transformation", "ignore", "places", "quarters_are"),
    "names": ("transformation", "ignore", "on", "secrecy", "document", "authority"),
    "lines": ("transformation", "ignore", "on", "document", "authority"),
    "markers": ("transformation", "ignore", "on", "document", "authority"),
    "signs": ("transformation", "ignore", "on", "document", "authority"),
}  # beside layer, crs, encoding and columns, which every kind takes


def _given(kind: str, how: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as the readers take them; raises `click.UsageError` for one that does not fit."""
    from planner.sources import load_columns

    given = {name: value for name, value in how.items() if value not in (None, (), False)}
    fitting = {"layer", "crs", "encoding", "columns", *OPTIONS[kind]}
    if odd := sorted(set(given) - fitting):
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in odd)
        raise click.UsageError(f"{flags}: --as {kind} takes no such option")
    for name in ("columns", "classes"):
        if name in given:
            given[name] = load_columns(given[name])
    if isinstance(given.get("on"), datetime):
        given["on"] = given["on"].date()
    return given


def _tell_rows(report: ImportReport, lang: str) -> None:
    """The first rows that were quarantined for a fault, with the reason and how to mend it."""
    words, faults = WORDS[lang], report.table("faults", lang=lang)
    if faults.empty:
        return
    click.echo(words["left"])
    for row in faults.head(SHOWN).itertuples():
        mend = words["mend"].format(suggestion=row.suggestion) if row.suggestion else ""
        click.echo(words["row"].format(row=row.row, reason=row.reason, mend=mend))
    if len(faults) > SHOWN:
        click.echo(words["more"].format(count=len(faults) - SHOWN))
