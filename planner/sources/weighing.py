"""Weighing: how many of the people in cells a census says there are, and how many of the age asked for."""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.area import StudyArea, Units
from planner.arrays import Positions
from planner.errors import DataError
from planner.layers import Layer
from planner.sources.census import Census, match_units
from planner.sources.ledger import Ledger
from planner.sources.values import Floats

LEAST_FACTOR, MOST_FACTOR = 1 / 3, 3.0
Use = Literal["shares", "totals"]


def weigh(
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
