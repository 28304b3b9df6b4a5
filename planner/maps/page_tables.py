"""Page tables: what stands beside the map, row by row, linked to it by references."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from planner.access import CLUSTER, TOTAL, UNASSIGNED
from planner.facts import Facts, count_text, percent, words
from planner.facts.facts import table_of

UNIT_COLUMNS = (
    "name", "people", "share_before", "share", "uncovered", "new_sites",
    "covered_before", "covered", "not_connected", "existing_sites",
)  # fmt: skip
COVERAGE_COLUMNS = ("name", "people", "covered", "share", "uncovered", "not_connected", "existing_sites")


def text_cell(text: str, *, word: str = "") -> dict[str, Any]:
    """A cell of text, or of a word that follows the language."""
    return {"value": "", "text": text, "number": False, "word": word}


def count_cell(value: Any, *, signed: bool = False) -> dict[str, Any]:
    """A cell of a whole number, or of the mark of a hidden one, which sorts first."""
    text = f"{int(value):+,}" if signed else count_text(value)
    return {"value": -1 if isinstance(value, str) else int(value), "text": text, "number": True, "word": ""}


def amount_cell(value: float, unit: str, digits: int = 0) -> dict[str, Any]:
    """A cell of a measure with its unit; a dash where there is none."""
    text = "—" if pd.isna(value) else f"{value:,.{digits}f} {unit}"
    return {"value": -1 if pd.isna(value) else float(value), "text": text, "number": True, "word": ""}


def share_cell(part: Any, whole: Any) -> dict[str, Any]:
    """A cell of a share, from the two counts shown; it sorts first where there is no one."""
    shown = whole and not isinstance(part, str) and not isinstance(whole, str)
    return {"value": part / whole if shown else -1, "text": percent(part, whole), "number": True, "word": ""}


def page_tables(facts: Facts, lang: str) -> list[dict[str, Any]]:
    """Tables of the page: units by level from the finest but one, then new and existing stations."""
    tables = [_unit_table(facts, level, lang) for level in facts.summary.levels]
    if len(facts.new_sites):
        tables.append(_site_table(facts, "added", facts.new_sites))
    if len(facts.existing_sites):
        tables.append(_site_table(facts, "existing", facts.existing_sites))
    if facts.gaps is not None and len(facts.gaps):
        tables.append(_gap_table(facts.gaps))
    return tables


def _unit_table(facts: Facts, level: str, lang: str) -> dict[str, Any]:
    names = UNIT_COLUMNS if facts.plan is not None else COVERAGE_COLUMNS
    rows = []
    for unit, row in table_of(facts, level).iterrows():
        special = {TOTAL: "total", UNASSIGNED: "unassigned"}.get(str(unit), "")
        cells = [text_cell(words(lang)[special] if special else row["name"], word=special)]
        for name in names[1:]:
            if name.startswith("share"):
                part = "covered_before" if name == "share_before" else "covered"
                cells.append(share_cell(row[part], row["people"]))
            else:
                cells.append(count_cell(row[name]))
        rows.append({"cells": cells, "ref": None if special else f"u:{unit}", "last": unit == TOTAL})
    columns = [{"word": name, "number": name != "name"} for name in names]
    return {"key": level, "kind": "unit", "title": f"by_{level}", "columns": columns, "rows": rows}


def _site_table(facts: Facts, kind: str, table: pd.DataFrame) -> dict[str, Any]:
    where, people = facts.summary.levels[-1], facts.overall["people"]
    told = ("gain", "covered_so_far", "share_so_far") if kind == "added" else ("nearest",)
    figures = [name for name in told if name in table]
    lead = ["rank"] if kind == "added" else []
    rows = []
    for site, row in table.iterrows():
        cells = [count_cell(row["rank"])] if lead else []
        cells += [text_cell(row["name"]), text_cell(row.get(where) or "—")]
        for name in figures:
            cells.append(share_cell(row["covered_so_far"], people) if name == "share_so_far" else count_cell(row[name]))
        rows.append({"cells": cells, "ref": f"s:{site}", "last": False})
    title = "new_site_short" if kind == "added" else "existing_site_short"
    return table_of_rows(kind, title, [*lead, "site", where, *figures], rows, numbers={"rank", *figures}, kind="site")


def _gap_table(gaps: pd.DataFrame) -> dict[str, Any]:
    rows = []
    for gap, row in gaps.iterrows():
        kind = {**text_cell("", word=f"gap_{row['kind']}"), "date": True}
        cells = [text_cell(row["name"]), kind, count_cell(row["people"])]
        cells += [text_cell(row["site_name"] or "—"), amount_cell(row["metres"], "m")]
        rows.append({"cells": cells, "ref": f"g:{gap}" if row["kind"] == CLUSTER else None, "last": False})
    cells = [text_cell("", word="total"), text_cell(""), count_cell(gaps["people"].sum()), text_cell(""), text_cell("")]
    rows.append({"cells": cells, "ref": None, "last": True})
    names = ["gap", "gap_kind", "gap_people", "nearest_site", "metres_away"]
    return table_of_rows("gap", "gaps", names, rows, numbers={"gap_people", "metres_away"}, kind="gap")


def table_of_rows(
    key: str, title: str, names: Iterable[str], rows: list[dict[str, Any]], *, numbers: set[str], kind: str
) -> dict[str, Any]:
    """A table from the words of its columns and its rows."""
    columns = [{"word": name, "number": name in numbers} for name in names]
    return {"key": key, "kind": kind, "title": title, "columns": columns, "rows": rows}
