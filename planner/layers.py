"""Layers: tables of records that keep their contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Proj, Transformer

from planner.arrays import Points, Positions
from planner.errors import ColumnError, CrsError, DataError, IdError, PeriodError

if TYPE_CHECKING:
    from planner.imports import ImportReport

MAX_STRETCH = 0.005  # of a metre, anywhere in the layer


@dataclass(frozen=True, slots=True)
class Column:
    """One promised column: its name, its unit (in words), and a test of its values."""

    name: str
    unit: str
    holds: Callable[[pd.Series], pd.Series]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open span of days, ``[start, end)``; ``None`` means unbounded."""

    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        if self.start and self.end and self.start >= self.end:
            raise PeriodError(f"a period must start before it ends, not {self.start} to {self.end}")

    def __contains__(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)

    def overlaps(self, other: Period) -> bool:
        """Tell whether the two periods share at least one day."""
        return (self.start is None or other.end is None or self.start < other.end) and (
            other.start is None or self.end is None or other.start < self.end
        )

    def __str__(self) -> str:
        return f"[{self.start or '…'}, {self.end or '…'})"


class Layer:
    """Records with a place: a GeoDataFrame indexed by text ``id``, checked once, never changed.

    Raises `CrsError`, `IdError`, `ColumnError` or `DataError` when the frame breaks the contract
    of its class: a projected CRS in metres that stretches by at most 0.5 %, unique text IDs,
    valid geometry of the promised type, promised columns present and possible.
    """

    columns: ClassVar[tuple[Column, ...]] = ()
    shapes: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, frame: gpd.GeoDataFrame, *, report: ImportReport | None = None) -> None:
        self._frame = _checked(frame, type(self).__name__, self.columns, self.shapes)
        self.report = report

    @property
    def frame(self) -> gpd.GeoDataFrame:
        """The records; changing what you get never changes the layer."""
        copy = self._frame.copy()
        copy.geometry = gpd.GeoSeries(self._frame.geometry.to_numpy().copy(), index=copy.index, crs=self.crs)
        return copy

    @property
    def ids(self) -> pd.Index:
        """Identifiers, in record order."""
        return self._frame.index

    @property
    def crs(self) -> CRS:
        """The metric CRS the records are in."""
        return self._frame.crs

    @property
    def xy(self) -> Points:
        """Coordinates of point records, shape ``(n, 2)``, metres, x before y."""
        return shapely.get_coordinates(self._frame.geometry.to_numpy())

    def __len__(self) -> int:
        return len(self._frame)

    def __contains__(self, column: str) -> bool:
        return column in self._frame.columns

    def __getitem__(self, column: str) -> pd.Series:
        if column not in self._frame:
            raise ColumnError(
                f"{type(self).__name__} has no column {column!r}; it has {', '.join(self._frame.columns)}"
            )
        return self._frame[column].copy()

    def positions(self, ids: Iterable[str]) -> Positions:
        """Row number of each ID, shape ``(len(ids),)``; raises `IdError` on an unknown one."""
        wanted = pd.Index(list(ids), dtype=object)
        rows = self.ids.get_indexer(wanted)
        if (rows < 0).any():
            unknown = ", ".join(map(repr, wanted[rows < 0][:3]))
            raise IdError(f"unknown {type(self).__name__} IDs: {unknown} ({(rows < 0).sum()} of {len(wanted)} asked)")
        return rows

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self):,} records, {self.crs.to_string()}>"

    def _repr_html_(self) -> str:
        head = pd.DataFrame(self._frame.drop(columns=self._frame.geometry.name).head(5))
        return f"<p>{escape(repr(self))}</p>{head.to_html(escape=True)}"


def same_crs(*layers: Layer) -> None:
    """Raise `CrsError` unless all layers share one CRS; planner never reprojects behind your back."""
    if len({layer.crs for layer in layers}) > 1:
        found = ", ".join(f"{type(layer).__name__} in {layer.crs.to_string()}" for layer in layers)
        raise CrsError(f"layers must share one CRS, not {found}; read each with the same area=")


