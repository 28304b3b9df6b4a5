"""Population: read how many people live where, and make a census say how many of them are the service's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.area import StudyArea, Units
from planner.arrays import Positions
from planner.demand import Demand
from planner.errors import DataError
from planner.layers import Layer
from planner.sources.census import Census, match_units, read_census
from planner.sources.ledger import Ledger
from planner.sources.naming import apart, by_place, coded
from planner.sources.opening import open_records
from planner.sources.records import Geometries, Records
from planner.sources.references import Said
from planner.sources.schema import schema
from planner.sources.shapes import points_of, within
from planner.sources.values import numbers, texts

LEAST_FACTOR, MOST_FACTOR = 1 / 3, 3.0
Path = str | os.PathLike[str]
Use = Literal["shares", "totals"]
Floats = npt.NDArray[np.float64]


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
    census_columns: Mapping[str, str] | None = None,
    transformation: str | None = None,
) -> Demand:
    """Read people at points inside the area, from cells in a list or any vector file.

    ``people`` names the column of people. With a ``census`` by district, ``age`` such as ``60+`` makes
    the demand the people of that age, band by band: ``use="shares"`` takes each district's share of its cells'
    people (人口比例), ``use="totals"`` scales them so that every district's cells sum to its census (总量控制).
    The factors, and every census division without cells or outside the area with its people, are in
    ``.report.tables["census"]``; a factor outside 1/3 to 3 raises `DataError` unless ``allow_factors``.
    """
    if census is None and (age is not None or use == "totals"):
        raise DataError("age= and use='totals' need census=: a table of people by district and age band")
    if use not in ("shares", "totals"):
        raise DataError(f"use= is 'shares' or 'totals', not {use!r}")
    words = schema("cells")
    records = open_records(path, words, layer=layer, encoding=encoding)
    asked = {**(columns or {}), **({"people": people} if people is not None else {})}
    found = words.match(records.headings, columns=asked, file=records.where)
    words.require(found, ["people"], records.headings, file=records.where)
    ledger = Ledger(records)
    ledger.fact("columns", ", ".join(f"{name} <- {heading}" for name, heading in found.items()))
    persons = _persons(records, ledger, found["people"])
    points = points_of(records, ledger, found, crs=crs, area=area, transformation=transformation)
    within(points, ledger, area.polygon)
    _whole_copies(records, ledger)
    if not ledger.standing.any():
        raise DataError(f"{records.where}: no people lie in {area.name}: {ledger.why_empty()}")
    frame = _frame(records, ledger, found, persons, points, area)
    if census is None:
        ledger.fact("people", f"{frame['people'].sum():,.1f} in the area")
        return Demand(frame, report=ledger.report())
    table = read_census(census, columns=census_columns)
    bands = table.asked(age)
    weighed = _weigh(frame, table, bands, area, ledger, use=use, allow_factors=allow_factors)
    return Demand(weighed, bands=bands, report=ledger.report())


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


def _whole_copies(records: Records, ledger: Ledger) -> None:
    """Rows the same in every column are one cell listed twice: its people count once."""
    at = ledger.positions
    frame = records.frame.iloc[at].astype(str)
    if records.geometry is not None:
        frame = frame.assign(_shape=[shape.wkb.hex() for shape in records.geometry[at]])
    again = frame.duplicated().to_numpy()
    if again.any():
        first = frame.groupby(list(frame.columns), sort=False).ngroup().to_numpy()
        origin = dict(zip(first[::-1], records.rows[at][::-1], strict=True))
        ledger.duplicate(at[again], "row.duplicate", value=[str(origin[group]) for group in first[again]])


def _frame(
    records: Records, ledger: Ledger, found: Mapping[str, str], persons: Floats, points: Geometries, area: StudyArea
) -> gpd.GeoDataFrame:
    at = ledger.positions
    codes = texts(records.frame[found["id"]])[at] if "id" in found else np.array([""], dtype=object)
    if (codes != "").all() and len(set(codes)) == len(codes):
        ids = coded("cell", list(codes))
    else:
        ids = apart(by_place("cell", points[at], area.crs))
    index = pd.Index(ids, name="id", dtype=object)
    return gpd.GeoDataFrame({"people": persons[at]}, geometry=list(points[at]), index=index, crs=area.crs)


def _weigh(
    frame: gpd.GeoDataFrame,
    census: Census,
    bands: tuple[str, ...],
    area: StudyArea,
    ledger: Ledger,
    *,
    use: Use,
    allow_factors: bool,
) -> gpd.GeoDataFrame:
    """Turn residents of cells into the people asked for, by each cell's district."""
    level = _level(census, area.units)
    units = area.units.at(level).frame
    row_of = pd.Series(match_units(census, units["code"], units["name"]).to_numpy(), index=units.index)
    where = area.units.locate(Layer(frame), level)
    rows: Positions = where.map(row_of).fillna(-1).astype(int).to_numpy()
    _must_be_counted(frame, rows, where, units, census)
    residents = frame["people"].to_numpy()
    counted = census.frame["people"].to_numpy()
    lived: Floats = np.bincount(rows, weights=residents, minlength=len(counted)).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        factors: Floats = np.where(lived > 0, counted / lived, np.nan)
    _tell(census, lived, factors, rows, set(row_of[row_of >= 0]), bands, ledger, use)
    if use == "totals":
        _refuse_odd_factors(census, factors, allow_factors=allow_factors)
        scaled = residents * factors[rows]
    else:
        scaled = residents
    told = frame.assign(residents=scaled, people=scaled)
    if bands:
        shares = census.frame[list(bands)].to_numpy() / np.where(counted > 0, counted, np.nan)[:, None]
        split = scaled[:, None] * np.nan_to_num(shares)[rows]
        for at, band in enumerate(bands):
            told[band] = split[:, at]
        told["people"] = split.sum(axis=1)
    ledger.fact("people", f"{told['people'].sum():,.1f} in the area ({use})")
    return told


