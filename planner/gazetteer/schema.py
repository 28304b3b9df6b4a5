"""Schema: the kinds of record the register keeps, and the one two-clock table each of them is.

Every kind has the same columns first: ``thing`` (what the record is about) and ``slot`` (what there may
be only one of on a day), ``valid_from`` and ``valid_to`` (when it held in the world, half-open, NULL for
unbounded), ``begun`` and ``ended`` (the events between which the books said so) and ``seal`` (a digest of
the content). Triggers refuse every change but one: an open record's ``ended`` is set, once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from planner.store import geopackage
from planner.store.frames import STORED_CRS
from planner.store.geopackage import GEOMETRY

_ALWAYS_INDEXED = (("thing", "slot"), ("begun",), ("ended",))
COMMON = ("thing", "slot", "valid_from", "valid_to", "begun", "ended", "seal")


@dataclass(frozen=True)
class Kind:
    """One kind of record: its own columns with SQL types, its geometry, and what it is looked up by."""

    name: str
    columns: Mapping[str, str]
    geometry: str | None = None
    indexes: tuple[tuple[str, ...], ...] = field(default=())

    @property
    def table(self) -> str:
        """Name of its table in the project file."""
        return f"register_{self.name}s"

    @cached_property
    def stored(self) -> tuple[str, ...]:
        """Columns that hold content, in the order they are sealed."""
        return (*self.columns, "more", *((GEOMETRY,) if self.geometry else ()))

    @cached_property
    def own(self) -> tuple[str, ...]:
        """Its own columns, in order."""
        return tuple(self.columns)

    @cached_property
    def dates(self) -> tuple[str, ...]:
        """Those of its own columns that hold days."""
        return tuple(name for name, sql in self.columns.items() if sql == "DATE")

    @cached_property
    def flags(self) -> tuple[str, ...]:
        """Those of its own columns that hold yes or no."""
        return tuple(name for name, sql in self.columns.items() if sql == "BOOLEAN")


def _columns(text: str) -> Mapping[str, str]:
    pairs = (item.rsplit(":", 1) for item in text.split())
    return MappingProxyType(
        {name: {"t": "TEXT", "d": "DATE", "i": "INTEGER", "r": "REAL", "b": "BOOLEAN"}[sql] for name, sql in pairs}
    )


DIVISION = Kind(
    "division",
    _columns("code:t name:t level:t type:t parent:t functional:b seat:t key:t initials:t"),
    "MULTIPOLYGON",
    (("code",), ("key",), ("initials",), ("parent",), ("level",)),
)
NAME = Kind(
    "name",
    _columns(
        "name:t kind:t status:t status_since:d category:t specific:t generic:t key:t sound:t initials:t pinyin:t pinyin_by:t"
        " division:t division_found:t within:t location:t meaning:t origin:t history:t secrecy:t protected:b authority:t"
        " applied:d approved:d scheme:t"
    ),
    "GEOMETRY",
    (("key", "within"), ("sound", "within"), ("initials",), ("scheme",), ("status",)),
)
LINK = Kind("link", _columns("before:t after:t how:t"), None, (("before",), ("after",)))
LINE = Kind(
    "line",
    _columns("number:t name:t level:t left:t right:t agreement:t metres:r inspected:d round:i"),
    "MULTILINESTRING",
)
MARKER = Kind(
    "marker",
    _columns("number:t type:t line:t units:t responsible:t condition:t device:t observed_x:r observed_y:r"),
    "POINT",
    (("line",), ("number",)),
)
INSPECTION = Kind(
    "inspection", _columns("subject:t type:t day:d round:i result:t scope:t by_whom:t"), None, (("subject",),)
)
SIGN = Kind(
    "sign",
    _columns("road:t text:t status:t status_since:d due:d photo:t condition:t"),
    "POINT",
    (("road",), ("status",)),
)
TASK = Kind(
    "task",
    _columns("ledger:t place:t title:t status:t due:d rule:t decision:t by_whom:t reason:t"),
    None,
    (("ledger",), ("place",)),
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for kind in (DIVISION, NAME, LINK, LINE, MARKER, INSPECTION, SIGN, TASK)}
)

EVENT_COLUMNS = (
    "seq", "kind", "recorded", "actor", "document", "authority", "applied", "approved", "effective", "filed", "announced",
    "attachments", "note", "digest", "previous", "hash",
)  # fmt: skip
INSERT_EVENT = f"INSERT INTO register_events VALUES ({', '.join('?' * len(EVENT_COLUMNS))})"  # noqa: S608
_EVENTS = """
CREATE TABLE register_events (
  seq INTEGER PRIMARY KEY NOT NULL, kind TEXT NOT NULL, recorded TEXT NOT NULL, actor TEXT NOT NULL, document TEXT, authority TEXT,
  applied DATE, approved DATE, effective DATE, filed DATE, announced DATE, attachments TEXT NOT NULL, note TEXT,
  digest TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE);
CREATE TRIGGER register_events_update BEFORE UPDATE ON register_events
BEGIN SELECT RAISE(ABORT, 'events are never changed; record another event'); END;
CREATE TRIGGER register_events_delete BEFORE DELETE ON register_events
BEGIN SELECT RAISE(ABORT, 'events are never deleted; undo by another event'); END;
CREATE TRIGGER register_events_order BEFORE INSERT ON register_events
WHEN NEW.seq != (SELECT coalesce(max(seq), 0) + 1 FROM register_events)
  OR NEW.recorded <= (SELECT coalesce(max(recorded), '') FROM register_events)
