"""Hilbert: the order of places along a curve that keeps neighbours together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.arrays import Points

BITS = 16
BLOCK = 32_768  # points at once: what a core's cache holds


def hilbert_distance(xy: Points) -> npt.NDArray[np.int64]:
    """Steps along a Hilbert curve over the bounds of the points, shape ``(n,)``, 0 to 4^16 - 1.

    Points nearer than 1/65,536 of the bounds may share a step.

    >>> import numpy as np
    >>> hilbert_distance(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])).argsort().tolist()
    [0, 1, 2, 3]
    """
    steps = np.zeros(len(xy), np.int64)
    if not len(xy):
        return steps
    low = xy.min(axis=0)
    span = float((xy.max(axis=0) - low).max()) or 1.0
    for start in range(0, len(xy), BLOCK):
        cell = ((xy[start : start + BLOCK] - low) * ((2**BITS - 1) / span)).astype(np.int32)
        _walk(cell[:, 0].copy(), cell[:, 1].copy(), steps[start : start + BLOCK])
    return steps


def _walk(x: npt.NDArray[np.int32], y: npt.NDArray[np.int32], steps: npt.NDArray[np.int64]) -> None:
    """Count the steps to each cell, quarter within quarter; a lower quarter is turned, and the right one mirrored too."""
    for bit in range(BITS - 1, -1, -1):
        right, upper = (x >> bit) & 1, (y >> bit) & 1
        steps <<= 2
        steps |= (3 * right) ^ upper
        mirrored = (2**BITS - 1) * (right & ~upper)
        x ^= mirrored
        y ^= mirrored
        turned = (x ^ y) & (upper - 1)  # all bits where lower, none where upper
        x ^= turned
        y ^= turned
