"""Ledger: keeps account of every row while a file is being read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.arrays import Mask, Positions
from planner.imports import QUARANTINE_COLUMNS, REPAIR_COLUMNS, ImportReport, Rule, rules
from planner.sources.records import Records
from planner.texts import Text

Values = str | Sequence[Any] | npt.NDArray[Any]
Entry = tuple[int, Rule, str, str]


class Ledger:
    """The account of one import: which rows still stand, which are out and why, what was mended.

    A row is left out once, by the first rule it meets. `report` closes the account.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self.standing: Mask = np.ones(len(records), bool)
        self._out: dict[str, list[Entry]] = {"quarantine": [], "duplicates": []}
        self._repairs: list[tuple[int, Rule, str, str, str]] = []
        self._facts = dict(records.facts)
        self._notes = list(records.notes)
        self._tables: dict[str, pd.DataFrame] = {}
        for blemish in records.blemishes:
            at = np.array([blemish.position])
            if blemish.after is None:
                self.quarantine(at, blemish.rule, column=blemish.column, value=blemish.value)
            else:
                self.repair(at, blemish.rule, blemish.column, before=blemish.value, after=blemish.after)

    @property
    def positions(self) -> Positions:
        """Positions of the rows that still stand."""
        return np.flatnonzero(self.standing)

    def quarantine(self, where: Mask | Positions, rule: str, *, column: str = "", value: Values = "") -> int:
        """Leave rows out under a rule; ``value`` is one text or one per row of ``where``; tell how many went."""
        return self._leave_out("quarantine", where, rule, column, value)

    def duplicate(self, where: Mask | Positions, rule: str, *, column: str = "", value: Values = "") -> int:
        """Leave rows out as duplicates of others."""
        return self._leave_out("duplicates", where, rule, column, value)

    def repair(self, where: Mask | Positions, rule: str, column: str, *, before: Values, after: Values) -> None:
        """Note that values were changed; of rows that still stand."""
        known = rules()[rule]
        given = np.asarray(where)
        at = _positions(given)
        for position, was, now in zip(at, _per_row(before, given), _per_row(after, given), strict=True):
            if self.standing[position]:
                self._repairs.append((int(position), known, column, was, now))

    def note(self, zh: str, en: str) -> None:
        """Add a finding about the file as a whole."""
        self._notes.append(Text(zh, en))

    def fact(self, name: str, value: str) -> None:
        """Say how the file was read."""
        self._facts[name] = value

    def table(self, name: str, frame: pd.DataFrame) -> None:
        """Hand the planner a table beside the report."""
        self._tables[name] = frame

    def why_empty(self) -> str:
        """Say why no row stands: how many were left out under each rule."""
        left = [rule.reason(lang="en", column="a column", value="…") for _, rule, _, _ in self._out["quarantine"]]
        counted = sorted(((left.count(reason), reason) for reason in set(left)), reverse=True)
        told = "; ".join(f"{count:,} × {reason}" for count, reason in counted)
        return told or f"it has {len(self._records):,} rows"

    def report(self) -> ImportReport:
        """Close the account."""
        return ImportReport(
            file=self._records.file,
            sha256=self._records.sha256,
            read=len(self._records),
            accepted=int(self.standing.sum()),
            quarantine=self._left_out("quarantine"),
            duplicates=self._left_out("duplicates"),
            repairs=self._mended(),
            facts=self._facts,
            notes=self._notes,
            tables=self._tables,
        )

    def _leave_out(self, outcome: str, where: Mask | Positions, rule: str, column: str, value: Values) -> int:
        known = rules()[rule]
        given = np.asarray(where)
        at, values = _positions(given), _per_row(value, given)
        fresh = [
            (int(position), known, column, text)
            for position, text in zip(at, values, strict=True)
            if self.standing[position]
        ]
        self.standing[at] = False
        self._out[outcome].extend(fresh)
        return len(fresh)

    def _left_out(self, outcome: str) -> pd.DataFrame:
        entries = sorted(self._out[outcome], key=lambda entry: entry[0])
        originals = self._originals([entry[0] for entry in entries if not entry[1].expected])
        rows = [
            (
                self._records.file,
                self._records.layer,
                int(self._records.rows[at]),
                rule.id,
                column,
                value,
                rule.reason(column=column, value=value, lang="en"),
                rule.suggestion(column=column, value=value, lang="en"),
                originals.get(at, ""),
            )
            for at, rule, column, value in entries
        ]
        return _table(rows, QUARANTINE_COLUMNS)

    def _mended(self) -> pd.DataFrame:
        rows = [
            (
                self._records.file,
                self._records.layer,
                int(self._records.rows[at]),
                rule.id,
                column,
                before,
                after,
                rule.reason(column=column, value=before, lang="en"),
            )
            for at, rule, column, before, after in sorted(self._repairs, key=lambda entry: (entry[0], entry[2]))
        ]
        return _table(rows, REPAIR_COLUMNS)

    def _originals(self, positions: list[int]) -> dict[int, str]:
        """The rows as they stood, as JSON by heading; a geometry as well-known text, cut short."""
        frame, geometry = self._records.frame, self._records.geometry
        headings = self._records.headings
        found: dict[int, str] = {}
        for at, values in zip(positions, frame.iloc[positions].itertuples(index=False, name=None), strict=True):
            row = {name: _plain(value) for name, value in zip(headings, values, strict=True) if not _absent(value)}
            if geometry is not None and geometry[at] is not None:
                row["geometry"] = geometry[at].wkt[:500]
            found[at] = json.dumps(row, ensure_ascii=False)
        return found


def _positions(where: npt.NDArray[Any]) -> Positions:
    return np.flatnonzero(where) if where.dtype == bool else where.astype(np.int64)


def _per_row(value: Values, where: npt.NDArray[Any]) -> list[str]:
    """One text for each row named by ``where``; a full column is picked by a mask."""
    count = int(where.sum()) if where.dtype == bool else len(where)
    if isinstance(value, str):
        return [value] * count
    picked = np.asarray(value, dtype=object)
    if where.dtype == bool and len(picked) == len(where):
        picked = picked[where]
    return ["" if _absent(one) else str(one) for one in picked]


def _absent(value: object) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value)  # noqa: PLR0124


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | int | float | bool) else str(value)


def _table(rows: Iterable[tuple[object, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    listed = list(rows)
    return pd.DataFrame({name: pd.Series([row[at] for row in listed], dtype=object) for at, name in enumerate(columns)})
