"""Population: read how many people live where, and make a census say how many of them are the service's."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.area import StudyArea, Units
from planner.demand import Demand
from planner.errors import DataError
from planner.roads import Roads
from planner.sources.census import asked_bands, band_of, bands_in, read_census
from planner.sources.ledger import Ledger
from planner.sources.naming import apart, by_place, coded, leave_out_copies
from planner.sources.opening import open_records
from planner.sources.places import Places, places_of
from planner.sources.placing import points_or_places
from planner.sources.raster import read_raster
from planner.sources.records import Geometries, Records
from planner.sources.references import Said
from planner.sources.schema import schema
from planner.sources.shapes import points_of, within
from planner.sources.sniff import Format, local, recognise
from planner.sources.suspicion import suspect
from planner.sources.values import Floats, numbers, texts
from planner.sources.villages import at_their_place
from planner.sources.watching import Progress
from planner.sources.weighing import Use, weigh

Path = str | os.PathLike[str]


def read_population(
    path: Path,
    *,
    area: StudyArea,
    people: str | None = None,
    census: Path | None = None,
    age: str | None = None,
    use: Use = "shares",
    allow_factors: bool = False,
    crs: Said = None,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    ignore: Iterable[str] = (),
    census_columns: Mapping[str, str] | None = None,
    transformation: str | None = None,
    nodata: float | None = None,
    places: Places | Units | gpd.GeoDataFrame | Path | None = None,
    cells: Demand | None = None,
    roads: Roads | None = None,
    progress: Progress | None = None,
) -> Demand:
    """Read people at points inside the area, from cells in a list, a raster or any vector file, or from villages.

    ``people`` names the column of people. With a ``census`` by district, ``age`` such as ``60+`` makes
    the demand the people of that age, band by band: ``use="shares"`` takes each district's share of its cells'
    people (人口比例), ``use="totals"`` scales them so that every district's cells sum to its census (总量控制).
    The factors, and every census division without cells or outside the area with its people, are in
    ``.report.tables["census"]``; a factor outside 1/3 to 3 raises `DataError` unless ``allow_factors``.

    A list by village (村居人口表), with age bands of its own, needs ``places`` (units, or a file of villages) instead
    of coordinates; ``cells`` spreads each village's people over its cells. ``nodata`` is a raster's value for no data.
    Points that fit the towns they name, or the given ``roads``, clearly better without the shift of a web map are
    suspected in a note.
    """
    if use not in ("shares", "totals"):
        raise DataError(f"use= is 'shares' or 'totals', not {use!r}")
    records, found = _opened(
        path,
        area,
        people,
        layer,
        encoding,
        columns,
        ignore,
        nodata,
        own_ages=census is None and age is not None,
        progress=progress,
    )
    ledger = Ledger(records)
    ledger.fact("columns", ", ".join(f"{name} <- {heading}" for name, heading in found.items()))
    own, bands = _own_bands(records, ledger, age) if census is None and age is not None else (None, ())
    if census is None and own is None and (age is not None or use == "totals"):
        raise DataError("age= and use='totals' need census=: a table of people by district and age band")
    amounts = _amounts(records, ledger, found, own)
    if places is not None:
        frame = _by_place(records, ledger, found, amounts, area, places_of(places, area=area), cells, crs=crs)
    else:
        points = points_of(records, ledger, found, crs=crs, area=area, transformation=transformation)
        within(points, ledger, area.polygon)
        leave_out_copies(records.frame, points, records.rows, ledger)  # one cell listed twice counts once
        named = {"town": texts(records.frame[found["town"]])} if "town" in found else {}
        suspect(ledger, points, pd.DataFrame(named, index=pd.RangeIndex(len(records))), area, roads, asked=crs)
        frame = _frame(records, ledger, found, amounts, points, area)
    ledger.fact("people", f"{frame['people'].sum():,.1f} in the area")
    if census is None:
        return Demand(frame, bands=bands, report=ledger.report())
    table = read_census(census, columns=census_columns, progress=progress)
    bands = table.asked(age)
    weighed = weigh(frame, table, bands, area, ledger, use=use, allow_factors=allow_factors)
    return Demand(weighed, bands=bands, report=ledger.report())


def _opened(
    path: Path,
    area: StudyArea,
    people: str | None,
    layer: str | None,
    encoding: str | None,
    columns: Mapping[str, str] | None,
    ignore: Iterable[str],
    nodata: float | None,
    *,
    own_ages: bool,
    progress: Progress | None,
) -> tuple[Records, dict[str, str]]:
    """The records and the headings found in them; a raster has its own."""
    words = schema("cells")
    if (kept := local(path)).is_file() and recognise(kept) is Format.GEOTIFF:
        return read_raster(kept, area, nodata=nodata), {"people": "people", "x": "x", "y": "y"}
    records = open_records(path, words, layer=layer, encoding=encoding, ignore=ignore, progress=progress)
    asked = {**(columns or {}), **({"people": people} if people is not None else {})}
    headings = [one for one in records.headings if band_of(one) is None or one in asked.values()]
    found = words.match(headings, columns=asked, file=records.where)
    if not own_ages or not any(band_of(one) for one in records.headings):
        words.require(found, ["people"], records.headings, file=records.where)
    return records, found


def _own_bands(records: Records, ledger: Ledger, age: str) -> tuple[pd.DataFrame | None, tuple[str, ...]]:
    """People by band from the file's own columns, where it has any."""
    bands = bands_in(records.frame, records.headings, ledger)
    if bands.empty or not len(bands.columns):
        return None, ()
    chosen = asked_bands(tuple(map(str, bands.columns)), age, file=records.where)
    return bands[list(chosen)], chosen


