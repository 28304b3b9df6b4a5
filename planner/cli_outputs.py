"""The commands ``planner map`` and ``planner report``: one map or one report, of a project or of the register."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from planner.errors import QuestionError

if TYPE_CHECKING:
    from planner.gazetteer import Gazetteer
    from planner.maps import PlanMap

_PATH, _DAY = click.Path(path_type=Path), click.DateTime(["%Y-%m-%d"])
_LANG = click.option("--lang", type=click.Choice(["zh", "en"]), help="Language (default: the project's).")
_SERVICE = click.option(
    "--service", help="Which [[service]] of the planner.toml, by its id; needless where there is one."
)
_DATA = click.option("--data", type=_PATH, help="Folder the input files are in (default: beside the TOML).")
_PLAN = click.option(
    "--plan", "saved", type=_PATH, help="A plan saved before (save_plan), drawn instead of siting anew."
)
_QUIET = click.option("--quiet", is_flag=True, help="No progress bars.")
REGISTER_MAPS = ("divisions", "changes", "boundaries", "names", "signs")


@click.command("map")
@click.argument("source", type=_PATH)
@click.option("--out", type=_PATH, required=True, help="The page to write, such as maps/plan.html.")
@_SERVICE
@_DATA
@_PLAN
@click.option(
    "--of",
    "kind",
    type=click.Choice(REGISTER_MAPS),
    default="divisions",
    show_default=True,
    help="What to draw of a register.",
)
@click.option("--on", type=_DAY, help="Day of a register's map (default: today).")
@click.option("--before", type=_DAY, help="Earlier day of a map of changes.")
@click.option("--approval", default="", help="Map approval number (审图号) of a register's map.")
@_LANG
@_QUIET
def map_command(
    source: Path,
    out: Path,
    service: str | None,
    data: Path | None,
    saved: Path | None,
    kind: str,
    on: datetime | None,
    before: datetime | None,
    approval: str,
    lang: str | None,
    quiet: bool,
) -> None:
    """Draw one offline map: of a planner.toml's plan, or of the register in a project file (.gpkg).

    绘制一张离线地图：planner.toml 的方案，或项目文件（.gpkg）中的区划、变更、界线、地名、标志。
    """
    from planner.project.single import answer_one, folder_of

    if out.suffix.lower() != ".html":
        raise QuestionError(f"a map is a page; name it with .html, not {out.name!r}")
    folder_of(out)
    if source.suffix.lower() == ".gpkg":
        days = (on.date() if on else date.today(), before.date() if before else None)  # noqa: DTZ011 (the office's day)
        _register_map(source, kind, days, lang or "zh", approval).save(out)
    else:
        from planner.project import open_project

        project = open_project(source, data=data)
        found = answer_one(project, service, plan=saved, progress=not quiet and sys.stderr.isatty())
        found.draw(lang=lang).save(out)
    click.echo(str(out))


@click.command("report")
@click.argument("source", type=_PATH)
@click.option(
    "--out", type=_PATH, required=True, multiple=True, help="File to write: .xlsx, .docx or .html; may be repeated."
)
@_SERVICE
@_DATA
@_PLAN
@_LANG
@_QUIET
def report_command(
    source: Path,
    out: tuple[Path, ...],
    service: str | None,
    data: Path | None,
    saved: Path | None,
    lang: str | None,
    quiet: bool,
) -> None:
    """Write the report of a planner.toml's plan as workbook, brief or page.

    生成方案的 Excel 表、Word 简报或网页报告，同一次计算，数字一致。
    """
    from planner.project import open_project
    from planner.project.single import answer_one, folder_of

    known = (".xlsx", ".docx", ".html")
    if wrong := [path.name for path in out if path.suffix.lower() not in known]:
        raise QuestionError(f"a report is {', '.join(known)}, not {wrong[0]!r}")
    found = answer_one(open_project(source, data=data), service, plan=saved, progress=not quiet and sys.stderr.isatty())
    told = found.report(lang=lang)
    for path in out:
        folder_of(path)
        click.echo(str(told.save(path)))


def _register_map(path: Path, kind: str, days: tuple[date, date | None], lang: str, approval: str) -> PlanMap:
    from planner import maps
    from planner.gazetteer import open_gazetteer

    if not path.is_file():
        raise QuestionError(f"there is no register {path}; give the project file it is kept in")
    (on, before), imprint = days, maps.Imprint(lang=lang, map_approval=approval)
    if kind == "changes" and before is None:
        raise QuestionError("a map of changes needs the earlier day: --before 2018-01-01")
    drawers: dict[str, Callable[[Gazetteer], PlanMap]] = {
        "divisions": lambda books: maps.draw_divisions(books, on, imprint=imprint),
        "changes": lambda books: maps.draw_changes(books, before or on, on, imprint=imprint),
        "boundaries": lambda books: maps.draw_boundaries(books, on, imprint=imprint),
        "names": lambda books: maps.draw_names(books, on, imprint=imprint),
        "signs": lambda books: maps.draw_signs(books, on, imprint=imprint),
    }
    with open_gazetteer(path) as books:
        return drawers[kind](books)
