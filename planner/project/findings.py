"""Findings: what an import left out or mended, as a workbook to work through and read again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from planner.errors import DataError
from planner.facts import replacing
from planner.imports import ImportReport

SHEETS: Mapping[str, str] = MappingProxyType({"faults": "隔离", "duplicates": "重复", "repairs": "修正"})
HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "file": "文件", "layer": "图层", "row": "行号", "rule": "规则", "column": "列", "value": "原值", "reason": "原因",
        "suggestion": "改法", "original": "原记录", "before": "修正前", "after": "修正后",
    }
)  # fmt: skip
TABLES: Mapping[str, str] = MappingProxyType(
    {
        "worklist": "待补坐标", "near_duplicates": "疑似重复", "unit_doubts": "单位存疑", "unit_conflicts": "单位不符",
        "topology": "区划衔接", "census": "普查对照",
    }
)  # fmt: skip


def save_findings(report: ImportReport, path: str | Path, *, lang: str = "zh") -> Path:
    """Write the quarantine, duplicates, repairs and tables of an import as sheets of an Excel file; gives its path.

    The sheet of rows without a place (``worklist``, 待补坐标) has empty columns for their coordinates: fill them in and
    read that sheet with ``layer=``. No cell becomes a formula.
    """
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise DataError(f"findings are written as .xlsx, not {target.name}")
    sheets = {name: report.table(name, lang=lang) for name in SHEETS}
    told = {(SHEETS[name] if lang == "zh" else name): _headed(table, lang) for name, table in sheets.items()}
    told |= {(TABLES.get(name, name) if lang == "zh" else name)[:31]: table for name, table in report.tables.items()}
    options = {"options": {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}}
    with replacing(target) as temporary, pd.ExcelWriter(temporary, engine="xlsxwriter", engine_kwargs=options) as book:
        for name, table in told.items():
            table.to_excel(book, sheet_name=name, index=False, freeze_panes=(1, 0))
    return target


def _headed(table: pd.DataFrame, lang: str) -> pd.DataFrame:
    return table if lang == "en" else table.rename(columns=dict(HEADINGS))
