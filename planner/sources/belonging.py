"""Belonging: the unit each point lies in, where that is in doubt, and where the list says another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from planner.area import StudyArea, Units
from planner.sources.ledger import Ledger
from planner.sources.records import Geometries

ON_THE_LINE = 1e-6  # metres within which a point lies on a border


def tell_units(
    ledger: Ledger,
    points: Geometries,
    named: Mapping[str, npt.NDArray[np.object_]],
    rows: npt.NDArray[np.int64],
    area: StudyArea,
) -> None:
    """List points of the area in no unit, in two or on a border (``unit_doubts``), and those whose list names another unit
    (``unit_conflicts``). ``named`` are the names, or codes, a list gives, by level, aligned to all rows.

    A point on a border, or where units overlap, belongs to the unit with the smaller code: so `Units.locate` has it.
    """
    at = ledger.positions
    shapely.prepare(area.polygon)
    at = at[shapely.dwithin(area.polygon, points[at], ON_THE_LINE)]  # those in the buffer lie in no unit, and need not
    doubts, conflicts = [], []
    for level in area.units.levels:
        found = _Found(points[at], area.units.at(level))
        doubts += [(int(rows[at[i]]), level, *told) for i, told in found.doubts()]
        if level in named:
            conflicts += [(int(rows[at[i]]), level, *told) for i, told in found.conflicts(named[level][at])]
    if doubts:
        ledger.table("unit_doubts", pd.DataFrame(doubts, columns=["row", "level", "finding", "units", "counted_in"]))
        ledger.note(
            f"{len(doubts)} 处点位不在任何单位内、位于界线上或落入重叠区（界线上的计入代码较小的单位），见 unit_doubts 表",
            f"{len(doubts)} points lie in no unit, on a border or in two (they count in the unit with the smaller"
            " code); see the table unit_doubts",
        )
    if conflicts:
        ledger.table("unit_conflicts", pd.DataFrame(conflicts, columns=["row", "level", "said", "found"]))
        ledger.note(
            f"{len(conflicts)} 处点位填报的单位与坐标所在单位不一致，请核对，见 unit_conflicts 表",
            f"{len(conflicts)} points lie in another unit than the list says; check them in the table unit_conflicts",
        )


class _Found:
    """Points against the units of one level, in the order of their codes."""

    def __init__(self, points: Geometries, units: Units) -> None:
        frame = units.frame.sort_values("code", kind="stable")
        self.names = frame["name"].to_numpy(dtype=object)
        self.codes = frame["code"].to_numpy(dtype=object)
        shapes = frame.geometry.to_numpy()
        tree = shapely.STRtree(points)  # asked by the few shapes, which are made ready for many questions
        unit, point = tree.query(shapes, predicate="dwithin", distance=ON_THE_LINE)
        order = np.lexsort((unit, point))
        self.count = np.bincount(point, minlength=len(points))
        self.starts = np.concatenate([[0], np.cumsum(self.count)])
        self.unit = unit[order]
        edges = shapely.boundary(shapes)
        self.on_edge = set(tree.query(edges, predicate="dwithin", distance=ON_THE_LINE)[1].tolist())

    def of(self, i: int) -> npt.NDArray[np.int64]:
        """Positions of the units a point lies in."""
        return self.unit[self.starts[i] : self.starts[i + 1]]

    def doubts(self) -> list[tuple[int, tuple[str, str, str]]]:
        """Points of which it is no plain matter where they lie."""
        odd = sorted({*np.flatnonzero(self.count != 1).tolist(), *self.on_edge})
        return [(i, (self._finding(i), "、".join(self.names[self.of(i)]), self._counted(i))) for i in odd]

    def _finding(self, i: int) -> str:
        if not self.count[i]:
            return "in no unit"
        return "on a border" if i in self.on_edge else "in several units"

    def _counted(self, i: int) -> str:
        return str(self.names[self.of(i)[0]]) if self.count[i] else ""

    def conflicts(self, said: npt.NDArray[np.object_]) -> list[tuple[int, tuple[str, str]]]:
        """Points outside the unit the list names, where it is one of these."""
        known = {*self.names.tolist(), *self.codes.tolist()}
        told: list[tuple[int, tuple[str, str]]] = []
        for i in np.flatnonzero([word in known for word in said]):
            here: Any = self.of(int(i))
            if said[i] not in self.names[here] and said[i] not in self.codes[here]:
                told.append((int(i), (str(said[i]), "、".join(self.names[here]))))
        return told
