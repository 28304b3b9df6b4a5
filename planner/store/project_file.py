"""Project file: one GeoPackage, written one act at a time.

It keeps SQLite's rollback journal, not the write-ahead log: one file that can be copied and shared on an
office drive, and after ``kill -9`` at any moment the state before or after.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import pandas as pd

from planner.errors import DataError, StoreError
from planner.imports import ImportReport
from planner.store import geopackage
from planner.store.frames import read_table, write_table
from planner.store.holders import announced, holder, left_behind, part_of, user

SCHEMA = 1
"""What planner keeps in the file, counted up whenever an older planner could no longer write it."""

CANNOT_HOLD = ("gpkg_", "rtree_", "sqlite_", "planner_", "layer_styles")
SALVAGE = (
    "nothing was written; keep this file as it is, go back to the last backup, or salvage what reads with"
    " `sqlite3 FILE .recover | sqlite3 salvaged.gpkg`"
)
_BOOKS = """
CREATE TABLE planner_meta (fid INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
CREATE TABLE planner_acts (version INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL);
"""


@dataclass(frozen=True, eq=False)
class Act:
    """Everything that happens together: kept whole, or not at all.

    ``replace`` gives tables their whole contents, ``append`` adds rows, ``drop`` removes tables; ``styles``
    are QGIS styles (QML) by table. ``expects`` is the version the act is based on: if someone has
    written since, it is refused rather than their work lost.
    """

    why: str
    who: str = ""
    replace: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    append: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    styles: Mapping[str, str] = field(default_factory=dict)
    expects: int | None = None

    def __post_init__(self) -> None:
        for name in ("replace", "append", "styles"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        for table in (*self.replace, *self.append, *self.drop):
            if not table.isidentifier() or table.lower().startswith(CANNOT_HOLD):
                raise DataError(f"{table!r} cannot name a table; use letters, digits and _, and none of {CANNOT_HOLD}")


class Store(Protocol):
    """What planner asks of the place that keeps a project."""

    @property
    def version(self) -> int:
        """How many acts it has kept."""

    def tables(self) -> tuple[str, ...]:
        """Names of the tables it holds, sorted."""

    def read(self, table: str) -> pd.DataFrame:
        """Give a table, a GeoDataFrame where it has geometry."""

    def write(self, act: Act) -> int:
        """Keep an act, whole or not at all, and give the new version."""


class GeoPackageStore:
    """A project in one GeoPackage, made by the first act written to it.

    Geometry is kept in EPSG:4490 whatever it comes in. A second writer waits ``wait_seconds``, then
    gets a `StoreError` naming the one who writes. ``migrations`` lead from an older schema to the next.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        wait_seconds: float = 10.0,
        migrations: Mapping[int, Callable[[sqlite3.Connection], None]] | None = None,
    ) -> None:
        self.path = Path(path)
        self.wait_seconds = wait_seconds
        self.left_behind = left_behind(self.path)
        self._migrations = {0: _adopt, **(migrations or {})}
        self._checked = False
        if self.path.is_dir():
            raise StoreError(f"{self.path} is a folder; name the project file in it, like {self.path / 'project.gpkg'}")
        if self.exists:
            with contextlib.closing(self.connect()) as db:
                self._recognise(db)

    @property
    def exists(self) -> bool:
        """Whether anything was ever kept here."""
        return self.path.is_file() and self.path.stat().st_size > 0

    @property
    def version(self) -> int:
        """How many acts it has kept; grows by one with each."""
        if not self.exists:
            return 0
        with contextlib.closing(self.connect()) as db, self._plainly():
            return _version(db)

    def tables(self) -> tuple[str, ...]:
        """Names of the tables it holds, sorted; planner's and GeoPackage's own books left out."""
        if not self.exists:
            return ()
        with contextlib.closing(self.connect()) as db, self._plainly():
            names = [name for (name,) in db.execute("SELECT table_name FROM gpkg_contents ORDER BY table_name")]
        return tuple(name for name in names if not name.startswith(CANNOT_HOLD))

    def read(self, table: str) -> pd.DataFrame:
        """Give a table as kept, indexed by ``id`` where it has one; with geometry, a GeoDataFrame in EPSG:4490."""
        if table not in self.tables():
            raise StoreError(
                f"{self.path} holds no table {table!r}; it holds {', '.join(self.tables()) or 'nothing yet'}"
            )
        with contextlib.closing(self.connect()) as db, self._plainly():
            return read_table(db, table)

    def write(self, act: Act) -> int:
        """Keep an act, whole or not at all, and give the new version.

        Raises `StoreError` where another writer holds the file beyond the wait, where someone has written
        since the version the act expects, where the file is damaged, newer than this software or cannot be
        written, or the disk is full. The file then stands as before.
        """
        with self.writing(act.why, who=act.who, expects=act.expects) as db:
            apply(db, act)
            return _version(db)

    def connect(self) -> sqlite3.Connection:
        """Open the file for reading; the caller closes it."""
        with self._plainly():
            db = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=rw", uri=True, timeout=self.wait_seconds)
            db.execute("PRAGMA query_only = 1")
        return db

    @contextlib.contextmanager
    def writing(self, why: str, *, who: str = "", expects: int | None = None) -> Iterator[sqlite3.Connection]:
        """One transaction: what is done inside is kept whole when the block ends, and not at all if it raises.

        For rooms that speak SQL; others `write` an `Act`.
        """
        name = who or user()
        with self._plainly(), contextlib.closing(self._open_to_write()) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                with announced(self.path, name, why):
                    self._prepare(db, expects)
                    now = datetime.now(UTC).isoformat(timespec="seconds")
                    db.execute("INSERT INTO planner_acts (at, who, why) VALUES (?, ?, ?)", (now, name, why))
                    yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def check(self) -> None:
        """Read the whole file and raise `StoreError` at the first damage."""
        with contextlib.closing(self.connect()) as db, self._plainly():
            self._recognise(db)
            self._sound(db, "integrity_check")

    def backup(self, to: str | Path) -> Path:
        """Copy the file as it stands, even while others use it; the copy appears whole or not at all."""
        target = Path(to)
        part = part_of(target)
        with contextlib.closing(self.connect()) as db, self._plainly():
            part.unlink(missing_ok=True)
            with contextlib.closing(sqlite3.connect(part)) as copy:
                db.backup(copy)
            part.replace(target)
        return target

    def _open_to_write(self) -> sqlite3.Connection:
        if not self.path.parent.is_dir():
            raise StoreError(f"there is no folder {self.path.parent} to keep {self.path.name} in; make it first")
        db = sqlite3.connect(self.path, timeout=self.wait_seconds, isolation_level=None)
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA cache_size = -200000")  # 200 MB, so that indexes of a million rows are built in memory
        geopackage.teach(db)
        return db

    def _prepare(self, db: sqlite3.Connection, expects: int | None) -> None:
        if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
            geopackage.create_core(db)
            _open_books(db)
        self._recognise(db)
        if not self._checked:
            self._sound(db, "quick_check")
            self._checked = True
        self._migrate(db)
        if expects is not None and expects != _version(db):
            raise StoreError(
                f"{self.path} is at version {_version(db)}, and this is based on version {expects}; someone has written"
                " since: read it again, then repeat the change"
            )

    def _migrate(self, db: sqlite3.Connection) -> None:
        found = _schema(db)
        if found > SCHEMA:
            raise StoreError(
                f"{self.path} has schema {found}, this planner knows {SCHEMA};"
                " it can be read, but to write it use a newer planner"
            )
        if found == SCHEMA:
            return
        self.backup(self.path.with_name(f"{self.path.stem}.schema-{found}{self.path.suffix}"))
        for step in range(found, SCHEMA):
            self._migrations[step](db)
        db.execute("UPDATE planner_meta SET value = ? WHERE key = 'schema'", (str(SCHEMA),))

    def _recognise(self, db: sqlite3.Connection) -> None:
        with self._plainly():
            (found,) = db.execute("PRAGMA application_id").fetchone()
            contents = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'gpkg_contents'").fetchone()
        if found != geopackage.APPLICATION_ID or contents is None:
            raise StoreError(
                f"{self.path} is no GeoPackage (application_id {found:#x},"
                f" not {geopackage.APPLICATION_ID:#x}); {SALVAGE}"
            )

    def _sound(self, db: sqlite3.Connection, pragma: str) -> None:
        found = [row[0] for row in db.execute(f"PRAGMA {pragma}(3)")]
        if found != ["ok"]:
            raise StoreError(f"{self.path} is damaged ({'; '.join(found)}); {SALVAGE}")

    @contextlib.contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(self._in_words(error)) from error

    def _in_words(self, error: sqlite3.Error) -> str:
        code = str(getattr(error, "sqlite_errorname", None))
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            waited = f"waited {self.wait_seconds:g} s, nothing was changed"
            return f"{self.path} is being written by {holder(self.path)}; {waited}"
        if code.startswith("SQLITE_FULL"):
            return f"the disk is full: {self.path} stands as before; make room, then repeat"
        if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_IOERR")):
            return f"cannot write or open {self.path} ({error}); check that the file and its folder may be written"
        if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return f"{self.path} is damaged or no GeoPackage ({error}); {SALVAGE}"
        return f"{self.path}: {error}"

    def __repr__(self) -> str:
        return f"<GeoPackageStore {self.path.name}: version {self.version}, {len(self.tables())} tables>"


