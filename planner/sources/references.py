"""References: what a file's coordinates refer to, and how they are brought into the study area's CRS.

The reference is declared, by the file or by the user, and checked against where the data should lie;
nothing is shifted or swapped silently. Where it cannot be right, the error says which would be.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from planner.area import StudyArea
from planner.arrays import Points
from planner.errors import CrsError
from planner.imports import fact_words
from planner.sources.records import Geometries
from planner.sources.shifted import SHIFTED, to_cgcs2000

NEAR_METRES = 30_000.0
CHINA = (73.0, 17.0, 136.0, 54.0)
OLD_DATUMS = ("Xian 1980", "Beijing 1954", "New Beijing")
CGCS2000 = CRS.from_epsg(4490)

Said = str | int | CRS | None


@dataclass(frozen=True, eq=False)
class Reference:
    """A CRS, how we know it, and whether coordinates are shifted (GCJ-02, BD-09) or need the user's transformation."""

    crs: CRS
    how: str
    shift: str = ""
    transformation: str = ""

    def __str__(self) -> str:
        return f"{self.shift or self.crs.to_string()} ({self.how})"

    def to(self, target: CRS, xy: Points) -> Points:
        """Coordinates in ``target``, shape ``(n, 2)``, x before y; infinite where they cannot be."""
        if self.shift:
            return _moved(between(CGCS2000, target), to_cgcs2000(xy, self.shift))
        if self.transformation:
            lonlat = _moved(Transformer.from_pipeline(self.transformation), xy)
            return _moved(between(CGCS2000, target), lonlat)
        if self.crs == target:
            return xy
        return _moved(between(self.crs, target), xy)


@lru_cache(maxsize=64)
def between(source: CRS, target: CRS) -> Transformer:
    """The way from one CRS to another, x before y; making one takes a quarter of a second, so they are kept."""
    return Transformer.from_crs(source, target, always_xy=True)


def _moved(transformer: Transformer, xy: Points) -> Points:
    return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))


def settle(
    declared: CRS | None,
    asked: Said,
    xy: Points,
    *,
    area: StudyArea | None,
    where: str,
    transformation: str | None = None,
) -> Reference:
    """Settle what the coordinates ``xy`` refer to, and check that they can; raises `CrsError`.

    ``asked`` by the user goes before what the file declares. With an ``area``, data must lie on or near it.
    """
    reference = _named(declared, asked, xy, area, where, transformation)
    problem = _impossible(reference, xy) or (_elsewhere(reference, xy, area) if area is not None else "")
    if problem:
        guess = guess_crs(xy, area)
        advice, zh = _advice(guess)
        if not advice and swapped(reference, xy, area):
            advice = "; x and y seem to be swapped (latitude first): swap the columns with columns=, or mend the file"
            zh = "；疑似经纬度颠倒（纬度在前），请用 --columns 对调两列，或改正源文件"
        raise CrsError(
            f"{where} in {reference}: {problem}{advice}",
            zh=f"{where} 的坐标与坐标系 {fact_words(str(reference))} 不符{_range(xy)}{zh}",
        )
    return reference


def _advice(guess: str) -> tuple[str, str]:
    """What to say where the coordinates fit a CRS, in both languages; nothing where they fit none."""
    if not guess:
        return "", ""
    code = guess.split(" ", maxsplit=1)[0]
    return (
        f"; its coordinates fit {guess}: if so, say crs={code!r}",
        f"；坐标数值符合 {fact_words(guess)}，如属实，请指定 crs={code}（命令行加 --crs {code}）",
    )


def _range(xy: Points) -> str:
    west, south, east, north = _bounds(xy)
    return f"（横坐标 {west:,.3f} 至 {east:,.3f}，纵坐标 {south:,.3f} 至 {north:,.3f}）"


def _named(
    declared: CRS | None, asked: Said, xy: Points, area: StudyArea | None, where: str, transformation: str | None
) -> Reference:
    if isinstance(asked, str) and (shift := SHIFTED.get(asked.upper().replace("_", "-"))):
        return Reference(CGCS2000, "as asked", shift)
    try:
        crs = CRS.from_user_input(asked) if asked is not None else declared
    except CRSError as error:
        raise CrsError(
            f"crs={asked!r} is no coordinate system that is known; give one such as 'EPSG:4490'",
            zh=f"无法识别坐标系 {asked}，请写成 EPSG:4490 之类的代码",
        ) from error
    if crs is None:
        advice, zh = _advice(guess_crs(xy, area))
        raise CrsError(
            f"{where} does not say which coordinate system it is in (no .prj){advice or '; say which with crs='}",
            zh=f"{where} 没有说明坐标系（缺 .prj）{zh or '；请指定 crs=（命令行用 --crs）'}",
        )
    how = "declared by the file" if asked is None else "as asked"
    if any(old in (crs.geodetic_crs or crs).name for old in OLD_DATUMS) and not transformation:
        raise CrsError(
            f"{where} is in {crs.name}, an old datum up to 150 m off; its transformation is not public: give your"
            " bureau's own as transformation='+proj=pipeline ...' (to CGCS2000 longitude, latitude), or have the file"
            " converted",
            zh=f"{where} 为 {crs.name}（旧坐标系，偏差可达 150 米），转换参数不公开：请用 --transformation 给出本单位的转换参数，"
            "或先将文件转换为 CGCS2000",
        )
    return Reference(crs, how, transformation=transformation or "")


