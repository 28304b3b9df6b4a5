"""Vectors: GeoPackage, GeoJSON, GeoParquet and FlatGeobuf, whole or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataSourceError

from planner.errors import SourceError
from planner.exports.styles import style_of
from planner.facts import replacing
from planner.store.geopackage import set_style

CGCS2000 = "EPSG:4490"
WGS84 = "EPSG:4326"
PRECISION = 7  # decimals of a degree: a centimetre


def write_geopackage(layers: dict[str, gpd.GeoDataFrame], path: Path, about: pd.DataFrame) -> None:
    """Write every layer into one GeoPackage that opens styled in QGIS, in the CRS the layers are in."""
    with replacing(path) as temporary:
        temporary.unlink()
        for name, frame in layers.items():
            _write(frame, temporary, driver="GPKG", layer=name, append=temporary.exists(), promote_to_multi=None)
        if len(about):
            pyogrio.write_dataframe(about, temporary, driver="GPKG", layer="about", append=temporary.exists())
        with closing(sqlite3.connect(temporary)) as db, db:
            for name, frame in layers.items():
                set_style(db, name, style_of(name, frame))


def write_geojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write RFC 7946 GeoJSON: WGS 84 degrees, outer rings counter-clockwise, seven decimals."""
    with replacing(path) as temporary:
        temporary.unlink()
        options = {"RFC7946": "YES", "COORDINATE_PRECISION": str(PRECISION), "WRITE_NAME": "NO"}
        _write(frame.to_crs(WGS84), temporary, driver="GeoJSON", layer=path.stem, layer_options=options)


def write_flatgeobuf(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write FlatGeobuf in the CRS the frame is in."""
    with replacing(path) as temporary:
        temporary.unlink()
        _write(frame, temporary, driver="FlatGeobuf", layer=path.stem)


def write_parquet(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write GeoParquet in the CRS the frame is in; the index stays the column ``id``."""
    with replacing(path) as temporary:
        told = frame.copy()
        told.attrs = {}
        told.rename_axis(told.index.name or "id").to_parquet(temporary, index=True)


def _write(frame: gpd.GeoDataFrame, path: Path, **options: Any) -> None:
    """Write one layer with its IDs; dates stay dates, and unknown booleans unknown."""
    told = with_ids(frame)
    try:
        pyogrio.write_dataframe(told, path, use_arrow=True, **options)
    except (DataSourceError, RuntimeError, OSError) as error:
        raise SourceError(f"cannot write {path.name}: {error}") from error


def with_ids(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The frame with its index as the first column ``id``."""
    told = frame.rename_axis(frame.index.name or "id")
    told.attrs = {}
    given: gpd.GeoDataFrame = told.reset_index(drop=told.index.name in told.columns)
    return given
