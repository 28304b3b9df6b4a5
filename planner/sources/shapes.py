"""Shapes: geometry as the file holds it, checked, and brought to where the study area measures."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
import shapely

from planner.area import StudyArea
from planner.arrays import Mask, Points
from planner.errors import ColumnError, SourceError
from planner.sources.ledger import Ledger
from planner.sources.records import Geometries, Records
from planner.sources.references import Reference, Said, place, settle
from planner.sources.values import degrees, numbers, texts

TYPE_NAMES = np.array(
    ["Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
     "GeometryCollection", ""], dtype=object,
)  # fmt: skip
"""Names by shapely's type number; the last, -1, is of no shape."""

SHAPES_OF_PLACES = ("Point", "Polygon", "MultiPolygon")


def checked(records: Records, ledger: Ledger, *, of: Collection[str], repair: bool = False) -> Geometries:
    """Shapes of the promised types; rows without one, or with a broken one, are left out and say why."""
    if records.geometry is None:
        raise SourceError(f"{records.where} holds no shapes, only a table")
    shapes = records.geometry.copy()
    missing = shapely.is_missing(shapes)
    damaged = missing & _was_there(records)
    ledger.quarantine(damaged, "geometry.unreadable")
    ledger.quarantine(missing | shapely.is_empty(shapes), "geometry.empty")
    box = shapely.bounds(shapes)
    ledger.quarantine(ledger.standing & ~np.isfinite(box).all(axis=1), "geometry.not_finite")
    kinds = TYPE_NAMES[shapely.get_type_id(shapes)]
    ledger.quarantine(ledger.standing & ~np.isin(kinds, list(of)), "geometry.type", value=kinds)
    broken = ledger.standing & ~shapely.is_valid(shapes)
    if broken.any():
        _mend_or_leave(shapes, np.flatnonzero(broken), ledger, repair=repair)
    return shapes


def _was_there(records: Records) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    lost = np.zeros(len(records), bool)
    lost[list(records.damaged)] = True
    return lost


def _mend_or_leave(
    shapes: Geometries, broken: np.ndarray[tuple[int], np.dtype[np.int64]], ledger: Ledger, *, repair: bool
) -> None:
    reasons = shapely.is_valid_reason(shapes[broken])
    mended = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
    change = _area_change(shapes[broken], mended)
    told = [f"{reason}; {words}" for reason, words in zip(reasons, change, strict=True)]
    usable = np.array(
        [
            not new.is_empty and new.geom_type.removeprefix("Multi") == old.geom_type.removeprefix("Multi")
            for new, old in zip(mended, shapes[broken], strict=True)
        ],
        bool,
    )
    if repair:
        shapes[broken[usable]] = mended[usable]
        listed = np.array(told, dtype=object)[usable]
        ledger.repair(broken[usable], "geometry.repaired", "geometry", before=listed, after="valid")
        broken, told = broken[~usable], list(np.array(told, dtype=object)[~usable])
    ledger.quarantine(broken, "geometry.invalid", column="geometry", value=told)


def _area_change(before: Geometries, after: Geometries) -> list[str]:
    was, now = shapely.area(before), shapely.area(after)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(was > 0, (now - was) / was, np.inf)
    return [
        f"mended, its area changes by {one:+.3%}" if np.isfinite(one) else "mended, its area was 0" for one in share
    ]


def referred(
    records: Records,
    ledger: Ledger,
    shapes: Geometries,
    *,
    crs: Said,
    area: StudyArea | None,
    transformation: str | None = None,
) -> Reference:
    """Settle what the standing shapes refer to; the ledger keeps how we know."""
    standing = shapes[ledger.standing]
    if not len(standing):
        raise SourceError(f"{records.where} holds no usable row: {ledger.why_empty()}")
    box = shapely.bounds(standing)
    corners = np.concatenate([box[:, :2], box[:, 2:]])
    reference = settle(records.crs, crs, corners, area=area, where=records.where, transformation=transformation)
    ledger.fact("crs", str(reference))
    return reference


def placed(shapes: Geometries, ledger: Ledger, reference: Reference, area: StudyArea) -> Geometries:
    """Shapes in the area's CRS; rows that land nowhere are left out."""
    moved = shapes.copy()
    moved[~ledger.standing] = None
    moved = place(moved, reference, area.crs)
    lost = ledger.standing & ~np.isfinite(shapely.bounds(moved)).all(axis=1)
    ledger.quarantine(lost, "geometry.not_finite")
    return moved


