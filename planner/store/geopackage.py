"""GeoPackage: how tables, geometry and styles are written in SQLite so that any GIS reads them.

What the OGC GeoPackage Encoding Standard 1.3 (OGC 12-128r17) asks of a file, and nothing about what
planner keeps in it: the application id, the tables of contents and reference systems, the binary
geometry with its header, the R-tree with its triggers, and QGIS's table of styles.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from planner.store import rtree

APPLICATION_ID = 0x47504B47  # "GPKG"
USER_VERSION = 10300
GEOMETRY = "geom"
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
_LITTLE_POINT = b"\x01\x01\x00\x00\x00"
_HEADER = 40  # bytes in which a blob as written here tells its box
_BOX = struct.Struct("<2sBBi4d")
_BARE = struct.Struct("<2sBBi")

_CORE = """
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
INSERT INTO gpkg_spatial_ref_sys VALUES
  ('Undefined cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined cartesian coordinate reference system'),
  ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system');
"""

_STYLES = """
CREATE TABLE IF NOT EXISTS layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
"""

_RTREE = """
CREATE TRIGGER "rtree_{t}_{g}_insert" AFTER INSERT ON "{t}" WHEN (NEW."{g}" NOT NULL AND NOT ST_IsEmpty(NEW."{g}"))
BEGIN INSERT OR REPLACE INTO "rtree_{t}_{g}" VALUES
  (NEW.fid, ST_MinX(NEW."{g}"), ST_MaxX(NEW."{g}"), ST_MinY(NEW."{g}"), ST_MaxY(NEW."{g}")); END;
CREATE TRIGGER "rtree_{t}_{g}_update1" AFTER UPDATE OF "{g}" ON "{t}"
WHEN OLD.fid = NEW.fid AND (NEW."{g}" NOTNULL AND NOT ST_IsEmpty(NEW."{g}"))
BEGIN INSERT OR REPLACE INTO "rtree_{t}_{g}" VALUES
  (NEW.fid, ST_MinX(NEW."{g}"), ST_MaxX(NEW."{g}"), ST_MinY(NEW."{g}"), ST_MaxY(NEW."{g}")); END;
CREATE TRIGGER "rtree_{t}_{g}_update2" AFTER UPDATE OF "{g}" ON "{t}"
WHEN OLD.fid = NEW.fid AND (NEW."{g}" ISNULL OR ST_IsEmpty(NEW."{g}"))
BEGIN DELETE FROM "rtree_{t}_{g}" WHERE id = OLD.fid; END;
CREATE TRIGGER "rtree_{t}_{g}_update3" AFTER UPDATE ON "{t}"
WHEN OLD.fid != NEW.fid AND (NEW."{g}" NOTNULL AND NOT ST_IsEmpty(NEW."{g}"))
BEGIN DELETE FROM "rtree_{t}_{g}" WHERE id = OLD.fid; INSERT OR REPLACE INTO "rtree_{t}_{g}" VALUES
  (NEW.fid, ST_MinX(NEW."{g}"), ST_MaxX(NEW."{g}"), ST_MinY(NEW."{g}"), ST_MaxY(NEW."{g}")); END;
CREATE TRIGGER "rtree_{t}_{g}_update4" AFTER UPDATE ON "{t}"
WHEN OLD.fid != NEW.fid AND (NEW."{g}" ISNULL OR ST_IsEmpty(NEW."{g}"))
BEGIN DELETE FROM "rtree_{t}_{g}" WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER "rtree_{t}_{g}_delete" AFTER DELETE ON "{t}" WHEN OLD."{g}" NOT NULL
BEGIN DELETE FROM "rtree_{t}_{g}" WHERE id = OLD.fid; END;
"""

_QML_FILLS = {
    "POINT": '<symbol type="marker" name="0"><layer class="SimpleMarker"><Option type="Map">'
    '<Option name="color" type="QString" value="{rgb},255"/><Option name="size" type="QString" value="2.4"/>'
    '<Option name="outline_color" type="QString" value="255,255,255,255"/></Option></layer></symbol>',
    "LINE": '<symbol type="line" name="0"><layer class="SimpleLine"><Option type="Map">'
    '<Option name="line_color" type="QString" value="{rgb},255"/>'
    '<Option name="line_width" type="QString" value="0.4"/></Option></layer></symbol>',
    "POLYGON": '<symbol type="fill" name="0"><layer class="SimpleFill"><Option type="Map">'
    '<Option name="color" type="QString" value="{rgb},40"/>'
    '<Option name="outline_color" type="QString" value="{rgb},255"/>'
    '<Option name="outline_width" type="QString" value="0.3"/></Option></layer></symbol>',
}


def quoted(name: str) -> str:
    """Give an identifier as SQL takes it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def create_core(db: sqlite3.Connection) -> None:
    """Write the tables every GeoPackage has, in an empty database."""
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {USER_VERSION}")
    for statement in statements(_CORE):
        db.execute(statement)
    srs_id(db, CRS.from_epsg(4326))


