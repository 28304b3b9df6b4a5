"""Area: read what is planned for from division polygons."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from planner.area import LEVELS, StudyArea, Units, metric_crs
from planner.errors import DataError
from planner.imports import ImportReport
from planner.sources.codes import damaged
from planner.sources.fitting import tell_tiling, tell_zone
from planner.sources.ledger import Ledger
from planner.sources.naming import leave_out_repeated
from planner.sources.opening import open_records
from planner.sources.records import Geometries
from planner.sources.references import CGCS2000, Reference, Said, place
from planner.sources.schema import schema
from planner.sources.shapes import checked, referred
from planner.sources.values import texts
from planner.sources.watching import Progress
from planner.sources.wording import names as tidy_names

POLYGONS = ("Polygon", "MultiPolygon")
LEVEL_OF_DIGITS = {2: "city", 4: "city", 6: "district", 9: "town", 12: "village"}
Path = str | os.PathLike[str]


def read_area(
    path: Path,
    *,
    name: str | None = None,
    names: Iterable[str] | None = None,
    codes: Iterable[str] | None = None,
    on: date | str,
    buffer_metres: float = 2000.0,
    towns: Path | None = None,
    layer: str | None = None,
    towns_layer: str | None = None,
    crs: Said = None,
    towns_crs: Said = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    towns_columns: Mapping[str, str] | None = None,
    place: str = "",
    repair: bool = False,
    ignore: Iterable[str] = (),
    transformation: str | None = None,
    progress: Progress | None = None,
) -> StudyArea:
    """Read the study area (规划范围) from division polygons, with its units and the CRS to measure in.

    ``names`` or ``codes`` choose divisions; ``name`` names the area and, where neither is given, chooses the
    division so named; with none of them every polygon belongs. ``towns`` adds the 镇街 within, from a
    second file or, by ``towns_layer``, from another layer of the same. ``repair`` mends invalid polygons and lists
    each. Gaps and overlaps among the units, and a border of two zones that runs through the area, are told in the
    import report, ``area.units.report``. ``ignore`` and ``transformation`` are of the first file. Raises `DataError` for a name that is not there, and
    where a chosen polygon cannot be used: an area with a hole in it would lose people.
    """
    wanted = list(names) if names is not None else [name] if name is not None and codes is None else []
    how = _How(tuple(ignore), transformation, repair, progress)
    upper = _polygons("districts", path, layer, crs, encoding, columns, how)
    chosen = upper.choose(wanted, [str(code) for code in codes or ()])
    lonlat = upper.lonlat[chosen]
    bounds = tuple(shapely.total_bounds(lonlat))
    metric = metric_crs(bounds)
    tell_zone(upper.ledger, bounds, metric)
    frame = upper.units(chosen, metric, parents=[""] * len(chosen))
    polygon = shapely.union_all(frame.geometry.to_numpy())
    if towns is not None or towns_layer is not None:
        below = _How(repair=repair, progress=progress)
        lower = _polygons("towns", towns or path, towns_layer, towns_crs, encoding, towns_columns, below)
        frame = pd.concat([frame, lower.below(frame, metric)])
        _tell(upper.ledger, lower.ledger.report())
    day = date.fromisoformat(on) if isinstance(on, str) else on
    tell_tiling(upper.ledger, Units(gpd.GeoDataFrame(frame, crs=metric)))
    units = Units(gpd.GeoDataFrame(frame, crs=metric), report=upper.ledger.report())
    listed = wanted or upper.names[chosen].tolist()
    title = name or "、".join(listed[:4]) + (f"等{len(chosen)}个" if len(chosen) > 4 else "")
    return StudyArea(title, _polygonal(polygon), metric, units, day, place=place, buffer_metres=buffer_metres)


def _tell(ledger: Ledger, towns: ImportReport) -> None:
    """Put the account of the second file beside that of the first."""
    if not towns.clean:
        ledger.note(towns.summary(), towns.summary(lang="en"))
    for outcome in ("quarantine", "duplicates", "repairs"):
        if len(table := getattr(towns, outcome)):
            ledger.table(f"towns_{outcome}", table)


def _polygonal(shape: shapely.Geometry) -> shapely.Polygon | shapely.MultiPolygon:
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        raise DataError(f"the chosen divisions make no polygon but a {type(shape).__name__}")
    return shape


class _Divisions:
    """The polygons of one level as read: aligned to the file's rows."""

    def __init__(
        self,
        ledger: Ledger,
        where: str,
        codes: np.ndarray,
        names: np.ndarray,
        lonlat: Geometries,
        shapes: Geometries,
        reference: Reference,
        parents: np.ndarray,
    ) -> None:
        self.ledger, self.where, self.codes, self.names = ledger, where, codes, names
        self.lonlat, self.shapes, self.reference, self.parents = lonlat, shapes, reference, parents

    def choose(self, names: list[str], codes: list[str]) -> np.ndarray:
        """Positions of the divisions asked for; the rest lie outside the area."""
        asked = np.isin(self.names, names) | np.isin(self.codes, codes)
        missing = [one for one in names if one not in self.names] + [one for one in codes if one not in self.codes]
        if missing:
            there = ", ".join(f"{name} {code}" for name, code in zip(self.names[:30], self.codes[:30], strict=True))
            raise DataError(f"{self.where} has no division {', '.join(missing)}; it has {there}")
        if not names and not codes:
            asked[:] = True
        unusable = asked & ~self.ledger.standing
        if unusable.any() and (names or codes):
            raise DataError(
                f"{self.where}: the polygon of {', '.join(self.names[unusable])} cannot be used:"
                f" {self.ledger.why_empty()}; read with repair=True to mend it, or correct the file"
            )
        self.ledger.quarantine(self.ledger.standing & ~asked, "place.outside", column="name", value=self.names)
        return self.ledger.positions

    def units(self, at: np.ndarray, metric: CRS, *, parents: list[str]) -> gpd.GeoDataFrame:
        """The divisions at these positions as unit records."""
        codes = self.codes[at]
        level = _level(codes, self.where)
        geometry = place(self.shapes[at], self.reference, metric)
        index = pd.Index([f"unit:{code}" for code in codes], name="id", dtype=object)
        columns = {"code": codes, "name": self.names[at], "level": level, "parent": parents}
        return gpd.GeoDataFrame(columns, geometry=list(geometry), index=index, crs=metric)

    def below(self, upper: gpd.GeoDataFrame, metric: CRS) -> gpd.GeoDataFrame:
        """Those of the upper divisions, by their code or else by their inner point, each with its parent's code."""
        at = self.ledger.positions
        above = upper["code"].to_numpy()
        inside = place(shapely.point_on_surface(self.shapes[at]), self.reference, metric)
        tree = shapely.STRtree(upper.geometry.to_numpy())
        point, parent = tree.query(inside, predicate="intersects")
        parents = dict(zip(point[::-1].tolist(), above[parent[::-1]].tolist(), strict=True))
        known = {code for code in above if code.isdigit()}
        coded = {row: one[:6] for row, one in enumerate(self.codes[at]) if len(one) > 6 and one[:6] in known}
        parents |= coded
        kept = np.array(sorted(parents), dtype=int)
        if not len(kept):
            raise DataError(f"none of the {len(at)} towns of {self.where} lies in the area")
        outside = np.ones(len(at), bool)
        outside[kept] = False
        self.ledger.quarantine(at[outside], "place.outside", column="name", value=self.names[at[outside]])
        return self.units(at[kept], metric, parents=[parents[one] for one in kept])


