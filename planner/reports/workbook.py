"""Workbook: the tables of a report as an Excel file with charts, and not one formula."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from planner.facts import Facts, finding, proof, title, words
from planner.reports.tables import Heading, Table

FORMATS = {"text": "@", "count": "#,##0", "share": "0.0%", "degrees": "0.000000"}
MAX_TEXT = 32_000
"""Characters of a cell; Excel takes 32,767."""

WIDTHS = {"count": 11, "share": 11, "degrees": 12}


def write_workbook(path: Path, facts: Facts, tables: list[Table], lang: str) -> None:
    """Write one sheet a table; what stands in a cell is text or a number, whatever it looks like."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        said = words(lang)
        stamp = f"{said['approval']} {facts.map_approval}" if facts.map_approval else said["internal"]
        book.set_properties({"title": title(facts, lang), "comments": stamp})
        styles = _styles(book)
        sheets = {table.key: book.add_worksheet(table.title) for table in tables}
        for table in tables:
            sheet, first = sheets[table.key], 0
            if table.key == "summary":
                first = _opening(sheet, facts, stamp, styles, lang)
            top = _write(sheet, table, first, styles)
            _page_setup(sheet, table, top, stamp)
            if table.key == "summary" and facts.hidden is None:
                _charts(book, sheet, {each.key: each for each in tables}, lang)


def _styles(book: Any) -> dict[str, Any]:
    base = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "top"}
    styles = {}
    for kind, pattern in FORMATS.items():
        wrap = {"text_wrap": True} if kind == "text" else {}
        styles[kind] = book.add_format({**base, "num_format": pattern, **wrap})
        styles[f"total:{kind}"] = book.add_format(
            {**base, "num_format": pattern, "bold": True, "top": 1, "bg_color": "#F2F4F6"}
        )
    grid = {"bold": True, "bg_color": "#DCE6F0", "bottom": 1, "text_wrap": True, "valign": "vcenter"}
    styles["head"] = book.add_format({**base, **grid})
    styles["title"] = book.add_format({**base, "bold": True, "font_size": 16})
    styles["stamp"] = book.add_format({**base, "bold": True, "font_color": "#A5121B"})
    styles["say"] = book.add_format({**base, "text_wrap": True, "font_size": 11})
    styles["note"] = book.add_format({**base, "font_color": "#55616C"})
    return styles


def _opening(sheet: Any, facts: Facts, stamp: str, styles: Mapping[str, Any], lang: str) -> int:
    """Title, stamp and finding above the summary; gives the row the table starts on."""
    sheet.write_string(0, 0, title(facts, lang), styles["title"])
    sheet.write_string(1, 0, stamp, styles["stamp"])
    said = f"{finding(facts, lang)} {proof(facts, lang)}".strip()
    sheet.merge_range(2, 0, 2, 7, "", styles["say"])
    sheet.write_string(2, 0, said, styles["say"])
    sheet.set_row(0, 24)
    sheet.set_row(1, 16)
    sheet.set_row(2, 62)
    return 4


def _write(sheet: Any, table: Table, first: int, styles: Mapping[str, Any]) -> int:
    """Write note, headings and rows; gives the row of the headings."""
    top = first
    if table.note:
        sheet.write_string(first, 0, table.note, styles["note"])
        top = first + 1
    sheet.set_row(top, 32)
    for column, heading in enumerate(table.headings):
        sheet.write_string(top, column, heading.text, styles["head"])
        sheet.set_column(column, column, _width(table, column, heading))
    body = len(table.rows) - table.totals
    for row, values in enumerate(table.rows):
        prefix = "total:" if row >= body else ""
        for column, (value, heading) in enumerate(zip(values, table.headings, strict=True)):
            _cell(sheet, (top + 1 + row, column), value, styles[prefix + heading.kind])
    return top


def _cell(sheet: Any, at: tuple[int, int], value: Any, style: Any) -> None:
    if pd.isna(value):
        sheet.write_blank(*at, None, style)
    elif isinstance(value, str):
        sheet.write_string(*at, value if len(value) <= MAX_TEXT else value[:MAX_TEXT] + "…", style)
    else:
        sheet.write_number(*at, value, style)


def _width(table: Table, column: int, heading: Heading) -> float:
    if heading.kind != "text":
        return WIDTHS[heading.kind]
    longest = max((_columns(str(row[column])) for row in table.rows[:500] if row[column]), default=0)
    return float(min(max(longest + 2, _columns(heading.text) + 2, 8), 60))


def _columns(text: str) -> int:
    """Width of a text in Latin letters; a Han character counts for two."""
    return sum(1 if ord(letter) < 0x2E80 else 2 for letter in text)


def _page_setup(sheet: Any, table: Table, top: int, stamp: str) -> None:
    sheet.freeze_panes(top + 1, 0)
    if table.rows and table.key not in {"summary", "parameters", "dictionary"}:
        sheet.autofilter(top, 0, top + len(table.rows) - table.totals, len(table.headings) - 1)
    sheet.set_paper(9)  # A4
    if table.key == "summary":
        sheet.fit_to_pages(1, 1)
    else:
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(top)
    sheet.set_header(f"&L&A&R{stamp.replace('&', '&&')}")
    sheet.set_footer("&C&P / &N")


def _charts(book: Any, sheet: Any, tables: Mapping[str, Table], lang: str) -> None:
    said, row = words(lang), 19
    for level in ("district", "city", "town"):
        if level in tables and 1 < len(tables[level].rows) <= 41:
            sheet.insert_chart(row, 0, _share_chart(book, tables[level], said["chart_share"]), {"object_position": 2})
            row += 17
            break
    if tables["new"].rows:
        sheet.insert_chart(row, 0, _order_chart(book, tables["new"], said["chart_order"]), {"object_position": 2})


def _share_chart(book: Any, table: Table, name: str) -> Any:
    chart = book.add_chart({"type": "column"})
    for key, colour in (("share_before", "#9CCBE6"), ("share", "#0B4F8A")):
        chart.add_series(_series(table, key, "name", len(table.rows) - table.totals) | {"fill": {"color": colour}})
    chart.set_y_axis(
        {"num_format": "0%", "min": 0, "max": 1, "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}}}
    )
    return _titled(chart, name)


def _order_chart(book: Any, table: Table, name: str) -> Any:
    chart = book.add_chart({"type": "line"})
    chart.add_series(
        _series(table, "covered_so_far", "rank", len(table.rows)) | {"line": {"color": "#0B4F8A", "width": 2.25}}
    )
    chart.set_legend({"none": True})
    return _titled(chart, name)


def _series(table: Table, values: str, names: str, rows: int) -> dict[str, Any]:
    """References to a column of a sheet; every chart reads cells that stand there as numbers."""
    keys = [heading.key for heading in table.headings]
    top = 1 if table.note else 0
    span = [table.title, top + 1, 0, top + rows, 0]

    def column(key: str) -> list[Any]:
        at = keys.index(key)
        return [span[0], span[1], at, span[3], at]

    return {"name": [table.title, top, keys.index(values)], "values": column(values), "categories": column(names)}


def _titled(chart: Any, name: str) -> Any:
    chart.set_title({"name": name, "name_font": {"size": 12}, "overlay": False})
    chart.set_size({"width": 760, "height": 320})
    return chart
