"""Codec: what a saved plan holds, as plain values and back; nothing but what is listed here is ever made."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import singledispatch
from typing import Any
from zlib import compress, decompress

import numpy as np
import pandas as pd

from planner.errors import QuestionError, SourceError
from planner.optimise.centre import CentreChoice
from planner.optimise.equity import WorstShares
from planner.optimise.median import MedianChoice
from planner.optimise.objectives import PeopleCovered, SitesNeeded
from planner.optimise.programmes.search import JointChoice
from planner.optimise.sharing import PeopleServed, Shares
from planner.optimise.sized_cover import SitesServing
from planner.optimise.times.asking import Evidence, siting_problem
from planner.optimise.times.centre_rules import RuledCentre
from planner.optimise.travel import MeanTime
from planner.plan import Scenario

KINDS = {
    kind.__name__: kind
    for kind in (
        PeopleCovered, SitesNeeded, WorstShares, PeopleServed, SitesServing, MeanTime, Shares, MedianChoice, CentreChoice,
        RuledCentre, JointChoice,
    )
}  # fmt: skip
"""Records a document may hold besides plain values and arrays of numbers."""


@singledispatch
def plain(value: Any) -> Any:
    """A value as JSON can hold it; what is not plain becomes an object of one key that names its kind."""
    if is_dataclass(value) and type(value).__name__ in KINDS:
        return {type(value).__name__: {part.name: plain(getattr(value, part.name)) for part in fields(value)}}
    raise QuestionError(
        f"a {type(value).__name__} cannot be saved with a plan; only values made by planner's verbs can"
    )


@plain.register(bool | str | int | None)
def _itself(value: Any) -> Any:
    return value


@plain.register(float | np.floating)
def _number(value: Any) -> Any:
    return float(value) if np.isfinite(value) else {"float": repr(float(value))}


@plain.register(np.integer | np.bool_)
def _whole(value: Any) -> Any:
    return value.item()


@plain.register(np.ndarray)
def _array(value: Any) -> Any:
    return {
        "array": [
            str(value.dtype),
            list(value.shape),
            b64encode(compress(np.ascontiguousarray(value).tobytes())).decode(),
        ]
    }


@plain.register(pd.Series)
def _series(value: Any) -> Any:
    return {"series": [value.name, value.index.name, list(map(str, value.index)), plain(value.to_numpy())]}


@plain.register(pd.Index)
def _index(value: Any) -> Any:
    return {"index": [value.name, list(map(str, value))]}


@plain.register(tuple)
def _tuple(value: Any) -> Any:
    return {"tuple": [plain(each) for each in value]}


@plain.register(Mapping)
def _map(value: Any) -> Any:
    return {"map": {str(key): plain(each) for key, each in value.items()}}


@plain.register(Evidence)
def _evidence(value: Any) -> Any:
    return {"evidence": plain(value.choice)}


def made(value: Any, scenario: Scenario | None) -> Any:
    """The value that `plain` wrote; raises `SourceError` for a kind that is not listed."""
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind in KINDS:
        return KINDS[kind](**{name: made(each, scenario) for name, each in held.items()})
    if kind == "evidence" and scenario is not None:
        return Evidence(*siting_problem(scenario), made(held, scenario))
    if kind not in _MAKERS:
        raise SourceError(f"a saved plan cannot hold a {kind!r}")
    return _MAKERS[kind](held, scenario)


def _array_of(held: Any, _: Scenario | None) -> Any:
    dtype, shape, data = held
    if np.dtype(dtype).hasobject:
        raise SourceError(f"a saved plan holds numbers only, not {dtype}")
    return np.frombuffer(decompress(b64decode(data)), np.dtype(dtype)).reshape(shape)


def _series_of(held: Any, scenario: Scenario | None) -> Any:
    return pd.Series(made(held[3], scenario), index=pd.Index(held[2], name=held[1]), name=held[0])


_MAKERS: Mapping[str, Any] = {
    "float": lambda held, _: float(held),
    "array": _array_of,
    "series": _series_of,
    "index": lambda held, _: pd.Index(held[1], name=held[0], dtype=object),
    "tuple": lambda held, scenario: tuple(made(each, scenario) for each in held),
    "map": lambda held, scenario: {key: made(each, scenario) for key, each in held.items()},
}
