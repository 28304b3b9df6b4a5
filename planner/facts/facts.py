"""Facts of a plan, gathered once: the summary, the stations, the not-connected, the parameters with sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.access import TOTAL, Summary, Suppressed, is_sensitive, summarise, suppress
from planner.area import StudyArea, Units
from planner.coverage import Coverage
from planner.errors import CrsError, QuestionError
from planner.facts.lists import existing_table, gap_table, new_table, not_connected_table
from planner.facts.parameters import parameter_table
from planner.facts.secrecy import may_leave
from planner.facts.words import words
from planner.plan import Plan
from planner.services import Service

GAINS = ("gain", "covered_so_far")


@dataclass(frozen=True, eq=False)
class Facts:
    """Everything an official reads about one plan, or about today's coverage where ``plan`` is None.

    ``new_sites``, ``existing_sites``, ``not_connected`` and ``gaps`` are tables in whole people that add up to the
    ``summary``; ``parameters`` has the columns ``key``, ``value``, ``unit``, ``source``. ``map_approval`` is the
    map approval number (审图号); without one every output is stamped as internal.

    Of a sensitive service ``hidden`` holds the tables as they may be printed: what is shown is `overall` and
    `table_of`, lists bear no counts, and nothing tells of single points. ``secret`` are IDs of sites whose 密级 is
    not 公开: they stand in no list and on no map, though those they serve count as served.
    """

    coverage: Coverage
    plan: Plan | None
    units: Units | None
    summary: Summary
    new_sites: pd.DataFrame
    existing_sites: pd.DataFrame
    not_connected: pd.DataFrame
    parameters: pd.DataFrame
    sources: tuple[str, ...]
    area_name: str
    service_name: Mapping[str, str]
    on: date | None
    made_on: date
    map_approval: str = ""
    made_by: str = ""
    given_title: str = ""
    gaps: gpd.GeoDataFrame | None = None
    hidden: Suppressed | None = None
    secret: frozenset[str] = frozenset()
    covered_by_step: list[Any] = field(default_factory=list)
    """People covered with the first 0, 1, 2 ... new stations built; None where it is not told."""

    @cached_property
    def overall(self) -> dict[str, Any]:
        """The total row as it may be printed: counts, or the marks of hidden ones."""
        return self.summary.overall if self.hidden is None else self.hidden.overall

    @property
    def new_count(self) -> int:
        """How many stations are new, those not listed included."""
        return 0 if self.plan is None else len(self.plan.added)

    @property
    def existing_count(self) -> int:
        """How many existing stations stay open, those not listed included."""
        return int(self.opened.isin(self.coverage.sites.existing.ids).sum())

    @property
    def opened(self) -> pd.Index:
        """IDs of the open sites: the plan's, or those that stand."""
        return self.coverage.sites.existing.ids if self.plan is None else self.plan.ids

    def notes(self, lang: str = "zh") -> list[str]:
        """What a reader must know of counts hidden and sites not listed."""
        told = [] if self.hidden is None else [self.hidden.note(lang), words(lang)["note_sensitive"]]
        return told + ([words(lang)["note_secret"].format(n=len(self.secret))] if self.secret else [])

    def __repr__(self) -> str:
        return f"<Facts of {'a sensitive service' if self.hidden else self.plan or self.coverage!r}>"


