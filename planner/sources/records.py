"""Records: what a file holds, as it stood, before anyone judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import CRS

from planner.texts import Text

Geometries = npt.NDArray[np.object_]
"""Shapely geometries or None, shape ``(rows,)``, in the file's own coordinates."""


@dataclass(frozen=True, slots=True)
class Blemish:
    """A fault seen while a row was being read: its position, the rule, the column and the value."""

    position: int
    rule: str
    column: str = ""
    value: str = ""
    after: str | None = None  # None: the row is left out; else the value was mended into this


@dataclass(frozen=True, eq=False)
class Records:
    """Every row of one layer of a file: attributes under the file's own headings, and geometry where it has any.

    ``rows`` counts as the source does: the line of a sheet, the number of a feature from 1.
    ``crs`` is what the file itself declares, or None.
    """

    file: str
    layer: str
    frame: pd.DataFrame
    rows: npt.NDArray[np.int64]
    geometry: Geometries | None = None
    crs: CRS | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    blemishes: tuple[Blemish, ...] = ()
    notes: tuple[Text, ...] = ()
    damaged: tuple[int, ...] = ()
    """Positions whose shape was there but could not be read."""
    sha256: str = ""
    """Of the file's content; known once it is read to the end and found unchanged."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def headings(self) -> list[str]:
        """The source's own column names."""
        return [str(name) for name in self.frame.columns]

    @property
    def where(self) -> str:
        """File and layer, as messages name them."""
        return f"{self.file} ({self.layer})" if self.layer and not self.file.startswith(self.layer) else self.file
