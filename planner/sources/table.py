"""Table: any list or attribute table as it stands, text under its own headings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import shapely

from planner.errors import ColumnError
from planner.imports import ImportReport
from planner.sources.ledger import Ledger
from planner.sources.opening import open_records
from planner.sources.records import Geometries, Records
from planner.sources.references import CGCS2000, Said, place, settle
from planner.sources.schema import Schema, every_schema
from planner.sources.values import texts
from planner.sources.watching import Progress

Path = str | os.PathLike[str]


def read_table(
    path: Path,
    *,
    layer: str | None = None,
    crs: Said = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    ignore: Iterable[str] = (),
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Read any list, or the attribute table of any layer, as text under its own headings; nothing is judged.

    The index is each row's number in the file. ``columns`` gives headings other names: new name to heading. Shapes are
    kept as ``geometry`` in EPSG:4490. Total rows and rows that are no text are left out; the account, in words, is in
    ``frame.attrs["report"]``, the file's name and hash in ``attrs["file"]`` and ``attrs["sha256"]``.
    """
    frame, report = table_of(
        path, every_schema(), layer=layer, crs=crs, encoding=encoding, columns=columns, ignore=ignore, progress=progress
    )
    frame.attrs["report"] = report.describe()
    return frame


def table_of(
    path: Path,
    words: Schema,
    *,
    layer: str | None = None,
    crs: Said = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    ignore: Iterable[str] = (),
    transformation: str | None = None,
    progress: Progress | None = None,
) -> tuple[pd.DataFrame, ImportReport]:
    """The table of `read_table` with its report, the headings found by the words of a schema."""
    records = open_records(path, words, layer=layer, encoding=encoding, ignore=ignore, progress=progress)
    ledger = Ledger(records)
    frame = pd.DataFrame({heading: texts(records.frame[heading]) for heading in records.headings}, dtype=object)
    frame = frame.mask(frame == "", None)
    if records.geometry is not None:
        frame["geometry"] = _in_degrees(records, ledger, crs, transformation)
    frame = _renamed(frame, columns or {}, records.where).set_axis(records.rows, axis="index")[ledger.standing]
    frame.attrs |= {"file": records.where, "sha256": records.sha256}
    return frame, ledger.report()


def _in_degrees(records: Records, ledger: Ledger, crs: Said, transformation: str | None) -> Geometries:
    shapes = np.asarray(records.geometry, dtype=object)
    ledger.quarantine(shapely.is_missing(shapes) & _damaged(records), "geometry.unreadable")
    box = shapely.bounds(shapes)
    box = box[np.isfinite(box).all(axis=1)]
    if not len(box):
        return shapes
    corners = np.concatenate([box[:, :2], box[:, 2:]])
    reference = settle(records.crs, crs, corners, area=None, where=records.where, transformation=transformation)
    ledger.fact("crs", str(reference))
    return place(shapes, reference, CGCS2000)


def _damaged(records: Records) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    lost = np.zeros(len(records), bool)
    lost[list(records.damaged)] = True
    return lost


def _renamed(frame: pd.DataFrame, columns: Mapping[str, str], where: str) -> pd.DataFrame:
    if missing := [heading for heading in columns.values() if heading not in frame]:
        raise ColumnError(
            f"{where} has no column {', '.join(missing)}; its headings are {', '.join(map(str, frame.columns))}"
        )
    return frame.rename(columns={heading: name for name, heading in columns.items()})


def joined(first: ImportReport, then: ImportReport) -> ImportReport:
    """One account of a file that was read in two steps: the rows the first accepted are those the second read."""
    return ImportReport(
        file=first.file,
        sha256=first.sha256,
        read=first.read,
        accepted=then.accepted,
        quarantine=_both(first.quarantine, then.quarantine),
        duplicates=_both(first.duplicates, then.duplicates),
        repairs=_both(first.repairs, then.repairs),
        facts={**first.facts, **then.facts},
        notes=(*first.notes, *then.notes),
        tables={**first.tables, **then.tables},
    )


def _both(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    filled = [table for table in (one, other) if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else one