BEGIN SELECT RAISE(ABORT, 'events follow one another in number and in time'); END;
"""
_GUARDS = """
CREATE TRIGGER {t}_delete BEFORE DELETE ON {t}
BEGIN SELECT RAISE(ABORT, 'records are never deleted; a correction is an event'); END;
CREATE TRIGGER {t}_update BEFORE UPDATE ON {t}
WHEN NOT (OLD.ended IS NULL AND NEW.ended IS NOT NULL AND NEW.ended > OLD.begun AND {same})
BEGIN SELECT RAISE(ABORT, 'records are never changed; a correction is an event'); END;
CREATE TRIGGER {t}_order BEFORE INSERT ON {t} WHEN NEW.valid_from >= NEW.valid_to
BEGIN SELECT RAISE(ABORT, 'a period must start before it ends'); END;
"""
_ONE_TRUTH = """
CREATE TRIGGER {t}_one_truth BEFORE INSERT ON {t}
WHEN NEW.ended IS NULL AND EXISTS (SELECT 1 FROM {t} WHERE thing = NEW.thing AND slot = NEW.slot AND ended IS NULL
  AND (valid_to IS NULL OR NEW.valid_from IS NULL OR NEW.valid_from < valid_to)
  AND (NEW.valid_to IS NULL OR valid_from IS NULL OR valid_from < NEW.valid_to))
BEGIN SELECT RAISE(ABORT, 'two truths on one day'); END;
"""
_TWO_TRUTHS = """
SELECT 1 FROM (SELECT thing, slot FROM {t} GROUP BY thing, slot HAVING count(*) > 1) AS several
JOIN {t} AS one USING (thing, slot) JOIN {t} AS other USING (thing, slot)
WHERE one.fid < other.fid AND one.ended IS NULL AND other.ended IS NULL
  AND (one.valid_to IS NULL OR other.valid_from IS NULL OR other.valid_from < one.valid_to)
  AND (other.valid_to IS NULL OR one.valid_from IS NULL OR one.valid_from < other.valid_to)
LIMIT 1
"""


def create(db: sqlite3.Connection) -> None:
    """Make the register's tables, guarded, in an open transaction; nothing where they stand already."""
    if geopackage.columns_of(db, "register_events"):
        return
    for statement in geopackage.statements(_EVENTS):
        db.execute(statement)
    geopackage.add_contents(db, "register_events")
    for kind in KINDS.values():
        _create_kind(db, kind)


def _create_kind(db: sqlite3.Connection, kind: Kind) -> None:
    table = kind.table
    defined = [
        "fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", "thing TEXT NOT NULL", "slot TEXT NOT NULL", "valid_from DATE",
        "valid_to DATE", "begun INTEGER NOT NULL", "ended INTEGER", "seal BLOB NOT NULL",
        *(f'"{name}" {sql}' for name, sql in kind.columns.items()), "more TEXT NOT NULL",
    ]  # fmt: skip
    if kind.geometry:
        defined.append(f"{GEOMETRY} {kind.geometry}")
    db.execute(f"CREATE TABLE {table} ({', '.join(defined)})")
    _index(db, kind)
    fixed = ("fid", *(name for name in COMMON if name != "ended"), *kind.stored)
    same = " AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in fixed)
    for statement in geopackage.statements((_GUARDS + _ONE_TRUTH).format(t=table, same=same)):
        db.execute(statement)
    geopackage.add_contents(db, table, geometry_type=kind.geometry, crs=STORED_CRS if kind.geometry else None)
    if kind.geometry:
        geopackage.index_geometry(db, table)
        geopackage.set_style(db, table, geopackage.plain_style(kind.geometry))


def _index(db: sqlite3.Connection, kind: Kind) -> None:
    for columns in (*_ALWAYS_INDEXED, *kind.indexes):
        listed = ", ".join(f'"{name}"' for name in columns)
        only = " WHERE ended IS NOT NULL" if columns == ("ended",) else ""
        db.execute(f"CREATE INDEX {kind.table}_{'_'.join(columns)} ON {kind.table} ({listed}){only}")


def suspend(db: sqlite3.Connection, kind: Kind) -> None:
    """Put a table's indexes aside for a large load in an open transaction.

    The guard against two truths on one day needs one of them and is put aside too; `resume` makes up for it.
    """
    db.execute(f"DROP TRIGGER {kind.table}_one_truth")
    for columns in (*_ALWAYS_INDEXED, *kind.indexes):
        db.execute(f"DROP INDEX {kind.table}_{'_'.join(columns)}")
    if kind.geometry:
        db.execute(f"DROP TRIGGER rtree_{kind.table}_{GEOMETRY}_insert")


def resume(db: sqlite3.Connection, kind: Kind) -> None:
    """Build the indexes that `suspend` put aside, over rows loaded since too, and look for two truths on one day at once.

    Raises `sqlite3.IntegrityError`, as the guard would have, before anything is committed.
    """
    _index(db, kind)
    if db.execute(_TWO_TRUTHS.format(t=kind.table)).fetchone():
        raise sqlite3.IntegrityError("two truths on one day")
    db.execute(geopackage.statements(_ONE_TRUTH.format(t=kind.table))[0])
    if kind.geometry:
        geopackage.index_rows(db, kind.table)
