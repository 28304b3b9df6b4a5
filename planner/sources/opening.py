"""Opening: from a path to records - recognise, unpack where needed, read as it stands."""

from __future__ import annotations

import os

from planner.sources.records import Records
from planner.sources.schema import Schema
from planner.sources.sniff import Format, local, recognise
from planner.sources.tables import read_table_file
from planner.sources.vectors import read_vector

LISTS = frozenset({Format.CSV, Format.XLSX, Format.XLS})


def open_records(
    path: str | os.PathLike[str], schema: Schema, *, layer: str | None = None, encoding: str | None = None
) -> Records:
    """Open any file that is read, whatever its name, and give its rows exactly as they stand.

    Raises `SourceError` where the file is not what it seems, damaged, or holds several layers.
    """
    found = local(path)
    kind = recognise(found)
    if kind in LISTS:
        return read_table_file(found, kind, schema, layer=layer, encoding=encoding)
    return read_vector(found, kind, layer=layer, encoding=encoding)
