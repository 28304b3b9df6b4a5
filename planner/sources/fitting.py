"""Fitting: whether the divisions read fit one another, their parents, and the zone they are measured in; told, not mended."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pyproj import CRS, Proj

from planner.area import Units
from planner.gazetteer.topology import tiling
from planner.sources.ledger import Ledger
from planner.sources.references import CGCS2000, CHINA

ZONE_DEGREES = 3.0


def tell_tiling(ledger: Ledger, units: Units) -> None:
    """List gaps and overlaps among the units of each level, and between units and the parent they should fill."""
    found = []
    for level in units.levels:
        tiles = units.at(level)
        above = units.frame[units.frame["code"].isin(set(tiles["parent"]) - {""})]
        parent = above.geometry.to_crs(CGCS2000).union_all() if len(above) else None
        found.append(tiling(tiles, parent=parent).assign(level=level))
    table = pd.concat([one for one in found if len(one)] or found[:1], ignore_index=True)
    if table.empty:
        return
    ledger.table("topology", table.drop(columns="geometry"))
    size = table.groupby("finding")["square_metres"].agg(["size", "sum"])
    zh = "；".join(
        f"{WORDS[str(name)]} {row['size']:.0f} 处共 {row['sum'] / 1e4:,.2f} 公顷" for name, row in size.iterrows()
    )
    en = "; ".join(f"{row['size']:.0f} × {name}, {row['sum'] / 1e4:,.2f} ha" for name, row in size.iterrows())
    ledger.note(
        f"区划之间不完全衔接：{zh}，见 topology 表", f"the divisions do not fit together: {en}; see the table topology"
    )


WORDS = {
    "gap": "缝隙",
    "overlap": "重叠",
    "sliver gap": "狭缝",
    "sliver overlap": "狭长重叠",
    "outside parent": "超出上级界线",
    "sliver outside parent": "略超上级界线",
}


def tell_zone(ledger: Ledger, lonlat_bounds: tuple[float, float, float, float], crs: CRS) -> None:
    """Warn where the area crosses a border of two three-degree zones: one is picked for all, and how far it stretches."""
    west, south, east, north = lonlat_bounds
    if not (CHINA[0] <= west and east <= CHINA[2] and CHINA[1] <= south and north <= CHINA[3]):
        return
    border = (np.floor((west - ZONE_DEGREES / 2) / ZONE_DEGREES) + 1) * ZONE_DEGREES + ZONE_DEGREES / 2
    if not west < border < east:
        return
    lon, lat = np.meshgrid([west, border, east], [south, north])
    factors = Proj(crs).get_factors(lon.ravel(), lat.ravel())
    worst = float(np.abs(np.asarray(factors.meridional_scale) - 1).max())
    ledger.fact("zone", f"{crs.to_string()}, crosses {border:g}° E")
    ledger.note(
        f"范围跨越 {border:g}°E（两个三度带的分界），统一采用 {crs.name}（{crs.to_string()}）量算，长度变形最大 {worst:.3%}",
        f"the area crosses {border:g}° E, the border of two three-degree zones; all of it is measured in {crs.name}"
        f" ({crs.to_string()}), which stretches metres by at most {worst:.3%}",
    )
