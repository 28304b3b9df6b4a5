"""Report: a plan as tables to forward, in the file kind its name asks for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from planner.access import Summary
from planner.area import StudyArea, Units
from planner.coverage import Coverage
from planner.errors import DataError
from planner.facts import Facts, gather, replacing, title, words
from planner.layers import Layer
from planner.network import Network
from planner.plan import Plan
from planner.programme import PhasedPlan, Programme
from planner.reports.programme import programme_tables
from planner.reports.tables import Table, tables
from planner.services import Service


@dataclass(frozen=True, eq=False)
class PlanReport:
    """The tables of a plan; `save` writes them as .xlsx, as a .docx brief or as an .html page.

    ``network`` and ``layers`` are drawn in the map picture of the brief.
    """

    facts: Facts
    quarantine: pd.DataFrame | None = field(default=None, repr=False)
    lang: str = "zh"
    network: Network | None = field(default=None, repr=False)
    layers: Mapping[str, gpd.GeoDataFrame | Layer] | None = field(default=None, repr=False)
    programme: Programme | None = field(default=None, repr=False)

    @cached_property
    def tables(self) -> list[Table]:
        """Every table, in the order of the sheets."""
        more = [] if self.programme is None else programme_tables(self.programme, self.facts, self.lang)
        return tables(self.facts, quarantine=self.quarantine, more=more, lang=self.lang)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the report, whole or not at all, as the kind its name ends in, and give its path.

        Raises `DataError` for another ending.
        """
        wanted = Path(path)
        writers = {".xlsx": self._workbook, ".docx": self._document, ".html": self._page}
        writer = writers.get(wanted.suffix.lower())
        if writer is None:
            raise DataError(f"a report is saved as {', '.join(writers)}, not {wanted.suffix or wanted.name!r}")
        with replacing(wanted) as temporary:
            writer(temporary)
        return wanted

    def _workbook(self, path: Path) -> None:
        from planner.reports.workbook import write_workbook

        write_workbook(path, self.facts, self.tables, self.lang)

    def _document(self, path: Path) -> None:
        from planner.reports.document import write_document

        write_document(path, self.facts, self.tables, lang=self.lang, network=self.network, layers=self.layers)

    def _page(self, path: Path) -> None:
        from planner.reports.webpage import write_page

        write_page(path, self.facts, self.tables, self.lang)

    def __repr__(self) -> str:
        return f"<PlanReport {title(self.facts, self.lang)!r}: {len(self.tables)} tables>"


def report(
    answer: Plan | PhasedPlan | Coverage | Facts,
    *,
    by: StudyArea | Units | None = None,
    area: StudyArea | None = None,
    summary: Summary | None = None,
    quarantine: pd.DataFrame | None = None,
    title: str | None = None,
    lang: str = "zh",
    service: Service | None = None,
    gaps: gpd.GeoDataFrame | None = None,
    parameters: Mapping[str, Any] | pd.DataFrame | None = None,
    sources: Iterable[str] = (),
    map_approval: str | None = None,
    made_by: str = "",
    on: date | None = None,
    made_on: date | None = None,
    network: Network | None = None,
    layers: Mapping[str, gpd.GeoDataFrame | Layer] | None = None,
    programme: Programme | None = None,
) -> PlanReport:
    """Report a plan, or today's coverage, in whole people; ``.save("x.xlsx" | "x.docx" | "x.html")`` writes it.

    The same figures, to the digit, as `planner.maps.draw` shows; ``quarantine`` are the rows left out at
    import; ``gaps`` what `planner.access.find_gaps` found; ``network`` and ``layers`` make the base of the map picture in the .docx brief.
    """
    words(lang)
    if isinstance(answer, PhasedPlan):
        programme = answer
        answer = answer.plans[-1]
    facts = answer if isinstance(answer, Facts) else gather(
        answer, by=by or area, summary=summary, parameters=parameters, sources=sources, title=title,
        service=service, gaps=gaps, on=on, made_on=made_on, map_approval=map_approval, made_by=made_by,
    )  # fmt: skip
    return PlanReport(facts, quarantine, lang, network, layers, programme)
