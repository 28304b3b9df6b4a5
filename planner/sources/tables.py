"""Tables: CSV and Excel lists as records, with their title rows, two-line headings and total rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner.errors import SourceError
from planner.sources.encodings import find_encoding
from planner.sources.records import Blemish, Records
from planner.sources.schema import GROUP, Schema, plain
from planner.sources.sniff import Format
from planner.sources.watching import Progress, unheard
from planner.sources.workbooks import counts_from_1904, open_workbook

DEEPEST_HEADING = 15  # lines of titles above the headings, at most
TOTALS = frozenset({"合计", "总计", "小计", "共计", "合计数", "累计", "total", "sum", "subtotal", "grandtotal"})
TOTAL_LETTERS = frozenset("合总小共累 　tTsSgGｔＴ")  # which a total row's word begins with, for speed
SEPARATORS = (",", ";", "\t", "|")

MOST_CSV = 500_000_000  # bytes of a list that are read at once
BATCH = 65_536  # rows read before the progress is told
Cells = list[list[Any]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of one sheet as they stand, and the number of the line each row is on."""

    name: str
    cells: Cells
    lines: list[int]


def read_table_file(
    path: Path, kind: Format, schema: Schema, *, layer: str | None, encoding: str | None, progress: Progress = unheard
) -> Records:
    """Read a list, finding its headings by the words ``schema`` knows."""
    if kind is Format.CSV:
        sheet, facts = _csv(path, encoding, progress)
    else:
        sheet, facts = _workbook(path, layer, schema)
    if not any(_filled(row) for row in sheet.cells):
        raise SourceError(f"{path.name} holds no rows, only blanks")
    top, depth = find_headings(sheet.cells, schema)
    headings = _joined(sheet.cells[top : top + depth])
    body = [(line, row) for line, row in zip(sheet.lines[top + depth :], sheet.cells[top + depth :], strict=True)]
    body = [(line, row) for line, row in body if _filled(row)]
    frame = _frame(headings, [row for _, row in body])
    facts["headings"] = f"line {sheet.lines[top]}" + (f" to {sheet.lines[top] + depth - 1}" if depth > 1 else "")
    rows = np.array([line for line, _ in body], dtype=np.int64)
    return Records(path.name, sheet.name, frame, rows, facts=facts, blemishes=tuple(_totals(frame)))


def find_headings(cells: Cells, schema: Schema) -> tuple[int, int]:
    """Row of the headings and how many lines they take (one or two): where most cells are words the schema knows."""
    best, found = (0, 1), 0
    for top in range(min(DEEPEST_HEADING, len(cells))):
        for depth in (1, 2):
            if top + depth > len(cells) or (depth == 2 and not _second_line(cells[top], cells[top + 1])):
                continue
            names = _joined(cells[top : top + depth])
            known = schema.known(names)
            if known > found:
                best, found = (top, depth), known
    if found:
        return best
    widest = max(range(min(DEEPEST_HEADING, len(cells))), key=lambda at: _words(cells[at]), default=0)
    return widest, 1


def _second_line(first: Sequence[Any], second: Sequence[Any]) -> bool:
    """Tell whether the second line completes the first: words, no numbers, and some under blanks or groups."""
    filled = [cell for cell in second if not _blank(cell)]
    if sum(not _blank(cell) for cell in first) < 2:
        return False  # a title
    if not filled or any(not isinstance(cell, str) or _number(cell) for cell in filled):
        return False
    return any(_blank(over) and not _blank(under) for over, under in zip(first, second, strict=False))


def _number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True


def _words(row: Sequence[Any]) -> int:
    return sum(isinstance(cell, str) and not _blank(cell) and not _number(cell) for cell in row)


def _joined(lines: Cells) -> list[str]:
    """One heading a column: the group above (a merged cell shows only its first) joined to the word below."""
    if len(lines) == 1:
        return [_heading(cell) for cell in lines[0]]
    told, group = [], ""
    for over, under in zip(*lines, strict=False):
        group = _heading(over) or group
        below = _heading(under)
        told.append(f"{group}{GROUP}{below}" if group and below and below != group else below or _heading(over))
        group = group if below else ""
    return told


def _heading(cell: Any) -> str:
    return "" if _blank(cell) else " ".join(str(cell).replace("\ufeff", "").split())


def _blank(cell: Any) -> bool:
    if type(cell) is str:
        return not cell or cell.isspace()
    return cell is None or cell != cell  # noqa: PLR0124 - NaN alone differs from itself


def _filled(row: Sequence[Any]) -> bool:
    return any(not _blank(cell) for cell in row)