@dataclass(frozen=True, slots=True)
class _How:
    """How a file of polygons is read."""

    ignore: tuple[str, ...] = ()
    transformation: str | None = None
    repair: bool = False
    progress: Progress | None = None


def _polygons(
    kind: str,
    path: Path,
    layer: str | None,
    crs: Said,
    encoding: str | None,
    columns: Mapping[str, str] | None,
    how: _How,
) -> _Divisions:
    words = schema(kind)
    records = open_records(path, words, layer=layer, encoding=encoding, ignore=how.ignore, progress=how.progress)
    found = words.match(records.headings, columns=columns, file=records.where)
    words.require(found, ["name"], records.headings, file=records.where)
    ledger = Ledger(records)
    names = tidy_names(records.frame[found["name"]], ledger, found["name"])
    codes = texts(records.frame[found["code"]]) if "code" in found else names.copy()
    parents = texts(records.frame[found["parent"]]) if "parent" in found else np.full(len(records), "", dtype=object)
    ledger.quarantine(names == "", "value.missing", column=found["name"])
    ledger.quarantine(codes == "", "value.missing", column=found.get("code", ""))
    ledger.quarantine(damaged(codes, divisions=True), "code.damaged", column=found.get("code", ""), value=codes)
    shapes = checked(records, ledger, of=POLYGONS, repair=how.repair)
    reference = referred(records, ledger, shapes, crs=crs, area=None, transformation=how.transformation)
    leave_out_repeated(codes, ledger, found.get("code", found["name"]))
    lonlat = np.full(len(records), None, dtype=object)
    lonlat[ledger.positions] = place(shapes[ledger.positions], reference, CGCS2000)
    return _Divisions(ledger, records.where, codes, names, lonlat, shapes, reference, parents)


def _level(codes: np.ndarray, where: str) -> str:
    """The level of divisions by the length of their codes; a 6-digit code ending in 00 is a city."""
    digits = {len(code) for code in codes if code.isdigit()}
    if digits == {6} and all(code.endswith("00") for code in codes):
        return "city"
    if len(digits) == 1 and (level := LEVEL_OF_DIGITS.get(digits.pop())) is not None:
        return level
    if not any(code.isdigit() for code in codes):
        return LEVELS[1]
    lengths = sorted({len(code) for code in codes})
    raise DataError(
        f"{where} mixes codes of {lengths} digits; one layer holds one level: 6 digits district, 9 town, 12 village"
    )
