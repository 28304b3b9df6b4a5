"""Profiles: how people travel, with a source for every number."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, TypeAlias

from planner.errors import QuestionError
from planner.texts import Text

Mode: TypeAlias = Literal["walk", "drive"]


@dataclass(frozen=True, eq=False)
class Profile:
    """One way of travelling.

    ``class_speeds`` are km/h by road class for driving, and empty for walking, where
    ``metres_per_second`` holds everywhere but on steps. ``slower`` are factors of time by road class,
    ``slower_surfaces`` by OpenStreetMap's ``surface``; on rough steps both count. ``crossing_seconds`` is how long a
    walker waits to cross a road, by its class (see `signal_wait`). ``access_metres_per_second`` is the
    speed of the straight leg between a point and its road. ``detour`` is how many times as long as the straight line a way
    is taken to be where there are no roads (`planner.access.cover_straight`). ``sources`` says where each comes from.
    """

    mode: Mode
    metres_per_second: float
    access_metres_per_second: float
    snap_metres: float
    honours_oneway: bool
    barred: frozenset[str]
    slower: Mapping[str, float] = field(default_factory=dict)
    slower_surfaces: Mapping[str, float] = field(default_factory=dict)
    class_speeds: Mapping[str, float] = field(default_factory=dict)
    crossing_seconds: Mapping[str, float] = field(default_factory=dict)
    never_attach: frozenset[str] = frozenset()
    detour: float | None = None
    sources: Mapping[str, Text] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("slower", "slower_surfaces", "class_speeds", "crossing_seconds", "sources"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        for name in ("metres_per_second", "access_metres_per_second", "snap_metres"):
            if not 0 < getattr(self, name) < float("inf"):
                raise QuestionError(f"{self.mode}: {name} must be a number above 0, not {getattr(self, name)!r}")
        if self.detour is not None and not 1 <= self.detour < float("inf"):
            raise QuestionError(f"detour must be a number from 1 up, not {self.detour!r}")
        if self.crossing_seconds and self.mode != "walk":
            raise QuestionError("crossing_seconds are for walking; junctions are in the speeds of driving already")
        for road_class, seconds in self.crossing_seconds.items():
            if not 0 <= seconds < float("inf"):
                raise QuestionError(f"crossing_seconds of {road_class} must be a number from 0 up, not {seconds!r}")

    def but(self, **changes: object) -> Profile:
        """The same way of travelling with something changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def access_metres_per_minute(self) -> float:
        """Speed of the straight leg to the road, in the unit searches use."""
        return self.access_metres_per_second * 60


@cache
def _shipped() -> Mapping[str, Mapping[str, object]]:
    return tomllib.loads(files("planner").joinpath("profiles.toml").read_text(encoding="utf-8"))


def travel_profile(mode: Mode) -> Profile:
    """Give the shipped profile of a mode, ``walk`` or ``drive``."""
    known = _shipped()
    if mode not in known:
        raise QuestionError(f"unknown mode {mode!r}; known: {', '.join(known)}")
    data = dict(known[mode])
    data.pop("frail", None)
    data["sources"] = {name: Text.of(words) for name, words in data.get("sources", {}).items()}  # type: ignore[attr-defined]
    for name in ("barred", "never_attach"):
        data[name] = frozenset(data.get(name, ()))  # type: ignore[call-overload]
    return Profile(mode=mode, **data)  # type: ignore[arg-type]


def frail_profile() -> Profile:
    """How a frail elder walks: slower, and no steps at all."""
    walk, frail = travel_profile("walk"), dict(_shipped()["walk"]["frail"])  # type: ignore[call-overload]
    told = {name: Text.of(words) for name, words in frail["sources"].items()}
    return walk.but(
        metres_per_second=frail["metres_per_second"],
        access_metres_per_second=frail["metres_per_second"],
        barred=walk.barred | set(frail["barred"]),
        sources={**walk.sources, **told},
    )


def signal_wait(cycle_seconds: float, green_seconds: float) -> float:
    """Seconds people wait on average at a signal, by its cycle and the green they have: ``(C - g)^2 / 2C``.

    For people who come at any moment and keep to the signal (Highway Capacity Manual 2000, chapter 18).

    >>> signal_wait(120, 30)
    33.75
    """
    if not 0 <= green_seconds <= cycle_seconds < float("inf") or not cycle_seconds:
        raise QuestionError(f"a green of {green_seconds!r} s does not fit into a cycle of {cycle_seconds!r} s")
    return (cycle_seconds - green_seconds) ** 2 / (2 * cycle_seconds)
