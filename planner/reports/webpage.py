"""Web page: every table of a report on one page for the web folder, with nothing loaded from anywhere."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from planner.facts import Facts, finding, proof, title, words
from planner.reports.tables import Table, value_text


def write_page(path: Path, facts: Facts, tables: list[Table], lang: str) -> None:
    """Write the tables as HTML; every value is escaped by the template."""
    from jinja2 import Environment

    template = files("planner.reports").joinpath("report.html").read_text(encoding="utf-8")
    said = words(lang)
    page = (
        Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        .from_string(template)
        .render(
            lang="zh-CN" if lang == "zh" else "en",
            title=title(facts, lang),
            stamp=f"{said['approval']} {facts.map_approval}" if facts.map_approval else said["internal"],
            finding=f"{finding(facts, lang)} {proof(facts, lang)}".strip(),
            tables=tables,
            text=value_text,
            none=said["note_none"],
            made_on=f"{said['made_on']}：{facts.made_on}",
        )
    )
    path.write_text(page, encoding="utf-8")
