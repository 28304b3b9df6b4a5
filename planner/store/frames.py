"""Frames: how a table of records goes into SQLite and comes back the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from planner.errors import CrsError, DataError
from planner.store import geopackage
from planner.store.geopackage import GEOMETRY, quoted

STORED_CRS = CRS.from_epsg(4490)


def write_table(db: sqlite3.Connection, table: str, frame: pd.DataFrame) -> None:
    """Add the rows of a frame to a table, made or widened to hold them; geometry turns to EPSG:4490.

    The index is kept as ``id``, unique, where it has that name. Columns hold text, whole numbers, numbers,
    yes or no, or dates; anything else is refused with `DataError`.
    """
    plain, geometry = _parted(frame, table)
    kinds = {str(name): _sql_type(plain[name], table) for name in plain}
    known = geopackage.columns_of(db, table)
    fresh = not known
    if fresh:
        _create(db, table, kinds, geometry)
    elif (geometry is not None) != (GEOMETRY in known):
        raise DataError(f"table {table!r} {'has' if GEOMETRY in known else 'has no'} geometry, the rows to add differ")
    else:
        for name in kinds.keys() - known.keys():
            db.execute(f"ALTER TABLE {quoted(table)} ADD COLUMN {quoted(name)} {kinds[name]}")
    _insert(db, table, plain, kinds, geometry)
    bounds = None
    if geometry is not None:
        bounds = shapely.total_bounds(geometry)
        if fresh:
            geopackage.index_geometry(db, table)
    geopackage.touch(db, table, bounds)


def read_table(db: sqlite3.Connection, table: str) -> pd.DataFrame:
    """Give a table as a frame, its geometry in the CRS the file names, rows in the order they were added."""
    kinds = geopackage.columns_of(db, table)
    names = [name for name in kinds if name != "fid"]
    wanted = ", ".join(map(quoted, names)) or "NULL"
    rows = db.execute(f"SELECT {wanted} FROM {quoted(table)} ORDER BY rowid").fetchall()  # noqa: S608
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    data = {name: _back(values, kinds[name]) for name, values in zip(names, columns, strict=True) if name != GEOMETRY}
    frame = pd.DataFrame(data)
    if "id" in frame:
        frame = frame.set_index(pd.Index(frame.pop("id"), dtype=object, name="id"))
    if GEOMETRY not in names:
        return frame
    (srs,) = db.execute("SELECT srs_id FROM gpkg_geometry_columns WHERE table_name = ?", (table,)).fetchone()
    shapes = geopackage.decode(columns[names.index(GEOMETRY)])
    placed: pd.DataFrame = gpd.GeoDataFrame(frame, geometry=shapes, crs=CRS.from_epsg(srs))
    return placed


def _parted(frame: pd.DataFrame, table: str) -> tuple[pd.DataFrame, Any]:
    geometry = None
    plain = pd.DataFrame(frame)
    if isinstance(frame, gpd.GeoDataFrame):
        if frame.crs is None:
            raise CrsError(f"the rows for table {table!r} have no CRS; say which one their coordinates are in")
        geometry = one_kind(frame.geometry.to_crs(STORED_CRS).to_numpy())
        plain = plain.drop(columns=frame.geometry.name)
    if frame.index.name == "id":
        if not frame.index.is_unique:
            raise DataError(
                f"IDs repeat in the rows for table {table!r}, first {frame.index[frame.index.duplicated()][0]!r}"
            )
        plain = plain.reset_index()
    if len({str(name).lower() for name in plain}) < len(plain.columns):
        raise DataError(
            f"columns of table {table!r} differ only in case, which a GeoPackage cannot hold: {list(plain)}"
        )
    if taken := {"fid", GEOMETRY} & {str(name).lower() for name in plain}:
        raise DataError(f"table {table!r} cannot have a column {', '.join(taken)}; rename it")
    return plain, geometry


def one_kind(geometry: Any) -> Any:
    """Turn a mix of single and multiple shapes into multiple ones, as GIS programs want a layer."""
    for single, many, build in (
        (1, 5, shapely.multilinestrings),
        (3, 6, shapely.multipolygons),
        (0, 4, shapely.multipoints),
    ):
        types = set(shapely.get_type_id(geometry).tolist()) - {-1}
        if types == {single, many}:
            return np.array([build([g]) if shapely.get_type_id(g) == single else g for g in geometry], dtype=object)
    return geometry


def _create(db: sqlite3.Connection, table: str, kinds: dict[str, str], geometry: Any) -> None:
    defined = ["fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"]
    kind = None
    if geometry is not None:
        found = {geom.geom_type.upper() for geom in geometry if geom is not None}
        kind = found.pop() if len(found) == 1 else "GEOMETRY"
        defined.append(f"{quoted(GEOMETRY)} {kind}")
    defined += [f"{quoted(name)} {sql}" + (" NOT NULL UNIQUE" if name == "id" else "") for name, sql in kinds.items()]
    db.execute(f"CREATE TABLE {quoted(table)} ({', '.join(defined)})")
    if kind is None:
        geopackage.add_contents(db, table)
        return
    deep = bool(shapely.has_z(geometry).any())
    geopackage.add_contents(db, table, geometry_type=kind, crs=STORED_CRS, z=deep)
    geopackage.set_style(db, table, geopackage.plain_style(kind))


def _insert(db: sqlite3.Connection, table: str, plain: pd.DataFrame, kinds: dict[str, str], geometry: Any) -> None:
    values: list[Iterable[Any]] = [_out(plain[name], sql) for name, sql in kinds.items()]
    names = [quoted(name) for name in kinds]
    if geometry is not None:
        names.append(quoted(GEOMETRY))
        values.append(geopackage.encode(geometry, STORED_CRS.to_epsg() or 0))
    if not names:
        return
    marks = ", ".join("?" * len(names))
    rows = zip(*values, strict=True)
    db.executemany(f"INSERT INTO {quoted(table)} ({', '.join(names)}) VALUES ({marks})", rows)  # noqa: S608


def _sql_type(values: pd.Series, table: str) -> str:
    if pd.api.types.is_bool_dtype(values):
        return "BOOLEAN"
    if pd.api.types.is_integer_dtype(values):
        return "INTEGER"
    if pd.api.types.is_float_dtype(values):
        return "REAL"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "DATETIME"
    held = {type(value) for value in values[values.notna()]}
    for kinds, sql in (
        ({str}, "TEXT"), ({bool, np.bool_}, "BOOLEAN"), ({int, np.int64}, "INTEGER"),
        ({int, float, np.float64}, "REAL"), ({date}, "DATE"), ({datetime, pd.Timestamp}, "DATETIME"),
    ):  # fmt: skip
        if held <= kinds:
            return sql
    mixed = ", ".join(sorted(kind.__name__ for kind in held))
    raise DataError(f"column {values.name!r} for table {table!r} holds {mixed}; give it one kind of value")


def _out(values: pd.Series, sql: str) -> list[Any]:
    given = values.astype(object)
    missing = given.isna()
    turn: Any = {"BOOLEAN": int, "INTEGER": int, "REAL": float, "DATE": _iso, "DATETIME": _iso}.get(
        sql, lambda value: value
    )
    return [None if gone else turn(value) for value, gone in zip(given, missing, strict=True)]


def _iso(value: date) -> str:
    return value.isoformat()


def _back(values: tuple[Any, ...], sql: str) -> Any:
    full = None not in values
    if sql == "BOOLEAN":
        return (
            np.array(values, dtype=bool) if full else np.array([None if v is None else bool(v) for v in values], object)
        )
    if sql == "INTEGER":
        return pd.array(values, dtype="int64" if full else "Int64")
    if sql in {"REAL", "DOUBLE", "FLOAT"}:
        return np.array([np.nan if value is None else value for value in values], dtype=float)
    if sql == "DATE":
        return pd.Series([None if v is None else date.fromisoformat(v) for v in values], dtype=object)
    if sql == "DATETIME":
        return pd.to_datetime(pd.Series(values, dtype=object), format="ISO8601")
    return pd.Series(values, dtype=object)
