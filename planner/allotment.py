"""Allotment: the floor space residential quarters owe (配建), who has it, and the shortfall in m2 by name."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, ClassVar

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.arrays import Positions
from planner.coverage import Coverage
from planner.demand import Demand
from planner.errors import IdError, PeriodError, QuestionError
from planner.layers import Column, Layer, Period, finite_and_not_negative
from planner.ratios import Progress, exact, half_up
from planner.services import Basis, first_day
from planner.texts import Text

KINDS = ("new", "existing")
ALWAYS = Period()
WHY_NOT = {
    "exempt": Text("免配：{told}", "exempt: {told}"),
    "no_permit": Text("许可日期不详", "its permit date is not known"),
    "no_standard": Text("许可日（{told}）尚无配建标准", "no standard was in force on its permit date ({told})"),
    "nobody": Text("没有住户", "it has no households"),
}


@dataclass(frozen=True, slots=True)
class Standard:
    """A rule of allotment: m2 per 100 households in new and existing quarters, the least single place, and since when."""

    key: str
    name: Text
    new: Fraction
    existing: Fraction
    source: Text
    least_single: Fraction = Fraction(0)
    period: Period = ALWAYS
    basis: Basis = "reported"

    def __post_init__(self) -> None:
        for name in ("new", "existing", "least_single"):
            object.__setattr__(self, name, exact(getattr(self, name), what=f"{self.key}.{name}"))

    def per_households(self, households: int, kind: str) -> Fraction:
        """The m2 so many households ask for, before the least single place."""
        return Fraction(households, 100) * (self.new if kind == "new" else self.existing)


class Quarters(Layer):
    """Residential quarters, or communities with their building, each at a point or as a polygon.

    ``permit`` is the date of the planning permit, missing where not known; ``kind`` is new or existing;
    ``square_metres`` is what there is now; ``exempt`` says why the rule does not apply, if it does not.
    """

    columns: ClassVar[tuple[Column, ...]] = (
        Column("name", "text", lambda s: s.map(lambda v: isinstance(v, str) and v != "")),
        Column("households", "whole number", lambda s: finite_and_not_negative(s) & (s % 1 == 0)),
        Column("square_metres", "m2 there are, 0 or more", finite_and_not_negative),
        Column("permit", "date or missing", lambda s: s.isna() | s.map(lambda v: isinstance(v, date))),
        Column("kind", "new or existing", lambda s: s.isin(KINDS)),
        Column("exempt", "why it is exempt, or empty", lambda s: s.map(lambda v: isinstance(v, str)), optional=True),
    )
    shapes: ClassVar[frozenset[str]] = frozenset({"Point", "Polygon", "MultiPolygon"})


@dataclass(frozen=True, eq=False)
class Allotment:
    """An account of allotment, quarter by quarter; areas are exact, ``Fraction`` of m2.

    ``table`` has a row a quarter: ``subject``, ``why_not``, ``standard``, ``required``, ``square_metres``, ``pool`` (the quarters
    that stand in for each other, '' for none), ``shortfall`` in m2 and ``compliant``. A pool's shortfall stands
    with its quarters in proportion to what each lacks alone, so that the column adds up.
    """

    frame: pd.DataFrame
    quarters: Quarters
    standards: tuple[Standard, ...]

    @property
    def rate(self) -> Progress:
        """Compliant quarters of those subject to a standard."""
        return Progress(int((self.frame["compliant"] & self.frame["subject"]).sum()), int(self.frame["subject"].sum()))

    @property
    def shortfall(self) -> Fraction:
        """All m2 missing."""
        return sum(self.frame["shortfall"], Fraction(0))

    def table(self, lang: str = "zh") -> pd.DataFrame:
        """The account for printing: m2 to a hundredth, a shortfall rounded up, so that none is shown as nothing."""
        shown = self.frame.copy()
        for name in ("required", "square_metres"):
            shown[name] = [float(half_up(area, 2)) for area in shown[name]]
        shown["shortfall"] = [-int(-area * 100 // 1) / 100 for area in shown["shortfall"]]
        shown["why_not"] = [text.words(lang) for text in shown["why_not"]]
        return shown

    def shortfalls(self, lang: str = "zh") -> pd.DataFrame:
        """The quarters that fall short, by name, the most m2 first."""
        table = self.table(lang)
        short = table[table["subject"] & ~table["compliant"]]
        return short.sort_values(["shortfall", "name"], ascending=[False, True], kind="stable")

    def excluded(self, lang: str = "zh") -> pd.DataFrame:
        """The quarters no standard applies to, and why."""
        table = self.table(lang)
        return table.loc[~table["subject"], ["name", "households", "why_not"]]

    def missing(self) -> Demand:
        """The quarters that fall short as demand, their households as ``people``, to site what is missing."""
        short = self.frame.index[self.frame["subject"] & ~self.frame["compliant"]]
        frame = self.quarters.frame.loc[short]
        points = frame.geometry.representative_point()
        columns = {"people": frame["households"].astype(float), "name": frame["name"]}
        return Demand(gpd.GeoDataFrame(columns, geometry=points, crs=frame.crs))

    def __repr__(self) -> str:
        return f"<Allotment: {self.rate} compliant, {float(self.shortfall):,.1f} m2 short>"


def standard(key: str) -> Standard:
    """A shipped standard, such as ``qingdao_2019``."""
    known = _shipped()
    if key not in known:
        raise QuestionError(f"unknown standard {key!r}; known: {', '.join(known)}")
    return known[key]


@cache
def _shipped() -> Mapping[str, Standard]:
    given = tomllib.loads(files("planner").joinpath("allotment.toml").read_text(encoding="utf-8"))["standard"]
    return MappingProxyType({key: _standard(key, one) for key, one in given.items()})


def _standard(key: str, given: Mapping[str, Any]) -> Standard:
    start, end = (first_day(given[name]) if name in given else None for name in ("since", "until"))
    areas = {name: exact(given[name]) for name in ("new", "existing", "least_single") if name in given}
    name, source = Text(given["zh"], given["en"]), Text.of(given["source"])
    return Standard(key, name, source=source, period=Period(start, end), basis=given["basis"], **areas)


def allot(
    quarters: Quarters,
    standards: Standard | Sequence[Standard],
    *,
    pools: Mapping[str, str] | None = None,
    circles: Coverage | float | None = None,
) -> Allotment:
    """Account for what every quarter owes by the standard in force on its permit date, and what is missing.

    ``pools`` names the pool of quarters, by ID, that stand in for each other; with ``circles`` (metres as the crow flies, or a
    `Coverage` of the quarters within five minutes) each pool must lie in one circle. A pool owes the sum of what its quarters
    owe, and the greatest least single place among them in one of its places. Raises `PeriodError` where two standards are in
    force on one day, `QuestionError` for a pool that lies in no circle, `IdError` for unknown quarters.
    """
    rules = (standards,) if isinstance(standards, Standard) else tuple(standards)
    frame = pd.DataFrame([_alone(row, rules) for row in quarters.frame.itertuples()], index=quarters.ids)
    given = {} if pools is None else {str(quarter): str(pool) for quarter, pool in pools.items()}
    quarters.positions(given)
    frame["pool"] = [given.get(str(quarter), "") if frame.at[quarter, "subject"] else "" for quarter in frame.index]
    if circles is not None:
        _check_circles(frame, circles_of(quarters, circles))
    for at in _groups(frame["pool"]):
        frame.loc[frame.index[at], ["shortfall", "compliant"]] = _settled(frame.iloc[at], rules)
    columns = ("name", "households", "kind", "permit", "subject", "why_not", "standard", "required", "square_metres")
    return Allotment(frame[[*columns, "pool", "shortfall", "compliant"]], quarters, rules)


def suggest_pools(account: Allotment, circles: Coverage | float) -> dict[str, str]:
    """Pools that would heal most m2, each within one circle and short of nothing: greedy, no quarter in two, by ID on ties."""
    rings = circles_of(account.quarters, circles)
    frame, taken, found = account.frame, set[str](), dict[str, str]()
    while True:
        best = min((_offer(frame, name, ring, taken, account.standards) for name, ring in rings.items()), default=None)
        if best is None or best[0] == 0:
            return found
        _, centre, members = best
        taken |= set(members)
        found |= dict.fromkeys(members, f"pool:{centre}")


def circles_of(quarters: Quarters, circles: Coverage | float) -> dict[str, list[str]]:
    """Quarters within each circle, by the ID of its centre: each quarter's by metres, each site's by coverage."""
    if isinstance(circles, Coverage):
        if not circles.demand.ids.equals(quarters.ids):
            raise IdError("the coverage must be of the quarters themselves, in their order")
        rows = np.split(circles.demand.ids.to_numpy()[circles.points], circles.starts[1:-1])
        return {str(site): list(map(str, row)) for site, row in zip(circles.sites.ids, rows, strict=True)}
    if not 0 < circles < float("inf"):
        raise QuestionError(f"circles must be metres above 0, or a Coverage, not {circles!r}")
    points = quarters.frame.geometry.representative_point()
    xy = np.column_stack([points.x, points.y])
    near = np.linalg.norm(xy[:, None] - xy[None], axis=2) <= circles + 1e-6
    return {str(one): list(map(str, quarters.ids[row])) for one, row in zip(quarters.ids, near, strict=True)}


def _alone(row: Any, rules: tuple[Standard, ...]) -> dict[str, Any]:
    told = {
        "name": row.name, "households": int(row.households), "kind": row.kind, "permit": row.permit, "subject": False,
        "why_not": Text("", ""), "standard": "", "required": Fraction(0), "square_metres": exact(row.square_metres),
        "shortfall": Fraction(0), "compliant": False,
    }  # fmt: skip
    permit = None if pd.isna(row.permit) else row.permit
    exempt = getattr(row, "exempt", "")
    in_force = [rule for rule in rules if permit is not None and _day(permit) in rule.period]
    if len(in_force) > 1:
        both = " and ".join(rule.key for rule in in_force[:2])
        raise PeriodError(f"{both} are both in force on {permit}, the permit date of {row.Index!r}; end one of them")
    for why, applies, about in (
        ("exempt", bool(exempt), exempt),
        ("no_permit", permit is None, ""),
        ("no_standard", not in_force, permit),
        ("nobody", not row.households, ""),
    ):
        if applies:
            text = WHY_NOT[why]
            return told | {"why_not": Text(text.zh.format(told=about), text.en.format(told=about))}
    owed = in_force[0].per_households(int(row.households), row.kind)
    return told | {"subject": True, "standard": in_force[0].key, "required": max(owed, in_force[0].least_single)}


def _day(permit: date) -> date:
    return permit.date() if isinstance(permit, pd.Timestamp) else permit


def _groups(pools: pd.Series) -> Iterable[Positions]:
    alone = np.flatnonzero(pools == "")
    yield from alone[:, None]
    for pool in sorted(set(pools) - {""}):
        yield np.flatnonzero(pools == pool)


def _settled(group: pd.DataFrame, rules: tuple[Standard, ...]) -> pd.DataFrame:
    """Shortfall and compliance of the quarters of one pool, or of one alone."""
    if not group["subject"].any():
        return group[["shortfall", "compliant"]]
    short = _short(group, rules)
    lacks = [max(Fraction(0), need - has) for need, has in zip(group["required"], group["square_metres"], strict=True)]
    alone = sum(lacks, Fraction(0))
    parts = [short * lack / alone if alone else Fraction(short, len(lacks)) for lack in lacks]
    return pd.DataFrame({"shortfall": parts, "compliant": short == 0}, index=group.index)


def _short(group: pd.DataFrame, rules: tuple[Standard, ...]) -> Fraction:
    """The m2 a pool lacks: of its sum, or of its greatest single place, whichever is more."""
    by_key = {rule.key: rule for rule in rules}
    subject = group[group["subject"]]
    owed = [
        by_key[key].per_households(int(households), kind)
        for key, households, kind in zip(subject["standard"], subject["households"], subject["kind"], strict=True)
    ]
    least = max(by_key[key].least_single for key in group["standard"])
    has = list(group["square_metres"])
    return max(Fraction(0), sum(owed, Fraction(0)) - sum(has, Fraction(0)), least - max(has))


def _check_circles(frame: pd.DataFrame, rings: Mapping[str, Sequence[str]]) -> None:
    for pool in sorted(set(frame["pool"]) - {""}):
        members = set(frame.index[frame["pool"] == pool])
        if not any(members <= set(ring) for ring in rings.values()):
            raise QuestionError(f"pool {pool!r} lies in no one circle: {', '.join(sorted(map(str, members)))}")


def _offer(
    frame: pd.DataFrame, centre: str, ring: Sequence[str], taken: set[str], rules: tuple[Standard, ...]
) -> tuple[Fraction, str, tuple[str, ...]]:
    """What pooling a circle heals (negative m2), its centre, and its quarters; 0 where it would still fall short."""
    free = [quarter for quarter in ring if quarter not in taken and frame.at[quarter, "subject"]]
    group = frame.loc[free]
    if len(free) < 2 or _short(group, rules) > 0:
        return Fraction(0), centre, ()
    return -sum(group["shortfall"], Fraction(0)), centre, tuple(free)
