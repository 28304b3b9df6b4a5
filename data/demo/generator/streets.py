"""Streets: lines traced through a field of directions, so that blocks follow the coast and the main roads.

The method of Chen et al. (2008), Interactive Procedural Street Modeling: a cross field (four equal directions at every
place) is blended from each core's own grid, the coast and the main roads; streets are followed through it
at a spacing that differs by core.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import shapely

from generator.places import Core, Village
from generator.terrain import Points, Terrain

RASTER = 60.0
STEP = 24.0


def tangents(line: shapely.Geometry, step: float) -> tuple[Points, np.ndarray]:
    """Points along a line and the direction there, in radians."""
    along = np.arange(0, line.length, step)
    here = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, np.minimum(along + 5, line.length)))
    behind = shapely.get_coordinates(shapely.line_interpolate_point(line, np.maximum(along - 5, 0)))
    return here, np.arctan2(*(ahead - behind).T[::-1])


@dataclass(eq=False)
class Field:
    """Four directions at right angles at every place, as the fourth power of a unit complex number."""

    corner: Points
    values: np.ndarray

    def angle(self, x: float, y: float) -> float:
        """One of the four directions at a place, in radians."""
        rows, columns = self.values.shape
        u, v = (x - self.corner[0]) / RASTER, (y - self.corner[1]) / RASTER
        i, j = min(max(int(v), 0), rows - 2), min(max(int(u), 0), columns - 2)
        a, b = v - i, u - j
        around = self.values[i : i + 2, j : j + 2]
        value = (1 - a) * ((1 - b) * around[0, 0] + b * around[0, 1]) + a * ((1 - b) * around[1, 0] + b * around[1, 1])
        return float(np.angle(value)) / 4


def make_field(terrain: Terrain, cores: list[Core], villages: list[Village], mains: list[shapely.Geometry]) -> Field:
    """Blend the directions of cores, villages, coast and main roads."""
    left, low, right, high = terrain.frame.bounds
    x, y = np.meshgrid(np.arange(left, right, RASTER), np.arange(low, high, RASTER))
    value = np.full(x.shape, 0.02 + 0j)
    for shape, angle, reach in [(c.shape, c.angle, 1500.0) for c in cores] + [
        (v.shape, v.angle, 260.0) for v in villages if v.rural
    ]:
        middle = shape.centroid
        value += np.exp(-((x - middle.x) ** 2 + (y - middle.y) ** 2) / (2 * reach**2)) * np.exp(4j * np.radians(angle))
    for lines, weight, reach in ((mains, 2.2, 230.0), ([terrain.land.boundary], 1.6, 330.0)):
        for line in shapely.get_parts(lines):
            for (px, py), angle in zip(*tangents(line, 90), strict=True):
                i, j, n = int((py - low) / RASTER), int((px - left) / RASTER), int(2.5 * reach / RASTER)
                part = (slice(max(i - n, 0), max(i + n, 0)), slice(max(j - n, 0), max(j + n, 0)))
                near = np.exp(-((x[part] - px) ** 2 + (y[part] - py) ** 2) / (2 * (reach * 0.6) ** 2))
                value[part] += 0.28 * weight * near * np.exp(4j * angle)
    return Field(np.array([left, low]), value)


@dataclass(eq=False)
class Tracer:
    """Follows streets through a field and keeps them apart from their like."""

    field: Field
    cell: float = 120.0
    taken: dict[tuple[int, int], list[tuple[float, float, float, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def take(self, line: Points) -> None:
        """Mark a line's surroundings as served."""
        path = shapely.linestrings(line)
        for (x, y), angle in zip(*tangents(path, STEP), strict=True):
            self.taken[int(x // self.cell), int(y // self.cell)].append((x, y, np.cos(angle), np.sin(angle)))

    def crowded(self, x: float, y: float, dx: float, dy: float, apart: float) -> bool:
        """Tell whether a line of about this direction runs within ``apart`` metres."""
        reach = int(apart // self.cell) + 1
        column, row = int(x // self.cell), int(y // self.cell)
        for i in range(column - reach, column + reach + 1):
            for j in range(row - reach, row + reach + 1):
                for px, py, qx, qy in self.taken.get((i, j), ()):
                    if (px - x) ** 2 + (py - y) ** 2 < apart * apart and abs(qx * dx + qy * dy) > 0.76:
                        return True
        return False

    def _follow(
        self, x: float, y: float, heading: float, apart: float, ground: shapely.Geometry, longest: float
    ) -> list[tuple[float, float]]:
        out = []
        for _ in range(int(longest / STEP)):
            turn = self.field.angle(x, y)
            heading = turn + np.pi / 2 * round((heading - turn) / (np.pi / 2))
            dx, dy = float(np.cos(heading)), float(np.sin(heading))
            x, y = x + STEP * dx, y + STEP * dy
            if not shapely.contains_xy(ground, x, y) or self.crowded(x, y, dx, dy, apart):
                break
            out.append((x, y))
        return out

    def street(
        self, seed: Points, heading: float, apart: float, ground: shapely.Geometry, longest: float
    ) -> Points | None:
        """Follow the field both ways from a seed; None where a like street is too near or the street too short."""
        x, y = seed
        turn = self.field.angle(x, y) + heading
        if self.crowded(x, y, float(np.cos(turn)), float(np.sin(turn)), 0.86 * apart):
            return None
        ahead = self._follow(x, y, turn, 0.6 * apart, ground, longest)
        behind = self._follow(x, y, turn + np.pi, 0.6 * apart, ground, longest)
        line = np.array([*behind[::-1], (x, y), *ahead])
        if len(line) * STEP < 0.8 * apart:
            return None
        self.take(line)
        return line


def trace(
    tracer: Tracer,
    shape: shapely.Geometry,
    ground: shapely.Geometry,
    apart: float,
    rng: np.random.Generator,
    longest: float = 6000.0,
) -> list[shapely.Geometry]:
    """Fill a built-up area with streets about ``apart`` metres from each other, in both directions."""
    left, low, right, high = shape.bounds
    pitch = apart / 2.2
    x, y = np.meshgrid(np.arange(left, right, pitch), np.arange(low, high, pitch))
    seeds = np.column_stack([x.ravel(), y.ravel()])
    seeds += rng.uniform(-pitch / 2, pitch / 2, seeds.shape)
    shapely.prepare(shape)
    shapely.prepare(ground)
    seeds = rng.permutation(seeds[shapely.contains_xy(shape, seeds[:, 0], seeds[:, 1])])
    lines = []
    for seed in seeds:
        for heading in (0.0, np.pi / 2):
            own = apart * rng.uniform(0.85, 1.2)
            if not shapely.contains_xy(ground, *seed):
                continue
            line = tracer.street(seed, heading, own, ground, longest)
            if line is not None:
                lines.append(shapely.simplify(shapely.linestrings(line), 2.5))
    return lines
