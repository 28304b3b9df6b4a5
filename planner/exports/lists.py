"""Lists: CSV and Excel in which no cell becomes a formula."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.exports.vectors import WGS84, with_ids
from planner.facts import replacing

FORMULA = re.compile(r"'*[=+\-@\t\r]")
SHEET_NAME = re.compile(r"[\[\]:*?/\\]")
DECIMALS = 7


def flat(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Records as a plain table: points as longitude and latitude in degrees, other shapes as text (WKT)."""
    told = with_ids(frame)
    degrees = told.geometry.to_crs(WGS84) if told.crs is not None else told.geometry
    table = pd.DataFrame(told.drop(columns=told.geometry.name))
    if (degrees.geom_type == "Point").all():
        table["longitude"] = np.round(degrees.x, DECIMALS)
        table["latitude"] = np.round(degrees.y, DECIMALS)
    else:
        table["wkt"] = shapely.to_wkt(degrees.to_numpy(), rounding_precision=DECIMALS)
    return table


def harmless(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula, with an apostrophe before it; reading it again takes it off.

    >>> harmless("=1+1"), harmless(-5), harmless("历下区")
    ("'=1+1", -5, '历下区')
    """
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def write_csv(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write UTF-8 with a byte order mark, as Excel wants it; no cell starts a formula."""
    table = flat(frame)
    for name in table.columns:
        if table[name].dtype == object or pd.api.types.is_string_dtype(table[name]):
            table[name] = table[name].map(harmless, na_action="ignore")
    table.columns = pd.Index([harmless(str(name)) for name in table.columns])
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def write_xlsx(layers: dict[str, gpd.GeoDataFrame], path: Path, about: pd.DataFrame) -> None:
    """Write a sheet for each layer; text stays text, whatever it begins with."""
    import xlsxwriter

    with replacing(path) as temporary:
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        with xlsxwriter.Workbook(str(temporary), options) as book:
            bold = book.add_format({"bold": True})
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            tables = {name: flat(frame) for name, frame in layers.items()} | ({"about": about} if len(about) else {})
            for name, table in tables.items():
                sheet = book.add_worksheet(SHEET_NAME.sub("_", name)[:31])
                sheet.freeze_panes(1, 0)
                for at, heading in enumerate(table.columns):
                    sheet.write_string(0, at, str(heading), bold)
                    _column(sheet, at, table[heading], day)


def _column(sheet: Any, at: int, values: pd.Series, day: Any) -> None:
    for row, value in enumerate(values.tolist(), 1):
        if value is None or value is pd.NaT or (isinstance(value, float) and not np.isfinite(value)):
            continue
        if isinstance(value, bool | np.bool_):
            sheet.write_boolean(row, at, bool(value))
        elif isinstance(value, int | float | np.number):
            sheet.write_number(row, at, value)
        elif hasattr(value, "year"):
            sheet.write_datetime(row, at, value, day)
        else:
            sheet.write_string(row, at, str(value)[:32767])
