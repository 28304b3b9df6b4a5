"""Exchange: a shapefile that every GIS reads right, with a map of its fields and a list of what it could not hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from planner.errors import DataError, SourceError
from planner.exports.vectors import with_ids

ENCODING = "GB18030"
LONGEST_NAME, LONGEST_TEXT = 10, 254  # bytes a .dbf gives a field name and a text
LARGEST_NUMBER = 10**18 - 1
EVERY = "*"  # a loss of the whole column
PARTS = (".cpg", ".prj", ".dbf", ".shx", ".shp")  # the .shp last: who waits for it finds the rest in place
FAMILIES = {
    "Point": "Point",
    "MultiPoint": "MultiPoint",
    "LineString": "line",
    "MultiLineString": "line",
    "Polygon": "polygon",
    "MultiPolygon": "polygon",
}


@dataclass(frozen=True, slots=True)
class Loss:
    """One value the format could not hold."""

    id: str
    column: str
    before: str
    after: str
    reason: str


def write_exchange(frame: gpd.GeoDataFrame, path: Path) -> tuple[tuple[Path, ...], pd.DataFrame]:
    """Write the shapefile, its map of fields and, where something was lost, the list of it; give files and losses."""
    families = {FAMILIES.get(kind, kind) for kind in frame.geom_type.dropna()}
    if len(families) > 1:
        raise DataError(
            f"a shapefile holds one kind of shape, not {', '.join(sorted(families))}; write a .gpkg instead"
        )
    if not path.parent.is_dir():
        raise SourceError(f"cannot save {path}: the folder {path.parent} does not exist; make it first")
    told = with_ids(frame)
    names = field_names([str(name) for name in told.columns if name != told.geometry.name])
    losses: list[Loss] = []
    held = {names[str(name)]: _held(told, str(name), losses) for name in told.columns if name != told.geometry.name}
    table = gpd.GeoDataFrame(held, geometry=told.geometry.to_numpy(), crs=told.crs)
    listed = pd.DataFrame(
        [(one.id, one.column, one.before, one.after, one.reason) for one in losses],
        columns=["id", "column", "before", "after", "reason"],
        dtype=object,
    )
    with TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
        stage = Path(folder) / path.name
        try:
            pyogrio.write_dataframe(table, stage, driver="ESRI Shapefile", encoding=ENCODING)
        except (RuntimeError, OSError) as error:
            raise SourceError(f"cannot write {path.name}: {error}") from error
        stage.with_suffix(".cpg").write_text(ENCODING, encoding="ascii")
        fields = pd.DataFrame({"field": list(names.values()), "heading": list(names)})
        fields.to_csv(stage.with_suffix(".fields.csv"), index=False, encoding="utf-8-sig")
        if len(listed):
            listed.to_csv(stage.with_suffix(".losses.csv"), index=False, encoding="utf-8-sig")
        path.with_suffix(".losses.csv").unlink(missing_ok=True)
        suffixes = [".fields.csv", ".losses.csv", *PARTS]
        return tuple(
            _move(stage.with_suffix(suffix), path.with_suffix(suffix))
            for suffix in suffixes
            if stage.with_suffix(suffix).exists()
        )[::-1], listed


def _move(made: Path, wanted: Path) -> Path:
    return made.replace(wanted)


def field_names(headings: list[str]) -> dict[str, str]:
    """Short ASCII names by heading: letters, digits and underscores, at most ten, no two alike.

    >>> field_names(["名称", "people_nearest", "people_nearby"])
    {'名称': 'mingcheng', 'people_nearest': 'people_nea', 'people_nearby': 'people_n_2'}
    """
    from pypinyin import lazy_pinyin

    told: dict[str, str] = {}
    taken: set[str] = set()
    for heading in headings:
        plain = heading if heading.isascii() else "".join(lazy_pinyin(heading, errors="ignore"))
        short = re.sub(r"[^A-Za-z0-9_]+", "_", plain).strip("_") or "field"
        short = short if not short[0].isdigit() else f"f{short}"
        name, number = short[:LONGEST_NAME], 1
        while name.lower() in taken:
            number += 1
            name = f"{short[: LONGEST_NAME - 1 - len(str(number))]}_{number}"
        taken.add(name.lower())
        told[heading] = name
    return told


def _held(frame: gpd.GeoDataFrame, name: str, losses: list[Loss]) -> pd.Series:
    """A column as a .dbf can hold it; what it cannot is put in the list of losses."""
    values = frame[name]
    ids = frame[frame.columns[0]].astype(str)
    if pd.api.types.is_bool_dtype(values):
        losses.append(Loss(EVERY, name, "true/false", "1/0", "a .dbf has no such kind that every program reads"))
        return values.astype("Int32" if values.hasnans else "int32").reset_index(drop=True)
    if pd.api.types.is_integer_dtype(values) and (values.abs() > LARGEST_NUMBER).any():
        losses.append(Loss(EVERY, name, "whole number", "text", "a .dbf number holds 18 digits"))
        return values.map(str, na_action="ignore").astype(object).reset_index(drop=True)
    if pd.api.types.is_numeric_dtype(values):
        return _finite(values.reset_index(drop=True), ids, name, losses)
    if pd.api.types.is_datetime64_any_dtype(values):
        losses.append(Loss(EVERY, name, "date and time", "text", "a .dbf has days, no times"))
        return values.map(lambda day: None if pd.isna(day) else day.isoformat()).astype(object).reset_index(drop=True)
    if blank := int((values.map(lambda value: isinstance(value, str) and value == "")).sum()):
        losses.append(
            Loss(EVERY, name, "", "missing", f"a .dbf cannot tell an empty text from a missing one ({blank})")
        )
    told = [_text(value, one, name, losses) for value, one in zip(values.tolist(), ids, strict=True)]
    return pd.Series(told, dtype=object)


def _finite(values: pd.Series, ids: pd.Series, name: str, losses: list[Loss]) -> pd.Series:
    """Numbers without the infinite ones, which become missing and are listed."""
    endless = np.isinf(values.astype(float))
    losses.extend(
        Loss(ids.iloc[at], name, str(values.iloc[at]), "missing", "a .dbf holds no infinite number")
        for at in np.flatnonzero(endless)
    )
    return values.mask(endless) if endless.any() else values


def _text(value: Any, record: str, name: str, losses: list[Loss]) -> str | None:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NaT:
        return None
    whole = str(value)
    raw = whole.encode(ENCODING, "replace")
    if len(raw) <= LONGEST_TEXT:
        return whole
    cut = raw[:LONGEST_TEXT].decode(ENCODING, "ignore")
    losses.append(Loss(record, name, whole, cut, f"a .dbf text holds {LONGEST_TEXT} bytes, this one has {len(raw)}"))
    return cut
