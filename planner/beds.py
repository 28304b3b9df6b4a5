"""Beds: the share of nursing beds, and what is missing to the target, in whole beds."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from planner.errors import ColumnError, DataError, QuestionError
from planner.ratios import Exact, exact

TOTAL = "total"
COUNTS = ("beds", "nursing", "family")
TABLE = (*COUNTS, "share", "reached", "conversions", "new_beds")


@dataclass(frozen=True, slots=True)
class Beds:
    """Beds in care homes and how many of them are nursing beds (护理型床位); family beds are counted apart.

    Family beds (家庭养老床位) stand in neither side of the share.

    >>> today = Beds(beds=1000, nursing=780, family=400)
    >>> today.share, today.conversions("0.8"), today.new_beds("0.8")
    (Fraction(39, 50), 20, 100)
    """

    beds: int
    nursing: int
    family: int = 0

    def __post_init__(self) -> None:
        for name in COUNTS:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise DataError(f"{name} must be a whole number, 0 or more, not {value!r}")
        if self.nursing > self.beds:
            raise DataError(f"{self.nursing:,} nursing beds of {self.beds:,} beds: nursing beds are some of the beds")

    @property
    def share(self) -> Fraction | None:
        """Nursing beds as a share of the beds in homes, exact; None where there is no bed."""
        return Fraction(self.nursing, self.beds) if self.beds else None

    def conversions(self, target: Exact) -> int:
        """Fewest beds to turn into nursing beds so that their share reaches the target: least k, N + k >= target T."""
        wanted = _target(target, most=1) * self.beds
        return max(0, -(-wanted.numerator // wanted.denominator) - self.nursing)

    def new_beds(self, target: Exact) -> int:
        """Fewest new nursing beds so that their share reaches the target, if none is converted: 4 T - 5 N at four fifths.

        Raises `QuestionError` for a target of 1, which new beds can never reach.
        """
        aim = _target(target, most=1)
        if aim == 1 and self.nursing < self.beds:
            raise QuestionError("new beds alone never bring the share to 1; convert the others")
        if aim == 1:
            return 0
        wanted = (aim * self.beds - self.nursing) / (1 - aim)
        return max(0, -(-wanted.numerator // wanted.denominator))

    def __add__(self, other: Beds) -> Beds:
        return Beds(self.beds + other.beds, self.nursing + other.nursing, self.family + other.family)


def nursing_beds(homes: pd.DataFrame, *, target: Exact, by: str = "district") -> pd.DataFrame:
    """Beds, share and what is missing to the target, a row a district and the ``total``.

    ``homes`` has a row a home with ``beds``, ``nursing``, perhaps ``family``, and its district in the column ``by``.
    ``conversions`` are the fewest beds to convert, ``new_beds`` the fewest to build instead. Every row, and the total, is worked
    out alone: districts that must each reach the target need at least as many as the whole city does. Shares are shown as
    floats; what is decided is decided in whole numbers. Raises `ColumnError` for columns or counts that cannot be.
    """
    missing = [name for name in (by, "beds", "nursing") if name not in homes]
    if missing:
        raise ColumnError(f"homes need the columns {', '.join(missing)}; they have {', '.join(map(str, homes))}")
    if (bare := homes[by].isna()).any():
        raise ColumnError(f"{int(bare.sum())} homes name no {by}, first {homes.index[bare][0]!r}")
    amounts = [_of(str(home), row) for home, row in zip(homes.index, homes.to_dict(orient="records"), strict=True)]
    rows: dict[str, Beds] = {}
    for unit, one in zip(homes[by].astype(str), amounts, strict=True):
        rows[unit] = rows.get(unit, Beds(0, 0)) + one
    rows = dict(sorted(rows.items())) | {TOTAL: sum(amounts, Beds(0, 0))}
    table = [_row(one, target) for one in rows.values()]
    return pd.DataFrame(table, columns=list(TABLE), index=pd.Index(list(rows), dtype=object, name=by))


def _of(home: str, row: Mapping[Hashable, object]) -> Beds:
    counts = {}
    for name in COUNTS:
        value = row.get(name, 0)
        whole = pd.to_numeric(pd.Series([value]), errors="coerce").iloc[0]
        if pd.isna(whole) or whole < 0 or whole != int(whole):
            raise ColumnError(f"{name} of home {home!r} must be a whole number, 0 or more, not {value!r}")
        counts[name] = int(whole)
    try:
        return Beds(**counts)
    except DataError as error:
        raise ColumnError(f"home {home!r}: {error}") from error


def _row(beds: Beds, target: Exact) -> tuple[object, ...]:
    share = None if beds.share is None else float(beds.share)
    missing = beds.conversions(target)
    return beds.beds, beds.nursing, beds.family, share, missing == 0, missing, beds.new_beds(target)


def _target(given: Exact, *, most: int) -> Fraction:
    target = exact(given, what="target")
    if not 0 < target <= most:
        raise QuestionError(f"target is a share above 0 and at most {most}, such as 0.8, not {given!r}")
    return target
