"""Opening: from a path to records - recognise, unpack where needed, read as it stands."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from planner.errors import SourceError
from planner.sources.archives import choose, unpacked
from planner.sources.personal import refuse_personal
from planner.sources.records import Records
from planner.sources.schema import Schema
from planner.sources.shapefiles import companions
from planner.sources.sniff import Format, local, recognise, unchanged
from planner.sources.tables import read_table_file
from planner.sources.vectors import read_vector
from planner.sources.watching import Progress, watched

LISTS = frozenset({Format.CSV, Format.XLSX, Format.XLS})


def open_records(
    path: str | os.PathLike[str],
    schema: Schema,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    ignore: Iterable[str] | None = (),
    progress: Progress | None = None,
) -> Records:
    """Open any file that is read, whatever its name, and give its rows exactly as they stand.

    Columns named in ``ignore`` are left out; columns of identity-card or telephone numbers are refused otherwise, but
    for ``ignore=None``, which is for looking only. Raises `SourceError` where the file is not what it seems,
    damaged, or holds several layers. ``progress(rows, of)`` is called now and then; without it, a bar shows where a
    person waits.
    """
    with watched(progress, Path(path).name) as told:
        records = _opened(path, schema, layer, encoding, told)
    return records if ignore is None else refuse_personal(records, ignore)


def _opened(
    path: str | os.PathLike[str], schema: Schema, layer: str | None, encoding: str | None, progress: Progress
) -> Records:
    found = local(path)
    kind = recognise(found)
    with unchanged(_files(found, kind)) as sha256:
        if kind is not Format.ZIP:
            return replace(_read(found, kind, schema, layer, encoding, progress), sha256=sha256)
        with unpacked(found) as folder:
            inner, rest = choose(found, folder, layer)
            records = _read(inner, recognise(inner), schema, rest, encoding, progress)
    return replace(records, file=f"{found.name}/{inner.name}", sha256=sha256)


def _files(path: Path, kind: Format) -> list[Path]:
    """The files a data set consists of, in a fixed order."""
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.is_file())
    return list(companions(path).values()) if kind is Format.SHAPEFILE else [path]


def _read(
    path: Path, kind: Format, schema: Schema, layer: str | None, encoding: str | None, progress: Progress
) -> Records:
    if kind in LISTS:
        return read_table_file(path, kind, schema, layer=layer, encoding=encoding, progress=progress)
    if kind is Format.ZIP:
        raise SourceError(f"{path.name} is an archive within an archive; unpack it and give the one with the data")
    if kind is Format.GEOTIFF:
        raise SourceError(f"{path.name} is a raster; only read_population takes one")
    if kind is Format.DBF:
        raise SourceError(f"{path.name} is the table of a shapefile; give its .shp, or save the table as .csv or .xlsx")
    return read_vector(path, kind, layer=layer, encoding=encoding, progress=progress)
