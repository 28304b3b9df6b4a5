"""Inspect: what a file is, before anything is imported from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from planner.errors import CrsError, DataError
from planner.imports import fact_words
from planner.sources.archives import datasets, unpacked
from planner.sources.opening import LISTS, open_records
from planner.sources.personal import personal_kind
from planner.sources.records import Records
from planner.sources.references import CGCS2000, CHINA, guess_crs, in_box, settle
from planner.sources.schema import every_schema, schema
from planner.sources.sniff import Format, digest, local, recognise
from planner.sources.values import text
from planner.sources.vectors import PLAIN, layers
from planner.sources.workbooks import sheets

SHOWN_ROWS, SHOWN_FIELDS, SHOWN_LETTERS = 3, 20, 40
HOW = {
    "roads": "roads",
    "districts": "districts",
    "sites": "sites",
    "cells": "population",
    "quarters": "quarters",
    "lines": "lines",
}
"""What `planner import` calls each kind."""
KINDS: Mapping[str, tuple[str, ...]] = {
    "roads": ("LineString", "MultiLineString"),
    "districts": ("Polygon", "MultiPolygon"),
    "sites": ("Point", "MultiPoint"),
    "cells": ("Point", "MultiPoint", "Polygon", "MultiPolygon"),
    "census": (),
    "quarters": ("Point", "Polygon", "MultiPolygon"),
    "lines": ("LineString", "MultiLineString"),
}
SHAPES_ZH = {
    "Point": "点", "MultiPoint": "多点", "LineString": "线", "MultiLineString": "多部分线", "Polygon": "面",
    "MultiPolygon": "多部分面", "GeometryCollection": "混合图形", "empty": "无图形",
}  # fmt: skip
ZH = {
    "roads": "道路",
    "districts": "区划",
    "sites": "设施",
    "cells": "人口格网",
    "census": "普查表",
    "quarters": "居住区",
    "lines": "界线",
    "": "未能判断",
}


@dataclass(frozen=True, eq=False)
class LayerFacts:
    """One layer or sheet: its rows, fields, text, coordinates and first rows; ``problem`` where it cannot be read."""

    name: str
    rows: int = 0
    shapes: Mapping[str, int] | None = None
    fields: tuple[str, ...] = ()
    encoding: str = ""
    crs: str = ""
    extent: tuple[float, float, float, float] | None = None
    in_china: bool | None = None
    likely: str = ""
    first: pd.DataFrame | None = None
    problem: str = ""
    problem_zh: str = ""


@dataclass(frozen=True, eq=False)
class FileFacts:
    """What a file is: its format by content, its layers, and how it would be read."""

    file: str
    format: str
    size_bytes: int
    sha256: str
    layers: tuple[LayerFacts, ...]

    def summary(self, *, lang: str = "zh") -> str:
        """Everything in a few lines, in Chinese (``zh``) or English (``en``)."""
        zh = lang != "en"
        size = f"{self.size_bytes / 1024:,.0f} KiB"
        lines = [
            f"{self.file}：{fact_words(self.format)}，{size}，{len(self.layers)} 个图层或表"
            if zh
            else f"{self.file}: {self.format}, {size}, {len(self.layers)} layers"
        ]
        for layer in self.layers:
            lines += ["  " + line for line in _lines(layer, zh=zh)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        rows = sum(layer.rows for layer in self.layers)
        return f"<FileFacts {self.file}: {self.format}, {len(self.layers)} layers, {rows:,} rows>"

    def _repr_html_(self) -> str:
        tables = "".join(
            f"<h4>{escape(layer.name)}</h4>{layer.first.to_html(escape=True, index=False)}"
            for layer in self.layers
            if layer.first is not None
        )
        return f"<pre>{escape(self.summary())}</pre>{tables}"


def inspect(path: str | os.PathLike[str], *, encoding: str | None = None) -> FileFacts:
    """Tell what a file holds without importing it: format by content, layers, rows, fields, text, CRS, extent.

    A layer that cannot be read says why in ``problem``. Raises `SourceError` where the file cannot be opened at all.
    """
    found = local(path)
    kind = recognise(found)
    names = _layer_names(found, kind)
    described = tuple(_describe(found, name, encoding) for name in names)
    size = found.stat().st_size if found.is_file() else sum(one.stat().st_size for one in found.iterdir())
    parts = [found] if found.is_file() else sorted(one for one in found.iterdir() if one.is_file())
    return FileFacts(found.name, str(kind), size, digest(parts), described)


def _layer_names(path: Path, kind: Format) -> list[str]:
    if kind is Format.ZIP:
        with unpacked(path) as folder:
            found = datasets(folder)
            if len(found) == 1:  # the layers of the one data set, as layer= names them
                only = next(iter(found.values()))
                return _layer_names(only, recognise(only))
            return list(found) or [""]
    if kind in (Format.XLSX, Format.XLS):
        return sheets(path)
    if kind in LISTS or kind in (Format.SHAPEFILE, Format.PARQUET, Format.GEOTIFF, Format.DBF):
        return [""]
    return ["" if name == PLAIN else name for name in layers(path, kind)]


def _describe(path: Path, name: str, encoding: str | None) -> LayerFacts:
    title = name or path.stem
    try:
        records = open_records(path, every_schema(), layer=name or None, encoding=encoding, ignore=None)
    except DataError as error:
        return LayerFacts(title, problem=str(error), problem_zh=error.words())
    counts = None
    if records.geometry is not None:
        kinds = pd.Series([one.geom_type if one is not None else "empty" for one in records.geometry], dtype=object)
        counts = {str(kind): int(count) for kind, count in kinds.value_counts().items()}
    crs, extent, in_china = _whereabouts(records)
    first = _first_rows(records.frame)
    return LayerFacts(
        title,
        len(records),
        counts,
        tuple(records.headings),
        records.facts.get("encoding", ""),
        crs,
        extent,
        in_china,
        _likely(records, counts),
        first,
    )


def _first_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The first rows as text; personal numbers are not shown."""
    first = frame.head(SHOWN_ROWS).map(text)
    for name in frame.columns:
        if personal_kind(frame[name]):
            first[name] = "***"
    return first


