"""Sheets: papers of the register in Word and HTML: announcements, filing sheets, the dictionary by sound."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from planner.errors import DataError
from planner.gazetteer.exports import open_records, write_atomically
from planner.gazetteer.ledger import Ledger
from planner.gazetteer.naming import ANNOUNCED_FIELDS
from planner.gazetteer.records import Record
from planner.gazetteer.romanise import TONES
from planner.gazetteer.rules import CATEGORIES
from planner.gazetteer.schema import DIVISION, NAME
from planner.gazetteer.secrecy import withheld

_MAY_BE_ANNOUNCED = frozenset({"approved", "filed", "announced", "in use"})
_FIELDS_ZH = ("标准地名", "罗马字母拼写", "所在政区", "位置描述", "批准机关", "批准日期")
_FIELDS_EN = ("Standard name", "Roman letters", "Division", "Location", "Approving authority", "Approval date")


def _standing(ledger: Ledger, places: Sequence[str]) -> list[Record]:
    secret = withheld(ledger)
    found = []
    for place in places:
        records = [r for r in ledger.select(NAME, "thing = ? AND slot = 'standard'", (place,)) if r.valid.end is None]
        if not records or records[0]["status"] not in _MAY_BE_ANNOUNCED:
            raise DataError(f"{place} has no approved name; nothing unapproved is announced or filed")
        if place in secret:
            raise DataError(f"{place} is not 公开; it goes into no paper")
        found.append(records[0])
    return found


def announcement(
    ledger: Ledger, places: Sequence[str], path: str | Path, *, title: str, issuer: str, on: date, lang: str = "zh"
) -> Path:
    """Write a public announcement of approved names (Word) with the six fields each must carry."""
    records = _standing(ledger, places)
    for record in records:
        if missing := [name for name in ANNOUNCED_FIELDS if not record[name]] + (
            [] if record["pinyin_by"] else ["pinyin_by"]
        ):
            raise DataError(f"{record['name']} cannot be announced without {', '.join(missing)}")
    rows = [_six(ledger, record, on) for record in records]
    headings = _FIELDS_ZH if lang == "zh" else _FIELDS_EN
    foot = f"{issuer}\n{on.year}年{on.month}月{on.day}日" if lang == "zh" else f"{issuer}\n{on.isoformat()}"
    return _word(path, title, headings, rows, foot)


def filing(ledger: Ledger, places: Sequence[str], path: str | Path, *, title: str, office: str, on: date) -> Path:
    """Write the sheet that files approved names with the office above (Word)."""
    headings = ("序号", *_FIELDS_ZH, "类别", "含义", "来历")
    rows = []
    for number, record in enumerate(_standing(ledger, places), start=1):
        rest = (CATEGORIES[record["category"]], record["meaning"] or "", record["origin"] or "")
        rows.append((str(number), *_six(ledger, record, on), *rest))
    return _word(path, title, headings, rows, f"报：{office}\n{on.year}年{on.month}月{on.day}日")


def _six(ledger: Ledger, record: Record, on: date) -> tuple[str, ...]:
    unit = ledger.select(DIVISION, "thing = ?", (record["division"],), on=on)
    where = unit[0]["name"] if unit else record["division"]
    values = (record["name"], record["pinyin"], where, record["location"], record["authority"], record["approved"])
    return tuple("" if value is None else str(value) for value in values)


def _word(path: str | Path, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], foot: str) -> Path:
    import docx

    def write(part: Path) -> None:
        paper = docx.Document()
        _set_chinese_font(paper)
        paper.add_heading(title, level=1)
        table = paper.add_table(rows=1, cols=len(headings))
        table.style = "Table Grid"
        for cell, text in zip(table.rows[0].cells, headings, strict=True):
            cell.text = text
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = _printable(text)
        paper.add_paragraph(foot)
        paper.save(str(part))

    return write_atomically(path, write)


def _set_chinese_font(paper: Any) -> None:
    from docx.oxml.ns import qn

    style = paper.styles["Normal"]
    style.font.name = "Times New Roman"
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")


def _printable(text: str) -> str:
    """Text without the control characters that XML cannot hold."""
    return "".join(letter for letter in text if letter >= " " or letter in "\n\t")


def dictionary(ledger: Ledger, path: str | Path, *, on: date, title: str = "标准地名词典") -> Path:
    """Write a dictionary of the open standard names of a day by sound: Word for ``.docx``, HTML for ``.html``."""
    records = [r for r in open_records(ledger, NAME, on) if r.slot == "standard"]
    records.sort(key=lambda r: ((r["pinyin"] or r["initials"]).translate(TONES).casefold(), r["name"]))
    target = Path(path)
    if target.suffix == ".html":
        return write_atomically(target, lambda part: part.write_text(_html(records, title), encoding="utf-8"))
    if target.suffix != ".docx":
        raise DataError(f"a dictionary is written as .docx or .html, not {target.suffix!r}")
    return write_atomically(target, lambda part: _bound(records, title, part))


def _letter(record: Record) -> str:
    return str((record["pinyin"] or record["initials"] or "#")[:1]).translate(TONES).upper()


def _entry(record: Record) -> tuple[str, str]:
    parts = (
        ("含义", record["meaning"]),
        ("来历", record["origin"]),
        ("沿革", record["history"]),
        ("位置", record["location"]),
    )
    return f"{record['name']}  {record['pinyin'] or ''}", "；".join(f"{label}：{text}" for label, text in parts if text)


def _bound(records: Sequence[Record], title: str, part: Path) -> None:
    import docx

    paper = docx.Document()
    _set_chinese_font(paper)
    paper.add_heading(title, level=0)
    for letter, group in groupby(records, key=_letter):
        paper.add_heading(letter, level=1)
        for record in group:
            head, body = _entry(record)
            line = paper.add_paragraph()
            line.add_run(_printable(head)).bold = True
            line.add_run(_printable(f"  {body}"))
    paper.save(str(part))


def _html(records: Sequence[Record], title: str) -> str:
    body = [f"<h1>{escape(title)}</h1>"]
    for letter, group in groupby(records, key=_letter):
        body.append(f"<h2>{escape(letter)}</h2><dl>")
        for record in group:
            head, text = _entry(record)
            body.append(f"<dt>{escape(head)}</dt><dd>{escape(text)}</dd>")
        body.append("</dl>")
    style = "<style>body{font-family:serif;max-width:48em;margin:auto}dt{font-weight:bold}</style>"
    return f'<!DOCTYPE html><html lang="zh"><head><meta charset="utf-8"><title>{escape(title)}</title>{style}</head><body>{"".join(body)}</body></html>'
