"""Run: the main job, from files to a plan with its map, tables and manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from planner.access import Readings, Summary, find_gaps, summarise, units_of
from planner.area import Units
from planner.coverage import Coverage
from planner.errors import InfeasibleError, QuestionError
from planner.facts import Facts, gather
from planner.imports import ImportReport
from planner.layers import Layer
from planner.network import Network
from planner.optimise import (
    cover_everyone,
    maximise_coverage,
    maximise_in_stages,
    maximise_worst_share,
    minimise_mean_time,
    minimise_worst_time,
    read_plan,
)
from planner.plan import Plan, Scenario
from planner.programme import Programme
from planner.project.choosing import Choosable, choose_sites
from planner.project.inputs import Inputs, word
from planner.project.programmes import plan_phases, plan_tiers
from planner.project.settings import ServiceBlock, Settings
from planner.project.travelling import travelling
from planner.project.watch import Watch
from planner.projection import project_demand, shipped_ageing
from planner.routing.service_areas import service_areas
from planner.services import Service
from planner.sites import Sites
from planner.texts import Text

MOST_AREAS = 400
"""Stations whose service areas are drawn at most."""


@dataclass(frozen=True, eq=False)
class Answer:
    """One service answered: the plan, the network it stands on, and what it means for people."""

    block: ServiceBlock
    service: Service
    network: Network | None
    plan: Plan
    summary: Summary
    readings: Readings | None
    reports: Mapping[str, ImportReport]
    notes: tuple[Text, ...] = ()
    programme: Programme | None = None

    def facts(self, settings: Settings, inputs: Inputs) -> Facts:
        """What map, tables and manifest tell of it, gathered once so that they agree."""
        lang = settings.project.lang
        return gather(
            self.plan,
            by=inputs.area,
            summary=self.summary,
            parameters=self._asked(settings),
            sources=[report.summary(lang=lang) for report in self.reports.values()]
            + [note.words(lang) for note in (*inputs.warnings, *self.notes)],
            title=settings.project.name,
            service=self.service,
            gaps=find_gaps(self.plan, by=inputs.area.units, network=self.network, lang=lang),
            on=settings.project.on,
            map_approval=settings.project.map_approval,
            made_by=settings.project.made_by or "",
        )

    def service_areas(self) -> gpd.GeoDataFrame | None:
        """The land within reach of each open station, as a layer of the map; None where there are too many, or no roads."""
        if self.network is None or len(self.plan.opened) > MOST_AREAS:
            return None
        coverage = self.plan.scenario.coverage
        opened = Sites(coverage.sites.frame.loc[self.plan.ids])
        return service_areas(self.network, opened, minutes=[coverage.limit])

    def _asked(self, settings: Settings) -> dict[str, Any]:
        block, given = self.block, "scenario_given"
        told = {
            "minutes": (block.minutes, "minutes_unit", given),
            "metres_per_second": (block.metres_per_second, "m/s", given),
            "snap_metres": (block.snap_metres, "m", given),
            "spacing_metres": (None if block.candidates is None else block.candidates.spacing_metres, "m", given),
            "buffer_metres": (settings.area.buffer_metres, "m", given),
            "age": (settings.population.age, "", given),
            "year": (block.people_year, "", shipped_ageing().survival_source),
            "on": (settings.project.on.isoformat(), "", given),
            "crs": (self.plan.scenario.coverage.demand.crs.to_string(), "", "measured"),
        }
        return {key: row for key, row in told.items() if row[0] is not None}


@dataclass(frozen=True, eq=False)
class Ready:
    """One service made ready for siting: its network, its sites, and who reaches what."""

    block: ServiceBlock
    service: Service
    inputs: Inputs
    network: Network | None
    chosen: Choosable
    coverage: Coverage
    readings: Readings | None

    def answer(self, plan: Plan, settings: Settings, watch: Watch, programme: Programme | None = None) -> Answer:
        """What the plan means for people; ``programme`` is what it is part of."""
        with watch.stage(word(settings, "汇总", "Count the people")):
            summary = summarise(plan, by=self.inputs.area.units, readings=self.readings)
        reports = {**self.inputs.reports, **self.chosen.reports}
        return Answer(
            self.block, self.service, self.network, plan, summary, self.readings, reports, self.chosen.notes, programme
        )


def answers(inputs: Inputs, settings: Settings, data: Path, watch: Watch) -> Iterator[Answer]:
    """Answer every service, one after another; those that are tiers of one network are sited together."""
    tiers, waiting = settings.tiers, dict[str, Ready]()
    for block in settings.service:
        ready = make_ready(block, inputs, settings, data, watch)
        if tiers is None or block.ident not in tiers.services:
            yield _answered(ready, inputs, settings, watch)
            continue
        waiting[block.ident] = ready
        if len(waiting) == len(tiers.services):
            levels = [waiting[ident] for ident in tiers.services]
            scenarios = [_scenario(level, settings) for level in levels]
            with watch.stage(word(settings, "优化选址（各级一并）", "Choose the sites of all tiers")):
                joint = plan_tiers(tiers, levels[0].block, scenarios, inputs, settings)
            for level, plan in zip(levels, joint.plans, strict=True):
                yield level.answer(plan, settings, watch, joint)


def answer(block: ServiceBlock, inputs: Inputs, settings: Settings, data: Path, watch: Watch) -> Answer:
    """Answer one service; one that is a tier of a network is sited together with the others."""
    tiers = settings.tiers
    idents = tiers.services if tiers is not None and block.ident in tiers.services else [block.ident]
    some = settings.model_copy(update={"service": [each for each in settings.service if each.ident in idents]})
    return next(one for one in answers(inputs, some, data, watch) if one.block.ident == block.ident)


def answer_saved(
    path: Path, block: ServiceBlock, inputs: Inputs, settings: Settings, data: Path, watch: Watch
) -> Answer:
    """Answer one service by the plan saved in a file, measured afresh on these inputs, instead of siting anew.

    Raises `QuestionError` where the plan was made for another question, or is one of several years or tiers.
    """
    ready = make_ready(block, inputs, settings, data, watch)
    plan = read_plan(path, _scenario(ready, settings))
    if not isinstance(plan, Plan):
        raise QuestionError(f"{path} holds a programme of several plans; draw its project without a saved plan")
    return ready.answer(plan, settings, watch)


def _answered(ready: Ready, inputs: Inputs, settings: Settings, watch: Watch) -> Answer:
    key = ready.block.key
    with watch.stage(word(settings, "优化选址", "Choose the sites")):
        try:
            if ready.block.phases:
                phased = plan_phases(ready.block, _scenario(ready, settings), inputs.people, settings)
                found: tuple[Plan, Programme | None] = (phased.plans[-1], phased)
            else:
                found = (_solve(ready, settings), None)
        except InfeasibleError as error:
            zh = f"[[service]] {key}：{error.zh}" if error.zh else ""
            raise InfeasibleError(f"[[service]] {key}: {error}", zh=zh) from error
    return ready.answer(found[0], settings, watch, found[1])


def make_ready(block: ServiceBlock, inputs: Inputs, settings: Settings, data: Path, watch: Watch) -> Ready:
    """Build a service's network, find its sites and measure who reaches them."""
    preset, inputs = settings.service_of(block, data), _in_year(block, inputs, settings)
    with watch.stage(word(settings, "构建路网", "Build the network")):
        ways = travelling(block, preset, inputs, settings)
    with watch.stage(word(settings, "读取站点与候选点", "Read sites and candidates")) as progress:
        on, sensitive = settings.project.on, preset.sensitive
        chosen = choose_sites(block, inputs, ways.network, on, data, sensitive=sensitive, progress=progress)
    minutes = _asked(block.minutes, preset, "minutes")
    with watch.stage(word(settings, "计算可达范围", "Find who reaches what")) as progress:
        coverage, read = ways.reach(inputs, chosen.sites, minutes, progress)
    return Ready(block, preset, inputs, ways.network, chosen, coverage, read)


