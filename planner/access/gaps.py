"""Gaps: people out of reach, as named clusters with the station nearest to each."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.area import Units
from planner.arrays import Mask, People, Points, Positions
from planner.coverage import Coverage
from planner.demand import Demand
from planner.errors import QuestionError
from planner.network import Network
from planner.plan import Plan
from planner.routing import nearest
from planner.sites import Sites

CLUSTER, SCATTERED, NOT_CONNECTED = "cluster", "scattered", "not_connected"
NAMES = {
    "zh": {CLUSTER: "{unit}空白区{number}", SCATTERED: "{unit}零散人口", NOT_CONNECTED: "{unit}未接入路网", "": "区划外"},
    "en": {
        CLUSTER: "{unit}, gap {number}", SCATTERED: "{unit}, scattered", NOT_CONNECTED: "{unit}, not connected",
        "": "outside all units",
    },
}  # fmt: skip
COLUMNS = ("name", "kind", "people", "points", "unit", "units", "site", "site_name", "metres", "minutes")


def find_gaps(
    answer: Plan | Coverage,
    *,
    by: Units,
    near_metres: float = 300.0,
    least_people: int = 50,
    network: Network | None = None,
    search_minutes: float = 60.0,
    lang: str = "zh",
) -> gpd.GeoDataFrame:
    """Gather the people no open station reaches into named gaps, most people first (DBSCAN weighted by people, Ester 1996).

    A ``cluster`` holds every point with ``least_people`` uncovered people within ``near_metres`` of it, with the points
    near such a point. The rest are ``scattered``, one row a unit, and those who hang on no road ``not_connected``, one row a
    unit, last: the rows' people add up to everyone not served. ``name`` comes from the ``unit`` most of them live in, ``units``
    names all, geometry is their centre. ``site`` is the open station nearest to the centre, at so many straight ``metres``;
    with a ``network``, ``minutes`` are the median person's to any open station, missing where that is over
    ``search_minutes`` or out of reach. Stations are the plan's, or those that stand where a `Coverage` is given.
    """
    for name, value in (("near_metres", near_metres), ("search_minutes", search_minutes)):
        if not 0 < value < float("inf"):
            raise QuestionError(f"{name} must be a number above 0, not {value!r}")
    if not isinstance(least_people, int) or least_people < 1:
        raise QuestionError(f"least_people must be a whole number, 1 or more, not {least_people!r}")
    coverage = answer.scenario.coverage if isinstance(answer, Plan) else answer
    open_ids = answer.ids if isinstance(answer, Plan) else coverage.sites.existing.ids
    missed = np.flatnonzero(~coverage.covered(open_ids) & (coverage.demand.people > 0))
    people = Demand(coverage.demand.frame.iloc[missed].sort_index())  # by ID, so that the order of rows changes nothing
    connected = pd.Series(coverage.connected, index=coverage.demand.ids)[people.ids].to_numpy(dtype=bool)
    unit = _units_of(people, by)
    kind, group = _groups(people, connected, unit, near_metres, least_people)
    stations = Sites(coverage.sites.frame.loc[open_ids])
    minutes = _minutes(network, people, stations, search_minutes)
    rows = [
        _row(str(kind[at[0]]), at, people, unit, stations, minutes)
        for at in (np.flatnonzero(group == code) for code in range(int(group.max(initial=-1)) + 1))
    ]
    return _named(rows, by, people, lang)


def _units_of(people: Demand, by: Units) -> pd.Series:
    """ID of the smallest unit each point lies in, '' where it lies in none."""
    found = pd.Series("", index=people.ids, dtype=object)
    for level in reversed(by.levels):
        bare = found == ""
        found[bare] = by.locate(people, level).fillna("")[bare]
    return found


def _groups(
    people: Demand, connected: Mask, unit: pd.Series, near_metres: float, least_people: int
) -> tuple[People, Positions]:
    """Kind of each point's gap, and its number from 0, both of shape ``(demand,)``."""
    label = np.full(len(people), -1)
    if connected.any():
        from sklearn.cluster import DBSCAN

        scan = DBSCAN(eps=near_metres, min_samples=least_people)
        label[connected] = scan.fit(people.xy[connected], sample_weight=people.people[connected]).labels_
    kind = np.where(~connected, NOT_CONNECTED, np.where(label >= 0, CLUSTER, SCATTERED)).astype(object)
    keys = pd.DataFrame({"kind": kind, "label": label, "unit": np.where(label >= 0, "", unit)})
    return kind, keys.groupby(["kind", "label", "unit"]).ngroup().to_numpy()