def _level(census: Census, units: Units) -> str:
    """The level of units most census rows speak of."""
    hits = {}
    for level in units.levels:
        frame = units.at(level).frame
        hits[level] = int((match_units(census, frame["code"], frame["name"]) >= 0).sum())
    best = max(hits, key=lambda level: hits[level])
    if not hits[best]:
        known = ", ".join(
            f"{name} {code}" for name, code in zip(census.frame["name"][:8], census.frame["code"][:8], strict=True)
        )
        raise DataError(f"{census.report.file} speaks of none of the area's units; it has {known}")
    return best


def _must_be_counted(
    frame: gpd.GeoDataFrame, rows: Positions, where: pd.Series, units: gpd.GeoDataFrame, census: Census
) -> None:
    lost = rows < 0
    if not lost.any():
        return
    people = float(frame["people"].to_numpy()[lost].sum())
    names = sorted({units.at[one, "name"] if one in units.index else "no unit" for one in where[lost]})
    raise DataError(
        f"{int(lost.sum()):,} cells with {people:,.0f} people lie in {', '.join(names)}, of which"
        f" {census.report.file} says nothing; add those rows to the census, or leave the units out of the area"
    )


def _refuse_odd_factors(census: Census, factors: Floats, *, allow_factors: bool) -> None:
    odd = np.isfinite(factors) & ((factors < LEAST_FACTOR) | (factors > MOST_FACTOR))
    if odd.any() and not allow_factors:
        told = ", ".join(
            f"{name} × {factor:.2f}" for name, factor in zip(census.frame["name"][odd], factors[odd], strict=True)
        )
        raise DataError(
            f"cells and census disagree by more than three times: {told}; check that both mean the same"
            " people and units, then allow it with allow_factors=True, or use='shares'"
        )


def _tell(
    census: Census,
    lived: Floats,
    factors: Floats,
    rows: Positions,
    inside: set[int],
    bands: tuple[str, ...],
    ledger: Ledger,
    use: Use,
) -> None:
    """The census by division: what became of each row, and the people no cell stands for."""
    frame = census.frame
    elders = frame[list(bands)].sum(axis=1) if bands else frame["people"]
    counts = np.bincount(rows, minlength=len(frame))
    state = ["used" if counts[row] else "no cells" if row in inside else "not in the area" for row in range(len(frame))]
    table = frame[["code", "name"]].assign(
        census_people=frame["people"], age_people=elders, cells=counts, cell_people=lived, factor=factors, state=state
    )
    ledger.table("census", table)
    used = table[table["state"] == "used"]
    ledger.fact(
        "factors",
        ", ".join(f"{row.name_} {row.factor:.3f}" for row in used.rename(columns={"name": "name_"}).itertuples())
        + ("" if use == "totals" else " (census / cells; told, not applied)"),
    )
    for what, zh, en in (
        ("no cells", "在范围内但没有人口格网", "in the area but without cells"),
        ("not in the area", "不在规划范围内或没有边界", "outside the area, or without a polygon"),
    ):
        rest = table[table["state"] == what]
        if len(rest):
            listed = "、".join(
                f"{name} {people:,.0f}" for name, people in zip(rest["name"], rest["age_people"], strict=True)
            )
            total = rest["age_people"].sum()
            ledger.note(
                f"普查中 {len(rest)} 个单位{zh}，共 {total:,.0f} 人：{listed}",
                f"{len(rest)} census divisions {en}, {total:,.0f} people: {listed}",
            )