def within(shapes: Geometries, ledger: Ledger, polygon: shapely.Geometry) -> None:
    """Leave out rows whose shape does not touch the polygon, as outside the area."""
    shapely.prepare(polygon)  # which helps where the polygon is asked, not where the shapes are
    outside = ledger.standing.copy()
    outside[ledger.positions] = ~shapely.intersects(polygon, shapes[ledger.positions])
    ledger.quarantine(outside, "place.outside")


def points_of(
    records: Records,
    ledger: Ledger,
    found: dict[str, str],
    *,
    crs: Said,
    area: StudyArea,
    transformation: str | None = None,
    elsewhere: Mask | None = None,
) -> Geometries:
    """A point for every standing row, in the area's CRS: from its shape, or from its coordinate columns.

    A polygon is represented by a point inside it, which is listed. Rows of ``elsewhere`` are placed by other means
    and stay as they are. Raises `ColumnError` where a list has no coordinate columns.
    """
    if records.geometry is not None:
        kinds = {"Point", "MultiPoint", "Polygon", "MultiPolygon"}
        shapes = checked(records, ledger, of=kinds)
        reference = referred(records, ledger, shapes, crs=crs, area=area, transformation=transformation)
        return _as_points(placed(shapes, ledger, reference, area), ledger)
    others = np.zeros(len(records), bool) if elsewhere is None else elsewhere
    xy, said = _columns_xy(records, ledger, found, crs)
    ledger.quarantine(ledger.standing & ~others & ~np.isfinite(xy).all(axis=1), "place.missing")
    standing = np.flatnonzero(ledger.standing & ~others)
    if not len(standing):
        raise SourceError(f"{records.where} holds no usable row: {ledger.why_empty()}")
    reference = settle(records.crs, said, xy[standing], area=area, where=records.where, transformation=transformation)
    assumed = crs is None and records.crs is None
    ledger.fact("crs", f"{reference.crs.to_string()} (assumed: degrees)" if assumed else str(reference))
    shapes = np.full(len(records), None, dtype=object)
    moved = reference.to(area.crs, xy[standing])
    shapes[standing] = shapely.points(np.where(np.isfinite(moved), moved, 0.0))
    lost = np.zeros(len(records), bool)
    lost[standing] = ~np.isfinite(moved).all(axis=1)
    ledger.quarantine(lost, "geometry.not_finite")
    return shapes


def _columns_xy(records: Records, ledger: Ledger, found: dict[str, str], crs: Said) -> tuple[Points, Said]:
    frame = records.frame
    if "lon" in found and "lat" in found:
        pair = [degrees(frame[found[name]], ledger, found[name]) for name in ("lon", "lat")]
        said: Said = 4326 if crs is None and records.crs is None else crs
    elif "x" in found and "y" in found:
        pair = [numbers(frame[found[name]], ledger, found[name], unreadable="place.unreadable") for name in ("x", "y")]
        said = crs
    elif "place" in found:
        halves = [_split(one) for one in texts(frame[found["place"]])]
        pair = [
            degrees(pd.Series([half[at] for half in halves], dtype=object), ledger, found["place"]) for at in (0, 1)
        ]
        said = 4326 if crs is None else crs
    else:
        raise ColumnError(
            f"{records.where} has no coordinates: no columns such as 经度 and 纬度, lon and lat, or x and y;"
            f" its headings are {', '.join(records.headings)}. Say which with columns={{'lon': ..., 'lat': ...}}",
            zh=f"{records.where} 没有坐标列（如 经度、纬度，lon、lat，或 x坐标、y坐标）。现有表头：{'、'.join(records.headings)}。"
            "请用 --columns 指明，或用 --places 按村居对位",
        )
    return np.column_stack(pair), said


def _split(one: str) -> tuple[str | None, str | None]:
    parts = one.replace("，", ",").replace(";", ",").split(",")
    return (parts[0], parts[1]) if len(parts) == 2 else (None, None)


def _as_points(shapes: Geometries, ledger: Ledger) -> Geometries:
    points = shapes.copy()
    kinds = shapely.get_type_id(shapes)
    flat = ledger.standing & np.isin(kinds, (3, 6))
    points[flat] = shapely.point_on_surface(shapes[flat])
    if flat.any():
        ledger.note(
            f"{int(flat.sum())} 个面以其内部一点代表",
            f"{int(flat.sum())} polygons are represented by a point inside each",
        )
    several = ledger.standing & (kinds == 4)
    single = several & (shapely.get_num_geometries(shapes) == 1)
    points[single] = shapely.get_geometry(shapes[single], 0)
    ledger.quarantine(several & ~single, "geometry.type", value="MultiPoint of several points")
    return points
