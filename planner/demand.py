"""Demand: where people are, and how many."""

from __future__ import annotations

from typing import ClassVar

import geopandas as gpd

from planner.arrays import People
from planner.errors import ColumnError
from planner.imports import ImportReport
from planner.layers import Column, Layer, finite_and_not_negative


class Demand(Layer):
    """People at points: those the service is for, and how many of them fall in each age band or class.

    ``people`` are persons as fractions (a scaled cell holds 3.7). ``bands`` names the columns that
    split them, such as ``("60-64", "65-69")``; where given, each is persons too.
    """

    columns: ClassVar[tuple[Column, ...]] = (Column("people", "persons", finite_and_not_negative),)
    shapes: ClassVar[frozenset[str]] = frozenset({"Point"})

    def __init__(
        self, frame: gpd.GeoDataFrame, *, bands: tuple[str, ...] = (), report: ImportReport | None = None
    ) -> None:
        super().__init__(frame, report=report)
        self.bands = tuple(bands)
        for band in self.bands:
            if band not in self._frame or not finite_and_not_negative(self._frame[band]).all():
                raise ColumnError(f"Demand needs a column {band!r} (persons of that band, 0 or more at every point)")
        self._people = self._frame["people"].to_numpy(dtype=float).copy()
        self._people.flags.writeable = False

    @property
    def people(self) -> People:
        """Persons at each point, shape ``(demand,)``, read-only."""
        return self._people

    @property
    def total(self) -> float:
        """All persons."""
        return float(self._people.sum())

    def __repr__(self) -> str:
        return f"<Demand of {self.total:,.0f} people at {len(self):,} points, {self.crs.to_string()}>"
