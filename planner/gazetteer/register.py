"""Gazetteer: the register of names, divisions, lines, markers and signs, as one object with its verbs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from planner.area import Units
from planner.errors import DataError, IdError
from planner.gazetteer import boundaries, campaigns, chain, divisions, lineage, naming, search, signs, topology, units
from planner.gazetteer.boundaries import Line, Marker
from planner.gazetteer.divisions import Unit
from planner.gazetteer.ledger import Clock, Ledger
from planner.gazetteer.naming import NewName
from planner.gazetteer.records import Basis, Record
from planner.gazetteer.rules import Finding
from planner.gazetteer.schema import DIVISION, KINDS, LINE, MARKER, NAME, Kind
from planner.layers import Period
from planner.store import Act, GeoPackageStore

Known = date | datetime | None


class Gazetteer:
    """The register in one project file; nothing in it is ever rewritten.

    Every question takes ``on=`` (the world) and most take ``known_on=`` (our books). Every change is one event
    with a `Basis`; a mistake is corrected or undone by another event. Places are named by ID (``place:370215``)
    or by any code they ever bore.
    """

    def __init__(self, store: GeoPackageStore, *, clock: Clock | None = None) -> None:
        self.ledger = Ledger(store, clock=clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.ledger.close()

    # what the books say

    def find(self, text: str, *, on: date | None = None, known_on: Known = None, limit: int = 20) -> list[Record]:
        """Names and divisions that match a text: any name ever borne, its beginning, or its pinyin initials."""
        return search.find(self.ledger, text, on=on, known_on=known_on, limit=limit)

    def show(self, which: str, *, on: date, known_on: Known = None) -> list[Record]:
        """Everything true of a place or code on a day."""
        places = lineage.places_of(self.ledger, which, known_on)
        kinds = KINDS.values()
        return [
            r for p in places for k in kinds for r in self.ledger.select(k, "thing = ?", (p,), on=on, known_on=known_on)
        ]

    def history(self, which: str, *, known_on: Known = None) -> pd.DataFrame:
        """Everything the books say of a place or code, oldest first, with the event each row rests on."""
        return lineage.history(self.ledger, which, known_on=known_on)

    def was(self, which: str, *, on: date, known_on: Known = None) -> list[Record]:
        """The divisions a place or code grew out of, as they were on a day."""
        return lineage.was(self.ledger, which, on=on, known_on=known_on)

    def became(self, which: str, *, on: date | None = None, known_on: Known = None) -> list[Record]:
        """The divisions a place or code turned into, as they are on a day (today)."""
        return lineage.became(self.ledger, which, on=on or date.today(), known_on=known_on)  # noqa: DTZ011

    def units_on(
        self, on: date, *, level: str | None = None, within: str = "", crs: CRS | None = None, known_on: Known = None
    ) -> Units:
        """Divisions in force on a day as polygons in metres, of one level or all, under one place or all."""
        top = self.place(within) if within else ""
        return units.units_on(self.ledger, on, level=level, within=top, crs=crs, known_on=known_on)

    def divisions_at(self, longitude: float, latitude: float, *, on: date, known_on: Known = None) -> list[Record]:
        """Divisions a point lies in on a day, widest first."""
        return units.divisions_at(self.ledger, longitude, latitude, on=on, known_on=known_on)

    def divisions(self, on: date, *, level: str | None = None, known_on: Known = None) -> list[Record]:
        """Divisions in force on a day, with or without a border."""
        where, values = ("level = ?", (level,)) if level else ("", ())
        return self.ledger.select(DIVISION, where, values, on=on, known_on=known_on)

    def names(self, on: date | None = None, *, known_on: Known = None, **columns: Any) -> list[Record]:
        """Names, by any of their columns: ``names(day, status="draft", scheme="2026")``."""
        if unknown := set(columns) - {*NAME.columns, "slot"}:
            raise DataError(f"names have no column {', '.join(sorted(unknown))}; they have {', '.join(NAME.columns)}")
        where = " AND ".join(f'"{name}" = ?' for name in columns)
        return self.ledger.select(NAME, where, tuple(columns.values()), on=on, known_on=known_on)

    def rebase(
        self, values: pd.Series, *, from_on: date, to_on: date, level: str, people: Any = None, within: str = ""
    ) -> pd.Series:
        """Carry figures by unit of one day to the units of another; the total is kept."""
        fresh = self.units_on(to_on, level=level, within=within)
        old = self.units_on(from_on, level=level, crs=fresh.crs if people is None else people.crs)
        chosen = old if not within else _touching(old, fresh)
        return units.rebase(values, chosen, fresh, people=people)

    def tree(self, which: str = "", *, on: date, depth: int = 2) -> str:
        """Divisions under a place as an indented text."""
        return lineage.tree(self.ledger, self.place(which) if which else "", on=on, depth=depth)

    def topology(self, on: date, *, level: str, within: str = "", crs: CRS | None = None) -> pd.DataFrame:
        """Gaps, overlaps and slivers among units of a level, lines off their edge, markers off their line; each with its size."""
        tiles = self.units_on(on, level=level, within=within, crs=crs)
        parent = None
        if within:
            parent = self.ledger.one(DIVISION, self.place(within), on=on).geometry
        lines = self.ledger.select(LINE, "level = ?", (level,), on=on)
        markers = self.ledger.select(MARKER, on=on)
        found = [topology.tiling(tiles, parent=parent)]
        if lines:
            found.append(topology.lines_fit(lines, tiles))
        if markers:
            found.append(topology.markers_fit(markers, lines, tiles))
        return pd.concat([table for table in found if len(table)] or found[:1], ignore_index=True)

    def place(self, which: str) -> str:
        """The one place a word stands for; raises `IdError` where a code was borne by several."""
        found = lineage.places_of(self.ledger, which)
        if len(found) > 1:
            raise IdError(f"{which} was borne by {', '.join(found)}; name the place")
        return found[0]

    # divisions

    def create(self, unit: Unit, *, on: date, basis: Basis, parent: str = "") -> str:
        """Set up a division; gives its place ID."""
        return divisions.create(self.ledger, unit, on=on, parent=self.place(parent) if parent else "", basis=basis)

    def rename(self, which: str, name: str, *, on: date, basis: Basis) -> int:
        """Give a division another name from a day on; other places are renamed by `propose` and `advance`."""
        return divisions.change(self.ledger, self.place(which), "rename", on=on, basis=basis, changes={"name": name})

    def upgrade(self, which: str, *, name: str, code: str, type: str, on: date, basis: Basis) -> int:  # noqa: A002
        """Turn a division into one of another type, with its new name and code (撤市设区); units under it are recoded."""
        changes = {"name": name, "code": code, "type": type}
        return divisions.change(self.ledger, self.place(which), "upgrade", on=on, basis=basis, changes=changes)

    def change_code(self, which: str, code: str, *, on: date, basis: Basis) -> int:
        """Give a division another code from a day on; units under it are recoded with it."""
        return divisions.change(
            self.ledger, self.place(which), "change code", on=on, basis=basis, changes={"code": code}
        )

    def move_seat(self, which: str, seat: str, *, on: date, basis: Basis) -> int:
        """Move a division's seat (驻地迁移)."""
        return divisions.change(self.ledger, self.place(which), "move seat", on=on, basis=basis, changes={"seat": seat})

    def redraw(self, which: str, geometry: BaseGeometry, *, on: date, basis: Basis) -> int:
        """Give a division another border from a day on."""
        return divisions.change(
            self.ledger, self.place(which), "redraw", on=on, basis=basis, changes={"geom": geometry}
        )

    def transfer(self, which: str, to: str, *, on: date, basis: Basis, code: str | None = None) -> int:
        """Move a division under another one."""
        return divisions.transfer(self.ledger, self.place(which), self.place(to), on=on, basis=basis, code=code)

    def merge(self, which: Sequence[str], into: str | Unit, *, on: date, basis: Basis) -> str:
        """Merge divisions into one of them or into a new one; gives the heir's place ID."""
        heir = into if isinstance(into, Unit) else self.place(into)
        return divisions.merge(self.ledger, [self.place(one) for one in which], heir, on=on, basis=basis)

    def split(self, which: str, into: Sequence[Unit], *, on: date, basis: Basis) -> list[str]:
        """Split a division; a part whose ``place`` is the division's continues it."""
        return divisions.split(self.ledger, self.place(which), into, on=on, basis=basis)

    def abolish(self, which: str, *, on: date, basis: Basis, heirs: Sequence[str] = ()) -> int:
        """Abolish a division, saying who inherits."""
        return divisions.abolish(
            self.ledger, self.place(which), on=on, basis=basis, heirs=[self.place(h) for h in heirs]
        )

    def correct(self, record: Record, *, basis: Basis, valid: Period | None = None, **changes: Any) -> int:
        """Correct a record; what the books said before stays readable by ``known_on=``."""
        return divisions.correct(self.ledger, record, basis, valid=valid, **changes)

    def undo(self, event: int, *, basis: Basis) -> int:
        """Take back an event by another one."""
        return self.ledger.undo(event, basis)

    # names

    def propose(self, new: NewName, *, on: date, basis: Basis, place: str = "") -> str:
        """Enter a draft name, for a new place or one that has a name; gives the place ID."""
        return naming.propose(self.ledger, new, place=place or f"place:n{self.ledger.last() + 1}", on=on, basis=basis)

    def check(self, new: NewName | Record, *, place: str = "") -> list[Finding]:
        """Judge a name by every naming rule, against the names around it."""
        return naming.check(self.ledger, new, place=place)

    def decide(self, place: str, rule: str, *, decision: str, reason: str, on: date, basis: Basis) -> int:
        """Record a person's decision on what a rule suspects."""
        return naming.decide(self.ledger, place, rule, decision=decision, reason=reason, basis=basis, on=on)

    def confirm_pinyin(self, place: str, roman: str, *, basis: Basis) -> int:
        """Put a named person's word behind a name's roman letters."""
        return naming.confirm_pinyin(self.ledger, place, roman, basis=basis)

    def advance(self, place: str, to: str, *, on: date, basis: Basis, **values: Any) -> int:
        """Take a name one step on: applied, assessed, approved, filed, announced, in use; rejected, withdrawn, retired."""
        return naming.advance(self.ledger, place, to, on=on, basis=basis, **values)

    def overdue(self, on: date, *, days: Mapping[str, int] = naming.DEADLINE_DAYS) -> pd.DataFrame:
        """Names whose next step is late."""
        return naming.overdue(self.ledger, on, days=days)

    def scheme(self, scheme: str) -> campaigns.SchemeCount:
        """How far a naming scheme has come."""
        return campaigns.scheme_count(self.ledger, scheme)

    def screen(self, *, within: str = "") -> pd.DataFrame:
        """Judge every standing name by the rules."""
        return campaigns.screen(self.ledger, within=within)

    # lines, markers, signs: the verbs of their rooms take the ledger; these are the daily ones

    def agree(self, line: Line, *, on: date, basis: Basis) -> str:
        """Enter an agreed boundary line."""
        return boundaries.agree(self.ledger, line, on=on, basis=basis)

    def set_marker(self, marker: Marker, *, on: date, basis: Basis) -> str:
        """Enter a boundary marker."""
        return boundaries.set_marker(self.ledger, marker, on=on, basis=basis)

    def inspect(
        self,
        thing: str,
        *,
        on: date,
        basis: Basis,
        type: str = "joint",  # noqa: A002
        results: Mapping[str, str] | None = None,
    ) -> int:
        """Log an inspection of a line or marker."""
        return boundaries.inspect(self.ledger, thing, on=on, basis=basis, type=type, results=results)

    def inspections_due(self, on: date, *, within_days: int = 0) -> pd.DataFrame:
        """Lines whose joint inspection is due."""
        return boundaries.inspections_due(self.ledger, on, within_days=within_days)

    def signs_due(self, on: date) -> pd.DataFrame:
        """Signs with something overdue."""
        return signs.signs_due(self.ledger, on)

    # the books themselves

    def load(self, records: Iterable[Record], *, basis: Basis, kind: str = "load", beside: Act | None = None) -> int:
        """Enter many records of one kind as one event, streamed; for first loads and imports.

        ``beside`` is what the project file keeps in the same transaction, such as the account of the rows.
        """
        return self.ledger.act(kind, basis, begin=records, beside=beside)

    def verify(self, *, head: str | None = None) -> chain.Verdict:
        """Find the first row of the books that is not as it was written."""
        return chain.verify(self.ledger, head=head)

    def _count(self, kind: Kind) -> int:
        sql = f"SELECT count(*) FROM {kind.table} WHERE ended IS NULL"  # noqa: S608
        return int(self.ledger.db.execute(sql).fetchone()[0])

    def __repr__(self) -> str:
        counts = ((kind, self._count(kind)) for kind in KINDS.values())
        held = ", ".join(f"{count:,} {kind.name}s" for kind, count in counts if count)
        return f"<Gazetteer {self.ledger.store.path.name}: {held or 'empty'}, {self.ledger.last():,} events>"


def _touching(old: Units, fresh: Units) -> Units:
    whole = shapely.union_all(fresh.frame.geometry.to_numpy())
    frame = old.frame
    area = shapely.area(shapely.intersection(frame.geometry.to_numpy(), whole))
    return Units(frame[area > 0.5 * frame.geometry.area.to_numpy()])


def open_gazetteer(path: str | Path, *, clock: Clock | None = None, wait_seconds: float = 10.0) -> Gazetteer:
    """Open the register in a project file, made at first need. ``clock`` gives the time of recording (by default, now)."""
    return Gazetteer(GeoPackageStore(path, wait_seconds=wait_seconds), clock=clock)
