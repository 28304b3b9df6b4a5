"""OpenStreetMap: roads, people and possible sites from its extracts and its servers."""

from __future__ import annotations

from planner.sources.osm.fetching import fetch_roads
from planner.sources.osm.files import is_osm
from planner.sources.osm.places import read_osm_people, read_osm_sites
from planner.sources.osm.roads import read_osm

__all__ = ["fetch_roads", "is_osm", "read_osm", "read_osm_people", "read_osm_sites"]