def _frame(headings: list[str], body: Cells) -> pd.DataFrame:
    width = max([len(headings), *(len(row) for row in body)], default=0)
    names = [*headings, *[""] * (width - len(headings))]
    seen: dict[str, int] = {}
    columns: dict[str, list[Any]] = {}
    cells: list[Sequence[Any]] = list(zip_longest(*body))
    cells += [[None] * len(body)] * (width - len(cells))
    for at, (name, column) in enumerate(zip(names, cells, strict=True)):
        values = [cell if (type(cell) is str and cell.strip()) or not _blank(cell) else None for cell in column]
        if not name:
            if all(value is None for value in values):
                continue
            name = f"第{at + 1}列"  # noqa: PLW2901
        seen[name] = seen.get(name, 0) + 1
        columns[name if seen[name] == 1 else f"{name}_{seen[name]}"] = values
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})


def _totals(frame: pd.DataFrame) -> list[Blemish]:
    """Rows that sum the others, by the word in their first filled text cell."""
    begun = {
        at for name in frame for at, cell in enumerate(frame[name]) if type(cell) is str and cell[0] in TOTAL_LETTERS
    }
    found = []
    for position in sorted(begun):
        words = [cell for cell in frame.iloc[position] if isinstance(cell, str)][:3]
        if total := next((cell for cell in words if plain(cell).rstrip("数行:") in TOTALS), None):
            found.append(Blemish(position, "table.total", value=total))
    return found


def _csv(path: Path, encoding: str | None, progress: Progress) -> tuple[Sheet, dict[str, str]]:
    if (size := path.stat().st_size) > MOST_CSV:
        raise SourceError(
            f"{path.name} is {size / 1e6:,.0f} MB of text, which would fill the memory ({MOST_CSV / 1e6:g} MB at most);"
            " save the list as GeoPackage or GeoParquet first"
        )
    raw = path.read_bytes()
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            text, told = _decode(raw, name, path), f"{name} (byte order mark)"
            break
    else:
        decoder = find_encoding(raw.splitlines(), asked=encoding, file=path.name)
        text, told = _decode(raw, decoder.name, path), str(decoder)
    separator = _separator(text)
    csv.field_size_limit(1 << 20)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    cells: Cells = []
    lines: list[int] = []
    line, last = 1, text.count("\n") + 1
    try:
        for row in reader:
            cells.append(row)
            lines.append(line)
            line = reader.line_num + 1
            if not len(lines) % BATCH:
                progress(line, max(last, line))
    except csv.Error as error:
        raise SourceError(
            f"{path.name}, line {line}: {error}; check the quotation marks there",
            zh=f"{path.name} 第 {line} 行起引号不配对，请检查",
        ) from error
    shown = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}[separator]
    return Sheet("", cells, lines), {"format": "CSV", "encoding": told, "separator": shown}


def _decode(raw: bytes, encoding: str, path: Path) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SourceError(
            f"{path.name}, line {line}: bytes {raw[error.start : error.start + 8].hex(' ')} are no {encoding} text;"
            " save the whole file in one encoding",
            zh=f"{path.name} 第 {line} 行的文字编码与全文不一致，请将整个文件存为同一种编码",
        ) from error


def _separator(text: str) -> str:
    """The separator that cuts the first lines most often and most evenly."""
    lines = [line for line in text.splitlines()[:30] if line.strip()]

    def score(separator: str) -> tuple[int, int]:
        counts = [len(row) - 1 for row in csv.reader(lines, delimiter=separator)]
        often = sorted(counts)[len(counts) // 2] if counts else 0
        return (sum(count == often for count in counts) * (often > 0), often)

    return max(SEPARATORS, key=score) if lines else ","


def _workbook(path: Path, layer: str | None, schema: Schema) -> tuple[Sheet, dict[str, str]]:
    book, names = open_workbook(path)
    chosen = _sheet(path, book, names, layer, schema)
    sheet = book.get_sheet_by_name(chosen)
    cells = sheet.to_python(skip_empty_area=False)
    facts = {"format": "Excel", "sheet": chosen} | ({"dates": "1904"} if counts_from_1904(path) else {})
    return Sheet(chosen, cells, list(range(1, len(cells) + 1))), facts


def _sheet(path: Path, book: Any, names: list[str], layer: str | None, schema: Schema) -> str:
    if layer is not None:
        if layer not in names:
            raise SourceError(f"{path.name} has no sheet {layer!r}; it has {', '.join(names)}")
        return layer
    if not names:
        raise SourceError(f"{path.name} holds no filled sheet")
    if len(names) == 1:
        return names[0]
    known = {}
    for name in names:
        cells = book.get_sheet_by_name(name).to_python(nrows=DEEPEST_HEADING, skip_empty_area=False)
        top, depth = find_headings(cells, schema)
        known[name] = schema.known(_joined(cells[top : top + depth]))
    fitting = [name for name, count in known.items() if count == max(known.values()) > 0]
    if len(fitting) != 1:
        raise SourceError(
            f"{path.name} has {len(names)} filled sheets: {', '.join(names)}; say which with layer=",
            zh=f"{path.name} 有 {len(names)} 个工作表：{'、'.join(names)}；请用 --layer 指明",
        )
    return fitting[0]
