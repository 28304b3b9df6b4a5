"""Inputs: what every service of a planner.toml stands on alike: the area, its roads, its people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from planner.area import StudyArea, area_in_box
from planner.demand import Demand
from planner.errors import DataError, QuestionError
from planner.imports import ImportReport
from planner.network import clipping_at_the_border
from planner.project.blocks import TownsBlock
from planner.project.settings import AreaBlock, FileBlock, RoadsBlock, Settings
from planner.project.watch import Progress, Watch
from planner.reports import has_chinese_font
from planner.roads import Roads
from planner.slopes import Heights
from planner.sources import read_area, read_layer, read_population, read_roads
from planner.sources.heights import read_heights
from planner.sources.osm import is_osm, read_osm_people
from planner.texts import Text

NO_ROADS = Text(
    "没有道路数据：时间按直线距离乘绕行系数估算，未计河流、铁路、围墙等阻隔，不能代替沿路测算",
    "no roads were given: times are estimated from straight lines times a detour; rivers, railways and walls are not known",
)
NO_FONT = Text(
    "本机没有中文字体，未生成 Word 简报；请安装中文字体（如 fonts-noto-cjk）后重新运行",
    "no Chinese font on this machine, so no Word brief was made; install one (such as fonts-noto-cjk) and run again",
)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What was read for every service alike."""

    area: StudyArea
    roads: Roads | None
    people: Demand
    backdrop: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    heights: Heights | None = None

    @property
    def reports(self) -> dict[str, ImportReport]:
        """What became of each file's rows."""
        roads = None if self.roads is None else self.roads.report
        given = {"area": self.area.units.report, "roads": roads, "population": self.people.report}
        return {name: report for name, report in given.items() if report is not None}

    @cached_property
    def warnings(self) -> tuple[Text, ...]:
        """What a reader should know: roads cut off at the area's border, a brief that could not be drawn."""
        cut = NO_ROADS if self.roads is None else clipping_at_the_border(self.roads, self.area)
        told = () if cut is None else (cut,)
        return told if has_chinese_font() else (*told, NO_FONT)


def area_of(settings: Settings, data: Path, *, progress: Progress | None = None) -> StudyArea:
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
        **_towns(block.towns, data),
        progress=progress,
        **reading_options(block, data),
    )


def _towns(block: TownsBlock | None, data: Path) -> dict[str, Any]:
    if block is None:
        return {}
    told = {"towns_layer": block.layer, "towns_crs": block.crs, "towns_columns": block.columns or None}
    return {"towns": data / block.file, **told}


def read_inputs(settings: Settings, data: Path, watch: Watch) -> Inputs:
    """Read area, roads and people; raises `DataError` for what cannot be read."""
    with watch.stage(word(settings, "读取规划范围", "Read the area")) as progress:
        area = area_of(settings, data, progress=progress)
    roads = None
    if settings.roads is not None:
        with watch.stage(word(settings, "读取道路", "Read the roads")) as progress:
            roads = _roads(settings.roads, data, area, progress)
    with watch.stage(word(settings, "读取人口", "Read the people")) as progress:
        people = _people(settings, data, area, progress)
    backdrop = _backdrop(settings, data, area, watch)
    return Inputs(area, roads, people, backdrop, _heights(settings, data, people))


def _backdrop(settings: Settings, data: Path, area: StudyArea, watch: Watch) -> dict[str, gpd.GeoDataFrame]:
    found: dict[str, gpd.GeoDataFrame] = {}
    for name, block in settings.backdrop.items():
        with watch.stage(word(settings, f"读取底图 {name}", f"Read the backdrop {name}")) as progress:
            how = reading_options(block, data)
            found[name] = read_layer(data / block.file, area=area, progress=progress, **how)
    return found


def _heights(settings: Settings, data: Path, people: Demand) -> Heights | None:
    if (block := settings.walking.terrain) is None:
        return None
    found = read_heights(data / block.file, crs=people.crs, band=block.band)
    known = np.isfinite(found(people.xy))
    if not known.any():
        raise DataError(f"walking.terrain: {block.file} holds no height where people live; is it of another area?")
    return found


def _roads(block: RoadsBlock, data: Path, area: StudyArea, progress: Progress) -> Roads:
    return read_roads(
        data / block.file, area=area, directed=block.directed, progress=progress, **reading_options(block, data)
    )


def _people(settings: Settings, data: Path, area: StudyArea, progress: Progress) -> Demand:
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
        progress=progress,
        **reading_options(block, data),
    )


def reading_options(block: FileBlock | AreaBlock, data: Path) -> dict[str, Any]:
    """The reading options a block gives, and only those; files they name are in the folder ``data``."""
    given: dict[str, Any] = {name: getattr(block, name, None) for name in _READING}
    given["places"] = data / given["places"] if given["places"] else None
    return {name: value for name, value in given.items() if value not in (None, {}, [])}


_READING = (
    "layer", "crs", "encoding", "columns", "ignore", "transformation", "repair", "classes", "nodata", "places",
)  # fmt: skip


def word(settings: Settings, zh: str, en: str) -> str:
    """The words in the project's language."""
    return zh if settings.project.lang == "zh" else en
