"""Facts of a plan, gathered once: the summary, the stations, the not-connected, the parameters with sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.access import TOTAL, Summary, summarise
from planner.area import StudyArea, Units
from planner.coverage import Coverage
from planner.errors import CrsError
from planner.facts.lists import existing_table, new_table, not_connected_table
from planner.facts.parameters import parameter_table
from planner.plan import Plan


@dataclass(frozen=True, eq=False)
class Facts:
    """Everything an official reads about one plan, or about today's coverage where ``plan`` is None.

    ``new_sites``, ``existing_sites`` and ``not_connected`` are tables in whole people that add up to the
    ``summary``; ``parameters`` has the columns ``key``, ``value``, ``unit``, ``source``. ``map_approval`` is the
    map approval number (审图号); without one every output is stamped as internal.
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

    @property
    def overall(self) -> dict[str, float]:
        """The total row of the summary."""
        return self.summary.overall

    @cached_property
    def covered_by_step(self) -> list[int]:
        """Whole people covered with the first 0, 1, 2 ... new stations built."""
        covered = [int(value) for value in self.new_sites["covered_so_far"]]
        return [int(self.overall["covered"]) - int(self.new_sites["gain"].sum()), *covered]

    def __repr__(self) -> str:
        return f"<Facts of {self.plan or self.coverage!r}>"


def gather(
    answer: Plan | Coverage,
    *,
    by: StudyArea | Units | None = None,
    summary: Summary | None = None,
    parameters: Mapping[str, Any] | pd.DataFrame | None = None,
    sources: Iterable[str] = (),
    title: str | None = None,
    service: Any = None,
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
    `planner.services.Service`, named in the title.
    """
    plan = answer if isinstance(answer, Plan) else None
    coverage = answer.scenario.coverage if isinstance(answer, Plan) else answer
    area = by if isinstance(by, StudyArea) else None
    units = by if isinstance(by, Units) else area.units if area is not None else None
    if units is not None and units.crs != coverage.demand.crs:
        raise CrsError(f"units are in {units.crs.to_string()}, people in {coverage.demand.crs.to_string()}")
    if summary is None:
        units = units if units is not None else _one_unit(coverage)
        summary = summarise(answer, by=units)
    overall = summary.overall
    return Facts(
        coverage=coverage,
        plan=plan,
        units=units,
        summary=summary,
        new_sites=new_table(plan, units, overall),
        existing_sites=existing_table(answer, units, overall),
        not_connected=not_connected_table(coverage, units, int(overall["not_connected"])),
        parameters=parameter_table(coverage, plan, summary, {} if parameters is None else parameters, service),
        sources=tuple(sources),
        area_name=area.name if area is not None else "",
        service_name={"zh": service.zh, "en": service.en} if service is not None else {"zh": "", "en": ""},
        on=on or (area.on if area is not None else None),
        made_on=made_on or datetime.now(UTC).astimezone().date(),
        map_approval=map_approval or "",
        made_by=made_by,
        given_title=title or "",
    )


def _one_unit(coverage: Coverage) -> Units:
    """One unit that holds every point and site, for maps without divisions."""
    corners = np.vstack([coverage.demand.xy, coverage.sites.xy])
    around = shapely.box(*corners.min(axis=0), *corners.max(axis=0)).buffer(50.0)
    columns: dict[str, list[str]] = {"code": ["0"], "name": ["全域"], "level": ["city"], "parent": [""]}
    return Units(gpd.GeoDataFrame(columns, geometry=[around], index=pd.Index(["unit:0"]), crs=coverage.demand.crs))


def table_of(facts: Facts, level: str) -> pd.DataFrame:
    """The summary's table of a level, with the total as its last row."""
    table = facts.summary.table(level)
    return table.loc[[*(row for row in table.index if row != TOTAL), TOTAL]]
