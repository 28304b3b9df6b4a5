"""Project: a folder with a planner.toml, and the main job on it from end to end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from planner.area import StudyArea
from planner.errors import DataError, QuestionError
from planner.exports import write
from planner.facts import Facts
from planner.facts.facts import table_of
from planner.gazetteer import Basis
from planner.imports import ImportReport
from planner.maps import draw, write_index
from planner.network import describe_findings
from planner.plan import Plan
from planner.project.findings import save_findings
from planner.project.importing import (
    KINDS,
    REGISTERED,
    Import,
    column_map,
    project_store,
    read_import,
    read_registered,
)
from planner.project.inputs import Inputs, area_of, read_inputs, word
from planner.project.manifest import environment, import_facts, input_hashes, plan_facts, save_manifest, stage_facts
from planner.project.programmes import programme_facts
from planner.project.register_names import register_names
from planner.project.registering import Entry
from planner.project.run import Answer, answers
from planner.project.settings import Settings, read_settings
from planner.project.watch import Stage, Watch
from planner.reports import has_chinese_font, report
from planner.store import GeoPackageStore
from planner.store.holders import user

__all__ = ["KINDS", "REGISTERED", "Entry", "Import", "Project", "Run", "column_map", "open_project", "save_findings"]


@dataclass(frozen=True, eq=False)
class Run:
    """What a run of a project made: an answer for each service, and the files written."""

    answers: Mapping[str, Answer]
    facts: Mapping[str, Facts]
    inputs: Inputs
    files: Mapping[str, Path]
    stages: tuple[Stage, ...]

    @property
    def plans(self) -> dict[str, Plan]:
        """The plan of each service block, by its id."""
        return {ident: one.plan for ident, one in self.answers.items()}

    @property
    def reports(self) -> dict[str, ImportReport]:
        """What became of the rows of every file read."""
        return {name: report for one in self.answers.values() for name, report in one.reports.items()}

    def warnings(self, lang: str) -> list[str]:
        """What a reader should know of the inputs and of each service's sites."""
        notes = [note for one in self.answers.values() for note in one.notes]
        return [note.words(lang) for note in (*self.inputs.warnings, *notes)]

    @property
    def has_findings(self) -> bool:
        """Whether rows of some file were quarantined for a fault of theirs."""
        return any(report.faulty for report in self.reports.values())


