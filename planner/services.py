"""Services: what a kind of facility promises, as data with sources."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import pandas as pd

from planner.errors import QuestionError
from planner.profiles import Mode
from planner.texts import Text


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number or rule with where it comes from and since when."""

    value: Any
    unit: str
    source: Text
    since: str = ""


@dataclass(frozen=True, eq=False)
class Service:
    """What a kind of facility promises.

    ``mode`` is how people come (``walk`` or ``drive``), ``tier`` the level it serves, ``audience`` who it is
    for; ``parameters`` holds ``minutes``, ``target_share`` and the like, each with its source.
    """

    key: str
    zh: str
    en: str
    mode: Mode
    tier: str
    audience: str
    parameters: Mapping[str, Parameter]
    sensitive: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    def name(self, lang: str = "zh") -> str:
        """Its name in Chinese (``zh``) or English (``en``)."""
        return self.zh if lang == "zh" else self.en

    def __getitem__(self, parameter: str) -> Any:
        """Value of a parameter; raises `QuestionError` where the service does not state it."""
        if parameter not in self.parameters:
            raise QuestionError(f"{self.key} states no {parameter}; it states {', '.join(self.parameters)}")
        return self.parameters[parameter].value

    def table(self, lang: str = "zh") -> pd.DataFrame:
        """Every parameter with unit, source and date, for printing beside an answer."""
        rows = [(name, p.value, p.unit, p.source.words(lang), p.since) for name, p in self.parameters.items()]
        return pd.DataFrame(rows, columns=["parameter", "value", "unit", "source", "since"])

    def __repr__(self) -> str:
        return f"<Service {self.key}: {self.zh}, {self.tier}>"


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read "within fifteen minutes": so many metres of level walking."""

    key: str
    zh: str
    en: str
    metres: float
    source: Text


@cache
def _shipped() -> Mapping[str, Any]:
    return tomllib.loads(files("planner").joinpath("services.toml").read_text(encoding="utf-8"))


def service_keys() -> tuple[str, ...]:
    """Keys of the shipped services."""
    return tuple(_shipped()["service"])


def service(key: str) -> Service:
    """Give a shipped service by its key, such as ``meal_station``."""
    known = _shipped()["service"]
    if key not in known:
        raise QuestionError(f"unknown service {key!r}; known: {', '.join(known)}")
    data = dict(known[key])
    parameters = {
        name: Parameter(**{**given, "source": Text.of(given["source"])}) for name, given in data.pop("parameters", {}).items()
    }
    return Service(key=key, parameters=parameters, **data)


@cache
def walking_readings() -> tuple[Reading, ...]:
    """The readings of "fifteen minutes on foot", widest first: the standard's two, a typical and a frail elder's."""
    given = (
        Reading(key=key, **{**data, "source": Text.of(data["source"])}) for key, data in _shipped()["reading"].items()
    )
    return tuple(sorted(given, key=lambda reading: -reading.metres))
