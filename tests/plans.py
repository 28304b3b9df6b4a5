"""A small plan to draw and report: four towns, eighty homes, two stations and three more to build."""

from __future__ import annotations

import numpy as np

from planner.access import Readings
from planner.coverage import Coverage
from planner.demand import Demand
from planner.plan import Plan, Scenario
from planner.profiles import travel_profile
from planner.services import walking_readings
from planner.sites import Sites
from tests.town import demand_of, sites_of

METRES_A_MINUTE = 48.0


def crow_coverage(demand: Demand, sites: Sites, *, metres: float, cut_off: int = 3) -> Coverage:
    """Coverage as the crow flies; the last ``cut_off`` homes hang on no road."""
    apart = np.linalg.norm(sites.xy[:, None, :] - demand.xy[None, :, :], axis=2)
    connected = np.arange(len(demand)) < len(demand) - cut_off
    site, point = np.nonzero((apart <= metres) & connected)
    limit = metres / METRES_A_MINUTE
    pairs = Coverage.from_pairs(
        demand, sites, site=site, point=point, minutes=apart[site, point] / METRES_A_MINUTE, limit=limit
    )
    every_site = np.ones(len(sites), bool)
    return Coverage(
        demand, sites, pairs.starts, pairs.points, pairs.minutes, limit, connected, every_site, travel_profile("walk")
    )


def small_readings(names: list[str] | None = None) -> Readings:
    """Coverage of the small town by every reading; ``names`` are those of the first sites."""
    random = np.random.default_rng(7)
    homes = [(float(x), float(y)) for x, y in random.uniform(20, 1980, (80, 2))]
    demand = demand_of(homes, [float(value) for value in random.uniform(0.4, 9.7, 80)])
    today = sites_of([(430, 380), (1560, 1400)], existing=True, prefix="old")
    could = sites_of([(500, 1500), (1500, 500), (1000, 1000), (300, 1700)], prefix="new")
    sites = today + could
    if names:
        frame = sites.frame
        frame.loc[frame.index[: len(names)], "name"] = names
        sites = Sites(frame)
    wide = crow_coverage(demand, sites, metres=1000)
    ways = walking_readings()
    return Readings(wide, ways, {way.key: wide.within(way.metres / METRES_A_MINUTE) for way in ways})


def small_plan(readings: Readings, *, new: int = 3) -> Plan:
    """A plan that opens the first ``new`` candidates within ten minutes, proven best by its own word."""
    coverage = readings.at(10)
    scenario = Scenario("three more", coverage, new=new)
    opened = np.arange(2 + new)
    value = float(coverage.demand.people[coverage.covered_by(opened)].sum())
    return Plan(scenario, "coverage", opened, value, value, "by hand", "optimal", 0.1)