def _impossible(reference: Reference, xy: Points) -> str:
    west, south, east, north = _bounds(xy)
    crs = reference.crs
    if crs.is_geographic and (max(abs(west), abs(east)) > 180.0001 or max(abs(south), abs(north)) > 90.0001):
        return f"x {west:,.0f} to {east:,.0f}, y {south:,.0f} to {north:,.0f} are no degrees"
    if (
        crs.is_geographic
        and in_box((south, west, north, east), CHINA)
        and not in_box((west, south, east, north), CHINA)
    ):
        return f"x {west:.3f} to {east:.3f}, y {south:.3f} to {north:.3f} put latitude before longitude"
    if crs.is_projected and west >= 1e7 and not _prefixed(crs):
        return f"its eastings ({west:,.0f}) carry a zone number, which this CRS has not"
    if crs.is_projected and max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 90:
        return f"x {west:.3f} to {east:.3f}, y {south:.3f} to {north:.3f} look like degrees, not metres"
    return ""


def _prefixed(crs: CRS) -> bool:
    return any(
        step.name == "False easting" and float(step.value) >= 1e6
        for step in (crs.coordinate_operation or _NO_STEPS).params
    )


class _NoSteps:
    params: tuple[Any, ...] = ()


_NO_STEPS = _NoSteps()


def _elsewhere(reference: Reference, xy: Points, area: StudyArea) -> str:
    if _near(reference, xy, area) > 0:
        return ""
    return f"none of it lies within {NEAR_METRES / 1000:.0f} km of {area.name}"


def _near(reference: Reference, xy: Points, area: StudyArea) -> float:
    """Share of the coordinates that fall on or near the area's box."""
    try:
        placed = reference.to(area.crs, _sample(xy))
    except ProjError:
        return 0.0
    west, south, east, north = area.wide.bounds
    x, y = placed[:, 0], placed[:, 1]
    inside = (x > west - NEAR_METRES) & (x < east + NEAR_METRES) & (y > south - NEAR_METRES) & (y < north + NEAR_METRES)
    return float(inside.mean()) if len(inside) else 1.0


def guess_crs(xy: Points, area: StudyArea | None) -> str:
    """Say which CRS the coordinates fit, its code first; empty where none does."""
    if not len(xy):
        return ""
    box = _bounds(xy)
    if area is None:
        return _guess_by_range(box)
    for crs, words in _usual(box, area):
        if _near(Reference(crs, "guessed"), xy, area) > 0:
            return f"{crs.to_string()} ({words})"
    return ""


def _usual(box: tuple[float, float, float, float], area: StudyArea) -> list[tuple[CRS, str]]:
    if max(abs(box[0]), abs(box[2])) <= 180 and max(abs(box[1]), abs(box[3])) <= 90:
        return [(CRS.from_epsg(4326), "degrees, WGS 84 or CGCS2000")]
    zones = [(_epsg(4534 + at), f"CGCS2000, three-degree zone {75 + 3 * at}° E") for at in range(21)]
    prefixed = [(_epsg(4513 + at), f"CGCS2000, zone {25 + at} with its number in the eastings") for at in range(21)]
    return (
        [(area.crs, "the area's own")]
        + (prefixed if box[0] >= 1e7 else zones)
        + [(CRS.from_epsg(3857), "web Mercator")]
    )


@lru_cache(maxsize=64)
def _epsg(code: int) -> CRS:
    return CRS.from_epsg(code)


def _guess_by_range(box: tuple[float, float, float, float]) -> str:
    west, south, east, north = box
    if max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 90:
        return "EPSG:4326 (degrees, WGS 84 or CGCS2000)"
    zone = int(west // 1e6)
    if 25 <= zone <= 45 and int(east // 1e6) == zone:
        return f"EPSG:{4513 + zone - 25} (CGCS2000, zone {zone} with its number in the eastings)"
    if 100_000 < west < east < 900_000 and 1_800_000 < south < north < 6_000_000:
        return "EPSG:4549 (CGCS2000, three-degree zone 120° E; 4548 is 117° E, 4547 is 114° E)"
    return ""


def swapped(reference: Reference, xy: Points, area: StudyArea | None) -> bool:
    """Tell whether the coordinates would fit with x and y exchanged."""
    other = xy[:, ::-1]
    if area is None:
        return in_box(_bounds(other), CHINA)
    return not _impossible(reference, other) and _near(reference, other, area) > 0


def in_box(bounds: tuple[float, float, float, float], box: tuple[float, float, float, float]) -> bool:
    """Tell whether bounds (west, south, east, north) lie within a box."""
    return bounds[0] >= box[0] and bounds[1] >= box[1] and bounds[2] <= box[2] and bounds[3] <= box[3]


def _sample(xy: Points) -> Points:
    return xy if len(xy) <= 4000 else xy[:: len(xy) // 4000]


def _bounds(xy: Points) -> tuple[float, float, float, float]:
    west, south = xy.min(axis=0)
    east, north = xy.max(axis=0)
    return float(west), float(south), float(east), float(north)


def place(geometry: Geometries, reference: Reference, target: CRS) -> Geometries:
    """Geometries brought into ``target``, without heights; None stays None."""
    flat = shapely.force_2d(geometry) if shapely.get_coordinate_dimension(geometry).max(initial=2) > 2 else geometry
    return np.asarray(shapely.transform(flat, lambda xy: reference.to(target, xy)), dtype=object)
