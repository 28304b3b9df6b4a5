"""Records: what the register says of a thing, for a while in the world and for a while in the books."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise, repeat
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from planner.errors import DataError, PeriodError
from planner.gazetteer.schema import KINDS, Kind
from planner.layers import Period
from planner.store import geopackage
from planner.store.geopackage import GEOMETRY

ALWAYS = Period()


@dataclass(frozen=True)
class Basis:
    """On whose word something is recorded: the document and authority, the person who enters it, and the dates.

    ``attachments`` are the SHA-256 digests of the papers by file name (`Basis.with_files` works them out).
    ``override`` is the reason for going against a protection, such as that of a protected name.
    """

    actor: str
    document: str = ""
    authority: str = ""
    applied: date | None = None
    approved: date | None = None
    effective: date | None = None
    filed: date | None = None
    announced: date | None = None
    attachments: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    override: str = ""

    def __post_init__(self) -> None:
        if not self.actor.strip():
            raise DataError("every event needs the name of the person who records it: Basis(actor=...)")
        object.__setattr__(self, "attachments", MappingProxyType(dict(self.attachments)))
        order = ("applied", "approved", "filed", "announced")
        given = [(name, day) for name in order if (day := getattr(self, name)) is not None]
        for (earlier, first), (later, second) in pairwise(given):
            if second < first:
                raise PeriodError(
                    f"{later} on {second} comes before {earlier} on {first}; check the dates of {self.document!r}"
                )

    def with_files(self, *paths: str | Path) -> Basis:
        """The same with papers attached, by the digest of their content."""
        digests = {Path(path).name: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths}
        return replace(self, attachments={**self.attachments, **digests})


@dataclass(frozen=True, eq=False)
class Record:
    """One thing as the register says it was: ``record["name"]`` gives its columns.

    ``begun`` and ``ended`` are the events between which the books said so; ``ended`` is ``None`` while they do.
    """

    kind: Kind
    thing: str
    values: Mapping[str, Any]
    valid: Period = ALWAYS
    slot: str = ""
    geometry: BaseGeometry | None = None
    fid: int = 0
    begun: int = 0
    ended: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def __getitem__(self, column: str) -> Any:
        return self.values.get(column)

    def but(self, *, valid: Period | None = None, slot: str | None = None, **changes: Any) -> Record:
        """The same with something changed, not yet recorded."""
        geometry = changes.pop(GEOMETRY, self.geometry)
        return Record(
            self.kind, self.thing, {**self.values, **changes}, self.valid if valid is None else valid,
            self.slot if slot is None else slot, geometry,
        )  # fmt: skip

    def row(self) -> tuple[Any, ...]:
        """Content as the table holds it: thing, slot, period, then the kind's own columns and ``more``; no geometry."""
        given, kind = self.values, self.kind
        own = [
            value if value is None or value.__class__ is str else _stored(value) for value in map(given.get, kind.own)
        ]
        more = "{}"
        if not kind.columns.keys() >= given.keys():
            extra = {key: given[key] for key in given.keys() - kind.columns.keys() if given[key] is not None}
            more = json.dumps(extra, ensure_ascii=False, sort_keys=True, default=str, allow_nan=False)
        return (self.thing, self.slot, _stored(self.valid.start), _stored(self.valid.end), *own, more)

    def __repr__(self) -> str:
        what = self.values.get("name") or self.values.get("number") or self.values.get("text") or ""
        code = f" {self.values['code']}" if self.values.get("code") else ""
        return f"<{self.kind.name} {self.thing}:{code} {what} {self.valid}>"


_SEALED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def seal(kind: str, row: tuple[Any, ...]) -> bytes:
    """Digest of a record's content, 16 bytes."""
    shape = row[-1] if isinstance(row[-1], bytes) else b""
    plain = row[:-1] if KINDS[kind].geometry else row
    return hashlib.blake2b(_SEALED([kind, *plain]).encode() + shape, digest_size=16).digest()


def from_rows(kind: Kind, found: Iterable[sqlite3.Row]) -> list[Record]:
    """Make records from rows of their table as ``SELECT *`` gives them."""
    every = list(found)
    if not every:
        return []
    shapes: Iterable[BaseGeometry | None] = repeat(None)
    if kind.geometry:
        shapes = geopackage.decode([row[GEOMETRY] for row in every]).tolist()
    return [_record(kind, row, shape) for row, shape in zip(every, shapes, strict=False)]


def _record(kind: Kind, row: sqlite3.Row, shape: BaseGeometry | None) -> Record:
    _, thing, slot, start, end, begun, ended, _, *own = tuple(row)[: 8 + len(kind.own)]
    values: dict[str, Any] = dict(zip(kind.own, own, strict=True))
    for name in kind.dates:
        values[name] = _day(values[name])
    for name in kind.flags:
        if values[name] is not None:
            values[name] = bool(values[name])
    if (more := row["more"]) != "{}":
        values.update(json.loads(more))
    return Record(kind, thing, values, Period(_day(start), _day(end)), slot, shape, row[0], begun, ended)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _stored(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value


def rows(records: Sequence[Record]) -> list[tuple[Any, ...]]:
    """Content of records of one kind as the table holds it, geometry last where the kind has one."""
    plain = [record.row() for record in records]
    kind = records[0].kind
    if not kind.geometry:
        return plain
    shapes: Any = np.empty(len(records), dtype=object)
    shapes[:] = [record.geometry for record in records]
    many: dict[str, tuple[int, Any]] = {
        "MULTIPOLYGON": (3, shapely.multipolygons),
        "MULTILINESTRING": (1, shapely.multilinestrings),
    }
    if kind.geometry in many:
        single, build = many[kind.geometry]
        alone = shapely.get_type_id(shapes) == single
        if alone.any():
            shapes[alone] = build(shapes[alone], indices=np.arange(alone.sum()))
    return [(*row, blob) for row, blob in zip(plain, geopackage.encode(shapes, 4490), strict=True)]
