"""Signs: road-name signs in a closed loop: task → installed → accepted → fault → repaired → accepted … closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

import pandas as pd
import shapely

from planner.errors import DataError, IdError, PeriodError
from planner.gazetteer.ledger import Ledger, cut
from planner.gazetteer.records import Basis, Record
from planner.gazetteer.schema import INSPECTION, NAME, SIGN
from planner.layers import Period

STEPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "task": ("installed", "cancelled"), "installed": ("accepted", "fault"), "accepted": ("fault", "closed"),
        "fault": ("repaired", "closed"), "repaired": ("accepted", "fault"), "closed": (), "cancelled": (),
    }
)  # fmt: skip
NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"installed": ("geometry",), "accepted": ("photo",), "fault": ("due", "condition"), "repaired": ("photo",)}
)
OPEN = ("task", "installed", "fault", "repaired")
"""States in which something is still to be done."""


def order_sign(ledger: Ledger, number: str, road: str, *, on: date, due: date, basis: Basis) -> str:
    """Order a sign for a road with a standard name in use; gives the sign's ID."""
    named = [
        r for r in ledger.select(NAME, "thing = ? AND slot = 'standard'", (road,), on=on) if r["status"] != "retired"
    ]
    if not named:
        raise IdError(f"{road} has no standard name on {on}; a sign shows no other")
    if due < on:
        raise PeriodError(f"sign {number} is due on {due}, before it is ordered on {on}")
    thing = f"sign:{number}"
    if ledger.select(SIGN, "thing = ?", (thing,)):
        raise IdError(f"sign {number} is in the register already")
    values = {"road": road, "text": named[0]["name"], "status": "task", "status_since": on, "due": due}
    ledger.act("order sign", basis, begin=[Record(SIGN, thing, values, Period(on, None))])
    return thing


def advance_sign(
    ledger: Ledger, thing: str, to: str, *, on: date, basis: Basis, geometry: shapely.Point | None = None, **values: Any
) -> int:
    """Take a sign one step on: installing needs its place, accepting and repairing a photo, a fault its due date."""
    old = ledger.one(SIGN, thing, on=on)
    if to not in STEPS[old["status"]]:
        raise DataError(
            f"{thing} is {old['status']}; next can come {', '.join(STEPS[old['status']]) or 'nothing'}, not {to!r}"
        )
    given = {**values, "geometry": geometry or old.geometry}
    if missing := [need for need in NEEDS.get(to, ()) if not given.get(need)]:
        raise DataError(f"to make {thing} {to!r}, give {', '.join(missing)}")
    changes = {"due": None, **values, "status": to, "status_since": on, "geom": given["geometry"]}
    if to == "installed":
        changes["due"] = values.get("due", old["due"])
    fresh = old.but(valid=Period(on, old.valid.end), **changes)
    return ledger.act(f"sign {to}", basis, begin=[*cut(old, on), fresh], end=[old])


def patrol_sign(ledger: Ledger, thing: str, *, on: date, basis: Basis, result: str) -> int:
    """Log a patrol past a sign that found nothing to repair; a fault is `advance_sign` to ``fault``."""
    ledger.one(SIGN, thing, on=on)
    values = {"subject": thing, "type": "patrol", "day": on, "result": result, "by_whom": basis.actor}
    log = Record(INSPECTION, f"inspection:{thing}:{ledger.last() + 1}", values, Period(on, None))
    return ledger.act("sign patrol", basis, begin=[log])


def signs_due(ledger: Ledger, on: date) -> pd.DataFrame:
    """Signs with something to be done whose due date has passed, the latest first."""
    marks = ", ".join("?" * len(OPEN))
    found = ledger.select(SIGN, f"status IN ({marks}) AND due < ?", (*OPEN, on.isoformat()), on=on)
    rows = [(r.thing, r["road"], r["text"], r["status"], r["due"], (on - r["due"]).days) for r in found]
    frame = pd.DataFrame(rows, columns=["sign", "road", "text", "status", "due", "days_late"])
    return frame.sort_values(["days_late", "sign"], ascending=[False, True], ignore_index=True)


def roads_without_sign(ledger: Ledger, on: date) -> pd.DataFrame:
    """Roads named on a day without a sign that stands, and signs that show another name than the road's."""
    signs: dict[str, list[Record]] = {}
    for sign in ledger.select(SIGN, "status NOT IN ('task', 'closed', 'cancelled')", on=on):
        signs.setdefault(sign["road"], []).append(sign)
    rows = []
    for road in ledger.select(NAME, "slot = 'standard' AND category = 'street' AND status != 'retired'", on=on):
        standing = signs.get(road.thing, [])
        if not standing:
            rows.append((road.thing, road["name"], "no sign", ""))
        rows += [
            (road.thing, road["name"], "sign shows another name", s["text"])
            for s in standing
            if s["text"] != road["name"]
        ]
    return pd.DataFrame(rows, columns=["road", "name", "finding", "shown"])
