"""Placing: rows without coordinates put where the place they name is, and the rest made a worklist."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.area import StudyArea
from planner.sources.ledger import Ledger
from planner.sources.places import Match, Places
from planner.sources.records import Geometries, Records
from planner.sources.references import Said
from planner.sources.shapes import points_of
from planner.sources.values import absent, texts

NAMES = ("village", "town")


def has_places(found: Mapping[str, str]) -> bool:
    """Tell whether a list names places: a code, a village, a town or an address."""
    return any(name in found for name in ("unit_code", "village", "address", "town"))


def match_rows(
    records: Records, ledger: Ledger, found: Mapping[str, str], places: Places, which: npt.NDArray[np.bool_]
) -> tuple[Geometries, pd.DataFrame]:
    """A point for each row of ``which`` that names a place, and how each was placed.

    Each match is listed as a repair; the unmatched are left out and form the table ``worklist``: fill in their
    coordinates and read it again.
    """
    said = {
        name: texts(records.frame[found[name]]) if name in found else np.full(len(records), "", dtype=object)
        for name in ("unit_code", "village", "town", "address")
    }
    points = np.full(len(records), None, dtype=object)
    told = _by_coordinates(len(records))
    radius = places.precision_metres
    unmatched = np.zeros(len(records), bool)
    for at in np.flatnonzero(which & ledger.standing):
        row = {name: str(values[at]) for name, values in said.items()}
        match = _find(places, row)
        if match is None:
            unmatched[at] = True
            continue
        points[at] = places.points[match.place]
        told.loc[at, ["placed_by", "precision_metres", "place"]] = [match.how, radius[match.place], match.place]
        name = str(places.frame["name"].iloc[match.place])
        ledger.repair(np.array([at]), "place.matched", match.how, before=_words(row), after=name)
    if unmatched.any():
        _worklist(records, ledger, said, unmatched)
    return points, told


def _find(places: Places, row: Mapping[str, str]) -> Match | None:
    names = [row["village"]] if row["village"] else [] if row["address"] else [row["town"]]
    town = row["town"] if row["village"] or row["address"] else ""
    return places.find(code=row["unit_code"], names=names, town=town, address=row["address"])


def _words(row: Mapping[str, str]) -> str:
    return " ".join(value for value in row.values() if value)


def _worklist(
    records: Records, ledger: Ledger, said: Mapping[str, npt.NDArray[np.object_]], unmatched: npt.NDArray[np.bool_]
) -> None:
    """The rows nobody could place, as they stood, with empty columns for their coordinates."""
    rows = records.frame[unmatched].copy()
    for heading in ("经度", "纬度"):
        if heading not in rows:
            rows[heading] = None
    ledger.table("worklist", rows.set_axis(pd.Index(records.rows[unmatched], name="row")))
    words = [" ".join(str(values[at]) for values in said.values() if values[at]) for at in np.flatnonzero(unmatched)]
    ledger.quarantine(np.flatnonzero(unmatched), "place.unmatched", value=words)


def points_or_places(
    records: Records,
    ledger: Ledger,
    found: Mapping[str, str],
    places: Places,
    *,
    crs: Said,
    area: StudyArea,
    transformation: str | None = None,
) -> tuple[Geometries, pd.DataFrame]:
    """A point for every standing row: by its coordinates where it has them, else by the place it names."""
    columns = next((pair for pair in (("lon", "lat"), ("x", "y")) if pair[0] in found and pair[1] in found), None)
    if records.geometry is not None or columns is None:
        if records.geometry is not None or not has_places(found):
            points = points_of(records, ledger, dict(found), crs=crs, area=area, transformation=transformation)
            return points, _by_coordinates(len(records))
        return match_rows(records, ledger, found, places, np.ones(len(records), bool))
    bare = absent(records.frame[found[columns[0]]]) | absent(records.frame[found[columns[1]]])
    if not bare.any():
        points = points_of(records, ledger, dict(found), crs=crs, area=area, transformation=transformation)
        return points, _by_coordinates(len(records))
    matched, told = match_rows(records, ledger, found, places, bare)
    if bare[ledger.standing].all():
        return matched, told
    points = points_of(records, ledger, dict(found), crs=crs, area=area, transformation=transformation, elsewhere=bare)
    points[bare] = matched[bare]
    return points, told


def _by_coordinates(rows: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"placed_by": "coordinates", "precision_metres": np.nan, "place": -1}, index=pd.RangeIndex(rows)
    )
