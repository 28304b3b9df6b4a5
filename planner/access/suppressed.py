"""Suppressed summary: the tables of a sensitive service as they may be printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from planner.access.summary import TOTAL, Summary
from planner.access.suppression import ALONGSIDE, LIMIT, Known, hide, told
from planner.services import service, service_keys
from planner.sites import Sites

SUMS = (
    {"people": 1, "covered": -1, "uncovered": -1, "not_connected": -1},
    {"covered": 1, "covered_before": -1, "newly_covered": -1, "no_longer_covered": 1},
)
SHARES = {"share_before": "covered_before", "share": "covered"}
SITES = ("existing_sites", "new_sites")
NOTES = {
    "zh": "“<{limit}”表示不足 {limit}；“{mark}”表示为防止相减还原而一并隐去。",
    "en": "<{limit}: fewer than {limit}. {mark}: hidden with them, so that subtraction cannot bring them back.",
}


@dataclass(frozen=True, eq=False)
class Suppressed:
    """A summary with its small counts hidden; ``hidden`` tells which, by level, in the shape of the tables' counts."""

    summary: Summary
    hidden: Mapping[str, pd.DataFrame]
    limit: int

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels of unit, widest first."""
        return self.summary.levels

    def table(self, level: str) -> pd.DataFrame:
        """The summary's table as it may be printed: ``<10``, ``※``, or the count; a share only of shown counts."""
        table = self.summary.table(level)
        away = self.hidden[level]
        for column in away:
            values = told(table[column].to_numpy(), away[column].to_numpy(), self.limit)
            table[column] = pd.Series(values, index=table.index, dtype=object)
        for share, part in SHARES.items():
            gone = away[part] | away["people"]
            table[share] = table[share].astype(object).where(~gone, ALONGSIDE)
        return table

    @property
    def overall(self) -> dict[str, Any]:
        """The total row as it may be printed."""
        row = self.table(self.summary.levels[0]).loc[TOTAL]
        return {str(key): value for key, value in row.drop(["code", "name", "parent"]).items()}

    def note(self, lang: str = "zh") -> str:
        """What the marks mean, for the foot of a table."""
        return NOTES["en" if lang == "en" else "zh"].format(limit=self.limit, mark=ALONGSIDE)

    def __repr__(self) -> str:
        cells = sum(away.size for away in self.hidden.values())
        return (
            f"<Suppressed: {sum(int(a.to_numpy().sum()) for a in self.hidden.values()):,} of {cells:,} counts hidden>"
        )


def is_sensitive(sites: Sites) -> bool:
    """Tell whether any of the sites is of a service whose small counts are never shown, or says so itself (``sensitive``)."""
    frame = sites.frame
    if "sensitive" in frame and frame["sensitive"].astype(bool).any():
        return True
    known = set(service_keys())
    return any(key in known and service(key).sensitive for key in sites["service"].unique())


def suppress(summary: Summary, *, limit: int = LIMIT, show_zeros: bool = False) -> Suppressed:
    """Hide every count of people under the limit in all tables of a summary, and what would give them away.

    All tables are protected together: rows and columns add up, towns to their district, totals are the same in every
    table, and a wider reading covers no fewer. Totals are hidden last. Counts of sites stay. ``show_zeros`` prints 0,
    which tells that there is nobody.
    """
    cells, dear = _cells(summary)
    frame = pd.Series(range(len(cells)), index=cells)
    values = np.concatenate([table[_counts(table)].to_numpy().ravel() for table in summary.tables.values()])
    sums = [row for row in _sums(summary, frame) if not sum(values[at] * n for at, n in row.items())]
    known = Known.of(len(cells), sums, list(_orders(summary, frame)))
    away = pd.Series(hide(values, known, limit=limit, dear=dear, show_zeros=show_zeros), index=cells)
    hidden = {}
    for level in summary.levels:
        table = away[level].unstack()
        hidden[level] = table.loc[summary.tables[level].index, _counts(summary.tables[level])]
    return Suppressed(summary, MappingProxyType(hidden), limit)


def _counts(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table.select_dtypes("int64").columns if name not in SITES]


def _cells(summary: Summary) -> tuple[pd.MultiIndex, np.ndarray[Any, Any]]:
    cells = [
        (level, unit, column) for level in summary.levels for unit in summary.tables[level].index
        for column in _counts(summary.tables[level])
    ]  # fmt: skip
    rank = {level: len(summary.levels) - at - 1 for at, level in enumerate(summary.levels)}
    dear = [(len(rank) if unit == TOTAL else rank[level]) + (column == "people") / 2 for level, unit, column in cells]
    return pd.MultiIndex.from_tuples(cells), np.array(dear, dtype=float)


def _sums(summary: Summary, cell: pd.Series) -> Iterator[dict[int, int]]:
    """Sums of counts that are zero, for all a reader knows; those that are not, as in nested units with gaps, are dropped."""
    at = cell.to_dict()
    for level in summary.levels:
        table = summary.tables[level]
        columns = _counts(table)
        for unit in table.index:
            yield from ({at[level, unit, name]: n for name, n in parts.items()} for parts in SUMS)
        for column in columns:
            yield {at[level, unit, column]: -1 if unit == TOTAL else 1 for unit in table.index}
        for one, other in combinations(columns, 2):
            if (table[one] == table[other]).all():
                yield from ({at[level, unit, one]: 1, at[level, unit, other]: -1} for unit in table.index)
    for upper, lower in pairwise(summary.levels):
        above, below = summary.tables[upper], summary.tables[lower]
        for column in _counts(above):
            yield {at[upper, TOTAL, column]: 1, at[lower, TOTAL, column]: -1}
            for unit, code in above["code"].items():
                children = below.index[(below["parent"] == code) & (code != "")]
                if len(children):
                    yield {at[upper, unit, column]: -1, **{at[lower, child, column]: 1 for child in children}}


def _orders(summary: Summary, cell: pd.Series) -> Iterator[dict[int, int]]:
    """Each reading covers no more than the next wider one, and none more than all people."""
    at = cell.to_dict()
    keys = [reading.key for reading in sorted(summary.readings, key=lambda reading: reading.metres)]
    for level in summary.levels:
        table = summary.tables[level]
        for suffix in ("_before", ""):
            chain = [f"{key}{suffix}" for key in keys if f"{key}{suffix}" in table]
            for less, more in pairwise([*chain, "people"] if chain else []):
                if (table[less] <= table[more]).all():
                    yield from ({at[level, unit, less]: 1, at[level, unit, more]: -1} for unit in table.index)
