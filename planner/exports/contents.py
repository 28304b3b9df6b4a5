"""Contents: which layers a plan, a layer or a frame is handed back as."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.access import Summary, Suppressed, is_sensitive, suppress
from planner.area import StudyArea, Units
from planner.coverage import Coverage
from planner.errors import DataError
from planner.layers import Layer
from planner.plan import Plan

Layers: TypeAlias = dict[str, gpd.GeoDataFrame]
Thing: TypeAlias = Plan | Coverage | Layer | StudyArea | gpd.GeoDataFrame | Mapping[str, Any]


def layers_of(thing: Thing, *, summary: Summary | Suppressed | None = None, units: Units | None = None) -> Layers:
    """Frames by layer name, the one that single-layer formats take first.

    Of a sensitive service no count of people leaves but those of units, the small ones hidden, and no point of theirs.
    """
    if isinstance(thing, Plan):
        return _plan(thing, summary, units)
    if isinstance(thing, Coverage):
        people = {} if is_sensitive(thing.sites) else {"demand": _demand(thing, None)}
        return {**people, "sites": thing.sites.frame}
    if isinstance(thing, StudyArea):
        polygon = gpd.GeoDataFrame({"name": [thing.name]}, geometry=[thing.polygon], index=["area"], crs=thing.crs)
        return {"units": thing.units.frame, "area": polygon.rename_axis("id")}
    if isinstance(thing, Layer):
        return {type(thing).__name__.lower(): thing.frame}
    if isinstance(thing, gpd.GeoDataFrame):
        return {"layer": thing}
    if isinstance(thing, Mapping) and thing:
        return {name: one.frame if isinstance(one, Layer) else one for name, one in thing.items()}
    raise DataError(
        f"write takes a Plan, a Coverage, a StudyArea, a Layer or a GeoDataFrame, not {type(thing).__name__}"
    )


def about(thing: Thing) -> pd.DataFrame:
    """What a plan is and how sure: ``item``, ``value``; empty for anything else."""
    if not isinstance(thing, Plan):
        return pd.DataFrame({"item": [], "value": []}, dtype=object)
    scenario = thing.scenario
    coverage = scenario.coverage
    profile = coverage.profile
    told = {
        "plan": scenario.name,
        "objective": thing.objective,
        "minutes": f"{coverage.limit:g}",
        "mode": profile.mode if profile is not None else "",
        "metres_per_second": f"{profile.metres_per_second:g}" if profile is not None else "",
        "detour": f"{profile.detour:g}" if profile is not None and profile.detour is not None else "",
        "new_sites": str(len(thing.added)),
        "people": f"{coverage.demand.total:.1f}",
        "share": f"{thing.share:.6f}",
        "value": f"{thing.value:.6f}",
        "bound": f"{thing.bound:.6f}",
        "gap": f"{thing.gap:.3g}",
        "solver": thing.solver,
        "status": thing.status,
        "seed": str(thing.seed),
    }
    if is_sensitive(coverage.sites):
        told = {item: value for item, value in told.items() if item not in {"people", "share", "value", "bound"}}
    return pd.DataFrame({"item": list(told), "value": list(told.values())})


def _plan(plan: Plan, summary: Summary | Suppressed | None, units: Units | None) -> Layers:
    coverage = plan.scenario.coverage
    sites = coverage.sites.frame.loc[plan.ids]
    sites.insert(0, "new", sites.index.isin(plan.added))
    people = pd.Series(coverage.demand.people, index=coverage.demand.ids)
    nearest = people.loc[plan.assignment.index].groupby(plan.assignment["site"].to_numpy()).sum()
    sites["people_nearest"] = nearest.reindex(sites.index).fillna(0.0)
    ranking = plan.ranking.rename(columns={"people": "people_gained", "covered": "people_covered"})
    new = sites[sites["new"]].drop(columns=["new", "existing"]).join(ranking).sort_values(["rank"])
    front = [name for name in ("rank", "people_gained", "people_covered") if name in new]
    new = new[front + [name for name in new if name not in front]]
    if is_sensitive(coverage.sites) or isinstance(summary, Suppressed):
        return _without_people(sites, new, units, summary)
    told: Layers = {
        "sites": sites.join(ranking[["rank", "people_gained"]]),
        "new_sites": new,
        "existing_sites": sites[~sites["new"]].drop(columns=["new"]),
        "demand": _demand(coverage, plan),
    }
    if units is not None:
        told["units"] = _units(units, summary)
    return told


def _without_people(
    sites: gpd.GeoDataFrame, new: gpd.GeoDataFrame, units: Units | None, summary: Summary | Suppressed | None
) -> Layers:
    bare = sites.drop(columns=["people_nearest"])
    told: Layers = {
        "sites": bare,
        "new_sites": new.drop(columns=["people_gained", "people_covered", "people_nearest"]),
        "existing_sites": bare[~bare["new"]].drop(columns=["new"]),
    }
    if units is not None:
        told["units"] = _units(units, suppress(summary) if isinstance(summary, Summary) else summary)
    return told


def _demand(coverage: Coverage, plan: Plan | None) -> gpd.GeoDataFrame:
    """People with who is covered, how soon and by which open site; minutes are absent where out of reach."""
    opened = coverage.sites.existing.ids if plan is None else plan.ids
    nearest = coverage.nearest(opened) if plan is None else plan.assignment
    frame = coverage.demand.frame
    frame["covered_before"] = coverage.covered(coverage.sites.existing.ids)
    frame["covered"] = coverage.covered(opened)
    frame["connected"] = np.asarray(coverage.connected)
    frame["minutes"] = nearest["minutes"].reindex(frame.index)
    frame["site"] = nearest["site"].reindex(frame.index)
    return frame


def _units(units: Units, summary: Summary | Suppressed | None) -> gpd.GeoDataFrame:
    frame = units.frame
    if summary is None:
        return frame
    counts = pd.concat([summary.table(level) for level in summary.levels])
    counts = counts.loc[counts.index.isin(frame.index)].drop(columns=["code", "name", "parent"])
    if isinstance(summary, Suppressed):
        counts = counts.astype(str)
    joined: gpd.GeoDataFrame = frame.join(counts)
    return joined
