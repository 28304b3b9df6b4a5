"""Projection: how many elders there will be, by letting five-year age bands grow older."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.demand import Demand
from planner.errors import ColumnError, DataError, QuestionError
from planner.texts import Text

STEP = 5
BANDS = ("45-49", "50-54", "55-59", "60-64", "65-69", "70-74", "75-79", "80-84", "85+")
YOUNGER = BANDS[:3]
ELDERS = BANDS[3:]
Amounts = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ageing:
    """How bands grow older: five-year ``survival`` shares by band, and ``younger`` bands relative to ages 60-64.

    ``younger`` stands in where the younger bands themselves are not known; nobody moves in or out.
    """

    survival: Mapping[str, float]
    younger: Mapping[str, float]
    survival_source: Text
    younger_source: Text

    def __post_init__(self) -> None:
        faults = [f"survival of {band} is missing" for band in BANDS if band not in self.survival]
        faults += [
            f"survival of {band} must be from 0 to 1, not {share!r}"
            for band, share in self.survival.items()
            if not 0 <= share <= 1
        ]
        faults += [f"younger band {band} is missing" for band in YOUNGER if band not in self.younger]
        faults += [
            f"younger band {b} must be 0 or more, not {v!r}"
            for b, v in self.younger.items()
            if not 0 <= v < float("inf")
        ]
        if faults:
            raise QuestionError("; ".join(faults))

    def table(self, lang: str = "zh") -> pd.DataFrame:
        """Every number with its source, for printing beside an answer."""
        rows = [("survival", band, share, self.survival_source.words(lang)) for band, share in self.survival.items()]
        rows += [("younger", band, ratio, self.younger_source.words(lang)) for band, ratio in self.younger.items()]
        return pd.DataFrame(rows, columns=["parameter", "band", "value", "source"])


@cache
def shipped_ageing() -> Ageing:
    """The shipped shares, assumptions all of them."""
    given: dict[str, Any] = tomllib.loads(files("planner").joinpath("projection.toml").read_text(encoding="utf-8"))
    survival, younger = given["survival"], given["younger"]
    return Ageing(survival["shares"], younger["ratios"], Text.of(survival["source"]), Text.of(younger["source"]))


def project_bands(
    bands: pd.DataFrame, *, year: int, base_year: int = 2020, ageing: Ageing | None = None
) -> pd.DataFrame:
    """People by elder band in a later year, a row as in ``bands``: cohorts grow five years older and some die.

    ``bands`` has columns of persons, 60-64 to 85+, and 45-49 to 55-59 where known (else they are worked out from 60-64, for all
    rows alike). Between two steps of five years, amounts lie on the straight line between them. So far as 15 years
    ahead, since those who turn sixty later are too young to be in the bands. Raises `QuestionError` for other years,
    `ColumnError` for bands that are missing or impossible.
    """
    if not base_year <= year <= base_year + STEP * len(YOUNGER):
        raise QuestionError(f"year must be from {base_year} to {base_year + STEP * len(YOUNGER)}, not {year!r}")
    rule = ageing or shipped_ageing()
    now = _complete(_checked(bands), rule)
    steps, rest = divmod(year - base_year, STEP)
    for _ in range(steps):
        now = _older(now, rule)
    if rest:
        now += (_older(now, rule) - now) * (rest / STEP)
    return pd.DataFrame(now[:, len(YOUNGER) :], columns=list(ELDERS), index=bands.index)


def project_demand(demand: Demand, *, year: int, base_year: int = 2020, ageing: Ageing | None = None) -> Demand:
    """The same points with the elders of a later year: ``people`` and every band, all 60 and over.

    Every point's own bands grow older where it is, by `project_bands`. Raises `QuestionError` for a demand without bands
    (read it with ``age="60+"`` and a census).
    """
    if not demand.bands:
        raise QuestionError("this demand has no age bands; read it with read_population(..., census=..., age='60+')")
    later = project_bands(demand.frame[list(demand.bands)], year=year, base_year=base_year, ageing=ageing)
    frame = demand.frame.drop(columns=list(demand.bands))
    frame["people"] = later.sum(axis=1).to_numpy()
    return Demand(frame.join(later), bands=ELDERS, report=demand.report)


def growth(now: Demand, later: Demand) -> pd.DataFrame:
    """People by band now and later, and how many times as many; the last row is everybody."""
    bands = [band for band in ELDERS if band in now and band in later]
    rows = {band: (float(now[band].sum()), float(later[band].sum())) for band in bands}
    rows["60+"] = (now.total, later.total)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["now", "later"])
    table["times"] = table["later"] / table["now"].where(table["now"] > 0)
    return table


def _checked(bands: pd.DataFrame) -> pd.DataFrame:
    called = {column: str(column).strip() for column in bands}
    odd = [name for name in called.values() if re.fullmatch(r"\d+(-\d+|\+)", name) is None or name not in BANDS]
    if odd:
        raise ColumnError(f"bands are {', '.join(BANDS)}; {', '.join(odd)} cannot be aged by five years")
    given = bands.rename(columns=called)
    if missing := [band for band in ELDERS if band not in given]:
        raise ColumnError(f"bands {', '.join(missing)} are missing; given are {', '.join(map(str, given.columns))}")
    if 0 < (known := sum(band in given for band in YOUNGER)) < len(YOUNGER):
        raise ColumnError(f"give all of {', '.join(YOUNGER)}, or none; {known} of them are given")
    amounts = given.to_numpy(dtype=float)
    if not (np.isfinite(amounts).all() and (amounts >= 0).all()):
        raise DataError("people of a band must be known and 0 or more in every row")
    return given


def _complete(given: pd.DataFrame, rule: Ageing) -> Amounts:
    """People of every band from 45 up, shape ``(rows, bands)``."""
    young = {band: given.get(band, given["60-64"] * rule.younger[band]) for band in YOUNGER}
    return given.assign(**young)[list(BANDS)].to_numpy(dtype=float)


def _older(now: Amounts, rule: Ageing) -> Amounts:
    alive = now * np.array([rule.survival[band] for band in BANDS])
    later = np.zeros_like(now)
    later[:, 1:] = alive[:, :-1]
    later[:, -1] += alive[:, -1]  # the open band keeps those it has
    return later
