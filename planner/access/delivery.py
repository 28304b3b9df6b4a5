"""Delivery: which villages a kitchen can bring meals to while they are warm, and who is left without (送餐到村).

An assignment of villages to kitchens, not a round of vehicles: each village is reached straight from its kitchen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from planner.coverage import Coverage
from planner.errors import DataError, InfeasibleError, QuestionError

TOO_FAR, NO_ROOM = "out of the window", "no capacity left"
_LEAST = 1e-6
"""Meals below which an assignment is rounding, not a delivery."""


@dataclass(frozen=True, eq=False)
class Deliveries:
    """What is brought where.

    ``rows`` has one for each village and kitchen that serve each other: ``village``, ``kitchen``, ``minutes``,
    ``meals``. ``kitchens`` has one a kitchen: ``villages``, ``meals``, ``capacity``, ``load`` (a share, missing where nothing
    limits it) and ``furthest_minutes``. ``unserved`` has one for each village that lacks meals: ``meals`` and ``reason``.
    """

    rows: pd.DataFrame
    kitchens: pd.DataFrame
    unserved: pd.DataFrame
    window_minutes: float

    @property
    def share(self) -> float:
        """Share of the meals asked for that are brought."""
        brought, lacking = self.rows["meals"].sum(), self.unserved["meals"].sum()
        return float(brought / (brought + lacking)) if brought + lacking else 1.0

    def __repr__(self) -> str:
        return (
            f"<Deliveries of {self.rows['meals'].sum():,.0f} meals to {self.rows['village'].nunique()} villages from"
            f" {(self.kitchens['meals'] > 0).sum()} kitchens within {self.window_minutes:g} minutes, {self.share:.1%}>"
        )


def deliver(
    coverage: Coverage,
    *,
    kitchens: pd.Index | None = None,
    meals_per_person: float = 1.0,
    capacity: pd.Series | None = None,
    window_minutes: float | None = None,
) -> Deliveries:
    """Assign villages to kitchens within a drive-time window: as many meals as can be, then the fewest meal-minutes.

    ``coverage`` is of villages as demand and kitchens as sites, with ``towards="people"``; ``window_minutes`` tightens it.
    ``capacity`` is meals by kitchen ID, unlimited where it is missing or not given. A village goes to one kitchen wherever
    there is room; at most as many are shared out as kitchens are full. Raises `QuestionError` for a number that cannot
    be, `DataError` for a capacity below 0.
    """
    if not 0 < meals_per_person < float("inf"):
        raise QuestionError(f"meals_per_person must be a number above 0, not {meals_per_person!r}")
    near = coverage if window_minutes is None else coverage.within(window_minutes)
    chosen = near.sites.ids if kitchens is None else pd.Index(kitchens)
    room = _room(chosen, capacity)
    wanted = near.demand.people * meals_per_person
    pairs = _pairs(near, chosen)
    pairs["meals"] = _assigned(pairs, wanted, room) if len(pairs) else 0.0
    rows = pairs[pairs["meals"] > _LEAST].sort_values(["point", "minutes", "at"])
    told = pd.DataFrame(
        {
            "village": near.demand.ids[rows["point"]], "kitchen": chosen[rows["at"]], "minutes": rows["minutes"].to_numpy(),
            "meals": rows["meals"].to_numpy(),
        }
    )  # fmt: skip
    return Deliveries(told, _kitchens(told, chosen, room), _unserved(near, pairs, wanted), near.limit)


def _room(chosen: pd.Index, capacity: pd.Series | None) -> Any:
    if capacity is None:
        return np.full(len(chosen), np.inf)
    room = capacity.reindex(chosen).astype(float).fillna(np.inf).to_numpy()
    if (room < 0).any():
        raise DataError(f"capacity of {chosen[int(np.argmin(room))]} is {room.min():g}; meals are 0 or more")
    return room


def _pairs(near: Coverage, chosen: pd.Index) -> pd.DataFrame:
    """Each chosen kitchen (``at``) with each village (``point``) in its window, both as positions."""
    at = np.full(len(near.sites), -1)
    at[near.sites.positions(chosen)] = np.arange(len(chosen))
    kept = at[near.site] >= 0
    return pd.DataFrame(
        {"at": at[near.site][kept], "point": near.points[kept], "minutes": near.minutes[kept].astype(float)}
    )


def _assigned(pairs: pd.DataFrame, wanted: Any, room: Any) -> Any:
    """Meals of each pair: a transport problem whose reward for a meal outweighs any detour through every kitchen."""
    if np.isinf(room).all():
        ordered = pairs.sort_values(["minutes", "at"])
        first = ordered.drop_duplicates("point").index
        return np.where(pairs.index.isin(first), wanted[pairs["point"]], 0.0)
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, vstack

    count, columns = len(pairs), np.arange(len(pairs))
    ones = np.ones(count)
    of_village = csr_array((ones, (pairs["point"], columns)), shape=(len(wanted), count))
    limited = np.flatnonzero(np.isfinite(room))
    of_kitchen = csr_array((ones, (pairs["at"], columns)), shape=(len(room), count))[limited]
    reward = (pairs["minutes"].max() + 1) * (len(room) + 1)
    found = linprog(
        pairs["minutes"].to_numpy() - reward, A_ub=vstack([of_village, of_kitchen]), b_ub=np.r_[wanted, room[limited]],
        method="highs-ds",
    )  # fmt: skip
    if found.x is None:
        raise InfeasibleError(f"meals could not be assigned: {found.message}")
    return found.x


def _kitchens(rows: pd.DataFrame, chosen: pd.Index, room: Any) -> pd.DataFrame:
    by = rows.groupby("kitchen")
    table = pd.DataFrame(index=pd.Index(chosen, name="kitchen"))
    table["villages"] = by["village"].nunique().reindex(chosen).fillna(0).astype(int)
    table["meals"] = by["meals"].sum().reindex(chosen).fillna(0.0)
    table["capacity"] = np.where(np.isfinite(room), room, np.nan)
    table["load"] = (table["meals"] / table["capacity"]).where(table["capacity"] > 0)
    table["furthest_minutes"] = by["minutes"].max().reindex(chosen)
    return table


def _unserved(near: Coverage, pairs: pd.DataFrame, wanted: Any) -> pd.DataFrame:
    brought = np.bincount(pairs["point"], weights=pairs["meals"], minlength=len(wanted)) if len(pairs) else 0.0
    lacking = wanted - brought
    short = np.flatnonzero(lacking > _LEAST)
    reachable = np.isin(short, pairs["point"])
    return pd.DataFrame(
        {
            "village": near.demand.ids[short], "meals": lacking[short],
            "reason": np.where(reachable, NO_ROOM, TOO_FAR).astype(object),
        }
    )  # fmt: skip
