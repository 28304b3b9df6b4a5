"""Writing: one verb for every format, whole files or none."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import pandas as pd

from planner.access import Summary, Suppressed
from planner.area import Units
from planner.errors import DataError
from planner.exports.contents import Layers, Thing, about, layers_of
from planner.exports.exchange import write_exchange
from planner.exports.lists import write_csv, write_xlsx
from planner.exports.vectors import write_flatgeobuf, write_geojson, write_geopackage, write_parquet
from planner.facts.secrecy import may_leave

Writer = Callable[[gpd.GeoDataFrame, Path], None]
SINGLE: Mapping[str, Writer] = MappingProxyType(
    {
        ".geojson": write_geojson,
        ".json": write_geojson,
        ".parquet": write_parquet,
        ".fgb": write_flatgeobuf,
        ".csv": write_csv,
    }
)


@dataclass(frozen=True, eq=False)
class Written:
    """What was written: the files, rows by layer, rows withheld for secrecy, and what the format could not hold."""

    files: tuple[Path, ...]
    rows: Mapping[str, int]
    withheld: int = 0
    losses: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"id": [], "column": [], "before": [], "after": []})
    )

    def __repr__(self) -> str:
        told = ", ".join(f"{count:,} {layer}" for layer, count in self.rows.items())
        secret = f", {self.withheld:,} withheld" if self.withheld else ""
        return f"<Written {self.files[0].name}: {told}{secret}>"


def write(
    thing: Thing,
    path: str | os.PathLike[str],
    *,
    layer: str | None = None,
    summary: Summary | Suppressed | None = None,
    units: Units | None = None,
) -> Written:
    """Write a plan, records or a frame in the format the file's name asks for.

    ``.gpkg`` and ``.xlsx`` hold every layer: of a plan its new and existing sites, the demand, and the units with the
    counts of ``summary``. ``.geojson`` (RFC 7946, degrees), ``.parquet``, ``.fgb``, ``.csv`` and ``.shp`` (the exchange
    shapefile: short ASCII field names with a map of them, GB18030, a list of losses) hold one, ``layer`` or the
    first. The old file stays until the new one is whole.
    Records whose 密级 is not 公开 are withheld and counted. Raises `DataError` for a format or layer that is unknown.
    """
    target = Path(path)
    kind = target.suffix.lower()
    layers, withheld = _public(layers_of(thing, summary=summary, units=units))
    if kind in (".gpkg", ".xlsx"):
        chosen = layers if layer is None else {layer: _chosen(layers, layer)}
        if isinstance(thing, Mapping) is False and layer is None and "new_sites" in chosen:
            chosen = {name: frame for name, frame in chosen.items() if name != "sites"}  # they are new or existing
        (write_geopackage if kind == ".gpkg" else write_xlsx)(chosen, target, about(thing))
        return Written((target,), {name: len(frame) for name, frame in chosen.items()}, withheld)
    name = next(iter(layers)) if layer is None else layer
    frame = _chosen(layers, name)
    if kind == ".shp":
        files, losses = write_exchange(frame, target)
        return Written(files, {name: len(frame)}, withheld, losses)
    if kind not in SINGLE:
        known = ", ".join([".gpkg", ".xlsx", ".shp", *SINGLE])
        raise DataError(
            f"cannot write {target.name}: {kind or 'no suffix'} is no format that is known; use one of {known}"
        )
    SINGLE[kind](frame, target)
    return Written((target,), {name: len(frame)}, withheld)


def _chosen(layers: Layers, name: str) -> gpd.GeoDataFrame:
    if name not in layers:
        raise DataError(f"there is no layer {name!r}; there are {', '.join(layers)}")
    return layers[name]


def _public(layers: Layers) -> tuple[Layers, int]:
    kept, withheld = Layers(), set[object]()
    for name, frame in layers.items():
        leaves = may_leave(frame)
        withheld |= set(frame.index[~leaves])
        kept[name] = frame[leaves]
    return kept, len(withheld)
