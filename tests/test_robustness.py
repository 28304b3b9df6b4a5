"""Robustness: which plan holds when people, speed or a site turn out otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.access import robustness
from planner.coverage import Coverage
from planner.errors import IdError, QuestionError
from planner.optimise import maximise_coverage
from planner.plan import Plan, Scenario
from planner.sites import Sites
from tests.town import demand_of, sites_of


def coverage_of(people: list[float]) -> Coverage:
    """Site 0 reaches homes 0 and 1 in 5 and 14 minutes, site 1 homes 1 and 2 in 5 and 6, site 2 home 0 in 4."""
    pairs = [(0, 0, 5.0), (0, 1, 14.0), (1, 1, 5.0), (1, 2, 6.0), (2, 0, 4.0)]
    site, point, minutes = (np.array(column) for column in zip(*pairs, strict=True))
    demand = demand_of([(0, 0), (100, 0), (200, 0)], people)
    sites = sites_of([(0, 50), (150, 50), (0, 80)])
    return Coverage.from_pairs(demand, sites, site=site, point=point, minutes=minutes.astype(float), limit=15)


def plan_of(coverage: Coverage, name: str, *avoid: str) -> Plan:
    return maximise_coverage(Scenario(name, coverage, new=1, avoid=avoid))


@pytest.fixture
def plans() -> list[Plan]:
    coverage = coverage_of([50, 30, 20])
    return [plan_of(coverage, "west"), plan_of(coverage, "east", "site:0", "site:2")]


def test_a_plan_is_measured_as_planned_slower_and_with_other_people(plans: list[Plan]) -> None:
    now = plans[0].scenario.coverage
    later = replace(now, demand=demand_of([(0, 0), (100, 0), (200, 0)], [10, 30, 60]))
    found = robustness(plans, {"slower": now.within(10), "2035": later})
    assert found.shares.loc["west"].tolist() == pytest.approx([0.8, 0.0, 0.5, 0.4])
    assert found.shares.loc["east"].tolist() == pytest.approx([0.5, 0.0, 0.5, 0.9])
    assert found.worst_regret.tolist() == pytest.approx([0.5, 0.3])
    assert found.holds == "east"
    assert "'east' holds, worst regret 30.0%" in repr(found)


def test_of_equals_the_plan_that_is_better_as_planned_holds(plans: list[Plan]) -> None:
    assert robustness(plans).holds == "west"


def test_a_failing_site_leaves_only_those_no_other_open_site_reaches() -> None:
    coverage = coverage_of([50, 30, 20])
    both = maximise_coverage(Scenario("two", coverage, new=2, avoid=["site:2"]))
    found = robustness([both])
    worst = min(coverage.share([one for one in both.ids if one != gone]) for gone in both.added)
    assert found.shares.loc["two", "a site fails"] == pytest.approx(worst) == pytest.approx(0.5)


def test_what_cannot_be_compared_is_refused(plans: list[Plan]) -> None:
    coverage = plans[0].scenario.coverage
    with pytest.raises(QuestionError, match="name of its own"):
        robustness([plans[0], plans[0]])
    with pytest.raises(QuestionError, match="name of its own"):
        robustness([])
    with pytest.raises(QuestionError, match="worked out here"):
        robustness(plans, {"as planned": coverage})
    fewer = Coverage.from_pairs(
        coverage.demand, Sites(coverage.sites.frame.iloc[1:]), site=np.array([0]), point=np.array([0]),
        minutes=np.array([1.0]), limit=15,
    )  # fmt: skip
    with pytest.raises(IdError, match="knows no site 'site:0'"):
        robustness(plans, {"bridge": fewer})
