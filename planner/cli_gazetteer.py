"""The command ``planner gazetteer``: the register of names and boundaries, for people who do not write Python."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import pandas as pd

from planner.errors import DataError, PlannerError, StoreError
from planner.gazetteer import Basis, Gazetteer, Record, open_gazetteer, sheets, wording
from planner.gazetteer import exports as out
from planner.gazetteer.schema import DIVISION

FINDINGS, BAD_INPUT, STORE = 1, 3, 5
_DAY = click.DateTime(["%Y-%m-%d"])
WORDS = {
    "zh": {
        "nothing": "没有找到", "sound": "账本完好：{events} 个事件，{records} 条记录；末端校验码 {head}", "broken": "账本被改动：{where} {reason}",
        "clean": "未发现问题", "written": "已写入 {path}", "status": "{name}：{status}", "none_due": "没有到期或逾期事项",
    },
    "en": {
        "nothing": "nothing found", "sound": "the book is sound: {events} events, {records} records; head {head}",
        "broken": "the book was changed: {where} {reason}", "clean": "nothing to object to", "written": "written: {path}",
        "status": "{name}: {status}", "none_due": "nothing is due",
    },
}  # fmt: skip


@click.group()
@click.option(
    "--register",
    type=click.Path(path_type=Path),
    default=Path("project.gpkg"),
    show_default=True,
    help="Project file the register is in.",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.pass_context
def gazetteer(context: click.Context, register: Path, lang: str) -> None:
    """Place names, divisions, boundary lines, markers and signs, with their history.

    地名、区划、界线、界桩与地名标志的登记、审批与历史。
    """
    context.obj = {"register": register, "lang": lang}


@contextlib.contextmanager
def _books(context: click.Context) -> Iterator[Gazetteer]:
    """The open register; errors become one line and an exit code."""
    try:
        with open_gazetteer(context.obj["register"]) as books:
            yield books
    except StoreError as error:
        click.echo(error.words(context.obj["lang"]), err=True)
        context.exit(STORE)
    except PlannerError as error:
        click.echo(error.words(context.obj["lang"]), err=True)
        context.exit(BAD_INPUT)


def _say(context: click.Context, word: str, **values: object) -> None:
    click.echo(WORDS[context.obj["lang"]][word].format(**values))


def _day(moment: datetime | None) -> date:
    return moment.date() if moment else date.today()  # noqa: DTZ011


def _line(context: click.Context, record: Record) -> str:
    lang, code = context.obj["lang"], record["code"] or record["within"] or ""
    column = "status" if record["status"] else "level"
    what = [record.thing, code, record["name"] or record["number"] or record["text"] or ""]
    return "\t".join([*what, wording.said(column, record[column], lang), wording.span(record.valid, lang)])


def _table(context: click.Context, table: pd.DataFrame) -> None:
    with pd.option_context("display.unicode.east_asian_width", True):
        click.echo(wording.in_words(table, context.obj["lang"]).to_string(index=False))


def _due(context: click.Context, table: pd.DataFrame) -> None:
    if table.empty:
        _say(context, "none_due")
        return
    _table(context, table)


def _on(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--on", type=_DAY, help="Day in the world (default: today).")(command)


def _known_on(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--known-on", type=_DAY, help="Day of the books (default: now).")(command)


def _actor(command: Callable[..., None]) -> Callable[..., None]:
    options = (
        click.option("--actor", required=True, help="Name of the person who records it."),
        click.option("--document", default="", help="Document number."),
        click.option("--authority", default="", help="Approving authority."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@gazetteer.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "kind", type=click.Choice(["names", "divisions", "lines", "markers", "signs"]), required=True)
@click.option("--layer", help="Layer or sheet, where the file has several.")
@click.option("--crs", help="What the coordinates refer to: EPSG:4490, GCJ-02, BD-09 ...")
@click.option("--encoding", help="Encoding of the text, where the guess is wrong.")
@click.option("--secrecy", help="What holds where a form has no 密级, such as 公开.")
@click.option("--dry-run", is_flag=True, help="Report only; record nothing.")
@_on
@_actor
@click.pass_context
def import_(
    context: click.Context,
    /,
    file: Path,
    kind: str,
    layer: str | None,
    crs: str | None,
    encoding: str | None,
    secrecy: str | None,
    dry_run: bool,
    on: datetime | None,
    **basis: Any,
) -> None:
    """Import a form: census names, divisions, boundary lines, markers or signs; from Excel, CSV, shapefile, GeoPackage."""
    from planner.project.registering import read_entry

    how: dict[str, Any] = {"secrecy": secrecy, "layer": layer, "crs": crs, "encoding": encoding}
    with _books(context) as books:
        entry = read_entry(file, kind, books, on=_day(on), **how)
        click.echo(entry.report.summary(lang=context.obj["lang"]))
        for row in entry.report.quarantine.itertuples():
            click.echo(f"  {row.row}\t{row.rule}\t{row.reason}\t{row.suggestion}")
        if not dry_run:
            entry.enter(books, basis=Basis(note=f"import {file.name}", **basis))
    if len(entry.report.quarantine):
        context.exit(FINDINGS)


@gazetteer.command()
@click.argument("text")
@_on
@_known_on
@click.option("--limit", default=20, show_default=True)
@click.pass_context
def find(context: click.Context, text: str, on: datetime | None, known_on: datetime | None, limit: int) -> None:
    """Find places by any name they ever bore, its beginning, or its pinyin initials."""
    with _books(context) as books:
        known = known_on.date() if known_on else None
        found = books.find(text, on=on.date() if on else None, known_on=known, limit=limit)
        for record in found:
            click.echo(_line(context, record))
        if not found:
            _say(context, "nothing")
            context.exit(FINDINGS)


@gazetteer.command()
@click.argument("place")
@_on
@_known_on
@click.pass_context
def show(context: click.Context, place: str, on: datetime | None, known_on: datetime | None) -> None:
    """Show everything true of a place (ID or code) on a day."""
    with _books(context) as books:
        for record in books.show(place, on=_day(on), known_on=known_on.date() if known_on else None):
            click.echo(_line(context, record))
            for name, value in sorted(record.values.items()):
                if value not in {None, ""} and name not in {"key", "sound", "initials"}:
                    lang = context.obj["lang"]
                    colon = "：" if lang == "zh" else ": "
                    click.echo(f"    {wording.heading(name, lang)}{colon}{wording.said(name, value, lang)}")


@gazetteer.command()
@click.argument("place")
@_known_on
@click.pass_context
def history(context: click.Context, place: str, known_on: datetime | None) -> None:
    """Tell the whole story of a place (ID or code), with the document of every change."""
    with _books(context) as books:
        told = books.history(place, known_on=known_on.date() if known_on else None)
        _table(context, told.rename(columns={"kind": "record"}))


@gazetteer.command()
@click.option("--within", default="", help="Code of the division to look at (default: all).")
@click.option(
    "--level",
    type=click.Choice(["city", "district", "town", "village"]),
    help="Also check how units of a level fit together.",
)
@_on
@click.pass_context
def check(context: click.Context, within: str, level: str | None, on: datetime | None) -> None:
    """Judge every standing name by the naming rules, and the fit of borders."""
    with _books(context) as books:
        found = [books.screen(within=within)]
        if level:
            fit = books.topology(_day(on), level=level, within=within)
            found.append(fit if context.obj["lang"] == "en" else fit.drop(columns="reason"))
        for table in found:
            if len(table):
                _table(context, table)
        if not any(len(table) for table in found):
            _say(context, "clean")
            return
    context.exit(FINDINGS)


def _step(context: click.Context, place: str, to: str, on: datetime | None, basis: Basis) -> None:
    with _books(context) as books:
        books.advance(place, to, on=_day(on), basis=basis)
        _say(context, "status", name=place, status=wording.said("status", to, context.obj["lang"]))


@gazetteer.command()
@click.argument("place")
@_on
@_actor
@click.pass_context
def approve(context: click.Context, /, place: str, on: datetime | None, **basis: Any) -> None:
    """Approve an assessed name; refused while a rule stands against it or a suspect is undecided."""
    with _books(context):
        about = Basis(approved=_day(on), **basis)
    _step(context, place, "approved", on, about)


@gazetteer.command()
@click.argument("place")
@click.option("--sheet", type=click.Path(path_type=Path), help="Also write the announcement as a Word file.")
@_on
@_actor
@click.pass_context
def announce(context: click.Context, /, place: str, sheet: Path | None, on: datetime | None, **basis: Any) -> None:
    """Announce a filed name; refused where one of the six fields or the confirmation of its pinyin is missing."""
    with _books(context):
        about = Basis(announced=_day(on), **basis)
    _step(context, place, "announced", on, about)
    if sheet:
        with _books(context) as books:
            title, issuer = f"地名公告 {basis['document']}", basis["authority"] or basis["actor"]
            sheets.announcement(
                books.ledger, [place], sheet, title=title, issuer=issuer, on=_day(on), lang=context.obj["lang"]
            )
            _say(context, "written", path=sheet)


@gazetteer.command("inspect-due")
@_on
@click.option("--within-days", default=0, show_default=True, help="Also those due within so many days.")
@click.pass_context
def inspect_due(context: click.Context, on: datetime | None, within_days: int) -> None:
    """List boundary lines whose joint inspection is due."""
    with _books(context) as books:
        _due(context, books.inspections_due(_day(on), within_days=within_days))


@gazetteer.command("signs-due")
@_on
@click.pass_context
def signs_due(context: click.Context, on: datetime | None) -> None:
    """List road-name signs with something overdue."""
    with _books(context) as books:
        _due(context, books.signs_due(_day(on)))


@gazetteer.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--as",
    "kind",
    type=click.Choice(["linked-places", "geonames", "geojson", "excel", "dictionary", "audit"]),
    required=True,
)
@click.option(
    "--records",
    type=click.Choice(["division", "name", "line", "marker", "sign"]),
    default=DIVISION.name,
    show_default=True,
    help="For geojson.",
)
@_on
@click.pass_context
def export(context: click.Context, path: Path, kind: str, records: str, on: datetime | None) -> None:
    """Write the register in an open format; what is not 公开 never leaves."""
    with _books(context) as books:
        ledger, day = books.ledger, _day(on)
        writers: dict[str, Callable[[], Path]] = {
            "linked-places": lambda: out.linked_places(ledger, path),
            "geonames": lambda: out.geonames(ledger, path, on=day),
            "geojson": lambda: out.geojson(ledger, path, kind=records, on=day),
            "excel": lambda: out.registers(ledger, path, on=day, lang=context.obj["lang"]),
            "dictionary": lambda: sheets.dictionary(ledger, path, on=day),
            "audit": lambda: out.audit_bundle(ledger, path),
        }
        if not path.parent.is_dir():
            raise DataError(f"there is no folder {path.parent}; make it first")
        _say(context, "written", path=writers[kind]())


@gazetteer.command()
@click.option("--head", help="Hash of the last event, as written down elsewhere.")
@click.pass_context
def verify(context: click.Context, head: str | None) -> None:
    """Find the first row of the books that is not as it was written."""
    with _books(context) as books:
        verdict = books.verify(head=head)
    if verdict:
        _say(context, "sound", events=verdict.events, records=verdict.records, head=verdict.head)
        return
    _say(context, "broken", where=verdict.where, reason=verdict.reason)
    context.exit(FINDINGS)