@dataclass(frozen=True, eq=False)
class Project:
    """A planner.toml and the folder its files are in."""

    path: Path
    data: Path
    settings: Settings

    def run(self, out: str | Path, *, progress: bool = False) -> Run:
        """Do the whole job and write map, table, layers and manifest for every service into the folder ``out``."""
        folder = _writable(Path(out))
        watch = Watch(visible=progress)
        hashes = input_hashes(self.settings, self.data)
        inputs = read_inputs(self.settings, self.data, watch)
        found: dict[str, Answer] = {}
        facts: dict[str, Facts] = {}
        files: dict[str, Path] = {}
        for one in answers(inputs, self.settings, self.data, watch):
            ident = one.block.ident
            found[ident], facts[ident] = one, one.facts(self.settings, inputs)
            files |= self._save(one, facts[ident], inputs, folder, watch)
        if input_hashes(self.settings, self.data) != hashes:
            raise DataError("an input file changed while it was being read; run again once nobody writes to it")
        files["index"] = write_index(folder, lang=self.settings.project.lang)
        files["manifest"] = folder / "manifest.json"
        run = Run(
            MappingProxyType(found), MappingProxyType(facts), inputs, MappingProxyType(files), tuple(watch.stages)
        )
        save_manifest(self._manifest(run, hashes), files["manifest"])
        return run

    @cached_property
    def store(self) -> GeoPackageStore:
        """The project file beside the planner.toml, ``project.gpkg``."""
        return project_store(self.path.parent)

    @cached_property
    def area(self) -> StudyArea:
        """The study area the planner.toml names."""
        return area_of(self.settings, self.data)

    def import_file(
        self,
        path: str | Path,
        kind: str,
        *,
        dry_run: bool = False,
        who: str = "",
        watch: bool | None = None,
        **how: Any,
    ) -> Import | Entry:
        """Import a file into the project file: layers, or records of the register.

        ``roads``, ``population``, ``sites``, ``districts`` and ``quarters`` become layers: accepted rows, quarantine and
        repairs are kept in one act, whole or not at all. ``names``, ``lines``, ``markers`` and ``signs`` are entered into
        the register, as of the day ``on=``, with ``document=`` and ``authority=`` as their basis. ``dry_run`` only reads;
        ``how`` are the reader's own options, such as ``crs=`` or ``columns=``. ``watch`` shows the progress, or hides it.
        """
        watching = Watch(visible=bool(watch))
        if kind in REGISTERED:
            said = {name: how.pop(name, "") for name in ("document", "authority")}
            basis = Basis(who or user(), note=f"import {Path(path).name}", **said)
            on = how.pop("on", None) or self.settings.project.on
            with watching.stage(word(self.settings, f"读取 {Path(path).name}", f"Read {Path(path).name}")) as told:
                how["progress"] = how.get("progress", None if watch is None else told)
                return read_registered(Path(path), kind, self.store, on=on, basis=basis, dry_run=dry_run, **how)
        area = None if kind == "districts" else self.area
        with watching.stage(word(self.settings, f"读取 {Path(path).name}", f"Read {Path(path).name}")) as told:
            how["progress"] = how.get("progress", None if watch is None else told)
            found = read_import(Path(path), kind, area=area, settings=self.settings, **how)
        if not dry_run:
            with watching.stage(word(self.settings, "写入工程文件", "Write the project file")):
                found.keep(self.store, who=who)
        return found

    def _save(self, one: Answer, facts: Facts, inputs: Inputs, folder: Path, watch: Watch) -> dict[str, Path]:
        block, lang = one.block, self.settings.project.lang
        named = {kind: folder / f"{block.ident}.{suffix}" for kind, suffix in _SUFFIXES.items()}
        with watch.stage("制图" if lang == "zh" else "Draw the map"):
            reach = one.service_areas()
            names = register_names(self.path.parent, inputs.area, self.settings.project.on)
            page = draw(
                facts, network=one.network, layers=inputs.backdrop, places=names, service_areas=reach, lang=lang
            )
            page.save(named["map"])
        with watch.stage("制表" if lang == "zh" else "Write the tables"):
            quarantine = pd.concat([read.table("faults", lang=lang) for read in one.reports.values()])
            told = report(
                facts,
                quarantine=quarantine.reset_index(drop=True),
                network=one.network,
                layers=inputs.backdrop,
                programme=one.programme,
                lang=lang,
            )
            told.save(named["table"])
            if has_chinese_font():
                told.save(named["brief"])
            else:
                del named["brief"]
        with watch.stage("导出图层" if lang == "zh" else "Write the layers"):
            write(one.plan, named["layers"], summary=facts.hidden or facts.summary, units=inputs.area.units)
        return {f"{block.ident}.{kind}": path for kind, path in named.items()}

    def _manifest(self, run: Run, hashes: Mapping[str, Any]) -> dict[str, Any]:
        lang = self.settings.project.lang
        return {
            "project": self.settings.project.name,
            "settings": self.settings.model_dump(mode="json"),
            "inputs": dict(hashes),
            "environment": environment(),
            "services": {
                ident: {
                    "plan": plan_facts(one.plan, blank=run.facts[ident].hidden is not None),
                    "programme": None
                    if one.programme is None
                    else programme_facts(one.programme, blank=run.facts[ident].hidden is not None),
                    "summary": run.facts[ident].overall,
                    "tables": _tables(run.facts[ident]),
                    "parameters": run.facts[ident].parameters.astype(str).to_dict(orient="records"),
                    "imports": {
                        name: import_facts(report, blank=run.facts[ident].hidden is not None)
                        for name, report in one.reports.items()
                    },
                    "network_findings": []
                    if one.network is None
                    else describe_findings(one.network.findings, lang=lang),
                }
                for ident, one in run.answers.items()
            },
            "warnings": run.warnings(lang),
            "outputs": {kind: path.name for kind, path in run.files.items()},
            "stages": stage_facts(run.stages),
        }

    def __repr__(self) -> str:
        services = ", ".join(block.ident for block in self.settings.service)
        return f"<Project {self.settings.project.name!r}: {services}, files in {self.data}>"


_SUFFIXES = {"map": "html", "table": "xlsx", "brief": "docx", "layers": "gpkg"}


def open_project(path: str | Path, *, data: str | Path | None = None) -> Project:
    """Open a planner.toml, or the folder that holds one; input files are looked for in ``data`` or beside it.

    Raises `QuestionError` telling every fault of the file at once.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "planner.toml"
    folder = file.parent if data is None else Path(data)
    if data is not None and not folder.is_dir():
        raise QuestionError(f"the data folder {folder} does not exist; give the folder the input files are in")
    return Project(file, folder, read_settings(file, folder))


def _tables(facts: Facts) -> dict[str, list[dict[str, Any]]]:
    """The counts of every unit as they are printed, by level, the total last."""
    return {level: json.loads(table_of(facts, level).to_json(orient="records")) for level in facts.summary.levels}


def _writable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot write to {folder}: {error.strerror}; give another --out folder") from error
    return folder
