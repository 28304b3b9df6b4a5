"""Villages: people told by village or town, put at their place or spread over the cells where people live."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from planner.demand import Demand
from planner.sources.ledger import Ledger
from planner.sources.places import Places


def at_their_place(
    amounts: pd.DataFrame, at: npt.NDArray[np.int64], places: Places, *, cells: Demand | None, ledger: Ledger
) -> gpd.GeoDataFrame:
    """People of each row (``amounts``: ``people`` and bands) at the point of its place ``at``.

    With ``cells``, the people of a place with a polygon are spread over the cells in it, in proportion to the people
    there; a place without inhabited cells keeps its people at its point, and is listed. Totals stay as they are.
    """
    crs = places.frame.crs
    if cells is None:
        ids = _ids(places, at)
        return gpd.GeoDataFrame(amounts.set_axis(ids), geometry=list(places.points[at]), crs=crs)
    shapes = places.frame.geometry.to_numpy()[at]
    row, cell = shapely.STRtree(cells.frame.geometry.to_numpy()).query(shapes, predicate="intersects")
    weights = cells.people[cell]
    sums = np.bincount(row, weights=weights, minlength=len(at))
    kept = weights > 0
    row, cell, weights = row[kept], cell[kept], weights[kept]
    spread = amounts.iloc[row].mul(weights / sums[row], axis=0).set_axis(pd.Index(cells.ids[cell], name="id"))
    spread = spread.groupby(level="id", sort=False).sum()
    points = cells.frame.geometry.loc[spread.index]
    told = gpd.GeoDataFrame(spread, geometry=list(points), crs=crs)
    bare = sums <= 0
    if not bare.any():
        return told
    _tell_bare(ledger, places, at[bare], amounts["people"].to_numpy()[bare])
    rest = gpd.GeoDataFrame(
        amounts[bare].set_axis(_ids(places, at[bare])), geometry=list(places.points[at[bare]]), crs=crs
    )
    both: gpd.GeoDataFrame = pd.concat([told, rest])
    return both


def _ids(places: Places, at: npt.NDArray[np.int64]) -> pd.Index:
    """IDs such as ``village:370202001001``; two rows of one place are told apart."""
    names = _codes(places, at)
    order = pd.Series(names).groupby(np.array(names, dtype=object), sort=False).cumcount()
    told = [
        f"village:{name}" if again == 0 else f"village:{name}~{again + 1}"
        for name, again in zip(names, order, strict=True)
    ]
    return pd.Index(told, name="id", dtype=object)


def _codes(places: Places, at: npt.NDArray[np.int64]) -> Sequence[str]:
    frame = places.frame.iloc[at]
    return [
        code or f"{town}{name}" for code, town, name in zip(frame["code"], frame["town"], frame["name"], strict=True)
    ]


def _tell_bare(ledger: Ledger, places: Places, at: npt.NDArray[np.int64], people: npt.NDArray[np.float64]) -> None:
    names = "、".join(f"{name} {count:,.0f}" for name, count in zip(places.frame["name"].iloc[at], people, strict=True))
    ledger.note(
        f"{len(at)} 个村居内没有有人口的格网，其人口置于村居点上：{names}",
        f"{len(at)} places hold no inhabited cell; their people stand at the place itself: {names}",
    )
