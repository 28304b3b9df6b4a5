"""Settings: what planner.toml may say, checked whole, with every fault told at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, model_validator

from planner.errors import QuestionError
from planner.project.blocks import Block, PhaseBlock, StraightBlock, TiersBlock, TownsBlock, Walker, WalkingBlock
from planner.service_files import read_service
from planner.services import Service, service, service_keys

Metres = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Objective = Literal[
    "maximise_coverage", "cover_everyone", "maximise_worst_share", "minimise_mean_time", "minimise_worst_time"
]
Level = Literal["district", "town", "village"]


class FileBlock(Block):
    """A file to read, with what must be said where the file does not say it."""

    file: str
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    ignore: list[str] = Field(default_factory=list)
    transformation: str | None = None


class LayerBlock(FileBlock):
    """A layer of lines or polygons; ``repair`` mends invalid ones, each listed."""

    repair: bool | None = None


class SitesBlock(FileBlock):
    """A list of facilities; ``places`` is the file of villages its rows without coordinates are matched to."""

    places: str | None = None


class ProjectBlock(Block):
    """``[project]``: what the plan is called, in which language it is told, for which day, and who made it."""

    name: str
    lang: Literal["zh", "en"] = "zh"
    on: date
    map_approval: str | None = None
    made_by: str | None = None


class HostsBlock(SitesBlock):
    """Host buildings; ``tags`` choose them in an OpenStreetMap extract, values by key."""

    tags: dict[str, list[str]] = Field(default_factory=dict)


class AreaBlock(Block):
    """``[area]``: the districts planned for, all of the file's or those named, with their towns; or a ``box`` of degrees."""

    file: str | None = None
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    ignore: list[str] = Field(default_factory=list)
    transformation: str | None = None
    repair: bool | None = None
    box: Annotated[list[float], Field(min_length=4, max_length=4)] | None = None
    names: list[str] = Field(default_factory=list)
    name: str | None = None
    buffer_metres: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 2000.0
    towns: TownsBlock | None = None

    @model_validator(mode="after")
    def _is_somewhere(self) -> AreaBlock:
        if (self.file is None) == (self.box is None):
            raise ValueError("give file, the polygons of divisions, or box, [west, south, east, north] in degrees")
        if self.box is not None and (self.name is None or self.towns is not None or self.names):
            raise ValueError("a box needs a name, and takes no names of divisions and no towns")
        return self


class RoadsBlock(LayerBlock):
    """``[roads]``: the lines people travel on; ``classes`` turns the file's class words into OpenStreetMap's."""

    directed: bool | None = None
    classes: dict[str, str] = Field(default_factory=dict)


class PopulationBlock(FileBlock):
    """``[population]``: cells of people, and the census that says how many of them count.

    ``nodata`` is a raster's value for no data, ``places`` the file of villages that a list by village is matched to.
    """

    people: str | None = None
    nodata: float | None = None
    places: str | None = None
    people_total: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    census: str | None = None
    census_year: Annotated[int, Field(ge=1982)] = 2020
    age: str | None = None
    use: Literal["shares", "totals"] = "shares"
    allow_factors: bool = False


class CandidatesBlock(Block):
    """``candidates``: where the service could open; several ways may be joined. ``one_in`` gives one in every unit."""

    spacing_metres: Metres | None = None
    clusters: Annotated[int, Field(ge=1)] | None = None
    one_in: Level | None = None
    hosts: HostsBlock | None = None

    @model_validator(mode="after")
    def _says_something(self) -> CandidatesBlock:
        if self.spacing_metres is None and self.clusters is None and self.one_in is None and self.hosts is None:
            raise ValueError("give at least one of spacing_metres, clusters, one_in and hosts")
        return self


