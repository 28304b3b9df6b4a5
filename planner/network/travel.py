"""Travel: which roads a profile may use, and at what pace either way."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.arrays import Mask, Minutes
from planner.errors import DataError, QuestionError
from planner.network.findings import summary
from planner.profiles import Mode, Profile, travel_profile

TOO_FAST_FOR_ELDERS = 1.1  # metres per second; GB 50180's 1000 m in 15 minutes


def chosen_profile(mode: Mode, profile: Profile | None, metres_per_second: float | None) -> Profile:
    """The profile to build with; warns of a walking speed no elder keeps up."""
    chosen = profile or travel_profile(mode)
    if chosen.mode != mode:
        raise QuestionError(f"the profile is to {chosen.mode}, but mode={mode!r} is asked; give one of the two")
    if metres_per_second is not None:
        if mode != "walk":
            raise QuestionError(
                "driving speeds go by road class; change them with profile=travel_profile('drive').but(...)"
            )
        chosen = chosen.but(metres_per_second=metres_per_second, access_metres_per_second=metres_per_second)
    if mode == "walk" and chosen.metres_per_second > TOO_FAST_FOR_ELDERS:
        warnings.warn(
            f"walking at {chosen.metres_per_second:g} m/s is faster than elders do: measured are 0.80 m/s at 65-74,"
            " 0.75 at 75-84, 0.71 from 85 on and 0.64 for the frail",
            UserWarning,
            stacklevel=3,
        )
    return chosen


def permitted(frame: gpd.GeoDataFrame, profile: Profile) -> tuple[Mask, list[pd.DataFrame]]:
    """Tell which roads the profile may use, shape ``(roads,)``, and what is left out by class and by the source.

    A road whose ``walk`` (or ``drive``) is True is open whatever its class, one where it is False is closed.
    """
    barred = frame["road_class"].isin(profile.barred).to_numpy()
    said = frame[profile.mode] if profile.mode in frame else pd.Series(None, index=frame.index, dtype=object)
    yes, no = said.isin([True]).to_numpy(dtype=bool), said.isin([False]).to_numpy(dtype=bool)
    open_ = ~no & (yes | ~barred)
    if not open_.any():
        classes = ", ".join(sorted(set(frame["road_class"].astype(str)))[:8])
        raise DataError(
            f"none of the {len(frame):,} roads is open to {profile.mode} (classes {classes});"
            f" is road_class in OpenStreetMap's words, and is mode={profile.mode!r} meant?"
        )
    left_out = []
    for name, count in frame["road_class"][~open_ & ~no].value_counts().sort_index().items():
        left_out.append(summary("barred", int(count), kind=str(name), mode=profile.mode))
    if no.any():
        left_out.append(summary("closed", int(no.sum()), mode=profile.mode))
    return open_, left_out


def waited_for(frame: gpd.GeoDataFrame, profile: Profile) -> Minutes:
    """Seconds waited to cross each road, by its class, shape ``(roads,)``."""
    return frame["road_class"].map(dict(profile.crossing_seconds)).fillna(0.0).to_numpy(dtype=float)


@dataclass(frozen=True, eq=False)
class Pace:
    """Minutes a metre of each road, along the line and against it, infinite where not allowed; shape ``(roads,)``."""

    forward: Minutes
    backward: Minutes


def pace(frame: gpd.GeoDataFrame, profile: Profile) -> tuple[Pace, list[pd.DataFrame]]:
    """How fast each road is travelled: on foot at one speed but on steps; driven at the posted speed, else by class."""
    kinds = frame["road_class"].astype(str)
    speed = np.full(len(frame), profile.metres_per_second * 60)
    notes: list[pd.DataFrame] = []
    if profile.class_speeds:
        kmh, notes = _driven(frame, kinds, profile)
        speed = np.where(np.isfinite(kmh), kmh * (1000 / 60), speed)
    factor = kinds.map(dict(profile.slower)).fillna(1.0).to_numpy(dtype=float)
    if "surface" in frame:
        factor = factor * frame["surface"].map(dict(profile.slower_surfaces)).fillna(1.0).to_numpy(dtype=float)
    minutes = factor / speed
    against = minutes.copy()
    if profile.honours_oneway:
        against[frame["oneway"].to_numpy(dtype=bool)] = np.inf
    return Pace(minutes, against), notes


def _driven(frame: gpd.GeoDataFrame, kinds: pd.Series, profile: Profile) -> tuple[Minutes, list[pd.DataFrame]]:
    kmh = kinds.map(dict(profile.class_speeds)).to_numpy(dtype=float)
    if "speed_kmh" in frame:
        posted = pd.to_numeric(frame["speed_kmh"]).to_numpy(dtype=float)
        kmh = np.where(np.isfinite(posted), posted, kmh)
    unknown = ~np.isfinite(kmh)
    usual = profile.metres_per_second * 3.6
    told = [
        summary("speed", int(count), kind=str(name), kmh=usual)
        for name, count in kinds[unknown].value_counts().sort_index().items()
    ]
    return kmh, told
