"""Suspicion: do points look as if they came from a shifted web map? It is told; nothing is ever shifted silently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from planner.area import StudyArea
from planner.arrays import Points
from planner.roads import Roads
from planner.sources.ledger import Ledger
from planner.sources.records import Geometries
from planner.sources.references import CGCS2000, Said, between
from planner.sources.shifted import SHIFTED, to_cgcs2000

SHIFTS = ("GCJ-02", "BD-09")
FEWEST = 10  # points below which nothing can be said
NEARER = 0.6  # the distance to the roads shrinks to this share, at least
FAR_METRES = 15.0  # points this near to roads as they stand are in no doubt
BETTER = 0.15  # more of the points lie in the unit they name, at least


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A shift that the points fit clearly better without, and the figures that say so."""

    shift: str
    measure: str
    before: float
    after: float

    @property
    def zh(self) -> str:
        """The suspicion in Chinese."""
        return (
            f"坐标疑似为 {self.shift}：去偏后{MEASURES[self.measure][0]}由 {self.before:.3g} 变为 {self.after:.3g}；"
            f'如属实，请用 crs="{self.shift}" 重新读取（不会自动纠偏）'
        )

    @property
    def en(self) -> str:
        """The suspicion in English."""
        return (
            f"coordinates look like {self.shift}: without its shift {MEASURES[self.measure][1]}"
            f" goes from {self.before:.3g} to {self.after:.3g}; if so, read again with crs={self.shift!r}"
            " (nothing was shifted)"
        )


MEASURES = {
    "roads": ("到最近道路的中位距离（米）", "the median distance to the nearest road (metres)"),
    "units": ("落在填报单位内的比例", "the share of points within the unit they name"),
}


def unshifted(xy: Points, crs: CRS, shift: str) -> Points:
    """Where points in ``crs`` would be if their coordinates were really of the shifted system."""
    to_degrees, back = between(crs, CGCS2000), between(CGCS2000, crs)
    lonlat = np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1]))
    true = to_cgcs2000(lonlat, shift)
    return np.column_stack(back.transform(true[:, 0], true[:, 1]))


def near_roads(xy: Points, crs: CRS, roads: Roads) -> Suspicion | None:
    """Suspect a shift where points lie clearly nearer to roads without it; None where they do not."""
    if len(xy) < FEWEST or not len(roads):
        return None
    tree = shapely.STRtree(roads.frame.geometry.to_numpy())

    def median(places: Points) -> float:
        return float(np.median(tree.query_nearest(shapely.points(places), return_distance=True, all_matches=False)[1]))

    before = median(xy)
    if before < FAR_METRES:
        return None
    after = {shift: median(unshifted(xy, crs, shift)) for shift in SHIFTS}
    best = min(after, key=lambda shift: after[shift])
    return Suspicion(best, "roads", before, after[best]) if after[best] < NEARER * before else None


def in_named_units(xy: Points, names: npt.NDArray[Any], area: StudyArea, level: str) -> Suspicion | None:
    """Suspect a shift where clearly more points lie in the unit they name without it; None where they do not."""
    units = area.units.at(level).frame
    shapes = dict(zip(units["name"], units.geometry, strict=True))
    known = np.isin(names, list(shapes))
    if known.sum() < FEWEST:
        return None
    homes = np.array([shapes[name] for name in names[known]], dtype=object)

    def share(places: Points) -> float:
        return float(shapely.intersects(homes, shapely.points(places)).mean())

    before = share(xy[known])
    after = {shift: share(unshifted(xy[known], area.crs, shift)) for shift in SHIFTS}
    best = max(after, key=lambda shift: after[shift])
    return Suspicion(best, "units", before, after[best]) if after[best] > before + BETTER else None


def suspect(
    ledger: Ledger, points: Geometries, frame: pd.DataFrame, area: StudyArea, roads: Roads | None, *, asked: Said
) -> None:
    """Note standing points that look shifted: against the roads where given, else against the towns ``frame`` names."""
    if asked is not None and str(asked).upper().replace("_", "-") in SHIFTED:
        return
    at = ledger.positions
    xy = shapely.get_coordinates(points[at])
    found = near_roads(xy, area.crs, roads) if roads is not None else None
    for level in ("town", "district"):
        if found is None and level in frame and level in area.units.levels:
            found = in_named_units(xy, frame[level].to_numpy(dtype=object)[at], area, level)
    if found is not None:
        ledger.note(found.zh, found.en)