class ServiceBlock(Block):
    """``[[service]]``: one service and what is asked of it; what is left out comes from the service's preset.

    ``preset`` is the file of a service of your own, ``year`` the year whose elders it is planned for. With ``phases``
    sites open year by year, for the elders of each year with ``ageing``; ``in_turn`` raises the worst share, then the next.
    """

    key: str
    preset: str | None = None
    year: int | None = None
    id: str | None = None
    name: str | None = None
    existing: SitesBlock | None = None
    candidates: CandidatesBlock | None = None
    objective: Objective = "maximise_coverage"
    new: Annotated[int, Field(ge=0)] | None = None
    reuse: Annotated[int, Field(ge=1)] | None = None
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    one_per: Level | None = None
    least_share: Annotated[float, Field(gt=0, le=1)] | None = None
    least_share_per: Level = "district"
    budget: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    capacity: bool = False
    phases: list[PhaseBlock] = Field(default_factory=list)
    discount: Annotated[float, Field(ge=0, lt=1)] = 0.0
    until: int | None = None
    carry_over: bool = False
    floors_from: int | None = None
    ageing: bool = False
    in_turn: bool = False
    backup: Annotated[int, Field(ge=1)] = 1
    least_people: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    apart_metres: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    mode: Literal["walk", "drive"] | None = None
    walker: Walker | None = None
    minutes: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    metres_per_second: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    snap_metres: Metres | None = None
    avoid: list[str] = Field(default_factory=list)
    unserved_minutes: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    seconds: Seconds = 60.0
    effort: Annotated[int, Field(ge=1)] | None = None
    seed: int = 0

    @model_validator(mode="after")
    def _asks_a_question(self) -> ServiceBlock:
        if faults := list(self._faults()):
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        if self.preset is None and self.key not in service_keys():
            known = ", ".join(service_keys())
            yield f"unknown service {self.key!r}; known: {known}; for one of your own, name its file as preset"
        if self.objective != "cover_everyone" and self.new is None and self.budget is None and not self.phases:
            yield f"{self.objective} needs new, the number of sites to open (0 measures today), or a budget"
        if self.objective != "cover_everyone" and self.share is not None:
            yield f"share goes with cover_everyone; {self.objective} takes new"
        if (self.new is None or self.new > 0) and self.candidates is None:
            yield "new sites need candidates"
        if self.reuse is not None and (self.candidates is None or self.candidates.hosts is None):
            yield "reuse opens host buildings first; name them as candidates.hosts"
        if self.reuse is not None and self.objective != "maximise_coverage":
            yield f"reuse goes with maximise_coverage, not {self.objective}"
        if self.reuse is not None and self.new is not None and self.reuse > self.new:
            yield f"reuse is part of new, so it is at most {self.new}, not {self.reuse}"
        if self.unserved_minutes is not None and self.objective != "minimise_mean_time":
            yield f"unserved_minutes goes with minimise_mean_time, not {self.objective}"
        if self.in_turn and self.objective != "maximise_worst_share":
            yield f"in_turn goes with maximise_worst_share, not {self.objective}"
        if self.walker is not None and self.mode == "drive":
            yield "walker goes with walking; leave it out, or mode"
        yield from self._phase_faults()
        if not self.ident.isidentifier():
            yield f"id must be letters, digits and underscores, not {self.ident!r}: files are named by it"

    def _phase_faults(self) -> Iterator[str]:
        if not self.phases:
            given = [
                name for name in ("discount", "until", "carry_over", "floors_from", "ageing") if getattr(self, name)
            ]
            if given:
                yield f"{', '.join(given)} goes with phases"
            return
        if self.objective != "maximise_coverage" or self.reuse is not None or self.year is not None:
            yield "phases go with maximise_coverage, without reuse and year"
        years = [phase.year for phase in self.phases]
        if years != sorted(set(years)):
            yield "phases must be in order, each year once"

    @property
    def people_year(self) -> int | None:
        """The year whose people the plan is drawn for: ``year``, or that of the last phase with ``ageing``."""
        return self.phases[-1].year if self.ageing and self.phases else self.year

    @property
    def ident(self) -> str:
        """What its files are called: ``id``, or the service's key."""
        return self.id or self.key


