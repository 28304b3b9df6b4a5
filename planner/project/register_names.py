"""Register names: the place names the project's own register holds in force on the plan's day, for the base of its maps."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd

from planner.area import StudyArea
from planner.gazetteer import open_gazetteer
from planner.maps import names_in_force
from planner.project.importing import project_store


def register_names(folder: Path, area: StudyArea, on: date) -> gpd.GeoDataFrame | None:
    """Names in force in the area on a day, from the register in the folder's project file; None where it holds none."""
    store = project_store(folder)
    if not store.exists or "register_names" not in store.tables():
        return None
    with open_gazetteer(store.path) as books:
        names = names_in_force(books, on).to_crs(area.crs)
    return names[names.intersects(area.polygon)]
