"""Importing: one file into the project's own GeoPackage, accepted rows, quarantine and repairs in one act."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args

import geopandas as gpd

from planner.area import StudyArea
from planner.errors import QuestionError, SourceError
from planner.gazetteer import Basis, open_gazetteer
from planner.imports import ImportReport
from planner.project.registering import Entry, read_entry
from planner.project.settings import Settings
from planner.sources import load_columns, read_area, read_population, read_quarters, read_roads, read_sites
from planner.store import GeoPackageStore, Store, imported

Kind = Literal["roads", "population", "sites", "districts", "quarters"]
KINDS: tuple[Kind, ...] = get_args(Kind)
REGISTERED = ("names", "lines", "markers", "signs")
"""What is entered into the register rather than kept as a layer."""

PROJECT_FILE = "project.gpkg"


@dataclass(frozen=True, eq=False)
class Import:
    """One file read for a project: the rows accepted and what became of the others."""

    kind: Kind
    frame: gpd.GeoDataFrame
    report: ImportReport
    service: str = ""

    @property
    def table(self) -> str:
        """The project file's table these rows are kept in; sites of a service that was named have one of their own."""
        return f"{self.kind}_{self.service}" if self.service else self.kind

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
    service: str = "",
    **how: Any,
) -> Import:
    """Read a file as a kind of records; ``how`` are the reader's own options (crs, layer, encoding, columns).

    Everything but districts needs the study area, since it decides the CRS and what lies within. Raises
    `QuestionError` for a kind that is unknown, `DataError` for a file that cannot be read.
    """
    if kind not in KINDS:
        raise QuestionError(f"unknown kind {kind!r}; a file is imported as one of {', '.join((*KINDS, *REGISTERED))}")
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
    if kind == "quarters":
        quarters = read_quarters(path, area=area, **how)
        return _import("quarters", quarters.frame, quarters.report, path)
    sites = read_sites(path, area=area, service=service or "meal_station", **how)
    return _import("sites", sites.frame, sites.report, path, service=service)


def read_registered(
    path: Path, kind: str, store: GeoPackageStore, *, on: date, basis: Basis, dry_run: bool = False, **how: Any
) -> Entry:
    """Read a form for the register in the project file and, unless ``dry_run``, enter it with the account of its rows."""
    with ExitStack() as stack:
        where = store.path
        if dry_run and not store.exists:  # the register is made at first need, and a dry run makes nothing
            where = Path(stack.enter_context(TemporaryDirectory(prefix="planner-"))) / PROJECT_FILE
        books = stack.enter_context(open_gazetteer(where))
        entry = read_entry(path, kind, books, on=on, **how)
        if not dry_run:
            entry.enter(books, basis=basis)
    return entry


def column_map(path: Path | None) -> Mapping[str, str] | None:
    """Read a saved column mapping: a TOML of ``field = "heading"``."""
    return None if path is None else load_columns(path)


def _import(
    kind: Kind, frame: gpd.GeoDataFrame, report: ImportReport | None, path: Path, *, service: str = ""
) -> Import:
    if report is None:
        raise SourceError(f"{path} was read without an account of its rows")
    return Import(kind, frame, report, service)
