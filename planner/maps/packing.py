"""Packing: arrays of numbers as one compressed text that the page unpacks.

Each array is stored as differences (where asked), byte plane by byte plane, and all are deflated together;
half a million cells so take two or three megabytes of the page instead of thirty.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from planner.arrays import Lines, Points
from planner.facts.lists import to_lonlat

STEPS = 1 << 18
"""Steps along the longer side of the page's box: under a metre for a city of 200 km."""

WIDTHS = {1: "u1", 2: "u2", 4: "i4"}


@dataclass(frozen=True, slots=True)
class Box:
    """A square of the world in Web Mercator, 0 to 1 from the north-west, in whole steps."""

    x: float
    y: float
    side: float

    @classmethod
    def around(cls, west: float, south: float, east: float, north: float) -> Box:
        """The square around bounds in degrees, with a little room."""
        corners = _mercator(np.array([[west, north], [east, south]]))
        side = float((corners[1] - corners[0]).max()) * 1.02 or 1e-6
        middle = corners.mean(axis=0)
        return cls(float(middle[0] - side / 2), float(middle[1] - side / 2), side)

    def steps(self, lonlat: Points) -> npt.NDArray[np.int32]:
        """Whole steps right and down from the box's corner, shape ``(n, 2)``."""
        at = (_mercator(lonlat) - (self.x, self.y)) / self.side * STEPS
        return np.round(at).astype(np.int32)

    def payload(self) -> list[float]:
        """What the page needs to place steps: corner and size of a step, in world widths."""
        return [self.x, self.y, self.side / STEPS]


def _mercator(lonlat: Points) -> Points:
    x = lonlat[:, 0] / 360 + 0.5
    sine = np.sin(np.radians(lonlat[:, 1]))
    y = 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)
    return np.column_stack([x, y])


def pack(arrays: Mapping[str, npt.NDArray[Any]], *, deltas: tuple[str, ...] = ()) -> dict[str, Any]:
    """One layer's arrays as ``{"columns": [[name, bytes, length, is_delta], ...], "data": base64}``."""
    columns, planes = [], []
    for name, array in arrays.items():
        width = array.dtype.itemsize
        if WIDTHS.get(width) != array.dtype.str[1:]:
            raise TypeError(f"{name} must hold uint8, uint16 or int32, not {array.dtype}")
        held = np.diff(array, prepend=array.dtype.type(0)) if name in deltas else array
        as_bytes = np.frombuffer(held.astype(f"<{WIDTHS[width]}").tobytes(), np.uint8).reshape(-1, width)
        planes.append(as_bytes.T.tobytes())
        columns.append([name, width, len(array), int(name in deltas)])
    data = base64.b64encode(zlib.compress(b"".join(planes), 9)).decode("ascii")
    return {"columns": columns, "data": data}


def pack_lines(lines: Lines, crs: CRS, box: Box, **more: npt.NDArray[Any]) -> dict[str, Any]:
    """Lines or rings as steps: ``x``, ``y``, and the ``sizes`` of the parts; ``more`` are arrays, one value a part."""
    turn = to_lonlat(crs)
    parts = np.asarray(lines, dtype=object)
    sizes = shapely.get_num_coordinates(parts).astype(np.int32)
    lonlat = np.column_stack(turn.transform(*shapely.get_coordinates(parts).T)) if len(parts) else np.empty((0, 2))
    at = box.steps(lonlat)
    arrays = {"x": at[:, 0].copy(), "y": at[:, 1].copy(), "sizes": sizes, **more}
    return pack(arrays, deltas=("x", "y"))
