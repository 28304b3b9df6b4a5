"""Comparison: two plans for the same people on one page, as what each adds to the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.access import TOTAL
from planner.area import StudyArea, Units
from planner.errors import QuestionError
from planner.facts import LANGUAGES, Facts, gather, headline, percent, words
from planner.facts.facts import table_of
from planner.facts.lists import lonlat, site_names, unit_names
from planner.facts.secrecy import may_leave
from planner.layers import Layer
from planner.maps.content import OFFLINE, UNCOVERED
from planner.maps.draw import draw
from planner.maps.layers import people_places
from planner.maps.packing import STEPS, Box, pack
from planner.maps.page import PlanMap
from planner.maps.page_tables import count_cell, share_cell, text_cell
from planner.network import Network
from planner.plan import Plan
from planner.sites import Sites

BOTH, FIRST, SECOND = "#4a7fb0", "#7a4fa3", "#1b8a6b"
SYMBOLS: dict[str, dict[str, Any]] = {
    "both": {"colour": "#173a5e", "shape": "circle", "small": True, "word": "both_open"},
    "first": {"colour": "#4e2a7a", "shape": "triangle", "small": True, "word": "first_open"},
    "second": {"colour": "#0b5c45", "shape": "diamond", "small": True, "word": "second_open"},
}


def draw_comparison(
    first: Plan,
    second: Plan,
    *,
    by: StudyArea | Units,
    network: Network | None = None,
    layers: Mapping[str, gpd.GeoDataFrame | Layer] | None = None,
    lang: str = "zh",
    sources: Iterable[str] = (),
    map_approval: str | None = None,
) -> PlanMap:
    """Draw what two plans cover in common and each alone, as one offline page with a table of differences.

    Raises `QuestionError` unless both plans are for the same people and have different names.
    """
    one, two = (gather(plan, by=by, sources=sources, map_approval=map_approval) for plan in (first, second))
    if not one.coverage.demand.ids.equals(two.coverage.demand.ids):
        raise QuestionError("plans are compared over the same people; these two have different demand points")
    if one.hidden is not None or two.hidden is not None:
        raise QuestionError(
            "two plans of a sensitive service cannot stand side by side: their hidden counts would follow from the"
            " differences; draw each by itself"
        )
    if first.scenario.name == second.scenario.name:
        raise QuestionError(f"both plans are called {first.scenario.name!r}; give one another name with but(name=...)")
    page = draw(two, network=network, layers=layers, lang=lang)
    x, y, step = page.data["box"]
    box = Box(x, y, step * STEPS)
    sites, counts = _sites(first, second, one, box), _counts(first, second, one, two)
    said = {each: _say(first, second, counts, each) for each in LANGUAGES}
    page.data |= {
        "people": _people(first, second, box, page.data["people"]["side"]),
        "colours": [BOTH, FIRST, SECOND, UNCOVERED, OFFLINE],
        "symbols": SYMBOLS,
        "sites": sites,
        "steps": [0],
        "swipe": True,
        "reach": None,
        "say": {each: page.data["say"][each] | said[each] for each in LANGUAGES},
        "index": [entry for entry in page.data["index"] if entry["ref"][0] != "s"],
    }
    page.content |= {
        "say": page.content["say"] | said[lang],
        "steps": [0],
        "swipe": True,
        "tables": [_table(one, two, level, lang) for level in one.summary.levels],
        "legend": _legend(page.content["legend"], {site["kind"] for site in sites}),
        "headline": _headline(one, two, lang),
        "uncovered": counts["neither"] - int(two.overall["not_connected"]),
    }
    return page


def _states(first: Plan, second: Plan) -> npt.NDArray[np.uint8]:
    """0 covered by both, 1 by the first alone, 2 by the second alone, 3 by neither, 4 on no road."""
    here, there = (plan.scenario.coverage.covered(plan.ids) for plan in (first, second))
    offline = ~(first.scenario.coverage.connected | second.scenario.coverage.connected)
    return np.select([here & there, here, there, offline], [0, 1, 2, 4], default=3).astype(np.uint8)


def _people(first: Plan, second: Plan, box: Box, side: float) -> dict[str, Any]:
    demand = second.scenario.coverage.demand
    shown, arrays = people_places(demand, box)
    return {**pack({**arrays, "state": _states(first, second)[shown]}, deltas=("x", "y")), "side": side}


def _sites(first: Plan, second: Plan, facts: Facts, box: Box) -> list[dict[str, Any]]:
    rows = []
    frame = pd.concat([plan.scenario.coverage.sites.frame.loc[plan.ids] for plan in (first, second)])
    secret = frame.index[~may_leave(frame)]
    both = first.ids.intersection(second.ids).difference(secret)
    for kind, plan, ids in (
        ("both", first, both),
        ("first", first, first.ids.difference(both).difference(secret)),
        ("second", second, second.ids.difference(both).difference(secret)),
    ):
        if not len(ids):
            continue
        sites = Sites(plan.scenario.coverage.sites.frame.loc[ids])
        places = unit_names(facts.units, sites)
        for site, name, (x, y) in zip(ids, site_names(sites), box.steps(lonlat(sites)).tolist(), strict=True):
            where = [[level, places.at[site, level] or "—"] for level in places]
            shown = {"ref": f"s:{site}", "name": name, "kind": kind, "word": SYMBOLS[kind]["word"], "x": x, "y": y}
            rows.append({**shown, "rank": 0, "where": where[-1][1], "facts": [["id", str(site)], *where]})
    return rows


def _counts(first: Plan, second: Plan, one: Facts, two: Facts) -> dict[str, int]:
    """Whole people each plan covers, both, one alone and neither; the parts add up to everyone."""
    people, covered = int(one.overall["people"]), [int(facts.overall["covered"]) for facts in (one, two)]
    shared = float(one.coverage.demand.people[_states(first, second) == 0].sum())
    both = min(round(shared), *covered)
    alone = {"only_one": covered[0] - both, "only_two": covered[1] - both}
    neither = people - covered[0] - covered[1] + both
    return {"people": people, "one": covered[0], "two": covered[1], "both": both, **alone, "neither": neither}


def _say(first: Plan, second: Plan, counts: Mapping[str, int], lang: str) -> dict[str, str]:
    text = words(lang)
    names = {"first": first.scenario.name, "second": second.scenario.name}
    said = {
        **names,
        **{key: f"{value:,}" for key, value in counts.items()},
        "n": f"{abs(counts['two'] - counts['one']):,}",
        "one_share": percent(counts["one"], counts["people"]),
        "two_share": percent(counts["two"], counts["people"]),
        "more": text["more_word" if counts["two"] >= counts["one"] else "fewer_word"],
    }
    named = ("first_only", "second_only", "first_open", "second_open", "covered_one", "covered_two")
    return {
        "t:title": text["compare_title"].format(**names),
        "t:finding": text["compare_finding"].format(**said),
        "t:proof": "",
        "t:one": names["first"],
        "t:two": names["second"],
        "before": names["first"],
        "after": names["second"],
        **{key: text[key].format(**names) for key in named},
    }


def _headline(one: Facts, two: Facts, lang: str) -> list[dict[str, Any]]:
    people, covered = int(one.overall["people"]), [int(facts.overall["covered"]) for facts in (one, two)]
    shares = [percent(count, people) for count in covered]
    name = headline(two, lang)[0]["name"]
    return [{"name": name, "before": covered[0], "after": covered[1], "share_before": shares[0], "share": shares[1]}]


def _table(one: Facts, two: Facts, level: str, lang: str) -> dict[str, Any]:
    names = ("name", "people", "t:one", "t:two", "difference", "share_one", "share_two")
    columns = [
        {"word": {"share_one": "t:one", "share_two": "t:two"}.get(name, name), "number": name != "name"}
        for name in names
    ]
    ours, theirs = table_of(one, level), table_of(two, level)
    rows = []
    for unit, row in ours.iterrows():
        other, people = pd.Series(theirs.loc[str(unit)]), row["people"]
        special = {TOTAL: "total", "unassigned": "unassigned"}.get(str(unit), "")
        gained = int(other["covered"]) - int(row["covered"])
        cells = [text_cell(words(lang)[special] if special else row["name"], word=special), count_cell(people)]
        cells += [count_cell(row["covered"]), count_cell(other["covered"]), count_cell(gained, signed=True)]
        cells += [share_cell(row["covered"], people), share_cell(other["covered"], people)]
        rows.append({"cells": cells, "ref": None if special else f"u:{unit}", "last": unit == TOTAL})
    return {"key": level, "kind": "unit", "title": f"by_{level}", "columns": columns, "rows": rows}


def _legend(rows: list[dict[str, Any]], kinds: set[str]) -> list[dict[str, Any]]:
    """The plan's legend with its rows of people and stations replaced."""
    rest = [
        row for row in rows if row["toggle"] not in {"added", "existing"} and not row["toggle"].startswith("people")
    ]
    rest = [row for row in rest if row["key"] not in {"people_by_time", "shade"}]
    blank = {"text": "", "on": True, "sub": False}
    marks = {"both": "ball", "first": "triangle", "second": "diamond"}
    stations = [
        {**blank, "mark": marks[kind], "key": style["word"], "toggle": kind, "colour": style["colour"]}
        for kind, style in SYMBOLS.items()
        if kind in kinds
    ]
    keys = ("both_cover", "first_only", "second_only", "neither_cover", "not_connected_word")
    colours = (BOTH, FIRST, SECOND, UNCOVERED, OFFLINE)
    people = [
        {**blank, "mark": "cell", "key": key, "toggle": f"people{number}", "colour": colour}
        for number, (key, colour) in enumerate(zip(keys, colours, strict=True))
    ]
    return [*stations, *people, *rest]
