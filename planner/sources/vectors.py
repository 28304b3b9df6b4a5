"""Vectors: layers of shapefiles, GeoPackages, GeoJSON, FlatGeobuf, GeoParquet, FileGDB and KML as records."""

from __future__ import annotations

import sqlite3
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyogrio.raw import open_arrow
from pyproj import CRS
from pyproj.exceptions import CRSError

from planner.errors import SourceError
from planner.sources.decoding import BYTES, decoded
from planner.sources.encodings import decodes, find_encoding
from planner.sources.records import Geometries, Records
from planner.sources.shapefiles import dbf_shape, deleted_rows, find_parts
from planner.sources.sniff import Format
from planner.sources.stage import staged
from planner.sources.watching import Progress, unheard
from planner.texts import Text

SUFFIX = {
    Format.GEOPACKAGE: ".gpkg",
    Format.GEOJSON: ".geojson",
    Format.FLATGEOBUF: ".fgb",
    Format.FILEGDB: ".gdb",
    Format.KML: ".kml",
}
PLAIN = "data"  # what a staged file is called, and so the layer of a format that does not name its own
TEXTUAL = frozenset({Format.GEOJSON, Format.KML})
RECORD = b"\x1e"
MOST_TEXT = 1_000_000_000  # bytes of GeoJSON or KML, which are read whole
BATCH = 65_536  # rows read at once


def read_vector(
    path: Path, kind: Format, *, layer: str | None, encoding: str | None, progress: Progress = unheard
) -> Records:
    """Read one layer of a recognised vector file, exactly as it stands."""
    if kind is Format.SHAPEFILE:
        return _read_shapefile(path, encoding, progress)
    if kind is Format.PARQUET:
        return _read_parquet(path)
    if kind is Format.GEOPACKAGE:
        _must_be_sound(path)
    text, told = _as_utf8(path, encoding) if kind in TEXTUAL else (path, "utf-8 (by the format)")
    with staged({PLAIN + SUFFIX[kind]: text}) as stage:
        target = stage / (PLAIN + SUFFIX[kind])
        chosen = _layer(target, path, layer)
        table, meta = _arrow(target, path, progress, layer=chosen)
    frame, geometry, rows, damaged = _columns(table, meta)
    shown = "" if chosen == PLAIN else chosen
    return Records(
        path.name,
        shown,
        frame,
        rows,
        geometry,
        _crs(meta["crs"], path),
        facts={"format": str(kind), "encoding": told},
        damaged=damaged,
    )


