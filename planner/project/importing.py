"""Importing: one file into the project's own GeoPackage, accepted rows, quarantine and repairs in one act."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import geopandas as gpd

from planner.area import StudyArea
from planner.errors import QuestionError, SourceError
from planner.imports import ImportReport
from planner.project.settings import Settings
from planner.sources import read_area, read_population, read_roads, read_sites
from planner.store import GeoPackageStore, Store, imported

Kind = Literal["roads", "population", "sites", "districts"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PROJECT_FILE = "project.gpkg"


@dataclass(frozen=True, eq=False)
class Import:
    """One file read for a project: the rows accepted and what became of the others."""

    kind: Kind
    frame: gpd.GeoDataFrame
    report: ImportReport

    @property
    def table(self) -> str:
        """The project file's table these rows are kept in."""
        return self.kind

    def keep(self, store: Store, *, who: str = "") -> int:
        """Keep it in the project file, whole or not at all, in place of an earlier import of its kind."""
        return store.write(imported(self.table, self.frame, self.report, who=who))


def project_store(folder: Path) -> GeoPackageStore:
    """The project file of a folder, made by the first act written to it."""
    if not folder.is_dir():
        raise QuestionError(f"the project folder {folder} does not exist; make it first")
    return GeoPackageStore(folder / PROJECT_FILE)


def read_import(
    path: Path,
    kind: str,
    *,
    area: StudyArea | None = None,
    settings: Settings | None = None,
    service: str = "meal_station",
    **how: Any,
) -> Import:
    """Read a file as a kind of records; ``how`` are the reader's own options (crs, layer, encoding, columns).

    Everything but districts needs the study area, since it decides the CRS and what lies within. Raises
    `QuestionError` for a kind that is unknown, `DataError` for a file that cannot be read.
    """
    if kind not in KINDS:
        raise QuestionError(f"unknown kind {kind!r}; a file is imported as one of {', '.join(KINDS)}")
    if kind == "districts":
        on = how.pop("on", None) or (settings.project.on if settings is not None else None)
        if on is None:
            raise QuestionError("say on which day these districts were in force: on=, or [project] on in planner.toml")
        units = read_area(path, on=on, **how).units
        return _import("districts", units.frame, units.report, path)
    if area is None:
        raise QuestionError(f"importing {kind} needs the study area; import or name the districts first")
    if kind == "roads":
        roads = read_roads(path, area=area, **how)
        return _import("roads", roads.frame, roads.report, path)
    if kind == "population":
        people = read_population(path, area=area, **how)
        return _import("population", people.frame, people.report, path)
    sites = read_sites(path, area=area, service=service, **how)
    return _import("sites", sites.frame, sites.report, path)


def column_map(path: Path | None) -> Mapping[str, str] | None:
    """Read a saved column mapping: a TOML of ``field = "heading"``."""
    if path is None:
        return None
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise QuestionError(f"no column map {path}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise QuestionError(f"{path} cannot be read as TOML: {error}") from error
    wrong = [field for field, heading in given.items() if not isinstance(heading, str)]
    if wrong:
        raise QuestionError(f"{path}: every field names one heading as text; mend {', '.join(wrong)}")
    return given


def _import(kind: Kind, frame: gpd.GeoDataFrame, report: ImportReport | None, path: Path) -> Import:
    if report is None:
        raise SourceError(f"{path} was read without an account of its rows")
    return Import(kind, frame, report)