def apply(db: sqlite3.Connection, act: Act) -> None:
    """Do what an act says, in a transaction that is open."""
    for table in act.drop:
        geopackage.drop(db, table)
    for table, frame in act.replace.items():
        geopackage.drop(db, table)
        write_table(db, table, frame)
    for table, frame in act.append.items():
        write_table(db, table, frame)
    for table, qml in act.styles.items():
        geopackage.set_style(db, table, qml)


def imported(
    table: str,
    frame: pd.DataFrame | None,
    report: ImportReport,
    *,
    who: str = "",
    expects: int | None = None,
    styles: Mapping[str, str] | None = None,
) -> Act:
    """Make the act of one import: the rows accepted, and what became of every other row of the file.

    Without a ``frame`` the act keeps the account only: the rows themselves stand elsewhere, as in the register.
    """
    at = datetime.now(UTC)
    name = f"import:{at:%Y%m%dT%H%M%S%f}:{report.sha256[:8]}"
    counts = {
        "quarantined": len(report.quarantine),
        "duplicates": len(report.duplicates),
        "repairs": len(report.repairs),
    }
    notes = [[note, note] if isinstance(note, str) else [note.words("zh"), note.words("en")] for note in report.notes]
    row = {
        "id": name, "at": at.isoformat(timespec="seconds"), "who": who or user(), "target": table, "file": report.file,
        "sha256": report.sha256, "rows_read": report.read, "accepted": report.accepted, **counts,
        "facts": json.dumps(dict(report.facts), ensure_ascii=False, default=str),
        "notes": json.dumps(notes, ensure_ascii=False),
    }  # fmt: skip
    left_out = pd.concat(
        [
            kind.assign(outcome=word)
            for word, kind in (("quarantined", report.quarantine), ("duplicate", report.duplicates))
        ]
    )
    append = {"imports": pd.DataFrame([row]).set_index("id")}
    for target, rows in (("quarantine", left_out), ("repairs", report.repairs)):
        append[target] = rows.astype(object).where(rows.notna(), None).map(_as_text).assign(**{"import": name})
    return Act(f"import {report.file}", who, {} if frame is None else {table: frame}, append, (), styles or {}, expects)


