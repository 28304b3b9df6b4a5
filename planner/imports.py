"""Imports: what became of every row of a file.

The contract every source keeps: ``rows read == accepted + quarantined + duplicates``, and no
value is mended without a row in ``repairs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from types import MappingProxyType

import pandas as pd

from planner.errors import DataError

QUARANTINE_COLUMNS = ("file", "layer", "row", "rule", "column", "value", "reason", "suggestion", "original")
REPAIR_COLUMNS = ("file", "layer", "row", "rule", "column", "before", "after", "reason")


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})


@dataclass(frozen=True, eq=False)
class ImportReport:
    """Every row of one file accounted for.

    ``quarantine`` and ``duplicates`` hold a row per record left out (columns
    `QUARANTINE_COLUMNS`), ``repairs`` a row per value changed (`REPAIR_COLUMNS`);
    ``facts`` says how the file was read (format, encoding, CRS and how sure), ``notes``
    are findings about the file as a whole, in words.
    """

    file: str
    sha256: str
    read: int
    accepted: int
    quarantine: pd.DataFrame = field(default_factory=lambda: _empty(QUARANTINE_COLUMNS))
    duplicates: pd.DataFrame = field(default_factory=lambda: _empty(QUARANTINE_COLUMNS))
    repairs: pd.DataFrame = field(default_factory=lambda: _empty(REPAIR_COLUMNS))
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))
        object.__setattr__(self, "notes", tuple(self.notes))
        accounted = self.accepted + len(self.quarantine) + len(self.duplicates)
        if accounted != self.read:
            raise DataError(
                f"{self.file}: {self.read} rows read but {accounted} accounted for"
                f" ({self.accepted} accepted, {len(self.quarantine)} quarantined, {len(self.duplicates)} duplicates)"
            )

    @property
    def clean(self) -> bool:
        """Whether every row was accepted as it stood, with nothing to note."""
        return self.read == self.accepted and self.repairs.empty and not self.notes

    def summary(self, *, lang: str = "zh") -> str:
        """One line an official understands, in Chinese (``zh``) or English (``en``)."""
        counts = (self.read, self.accepted, len(self.quarantine), len(self.duplicates), len(self.repairs))
        if lang == "en":
            words = "{}: {:,} rows read, {:,} accepted, {:,} quarantined, {:,} duplicates, {:,} repairs"
        else:
            words = "{}：读取 {:,} 行，采用 {:,} 行，隔离 {:,} 行，重复 {:,} 行，修正 {:,} 处"
        return words.format(self.file, *counts)

    def __repr__(self) -> str:
        return f"<ImportReport {self.summary(lang='en')}>"

    def _repr_html_(self) -> str:
        tables = [
            f"<h4>{title}</h4>{table.head(20).to_html(escape=True, index=False)}"
            for title, table in (("隔离", self.quarantine), ("重复", self.duplicates), ("修正", self.repairs))
            if len(table)
        ]
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return f"<p>{escape(self.summary())}</p><ul>{notes}</ul>{''.join(tables)}"
