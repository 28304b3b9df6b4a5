"""Layer: read any vector layer as it stands, for backdrops and masks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

import geopandas as gpd
import pandas as pd

from planner.area import StudyArea
from planner.sources.ledger import Ledger
from planner.sources.naming import apart, coded
from planner.sources.opening import open_records
from planner.sources.references import Said
from planner.sources.schema import schema
from planner.sources.shapes import checked, placed, referred, within
from planner.sources.values import texts
from planner.sources.watching import Progress

SHAPES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")


def read_layer(
    path: str | os.PathLike[str],
    *,
    area: StudyArea,
    crs: Said = None,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    transformation: str | None = None,
    repair: bool = True,
    ignore: Iterable[str] = (),
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Read what touches the area or its buffer from any vector file: water, green, exclusion masks.

    Every attribute is kept under its own heading, and ``name`` is added where the file has one under another word.
    The account, in words, is in ``frame.attrs["report"]``. Invalid shapes are mended by default, each listed: a backdrop is looked
    at, not counted.
    """
    words = schema("districts")
    records = open_records(path, words, layer=layer, encoding=encoding, ignore=ignore, progress=progress)
    found = words.match(records.headings, columns=columns, file=records.where)
    ledger = Ledger(records)
    shapes = checked(records, ledger, of=SHAPES, repair=repair)
    reference = referred(records, ledger, shapes, crs=crs, area=area, transformation=transformation)
    moved = placed(shapes, ledger, reference, area)
    within(moved, ledger, area.wide)
    at = ledger.positions
    frame = records.frame.iloc[at].copy()
    if "name" in found and found["name"] != "name":
        frame["name"] = texts(frame[found["name"]])
    codes = texts(records.frame[found["code"]])[at] if "code" in found else records.rows[at].astype(str).astype(object)
    index = pd.Index(apart(coded("shape", list(codes))), name="id", dtype=object)
    told = gpd.GeoDataFrame(frame.set_axis(index), geometry=list(moved[at]), crs=area.crs)
    told.attrs["report"] = ledger.report().describe()
    return told
