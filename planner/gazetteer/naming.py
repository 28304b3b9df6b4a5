"""Naming: a name's way from draft to use, and what each step needs.

draft → applied → assessed → approved → filed → announced → in use; rejected and withdrawn before approval,
retired after. Nothing that was not approved can be announced, and nothing announced lacks one of the six
fields of an announcement or a named person's word on its roman letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import pandas as pd
from shapely.geometry.base import BaseGeometry

from planner.errors import DataError, IdError, PeriodError
from planner.gazetteer.ledger import Ledger, cut
from planner.gazetteer.records import Basis, Record
from planner.gazetteer.romanise import faults, initials, spell, toneless
from planner.gazetteer.rules import CATEGORIES, Finding, Proposal, judge
from planner.gazetteer.schema import DIVISION, NAME, TASK
from planner.gazetteer.search import homophones, same_name
from planner.gazetteer.spelling import clean, key, split
from planner.gazetteer.units import divisions_at
from planner.layers import Period

STEPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "draft": ("applied", "withdrawn"), "applied": ("assessed", "rejected", "withdrawn"),
        "assessed": ("approved", "rejected", "withdrawn"), "approved": ("filed",), "filed": ("announced",),
        "announced": ("in use",), "in use": ("retired",), "rejected": (), "withdrawn": (), "retired": (),
    }
)  # fmt: skip
DEADLINE_DAYS: Mapping[str, int] = MappingProxyType({"applied": 15, "assessed": 15, "approved": 15, "filed": 15})
"""Days within which the next step is due, by state; to be checked against the local rules, and changed by ``days=``."""

ANNOUNCED_FIELDS = ("name", "pinyin", "division", "location", "authority", "approved")
_NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "applied": ("applied",), "approved": ("approved", "document", "authority"), "filed": ("filed",),
        "announced": ("announced", "document"), "rejected": ("note",), "withdrawn": ("note",),
    }
)  # fmt: skip
PROPOSED, STANDARD = "proposed", "standard"


@dataclass(frozen=True)
class NewName:
    """A name as proposed. ``within`` is the code of the division it lies in, as declared; ``values`` are further columns."""

    name: str
    category: str
    within: str
    location: str = ""
    geometry: BaseGeometry | None = None
    secrecy: str = "公开"
    scheme: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.category not in CATEGORIES:
            raise DataError(f"there is no category {self.category!r}; categories are {', '.join(CATEGORIES)}")
        if faulty := clean(self.name).faults:
            raise DataError(f"{self.name!r} cannot be a name: {', '.join(faulty)}")


def name_record(new: NewName, place: str, valid: Period, *, kind: str, status: str, slot: str = STANDARD) -> Record:
    """Make the record of a name, its parts and look-up keys worked out."""
    text = clean(new.name).text
    specific, generic = split(text)
    values = {
        "name": text, "kind": kind, "status": status, "status_since": valid.start, "category": new.category, "specific": specific,
        "generic": generic, "key": key(text), "sound": toneless(specific, within=text), "initials": initials(text), "pinyin": spell(text),
        "within": new.within, "location": new.location, "secrecy": new.secrecy, "scheme": new.scheme or None, **new.values,
    }  # fmt: skip
    return Record(NAME, place, values, valid, slot, new.geometry)


def propose(ledger: Ledger, new: NewName, *, place: str, on: date, basis: Basis) -> str:
    """Enter a draft name for a place, new or known; gives the place ID."""
    if standing := ledger.select(NAME, "thing = ? AND slot = ?", (place, PROPOSED)):
        raise PeriodError(
            f"{place} has a proposal already: {standing[0]['name']} ({standing[0]['status']}); withdraw it first"
        )
    found = _located(ledger, new, on)
    declared = _declared(ledger, new.within, on)
    record = name_record(new, place, Period(on, None), kind="planned", status="draft", slot=PROPOSED)
    ledger.act("propose", basis, begin=[record.but(division=declared, division_found=found)])
    return place


def _declared(ledger: Ledger, within: str, on: date) -> str:
    found = ledger.select(DIVISION, "code = ?", (within,), on=on, limit=1)
    if not found:
        raise IdError(f"no division had the code {within!r} on {on}; say with within= which one the name lies in")
    return found[0].thing


def _located(ledger: Ledger, new: NewName, on: date) -> str | None:
    if new.geometry is None:
        return None
    point = new.geometry.representative_point() if new.geometry.geom_type.endswith("Polygon") else new.geometry.centroid
    at = [
        unit
        for unit in divisions_at(ledger, point.x, point.y, on=on)
        if len(str(unit["code"])) <= max(len(new.within), 6)
    ]
    return at[-1].thing if at else None


def proposed(ledger: Ledger, place: str) -> Record:
    """The name of a place that is on its way: the proposal, or the approved name not yet in use."""
    found = ledger.select(NAME, "thing = ? AND slot = ?", (place, PROPOSED))
    found += [r for r in ledger.select(NAME, "thing = ? AND slot = ?", (place, STANDARD)) if r["status"] != "retired"]
    if not found:
        raise IdError(f"{place} has no proposed or standard name; use propose() first")
    return found[0] if found[0].slot == PROPOSED else found[-1]


def check(ledger: Ledger, new: NewName | Record, *, place: str = "", basis: Basis | None = None) -> list[Finding]:
    """Judge a name by every rule, against the names around it."""
    name, category, within = (
        (new.name, new.category, new.within)
        if isinstance(new, NewName)
        else (new["name"], new["category"], new["within"])
    )
    standing = [r for r in ledger.select(NAME, "thing = ? AND slot = ?", (place, STANDARD)) if r.valid.end is None]
    guarded = next((r["name"] for r in standing if r["protected"] and key(r["name"]) != key(name)), "")
    around = ledger.select(DIVISION, "code IN (?, ?, ?)", (within, within[:9], within[:6])) if within else []
    proposal = Proposal(
        name, category,
        same=[_where(r) for r in same_name(ledger, name, category, within, but=place)],
        homophones=[_where(r) for r in homophones(ledger, name, category, within, but=place)],
        local_names=[r["name"] for r in around if r.valid.end is None], replaces_protected=guarded,
        override=basis.override if basis else "", document=basis.document if basis else "",
    )  # fmt: skip
    return judge(proposal)


def _where(record: Record) -> str:
    return f"{record['name']}（{record['within'] or record['code']}）"


def decide(ledger: Ledger, place: str, rule: str, *, decision: str, reason: str, basis: Basis, on: date) -> int:
    """Record a person's decision on a suspect: ``accepted`` or ``refused``, with a reason (the decision log)."""
    if decision not in {"accepted", "refused"} or not reason:
        raise DataError("a decision is 'accepted' or 'refused', and has a reason")
    record = proposed(ledger, place)
    values = {
        "ledger": "decision", "place": place, "title": record["name"], "rule": rule, "decision": decision, "status": "closed",
        "by_whom": basis.actor, "reason": reason,
    }  # fmt: skip
    thing = f"task:decision:{place}:{record['name']}:{rule}:{ledger.last() + 1}"
    return ledger.act("decide", basis, begin=[Record(TASK, thing, values, Period(on, None))])


