"""Campaigns: naming schemes with their counts, the clean-up ledger of irregular names, and the countryside names campaign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from planner.errors import DataError, IdError
from planner.gazetteer.codes import prefix
from planner.gazetteer.ledger import Ledger, cut
from planner.gazetteer.naming import check
from planner.gazetteer.records import Basis, Record
from planner.gazetteer.schema import DIVISION, NAME, SIGN, TASK
from planner.layers import Period

APPROVED = ("approved", "filed", "announced", "in use")
CLEANUP = ("found", "confirmed", "rectified", "kept")


@dataclass(frozen=True)
class SchemeCount:
    """How far a naming scheme has come: ``left`` are neither approved nor turned down."""

    scheme: str
    proposed: int
    approved: int
    turned_down: int

    @property
    def left(self) -> int:
        """Names still to be approved."""
        return self.proposed - self.approved - self.turned_down

    @property
    def share(self) -> float:
        """Approved names as a share of those proposed, 0 to 1."""
        return self.approved / self.proposed if self.proposed else 0.0


def scheme_count(ledger: Ledger, scheme: str, *, on: date | None = None) -> SchemeCount:
    """Count a scheme's names: proposed, approved, left."""
    found = {
        r.thing: r["status"] for r in ledger.select(NAME, "scheme = ? AND slot NOT LIKE 'former:%'", (scheme,), on=on)
    }
    if not found:
        raise IdError(f"the register holds no name of scheme {scheme!r}")
    states = list(found.values())
    turned_down = sum(state in {"rejected", "withdrawn"} for state in states)
    return SchemeCount(scheme, len(states), sum(state in APPROVED for state in states), turned_down)


def screen(ledger: Ledger, *, within: str = "") -> pd.DataFrame:
    """Judge every standing name by the rules, for the clean-up of irregular names: one row a finding, nothing recorded."""
    where, values = "slot = 'standard'", tuple[str, ...]()
    if within:
        start = prefix(within)
        where, values = where + " AND within >= ? AND within < ?", (start, start + ":")
    rows = [
        (record.thing, record["name"], finding.rule, finding.severity, finding.reason_zh, finding.clause)
        for record in ledger.select(NAME, where, values)
        for finding in check(ledger, record, place=record.thing)
    ]
    return pd.DataFrame(rows, columns=["place", "name", "rule", "severity", "reason", "clause"])


def enter_cleanup(ledger: Ledger, place: str, rule: str, *, on: date, due: date, basis: Basis, reason: str) -> str:
    """Enter an irregular name in the clean-up ledger; gives the entry's ID."""
    name = next((r["name"] for r in ledger.select(NAME, "thing = ? AND slot = 'standard'", (place,), on=on)), None)
    if name is None:
        raise IdError(f"{place} has no standard name on {on} to clean up")
    thing = f"task:cleanup:{place}:{rule}"
    values = {
        "ledger": "cleanup",
        "place": place,
        "title": name,
        "status": "found",
        "due": due,
        "rule": rule,
        "reason": reason,
    }
    ledger.act("clean-up found", basis, begin=[Record(TASK, thing, values, Period(on, None))])
    return thing


def advance_cleanup(ledger: Ledger, thing: str, to: str, *, on: date, basis: Basis, reason: str = "") -> int:
    """Take an entry on: confirmed by a person, then rectified (by another name or sign) or kept with a reason."""
    old = ledger.one(TASK, thing, on=on)
    allowed = {"found": ("confirmed", "kept"), "confirmed": ("rectified", "kept")}.get(old["status"], ())
    if to not in allowed:
        raise DataError(f"{thing} is {old['status']}; next can come {', '.join(allowed) or 'nothing'}, not {to!r}")
    if to == "kept" and not reason:
        raise DataError(f"to keep {old['title']} as it is, give the reason")
    fresh = old.but(valid=Period(on, old.valid.end), status=to, by_whom=basis.actor, reason=reason or old["reason"])
    return ledger.act(f"clean-up {to}", basis, begin=[*cut(old, on), fresh], end=[old])


def cleanup(ledger: Ledger, *, on: date) -> pd.DataFrame:
    """The clean-up ledger on a day, with what is overdue."""
    rows = [
        (
            r.thing,
            r["place"],
            r["title"],
            r["rule"],
            r["status"],
            r["due"],
            r["status"] in {"found", "confirmed"} and r["due"] < on,
        )
        for r in ledger.select(TASK, "ledger = 'cleanup'", on=on)
    ]
    return pd.DataFrame(rows, columns=["entry", "place", "name", "rule", "status", "due", "overdue"])


def report_village(
    ledger: Ledger, village: str, *, on: date, basis: Basis, roads: int, goals: Mapping[str, Any] | None = None
) -> str:
    """Say how many roads a village has, for the countryside names campaign; the rest is counted from the register."""
    unit = ledger.one(DIVISION, village, on=on)
    if roads < 0:
        raise DataError(f"{unit['name']} cannot have {roads} roads")
    thing = f"task:countryside:{village}"
    values = {
        "ledger": "countryside",
        "place": village,
        "title": unit["name"],
        "status": "open",
        "roads": roads,
        **(goals or {}),
    }
    fresh = Record(TASK, thing, values, Period(on, None))
    before = ledger.select(TASK, "thing = ?", (thing,), on=on)
    ledger.act(
        "countryside report", basis, begin=[*(piece for old in before for piece in cut(old, on)), fresh], end=before
    )
    return thing


def countryside(ledger: Ledger, *, on: date) -> pd.DataFrame:
    """The countryside names campaign by village: roads, roads named, roads with a sign that stands, and what is left."""
    rows = []
    for task in ledger.select(TASK, "ledger = 'countryside'", on=on):
        code = ledger.one(DIVISION, task["place"], on=on)["code"]
        where = "slot = 'standard' AND category = 'street' AND within = ? AND status != 'retired'"
        named = {record.thing for record in ledger.select(NAME, where, (code,), on=on)}
        standing = "status NOT IN ('task', 'closed', 'cancelled')"
        signed = {road for road in named if ledger.select(SIGN, f"road = ? AND {standing}", (road,), on=on)}
        roads = int(task["roads"])
        rows.append(
            (
                task["place"],
                task["title"],
                roads,
                len(named),
                len(signed),
                max(roads - len(named), 0),
                len(named) - len(signed),
            )
        )
    columns = ["village", "name", "roads", "named", "signed", "to_name", "to_sign"]
    return pd.DataFrame(rows, columns=columns)