def saved(kind: str, name: str, document: Mapping[str, object], *, who: str = "", expects: int | None = None) -> Act:
    """Make the act of keeping a document (a plan, a scenario) as JSON in the table of its kind; earlier ones stay."""
    row = {
        "name": name, "at": datetime.now(UTC).isoformat(timespec="microseconds"), "who": who or user(),
        "document": json.dumps(document, ensure_ascii=False, sort_keys=True, allow_nan=False),
    }  # fmt: skip
    return Act(f"save {kind} {name}", who, {}, {kind: pd.DataFrame([row])}, (), {}, expects)


def _as_text(value: object) -> str | None:
    if value is None:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _open_books(db: sqlite3.Connection) -> None:
    for statement in geopackage.statements(_BOOKS):
        db.execute(statement)
    db.execute("INSERT INTO planner_meta (key, value) VALUES ('schema', ?)", (str(SCHEMA),))
    for table in ("planner_meta", "planner_acts"):
        geopackage.add_contents(db, table)


def _adopt(db: sqlite3.Connection) -> None:
    """Schema 0: a GeoPackage made by another program; give it planner's books."""
    if not geopackage.columns_of(db, "planner_meta"):
        _open_books(db)


def _schema(db: sqlite3.Connection) -> int:
    if not geopackage.columns_of(db, "planner_meta"):
        return 0
    row = db.execute("SELECT value FROM planner_meta WHERE key = 'schema'").fetchone()
    return int(row[0]) if row else 0


def _version(db: sqlite3.Connection) -> int:
    if not geopackage.columns_of(db, "planner_acts"):
        return 0
    return int(db.execute("SELECT coalesce(max(version), 0) FROM planner_acts").fetchone()[0])
