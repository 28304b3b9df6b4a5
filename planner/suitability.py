"""Suitability: where a facility may not stand, and why; and how much room it needs over the years."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import cos, pi
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely import MultiPolygon, Polygon

from planner.arrays import Mask as Flags
from planner.arrays import Metres
from planner.errors import CrsError, DataError, QuestionError
from planner.layers import Layer, check_metric
from planner.ratios import Exact, exact
from planner.sites import Sites
from planner.texts import Text

SEGMENTS = 16
"""Straight pieces a quarter circle of a buffer is drawn with."""


@dataclass(frozen=True, eq=False)
class Keep:
    """Shapes to keep off by so many metres, and the reason: parks, water, protected land, roads, homes."""

    shapes: gpd.GeoDataFrame | gpd.GeoSeries | Layer
    buffer_metres: float
    reason: Text

    def __post_init__(self) -> None:
        if not 0 <= self.buffer_metres < float("inf"):
            raise QuestionError(f"buffer_metres must be a number, 0 or more, not {self.buffer_metres!r}")
        object.__setattr__(self, "reason", Text.of(self.reason))

    @cached_property
    def geometry(self) -> gpd.GeoSeries:
        """Its shapes; raises `DataError` for an empty or broken one."""
        given = self.shapes.frame if isinstance(self.shapes, Layer) else self.shapes
        found = gpd.GeoSeries(given.geometry)
        bad = (found.is_empty | found.isna() | ~found.is_valid).to_numpy()
        if bad.any():
            raise DataError(
                f"mask {self.reason.en!r} has {bad.sum()} missing or invalid shapes, first {found.index[bad][0]!r}"
            )
        return found


@dataclass(frozen=True, eq=False)
class Exclusion:
    """Where nothing may stand: ``polygon`` is all of it, `excluded` tells which site is excluded by what."""

    masks: tuple[Keep, ...]
    crs: CRS

    @cached_property
    def polygon(self) -> Polygon | MultiPolygon:
        """Everything excluded, as one shape for ``candidate_sites(outside=[...])`` and maps.

        Round buffers are drawn with straight pieces from outside, so it holds every excluded place, and a sliver more.
        """
        return _joined([self._zone(mask) for mask in self.masks])

    def zones(self, lang: str = "zh") -> gpd.GeoDataFrame:
        """One row a mask: its zone, ``reason`` and ``buffer_metres``."""
        columns = {
            "reason": [mask.reason.words(lang) for mask in self.masks],
            "buffer_metres": [mask.buffer_metres for mask in self.masks],
        }
        return gpd.GeoDataFrame(columns, geometry=[self._zone(mask) for mask in self.masks], crs=self.crs)

    def excluded(self, sites: Layer, *, lang: str = "zh") -> pd.DataFrame:
        """Every site and mask that excludes it: ``site``, ``reason``, ``metres`` to the nearest shape, ``buffer_metres``.

        A site is excluded where it lies on a shape, or nearer than the buffer; at exactly the buffer it may stand.
        """
        rows = []
        for mask in self.masks:
            metres = self._metres(mask, sites)
            rows += [
                (str(sites.ids[int(at)]), mask.reason.words(lang), float(metres[at]), mask.buffer_metres)
                for at in np.flatnonzero(_too_near(metres, mask.buffer_metres))
            ]
        table = pd.DataFrame(rows, columns=["site", "reason", "metres", "buffer_metres"])
        return table.sort_values(["site", "metres"], kind="stable", ignore_index=True)

    def allowed(self, sites: Sites) -> Sites:
        """Only the sites no mask excludes."""
        keep = np.ones(len(sites), bool)
        for mask in self.masks:
            keep &= ~_too_near(self._metres(mask, sites), mask.buffer_metres)
        return Sites(sites.frame[keep], report=sites.report)

    def _metres(self, mask: Keep, sites: Layer) -> Metres:
        if sites.crs != self.crs:
            raise CrsError(f"sites are in {sites.crs.to_string()}, the masks in {self.crs.to_string()}")
        places, shapes = sites.frame.geometry.to_numpy(), mask.geometry.to_numpy()
        if not len(shapes) or not len(places):
            return np.full(len(places), np.inf)
        metres = np.full(len(places), np.inf)
        (at, _), distance = shapely.STRtree(shapes).query_nearest(places, return_distance=True, all_matches=False)
        metres[at] = distance
        return metres

    def _zone(self, mask: Keep) -> Polygon | MultiPolygon:
        shapes = mask.geometry.to_numpy()
        wide = mask.buffer_metres / cos(pi / (4 * SEGMENTS))
        return _joined(shapely.buffer(shapes, wide, quad_segs=SEGMENTS) if wide else shapes)

    def __repr__(self) -> str:
        told = ", ".join(f"{mask.reason.en} {mask.buffer_metres:g} m" for mask in self.masks)
        return f"<Exclusion of {self.polygon.area / 1e6:,.1f} km²: {told}>"


def exclusion(masks: Iterable[Keep | tuple[object, float, str | Text]]) -> Exclusion:
    """Put masks together: each is shapes, the metres to keep off, and the reason (a `Keep`, or those three).

    Raises `CrsError` unless all are in one CRS in metres.
    """
    kept = tuple(one if isinstance(one, Keep) else Keep(one[0], one[1], Text.of(one[2])) for one in masks)
    if not kept:
        raise QuestionError("exclusion needs at least one mask: shapes, metres to keep off, and the reason")
    for mask in kept:
        if mask.geometry.crs is None or len(mask.geometry):
            check_metric(mask.geometry.crs, mask.geometry.total_bounds, what=f"mask {mask.reason.en!r}")
    if len({mask.geometry.crs for mask in kept}) > 1:
        found = ", ".join(f"{mask.reason.en} in {mask.geometry.crs.to_string()}" for mask in kept)
        raise CrsError(f"masks must share one CRS, not {found}")
    return Exclusion(kept, kept[0].geometry.crs)


def places_needed(people: int, *, deaths_per_1000: Exact, years: int, share: Exact = 1, standing: int = 0) -> int:
    """Graves or niches to provide: people x death rate x years, for the ``share`` who need one, less those ``standing``.

    Worked out exactly and rounded up. The rate is a year's deaths per 1000 people.

    >>> places_needed(300_000, deaths_per_1000="7.76", years=30)
    69840
    """
    if years < 1 or people < 0 or standing < 0:
        raise QuestionError("years must be 1 or more; people and standing places 0 or more")
    part = exact(share, what="share")
    if part > 1:
        raise QuestionError(f"share must be from 0 to 1, not {share!r}")
    wanted = people * exact(deaths_per_1000, what="deaths_per_1000") / 1000 * years * part
    return max(0, -(-wanted.numerator // wanted.denominator) - standing)


def _joined(shapes: Any) -> Any:
    return shapely.union_all(shapes)


def _too_near(metres: Metres, buffer_metres: float) -> Flags:
    return (metres == 0) | (metres < buffer_metres - 1e-6)