def confirm_pinyin(ledger: Ledger, place: str, roman: str, *, basis: Basis) -> int:
    """Put a named person's word behind a name's roman letters; a form against the rules is refused."""
    record = proposed(ledger, place)
    if wrong := [text for rule, text in faults(record["name"], roman) if rule != "pinyin.reading"]:
        raise DataError("; ".join(wrong))
    return ledger.act("confirm pinyin", basis, begin=[record.but(pinyin=roman, pinyin_by=basis.actor)], end=[record])


def advance(ledger: Ledger, place: str, to: str, *, on: date, basis: Basis, **values: Any) -> int:
    """Take a name one step on its way; refuses, saying all that is missing, where the step's needs are not met."""
    record = proposed(ledger, place)
    if to not in STEPS.get(record["status"], ()):
        following = ", ".join(STEPS.get(record["status"], ())) or "nothing"
        raise DataError(f"{record['name']} is {record['status']}; next can come {following}, not {to!r}")
    missing = [name for name in _NEEDS.get(to, ()) if not getattr(basis, name)]
    if missing:
        raise DataError(f"to make {record['name']} {to!r}, Basis needs {', '.join(missing)}")
    _in_order(record, to, basis, on)
    fresh = record.but(status=to, status_since=on, **values)
    if to == "approved":
        return _approve(ledger, fresh, record, on=basis.effective or on, basis=basis)
    if to == "applied":
        fresh = fresh.but(applied=basis.applied)
    if to == "announced":
        _announceable(fresh)
    begin = [fresh]
    if to in {"rejected", "withdrawn"}:
        fresh = fresh.but(slot=f"{to}:{record.fid}")
        begin = [fresh]
    if to == "retired":
        begin = [
            *cut(record, on),
            record.but(status=to, status_since=on, slot=f"retired:{record.fid}", kind="former", valid=Period(on, None)),
        ]
    return ledger.act(to, basis, begin=begin, end=[record])


