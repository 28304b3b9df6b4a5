"""Ledger: the append-only book of events and records, on two clocks.

`Ledger.act` records one event: which records it ends and which it begins, in one transaction, chained to
the event before by a hash. Everything else only reads. Known time is the event's number: it cannot run
backwards, and ``recorded`` follows it even where the computer's clock goes back.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from planner.errors import IdError, PeriodError, StoreError
from planner.gazetteer import schema
from planner.gazetteer.records import Basis, Record, from_rows, rows, seal
from planner.gazetteer.schema import INSERT_EVENT, KINDS, Kind
from planner.layers import Period
from planner.store import Act, GeoPackageStore, apply, geopackage

OFFICE_TIME = timezone(timedelta(hours=8))
"""The clock of the office: a ``known_on`` date ends at its midnight."""

Clock = Callable[[], datetime]
_BATCH = 20_000
_CACHE_KIB = 64_000
_MAPPED_BYTES = 2**31  # look-ups in a book of a million names read scattered pages; mapped, none is copied
_RANK = {name: rank for rank, name in enumerate(KINDS)}


@dataclass(frozen=True)
class Event:
    """One entry of the book, as kept."""

    seq: int
    kind: str
    recorded: datetime
    actor: str
    document: str
    authority: str
    effective: date | None
    note: str
    hash: str


class Ledger:
    """The register's tables in one project file."""

    def __init__(self, store: GeoPackageStore, *, clock: Clock | None = None) -> None:
        self.store = store
        self._clock = clock or _now
        self._db: sqlite3.Connection | None = None

    @property
    def db(self) -> sqlite3.Connection:
        """A connection to read with; makes the register's tables at first need."""
        if self._db is None:
            if not self.store.exists or not self._stands():
                with self.store.writing("open the register") as db:
                    schema.create(db)
            self._db = self.store.connect()
            self._db.row_factory = sqlite3.Row
            self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._db.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
            geopackage.teach(self._db)
        return self._db

    def _stands(self) -> bool:
        db = self.store.connect()
        try:
            return bool(geopackage.columns_of(db, "register_events"))
        finally:
            db.close()

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def act(
        self,
        kind: str,
        basis: Basis,
        *,
        begin: Iterable[Record] = (),
        end: Sequence[Record] = (),
        beside: Act | None = None,
    ) -> int:
        """Record one event: records that end, then records that begin; gives its number.

        ``beside`` is what the project file keeps in the same transaction, such as the account of an import.
        Raises `PeriodError` where two records would be true of one thing on one day.
        """
        _ = self.db
        if isinstance(begin, Sequence):  # what streams in is of one kind already
            begin = sorted(begin, key=lambda record: _RANK[record.kind.name])
        try:
            with self.store.writing(f"register: {kind}", who=basis.actor) as db:
                db.row_factory = sqlite3.Row
                seq, recorded, previous = self._next(db)
                digest = hashlib.blake2b(digest_size=32)
                for name, fid in sorted((record.kind.name, record.fid) for record in end):
                    _end(db, KINDS[name], fid, seq)
                    digest.update(f"-{name}/{fid};".encode())
                for name, seals in _begin(db, begin, seq):
                    digest.update(b"".join((f"+{name};".encode(), *seals)))
                _write_event(db, seq, kind, basis, recorded=recorded, previous=previous, digest=digest.hexdigest())
                if beside is not None:
                    apply(db, beside)
        except StoreError as error:
            raise _in_words(error, kind) from error
        return seq

    def _next(self, db: sqlite3.Connection) -> tuple[int, str, str]:
        last = db.execute("SELECT seq, recorded, hash FROM register_events ORDER BY seq DESC LIMIT 1").fetchone()
        now = self._clock().astimezone(UTC)
        if last is None:
            return 1, _stamp(now), ""
        after = datetime.fromisoformat(last["recorded"]) + timedelta(microseconds=1)
        return last["seq"] + 1, _stamp(max(now, after)), last["hash"]

    def known(self, known_on: date | datetime | None) -> int | None:
        """Number of the last event in the books by a moment or by the end of a day; ``None`` for now."""
        if known_on is None:
            return None
        if isinstance(known_on, datetime):
            moment = known_on if known_on.tzinfo else known_on.replace(tzinfo=OFFICE_TIME)
        else:
            moment = datetime.combine(known_on + timedelta(days=1), datetime.min.time(), OFFICE_TIME)
        sign = "<=" if isinstance(known_on, datetime) else "<"
        sql = f"SELECT coalesce(max(seq), 0) FROM register_events WHERE recorded {sign} ?"  # noqa: S608
        found = self.db.execute(sql, (_stamp(moment.astimezone(UTC)),)).fetchone()
        return int(found[0])

    def select(
        self,
        kind: Kind,
        where: str = "",
        values: Sequence[Any] = (),
        *,
        on: date | None = None,
        known_on: date | datetime | None = None,
        limit: int | None = None,
    ) -> list[Record]:
        """Records of a kind that the books hold (or held by ``known_on``), true on a day if one is given."""
        conditions, given = [f"({where})"] if where else [], list(values)
        seq = self.known(known_on)
        if seq is None:
            conditions.append("ended IS NULL")
        else:
            conditions.append("begun <= ? AND (ended IS NULL OR ended > ?)")
            given += [seq, seq]
        if on is not None:
            conditions.append("(valid_from IS NULL OR valid_from <= ?) AND (valid_to IS NULL OR ? < valid_to)")
            given += [on.isoformat()] * 2
        tail = "" if limit is None else f" LIMIT {limit:d}"
        sql = f"SELECT * FROM {kind.table} WHERE {' AND '.join(conditions)}{tail}"  # noqa: S608
        records = from_rows(kind, self.db.execute(sql, given))
        return sorted(records, key=_order) if limit is None else records

    def one(
        self, kind: Kind, thing: str, *, on: date, slot: str = "", known_on: date | datetime | None = None
    ) -> Record:
        """The record of a thing that holds on a day; raises `IdError` or `PeriodError` where there is none."""
        found = self.select(kind, "thing = ? AND slot = ?", (thing, slot), on=on, known_on=known_on)
        if found:
            return found[0]
        ever = self.select(kind, "thing = ?", (thing,), known_on=known_on)
        if not ever:
            raise IdError(f"the register holds no {kind.name} {thing!r}")
        spans = ", ".join(str(record.valid) for record in ever)
        raise PeriodError(f"{kind.name} {thing!r} has no record for {on}; it has {spans}")

    def events(self) -> Iterator[Event]:
        """Every event, in order."""
        yield from map(_event, self.db.execute("SELECT * FROM register_events ORDER BY seq"))

    def event(self, seq: int) -> Event:
        """One event by its number; raises `IdError` where there is none."""
        row = self.db.execute("SELECT * FROM register_events WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            raise IdError(f"there is no event {seq}; the last is {self.last()}")
        return _event(row)

    def undo(self, seq: int, basis: Basis) -> int:
        """Take back an event by another one, where nothing later is built on it."""
        begun = [self._all(kind, "begun = ?", seq) for kind in KINDS.values()]
        closed = [self._all(kind, "ended = ?", seq) for kind in KINDS.values()]
        opened, ended = [r for some in begun for r in some], [r for some in closed for r in some]
        if not opened and not ended:
            raise IdError(f"there is no event {seq} that changed anything; the last is {self.last()}")
        if later := [record for record in opened if record.ended is not None]:
            raise PeriodError(f"event {later[0].ended} is built on event {seq}; undo that one first")
        return self.act(f"undo {seq}", basis, begin=[record.but() for record in ended], end=opened)

    def last(self) -> int:
        """Number of the last event; 0 in an empty register."""
        return int(self.db.execute("SELECT coalesce(max(seq), 0) FROM register_events").fetchone()[0])

    def _all(self, kind: Kind, where: str, value: int) -> list[Record]:
        rows = self.db.execute(f"SELECT * FROM {kind.table} WHERE {where} ORDER BY fid", (value,))  # noqa: S608
        return from_rows(kind, rows)


def _event(row: sqlite3.Row) -> Event:
    day = None if row["effective"] is None else date.fromisoformat(row["effective"])
    return Event(
        row["seq"], row["kind"], datetime.fromisoformat(row["recorded"]), row["actor"], row["document"] or "",
        row["authority"] or "", day, row["note"] or "", row["hash"],
    )  # fmt: skip


def cut(record: Record, on: date) -> list[Record]:
    """What stays of a record when it stops being true on a day: nothing if it began that day."""
    return [] if record.valid.start == on else [record.but(valid=Period(record.valid.start, on))]


def _begin(db: sqlite3.Connection, records: Iterable[Record], seq: int) -> Iterator[tuple[str, list[bytes]]]:
    streamed = not isinstance(records, Sequence)
    aside: list[Kind] = []
    for batch in _batches(records):
        kind = batch[0].kind
        if streamed and kind not in aside and _is_small(db, kind):
            schema.suspend(db, kind)
            aside.append(kind)
        yield kind.name, _insert(db, batch, seq)
    for kind in aside:
        schema.resume(db, kind)


def _is_small(db: sqlite3.Connection, kind: Kind) -> bool:
    """Whether building a table's indexes anew is cheaper than adding a large load to them row by row."""
    return int(db.execute(f"SELECT coalesce(max(fid), 0) FROM {kind.table}").fetchone()[0]) < 100_000  # noqa: S608


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for record in records:
        if batch and (batch[-1].kind is not record.kind or len(batch) >= _BATCH):
            yield batch
            batch = []
        batch.append(record)
    if batch:
        yield batch


def _insert(db: sqlite3.Connection, batch: list[Record], seq: int) -> list[bytes]:
    kind = batch[0].kind
    content = rows(batch)
    seals = [seal(kind.name, row) for row in content]
    names = ["thing", "slot", "valid_from", "valid_to", *(f'"{name}"' for name in kind.stored), "begun", "seal"]
    marks = ", ".join("?" * len(names))
    sql = f"INSERT INTO {kind.table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
    db.executemany(sql, [(*row, seq, digest) for row, digest in zip(content, seals, strict=True)])
    return seals


def _end(db: sqlite3.Connection, kind: Kind, fid: int, seq: int) -> None:
    done = db.execute(f"UPDATE {kind.table} SET ended = ? WHERE fid = ? AND ended IS NULL", (seq, fid))  # noqa: S608
    if done.rowcount != 1:
        raise StoreError(
            f"{kind.name} record {fid} was ended by someone else meanwhile; read it again, then repeat the change"
        )


def _write_event(
    db: sqlite3.Connection, seq: int, kind: str, basis: Basis, *, recorded: str, previous: str, digest: str
) -> None:
    days = [getattr(basis, name) for name in ("applied", "approved", "effective", "filed", "announced")]
    note = "; ".join(text for text in (basis.note, f"override: {basis.override}" if basis.override else "") if text)
    row = [
        seq, kind, recorded, basis.actor, basis.document, basis.authority, *(day and day.isoformat() for day in days),
        json.dumps(dict(basis.attachments), ensure_ascii=False, sort_keys=True), note, digest, previous,
    ]  # fmt: skip
    db.execute(INSERT_EVENT, (*row, event_hash(row)))


def event_hash(row: Sequence[Any]) -> str:
    """Hash of an event with everything in it, the hash of the one before included."""
    return hashlib.sha256(json.dumps(list(row), ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _in_words(error: StoreError, kind: str) -> Exception:
    if "two truths on one day" in str(error):
        return PeriodError(
            f"{kind}: the register already holds another truth for that day; correct that record instead"
        )
    if "must start before it ends" in str(error):
        return PeriodError(f"{kind}: a period must start before it ends")
    return error


def _order(record: Record) -> tuple[str, str, str]:
    return record.thing, record.slot, record.valid.start.isoformat() if record.valid.start else ""


def _now() -> datetime:
    return datetime.now(UTC)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
