"""Summary: people covered before and after, by unit and by reading, in whole numbers that add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from planner.access.readings import Readings
from planner.area import Units
from planner.arrays import Mask
from planner.coverage import Coverage
from planner.demand import Demand
from planner.errors import QuestionError
from planner.layers import Layer
from planner.plan import Plan
from planner.rounding import whole_people
from planner.services import Reading

UNASSIGNED = "unassigned"
TOTAL = "total"
STATES = ("still_covered", "newly_covered", "no_longer_covered", "out_of_reach", "not_connected")


@dataclass(frozen=True, eq=False)
class Summary:
    """People by unit in whole numbers that add up: before, after, and by every reading.

    In every row ``people = covered + uncovered + not_connected`` and ``covered = covered_before + newly_covered -
    no_longer_covered``; rows add up to the total, towns to their district. Shares are worked out from the
    whole numbers shown. ``overall`` is the total row.
    """

    levels: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame]
    readings: tuple[Reading, ...]

    def table(self, level: str) -> pd.DataFrame:
        """One row a unit of the level, by unit ID, then those in no unit (``unassigned``, if any) and the ``total``."""
        if level not in self.tables:
            raise QuestionError(f"no units of level {level!r}; there are {', '.join(self.levels)}")
        return self.tables[level].copy()

    @property
    def overall(self) -> dict[str, Any]:
        """The total row: people, covered_before, covered, uncovered, not_connected, shares, readings."""
        row = next(iter(self.tables.values())).loc[TOTAL]
        return {str(key): value.item() for key, value in row.drop(["code", "name", "parent"]).items()}

    def __repr__(self) -> str:
        whole = self.overall
        return (
            f"<Summary: {whole['covered']:,} of {whole['people']:,} people covered ({whole['share']:.1%}),"
            f" {whole['covered_before']:,} before, {whole['not_connected']:,} not connected>"
        )


def summarise(answer: Plan | Coverage, *, by: Units, readings: Readings | None = None) -> Summary:
    """Count people covered before and after a plan, by unit; or today's coverage, where no plan is given.

    Before means by the existing sites, after by the plan's open sites. A point lies in the smallest unit
    that holds it, and in that unit's parents. With ``readings`` the same counts stand for each of them.
    """
    coverage = answer.scenario.coverage if isinstance(answer, Plan) else answer
    before = coverage.sites.existing.ids
    after = answer.ids if isinstance(answer, Plan) else before
    flags = {"before": coverage.covered(before), "after": coverage.covered(after)}
    for key, read in (readings.coverages if readings else {}).items():
        flags |= {f"{key}_before": read.covered(before), key: read.covered(after)}
    states = _states(coverage, flags["before"], flags["after"])
    places = units_of(by, coverage.demand)
    counts = _whole_counts(coverage.demand, places, states, flags)
    sites = units_of(by, coverage.sites)
    opened = pd.Series(coverage.sites.ids.isin(after), index=coverage.sites.ids)
    standing = coverage.sites["existing"].astype(bool)
    site_flags = pd.DataFrame({"existing_sites": standing & opened, "new_sites": ~standing & opened})
    tables = {level: _table(by.at(level), level, counts, sites, site_flags) for level in by.levels}
    return Summary(by.levels, MappingProxyType(tables), readings.readings if readings else ())


def _states(coverage: Coverage, before: Mask, after: Mask) -> pd.Series:
    names = np.select([before & after, after, before, coverage.connected], STATES[:4], default=STATES[4])
    return pd.Series(names, index=coverage.demand.ids)


def units_of(units: Units, points: Layer) -> pd.DataFrame:
    """ID of the unit of each level each point lies in, by point ID; '' where it lies in none.

    The smallest unit that holds a point decides, and its parents follow; only where none holds it is the next wider
    level asked. Every table and list goes by this.
    """
    ids_by_code = pd.Series(units.ids, index=pd.Index(units["code"]))
    parents = units["parent"].map(ids_by_code)
    places = pd.DataFrame(index=points.ids)
    below: pd.Series | None = None
    for level in reversed(units.levels):
        found = units.locate(points, level)
        if below is not None:
            found = below.map(parents).where(lambda up: up.notna(), found)
        places[level] = found.fillna("")
        below = found
    return places


def _whole_counts(demand: Demand, places: pd.DataFrame, states: pd.Series, flags: Mapping[str, Mask]) -> pd.DataFrame:
    """People of each (units, state, readings) cell as whole numbers; one row a cell."""
    cells = places.assign(state=states, **flags, amount=demand.people)
    keys = [column for column in cells if column != "amount"]
    table = cells.groupby(keys, sort=True)["amount"].sum().reset_index()
    levels = list(places.columns)
    families = [table.groupby(levels[at:], sort=False).ngroup().to_numpy() for at in range(len(levels))]
    covered = table["state"].isin(STATES[:2]).to_numpy()
    families += [covered.astype(np.int64), table.groupby("state").ngroup().to_numpy()]
    table["people"] = whole_people(table["amount"].to_numpy(dtype=float), families, nearest=covered)
    return table


def _table(
    units: Units, level: str, counts: pd.DataFrame, sites: pd.DataFrame, site_flags: pd.DataFrame
) -> pd.DataFrame:
    keys = [flag.removesuffix("_before") for flag in map(str, counts) if flag.endswith("_before")]
    people = _amounts(counts, keys).groupby(counts[level]).sum()
    whole = people.join(site_flags.groupby(sites[level]).sum(), how="outer")
    frame = pd.DataFrame(units.frame.sort_values("code")[["code", "name", "parent"]])
    frame.loc[UNASSIGNED] = frame.loc[TOTAL] = ""
    whole = whole.rename(index={"": UNASSIGNED}).reindex(frame.index).fillna(0).astype(np.int64)
    whole.loc[TOTAL] = whole.sum()
    frame = frame.join(whole)
    frame["share_before"] = _share(frame["covered_before"], frame["people"])
    frame["share"] = _share(frame["covered"], frame["people"])
    return frame if whole.loc[UNASSIGNED].any() else frame.drop(index=UNASSIGNED)


def _amounts(counts: pd.DataFrame, readings: list[str]) -> pd.DataFrame:
    people, state = counts["people"], counts["state"]
    of = {name: people.where(state == name, 0) for name in STATES}
    columns = {
        "people": people,
        "covered_before": of["still_covered"] + of["no_longer_covered"],
        "newly_covered": of["newly_covered"],
        "no_longer_covered": of["no_longer_covered"],
        "covered": of["still_covered"] + of["newly_covered"],
        "uncovered": of["out_of_reach"] + of["no_longer_covered"],
        "not_connected": of["not_connected"],
    }
    return pd.DataFrame(
        columns | {flag: people.where(counts[flag], 0) for k in readings for flag in (f"{k}_before", k)}
    )


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    return (part / whole.where(whole > 0)).astype(float)