def _whereabouts(records: Records) -> tuple[str, tuple[float, float, float, float] | None, bool | None]:
    """The CRS in words and how sure it is, the extent in degrees where known, and whether that is in China."""
    if records.geometry is None:
        return "", None, None
    box = shapely.bounds(records.geometry)
    box = box[np.isfinite(box).all(axis=1)]
    if not len(box):
        return "no coordinates", None, None
    xy = np.concatenate([box[:, :2], box[:, 2:]])
    try:
        reference = settle(records.crs, None, xy, area=None, where="it")
    except CrsError as error:
        guess = guess_crs(xy, None)
        return (f"not declared; fits {guess}" if records.crs is None and guess else str(error)), None, None
    lonlat = reference.to(CGCS2000, np.array([xy.min(axis=0), xy.max(axis=0)]))
    extent = (float(lonlat[0, 0]), float(lonlat[0, 1]), float(lonlat[1, 0]), float(lonlat[1, 1]))
    return str(reference), extent, in_box(extent, CHINA)


def _likely(records: Records, counts: Mapping[str, int] | None) -> str:
    """The kind of data its headings and shapes speak for; empty where nothing does."""
    main = max(counts, key=lambda kind: counts[kind]) if counts else ""
    scores = {
        kind: schema(kind).known(records.headings) + (2 if main and main in shapes else -2 if main and shapes else 0)
        for kind, shapes in KINDS.items()
    }
    best = max(scores, key=lambda kind: scores[kind])
    return best if scores[best] >= 2 else ""


def _lines(layer: LayerFacts, *, zh: bool) -> list[str]:
    lang = "zh" if zh else "en"
    if layer.problem:
        return [
            f"{layer.name}：无法读取——{layer.problem_zh}" if zh else f"{layer.name}: cannot be read: {layer.problem}"
        ]
    kinds = (layer.shapes or {}).items()
    shapes = ("、" if zh else ", ").join(
        f"{SHAPES_ZH.get(kind, kind) if zh else kind} {count:,}" for kind, count in kinds
    )
    text = fact_words(layer.encoding, lang=lang)
    told = [
        f"{layer.name}：{layer.rows:,} 行，{shapes or '无图形（表格）'}" + (f"，文字编码 {text}" if text else "")
        if zh
        else f"{layer.name}: {layer.rows:,} rows, {shapes or 'no shapes'}" + (f", text in {text}" if text else "")
    ]
    rest = len(layer.fields) - SHOWN_FIELDS
    more = "" if rest <= 0 else f" …… 共 {len(layer.fields)} 列" if zh else f" … {len(layer.fields)} in all"
    told.append(("  字段：" if zh else "  fields: ") + ("、" if zh else ", ").join(layer.fields[:SHOWN_FIELDS]) + more)
    if layer.crs:
        told.append(("  坐标系：" if zh else "  CRS: ") + fact_words(layer.crs, lang=lang))
    if layer.extent is not None:
        told.append(_extent(layer.extent, within=bool(layer.in_china), zh=zh))
    told.append(f"  可能是：{ZH[layer.likely]}" if zh else f"  looks like: {layer.likely or 'unknown'}")
    if layer.likely in HOW:
        told.append(
            f"  导入：planner import 文件 --as {HOW[layer.likely]} --project 项目文件夹"
            if zh
            else f"  import it: planner import FILE --as {HOW[layer.likely]} --project FOLDER"
        )
    if layer.first is not None and len(layer.first):
        told.append(f"  前 {len(layer.first)} 行：" if zh else f"  first {len(layer.first)} rows:")
        told += [
            "    " + " | ".join(one[:SHOWN_LETTERS] for one in row[:8])
            for row in layer.first.itertuples(index=False, name=None)
        ]
    return told


def _extent(extent: tuple[float, float, float, float], *, within: bool, zh: bool) -> str:
    west, south, east, north = extent
    if zh:
        place = "在中国范围内" if within else "不在中国范围内"
        return f"  范围：经度 {west:.4f} 至 {east:.4f}，纬度 {south:.4f} 至 {north:.4f}（{place}）"
    place = "in China" if within else "not in China"
    return f"  extent: {west:.4f} to {east:.4f} east, {south:.4f} to {north:.4f} north ({place})"
