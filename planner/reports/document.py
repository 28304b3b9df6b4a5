"""Document: a plan as a brief in official style, to edit and sign."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd

from planner.facts import Facts, count_text, finding, headline, mode_words, proof, title, words
from planner.layers import Layer
from planner.network import Network
from planner.reports.figures import plan_figure
from planner.reports.tables import Heading, Table, valid_text, value_text

# GB/T 9704-2012: the page and type of official documents
MARGINS_MM = {"top": 37, "bottom": 35, "left": 28, "right": 26}
FACES = {
    "title": ("方正小标宋简体", 22),
    "heading": ("黑体", 16),
    "body": ("仿宋", 16),
    "table": ("宋体", 10.5),
    "note": ("宋体", 9),
}
LINE_POINTS = 28
LISTED_SITES = 15
TOGETHER_ROWS = 8
LISTED_GAPS = 5
TEXT_MM = 210 - MARGINS_MM["left"] - MARGINS_MM["right"]
MOST_LETTERS = 40


def write_document(
    path: Path,
    facts: Facts,
    tables: list[Table],
    *,
    lang: str = "zh",
    network: Network | None = None,
    layers: Mapping[str, gpd.GeoDataFrame | Layer] | None = None,
) -> None:
    """Write the brief: background, method, findings, stations, notes, and annexes with the map."""
    import docx

    brief, said, by_key = docx.Document(), words(lang), {table.key: table for table in tables}
    _page(brief, facts, lang)
    _line(brief, said["approval"] + " " + facts.map_approval if facts.map_approval else said["internal"], "heading")
    _line(brief, title(facts, lang), "title", centred=True)
    for heading, text in _background(facts, lang):
        _line(brief, heading, "heading")
        _line(brief, text, "body", indent=True)
    _line(brief, said["doc_findings"], "heading")
    _line(brief, finding(facts, lang), "body", indent=True)
    if gaps := _gaps(by_key["uncovered"], lang):
        _line(brief, gaps, "body", indent=True)
    _line(brief, said["doc_readings_text"], "body", indent=True)
    _table(brief, _readings(facts, lang))
    if by_key["new"].rows:
        _stations(brief, by_key["new"], lang)
    _line(brief, said["doc_next"], "heading")
    for note in [said["doc_next_text"], *facts.notes(lang)]:
        _line(brief, note, "body", indent=True)
    _annexes(brief, facts, by_key, lang, plan_figure(facts, network=network, layers=layers, lang=lang, inches=(10, 7)))
    brief.save(str(path))


def _background(facts: Facts, lang: str) -> list[tuple[str, str]]:
    said, whole = words(lang), facts.overall
    profile = facts.coverage.profile
    first = headline(facts, lang)[0]
    values = {
        "area": facts.area_name or said["this_area"],
        "people": count_text(whole["people"]),
        "existing": f"{facts.existing_count:,}",
        "minutes": f"{facts.coverage.limit:g}",
        "mode": mode_words(facts, lang),
        "detour": "" if profile is None or profile.detour is None else f"{profile.detour:g}",
        "before": count_text(first["before"]),
        "share_before": first["share_before"],
        "proof": proof(facts, lang),
        "objective": "" if facts.plan is None else said.get(f"v_{facts.plan.objective}", facts.plan.objective),
        "candidates": f"{int(facts.plan.scenario.possible.sum()):,}" if facts.plan is not None else "",
    }
    method = said["doc_method_straight" if values["detour"] else "doc_method_roads"]
    method += said["doc_method_text"] if facts.plan is not None else ""
    return [
        (said["doc_background"], said["doc_background_text"].format(**values)),
        (said["doc_method"], method.format(**values).strip()),
    ]


def _gaps(table: Table, lang: str) -> str:
    """Where most uncovered people live; '' where nobody is uncovered."""
    said, keys = words(lang), [heading.key for heading in table.headings]
    name, people = keys.index("name"), keys.index("uncovered")
    rows = [row for row in table.rows[: len(table.rows) - table.totals] if not isinstance(row[people], str)][
        :LISTED_GAPS
    ]
    listed = said["doc_stop"].join(said["doc_gap"].format(name=row[name], n=f"{row[people]:,}") for row in rows)
    return said["doc_gaps_text"].format(units=listed) if listed else ""


def _readings(facts: Facts, lang: str) -> Table:
    said = words(lang)
    keys = ("before", "share_before", "after", "share")
    headings = (Heading("reading", said["reading"]), *(Heading(key, said[key]) for key in keys))
    rows: list[list[Any]] = [
        [row["name"], count_text(row["before"]), row["share_before"], count_text(row["after"]), row["share"]]
        for row in headline(facts, lang)
    ]
    return Table("readings", said["doc_findings"], headings, rows)


def _stations(brief: Any, table: Table, lang: str) -> None:
    said, some = words(lang), table.rows[:LISTED_SITES]
    keys = [heading.key for heading in table.headings]
    kept = [at for at, key in enumerate(keys) if key not in {"longitude", "latitude", "id", "city"}]
    text = said["doc_sites_all"] if len(some) == len(table.rows) else said["doc_sites_text"].format(n=len(some))
    _line(brief, said["doc_sites"], "heading")
    _line(brief, text, "body", indent=True)
    rows = [[row[at] for at in kept] for row in some]
    _table(brief, Table("new", table.title, tuple(table.headings[at] for at in kept), rows))


def _annexes(brief: Any, facts: Facts, tables: Mapping[str, Table], lang: str, picture: Any) -> None:
    from docx.shared import Mm

    said = words(lang)
    brief.add_page_break()
    _line(brief, said["doc_annex_map"], "heading")
    held = io.BytesIO()
    picture.savefig(held, format="png", dpi=200)
    held.seek(0)
    brief.add_picture(held, width=Mm(156))
    _line(brief, said["doc_annex_units"], "heading")
    widest = tables[facts.summary.levels[0]]
    keys = ("name", "people", "covered_before", "covered", "share_before", "share", "uncovered", "new_sites")
    kept = [at for at, heading in enumerate(widest.headings) if heading.key in keys]
    rows = [[row[at] for at in kept] for row in widest.rows]
    _table(brief, Table("units", widest.title, tuple(widest.headings[at] for at in kept), rows))
    brief.add_page_break()
    _line(brief, said["doc_annex_parameters"], "heading")
    parameters = tables["parameters"]
    rows = [row for row in parameters.rows if row[0] != said["sources"]]
    _table(brief, replace(parameters, rows=rows), face="note")
    for source in facts.sources:
        _line(brief, f"{said['sources']}{said['doc_colon']}{source}", "note")


def _page(brief: Any, facts: Facts, lang: str) -> None:
    from docx.shared import Mm

    section = brief.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    for side, millimetres in MARGINS_MM.items():
        setattr(section, f"{side}_margin", Mm(millimetres))
    properties = brief.core_properties
    properties.title, properties.author, properties.comments = (
        valid_text(title(facts, lang)),
        valid_text(facts.made_by),
        "",
    )
    number = section.footer.paragraphs[0]
    number.alignment = 1
    _field(number, "PAGE")


def _field(paragraph: Any, code: str) -> None:
    """A field Word fills in, such as the page number."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    run = paragraph.add_run()
    for kind in ("begin", None, "end"):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = code
        run._r.append(part)  # noqa: SLF001 (python-docx has no way of its own)