def statements(script: str) -> list[str]:
    """Split a script into statements that can run inside an open transaction."""
    found, pending = [], ""
    for line in script.strip().splitlines():
        pending += line + "\n"
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    return found


def srs_id(db: sqlite3.Connection, crs: CRS) -> int:
    """Give the number of a reference system in this file, written down if it is new."""
    code = crs.to_epsg()
    if code is None:
        raise ValueError(f"{crs.to_string()} has no EPSG code")
    row = (crs.name, code, "EPSG", code, crs.to_wkt("WKT1_GDAL"), None)
    db.execute("INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", row)
    return code


def encode(geometry: npt.NDArray[np.object_], srs: int) -> list[bytes | None]:
    """Give geometries as GeoPackage blobs, ``None`` for a missing one."""
    bodies = shapely.to_wkb(geometry, byte_order=1)
    boxes = shapely.bounds(geometry)
    bare = np.isin(shapely.get_type_id(geometry), (-1, 0)) | shapely.is_empty(geometry)
    blobs: list[bytes | None] = []
    for item, body, (west, south, east, north), plain in zip(
        geometry, bodies, boxes.tolist(), bare.tolist(), strict=True
    ):
        if body is None:
            blobs.append(None)
        elif plain:
            blobs.append(_BARE.pack(b"GP", 0, 0x11 if item.is_empty else 0x01, srs) + body)
        else:
            blobs.append(_BOX.pack(b"GP", 0, 0x03, srs, west, east, south, north) + body)
    return blobs


def decode(blobs: Sequence[bytes | None]) -> npt.NDArray[np.object_]:
    """Give GeoPackage blobs as geometries."""
    bodies = np.array([None if blob is None else blob[_body(blob) :] for blob in blobs], dtype=object)
    geometry: npt.NDArray[np.object_] = shapely.from_wkb(bodies) if len(bodies) else np.array([], dtype=object)
    return geometry


def _body(blob: bytes) -> int:
    return 8 + _ENVELOPE_BYTES[(blob[3] >> 1) & 7]


def _bound(which: int) -> Callable[[bytes | None], float | None]:
    def read(blob: bytes | None) -> float | None:
        if blob is None:
            return None
        if (blob[3] >> 1) & 7 == 1 and blob[3] & 1:
            return float(struct.unpack_from("<4d", blob, 8)[which])
        if blob[8:13] == _LITTLE_POINT:
            return float(struct.unpack_from("<2d", blob, 13)[which >> 1])
        west, south, east, north = shapely.from_wkb(blob[_body(blob) :]).bounds
        return float((west, east, south, north)[which])

    return read


def _is_empty(blob: bytes | None) -> bool | None:
    return None if blob is None else bool(blob[3] & 0x10)


def teach(db: sqlite3.Connection) -> None:
    """Give a connection the functions that the R-tree's triggers call."""
    for place, name in enumerate(("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY")):
        db.create_function(name, 1, _bound(place), deterministic=True)
    db.create_function("ST_IsEmpty", 1, _is_empty, deterministic=True)


def add_contents(
    db: sqlite3.Connection, table: str, *, geometry_type: str | None = None, crs: CRS | None = None, z: bool = False
) -> None:
    """Enter a table in the file's contents: features with a geometry type, else attributes."""
    srs = None if crs is None else srs_id(db, crs)
    kind = "attributes" if geometry_type is None else "features"
    db.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES (?, ?, ?, ?)",
        (table, kind, table, srs),
    )
    if geometry_type is not None:
        row = (table, GEOMETRY, geometry_type, srs, 2 if z else 0)
        db.execute("INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, ?, 0)", row)


def touch(db: sqlite3.Connection, table: str, bounds: Iterable[float] | None = None) -> None:
    """Note that a table changed, and, where known, the box it fills."""
    now = "strftime('%Y-%m-%dT%H:%M:%fZ','now')"
    db.execute(f"UPDATE gpkg_contents SET last_change = {now} WHERE table_name = ?", (table,))  # noqa: S608
    if bounds is not None and np.isfinite(box := np.asarray(list(bounds), float)).all():
        sides = "min_x = ?, min_y = ?, max_x = ?, max_y = ?"
        db.execute(f"UPDATE gpkg_contents SET {sides} WHERE table_name = ?", (*box.tolist(), table))  # noqa: S608


