"""From a scenario to the plain problem under it."""

from __future__ import annotations

import numpy as np

from planner.optimise.problem import Problem
from planner.plan import Scenario


def problem_of(scenario: Scenario) -> Problem:
    """The array problem of a scenario, sites and rows in the scenario's order."""
    coverage = scenario.coverage
    rank = np.argsort(np.argsort(coverage.sites.ids.to_numpy(dtype=object), kind="stable"), kind="stable")
    return Problem(
        coverage.demand.people, coverage.starts, coverage.points, scenario.kept, scenario.possible, new=scenario.new,
        minutes=coverage.minutes, rank=rank,
    )  # fmt: skip
