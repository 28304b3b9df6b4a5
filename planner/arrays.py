"""Arrays: names for what a NumPy array holds, so that signatures read in the field's words."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Minutes: TypeAlias = npt.NDArray[np.floating[Any]]
"""Travel times; float64 while they are worked out, float32 once stored."""

Metres: TypeAlias = npt.NDArray[np.float64]
People: TypeAlias = npt.NDArray[np.float64]
Positions: TypeAlias = npt.NDArray[np.integer[Any]]
"""Row numbers into another array, from 0."""

Points: TypeAlias = npt.NDArray[np.float64]
"""Coordinates in metres, shape ``(n, 2)``, x before y."""

Mask: TypeAlias = npt.NDArray[np.bool_]
Lines: TypeAlias = npt.NDArray[np.object_]
"""Shapely LineStrings, shape ``(n,)``."""


def frozen(array: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Give a read-only array of the given type; a copy unless the caller's array already is one."""
    given = np.asarray(array)
    held = np.ascontiguousarray(given, dtype=dtype)
    if held is given and held.flags.writeable:
        held = held.copy()
    held.flags.writeable = False
    return held
