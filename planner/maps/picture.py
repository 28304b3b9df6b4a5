"""Picture: a plan's people as a small image, for the index and the browser's tab."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.arrays import Positions

WIDE, HIGH = 220, 136
PAPER = (250, 249, 245)


def small_picture(at: Positions, kind: npt.NDArray[Any], colours: list[str]) -> str:
    """A PNG as a data address: points, shape ``(n, 2)``, in the colours of their kinds, later kinds beneath."""
    pixels = np.full((HIGH, WIDE, 3), PAPER, np.uint8)
    if len(at):
        low, high = at.min(axis=0), at.max(axis=0)
        scale = min((WIDE - 9) / max(high[0] - low[0], 1), (HIGH - 9) / max(high[1] - low[1], 1))
        spot = ((at - (low + high) / 2) * scale + (WIDE / 2, HIGH / 2)).astype(int)
        for number in reversed(range(len(colours))):
            x, y = spot[kind == number].T
            for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
                pixels[y + dy, x + dx] = tuple(bytes.fromhex(colours[number][1:]))
    return "data:image/png;base64," + base64.b64encode(_png(pixels)).decode("ascii")


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """The plainest PNG there is: eight bits a colour, no filter."""
    high, wide, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )
