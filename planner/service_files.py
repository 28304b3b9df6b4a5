"""Service files: a service of your own in a TOML, checked whole."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from planner.errors import QuestionError
from planner.profiles import Mode
from planner.services import Basis, Service, first_day, service_data, service_keys, service_of, tier_systems

SHARES = ("target_share", "nursing_share")
Words = str | dict[Literal["zh", "en"], str]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _both(given: Words) -> Words:
    if isinstance(given, dict) and set(given) != {"zh", "en"}:
        raise ValueError("give both zh and en, or one text for both")
    if not all(given.values() if isinstance(given, dict) else (given,)):
        raise ValueError("must not be empty")
    return given


class ParameterBlock(_Block):
    """One parameter: its value and unit, and the source nobody may leave out."""

    value: bool | int | float | str
    unit: Words
    source: Words
    basis: Basis
    since: str = ""
    until: str = ""
    name: Words = ""

    @field_validator("unit", "source")
    @classmethod
    def _said_in_both(cls, given: Words) -> Words:
        return _both(given)

    @field_validator("since", "until")
    @classmethod
    def _is_a_date(cls, given: str) -> str:
        if given:
            if not re.fullmatch(r"\d{4}(-\d{2}){0,2}", given):
                raise ValueError("a date is written 2019, 2019-05 or 2019-05-12")
            first_day(given)
        return given

    @model_validator(mode="after")
    def _starts_before_it_ends(self) -> ParameterBlock:
        if self.since and self.until and first_day(self.since) >= first_day(self.until):
            raise ValueError(f"since {self.since} must come before until {self.until}")
        return self


class RatioBlock(_Block):
    """A ratio of two reported counts."""

    zh: str
    en: str
    of: str
    per: str
    each: Annotated[int, Field(ge=1)] = 1


class ServiceFile(_Block):
    """One service, as in ``services.toml``; ``based_on`` a shipped one, only what differs need be said."""

    key: str
    based_on: str = ""
    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]
    mode: Mode
    tier: str
    audience: str
    sensitive: bool = False
    needs_building: bool = True
    question: Words = ""
    capacity_unit: Words = ""
    hosts: list[Words] = Field(default_factory=list)
    parameters: dict[str, ParameterBlock]
    reported: dict[str, ParameterBlock] = Field(default_factory=dict)
    ratios: dict[str, RatioBlock] = Field(default_factory=dict)

    @field_validator("key")
    @classmethod
    def _names_files(cls, given: str) -> str:
        if not (given.isidentifier() and given.isascii()):
            raise ValueError("a key is letters, digits and underscores: files are named by it")
        return given

    @field_validator("tier")
    @classmethod
    def _is_a_tier(cls, given: str) -> str:
        known = sorted({tier.key for system in tier_systems().values() for tier in system.tiers} | {"city"})
        if given not in known:
            raise ValueError(f"unknown tier; known: {', '.join(known)}")
        return given

    @field_validator("parameters")
    @classmethod
    def _can_be(cls, given: dict[str, ParameterBlock]) -> dict[str, ParameterBlock]:
        faults = [
            f"{name} must be {'above 0 and at most 1' if name in SHARES else 'a number above 0'}"
            for name, one in given.items()
            if name in {*SHARES, "minutes", "metres_per_second"} and not _fits(one.value, share=name in SHARES)
        ]
        if "minutes" not in given:
            faults.append("minutes is missing: how far may people travel?")
        if faults:
            raise ValueError("; ".join(faults))
        return given

    @model_validator(mode="after")
    def _is_ones_own(self) -> ServiceFile:
        faults = []
        if self.key in service_keys() and self.based_on != self.key:
            faults.append(f"{self.key} is shipped; choose another key, or say based_on = {self.key!r} to change it")
        for name, ratio in self.ratios.items():
            faults += [
                f"ratios.{name}: no reported {one!r}" for one in (ratio.of, ratio.per) if one not in self.reported
            ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


def _fits(value: object, *, share: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 < value <= 1 if share else 0 < value < float("inf")


def read_service(path: str | os.PathLike[str]) -> Service:
    """Read a service of your own from a TOML; raises `QuestionError` telling every fault at once, by key.

    The file holds one service with the keys of ``services.toml`` and its ``key``. With ``based_on``, the key of a
    shipped service, everything not said is as there.
    """
    file = Path(path)
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise QuestionError(f"{file} does not exist; give the path of a service's TOML") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise QuestionError(f"{file} cannot be read as TOML: {error}") from error
    if base := given.get("based_on"):
        if base not in service_keys():
            raise QuestionError(
                f"{file} has 1 fault:\n  based_on: unknown service {base!r}; known: {', '.join(service_keys())}"
            )
        given = _laid_over(service_data(base), given)
    return service_of(given.get("key", ""), check_service(given, where=str(file)))


def check_service(given: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    """The block of a service, checked; raises `QuestionError` telling every fault at once, by key."""
    try:
        return ServiceFile.model_validate(given).model_dump(exclude_defaults=True, exclude={"key", "based_on"})
    except ValidationError as error:
        told = [f"{'.'.join(map(str, one['loc'])) or 'service'}: {_message(one)}" for one in error.errors()]
        listed = "\n".join(f"  {line}" for line in told)
        raise QuestionError(f"{where} has {len(told)} fault{'s' if len(told) > 1 else ''}:\n{listed}") from error


def _message(fault: Any) -> str:
    known = {"missing": "is missing", "extra_forbidden": "no such key"}
    if fault["type"] in known:
        return known[fault["type"]]
    return f"{fault['msg'].removeprefix('Value error, ')} (given {fault['input']!r:.80})"


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """What is said above counts; a parameter is replaced whole, so that no number keeps another number's source."""
    laid = dict(below)
    for name, value in above.items():
        tables = isinstance(value, dict) and name in {"parameters", "reported", "ratios"}
        laid[name] = {**laid.get(name, {}), **value} if tables else value
    return laid
