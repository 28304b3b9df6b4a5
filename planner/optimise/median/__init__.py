"""Medians: the sites of least mean travel time, from short lists through cuts to a proof (p-median, Hakimi 1964)."""

from __future__ import annotations

from planner.optimise.median.choice import MedianChoice, least_mean_time, verify_median

__all__ = ["MedianChoice", "least_mean_time", "verify_median"]
