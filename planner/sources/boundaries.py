"""Boundaries: agreed lines between divisions (界线), held against the edge the two units share."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import ClassVar

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from planner.area import StudyArea
from planner.errors import ColumnError, DataError
from planner.layers import Column, Layer
from planner.sources.ledger import Ledger
from planner.sources.naming import coded, leave_out_copies, leave_out_repeated
from planner.sources.opening import open_records
from planner.sources.records import Geometries
from planner.sources.references import Said
from planner.sources.schema import schema
from planner.sources.shapes import checked, placed, referred, within
from planner.sources.values import texts
from planner.sources.watching import Progress

LINES = ("LineString", "MultiLineString")
TOLERANCE_METRES = 10.0
Path = str | os.PathLike[str]


class Boundaries(Layer):
    """Boundary lines in metres: ``number``, and ``left`` and ``right``, the codes of the two units they part."""

    columns: ClassVar[tuple[Column, ...]] = (
        Column("number", "text", lambda s: s.map(lambda v: isinstance(v, str) and v != "")),
        Column("left", "code of a unit", lambda s: s.map(lambda v: isinstance(v, str) and v != "")),
        Column("right", "code of a unit", lambda s: s.map(lambda v: isinstance(v, str) and v != "")),
    )
    shapes: ClassVar[frozenset[str]] = frozenset(LINES)


def read_boundaries(
    path: Path,
    *,
    area: StudyArea,
    tolerance_metres: float = TOLERANCE_METRES,
    crs: Said = None,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    ignore: Iterable[str] = (),
    transformation: str | None = None,
    repair: bool = False,
    progress: Progress | None = None,
) -> Boundaries:
    """Read boundary lines of the area's units, to look at and to check; the register takes them by `import_file`.

    Each names the two units it parts, by code or name. ``off_edge_metres`` says how far a line strays from the edge its
    units share, missing where they share none; those beyond ``tolerance_metres`` are listed in
    ``.report.tables["off_edge"]``. A line of a unit that is not the area's is quarantined.
    """
    words = schema("lines")
    records = open_records(path, words, layer=layer, encoding=encoding, ignore=ignore, progress=progress)
    found = words.match(records.headings, columns=columns, file=records.where)
    words.require(found, ["number", "left", "right"], records.headings, file=records.where)
    ledger = Ledger(records)
    told = pd.DataFrame({name: texts(records.frame[heading]) for name, heading in found.items()}, dtype=object)
    ledger.quarantine((told["number"] == "").to_numpy(), "value.missing", column=found["number"])
    lines = checked(records, ledger, of=LINES, repair=repair)
    reference = referred(records, ledger, lines, crs=crs, area=area, transformation=transformation)
    lines = placed(lines, ledger, reference, area)
    within(lines, ledger, area.wide)
    for side in ("left", "right"):
        codes = _codes(told[side], area)
        ledger.quarantine(ledger.standing & (codes == ""), "line.unit", column=found[side], value=told[side].to_numpy())
        told[side] = codes
    leave_out_copies(records.frame, lines, records.rows, ledger)
    ids = coded("line", told["number"])
    leave_out_repeated(ids, ledger, found["number"])
    at = ledger.positions
    if not len(at):
        raise DataError(f"{records.where}: no boundary line of {area.name}: {ledger.why_empty()}")
    told = told.iloc[at].set_axis(pd.Index(ids[at], name="id", dtype=object))
    told["off_edge_metres"] = _off_edge(told, lines[at], area)
    _tell(ledger, told, records.rows[at], tolerance_metres)
    return Boundaries(gpd.GeoDataFrame(told, geometry=list(lines[at]), crs=area.crs), report=ledger.report())


def _codes(said: pd.Series, area: StudyArea) -> npt.NDArray[np.object_]:
    """Codes of the units named by code or by name; ``""`` where none, raises `ColumnError` where two bear the name."""
    units = area.units.frame
    names = units["name"].tolist()
    if twice := sorted({word for word in said if names.count(word) > 1}):
        raise ColumnError(f"{', '.join(twice)} is the name of several units; name the sides of a line by code")
    known = dict(zip(names, units["code"], strict=True)) | {code: code for code in units["code"]}
    return np.array([known.get(word, "") for word in said], dtype=object)


def _off_edge(told: pd.DataFrame, lines: Geometries, area: StudyArea) -> npt.NDArray[np.float64]:
    """How far each line strays from the shared edge of its units, and the edge from it; NaN where they share none."""
    units = area.units.frame.set_index("code").geometry
    far = np.full(len(told), np.nan)
    for at, (left, right, line) in enumerate(zip(told["left"], told["right"], lines, strict=True)):
        edge = shapely.intersection(shapely.boundary(units[left]), shapely.buffer(shapely.boundary(units[right]), 1.0))
        if edge.length > 0:
            far[at] = shapely.hausdorff_distance(line, edge, densify=0.05)
    return far


def _tell(ledger: Ledger, told: pd.DataFrame, rows: npt.NDArray[np.int64], tolerance_metres: float) -> None:
    far = told["off_edge_metres"]
    odd = (far.isna() | (far > tolerance_metres)).to_numpy()
    if not odd.any():
        return
    listed = told.loc[odd, ["number", "left", "right", "off_edge_metres"]].assign(row=rows[odd])
    ledger.table("off_edge", listed.reset_index(drop=True))
    ledger.note(
        f"{int(odd.sum())} 条界线与两侧单位的公共边不一致（超过 {tolerance_metres:g} 米或无公共边），见 off_edge 表",
        f"{int(odd.sum())} lines do not run along the edge their units share (over {tolerance_metres:g} m off, or no"
        " such edge); see the table off_edge",
    )
