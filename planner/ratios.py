"""Ratios: exact quotients of whole counts, rounded once, when they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from planner.errors import DataError
from planner.texts import Text

Exact: TypeAlias = "int | str | float | Decimal | Fraction"
"""An amount as written: a float is taken as the decimal it prints, so that 0.8 is four fifths."""


def exact(amount: Exact, *, what: str = "amount") -> Fraction:
    """The amount as a fraction, just as it is written; raises `DataError` for what is no number, or below 0.

    >>> exact(0.8), exact("3.25"), exact(7)
    (Fraction(4, 5), Fraction(13, 4), Fraction(7, 1))
    """
    try:
        found = amount if isinstance(amount, Fraction) else Fraction(str(amount))
    except ValueError as error:
        raise DataError(f"{what} must be a number, not {amount!r}") from error
    if isinstance(amount, bool) or found < 0:
        raise DataError(f"{what} must be a number, 0 or more, not {amount!r}")
    return found


def half_up(amount: Fraction, digits: int = 1) -> Decimal:
    """Round to so many digits, a half upwards, from the exact amount.

    >>> half_up(Fraction(3_110_000, 130_000)), half_up(Fraction(1, 4)), half_up(Fraction(5), 0)
    (Decimal('23.9'), Decimal('0.3'), Decimal('5'))
    """
    scale = 10**digits
    return Decimal((2 * amount.numerator * scale + amount.denominator) // (2 * amount.denominator)).scaleb(-digits)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A named quotient of two counts: ``of`` per ``each`` ``per``, such as meals per user or beds per 1000 elders."""

    name: Text
    of: str
    per: str
    each: int = 1

    def value(self, figures: Mapping[str, int]) -> Fraction:
        """The quotient, exact; raises `DataError` where a count is missing, below 0, or none to share among."""
        missing = [name for name in (self.of, self.per) if name not in figures]
        if missing:
            raise DataError(f"{self.name.en} needs {' and '.join(missing)}; given are {', '.join(figures) or 'none'}")
        among = exact(figures[self.per], what=self.per)
        if not among:
            raise DataError(f"{self.name.en} is per {self.per}, of which there are none")
        return exact(figures[self.of], what=self.of) * self.each / among


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a count has come towards a total: so many done of so many.

    >>> Progress(78, 229).left, half_up(Progress(78, 229).share * 100, 2)
    (151, Decimal('34.06'))
    """

    done: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.done <= self.total:
            raise DataError(f"done must be from 0 to the total, not {self.done} of {self.total}")

    @property
    def left(self) -> int:
        """Still to do."""
        return self.total - self.done

    @property
    def share(self) -> Fraction:
        """Done as a share of the total, exact; 0 of nothing is 0."""
        return Fraction(self.done, self.total) if self.total else Fraction(0)

    def __str__(self) -> str:
        return f"{self.done:,} / {self.total:,} ({half_up(self.share * 100)}%)"
