"""Single: one service of a project answered, for whoever wants only its map or its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from planner.errors import QuestionError
from planner.facts import Facts
from planner.maps import PlanMap, draw
from planner.project.inputs import Inputs, read_inputs
from planner.project.register_names import register_names
from planner.project.run import Answer, answer, answer_saved
from planner.project.watch import Watch
from planner.reports import PlanReport, report

if TYPE_CHECKING:
    from planner.project import Project


@dataclass(frozen=True, eq=False)
class Single:
    """The answer of one service, with the facts its map and report share."""

    answer: Answer
    facts: Facts
    inputs: Inputs
    lang: str
    names: gpd.GeoDataFrame | None = None

    def draw(self, *, lang: str | None = None) -> PlanMap:
        """Give its map."""
        network, layers = self.answer.network, self.inputs.backdrop
        reach = self.answer.service_areas()
        told = lang or self.lang
        return draw(self.facts, network=network, layers=layers, places=self.names, service_areas=reach, lang=told)

    def report(self, *, lang: str | None = None) -> PlanReport:
        """Give its tables, to be saved as workbook, brief or page."""
        told = lang or self.lang
        faults = pd.concat([read.table("faults", lang=told) for read in self.answer.reports.values()])
        return report(
            self.facts,
            quarantine=faults.reset_index(drop=True),
            network=self.answer.network,
            layers=self.inputs.backdrop,
            lang=told,
        )


def answer_one(
    project: Project, ident: str | None = None, *, plan: Path | None = None, progress: bool = False
) -> Single:
    """Answer one service of a project, the one named or the only one there is; by a saved ``plan`` rather than siting anew.

    Raises `QuestionError` where it must be named, or bears another name.
    """
    blocks = {block.ident: block for block in project.settings.service}
    if ident is None and len(blocks) > 1:
        raise QuestionError(f"{project.path} asks of several services; say which: {', '.join(blocks)}")
    wanted = ident or next(iter(blocks))
    if wanted not in blocks:
        raise QuestionError(f"{project.path} has no service {wanted!r}; it has {', '.join(blocks)}")
    watch = Watch(visible=progress)
    inputs = read_inputs(project.settings, project.data, watch)
    asked = (blocks[wanted], inputs, project.settings, project.data, watch)
    found = answer(*asked) if plan is None else answer_saved(plan, *asked)
    names = register_names(project.path.parent, inputs.area, project.settings.project.on)
    return Single(found, found.facts(project.settings, inputs), inputs, project.settings.project.lang, names)


def folder_of(path: Path) -> Path:
    """The folder a file is to be written in, made where it is missing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise QuestionError(f"cannot write to {path.parent}: {error.strerror}; give another --out") from error
    return path.parent