def _in_order(record: Record, to: str, basis: Basis, on: date) -> None:
    since = record["status_since"]
    if since is not None and on < since:
        raise PeriodError(
            f"{record['name']} became {record['status']} on {since}; it cannot be {to} on {on}, before that"
        )
    if basis.approved and record["applied"] and basis.approved < record["applied"]:
        raise PeriodError(
            f"{record['name']} was applied for on {record['applied']}, after the approval on {basis.approved}"
        )


def _approve(ledger: Ledger, fresh: Record, old: Record, *, on: date, basis: Basis) -> int:
    place = fresh.thing
    findings = check(ledger, fresh, place=place, basis=basis)
    if errors := [finding.reason for finding in findings if finding.severity == "error"]:
        raise DataError(f"{fresh['name']} cannot be approved: {'; '.join(errors)}")
    decided = {
        task["rule"]: task["decision"]
        for task in ledger.select(TASK, "ledger = 'decision' AND place = ? AND title = ?", (place, fresh["name"]))
    }
    open_cases = [f.rule for f in findings if f.severity == "suspect" and decided.get(f.rule) != "accepted"]
    if open_cases:
        raise DataError(f"{fresh['name']} waits for a person's decision on {', '.join(open_cases)}: decide(...) first")
    approved = fresh.but(
        slot=STANDARD, kind="standard", approved=basis.approved, authority=basis.authority, valid=Period(on, None)
    )
    begin, end = [approved], [old]
    for standing in ledger.select(NAME, "thing = ? AND slot = ?", (place, STANDARD), on=on):
        end.append(standing)
        begin += cut(standing, on)
        begin.append(standing.but(kind="former", slot=f"former:{standing.fid}", valid=Period(on, None)))
    return ledger.act("approved", basis, begin=begin, end=end)


def _announceable(record: Record) -> None:
    missing = [name for name in ANNOUNCED_FIELDS if not record[name]]
    if missing:
        raise DataError(f"{record['name']} cannot be announced without {', '.join(missing)}")
    if not record["pinyin_by"]:
        raise DataError(
            f"{record['name']} cannot be announced: no named person has confirmed {record['pinyin']!r} (confirm_pinyin)"
        )
    if record["secrecy"] != "公开":
        raise DataError(f"{record['name']} is {record['secrecy']}; what is not 公开 cannot be announced")


def overdue(ledger: Ledger, on: date, *, days: Mapping[str, int] = DEADLINE_DAYS) -> pd.DataFrame:
    """Names whose next step is late on a day: ``place``, ``name``, ``status``, ``due``, ``days_late``."""
    marks = ", ".join("?" * len(days))
    rows = []
    for record in ledger.select(NAME, f"status IN ({marks}) AND status_since IS NOT NULL", tuple(days)):
        due = record["status_since"] + timedelta(days=days[record["status"]])
        if due < on:
            rows.append((record.thing, record["name"], record["status"], due, (on - due).days))
    return pd.DataFrame(rows, columns=["place", "name", "status", "due", "days_late"])