def check_metric(crs: CRS | None, bounds: Iterable[float], *, what: str) -> None:
    """Raise `CrsError` unless the CRS is projected, in metres, and true to 0.5 % over ``bounds`` (in that CRS)."""
    if crs is None:
        raise CrsError(f"{what} has no CRS; say which one its coordinates are in with crs=")
    if not crs.is_projected or crs.axis_info[0].unit_name not in {"metre", "meter"}:
        raise CrsError(f"{what} must be in a projected CRS in metres, not {crs.to_string()}; a StudyArea chooses one")
    west, south, east, north = bounds
    corners = np.array([(x, y) for x in (west, (west + east) / 2, east) for y in (south, (south + north) / 2, north)])
    lonlat = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True).transform(corners[:, 0], corners[:, 1])
    factors = Proj(crs).get_factors(*lonlat)
    stretch = np.maximum(
        np.abs(np.asarray(factors.meridional_scale) - 1), np.abs(np.asarray(factors.parallel_scale) - 1)
    )
    worst = float(np.max(stretch)) if np.isfinite(stretch).all() else float("inf")
    if worst > MAX_STRETCH:
        raise CrsError(f"{crs.to_string()} stretches metres by {worst:.1%} where {what} lies; is it the right zone?")


def _checked(
    given: gpd.GeoDataFrame, kind: str, columns: tuple[Column, ...], shapes: frozenset[str]
) -> gpd.GeoDataFrame:
    if not isinstance(given, gpd.GeoDataFrame):
        raise DataError(f"{kind} is made from a GeoDataFrame, not {type(given).__name__}")
    frame = given.copy()  # ours from here on
    frame.index = _text_ids(given.index, kind)
    geometry = frame.geometry.to_numpy()
    if (missing := shapely.is_missing(geometry) | shapely.is_empty(geometry)).any():
        raise DataError(f"{kind} has {missing.sum()} records without geometry, first {_first(frame, missing)}")
    if not np.isfinite(shapely.bounds(geometry)).all():
        bad = ~np.isfinite(shapely.bounds(geometry)).all(axis=1)
        raise DataError(f"{kind} has {bad.sum()} records with NaN or infinite coordinates, first {_first(frame, bad)}")
    if frame.crs is None or len(frame):
        check_metric(frame.crs, frame.total_bounds, what=kind)
    if shapes and (wrong := ~frame.geom_type.isin(shapes).to_numpy()).any():
        found = ", ".join(sorted(set(frame.geom_type[wrong])))
        raise DataError(
            f"{kind} takes {' or '.join(sorted(shapes))} geometry, not {found}, first {_first(frame, wrong)}"
        )
    if (broken := ~shapely.is_valid(geometry)).any():
        reason = shapely.is_valid_reason(geometry[broken][0])
        raise DataError(f"{kind} has {broken.sum()} invalid geometries, first {_first(frame, broken)}: {reason}")
    for column in columns:
        _check_column(frame, kind, column)
    return frame


def _text_ids(index: pd.Index, kind: str) -> pd.Index:
    if index.hasnans:
        raise IdError(f"{kind} has {int(np.sum(index.isna()))} records without an ID")
    if isinstance(index, pd.RangeIndex) and len(index):
        raise IdError(f"{kind} IDs are row numbers; give each record a text ID that outlives its row, like 'site:0421'")
    texts = index if pd.api.types.infer_dtype(index, skipna=False) == "string" else index.map(str)
    ids = pd.Index(texts, dtype=object, name="id")
    if not ids.is_unique:
        twice = ids[ids.duplicated()]
        raise IdError(f"{kind} IDs must be unique; {len(twice)} repeat, first {twice[0]!r}")
    return ids


def _check_column(frame: gpd.GeoDataFrame, kind: str, column: Column) -> None:
    if column.name not in frame:
        if column.optional:
            return
        raise ColumnError(f"{kind} needs a column {column.name!r} ({column.unit}); it has {', '.join(frame.columns)}")
    try:
        fits = column.holds(frame[column.name]).fillna(False).to_numpy(dtype=bool)
    except TypeError as error:
        raise ColumnError(f"{kind}.{column.name} ({column.unit}) holds values of another kind: {error}") from error
    if not fits.all():
        where = frame.index[~fits][0]
        value = frame.at[where, column.name]
        raise ColumnError(
            f"{kind}.{column.name} ({column.unit}) is impossible in {(~fits).sum()} records, first {where!r}: {value!r}"
        )


def _first(frame: gpd.GeoDataFrame, bad: Any) -> str:
    return repr(frame.index[bad][0])


def is_text(values: pd.Series) -> pd.Series:
    """Tell which values are text."""
    if pd.api.types.infer_dtype(values, skipna=False) == "string":
        return pd.Series(True, values.index)
    return values.map(lambda value: isinstance(value, str))


def finite_and_not_negative(values: pd.Series) -> pd.Series:
    """Tell which values are numbers from 0 up; the test most columns of amounts need."""
    numbers: Any = pd.to_numeric(values, errors="coerce")
    return (numbers >= 0) & np.isfinite(numbers)