def _in_year(block: ServiceBlock, inputs: Inputs, settings: Settings) -> Inputs:
    """The inputs with the people of the year a service is planned for."""
    if block.people_year is None:
        return inputs
    later = project_demand(inputs.people, year=block.people_year, base_year=settings.population.census_year)
    return replace(inputs, people=later)


def _scenario(ready: Ready, settings: Settings) -> Scenario:
    block, coverage, units = ready.block, ready.coverage, ready.inputs.area.units
    return Scenario(
        block.name or settings.project.name,
        coverage,
        new=block.new,
        avoid=block.avoid,
        budget=block.budget,
        capacity=block.capacity,
        backup=block.backup,
        least_people=block.least_people,
        apart_metres=block.apart_metres,
        site_units=None if block.one_per is None else _units_of(coverage.sites, units, block.one_per),
        people_units=_people_units(block, coverage, units),
        least_share=block.least_share or 0.0,
    )


def _solve(ready: Ready, settings: Settings) -> Plan:
    block, coverage, scenario = ready.block, ready.coverage, _scenario(ready, settings)
    how: dict[str, Any] = {"seconds": block.seconds, "effort": block.effort, "seed": block.seed}
    if block.objective == "cover_everyone":
        return cover_everyone(scenario, share=1.0 if block.share is None else block.share, **how)
    if block.objective == "maximise_worst_share":
        return maximise_worst_share(scenario, in_turn=block.in_turn, **how)
    if block.objective == "minimise_mean_time":
        return minimise_mean_time(scenario, unserved_minutes=block.unserved_minutes, **how)
    if block.objective == "minimise_worst_time":
        return minimise_worst_time(scenario, seconds=block.seconds, seed=block.seed)
    if block.reuse is None:
        return maximise_coverage(scenario, **how)
    sites = coverage.sites
    hosts = sites.ids[sites["host"].notna().to_numpy()]
    others = sites.ids[~sites.ids.isin(hosts) & ~sites["existing"].to_numpy(dtype=bool)]
    stages = [(hosts, block.reuse), (others, (block.new or 0) - block.reuse)]
    return maximise_in_stages(scenario, stages, **how)[-1]


def _people_units(block: ServiceBlock, coverage: Coverage, units: Units) -> pd.Series | None:
    if block.least_share is None and block.objective != "maximise_worst_share":
        return None
    return _units_of(coverage.demand, units, block.least_share_per)


def _units_of(points: Layer, units: Units, level: str) -> pd.Series:
    """Unit of each point that lies in one, by name: what a rule's message names."""
    if level not in units.levels:
        raise QuestionError(f"the area has no units of level {level!r}, only {', '.join(units.levels)}")
    found = units_of(units, points)[level]
    return found[found != ""].map(units["name"])


def _asked(given: float | None, preset: Service, parameter: str) -> float:
    return float(preset[parameter]) if given is None else given
