"""Sources: files as offices have them, read into records with every row accounted for."""

from __future__ import annotations

from planner.sources.area import read_area
from planner.sources.boundaries import Boundaries, read_boundaries
from planner.sources.columns import load_columns, save_columns
from planner.sources.inspect import FileFacts, LayerFacts, inspect
from planner.sources.layer import read_layer
from planner.sources.population import read_population
from planner.sources.quarters import read_quarters
from planner.sources.roads import read_roads
from planner.sources.sites import read_sites
from planner.sources.table import read_table

__all__ = [
    "Boundaries",
    "FileFacts",
    "LayerFacts",
    "inspect",
    "load_columns",
    "read_area",
    "read_boundaries",
    "read_layer",
    "read_population",
    "read_quarters",
    "read_roads",
    "read_sites",
    "read_table",
    "save_columns",
]