class Settings(Block):
    """A whole planner.toml."""

    project: ProjectBlock
    area: AreaBlock
    roads: RoadsBlock | None = None
    straight: StraightBlock | None = None
    walking: WalkingBlock = WalkingBlock()
    population: PopulationBlock
    backdrop: dict[Literal["water", "green"], LayerBlock] = Field(default_factory=dict)
    service: Annotated[list[ServiceBlock], Field(min_length=1)]
    tiers: TiersBlock | None = None

    @model_validator(mode="after")
    def _ways_are_known(self) -> Settings:
        if (self.roads is None) == (self.straight is None):
            raise ValueError("give [roads], or where there are none [straight], but not both")
        if self.straight is not None and (
            self.tiers is not None or self.walking != WalkingBlock(walker=self.walking.walker)
        ):
            raise ValueError(
                "tiers, and steps, terrain and crossing_seconds of walking, go by roads; [straight] has none"
            )
        return self

    @model_validator(mode="after")
    def _tiers_are_services(self) -> Settings:
        known = {block.ident: block for block in self.service}
        named = () if self.tiers is None else self.tiers.services
        if unknown := [ident for ident in named if ident not in known]:
            raise ValueError(f"tiers names services that are not there: {', '.join(unknown)}")
        for block in (known[ident] for ident in named):
            if block.objective != "maximise_coverage" or block.reuse is not None or block.phases:
                raise ValueError(f"tier {block.ident} takes maximise_coverage only, without reuse and phases")
        return self

    @model_validator(mode="after")
    def _services_differ(self) -> Settings:
        idents = [block.ident for block in self.service]
        if twice := sorted({ident for ident in idents if idents.count(ident) > 1}):
            raise ValueError(f"service blocks share the id {', '.join(twice)}; give each its own id")
        return self

    @model_validator(mode="after")
    def _later_years_need_bands(self) -> Settings:
        later = [block.ident for block in self.service if block.people_year is not None]
        if later and (self.population.census is None or self.population.age != "60+"):
            raise ValueError(
                f"year or ageing (of {', '.join(later)}) needs population.census and population.age = '60+'"
            )
        return self

    def service_of(self, block: ServiceBlock, data: Path) -> Service:
        """The service a block names: a shipped one, or the one in its own file in the folder ``data``."""
        return service(block.key) if block.preset is None else read_service(data / block.preset)

    def files(self) -> dict[str, str]:
        """Every input file named, by the key that names it."""
        return dict(_files_of(self, ""))


def read_settings(path: Path, data: Path) -> Settings:
    """Read and check a planner.toml; raises `QuestionError` telling every fault at once, by key.

    Input files are looked for in the folder ``data``.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise QuestionError(f"{path} does not exist; give the path of a planner.toml") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise QuestionError(f"{path} cannot be read as TOML: {error}") from error
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        faults = [_fault(one, given) for one in error.errors()]
        raise QuestionError(_told(path, faults)) from error
    missing = [
        f"{key}: no file {name!r} in {data}" for key, name in settings.files().items() if not (data / name).is_file()
    ]
    if missing := missing or list(_other_keys(settings, data)):
        raise QuestionError(_told(path, missing))
    return settings


def _other_keys(settings: Settings, data: Path) -> Iterator[str]:
    """Blocks whose file holds a service of another key than they say."""
    for at, block in enumerate(settings.service):
        if (held := settings.service_of(block, data).key) != block.key:
            yield f"service[{at}].key: {block.preset} holds the service {held!r}, not {block.key!r}"


def _files_of(block: BaseModel, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in block:
        key = f"{prefix}{name}"
        if name in {"file", "census", "places", "preset"} and isinstance(value, str):
            found.append((key, value))
        parts: dict[str, Any] = {}
        if isinstance(value, BaseModel):
            parts = {key: value}
        elif isinstance(value, list):
            parts = {f"{key}[{at}]": part for at, part in enumerate(value)}
        elif isinstance(value, dict):
            parts = {f"{key}.{at}": part for at, part in value.items()}
        for part_key, part in parts.items():
            if isinstance(part, BaseModel):
                found += _files_of(part, f"{part_key}.")
    return found


def _fault(error: Any, given: dict[str, Any]) -> str:
    key = (
        "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
        or "planner.toml"
    )
    if error["type"] == "extra_forbidden":
        return f"{key}: no such key{_meant(error['loc'], given)}"
    if error["type"] == "missing":
        return f"{key}: is missing"
    return f"{key}: {error['msg'].removeprefix('Value error, ')} (given {error['input']!r:.80})"


def _meant(location: tuple[Any, ...], given: dict[str, Any]) -> str:
    from difflib import get_close_matches

    block: Any = Settings
    for part in location[:-1]:
        if isinstance(part, str) and block is not None:
            field = block.model_fields.get(part)
            block = _block_in(field.annotation) if field is not None else None
    known = sorted(set(block.model_fields) - set(given)) if block is not None else []
    close = get_close_matches(str(location[-1]), known, n=1)
    return f"; is {close[0]!r} meant?" if close else ""


def _block_in(annotation: Any) -> type[Block] | None:
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, Block) else None
    for part in getattr(annotation, "__args__", ()):
        if (found := _block_in(part)) is not None:
            return found
    return None


def _told(path: Path, faults: list[str]) -> str:
    listed = "\n".join(f"  {fault}" for fault in faults)
    return f"{path} has {len(faults)} fault{'s' if len(faults) > 1 else ''}:\n{listed}"
