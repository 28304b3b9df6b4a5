"""Readings: one search of a walking service, read several ways side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from planner.coverage import Coverage, cover
from planner.demand import Demand
from planner.errors import QuestionError
from planner.network import Network
from planner.profiles import Profile
from planner.routing import Router
from planner.services import Reading, walking_readings
from planner.sites import Sites


@dataclass(frozen=True, eq=False)
class Readings:
    """One search, read several ways: the coverage at each reading's distance, and at any minutes up to the widest."""

    wide: Coverage
    readings: tuple[Reading, ...]
    coverages: Mapping[str, Coverage]

    def at(self, minutes: float) -> Coverage:
        """The coverage within so many minutes at the network's speed."""
        return self.wide.within(minutes)

    def shares(self, ids: Iterable[str], *, lang: str = "zh") -> pd.DataFrame:
        """Share of the people who reach one of the given sites: a row a reading, with its metres and source."""
        chosen = list(ids)
        rows = [
            (r.key, r.zh if lang == "zh" else r.en, r.metres, self.coverages[r.key].share(chosen), r.source.words(lang))
            for r in self.readings
        ]
        return pd.DataFrame(rows, columns=["reading", "name", "metres", "share", "source"]).set_index("reading")

    def __repr__(self) -> str:
        return f"<Readings of {self.wide!r}: {', '.join(f'{r.metres:g} m' for r in self.readings)}>"


def readings(
    network: Network,
    demand: Demand,
    sites: Sites,
    *,
    minutes: float = 15,
    ways: tuple[Reading, ...] | None = None,
    router: Router | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Readings:
    """Read a walking service several ways side by side, from one search.

    By the standard (1000 m and 800 m), by a typical elder (720 m) and by a frail one (576 m) unless other
    ``ways`` are given; a reading is its metres of level walking at the network's speed, so steps cost more in
    every one of them. ``minutes`` is searched too. Raises `QuestionError` for a network not for walking.
    """
    if network.profile.mode != "walk":
        raise QuestionError(f"readings are for walking services; this network is to {network.profile.mode}")
    ways = walking_readings() if ways is None else ways
    widest = max(minutes, widest_minutes(network.profile, ways))
    return read_ways(cover(network, demand, sites, minutes=widest, router=router, progress=progress), ways)


def read_ways(wide: Coverage, ways: tuple[Reading, ...] | None = None) -> Readings:
    """Read a walking coverage that is wide enough several ways; raises `QuestionError` where it is not."""
    if wide.profile is None or wide.profile.mode != "walk":
        raise QuestionError("readings are for walking services; this coverage is not known to be walked")
    ways = walking_readings() if ways is None else ways
    coverages = {key: wide.within(limit) for key, limit in _limits(wide.profile, ways).items()}
    return Readings(wide, ways, MappingProxyType(coverages))


def widest_minutes(profile: Profile, ways: tuple[Reading, ...] | None = None) -> float:
    """Minutes the widest reading takes at the profile's speed."""
    return max(_limits(profile, walking_readings() if ways is None else ways).values())


def _limits(profile: Profile, ways: tuple[Reading, ...]) -> dict[str, float]:
    return {way.key: way.metres / (profile.metres_per_second * 60) for way in ways}
