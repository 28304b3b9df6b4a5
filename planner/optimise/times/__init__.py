"""Times: the least mean minutes and the least minutes of the last person, with and without rules."""

from __future__ import annotations

from planner.optimise.times.asking import minimise_mean_time, minimise_worst_time

__all__ = ["minimise_mean_time", "minimise_worst_time"]
