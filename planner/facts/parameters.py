"""Parameters of a calculation as rows: what was assumed, in which unit, by which source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd

from planner.access import Summary
from planner.coverage import Coverage
from planner.facts.words import words
from planner.plan import Plan
from planner.profiles import Profile
from planner.services import Parameter, Service
from planner.texts import Text

Row = tuple[str | Text, Any, str | Text, str | Text]
COLUMNS = ("key", "value", "unit", "source")
COUNTING = frozenset({"points", "value", "bound"})
DISTRIBUTION = "service-coverage-planner"


def parameter_table(
    coverage: Coverage,
    plan: Plan | None,
    summary: Summary,
    given: Mapping[str, Any] | pd.DataFrame,
    service: Service | None = None,
    *,
    blank: bool = False,
) -> pd.DataFrame:
    """Every parameter with value, unit and source: the given ones first, then what the calculation itself knows.

    A key that stands in `planner.facts.words` as ``p_<key>`` is shown in the reader's language, any other as given;
    a table of four columns (name, value, unit, source) is taken as complete. Where ``blank``, what would tell a
    hidden count is left out.
    """
    if isinstance(given, pd.DataFrame):
        return given.set_axis(list(COLUMNS), axis=1).fillna("").reset_index(drop=True)
    rows = [*_given(given), *_service(service, coverage), *_travel(coverage)]
    rows += [*_readings(summary), *_plan(coverage, plan)]
    rows.append(("version", f"planner {_version()}", "", "measured"))
    table = pd.DataFrame([row for row in rows if not (blank and row[0] in COUNTING)], columns=COLUMNS)
    return table.drop_duplicates("key", keep="first", ignore_index=True)


def _given(given: Mapping[str, Any]) -> Iterator[Row]:
    for key, value in given.items():
        if isinstance(value, Parameter):
            yield key, value.value, value.unit, value.source
        elif isinstance(value, tuple) and len(value) in (2, 3):
            yield key, value[0], value[1] if len(value) == 3 else "", value[-1]
        else:
            yield key, value, "", "scenario_given"


def _service(service: Service | None, coverage: Coverage) -> Iterator[Row]:
    """What the service's preset says, less what was done otherwise here."""
    done = {row[0]: row[1] for row in _travel(coverage)}
    if coverage.profile is not None:
        done.setdefault("metres_per_second", None)  # driving goes by the class of road
    for name, parameter in service.parameters.items() if service is not None else ():
        if name in done and done[name] != parameter.value:
            continue
        told = name if f"p_{name}" in words("zh") or not str(parameter.name) else parameter.name
        yield told, parameter.value, parameter.unit, parameter.source


def _travel(coverage: Coverage) -> Iterator[Row]:
    yield "minutes", coverage.limit, "minutes_unit", "scenario_given"
    if (profile := coverage.profile) is None:
        return
    yield "mode", profile.mode, "", "profile_default"
    if profile.detour is not None:
        yield "detour", profile.detour, "", profile.sources.get("detour", "scenario_given")
        yield "metres_per_second", profile.metres_per_second, "m/s", profile.sources["metres_per_second"]
        return
    yield from _on_roads(profile)


def _on_roads(profile: Profile) -> Iterator[Row]:
    if "steps" in profile.barred and profile.mode == "walk":
        yield "steps_barred", True, "", profile.sources.get("barred", "profile_default")
    elif "steps" in profile.slower:
        yield "steps", profile.slower["steps"], "", profile.sources.get("slower", "profile_default")
    if "slope" in profile.sources:
        yield "slope", True, "", profile.sources["slope"]
    for road_class, seconds in profile.crossing_seconds.items():
        told = Text(f"横过道路的等候（{road_class}）", f"Wait to cross a road ({road_class})")
        yield told, seconds, "s", profile.sources.get("crossing_seconds", "scenario_given")
    for name, unit in (("metres_per_second", "m/s"), ("access_metres_per_second", "m/s"), ("snap_metres", "m")):
        if name == "metres_per_second" and profile.class_speeds:
            continue  # driving goes by the class of road
        yield name, getattr(profile, name), unit, profile.sources.get(name, "profile_default")


def _readings(summary: Summary) -> Iterator[Row]:
    for reading in summary.readings:
        yield f"reading:{reading.key}", reading.metres, "m", reading.source


def _plan(coverage: Coverage, plan: Plan | None) -> Iterator[Row]:
    yield "points", len(coverage.demand), "", "measured"
    if plan is None:
        return
    yield "candidates", int(plan.scenario.possible.sum()), "", "measured"
    if plan.scenario.new is not None:
        yield "new", plan.scenario.new, "", "scenario_given"
    for name in ("objective", "solver", "status", "value", "bound", "gap", "proven", "seconds", "seed"):
        value = getattr(plan, name)
        yield name, value, "s" if name == "seconds" else "", "measured"


def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "not installed"


def shown(row: Any, summary: Summary, lang: str) -> dict[str, str]:
    """A parameter as a reader sees it: ``name``, ``value`` with its unit, and ``source``."""
    said = words(lang)
    readings = {f"reading:{reading.key}": reading for reading in summary.readings}
    key = f"p_{row.key}" if f"p_{row.key}" in said else ""
    name = said[key] if key else Text.of(row.key).words(lang)
    if row.key in readings:
        reading = readings[row.key]
        name = f"{said['p_reading']}：{reading.zh if lang == 'zh' else reading.en}"
    value = _text(row.value, lang)
    unit = Text.of(said.get(row.unit, row.unit)).words(lang)
    source_key = row.source if row.source in said else ""
    source = said[source_key] if source_key else Text.of(row.source).words(lang)
    return {"name": name, "value": f"{value} {unit}".strip(), "source": source}


def _text(value: Any, lang: str) -> str:
    said = words(lang)
    if isinstance(value, bool):
        return said["yes" if value else "no"]
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return said.get(f"v_{value}", str(value))
