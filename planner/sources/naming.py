"""Naming: IDs for records, from their code where they have one, else from their content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from planner.arrays import Positions
from planner.sources.ledger import Ledger
from planner.sources.records import Geometries
from planner.sources.references import CGCS2000, between

Names = npt.NDArray[np.object_]


def coded(kind: str, codes: Iterable[str]) -> Names:
    """IDs such as ``site:0421`` from codes; ``""`` stays ``""``."""
    return np.array([f"{kind}:{code}" if code else "" for code in codes], dtype=object)


def from_content(kind: str, *parts: Iterable[object]) -> Names:
    """IDs such as ``site:9f86d081a3c4`` from what a record says and where it is; the same content, the same ID."""
    rows = zip(*parts, strict=True)
    return np.array([f"{kind}:{_short('|'.join(map(str, row)))}" for row in rows], dtype=object)


def _short(content: str) -> str:
    return hashlib.blake2b(content.encode(), digest_size=6).hexdigest()


def by_place(kind: str, points: Geometries, crs: CRS) -> Names:
    """IDs such as ``cell:117.19223_36.80154`` from the place, to a metre, whatever CRS it is measured in."""
    return np.array([f"{kind}:{lon:.5f}_{lat:.5f}" for lon, lat in degrees_of(points, crs)], dtype=object)


def degrees_of(points: Geometries, crs: CRS) -> npt.NDArray[np.float64]:
    """Longitude and latitude of points, shape ``(n, 2)``."""
    xy = shapely.get_coordinates(points)
    return np.column_stack(between(crs, CGCS2000).transform(xy[:, 0], xy[:, 1]))


def apart(names: Names) -> Names:
    """The same names, later ones of a kind told apart: ``a, a~2, a~3``."""
    again = pd.Series(names, dtype=object)
    if again.is_unique:
        return names
    order = again.groupby(names, sort=False).cumcount().to_numpy()
    return np.array(
        [name if at == 0 else f"{name}~{at + 1}" for name, at in zip(names, order, strict=True)], dtype=object
    )


def leave_out_repeated(names: Names, ledger: Ledger, column: str) -> None:
    """Quarantine standing rows whose ID an earlier standing row has; ``names`` is aligned to all rows."""
    standing = ledger.positions
    again = pd.Series(names[standing], dtype=object).duplicated().to_numpy()
    ledger.quarantine(standing[again], "id.repeated", column=column, value=names[standing[again]])


def as_bounded(shapes: Geometries) -> Positions:
    """Positions of the shapes that have the bounds of another: only among these can two be equal."""
    bounds = shapely.bounds(shapes)
    western = np.flatnonzero(pd.Series(bounds[:, 0]).duplicated(keep=False))
    return western[pd.DataFrame(bounds[western]).duplicated(keep=False).to_numpy()]


def leave_out_copies(frame: pd.DataFrame, shapes: Geometries, rows: npt.NDArray[np.int64], ledger: Ledger) -> None:
    """Put aside standing rows equal to an earlier one in every attribute and in shape, as duplicates."""
    standing = ledger.positions
    boxed = standing[as_bounded(shapes[standing])]
    drawn = pd.Series(list(shapely.to_wkb(shapes[boxed])), dtype=object)
    twice = drawn.duplicated(keep=False)
    at, drawn = boxed[twice.to_numpy()], drawn[twice]  # only those drawn twice need a look at their attributes
    if not len(at):
        return
    said = [tuple(map(str, row)) for row in frame.iloc[at].itertuples(index=False, name=None)]
    first: dict[object, int] = {}
    keys = list(zip(said, drawn, strict=True))
    for key, position in zip(keys, at, strict=True):
        first.setdefault(key, int(position))
    originals = np.array([first[key] for key in keys])
    again = originals != at
    ledger.duplicate(at[again], "row.duplicate", value=[str(row) for row in rows[originals[again]]])
