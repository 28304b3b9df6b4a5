"""Gazetteer: what places were called, where their borders ran, who approved it, and what our books said at the time."""

from __future__ import annotations

from planner.gazetteer.boundaries import Line, Marker
from planner.gazetteer.divisions import Unit
from planner.gazetteer.naming import NewName
from planner.gazetteer.records import Basis, Record
from planner.gazetteer.register import Gazetteer, open_gazetteer

__all__ = ["Basis", "Gazetteer", "Line", "Marker", "NewName", "Record", "Unit", "open_gazetteer"]