def _must_be_sound(path: Path) -> None:
    """Raise `SourceError` where SQLite finds the file damaged: GDAL would read what is left and say nothing."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            found = [str(row[0]) for row in db.execute("PRAGMA quick_check(3)")]
    except sqlite3.OperationalError as error:
        raise SourceError(f"{path.name} cannot be opened: {error}; is another program writing it?") from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # what SQLite quotes may be the damage itself
        found = [str(error)]
    if found != ["ok"]:
        raise SourceError(
            f"{path.name} is a damaged GeoPackage ({'; '.join(found)}); nothing was changed: keep the file, get it again,"
            " or salvage what reads with `sqlite3 FILE .recover | sqlite3 salvaged.gpkg` and import that",
            zh=f"{path.name} 已损坏，未作任何改动：请保留原文件并重新获取，或用 `sqlite3 文件 .recover | sqlite3 salvaged.gpkg`"
            " 抢救后再导入",
        )


def _collected(raw: bytes) -> bytes | None:
    """A sequence of JSON texts (RFC 8142, or one a line), of which readers see only the first, as one collection."""
    if raw.lstrip()[:1] == RECORD:
        texts = [one for one in (part.strip() for part in raw.split(RECORD)) if one]
    else:
        texts = [one for one in (part.strip() for part in raw.splitlines()) if one]
        if len(texts) < 2 or not all(one.startswith(b"{") and one.endswith(b"}") for one in texts):
            return None
    if len(texts) == 1:
        return texts[0]
    return b'{"type":"FeatureCollection","features":[' + b",".join(texts) + b"]}"


def _as_utf8(path: Path, asked: str | None) -> tuple[Path | bytes, str]:
    """The text of a GeoJSON or KML file as UTF-8 without a byte order mark, and what it was in."""
    if (size := path.stat().st_size) > MOST_TEXT:
        raise SourceError(
            f"{path.name} is {size / 1e9:.1f} GB of text, which would fill the memory ({MOST_TEXT / 1e9:g} GB at most);"
            " save the layer as GeoPackage first"
        )
    raw = path.read_bytes()
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return _recoded(raw, name, path), f"{name} (byte order mark)"
    if asked is None and decodes(raw, "utf-8"):
        return _collected(raw) or path, "utf-8 (by the format)"
    decoder = find_encoding(raw.splitlines(), asked=asked, file=path.name)
    return _recoded(raw, decoder.name, path), str(decoder)


def _recoded(raw: bytes, encoding: str, path: Path) -> bytes:
    try:
        return raw.decode(encoding).encode()
    except UnicodeDecodeError as error:
        where = raw[error.start : error.start + 8].hex(" ")
        raise SourceError(
            f"{path.name} is no {encoding} text at byte {error.start:,} ({where}); is it damaged?"
        ) from error


def layers(path: Path, kind: Format) -> list[str]:
    """Names of the layers that hold shapes, in file order; a single-layer format gives one."""
    if kind not in SUFFIX:
        return [path.stem]
    with staged({PLAIN + SUFFIX[kind]: path}) as stage:
        return _layers(stage / (PLAIN + SUFFIX[kind]), path)


def _layers(target: Path, path: Path) -> list[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GDAL's remarks on measured coordinates
            listed = pyogrio.list_layers(target)
    except DataSourceError as error:
        raise SourceError(f"{path.name} cannot be opened: {_clean(error, target)}; is it damaged?") from error
    return [str(name) for name, shape in listed if shape is not None]


def _layer(target: Path, path: Path, asked: str | None) -> str:
    found = _layers(target, path)
    if not found:
        raise SourceError(f"{path.name} holds no layer with shapes")
    if asked is not None:
        if asked not in found:
            raise SourceError(f"{path.name} has no layer {asked!r}; it has {', '.join(found)}")
        return asked
    if len(found) > 1:
        raise SourceError(
            f"{path.name} holds {len(found)} layers: {', '.join(found)}; say which with layer=",
            zh=f"{path.name} 有 {len(found)} 个图层：{'、'.join(found)}；请用 --layer 指明",
        )
    return found[0]


def _arrow(
    target: Path, path: Path, progress: Progress, *, rows: int | None = None, **options: Any
) -> tuple[Any, dict[str, Any]]:
    """The layer as an Arrow table and what GDAL says of it, read batch by batch so that it shows and can be stopped."""
    import pyarrow as pa

    batches, done = [], 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GDAL's remarks; what matters is checked below
            total = _rows(target, options.get("layer")) if rows is None else rows
            with open_arrow(target, return_fids=True, use_pyarrow=True, batch_size=BATCH, **options) as (meta, reader):
                for batch in reader:
                    batches.append(batch)
                    done += len(batch)
                    progress(done, max(total, done))
                table = pa.Table.from_batches(batches, reader.schema)
    except (DataSourceError, DataLayerError, RuntimeError, ValueError, OSError, pa.ArrowException) as error:
        raise SourceError(f"{path.name} cannot be read: {_clean(error, target)}; is it damaged?") from error
    return table, meta


def _rows(target: Path, layer: str | None) -> int:
    """How many rows a layer says it has, 0 where only reading it would tell."""
    if target.suffix in (".geojson", ".kml"):
        return 0
    return max(0, int(pyogrio.read_info(target, layer=layer)["features"]))


def _clean(error: Exception, target: Path) -> str:
    """GDAL's words, without the private folder the file was staged in."""
    return str(error).replace(str(target.parent) + "/", "").replace(str(target.parent), "").strip(" ;'")[:300]


