"""Registering: forms and tables entered into the register of names, lines, markers and signs in the project file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

import pandas as pd

from planner.errors import DataError, QuestionError
from planner.gazetteer import Basis, Gazetteer, boundaries, forms
from planner.gazetteer.schema import LINE, MARKER, SIGN, Kind
from planner.gazetteer.tables import aliases
from planner.imports import ImportReport
from planner.sources.schema import Field, Schema, plain
from planner.sources.table import joined, table_of
from planner.store import Act, imported

Target = Literal["names", "divisions", "lines", "markers", "signs"]
TARGETS: tuple[Target, ...] = get_args(Target)
Reader = Callable[[Gazetteer, pd.DataFrame, date, str | None], tuple[list[Any], ImportReport]]


@dataclass(frozen=True, eq=False)
class Entry:
    """A form read for the register: its records, and what became of every row; `enter` writes both, or neither."""

    kind: Target
    file: Path
    records: list[Any]
    report: ImportReport
    on: date

    def enter(self, books: Gazetteer, *, basis: Basis) -> int:
        """Enter every record on the given basis as one event, with the account of the rows; gives how many.

        One transaction: whatever fails, or whenever the process dies, the file stands as before.
        """
        about = basis.with_files(self.file)
        account = imported(self.kind, None, self.report, who=basis.actor)
        try:
            self._enter(books, about, account)
        except DataError as error:
            said = f"{error}; nothing of {self.file.name} was entered"
            raise type(error)(said, zh=f"{error.words()}；{self.file.name} 未作任何登记") from error
        return len(self.records)

    def _enter(self, books: Gazetteer, basis: Basis, account: Act) -> None:
        if not self.records:
            books.ledger.store.write(account)
        elif self.kind == "lines":
            boundaries.import_lines(books.ledger, self.records, on=self.on, basis=basis, beside=account)
        elif self.kind == "markers":
            boundaries.import_markers(books.ledger, self.records, on=self.on, basis=basis, beside=account)
        else:
            books.load(self.records, basis=basis, kind=f"import {self.kind}", beside=account)

    def __repr__(self) -> str:
        return f"<Entry of {len(self.records):,} {self.kind} from {self.file.name}>"


def read_entry(
    path: str | Path, kind: str, books: Gazetteer, *, on: date, secrecy: str | None = None, **how: Any
) -> Entry:
    """Read a form for the register, from any file that is read, with every row of the file accounted for.

    ``secrecy`` is the 密级 that holds where the form has no such column; ``how`` are the options of `read_table`. Raises
    `QuestionError` for an unknown kind, `DataError` for a file that cannot be read as such a form.
    """
    if kind not in TARGETS:
        raise QuestionError(f"unknown kind {kind!r}; the register takes {', '.join(TARGETS)}")
    target: Target = kind
    table, first = table_of(path, _words(), **how)
    records, then = _READERS[target](books, table, on, secrecy)
    return Entry(target, Path(path), records, joined(first, then), on)


@cache
def _words() -> Schema:
    """The headings the register knows, to find where a form's headings are."""
    words: dict[str, list[str]] = {}
    for alias, field in aliases().items():
        words.setdefault(field, []).append(plain(alias))
    return Schema("register", {name: Field(name, tuple(known)) for name, known in words.items()})


def _divisions(books: Gazetteer, sheet: pd.DataFrame, day: date, _: str | None) -> tuple[list[Any], ImportReport]:
    return forms.divisions(sheet, on=day, parents={str(r["code"]): r.thing for r in books.divisions(day)})


def _lines(books: Gazetteer, sheet: pd.DataFrame, day: date, _: str | None) -> tuple[list[Any], ImportReport]:
    places = {str(r["code"]): r.thing for r in books.divisions(day)}
    return forms.lines(sheet, places=places, known=_known(books, LINE))


def _signs(books: Gazetteer, sheet: pd.DataFrame, day: date, _: str | None) -> tuple[list[Any], ImportReport]:
    return forms.signs(sheet, on=day, names=books.names(day, slot="standard"), known=_known(books, SIGN))


def _known(books: Gazetteer, kind: Kind) -> frozenset[str]:
    return frozenset(record.thing for record in books.ledger.select(kind))


_READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "names": lambda _, sheet, day, secrecy: forms.census_names(sheet, today=day, secrecy=secrecy),
        "divisions": _divisions,
        "lines": _lines,
        "markers": lambda books, sheet, _, __: forms.markers(sheet, known=_known(books, MARKER)),
        "signs": _signs,
    }
)
