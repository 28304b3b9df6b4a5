"""Frontier: what more stations bring, as one offline page: the shares of several plans as a curve and a table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from planner.access import is_sensitive
from planner.errors import QuestionError
from planner.facts import percent, replacing, words
from planner.plan import Plan

WIDE, HIGH, LEFT, RIGHT, TOP, BOTTOM = 900, 420, 60, 24, 30, 60
COLUMNS = ("plan", "new_sites", "covered", "share", "frontier_gain", "p_gap")


@dataclass(frozen=True, eq=False)
class FrontierPage:
    """The page of a frontier; `save` writes it, and a notebook shows it."""

    text: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all, and give its path."""
        with replacing(path) as temporary:
            temporary.write_text(self.text, encoding="utf-8")
        return Path(path)

    def _repr_html_(self) -> str:
        from html import escape

        return f'<iframe srcdoc="{escape(self.text)}" style="width:100%;height:680px;border:1px solid #999"></iframe>'


def draw_frontier(
    plans: Sequence[Plan], *, title: str = "", lang: str = "zh", map_approval: str = "", made_on: date | None = None
) -> FrontierPage:
    """Draw the share of people covered against the number of new stations, one point a plan, with what may still be missing to the best.

    Raises `QuestionError` for no plan, plans for different people, or a sensitive service, whose counts would follow
    from one another.
    """
    if not plans or any(
        not plan.scenario.coverage.demand.ids.equals(plans[0].scenario.coverage.demand.ids) for plan in plans
    ):
        raise QuestionError("a frontier needs at least one plan, and all of them for the same people")
    if any(is_sensitive(plan.scenario.coverage.sites) for plan in plans):
        raise QuestionError("plans of a sensitive service cannot stand side by side; draw each by itself")
    from jinja2 import Environment

    said, ordered = words(lang), sorted(plans, key=lambda plan: (len(plan.added), plan.share))
    template = files("planner.maps").joinpath("frontier.html").read_text(encoding="utf-8")
    rows = _rows(ordered)
    text = Environment(autoescape=True, trim_blocks=True).from_string(template).render(
        lang="zh-CN" if lang == "zh" else "en", said={**said, "p_gap": said["p_gap"]}, title=title or said["frontier"],
        stamp=f"{said['approval']} {map_approval}" if map_approval else said["internal"], finding=_finding(rows, lang),
        columns=COLUMNS, rows=[_shown(row) for row in rows], points=_points(rows), grid=_grid(), wide=WIDE, high=HIGH, left=LEFT,
        right=RIGHT, made_on=made_on or datetime.now(UTC).astimezone().date(),
    )  # fmt: skip
    return FrontierPage(text)


def _rows(plans: Sequence[Plan]) -> list[dict[str, Any]]:
    """Whole people of every plan, and what it brings beyond the one before."""
    rows: list[dict[str, Any]] = []
    for plan in plans:
        coverage = plan.scenario.coverage
        covered = int(np.floor(float(coverage.demand.people[coverage.covered(plan.ids)].sum()) + 0.5))
        gain = covered - rows[-1]["covered"] if rows else None
        people = int(np.floor(coverage.demand.total + 0.5))
        rows.append(
            {
                "plan": plan.scenario.name,
                "new": len(plan.added),
                "covered": covered,
                "people": people,
                "gain": gain,
                "gap": plan.gap,
            }
        )
    return rows


def _shown(row: dict[str, Any]) -> list[str]:
    gain = "—" if row["gain"] is None else f"{row['gain']:+,}"
    share = percent(row["covered"], row["people"])
    return [row["plan"], f"{row['new']:,}", f"{row['covered']:,}", share, gain, f"{row['gap']:.2%}"]


def _points(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    most = max(row["new"] for row in rows) or 1
    points = []
    for row in rows:
        share = row["covered"] / row["people"] if row["people"] else 0.0
        best = min(1.0, share * (1 + row["gap"])) if np.isfinite(row["gap"]) else share
        x = LEFT + 20 + (WIDE - LEFT - RIGHT - 40) * row["new"] / most
        point = {"x": round(x, 1), "y": round(_height(share), 1), "top": round(_height(best), 1), "new": row["new"]}
        points.append({**point, "share": percent(row["covered"], row["people"])})
    return points


def _height(share: float) -> float:
    return HIGH - BOTTOM - (HIGH - TOP - BOTTOM) * share


def _grid() -> list[dict[str, Any]]:
    return [{"y": round(_height(tenths / 10), 1), "text": f"{tenths * 10}%"} for tenths in range(0, 11, 2)]


def _finding(rows: list[dict[str, Any]], lang: str) -> str:
    first, last = rows[0], rows[-1]
    said = {
        "few": f"{first['new']:,}", "many": f"{last['new']:,}", "from_share": percent(first["covered"], first["people"]),
        "to_share": percent(last["covered"], last["people"]), "gain": f"{last['covered'] - first['covered']:,}",
    }  # fmt: skip
    return words(lang)["frontier_finding"].format(**said)
