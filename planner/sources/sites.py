"""Sites: read facilities that stand, or could, from lists and layers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from planner.area import StudyArea, Units
from planner.errors import DataError
from planner.roads import Roads
from planner.sites import Sites
from planner.sources.belonging import tell_units
from planner.sources.codes import damaged
from planner.sources.dates import first_days
from planner.sources.ledger import Ledger
from planner.sources.naming import coded, degrees_of, from_content, leave_out_copies, leave_out_repeated
from planner.sources.opening import open_records
from planner.sources.places import Places, places_of
from planner.sources.placing import points_or_places
from planner.sources.records import Geometries, Records
from planner.sources.references import Said
from planner.sources.schema import schema
from planner.sources.shapes import points_of, within
from planner.sources.suspicion import suspect
from planner.sources.values import numbers, texts
from planner.sources.watching import Progress
from planner.sources.wording import names

TEXT = ("address", "village", "town", "district", "host", "secrecy")
NEAR_DUPLICATE_METRES = 5.0
Path = str | os.PathLike[str]
Words = npt.NDArray[np.object_]


def read_sites(
    path: Path,
    *,
    area: StudyArea,
    service: str,
    existing: bool = True,
    crs: Said = None,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    ignore: Iterable[str] = (),
    transformation: str | None = None,
    places: Places | Units | gpd.GeoDataFrame | Path | None = None,
    roads: Roads | None = None,
    progress: Progress | None = None,
) -> Sites:
    """Read facilities of a service in the area and its buffer, from Excel, CSV or any vector file.

    Lists need longitude and latitude (decimal, or degrees-minutes-seconds) or projected columns; title rows,
    two-line headings and total rows are recognised. A site's ID comes from its code, or else from its name and
    place, so that the same list gives the same IDs again. ``existing`` tells those that stand from those that could.
    Rows without coordinates are placed, given ``places`` (the area's units, or a file of villages), by village code,
    name or address; ``placed_by`` and ``precision_metres`` say how, and the unmatched are in
    ``.report.tables["worklist"]``. Points that fit the towns they name, or the given ``roads``, clearly better without
    the shift of GCJ-02 or BD-09 are suspected in a note. Sites outside, exact copies, repeated codes, near-duplicates,
    points on a border and those in another unit than the list says are in ``.report``.
    """
    words = schema("sites")
    records = open_records(path, words, layer=layer, encoding=encoding, ignore=ignore, progress=progress)
    found = words.match(records.headings, columns=columns, file=records.where)
    words.require(found, ["name"], records.headings, file=records.where)
    ledger = Ledger(records)
    ledger.fact("columns", ", ".join(f"{name} <- {heading}" for name, heading in found.items()))
    called = names(records.frame[found["name"]], ledger, found["name"])
    _leave_out_remarks(records, ledger)
    ledger.quarantine(called == "", "value.missing", column=found["name"])
    if places is None:
        points = points_of(records, ledger, found, crs=crs, area=area, transformation=transformation)
        how = None
    else:
        known = places_of(places, area=area)
        points, how = points_or_places(records, ledger, found, known, crs=crs, area=area, transformation=transformation)
    within(points, ledger, area.wide)
    leave_out_copies(records.frame, points, records.rows, ledger)
    frame = _attributes(records, ledger, found).assign(name=called, service=service, existing=existing)
    if how is not None:
        frame = frame.join(how.drop(columns="place"))
    ids = _ids(records, ledger, found, called, points, area)
    if not ledger.standing.any():
        raise DataError(f"{records.where}: no site lies in {area.name} or near it: {ledger.why_empty()}")
    suspect(ledger, points, frame, area, roads, asked=crs)
    named = {level: frame[level].to_numpy(dtype=object) for level in ("district", "town") if level in frame}
    tell_units(ledger, points, named, records.rows, area)
    _note_near_duplicates(ledger, called, points, records.rows)
    at = ledger.positions
    table = frame.iloc[at].set_axis(pd.Index(ids[at], name="id", dtype=object))
    front = ["name", "service", "existing"]
    table = table[front + [name for name in table if name not in front]]
    return Sites(gpd.GeoDataFrame(table, geometry=points[at], crs=area.crs), report=ledger.report())


def _leave_out_remarks(records: Records, ledger: Ledger) -> None:
    """Lines below the table that hold one cell only: who made it, when, remarks."""
    if records.geometry is not None:
        return
    filled = records.frame.notna().sum(axis=1).to_numpy()
    last = ledger.standing & (filled == 1)
    if records.frame.shape[1] > 2:
        first = records.frame.bfill(axis=1).iloc[:, 0].to_numpy()
        tail = np.flatnonzero(filled > 1).max(initial=-1)
        ledger.quarantine(last & (np.arange(len(records)) > tail), "table.note", value=first)


def _attributes(records: Records, ledger: Ledger, found: Mapping[str, str]) -> pd.DataFrame:
    frame = records.frame
    told: dict[str, Any] = {}
    for name in TEXT:
        if name in found:
            told[name] = texts(frame[found[name]])
    if "unit_code" in found:
        told["unit"] = texts(frame[found["unit_code"]])
    for name in ("capacity", "cost"):
        if name in found:
            values = numbers(frame[found[name]], ledger, found[name])
            ledger.quarantine(ledger.standing & (values < 0), "value.negative", column=found[name], value=values)
            told[name] = values
    for name in ("opened", "closed"):
        if name in found:
            base_1904 = records.facts.get("dates") == "1904"
            told[name] = first_days(frame[found[name]], ledger, found[name], base_1904=base_1904)
    return pd.DataFrame(told, index=pd.RangeIndex(len(records)))


def _ids(
    records: Records, ledger: Ledger, found: Mapping[str, str], called: Words, points: Geometries, area: StudyArea
) -> Words:
    """IDs from the code column; a row without a code, or a list without such a column, by name and place."""
    ids = np.full(len(records), "", dtype=object)
    if "code" in found:
        codes = texts(records.frame[found["code"]])
        ledger.quarantine(damaged(codes, divisions=False), "code.damaged", column=found["code"], value=codes)
        ids = coded("site", list(codes))
        given = ids[ids != ""]
        if len(given) > 1 and len(set(given)) == 1:
            ids[:] = ""  # one code for all is no code
    at = ledger.positions
    bare = at[ids[at] == ""]
    if len(bare):
        places = [f"{lon:.5f}_{lat:.5f}" for lon, lat in degrees_of(points[bare], area.crs)]
        ids[bare] = from_content("site", called[bare], places)
        first = pd.Series(bare, index=ids[bare]).groupby(level=0).transform("first").to_numpy()
        again = first != bare
        ledger.duplicate(bare[again], "row.same_site", value=[str(row) for row in records.rows[first[again]]])
    leave_out_repeated(ids, ledger, found.get("code", found["name"]))
    return ids


def _note_near_duplicates(ledger: Ledger, called: Words, points: Geometries, rows: npt.NDArray[np.int64]) -> None:
    """Sites of one name within five metres: kept, listed, for a person to merge."""
    at = ledger.positions
    at = at[pd.Series(called[at], dtype=object).duplicated(keep=False).to_numpy()]
    tree = shapely.STRtree(points[at])
    left, right = tree.query(points[at], predicate="dwithin", distance=NEAR_DUPLICATE_METRES)
    same = (left < right) & (called[at][left] == called[at][right])
    if same.any():
        pairs = [
            (int(rows[at[i]]), int(rows[at[j]]), called[at[i]]) for i, j in zip(left[same], right[same], strict=True)
        ]
        table = pd.DataFrame(pairs, columns=["row", "other_row", "name"])
        ledger.table("near_duplicates", table)
        ledger.note(
            f"{len(pairs)} 对同名且相距不足 5 米的点，疑为重复，请核对后合并",
            f"{len(pairs)} pairs of one name lie within 5 m; probably duplicates, check and merge them",
        )
