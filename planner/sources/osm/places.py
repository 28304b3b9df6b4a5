"""Places from OpenStreetMap: people by the floors they live on, and what could host a service."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from planner.area import StudyArea
from planner.arrays import Positions
from planner.demand import Demand
from planner.errors import DataError, QuestionError
from planner.sites import Sites
from planner.sources.ledger import Ledger
from planner.sources.osm.files import Extract, Feature, Kind, areas_named, features, opened
from planner.sources.osm.metric import DEGREES
from planner.sources.osm.tags import meanings
from planner.sources.records import Records

TALLEST = 200
NOT_SAID_LEVELS = 1.0


def read_osm_people(
    path: str | os.PathLike[str],
    *,
    area: StudyArea,
    people_total: float,
    shares: Mapping[str, float] | None = None,
) -> Demand:
    """Spread a known number of people over the residential buildings of the area, by floor area (居住建筑面积).

    Floor area is the footprint times ``building:levels`` (where not said: the median of those that say, else 1),
    times the share of the floor people live in, by ``building=``; ``shares`` replaces the shipped ones. Points lie
    inside their building; ``floor_square_metres`` is kept beside ``people``. Raises `DataError` where no home is found.
    """
    if not 0 < people_total < float("inf"):
        raise QuestionError(f"people_total must be a number above 0, not {people_total!r}")
    known = dict(meanings()["people"]) if shares is None else dict(shares)
    extract = opened(path)
    drawn = _features(extract, "building", nodes=False)
    found = [one for one in drawn if known.get(one.tags["building"], 0) > 0]
    table = _table(found, ("building", "building:levels", "name"))
    shapes = _moved(found, area.crs)
    ledger = _ledger(extract, "building", table, found)
    _tell_of_lost_areas(extract, ledger, drawn, "building")
    points = shapely.point_on_surface(shapes)
    homes = _inside(points, ledger, area.polygon)
    if not len(homes):
        raise DataError(f"{extract.path.name}: no residential building lies in {area.name}; people need another source")
    frame = table.iloc[homes].rename(columns={"building:levels": "levels"})
    frame["levels"] = _levels(frame["levels"], ledger, homes)
    lived_in = frame["building"].map(known).to_numpy(dtype=float)
    frame["floor_square_metres"] = shapely.area(shapes[homes]) * frame["levels"].to_numpy(dtype=float) * lived_in
    frame["people"] = people_total * frame["floor_square_metres"] / frame["floor_square_metres"].sum()
    return Demand(gpd.GeoDataFrame(frame, geometry=points[homes], crs=area.crs), report=ledger.report())


def read_osm_sites(
    path: str | os.PathLike[str],
    *,
    area: StudyArea,
    service: str,
    tags: Mapping[str, Sequence[str]] | None = None,
) -> Sites:
    """Read places that could host a service, as candidates: points and areas that carry one of the tags.

    ``tags`` are values by key, such as ``{"amenity": ["community_centre", "restaurant"]}``; without it, the shipped
    list. ``host`` keeps the tag that was met. Those in the buffer count too. Raises `DataError` where none is found.
    """
    wanted = {key: frozenset(values) for key, values in (tags or meanings()["sites"]).items()}
    if not wanted or not all(wanted.values()):
        raise QuestionError("tags must name at least one value for each key, such as {'amenity': ['restaurant']}")
    extract = opened(path)
    drawn = _features(extract, *wanted)
    found = [one for one in drawn if _host(one.tags, wanted)]
    table = _table(found, ("name", "name:zh"))
    table["host"] = [_host(one.tags, wanted) for one in found]
    shapes = _moved(found, area.crs)
    ledger = _ledger(extract, "amenity", table, found)
    _tell_of_lost_areas(extract, ledger, drawn, *wanted)
    near = _inside(shapes, ledger, area.wide)
    if not len(near):
        raise DataError(f"{extract.path.name}: no place with the tags {tags or 'shipped'} lies in {area.name}")
    frame = table.iloc[near]
    name = frame["name:zh"].where(frame["name:zh"] != "", frame["name"])
    frame = frame.assign(name=name, service=service, existing=False).drop(columns="name:zh")
    return Sites(
        gpd.GeoDataFrame(frame, geometry=shapely.point_on_surface(shapes[near]), crs=area.crs), report=ledger.report()
    )


def _features(extract: Extract, *keys: str, nodes: bool = True) -> list[Feature]:
    if extract.kind is Kind.GRAPHML:
        raise DataError(f"{extract.path.name} is GraphML, which holds streets alone; give the .osm.pbf or .osm")
    unique = {one.id: one for one in features(extract, *keys, nodes=nodes)}
    return [unique[name] for name in sorted(unique)]


def _tell_of_lost_areas(extract: Extract, ledger: Ledger, drawn: Sequence[Feature], *keys: str) -> None:
    """Note the areas whose outline is not whole in the file: they are nowhere else in the account."""
    lost = sorted(areas_named(extract, *keys) - {one.id for one in drawn})
    if lost:
        ledger.note(
            f"{len(lost)} 个面的边界不完整，无法绘出（如 {lost[0]}）",
            f"{len(lost)} areas cannot be drawn, their outline is not whole in the file (such as {lost[0]})",
        )


def _host(tags: Mapping[str, str], wanted: Mapping[str, frozenset[str]]) -> str:
    return next((f"{key}={tags[key]}" for key, values in wanted.items() if tags.get(key) in values), "")


def _table(found: Sequence[Feature], keys: Sequence[str]) -> pd.DataFrame:
    columns = {key: pd.Series([one.tags.get(key, "") for one in found], dtype=object) for key in keys}
    return pd.DataFrame(columns).set_axis(pd.Index([one.id for one in found], name="id", dtype=object))


def _moved(found: Sequence[Feature], crs: CRS) -> npt.NDArray[np.object_]:
    shapes = gpd.GeoSeries([one.geometry for one in found], crs=DEGREES)
    return np.asarray(shapes.to_crs(crs).to_numpy(), dtype=object)


def _ledger(extract: Extract, layer: str, table: pd.DataFrame, found: Sequence[Feature]) -> Ledger:
    shapes = np.array([one.geometry for one in found], dtype=object)
    rows = np.arange(1, len(table) + 1)
    facts = {"format": extract.kind.value, "crs": "EPSG:4326 (OpenStreetMap's)"}
    kept = table.assign(osm_id=table.index)
    return Ledger(Records(extract.path.name, layer, kept, rows, shapes, DEGREES, facts, sha256=extract.sha256))


def _inside(shapes: npt.NDArray[np.object_], ledger: Ledger, polygon: shapely.Geometry) -> Positions:
    ledger.quarantine(~shapely.is_valid(shapes), "geometry.invalid", column="geometry")
    shapely.prepare(polygon)
    ledger.quarantine(~shapely.intersects(polygon, shapely.centroid(shapes)), "place.outside")
    return ledger.positions


def _levels(said: pd.Series, ledger: Ledger, rows: Positions) -> npt.NDArray[np.float64]:
    """Storeys, the median where not said or impossible; what cannot be read is listed."""
    levels = pd.to_numeric(said, errors="coerce").to_numpy(dtype=float)
    levels = np.where((levels > 0) & (levels <= TALLEST), levels, np.nan)
    odd = np.isnan(levels) & (said != "").to_numpy(dtype=bool)
    ledger.repair(rows[odd], "value.unknown", "building:levels", before=said.to_numpy()[odd], after="")
    known = levels[np.isfinite(levels)]
    usual = float(np.median(known)) if len(known) else NOT_SAID_LEVELS
    ledger.fact(
        "levels", f"{len(known):,} of {len(levels):,} buildings say their storeys; {usual:g} taken for the others"
    )
    return np.where(np.isfinite(levels), levels, usual)
