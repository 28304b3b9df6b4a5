"""Exports: plans, records and frames handed back as files a GIS office works with."""

from __future__ import annotations

from planner.exports.writing import Written, write

__all__ = ["Written", "write"]