def _minutes(network: Network | None, people: Demand, stations: Sites, limit: float) -> People:
    """Minutes of each point to its quickest open station; infinite out of reach, nan where no network is given."""
    if network is None:
        return np.full(len(people), np.nan)
    if not len(stations) or not len(people):
        return np.full(len(people), np.inf)
    found = nearest(network, network.attach(stations.xy), network.attach(people.xy), minutes=limit)
    return np.asarray(found.minutes[:, 0])


def _row(
    kind: str, at: Positions, people: Demand, unit: pd.Series, stations: Sites, minutes: People
) -> dict[str, object]:
    weight = people.people[at]
    centre = np.average(people.xy[at], axis=0, weights=weight)
    by_unit = pd.Series(weight).groupby(unit.to_numpy()[at]).sum()
    order = sorted(by_unit.index, key=lambda one: (-by_unit[one], one))
    site, metres = _nearest(centre, stations)
    return {
        "kind": kind, "people": float(weight.sum()), "points": len(at), "unit": order[0], "units": order,
        "site": site, "site_name": str(stations["name"][site]) if site else "", "metres": metres,
        "minutes": _median(minutes[at], weight), "geometry": shapely.Point(centre),
    }  # fmt: skip


def _nearest(centre: Points, stations: Sites) -> tuple[str, float]:
    """ID of the station nearest to a place, the lower one of two, and the straight metres; '' and nan where none is open."""
    if not len(stations):
        return "", float("nan")
    metres = np.linalg.norm(stations.xy - centre, axis=1)
    best = min(np.flatnonzero(metres == metres.min()), key=lambda at: stations.ids[int(at)])
    return str(stations.ids[int(best)]), float(metres[best])


def _median(minutes: People, weight: People) -> float:
    order = np.argsort(minutes, kind="stable")
    reached = np.cumsum(weight[order])
    middle = float(minutes[order][np.searchsorted(reached, reached[-1] / 2)])
    return middle if np.isfinite(middle) else float("nan")


def _named(rows: list[dict[str, object]], by: Units, people: Demand, lang: str) -> gpd.GeoDataFrame:
    """The gaps in order, with names; the index is ``gap:1`` and so on."""
    said = NAMES["en" if lang == "en" else "zh"]
    last = {CLUSTER: 0, SCATTERED: 0, NOT_CONNECTED: 1}
    rows = sorted(rows, key=lambda row: (last[str(row["kind"])], -float(str(row["people"])), str(row["unit"])))
    called = by["name"].to_dict() | {"": said[""]}
    numbers: dict[object, int] = {}
    for row in rows:
        if row["kind"] == CLUSTER:
            numbers[row["unit"]] = numbers.get(row["unit"], 0) + 1
        row["name"] = said[str(row["kind"])].format(unit=called[str(row["unit"])], number=numbers.get(row["unit"], ""))
        row["units"] = "、".join(called[str(unit)] for unit in row["units"])  # type: ignore[attr-defined]
    index = pd.Index([f"gap:{number}" for number in range(1, len(rows) + 1)], dtype=object, name="id")
    return gpd.GeoDataFrame(rows, columns=[*COLUMNS, "geometry"], geometry="geometry", index=index, crs=people.crs)