def _amounts(records: Records, ledger: Ledger, found: Mapping[str, str], own: pd.DataFrame | None) -> pd.DataFrame:
    """``people`` of every row, with the bands that make them up where the file has them."""
    if own is not None:
        return own.assign(people=own.sum(axis=1))
    return pd.DataFrame({"people": _persons(records, ledger, found["people"])})


def _by_place(
    records: Records,
    ledger: Ledger,
    found: Mapping[str, str],
    amounts: pd.DataFrame,
    area: StudyArea,
    places: Places,
    cells: Demand | None,
    *,
    crs: Said,
) -> gpd.GeoDataFrame:
    """People at the places their rows name."""
    points, told = points_or_places(records, ledger, found, places, crs=crs, area=area)
    within(points, ledger, area.polygon)
    at = ledger.positions
    if not len(at):
        raise DataError(f"{records.where}: no people lie in {area.name}: {ledger.why_empty()}")
    if (told["place"].to_numpy()[at] < 0).any():
        return _frame(records, ledger, found, amounts, points, area)
    return at_their_place(amounts.iloc[at], told["place"].to_numpy()[at], places, cells=cells, ledger=ledger)


def _persons(records: Records, ledger: Ledger, heading: str) -> Floats:
    persons = numbers(records.frame[heading], ledger, heading)
    ledger.quarantine(ledger.standing & np.isnan(persons), "value.missing", column=heading)
    negative = ledger.standing & (persons < 0)
    if negative.any():
        total = persons[negative].sum()
        ledger.note(
            f"{int(negative.sum())} 个格网人口为负，合计 {total:,.0f}，已隔离",
            f"{int(negative.sum())} cells hold negative people, {total:,.0f} in all; they are quarantined",
        )
    ledger.quarantine(negative, "value.negative", column=heading, value=persons)
    return persons


def _frame(
    records: Records,
    ledger: Ledger,
    found: Mapping[str, str],
    amounts: pd.DataFrame,
    points: Geometries,
    area: StudyArea,
) -> gpd.GeoDataFrame:
    at = ledger.positions
    if not len(at):
        raise DataError(f"{records.where}: no people lie in {area.name}: {ledger.why_empty()}")
    codes = texts(records.frame[found["id"]])[at] if "id" in found else np.array([""], dtype=object)
    if (codes != "").all() and len(set(codes)) == len(codes):
        ids = coded("cell", list(codes))
    else:
        ids = apart(by_place("cell", points[at], area.crs))
    index = pd.Index(ids, name="id", dtype=object)
    return gpd.GeoDataFrame(amounts.iloc[at].set_axis(index), geometry=points[at], crs=area.crs)
