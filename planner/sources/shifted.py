"""Shifted: the offset coordinate systems of Chinese web maps, GCJ-02 and BD-09, turned back on request.

The formula is the published one (as in coordtransform, eviltransform and others); its inverse is
found by iteration, to better than a millimetre. BD-09 adds a second, invertible twist.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner.arrays import Points

SHIFTED: Mapping[str, str] = {
    "GCJ-02": "GCJ-02",
    "GCJ02": "GCJ-02",
    "高德": "GCJ-02",
    "火星坐标": "GCJ-02",
    "BD-09": "BD-09",
    "BD09": "BD-09",
    "百度": "BD-09",
}
"""Names a shifted system goes by, and its proper one."""

_SEMI_MAJOR = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323
_BD_TWIST = np.pi * 3000.0 / 180.0


def to_cgcs2000(xy: Points, shift: str) -> Points:
    """Longitudes and latitudes ``(n, 2)`` with the shift taken out; CGCS2000 and WGS 84 agree to centimetres."""
    gcj = _from_bd09(xy) if shift == "BD-09" else np.asarray(xy, float)
    true = gcj.copy()
    for _ in range(6):
        true = gcj - (to_gcj02(true) - true)
    return true


def to_gcj02(xy: Points) -> Points:
    """Longitudes and latitudes ``(n, 2)`` as GCJ-02 shows them."""
    lon, lat = np.asarray(xy, float).T
    x, y = lon - 105.0, lat - 35.0
    wave = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + wave
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + wave
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1 - _ECCENTRICITY2 * np.sin(phi) ** 2
    north_degrees = north * 180.0 / (_SEMI_MAJOR * (1 - _ECCENTRICITY2) / (magic * np.sqrt(magic)) * np.pi)
    east_degrees = east * 180.0 / (_SEMI_MAJOR / np.sqrt(magic) * np.cos(phi) * np.pi)
    return np.column_stack([lon + east_degrees, lat + north_degrees])


def to_bd09(xy: Points) -> Points:
    """Longitudes and latitudes ``(n, 2)`` as BD-09 shows them."""
    lon, lat = to_gcj02(xy).T
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TWIST)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TWIST)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])


def _from_bd09(xy: Points) -> Points:
    """BD-09 turned back into GCJ-02, by iteration of the twist itself."""
    given = np.asarray(xy, float) - np.array([0.0065, 0.006])
    lon, lat = given.T
    guess = given.copy()
    for _ in range(6):
        radius = np.hypot(lon, lat) - 0.00002 * np.sin(guess[:, 1] * _BD_TWIST)
        angle = np.arctan2(lat, lon) - 0.000003 * np.cos(guess[:, 0] * _BD_TWIST)
        guess = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return guess
