"""Run: the main job, from files to a plan with its map, tables and manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from planner.access import Readings, Summary, readings, summarise
from planner.area import StudyArea, Units, area_in_box
from planner.candidates import candidate_sites, candidates_from_hosts, candidates_from_people
from planner.coverage import Coverage, cover
from planner.demand import Demand
from planner.errors import DataError, QuestionError
from planner.facts import Facts, gather
from planner.imports import ImportReport
from planner.layers import Layer
from planner.network import Network, build_network, clipping_at_the_border
from planner.optimise import (
    cover_everyone,
    maximise_coverage,
    maximise_in_stages,
    maximise_worst_share,
    minimise_mean_time,
    minimise_worst_time,
)
from planner.plan import Plan, Scenario
from planner.profiles import travel_profile
from planner.project.settings import AreaBlock, FileBlock, HostsBlock, ServiceBlock, Settings
from planner.project.watch import Watch
from planner.reports import has_chinese_font
from planner.roads import Roads
from planner.services import Service, service
from planner.sites import Sites
from planner.sources import read_area, read_layer, read_population, read_roads, read_sites
from planner.sources.osm import is_osm, read_osm, read_osm_people, read_osm_sites
from planner.texts import Text

NO_FONT = Text(
    "本机没有中文字体，未生成 Word 简报；请安装中文字体（如 fonts-noto-cjk）后重新运行",
    "no Chinese font on this machine, so no Word brief was made; install one (such as fonts-noto-cjk) and run again",
)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What was read for every service alike."""

    area: StudyArea
    roads: Roads
    people: Demand
    backdrop: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)

    @property
    def reports(self) -> dict[str, ImportReport]:
        """What became of each file's rows."""
        given = {"area": self.area.units.report, "roads": self.roads.report, "population": self.people.report}
        return {name: report for name, report in given.items() if report is not None}

    def warnings(self, lang: str) -> list[str]:
        """What a reader should know: roads cut off at the area's border, a brief that could not be drawn."""
        cut = clipping_at_the_border(self.roads, self.area)
        told = [] if cut is None else [cut]
        return [text.words(lang) for text in (told if has_chinese_font() else [*told, NO_FONT])]


@dataclass(frozen=True, eq=False)
class Answer:
    """One service answered: the plan, the network it stands on, and what it means for people."""

    block: ServiceBlock
    service: Service
    network: Network
    plan: Plan
    summary: Summary
    readings: Readings | None
    reports: Mapping[str, ImportReport]
    notes: tuple[Text, ...] = ()

    def facts(self, settings: Settings, inputs: Inputs) -> Facts:
        """What map, tables and manifest tell of it, gathered once so that they agree."""
        lang = settings.project.lang
        return gather(
            self.plan,
            by=inputs.area,
            summary=self.summary,
            parameters=self._asked(settings),
            sources=[report.summary(lang=lang) for report in self.reports.values()]
            + inputs.warnings(lang)
            + [note.words(lang) for note in self.notes],
            title=settings.project.name,
            service=self.service,
            map_approval=settings.project.map_approval,
        )

    def _asked(self, settings: Settings) -> dict[str, Any]:
        block, given = self.block, "scenario_given"
        told = {
            "minutes": (block.minutes, "minutes_unit", given),
            "metres_per_second": (block.metres_per_second, "m/s", given),
            "snap_metres": (block.snap_metres, "m", given),
            "spacing_metres": (None if block.candidates is None else block.candidates.spacing_metres, "m", given),
            "buffer_metres": (settings.area.buffer_metres, "m", given),
            "age": (settings.population.age, "", given),
            "on": (settings.project.on.isoformat(), "", given),
            "crs": (self.network.crs.to_string(), "", "measured"),
        }
        return {key: row for key, row in told.items() if row[0] is not None}


def area_of(settings: Settings, data: Path) -> StudyArea:
    """Read the study area a planner.toml names."""
    block = settings.area
    if block.box is not None:
        west, south, east, north = block.box
        return area_in_box(
            str(block.name), (west, south, east, north), on=settings.project.on, buffer_metres=block.buffer_metres
        )
    return read_area(
        data / str(block.file),
        on=settings.project.on,
        name=block.name,
        names=block.names or None,
        buffer_metres=block.buffer_metres,
        towns=None if block.towns is None else data / block.towns.file,
        towns_layer=None if block.towns is None else block.towns.layer,
        **_how(block),
    )


def read_inputs(settings: Settings, data: Path, watch: Watch) -> Inputs:
    """Read area, roads and people; raises `DataError` for what cannot be read."""
    with watch.stage(_word(settings, "读取规划范围", "Read the area")):
        area = area_of(settings, data)
    with watch.stage(_word(settings, "读取道路", "Read the roads")):
        roads = _roads(settings, data, area)
    with watch.stage(_word(settings, "读取人口", "Read the people")):
        people = _people(settings, data, area)
    backdrop: dict[str, gpd.GeoDataFrame] = {
        name: read_layer(data / block.file, area=area, **_how(block)) for name, block in settings.backdrop.items()
    }
    return Inputs(area, roads, people, backdrop)


def _roads(settings: Settings, data: Path, area: StudyArea) -> Roads:
    block = settings.roads
    if is_osm(block.file):
        return read_osm(data / block.file, area=area)
    return read_roads(data / block.file, area=area, directed=block.directed, **_how(block))