def _line(brief: Any, text: str, face: str, *, centred: bool = False, indent: bool = False) -> None:
    from docx.shared import Pt

    paragraph = brief.add_paragraph()
    layout = paragraph.paragraph_format
    layout.space_before = layout.space_after = Pt(0)
    layout.line_spacing = Pt({"title": 36, "note": 14}.get(face, LINE_POINTS))
    layout.keep_with_next = face == "heading"
    if centred:
        paragraph.alignment = 1
    if indent:
        layout.first_line_indent = Pt(2 * FACES[face][1])
    _set(paragraph.add_run(valid_text(text)), face)


def _set(run: Any, face: str, *, bold: bool = False) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    name, points = FACES[face]
    run.font.name, run.font.size, run.font.bold = "Times New Roman", Pt(points), bold
    run._element.rPr.rFonts.set(qn("w:eastAsia"), name)  # noqa: SLF001 (python-docx has no way of its own)


def _table(brief: Any, table: Table, *, face: str = "table") -> None:
    from docx.shared import Mm

    grid = brief.add_table(rows=1, cols=len(table.headings), style="Table Grid")
    grid.autofit = False
    for cell, heading in zip(grid.rows[0].cells, table.headings, strict=True):
        _fill(cell, heading.text, face, bold=True)
    _repeat(grid.rows[0])
    for values in table.rows:
        added = grid.add_row()
        _unbroken(added)
        cells = added.cells
        for cell, value, heading in zip(cells, values, table.headings, strict=True):
            _fill(cell, value_text(value, heading.kind), face, right=heading.kind != "text")
    if len(table.rows) <= TOGETHER_ROWS:  # a short table stays on one page
        for row in grid.rows[:-1]:
            for cell in row.cells:
                cell.paragraphs[0].paragraph_format.keep_with_next = True
    for column, millimetres in zip(grid.columns, _widths(table), strict=True):
        column.width = Mm(millimetres)
        for cell in column.cells:
            cell.width = Mm(millimetres)


def _widths(table: Table) -> list[float]:
    """Width of each column in millimetres, by what stands in it; a Han character counts for two letters."""
    texts = [[value_text(row[at], heading.kind) for row in table.rows] for at, heading in enumerate(table.headings)]
    letters = [max([6, *(sum(1 + (one > "\u2e80") for one in text) for text in column)]) for column in texts]
    heads = [sum(1 + (one > "\u2e80") for one in heading.text) / 2 for heading in table.headings]
    weights = [min(max(wide, head), MOST_LETTERS) + 2 for wide, head in zip(letters, heads, strict=True)]
    return [TEXT_MM * weight / sum(weights) for weight in weights]


def _repeat(row: Any) -> None:
    """Head the table with this row on every page."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001


def _unbroken(row: Any) -> None:
    """Keep a row on one page."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001


def _fill(cell: Any, text: str, face: str, *, bold: bool = False, right: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    if right:
        paragraph.alignment = 2
    _set(paragraph.add_run(valid_text(text)), face, bold=bold)
