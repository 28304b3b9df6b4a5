"""Chain: whether the book is as it was written, and the whole book as lines to hand over or replay."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from planner.errors import StoreError
from planner.gazetteer import schema
from planner.gazetteer.ledger import Ledger, event_hash
from planner.gazetteer.records import seal
from planner.gazetteer.schema import EVENT_COLUMNS, INSERT_EVENT, KINDS, Kind
from planner.store import GeoPackageStore
from planner.store.geopackage import GEOMETRY, teach


@dataclass(frozen=True)
class Verdict:
    """What `verify` found: ``sound``, or the first row that is not as it was written and why.

    ``head`` is the hash of the last event: written down elsewhere, it also proves that none is missing at the end.
    """

    sound: bool
    events: int
    records: int
    head: str
    where: str = ""
    reason: str = ""

    def __bool__(self) -> bool:
        return self.sound


def verify(ledger: Ledger, *, head: str | None = None) -> Verdict:
    """Read the whole book and find the first row that was tampered with."""
    db = ledger.db
    previous, seen, records = "", 0, 0
    for row in db.execute("SELECT * FROM register_events ORDER BY seq"):
        seen += 1
        fault, count = _fault(db, row, seen, previous)
        records += count
        if fault:
            return Verdict(False, seen, records, previous, *fault)
        previous = row["hash"]
    strangers = _strangers(db, seen)
    if strangers:
        return Verdict(False, seen, records, previous, *strangers)
    if head is not None and head != previous:
        return Verdict(
            False,
            seen,
            records,
            previous,
            f"event {seen}",
            "the book ends elsewhere than it did; events are missing or added",
        )
    return Verdict(True, seen, records, previous)


def _fault(
    db: sqlite3.Connection, row: sqlite3.Row, expected: int, previous: str
) -> tuple[tuple[str, str] | None, int]:
    where = f"event {row['seq']}"
    if row["seq"] != expected or row["previous"] != previous:
        return (where, "does not follow the event before"), 0
    if event_hash([row[name] for name in EVENT_COLUMNS[:-1]]) != row["hash"]:
        return (where, "was changed after it was recorded"), 0
    digest, count, bad = _digest(db, row["seq"])
    if bad:
        return (bad, f"was changed after {where} recorded it"), count
    if digest != row["digest"]:
        return (where, "records were added to it, taken from it or reopened after it was recorded"), count
    return None, count


def _digest(db: sqlite3.Connection, seq: int) -> tuple[str, int, str]:
    digest, count = hashlib.blake2b(digest_size=32), 0
    ends = [
        (kind.name, fid)
        for kind in KINDS.values()
        for (fid,) in db.execute(f"SELECT fid FROM {kind.table} WHERE ended = ?", (seq,))  # noqa: S608
    ]
    for name, fid in sorted(ends):
        digest.update(f"-{name}/{fid};".encode())
    for kind, rows in _begun(db, seq):
        seals = []
        for row in rows:
            found = seal(kind.name, _content(kind, row))
            if found != row["seal"]:
                return "", count, f"{kind.name} record {row['fid']} ({row['thing']})"
            seals.append(found)
        count += len(seals)
        digest.update(b"".join((f"+{kind.name};".encode(), *seals)))
    return digest.hexdigest(), count, ""


def _begun(db: sqlite3.Connection, seq: int) -> Iterator[tuple[Kind, list[sqlite3.Row]]]:
    """Records an event began, in the batches they were written in: by kind in the book's order, 20,000 at most."""
    for kind in KINDS.values():
        cursor = db.execute(f"SELECT * FROM {kind.table} WHERE begun = ? ORDER BY fid", (seq,))  # noqa: S608
        while rows := cursor.fetchmany(20_000):
            yield kind, rows


def _content(kind: Kind, row: sqlite3.Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("thing", "slot", "valid_from", "valid_to", *kind.stored))


def _strangers(db: sqlite3.Connection, last: int) -> tuple[str, str] | None:
    for kind in KINDS.values():
        sql = f"SELECT fid FROM {kind.table} WHERE begun > ? OR begun < 1 OR ended > ? LIMIT 1"  # noqa: S608
        if found := db.execute(sql, (last, last)).fetchone():
            return f"{kind.name} record {found['fid']}", "belongs to no event of the book"
    return None


