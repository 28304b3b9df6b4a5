"""Draw: a plan, or today's coverage, as a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.access import Summary
from planner.area import StudyArea, Units
from planner.coverage import Coverage
from planner.errors import QuestionError
from planner.facts import LANGUAGES, Facts, finding, gather, headline, proof, title, words
from planner.facts.lists import lonlat
from planner.layers import Layer
from planner.maps.content import (
    OFFLINE,
    SYMBOLS,
    TIME_COLOURS,
    UNCOVERED,
    about_rows,
    gap_rows,
    legend_rows,
    page_tables,
    search_index,
    site_rows,
    unit_rows,
)
from planner.maps.layers import (
    area_layer,
    named_points,
    people_layer,
    people_picture,
    road_layer,
    spacing_steps,
    unit_layer,
)
from planner.maps.online import OnlineBase
from planner.maps.packing import Box
from planner.maps.page import PlanMap
from planner.network import Network
from planner.plan import Plan

AREA_COLOURS = {"water": "#bcd9ea", "green": "#d5e6c5"}


def draw(
    answer: Plan | Coverage | Facts,
    *,
    by: StudyArea | Units | None = None,
    area: StudyArea | None = None,
    network: Network | None = None,
    summary: Summary | None = None,
    title: str | None = None,
    lang: str = "zh",
    layers: Mapping[str, gpd.GeoDataFrame | Layer] | None = None,
    places: gpd.GeoDataFrame | None = None,
    gaps: gpd.GeoDataFrame | None = None,
    online: OnlineBase | None = None,
    service: Any = None,
    parameters: Mapping[str, Any] | pd.DataFrame | None = None,
    sources: Iterable[str] = (),
    map_approval: str | None = None,
    made_by: str = "",
    on: date | None = None,
    made_on: date | None = None,
) -> PlanMap:
    """Draw a plan, or today's coverage, as one offline page; ``.save("x.html")`` writes it.

    ``by`` is the study area or its units; ``network`` gives the roads of the base map, ``layers`` areas such
    as ``{"water": ..., "green": ...}``, ``places`` points with a ``name``, such as the place names in force on the
    map's date, ``gaps`` what `planner.access.find_gaps` found. Parameters and sources are printed on the page. Without an ``map_approval`` number (审图号) the
    page is stamped as internal. ``online`` adds a base map from one host that the reader may switch on. `Facts` gathered once serve a map and a report alike.
    """
    words(lang)  # an unknown language is refused before the work
    facts = answer if isinstance(answer, Facts) else gather(
        answer, by=by or area, summary=summary, parameters=parameters, sources=sources, title=title,
        service=service, on=on, made_on=made_on, map_approval=map_approval, made_by=made_by,
    )  # fmt: skip
    if facts.units is None:
        raise QuestionError("a map with a summary needs the units it counts by; pass by= (a StudyArea or Units)")
    box, frames = _frame(facts, facts.units)
    shapes, label_points = unit_layer(facts.units, box)
    places_shown = named_points(places, box)
    units, sites = unit_rows(facts, label_points, shapes.pop("bounds")), site_rows(facts, box)
    sites += gap_rows(gaps, box) if gaps is not None else []
    extra = [_area(name, shape, box) for name, shape in (layers or {}).items()]
    colours = [*TIME_COLOURS, UNCOVERED, OFFLINE]
    data: dict[str, Any] = {
        "lang": lang,
        "say": {each: _say(facts, each) for each in LANGUAGES},
        "box": box.payload(),
        **frames,
        "people": people_layer(facts, box),
        "colours": colours,
        "symbols": SYMBOLS,
        "roads": road_layer(network, box) if network is not None else None,
        "units": {**shapes, "rows": units},
        "areas": extra,
        "sites": sites,
        "places": places_shown,
        "steps": facts.covered_by_step,
        "total": int(facts.overall["people"]),
        "apart": spacing_steps(sites),
        "finest": facts.units.levels[-1],
        "index": search_index(units, sites, places_shown),
        "online": online.payload() if online is not None else None,
    }
    content = _content(facts, lang, roads=network is not None, extra=extra, gaps=gaps is not None)
    content |= {"picture": people_picture(facts, box, colours)}
    if online is not None:
        content |= {"online": words(lang)["online_note"].format(host=online.host), "online_ask": data["online"]["ask"]}
        for each in LANGUAGES:
            data["say"][each]["t:online"] = words(each)["online_note"].format(host=online.host)
    return PlanMap(content, data, hosts=(f"https://{online.host}",) if online is not None else ())


def _area(name: str, shape: gpd.GeoDataFrame | Layer, box: Box) -> dict[str, Any]:
    frame = shape.frame if isinstance(shape, Layer) else shape
    return {**area_layer(frame, box), "name": name, "colour": AREA_COLOURS.get(name, "#e5dccb")}


def _frame(facts: Facts, units: Units) -> tuple[Box, dict[str, list[list[float]]]]:
    """The page's box around everything; the ``bounds`` of people and new stations, and of the ``whole`` area."""
    west, south, east, north = units.frame.to_crs(4326).total_bounds
    people, sites = lonlat(facts.coverage.demand), lonlat(facts.coverage.sites)
    new = facts.new_sites[["longitude", "latitude"]].to_numpy(float)
    shown = np.vstack([people[facts.coverage.demand.people > 0], new])
    every = np.vstack([people, sites, [[west, south], [east, north]]])
    box = Box.around(*every.min(axis=0), *every.max(axis=0))
    low, high = (shown.min(axis=0), shown.max(axis=0)) if len(shown) else (every.min(axis=0), every.max(axis=0))
    frames = {"bounds": [low[::-1].tolist(), high[::-1].tolist()], "whole": [[south, west], [north, east]]}
    return box, frames


def _say(facts: Facts, lang: str) -> dict[str, str]:
    said = dict(words(lang))
    said |= {"t:title": title(facts, lang), "t:finding": finding(facts, lang), "t:proof": proof(facts, lang)}
    said |= {f"t:reading{row}": reading["name"] for row, reading in enumerate(headline(facts, lang))}
    said["t:people"] = said["people_unit"]
    for number, row in enumerate(about_rows(facts, lang)):
        said |= {f"t:p{number}:{part}": row[part] for part in ("name", "value", "source")}
    return said


def _content(facts: Facts, lang: str, *, roads: bool, extra: list[dict[str, Any]], gaps: bool) -> dict[str, Any]:
    return {
        "lang": lang,
        "say": _say(facts, lang),
        "map_approval": facts.map_approval,
        "made_by": facts.made_by,
        "on": facts.on,
        "made_on": facts.made_on,
        "crs": f"{facts.coverage.demand.crs.name}（{facts.coverage.demand.crs.to_string()}）",
        "people": int(facts.overall["people"]),
        "uncovered": int(facts.overall["uncovered"]),
        "not_connected": int(facts.overall["not_connected"]),
        "has_plan": facts.plan is not None,
        "headline": headline(facts, lang),
        "steps": facts.covered_by_step,
        "tables": page_tables(facts, lang),
        "parameters": about_rows(facts, lang),
        "sources": facts.sources,
        "legend": legend_rows(facts, lang, roads=roads, extra=extra, gaps=gaps),
        "online": "",
    }
