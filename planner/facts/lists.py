"""Lists of a plan in whole people: new stations in build order, existing stations, the not-connected."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import CRS, Transformer

from planner.access import ALONGSIDE, NOT_CONNECTED, units_of
from planner.area import Units
from planner.arrays import People, Points
from planner.coverage import Coverage
from planner.layers import Layer
from planner.plan import Plan
from planner.sites import Sites

NEW_COLUMNS = ("rank", "name", "gain", "covered_so_far", "share_so_far", "longitude", "latitude")


def apportion(amounts: People, total: int) -> npt.NDArray[np.int64]:
    """Whole numbers that sum to ``total`` and stay next to ``amounts``; the largest remainders round up."""
    whole = np.floor(amounts + 1e-9).astype(np.int64)
    short = total - int(whole.sum())
    order = np.argsort(-(amounts - whole), kind="stable")
    if short > 0:
        whole[order[:short]] += 1
    elif short < 0:
        least = order[::-1]
        whole[least[whole[least] > 0][:-short]] -= 1
    return whole


def count_text(value: Any) -> str:
    """A count as a reader sees it: thousands apart; the mark of a hidden one as it is."""
    return value if isinstance(value, str) else f"{int(value):,}"


def less(value: Any, other: Any) -> Any:
    """The difference of two counts; hidden where one of them is."""
    return ALONGSIDE if isinstance(value, str) or isinstance(other, str) else int(value) - int(other)


def unit_names(units: Units | None, points: Layer) -> pd.DataFrame:
    """Name of the unit of each level each point lies in, by point ID; '' where it lies in none."""
    if units is None:
        return pd.DataFrame(index=points.ids)
    names = units["name"]
    places = units_of(units, points)
    return pd.DataFrame({level: places[level].map(names).fillna("") for level in units.levels}, index=points.ids)


def lonlat(points: Layer) -> Points:
    """Longitude and latitude in WGS 84 of each point, shape ``(n, 2)``."""
    return np.column_stack(to_lonlat(points.crs).transform(*points.xy.T))


@lru_cache(maxsize=8)
def to_lonlat(crs: CRS) -> Transformer:
    """Transformer from a CRS to longitude and latitude in WGS 84; making one takes a quarter of a second."""
    return Transformer.from_crs(crs, 4326, always_xy=True)


def site_names(sites: Sites) -> pd.Series:
    """What to call each site: its name, else its host building, else its ID."""
    names = sites["name"].astype(str).str.strip()
    if "host" in sites:
        names = names.where(names != "", sites["host"].fillna("").astype(str).str.strip())
    return names.where(names != "", sites.ids.to_series())


def new_table(plan: Plan | None, units: Units | None, overall: Mapping[str, float]) -> pd.DataFrame:
    """New stations in build order; gains are whole, and end at the summary's covered people."""
    if plan is None or not len(plan.added):
        return pd.DataFrame({name: pd.Series(dtype=object) for name in NEW_COLUMNS})
    ranking, coverage = plan.ranking, plan.scenario.coverage
    people, covered = int(overall["people"]), int(overall["covered"])
    start = int(overall["covered_before"])
    if set(plan.scenario.kept_ids) != set(coverage.sites.existing.ids):
        start = round(float(coverage.demand.people[coverage.covered(plan.scenario.kept_ids)].sum()))
    so_far = np.clip(np.floor(ranking["covered"].to_numpy(dtype=float) + 0.5).astype(np.int64), start, covered)
    so_far[-1] = covered
    sites = Sites(coverage.sites.frame.loc[ranking.index])
    frame = pd.DataFrame({"rank": ranking["rank"].to_numpy(), "name": site_names(sites)}, index=ranking.index)
    frame = frame.join(unit_names(units, sites))
    frame["gain"] = np.diff(so_far, prepend=start)
    frame["covered_so_far"] = so_far
    frame["share_so_far"] = so_far / people if people else np.nan
    frame["longitude"], frame["latitude"] = lonlat(sites).T
    return frame


def existing_table(answer: Plan | Coverage, units: Units | None, overall: Mapping[str, float]) -> pd.DataFrame:
    """Existing stations that stay open, with the people for whom each is the nearest open one."""
    coverage = answer.scenario.coverage if isinstance(answer, Plan) else answer
    opened = answer.ids if isinstance(answer, Plan) else coverage.sites.existing.ids
    nearest = answer.assignment if isinstance(answer, Plan) else coverage.nearest(opened)
    people = pd.Series(coverage.demand.people, index=coverage.demand.ids)
    served = people.loc[nearest.index].groupby(nearest["site"]).sum().reindex(opened).fillna(0.0)
    whole = pd.Series(apportion(np.asarray(served, np.float64), int(overall["covered"])), index=opened, dtype="int64")
    standing = coverage.sites.existing
    sites = Sites(coverage.sites.frame.loc[[site for site in standing.ids if site in set(opened)]])
    frame = pd.DataFrame({"name": site_names(sites)}, index=sites.ids).join(unit_names(units, sites))
    frame["nearest"] = whole.loc[sites.ids]
    frame["longitude"], frame["latitude"] = lonlat(sites).T if len(sites) else (np.empty(0), np.empty(0))
    return frame


def not_connected_table(coverage: Coverage, units: Units | None, total: int) -> pd.DataFrame:
    """Points too far from any road and covered by nothing, with their people, most first."""
    frame = coverage.demand.frame.loc[~coverage.connected]
    if frame.empty:
        return pd.DataFrame({"people": pd.Series(dtype=np.int64)})
    points = Layer(frame)
    table = unit_names(units, points)
    table["people"] = apportion(frame["people"].to_numpy(dtype=float), total)
    table["longitude"], table["latitude"] = lonlat(points).T
    return table.sort_values("people", ascending=False, kind="stable")


def gap_table(gaps: gpd.GeoDataFrame, overall: Mapping[str, Any], secret: frozenset[str]) -> gpd.GeoDataFrame:
    """Gaps of `planner.access.find_gaps` in whole people that add up to everyone not served; secret stations unnamed."""
    table = gaps.copy()
    offline = (table["kind"] == NOT_CONNECTED).to_numpy(dtype=bool)
    people, whole = table["people"].to_numpy(dtype=float), np.zeros(len(table), np.int64)
    for rows, total in ((~offline, overall["uncovered"]), (offline, overall["not_connected"])):
        if rows.any():
            near = abs(float(people[rows].sum()) - float(total)) <= 1.0 + rows.sum()
            whole[rows] = apportion(people[rows], int(total) if near else round(float(people[rows].sum())))
    table["people"] = whole
    table.loc[table["site"].isin(secret), ["site", "site_name"]] = ""
    where = table.geometry.to_crs(4326)
    table["longitude"], table["latitude"] = where.x, where.y
    return table