def bundle(ledger: Ledger, *, withheld: frozenset[str] = frozenset()) -> Iterator[dict[str, Any]]:
    """The whole book as one JSON object an event: the event, the records it ended, the records it began.

    Of things in ``withheld`` only the seal of each record is given: enough to check the chain, not to read them.
    """
    db = ledger.db
    for row in db.execute("SELECT * FROM register_events ORDER BY seq"):
        ends = {kind.name: _ended(db, kind, row["seq"]) for kind in KINDS.values()}
        begins: dict[str, list[dict[str, Any]]] = {}
        for kind, rows in _begun(db, row["seq"]):
            begins.setdefault(kind.name, []).extend(_line(kind, record, withheld) for record in rows)
        yield {
            "event": {name: row[name] for name in EVENT_COLUMNS},
            "ends": {name: fids for name, fids in ends.items() if fids},
            "begins": begins,
        }


def _ended(db: sqlite3.Connection, kind: Kind, seq: int) -> list[int]:
    sql = f"SELECT fid FROM {kind.table} WHERE ended = ? ORDER BY fid"  # noqa: S608
    return [fid for (fid,) in db.execute(sql, (seq,))]


def _line(kind: Kind, row: sqlite3.Row, withheld: frozenset[str]) -> dict[str, Any]:
    if withheld and not withheld.isdisjoint(str(row[name]) for name in ("thing", *kind.columns)):
        return {"fid": row["fid"], "withheld": row["seal"].hex()}
    line = {name: row[name] for name in ("fid", "thing", "slot", "valid_from", "valid_to", *kind.stored)}
    if kind.geometry and line[GEOMETRY] is not None:
        line[GEOMETRY] = line[GEOMETRY].hex()
    return line


def replay(lines: Iterable[dict[str, Any]], to: str | Path) -> GeoPackageStore:
    """Rebuild a register in a new file from its bundle; the chain is checked as it is laid."""
    store = GeoPackageStore(to)
    if store.exists:
        raise StoreError(f"{to} exists; a bundle is replayed into a new file")
    with store.writing("replay a bundle") as db:
        teach(db)
        schema.create(db)
        for line in lines:
            _lay(db, line)
    rebuilt = Ledger(store)
    verdict = verify(rebuilt)
    rebuilt.close()
    if not verdict:
        raise StoreError(f"the bundle is not as it was written: {verdict.where} {verdict.reason}")
    return store


def _lay(db: sqlite3.Connection, line: dict[str, Any]) -> None:
    event = line["event"]
    for name, fids in line["ends"].items():
        table = KINDS[name].table
        db.executemany(f"UPDATE {table} SET ended = ? WHERE fid = ?", [(event["seq"], fid) for fid in fids])  # noqa: S608
    for name, records in line["begins"].items():
        kind = KINDS[name]
        columns = ("fid", "thing", "slot", "valid_from", "valid_to", *kind.stored)
        for record in records:
            if "withheld" in record:
                raise StoreError("secret records are withheld from this bundle; only a backup holds the whole book")
            values = {**record}
            if kind.geometry and values[GEOMETRY] is not None:
                values[GEOMETRY] = bytes.fromhex(values[GEOMETRY])
            content = tuple(values[column] for column in columns)
            row = (*content, event["seq"], seal(name, content[1:]))
            listed = ", ".join(f'"{column}"' for column in (*columns, "begun", "seal"))
            db.execute(f"INSERT INTO {kind.table} ({listed}) VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
    db.execute(INSERT_EVENT, [event[name] for name in EVENT_COLUMNS])


def save_bundle(ledger: Ledger, path: str | Path, *, withheld: frozenset[str] = frozenset()) -> Path:
    """Write the bundle as JSON Lines, for an auditor."""
    target = Path(path)
    part = target.with_name(target.name + ".part")
    with part.open("w", encoding="utf-8") as out:
        for line in bundle(ledger, withheld=withheld):
            out.write(json.dumps(line, ensure_ascii=False, default=_iso) + "\n")
    part.replace(target)
    return target


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"cannot write {type(value).__name__}")
