"""Optimise: from a scenario to a plan, with its proof."""

from __future__ import annotations

from planner.optimise.analysis import compare, frontier, plot_frontier, ranking, sensitivity
from planner.optimise.coverage import cover_everyone, maximise_coverage, maximise_in_stages
from planner.optimise.covering import CoverChoice, fewest_sites, most_covered
from planner.optimise.equity import maximise_worst_share
from planner.optimise.problem import Problem
from planner.optimise.programmes import maximise_over_years, maximise_tiers
from planner.optimise.saved import read_plan, save_plan
from planner.optimise.solvers import Highs, Search, Solver
from planner.optimise.times import minimise_mean_time, minimise_worst_time
from planner.optimise.verify import Verified, verify

__all__ = [
    "CoverChoice",
    "Highs",
    "Problem",
    "Search",
    "Solver",
    "Verified",
    "compare",
    "cover_everyone",
    "fewest_sites",
    "frontier",
    "maximise_coverage",
    "maximise_in_stages",
    "maximise_over_years",
    "maximise_tiers",
    "maximise_worst_share",
    "minimise_mean_time",
    "minimise_worst_time",
    "most_covered",
    "plot_frontier",
    "ranking",
    "read_plan",
    "save_plan",
    "sensitivity",
    "verify",
]