def gather(
    answer: Plan | Coverage,
    *,
    by: StudyArea | Units | None = None,
    summary: Summary | None = None,
    parameters: Mapping[str, Any] | pd.DataFrame | None = None,
    sources: Iterable[str] = (),
    title: str | None = None,
    service: Service | None = None,
    gaps: gpd.GeoDataFrame | None = None,
    hide_small: bool = False,
    on: date | None = None,
    made_on: date | None = None,
    map_approval: str | None = None,
    made_by: str = "",
) -> Facts:
    """Gather the facts of a plan, or of a coverage as it stands.

    ``by`` is the study area or its units (without, everyone counts as one unit); ``summary`` is computed
    unless given. ``parameters`` maps a name to a value, a (value, unit, source) tuple or a
    `planner.services.Parameter`, and is completed by what the calculation knows; a table with the columns
    ``parameter``, ``value``, ``unit`` and ``source`` is printed as it stands. ``service`` is a
    `planner.services.Service`, named in the title; ``gaps`` what `planner.access.find_gaps` found.

    Counts under 10 are hidden where the service, or that of any site, is sensitive, and where ``hide_small`` asks
    for it. Several plans printed for the same people are not protected against one another.
    """
    plan = answer if isinstance(answer, Plan) else None
    coverage = answer.scenario.coverage if isinstance(answer, Plan) else answer
    area = by if isinstance(by, StudyArea) else None
    units = by if isinstance(by, Units) else area.units if area is not None else None
    if units is not None and units.crs != coverage.demand.crs:
        raise CrsError(f"units are in {units.crs.to_string()}, people in {coverage.demand.crs.to_string()}")
    if units is not None and not may_leave(units.frame).all():
        raise QuestionError(
            "some units' 密级 is not 公开, and every table names its units; leave those units out of by="
        )
    if summary is None:
        units = units if units is not None else _one_unit(coverage)
        summary = summarise(answer, by=units)
    hidden = _hidden(summary, coverage, service, hide_small=hide_small)
    lists = _lists(answer, units, summary, gaps, blank=hidden is not None)
    return Facts(
        coverage=coverage,
        plan=plan,
        units=units,
        summary=summary,
        parameters=parameter_table(
            coverage, plan, summary, {} if parameters is None else parameters, service, blank=hidden is not None
        ),
        sources=tuple(sources),
        area_name=area.name if area is not None else "",
        service_name={"zh": service.zh, "en": service.en} if service is not None else {"zh": "", "en": ""},
        on=on or (area.on if area is not None else None),
        made_on=made_on or datetime.now(UTC).astimezone().date(),
        map_approval=map_approval or "",
        made_by=made_by,
        given_title=title or "",
        hidden=hidden,
        **lists,
    )


def _hidden(summary: Summary, coverage: Coverage, service: Service | None, *, hide_small: bool) -> Suppressed | None:
    if not (hide_small or (service is not None and service.sensitive) or is_sensitive(coverage.sites)):
        return None
    if service is not None and "suppress_below" in service.parameters:
        return suppress(summary, limit=int(service["suppress_below"]))
    return suppress(summary)


def _lists(
    answer: Plan | Coverage, units: Units | None, summary: Summary, gaps: gpd.GeoDataFrame | None, *, blank: bool
) -> dict[str, Any]:
    """The lists without secret sites; where ``blank``, without a count of people or anything of single points."""
    plan, coverage = (answer, answer.scenario.coverage) if isinstance(answer, Plan) else (None, answer)
    whole = summary.overall
    opened = answer.ids if isinstance(answer, Plan) else coverage.sites.existing.ids
    frame = coverage.sites.frame.loc[opened]
    secret = frozenset(frame.index[~may_leave(frame)])
    new, existing = new_table(plan, units, whole), existing_table(answer, units, whole)
    offline = not_connected_table(coverage, units, int(whole["not_connected"]))
    steps: list[Any] = [int(whole["covered"]) - int(new["gain"].sum()), *map(int, new["covered_so_far"])]
    if blank:
        new, existing = new.drop(columns=[*GAINS, "share_so_far"]), existing.drop(columns=["nearest"])
        offline, gaps, steps = offline.iloc[:0], None, [None] * len(steps)
    if gaps is not None:
        gaps = gap_table(gaps, whole, secret)
    shown = {
        "new_sites": new.loc[~new.index.isin(secret)],
        "existing_sites": existing.loc[~existing.index.isin(secret)],
    }
    return {**shown, "not_connected": offline, "gaps": gaps, "secret": secret, "covered_by_step": steps}


def _one_unit(coverage: Coverage) -> Units:
    """One unit that holds every point and site, for maps without divisions."""
    corners = np.vstack([coverage.demand.xy, coverage.sites.xy])
    around = shapely.box(*corners.min(axis=0), *corners.max(axis=0)).buffer(50.0)
    columns: dict[str, list[str]] = {"code": ["0"], "name": ["全域"], "level": ["city"], "parent": [""]}
    return Units(gpd.GeoDataFrame(columns, geometry=[around], index=pd.Index(["unit:0"]), crs=coverage.demand.crs))


def table_of(facts: Facts, level: str) -> pd.DataFrame:
    """The table of a level as it may be printed, with the total as its last row."""
    table = (facts.summary if facts.hidden is None else facts.hidden).table(level)
    return table.loc[[*(row for row in table.index if row != TOTAL), TOTAL]]
