"""Optimise: from a scenario to a plan."""

from __future__ import annotations

from planner.optimise.coverage import cover_everyone, maximise_coverage

__all__ = ["cover_everyone", "maximise_coverage"]
