"""Services: what a kind of facility promises, as data with sources."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from planner.errors import QuestionError
from planner.profiles import Mode
from planner.ratios import Ratio
from planner.texts import Text

Basis = Literal["standard", "reported", "study", "assumption"]

BASES = {
    "standard": Text("标准法规", "standard or regulation"),
    "reported": Text("部门报告", "the bureaus' reports"),
    "study": Text("实测研究", "measured"),
    "assumption": Text("规划假定，可修改", "planner's assumption, to be changed at will"),
}
UNDATED = Text("日期待核", "date not known")
COLUMNS = ("parameter", "value", "unit", "source", "since", "until", "basis")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number or rule with where it comes from, on what basis, and from when until when it holds.

    ``since`` and ``until`` are ISO dates as exact as they are known (``2019``, ``2025-01-01``), the second the first
    day it no longer holds; an empty ``since`` says that the date is not known. An ``assumption`` is the planner's own.
    """

    value: Any
    unit: Text
    source: Text
    basis: Basis = "reported"
    since: str = ""
    until: str = ""
    name: Text = field(default=Text("", ""))

    def holds_on(self, day: date) -> bool:
        """Tell whether it holds on a day; an unknown start, and no end, do not speak against it."""
        return (not self.since or first_day(self.since) <= day) and (not self.until or day < first_day(self.until))


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier of a network of facilities, and the level of division it serves ("" for none: the family)."""

    key: str
    name: Text
    level: str


@dataclass(frozen=True, slots=True)
class TierSystem:
    """The tiers a document counts, widest first: reports say three, some four."""

    key: str
    name: Text
    tiers: tuple[Tier, ...]
    source: Text


@dataclass(frozen=True, eq=False)
class Service:
    """What a kind of facility promises.

    ``mode`` is how people come (``walk`` or ``drive``), ``tier`` the level it serves, ``audience`` who it is for;
    ``parameters`` holds ``minutes``, ``target_share`` and the like, ``reported`` the counts bureaus gave, each with its
    source, and ``ratios`` what can be worked out from counts. ``hosts`` are kinds of building it may move into,
    ``needs_building`` is False where none is needed. Counts under 10 of a ``sensitive`` service are never shown.
    """

    key: str
    zh: str
    en: str
    mode: Mode
    tier: str
    audience: str
    parameters: Mapping[str, Parameter]
    sensitive: bool = False
    needs_building: bool = True
    question: Text = field(default=Text("", ""))
    capacity_unit: Text = field(default=Text("", ""))
    hosts: tuple[Text, ...] = ()
    reported: Mapping[str, Parameter] = field(default_factory=dict)
    ratios: Mapping[str, Ratio] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("parameters", "reported", "ratios"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def name(self, lang: str = "zh") -> str:
        """Its name in Chinese (``zh``) or English (``en``)."""
        return self.zh if lang == "zh" else self.en

    def __getitem__(self, parameter: str) -> Any:
        """Value of a parameter; raises `QuestionError` where the service does not state it."""
        if parameter not in self.parameters:
            raise QuestionError(f"{self.key} states no {parameter}; it states {', '.join(self.parameters)}")
        return self.parameters[parameter].value

    def stands_in_for(self, other: Service) -> bool:
        """Tell whether one of these counts where the other is asked for: only of the same tier (GB 50180) and kind."""
        return self.key == other.key and self.tier == other.tier

    def ratio(self, name: str, **figures: int) -> Fraction:
        """Work out a ratio, exact, from counts given by name, the reported ones where not given.

        >>> from planner.ratios import half_up
        >>> half_up(service("meal_station").ratio("meals_per_user"))
        Decimal('23.9')
        >>> half_up(service("care_home").ratio("beds_per_1000_elders", beds=2588, elders=267_000), 2)
        Decimal('9.69')
        """
        if name not in self.ratios:
            raise QuestionError(f"{self.key} knows no ratio {name}; it knows {', '.join(self.ratios) or 'none'}")
        return self.ratios[name].value({key: one.value for key, one in self.reported.items()} | figures)

    def table(self, lang: str = "zh") -> pd.DataFrame:
        """Every parameter with unit, source, dates and basis, for printing beside an answer."""
        return _printed(self.parameters, lang)

    def reported_table(self, lang: str = "zh") -> pd.DataFrame:
        """Every count the bureaus reported, with its source; evidence, never used in an answer by itself."""
        return _printed(self.reported, lang)

    def sources(self, lang: str = "zh") -> tuple[str, ...]:
        """Every source it rests on, once."""
        given = [one.source.words(lang) for one in (*self.parameters.values(), *self.reported.values())]
        return tuple(dict.fromkeys(given))

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


def first_day(written: str) -> date:
    """The first day of a date written as ``2019``, ``2019-05`` or ``2019-05-12``."""
    year, month, day = (*written.split("-"), "01", "01")[:3]
    return date(int(year), int(month), int(day))


@cache
def _shipped() -> Mapping[str, Any]:
    return tomllib.loads(files("planner").joinpath("services.toml").read_text(encoding="utf-8"))


def service_data(key: str) -> Mapping[str, Any]:
    """A shipped service as it stands in ``services.toml``; raises `QuestionError` for an unknown key."""
    known = _shipped()["service"]
    if key not in known:
        raise QuestionError(f"unknown service {key!r}; known: {', '.join(known)}")
    given: Mapping[str, Any] = known[key]
    return given


def service_keys() -> tuple[str, ...]:
    """Keys of the shipped services."""
    return tuple(_shipped()["service"])


@cache
def service(key: str) -> Service:
    """Give a shipped service by its key, such as ``meal_station``."""
    return service_of(key, service_data(key))


def service_of(key: str, data: Mapping[str, Any]) -> Service:
    """Make a service from its block of a TOML; the block is taken to be right (see `planner.service_files`)."""
    plain = {name: data[name] for name in ("zh", "en", "mode", "tier", "audience")}
    plain |= {name: data[name] for name in ("sensitive", "needs_building") if name in data}
    plain |= {name: Text.of(data[name]) for name in ("question", "capacity_unit") if name in data}
    return Service(
        key=key,
        parameters=_parameters(data.get("parameters", {})),
        reported=_parameters(data.get("reported", {})),
        ratios={
            name: Ratio(Text(one["zh"], one["en"]), one["of"], one["per"], one.get("each", 1))
            for name, one in data.get("ratios", {}).items()
        },
        hosts=tuple(map(Text.of, data.get("hosts", ()))),
        **plain,
    )


@cache
def walking_readings() -> tuple[Reading, ...]:
    """The readings of "fifteen minutes on foot", widest first: the standard's two, a typical and a frail elder's."""
    given = (
        Reading(key=key, **{**data, "source": Text.of(data["source"])}) for key, data in _shipped()["reading"].items()
    )
    return tuple(sorted(given, key=lambda reading: -reading.metres))


@cache
def tier_systems() -> Mapping[str, TierSystem]:
    """The systems of tiers documents count, by key: ``three`` (区市、镇街、村居) and ``four`` (with the family)."""
    tiers = {key: Tier(key, Text(one["zh"], one["en"]), one["level"]) for key, one in _shipped()["tier"].items()}
    return MappingProxyType(
        {
            key: TierSystem(
                key, Text(one["zh"], one["en"]), tuple(tiers[tier] for tier in one["tiers"]), Text.of(one["source"])
            )
            for key, one in _shipped()["tier_system"].items()
        }
    )


def _parameters(data: Mapping[str, Mapping[str, Any]]) -> dict[str, Parameter]:
    return {
        key: Parameter(
            value=one["value"],
            unit=Text.of(one["unit"]),
            source=Text.of(one["source"]),
            basis=one["basis"],
            since=one.get("since", ""),
            until=one.get("until", ""),
            name=Text.of(one.get("name", "")),
        )
        for key, one in data.items()
    }


def _printed(given: Mapping[str, Parameter], lang: str) -> pd.DataFrame:
    rows = [
        (
            p.name.words(lang) or key, p.value, p.unit.words(lang), p.source.words(lang),
            p.since or UNDATED.words(lang), p.until, BASES[p.basis].words(lang),
        )
        for key, p in given.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS), index=pd.Index(list(given), dtype=object, name="key"))