def _columns(
    table: Any, meta: dict[str, Any]
) -> tuple[pd.DataFrame, Geometries | None, np.ndarray[Any, Any], tuple[int, ...]]:
    """Attributes, shapes and feature numbers of an Arrow table; integers stay integers and 19 digits stay exact."""
    names = list(table.column_names)
    fid = meta["fid_column"] or "OGC_FID"
    geometry_name = meta["geometry_name"] or "wkb_geometry"
    attributes = [name for name in names if name not in {fid, geometry_name}]
    frame = table.select(attributes).to_pandas(integer_object_nulls=True, date_as_object=True)
    geometry = None
    damaged: tuple[int, ...] = ()
    if geometry_name in names:
        wkb = table.column(geometry_name).to_numpy(zero_copy_only=False)
        geometry = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)
        lost = shapely.is_missing(geometry) & np.array([one is not None for one in wkb], bool)
        damaged = tuple(np.flatnonzero(lost).tolist())
    rows = table.column(fid).to_numpy() if fid in names else np.arange(len(frame))
    if len(rows) and rows.min() == 0:
        rows = rows + 1
    return frame.reset_index(drop=True), geometry, rows.astype(np.int64), damaged


def _crs(said: str | None, path: Path) -> CRS | None:
    if not said:
        return None
    try:
        return CRS.from_user_input(said)
    except CRSError as error:
        raise SourceError(f"{path.name} declares a coordinate system that cannot be understood: {error}") from error


def _read_parquet(path: Path) -> Records:
    import geopandas as gpd

    try:
        frame = gpd.read_parquet(path)
    except Exception as error:  # pyarrow raises many kinds for a damaged file
        raise SourceError(f"{path.name} is no readable GeoParquet: {str(error)[:200]}") from error
    geometry = frame.geometry.to_numpy().astype(object)
    attributes = pd.DataFrame(frame.drop(columns=frame.geometry.name)).reset_index(drop=True)
    if frame.index.name and frame.index.name not in attributes:
        attributes.insert(0, frame.index.name, frame.index.to_numpy())
    facts = {"format": "GeoParquet", "encoding": "utf-8 (by the format)"}
    return Records(path.name, "", attributes, np.arange(1, len(frame) + 1), geometry, frame.crs, facts)


def _read_shapefile(path: Path, encoding: str | None, progress: Progress) -> Records:
    parts = find_parts(path)
    staged_parts: dict[str, Path | bytes] = {"data.shp": parts.shp, "data.shx": parts.shx, "data.dbf": parts.dbf}
    if parts.prj is not None:
        staged_parts["data.prj"] = parts.prj
    with staged(staged_parts) as stage:
        table, meta = _arrow(stage / "data.shp", path, progress, rows=dbf_shape(parts.dbf)[0], encoding=BYTES)
    raw, geometry, rows, damaged = _columns(table, meta)
    frame, blemishes, decoder = decoded(raw, parts, encoding)
    notes = []
    if gone := deleted_rows(parts.dbf):
        notes.append(
            Text(f"属性表中有 {gone} 行已标记删除，未读取", f"{gone} rows are marked as deleted and were not read")
        )
    facts = {"format": str(Format.SHAPEFILE), "encoding": str(decoder)}
    if isinstance(parts.shx, bytes):
        notes.append(Text("缺少 .shx，已按 .shp 重建索引", "the .shx is missing; its index was rebuilt from the .shp"))
    return Records(
        path.name,
        "",
        frame,
        rows,
        geometry,
        _crs(meta["crs"], path),
        facts,
        tuple(blemishes),
        tuple(notes),
        damaged,
    )