def index_rows(db: sqlite3.Connection, table: str) -> None:
    """Build the R-tree anew over rows that were added without its trigger, and put the trigger back."""
    held = (
        f'SELECT fid, substr("{GEOMETRY}", 1, {_HEADER}) FROM {quoted(table)} WHERE "{GEOMETRY}" NOT NULL ORDER BY fid'  # noqa: S608
    )
    rows = db.execute(held)
    ids, boxes = [np.empty(0, np.int64)], [np.empty((0, 4))]
    while batch := rows.fetchmany(20_000):
        fids = np.array([fid for fid, _ in batch])
        box = _boxes([head for _, head in batch])
        if (far := np.isnan(box[:, 0])).any():
            box[far] = _read_boxes(db, table, fids[far].tolist())
        kept = ~np.isnan(box[:, 0])
        ids.append(fids[kept])
        boxes.append(box[kept])
    rtree.fill(db, f"rtree_{table}_{GEOMETRY}", np.concatenate(ids), np.concatenate(boxes))
    db.execute(statements(_RTREE.format(t=table, g=GEOMETRY))[0])


def _boxes(heads: list[bytes]) -> rtree.Boxes:
    """West, east, south and north from the heads of blobs as `encode` writes them; NaN where a head does not tell."""
    raw = np.array(heads, dtype=f"S{_HEADER}").view(np.uint8).reshape(-1, _HEADER)
    boxes = np.full((len(raw), 4), np.nan)
    boxed = raw[:, 3] & 0x1F == 0x03
    boxes[boxed] = raw[boxed, 8:40].view("<f8")
    point = (raw[:, 3] & 0x1F == 0x01) & (raw[:, 8:13] == np.frombuffer(_LITTLE_POINT, np.uint8)).all(axis=1)
    boxes[point] = raw[point, 13:29].view("<f8")[:, [0, 0, 1, 1]]
    return boxes


def _read_boxes(db: sqlite3.Connection, table: str, fids: list[int]) -> rtree.Boxes:
    sql = f'SELECT "{GEOMETRY}" FROM {quoted(table)} WHERE fid = ?'  # noqa: S608
    found: rtree.Boxes = shapely.bounds(decode([db.execute(sql, (fid,)).fetchone()[0] for fid in fids]))
    return found[:, [0, 2, 1, 3]]


def index_geometry(db: sqlite3.Connection, table: str) -> None:
    """Build the R-tree of a feature table from its rows, and the triggers that keep it."""
    db.execute(f'CREATE VIRTUAL TABLE "rtree_{table}_{GEOMETRY}" USING rtree(id, minx, maxx, miny, maxy)')
    index_rows(db, table)
    for statement in statements(_RTREE.format(t=table, g=GEOMETRY))[1:]:
        db.execute(statement)
    where = "http://www.geopackage.org/spec120/#extension_rtree"
    db.execute(
        "INSERT INTO gpkg_extensions VALUES (?, ?, 'gpkg_rtree_index', ?, 'write-only')", (table, GEOMETRY, where)
    )


def drop(db: sqlite3.Connection, table: str) -> None:
    """Remove a table, its R-tree, its styles and every mention of it."""
    db.execute(f'DROP TABLE IF EXISTS "rtree_{table}_{GEOMETRY}"')
    db.execute(f"DROP TABLE IF EXISTS {quoted(table)}")
    for place in ("gpkg_extensions", "gpkg_geometry_columns", "gpkg_contents"):
        db.execute(f"DELETE FROM {place} WHERE table_name = ?", (table,))  # noqa: S608
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'layer_styles'").fetchone():
        db.execute("DELETE FROM layer_styles WHERE f_table_name = ?", (table,))


def set_style(db: sqlite3.Connection, table: str, qml: str) -> None:
    """Make a QGIS style the one a layer opens with."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'layer_styles'").fetchone():
        for statement in statements(_STYLES):
            db.execute(statement)
        add_contents(db, "layer_styles")
    db.execute("DELETE FROM layer_styles WHERE f_table_name = ?", (table,))
    db.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
        " styleQML, useAsDefault, description, owner) VALUES ('', '', ?, ?, 'planner', ?, 1, 'planner', '')",
        (table, GEOMETRY, qml),
    )


def plain_style(geometry_type: str, colour: str = "#1f6f8b") -> str:
    """Give a QGIS style of one symbol in one colour, fit for points, lines or polygons."""
    rgb = ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    shape = next((key for key in ("POINT", "LINE") if key in geometry_type), "POLYGON")
    symbol = _QML_FILLS[shape].format(rgb=rgb)
    renderer = f'<renderer-v2 type="singleSymbol"><symbols>{symbol}</symbols></renderer-v2>'
    return f'<!DOCTYPE qgis><qgis version="3.28" styleCategories="Symbology">{renderer}</qgis>'


def columns_of(db: sqlite3.Connection, table: str) -> dict[str, Any]:
    """Give the columns of a table with their declared types, in order; empty where there is no such table."""
    return {row[1]: row[2] for row in db.execute(f"PRAGMA table_info({quoted(table)})")}
