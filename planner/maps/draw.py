"""Draw: a plan, or today's coverage, as a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
from planner.facts.secrecy import public
from planner.layers import Layer
from planner.maps.content import (
    BORDERS,
    OFFLINE,
    SERVICE_AREA,
    SYMBOLS,
    TIME_COLOURS,
    UNCOVERED,
    about_rows,
    class_words,
    gap_rows,
    legend_rows,
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
    sites_picture,
    spacing_steps,
    unit_layer,
)
from planner.maps.online import OnlineBase
from planner.maps.packing import Box
from planner.maps.page import PlanMap
from planner.maps.page_tables import page_tables
from planner.network import Network
from planner.plan import Plan
from planner.services import Service

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
    service_areas: gpd.GeoDataFrame | None = None,
    online: OnlineBase | None = None,
    service: Service | None = None,
    parameters: Mapping[str, Any] | pd.DataFrame | None = None,
    sources: Iterable[str] = (),
    map_approval: str | None = None,
    made_by: str = "",
    on: date | None = None,
    made_on: date | None = None,
) -> PlanMap:
    """Draw a plan, or today's coverage, as one offline page; ``.save("x.html")`` writes it.

    ``by`` is the study area or its units; ``network`` gives the roads of the base map, ``layers`` areas such
    as ``{"water": ..., "green": ...}``, ``places`` points with a ``name``, such as the `names_in_force` on the
    map's date, ``gaps`` what `planner.access.find_gaps` found, ``service_areas`` what `planner.service_areas` drew.
    Parameters and sources are printed on the page. Without a ``map_approval`` number (审图号) the
    page is stamped as internal. ``online`` adds a base map from one host that the reader may switch on. `Facts`
    gathered once serve a map and a report alike.

    Rows whose 密级 is not 公开 are left out. For a sensitive service small counts are hidden and nothing shows
    where people live.
    """
    words(lang)  # an unknown language is refused before the work
    facts = answer if isinstance(answer, Facts) else gather(
        answer, by=by or area, summary=summary, parameters=parameters, sources=sources, title=title, gaps=gaps,
        service=service, on=on, made_on=made_on, map_approval=map_approval, made_by=made_by,
    )  # fmt: skip
    if facts.units is None:
        raise QuestionError("a map with a summary needs the units it counts by; pass by= (a StudyArea or Units)")
    base = Base.of(facts, facts.units)
    reach = _reach(service_areas, facts, base.box)
    extra = [_area(name, shape, base.box) for name, shape in (layers or {}).items()]
    data = _data(facts, base, named_points(public(places), base.box), lang) | {
        "roads": road_layer(network, base.box) if network is not None else None,
        "areas": extra,
        "reach": reach,
        "online": online.payload() if online is not None else None,
    }
    data["say"] = {each: _say(facts, each) for each in LANGUAGES}
    content = _content(facts, data["say"][lang], lang, base.picture)
    content["legend"] = legend_rows(facts, lang, roads=network is not None, extra=extra, reach=reach is not None)
    if online is not None:
        content |= {"online": words(lang)["online_note"].format(host=online.host), "online_ask": data["online"]["ask"]}
        for each in LANGUAGES:
            data["say"][each]["t:online"] = words(each)["online_note"].format(host=online.host)
    return PlanMap(content, data, hosts=(f"https://{online.host}",) if online is not None else ())


@dataclass(frozen=True, eq=False)
class Base:
    """What every part of a page is placed in: its box, what is seen first and in all, and its small picture."""

    box: Box
    bounds: list[list[float]]
    whole: list[list[float]]
    picture: str

    @classmethod
    def of(cls, facts: Facts, units: Units) -> Base:
        """The box around everything; ``bounds`` of people and new stations; of a sensitive service, of its units."""
        west, south, east, north = units.frame.to_crs(4326).total_bounds
        edges, sites = np.array([[west, south], [east, north]]), lonlat(facts.coverage.sites)
        new = facts.new_sites[["longitude", "latitude"]].to_numpy(float)
        sites = sites[~facts.coverage.sites.ids.isin(facts.secret)]
        shown = every = np.vstack([sites, edges])
        if facts.hidden is None:
            people = lonlat(facts.coverage.demand)
            every, shown = np.vstack([people, every]), np.vstack([people[facts.coverage.demand.people > 0], new])
        box = Box.around(*every.min(axis=0), *every.max(axis=0))
        seen = shown if len(shown) else every
        bounds = [seen.min(axis=0)[::-1].tolist(), seen.max(axis=0)[::-1].tolist()]
        colours = [*TIME_COLOURS, UNCOVERED, OFFLINE]
        picture = people_picture(facts, box, colours) if facts.hidden is None else sites_picture(facts, box)
        return cls(box, bounds, [[south, west], [north, east]], picture)


def _data(facts: Facts, base: Base, places: list[list[Any]], lang: str) -> dict[str, Any]:
    """What the page draws and tells, as plain values."""
    units = facts.units
    if units is None:
        raise QuestionError("a map needs the units it counts by")
    shapes, label_points = unit_layer(units, base.box)
    rows, sites = unit_rows(facts, label_points, shapes.pop("bounds")), site_rows(facts, base.box)
    sites += gap_rows(facts, base.box)
    total = facts.overall["people"]
    return {
        "lang": lang,
        "box": base.box.payload(),
        "bounds": base.bounds,
        "whole": base.whole,
        "people": people_layer(facts, base.box) if facts.hidden is None else None,
        "colours": [*TIME_COLOURS, UNCOVERED, OFFLINE],
        "symbols": SYMBOLS,
        "units": {**shapes, "rows": rows},
        "borders": BORDERS,
        "sites": sites,
        "places": places,
        "steps": facts.covered_by_step,
        "total": total if facts.hidden is None else None,
        "apart": spacing_steps(sites),
        "finest": units.levels[-1],
        "index": search_index(rows, sites, places),
    }


def _reach(areas: gpd.GeoDataFrame | None, facts: Facts, box: Box) -> dict[str, Any] | None:
    """The widest service area of every open station, and the stations they belong to."""
    if areas is None:
        return None
    shown = set(facts.new_sites.index) | set(facts.existing_sites.index)
    widest = areas[(areas["minutes"] == areas["minutes"].max()) & areas["site"].isin(shown)]
    return {**area_layer(widest, box), "refs": [f"s:{site}" for site in widest["site"]], "colour": SERVICE_AREA}


def _area(name: str, shape: gpd.GeoDataFrame | Layer, box: Box) -> dict[str, Any]:
    frame = public(shape.frame if isinstance(shape, Layer) else shape)
    return {**area_layer(frame, box), "name": name, "colour": AREA_COLOURS.get(name, "#e5dccb")}


def _say(facts: Facts, lang: str) -> dict[str, str]:
    said = dict(words(lang))
    said |= {"t:title": title(facts, lang), "t:finding": finding(facts, lang), "t:proof": proof(facts, lang)}
    said |= {f"t:reading{row}": reading["name"] for row, reading in enumerate(headline(facts, lang))}
    said |= {"t:people": said["people_unit"], "t:notes": " ".join(facts.notes(lang)), **class_words(facts, lang)}
    for number, row in enumerate(about_rows(facts, lang)):
        said |= {f"t:p{number}:{part}": row[part] for part in ("name", "value", "source")}
    return said


def _content(facts: Facts, said: dict[str, str], lang: str, picture: str) -> dict[str, Any]:
    return {
        "lang": lang,
        "say": said,
        "map_approval": facts.map_approval,
        "made_by": facts.made_by,
        "on": facts.on,
        "made_on": facts.made_on,
        "crs": f"{facts.coverage.demand.crs.name}（{facts.coverage.demand.crs.to_string()}）",
        "people": facts.overall["people"],
        "uncovered": facts.overall["uncovered"],
        "not_connected": facts.overall["not_connected"],
        "has_plan": facts.plan is not None,
        "headline": headline(facts, lang),
        "steps": facts.covered_by_step,
        "tables": page_tables(facts, lang),
        "parameters": about_rows(facts, lang),
        "sources": facts.sources,
        "picture": picture,
        "online": "",
    }
