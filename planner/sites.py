"""Sites: where a service is, or could be."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

import pandas as pd

from planner.errors import IdError
from planner.layers import Column, Layer, finite_and_not_negative, is_text, same_crs


class Sites(Layer):
    """Existing and possible facilities at points.

    ``existing`` tells those that stand from candidates; ``opened`` and ``closed`` are dates where
    known; ``capacity`` is persons (or meals, or beds) served at most; ``cost`` is what opening costs, in
    any one unit; ``host`` names the building a candidate would use; ``unit`` is the declared division.
    """

    columns: ClassVar[tuple[Column, ...]] = (
        Column("name", "text", is_text),
        Column("service", "service key", lambda s: is_text(s) & (s != "")),
        Column("existing", "yes or no", lambda s: s.isin([True, False])),
        Column(
            "capacity", "persons, 0 or more, or unknown", lambda s: s.isna() | finite_and_not_negative(s), optional=True
        ),
        Column("cost", "0 or more, or unknown", lambda s: s.isna() | finite_and_not_negative(s), optional=True),
    )
    shapes: ClassVar[frozenset[str]] = frozenset({"Point"})

    @property
    def existing(self) -> Sites:
        """Only those that stand."""
        return Sites(self._frame[self._frame["existing"].astype(bool)], report=self.report)

    @property
    def candidates(self) -> Sites:
        """Only those that could be."""
        return Sites(self._frame[~self._frame["existing"].astype(bool)], report=self.report)

    def on(self, day: date) -> Sites:
        """Those open on a day: opened on or before it, and not closed by it."""
        frame = self._frame
        opened = pd.to_datetime(frame["opened"]) if "opened" in frame else pd.Series(pd.NaT, index=frame.index)
        closed = pd.to_datetime(frame["closed"]) if "closed" in frame else pd.Series(pd.NaT, index=frame.index)
        when = pd.Timestamp(day)
        return Sites(frame[(opened.isna() | (opened <= when)) & (closed.isna() | (closed > when))], report=self.report)

    def __add__(self, other: Sites) -> Sites:
        same_crs(self, other)
        if len(shared := self.ids.intersection(other.ids)):
            raise IdError(f"{len(shared)} sites stand in both lists, first {shared[0]!r}; IDs must be disjoint")
        return Sites(pd.concat([self._frame, other._frame]))

    def __repr__(self) -> str:
        standing = int(self._frame["existing"].astype(bool).sum())
        return f"<Sites: {standing:,} existing and {len(self) - standing:,} possible, {self.crs.to_string()}>"
