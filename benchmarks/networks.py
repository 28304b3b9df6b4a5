"""Networks: seeded synthetic cities for benchmarks, from a hundred thousand nodes to a million."""

from __future__ import annotations

import numpy as np
import shapely
from pyproj import CRS

from planner.arrays import Points, Positions
from planner.network import Attachment, Network
from planner.network.hilbert import hilbert_distance
from planner.profiles import travel_profile

SPACING_METRES = 100.0
CORNER = (480_000.0, 4_050_000.0)  # metres east and north in EPSG:4548, about Jinan
DRIVE_KMH = np.array([60.0, 45.0, 30.0, 20.0])


def synthetic_network(nodes: int, mode: str, *, seed: int = 1) -> Network:
    """Give a city of about ``nodes`` crossings: a grid with bent streets, gaps, one-ways (drive) and four speeds."""
    rng = np.random.default_rng(seed)
    side = int(np.sqrt(nodes))
    row, column = np.divmod(np.arange(side * side), side)
    xy = (np.column_stack((column, row)) + rng.uniform(-0.35, 0.35, (side * side, 2))) * SPACING_METRES + CORNER
    east = np.flatnonzero(column < side - 1)
    north = np.flatnonzero(row < side - 1)
    tail, head = np.concatenate((east, north)), np.concatenate((east + 1, north + side))
    line = np.concatenate((row[east], column[north]))  # which street of the grid
    kept = (rng.random(len(tail)) < 0.85) | (line % 8 == 0)
    tail, head, line = tail[kept], head[kept], line[kept]
    rank = _hilbert_rank(xy)
    order = np.argsort(rank)
    xy, tail, head = xy[order], rank[tail], rank[head]
    metres = np.hypot(*(xy[tail] - xy[head]).T) * rng.uniform(1.0, 1.3, len(tail))
    profile = travel_profile(mode)
    speed = np.full(len(tail), profile.metres_per_second * 60)
    oneway = np.zeros(len(tail), bool)
    if mode == "drive":
        klass = np.select([line % 32 == 0, line % 8 == 0, line % 4 == 0], [0, 1, 2], 3)
        speed = DRIVE_KMH[klass] * 1000 / 60
        oneway = (klass == 3) & (rng.random(len(tail)) < 0.2)
    minutes = metres / speed
    lines = shapely.linestrings(np.stack((xy[tail], xy[head]), axis=1))
    return Network(
        xy=xy, tail=tail, head=head, metres=metres, forward=minutes, backward=np.where(oneway, np.inf, minutes),
        lines=lines, road=np.arange(len(tail)), road_class=np.full(len(tail), "residential", object),
        attaches=np.ones(len(tail), bool), profile=profile, crs=CRS.from_epsg(4548),
    )  # fmt: skip


def scattered(network: Network, points: int, *, seed: int, off_road_metres: float = 30.0) -> Attachment:
    """Hang points on random roads, anywhere along them."""
    rng = np.random.default_rng(seed)
    return Attachment(rng.integers(len(network), size=points), rng.random(points), rng.random(points) * off_road_metres)


def _hilbert_rank(xy: Points) -> Positions:
    """Rank of each node along a Hilbert curve, as `build_network` numbers them."""
    rank = np.empty(len(xy), np.int64)
    rank[np.argsort(hilbert_distance(xy), kind="stable")] = np.arange(len(xy))
    return rank
