"""Quarters: residential quarters (居住区) with the floor space they have, as lists of allotment (配建) keep them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.allotment import Quarters
from planner.area import StudyArea, Units
from planner.errors import ColumnError, DataError
from planner.roads import Roads
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

NEW = frozenset({"new", "新建", "新", "新建住宅小区", "新建居住区", "新建城区", "在建"})
EXISTING = frozenset({"existing", "已建", "已建成", "既有", "建成", "老旧", "老旧小区", "已建居住区", "已建成住宅小区"})
Path = str | os.PathLike[str]
Kind = Literal["new", "existing"]


def read_quarters(
    path: Path,
    *,
    area: StudyArea,
    quarters_are: Kind | None = None,
    crs: Said = None,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    ignore: Iterable[str] = (),
    transformation: str | None = None,
    places: Places | Units | gpd.GeoDataFrame | Path | None = None,
    roads: Roads | None = None,
    progress: Progress | None = None,
) -> Quarters:
    """Read residential quarters inside the area, from Excel, CSV or any vector file, for `allot`.

    Needs a name and the households; ``quarters_are`` says whether all are new or existing where the list has no such column.
    An empty floor space counts as 0 m2 and is listed as a repair; a permit date that cannot be read leaves its row out,
    an empty one stays unknown. A quarter drawn as a polygon is represented by a point inside it. Places as in `read_sites`.
    """
    words = schema("quarters")
    records = open_records(path, words, layer=layer, encoding=encoding, ignore=ignore, progress=progress)
    found = words.match(records.headings, columns=columns, file=records.where)
    words.require(found, ["name", "households"], records.headings, file=records.where)
    if "kind" not in found and quarters_are is None:
        raise ColumnError(
            f"{records.where} does not say which quarters are new; say quarters_are='new' or 'existing' for all"
        )
    ledger = Ledger(records)
    ledger.fact("columns", ", ".join(f"{name} <- {heading}" for name, heading in found.items()))
    called = names(records.frame[found["name"]], ledger, found["name"])
    ledger.quarantine(called == "", "value.missing", column=found["name"])
    told = _amounts(records, ledger, found, quarters_are).assign(name=called)
    if places is None:
        points = points_of(records, ledger, found, crs=crs, area=area, transformation=transformation)
    else:
        known = places_of(places, area=area)
        points, how = points_or_places(records, ledger, found, known, crs=crs, area=area, transformation=transformation)
        told = told.join(how.drop(columns="place"))
    within(points, ledger, area.polygon)
    leave_out_copies(records.frame, points, records.rows, ledger)
    if not ledger.standing.any():
        raise DataError(f"{records.where}: no quarter lies in {area.name}: {ledger.why_empty()}")
    ids = _ids(records, ledger, found, called, points, area)
    suspect(ledger, points, told, area, roads, asked=crs)
    at = ledger.positions
    table = told.iloc[at].set_axis(pd.Index(ids[at], name="id", dtype=object))
    return Quarters(gpd.GeoDataFrame(table, geometry=list(points[at]), crs=area.crs), report=ledger.report())


def _amounts(records: Records, ledger: Ledger, found: Mapping[str, str], kind: Kind | None) -> pd.DataFrame:
    frame = records.frame
    households = numbers(frame[found["households"]], ledger, found["households"])
    bad = ~np.isnan(households) & ((households % 1 != 0) | (households < 0))
    ledger.quarantine(bad, "value.not_whole", column=found["households"], value=households)
    ledger.quarantine(ledger.standing & np.isnan(households), "value.missing", column=found["households"])
    told: dict[str, Any] = {"households": households, "square_metres": _floor_space(records, ledger, found)}
    told["kind"] = _kinds(records, ledger, found) if "kind" in found else np.full(len(records), kind, dtype=object)
    base_1904 = records.facts.get("dates") == "1904"
    permit = found.get("permit")
    told["permit"] = (
        np.full(len(records), None, dtype=object)
        if permit is None
        else first_days(frame[permit], ledger, permit, base_1904=base_1904)
    )
    for name in ("exempt", "town", "district", "address", "secrecy"):
        if name in found:
            told[name] = texts(frame[found[name]])
    return pd.DataFrame(told, index=pd.RangeIndex(len(records)))


def _floor_space(records: Records, ledger: Ledger, found: Mapping[str, str]) -> npt.NDArray[np.float64]:
    if (heading := found.get("square_metres")) is None:
        ledger.note("表中没有建筑面积列，现有面积均按 0 平方米计", "there is no column of floor space; each has 0 m2")
        return np.zeros(len(records))
    metres = numbers(records.frame[heading], ledger, heading)
    ledger.quarantine(ledger.standing & (metres < 0), "value.negative", column=heading, value=metres)
    empty = ledger.standing & np.isnan(metres)
    ledger.repair(empty, "value.blank_as_zero", heading, before="", after="0")
    return np.nan_to_num(metres)


def _kinds(records: Records, ledger: Ledger, found: Mapping[str, str]) -> npt.NDArray[np.object_]:
    words = texts(records.frame[found["kind"]])
    told = np.array(["new" if w in NEW else "existing" if w in EXISTING else "" for w in words], dtype=object)
    ledger.quarantine(ledger.standing & (told == ""), "value.kind", column=found["kind"], value=words)
    return told


def _ids(
    records: Records,
    ledger: Ledger,
    found: Mapping[str, str],
    called: npt.NDArray[np.object_],
    points: Geometries,
    area: StudyArea,
) -> npt.NDArray[np.object_]:
    """IDs from the code column, else from name and place."""
    ids = np.full(len(records), "", dtype=object)
    if "code" in found:
        codes = texts(records.frame[found["code"]])
        ledger.quarantine(damaged(codes, divisions=False), "code.damaged", column=found["code"], value=codes)
        ids = coded("quarter", list(codes))
    at = ledger.positions
    bare = at[ids[at] == ""]
    if len(bare):
        places = [f"{lon:.5f}_{lat:.5f}" for lon, lat in degrees_of(points[bare], area.crs)]
        ids[bare] = from_content("quarter", called[bare], places)
    leave_out_repeated(ids, ledger, found.get("code", found["name"]))
    return ids
