"""Hilbert: the order of places along a curve that keeps neighbours together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.arrays import Points

BITS = 16


def hilbert_distance(xy: Points) -> npt.NDArray[np.int64]:
    """Steps along a Hilbert curve over the bounds of the points, shape ``(n,)``, 0 to 4^16 - 1.

    Points nearer than 1/65,536 of the bounds may share a step.

    >>> import numpy as np
    >>> hilbert_distance(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])).argsort().tolist()
    [0, 1, 2, 3]
    """
    if not len(xy):
        return np.empty(0, np.int64)
    low = xy.min(axis=0)
    span = float((xy.max(axis=0) - low).max()) or 1.0
    cell = ((xy - low) * ((2**BITS - 1) / span)).astype(np.int64)
    x, y = cell[:, 0].copy(), cell[:, 1].copy()
    steps = np.zeros(len(xy), np.int64)
    for bit in range(BITS - 1, -1, -1):
        right, upper = (x >> bit) & 1, (y >> bit) & 1
        steps += ((3 * right) ^ upper) << (2 * bit)
        mirrored = (2**BITS - 1) * ((right == 1) & (upper == 0))
        x, y = x ^ mirrored, y ^ mirrored
        turned = upper == 0
        x, y = np.where(turned, y, x), np.where(turned, x, y)
    return steps