def _people(settings: Settings, data: Path, area: StudyArea) -> Demand:
    block = settings.population
    if is_osm(block.file):
        if block.people_total is None:
            raise QuestionError("people spread over the buildings of an OpenStreetMap extract need people_total")
        return read_osm_people(data / block.file, area=area, people_total=block.people_total)
    return read_population(
        data / block.file,
        area=area,
        people=block.people,
        census=None if block.census is None else data / block.census,
        age=block.age,
        use=block.use,
        allow_factors=block.allow_factors,
        **_how(block),
    )


def answer(block: ServiceBlock, inputs: Inputs, settings: Settings, data: Path, watch: Watch) -> Answer:
    """Answer one service: build its network, measure today, site what is new, and count people."""
    preset = service(block.key)
    with watch.stage(_word(settings, "构建路网", "Build the network")):
        network = _network(block, preset, inputs.roads)
    with watch.stage(_word(settings, "读取站点与候选点", "Read sites and candidates")):
        listed = _existing(block, preset, inputs.area, data)
        today = None if listed is None else listed.on(settings.project.on)
        could = _candidates(block, inputs, network, data)
    sites = _together(today, could)
    minutes = _asked(block.minutes, preset, "minutes")
    with watch.stage(_word(settings, "计算可达范围", "Find who reaches what")) as progress:
        read: Readings | None = None
        if network.profile.mode == "walk":
            read = readings(network, inputs.people, sites, minutes=minutes, progress=progress)
            coverage = read.at(minutes)
        else:
            coverage = cover(network, inputs.people, sites, minutes=minutes, progress=progress)
    with watch.stage(_word(settings, "优化选址", "Choose the sites")):
        plan = _solve(block, coverage, inputs.area.units, settings)
    with watch.stage(_word(settings, "汇总", "Count the people")):
        summary = summarise(plan, by=inputs.area.units, readings=read)
    reports = inputs.reports | _site_reports(today, could)
    return Answer(block, preset, network, plan, summary, read, reports, _not_open(listed, today, settings))


def _not_open(listed: Sites | None, today: Sites | None, settings: Settings) -> tuple[Text, ...]:
    if listed is None or today is None or len(listed) == len(today):
        return ()
    shut, day = len(listed) - len(today), settings.project.on
    return (
        Text(
            f"现有站点名单中有 {shut} 处在 {day} 尚未启用或已经关闭，不计入",
            f"{shut} of the existing sites listed are not yet open, or closed, on {day}; they do not count",
        ),
    )


def _network(block: ServiceBlock, preset: Service, roads: Roads) -> Network:
    profile = travel_profile(block.mode or preset.mode)
    if block.snap_metres is not None:
        profile = profile.but(snap_metres=block.snap_metres)
    speed = block.metres_per_second
    if speed is None and "metres_per_second" in preset.parameters:
        speed = preset["metres_per_second"]
    return build_network(roads, mode=profile.mode, profile=profile, metres_per_second=speed)


def _existing(block: ServiceBlock, preset: Service, area: StudyArea, data: Path) -> Sites | None:
    if block.existing is None:
        return None
    given = block.existing
    return read_sites(data / given.file, area=area, service=preset.key, **_how(given))


def _candidates(block: ServiceBlock, inputs: Inputs, network: Network, data: Path) -> list[Sites]:
    ways, found = block.candidates, list[Sites]()
    if ways is None:
        return found
    within = inputs.area.polygon
    if ways.hosts is not None:
        found.append(candidates_from_hosts(_hosts(ways.hosts, block.key, inputs.area, data), within=within))
    if ways.spacing_metres is not None:
        found.append(
            candidate_sites(
                network,
                inputs.people,
                spacing_metres=ways.spacing_metres,
                service=block.key,
                within=within,
                roads=inputs.roads,
            )
        )
    if ways.clusters is not None:
        found.append(
            candidates_from_people(
                inputs.people, count=ways.clusters, service=block.key, seed=block.seed, within=within
            )
        )
    return found


def _hosts(block: HostsBlock, key: str, area: StudyArea, data: Path) -> Sites:
    if is_osm(block.file):
        return read_osm_sites(data / block.file, area=area, service=key, tags=block.tags or None)
    return read_sites(data / block.file, area=area, service=key, existing=False, **_how(block))


def _solve(block: ServiceBlock, coverage: Coverage, units: Units, settings: Settings) -> Plan:
    scenario = Scenario(
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
    how: dict[str, Any] = {"seconds": block.seconds, "effort": block.effort, "seed": block.seed}
    if block.objective == "cover_everyone":
        return cover_everyone(scenario, share=1.0 if block.share is None else block.share, **how)
    if block.objective == "maximise_worst_share":
        return maximise_worst_share(scenario, **how)
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
    return units.locate(points, level).dropna().map(units["name"])


def _asked(given: float | None, preset: Service, parameter: str) -> float:
    return float(preset[parameter]) if given is None else given


def _site_reports(today: Sites | None, could: list[Sites]) -> dict[str, ImportReport]:
    found = {"existing": today.report if today is not None else None}
    found |= {f"candidates_{at}": sites.report for at, sites in enumerate(could, 1)}
    return {name: report for name, report in found.items() if report is not None}


def _how(block: FileBlock | AreaBlock) -> dict[str, Any]:
    """The reading options a block gives, and only those."""
    given = {"layer": block.layer, "crs": block.crs, "encoding": block.encoding, "columns": block.columns or None}
    return {name: value for name, value in given.items() if value is not None}


def _word(settings: Settings, zh: str, en: str) -> str:
    return zh if settings.project.lang == "zh" else en


def _together(today: Sites | None, could: list[Sites]) -> Sites:
    lists = could if today is None else [today, *could]
    if not any(len(sites) for sites in lists):
        raise DataError("there is no usable site at all, neither existing nor possible; name files that hold some")
    return reduce(Sites.__add__, lists)
