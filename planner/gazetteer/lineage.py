"""Lineage: what a unit was before, what it became, and its whole story."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import pandas as pd

from planner.errors import IdError
from planner.gazetteer.ledger import Ledger
from planner.gazetteer.records import Record
from planner.gazetteer.schema import DIVISION, KINDS, LINK


def places_of(ledger: Ledger, which: str, known_on: date | datetime | None = None) -> list[str]:
    """Places a word stands for: a place ID, or every place that ever bore a code."""
    if which.startswith("place:"):
        if any(ledger.select(kind, "thing = ?", (which,), known_on=known_on, limit=1) for kind in KINDS.values()):
            return [which]
    elif found := ledger.select(DIVISION, "code = ?", (which,), known_on=known_on):
        return list(dict.fromkeys(record.thing for record in found))
    raise IdError(f"the register knows no place or code {which!r}; try find() with a name")


def became(ledger: Ledger, which: str, *, on: date, known_on: date | datetime | None = None) -> list[Record]:
    """The units a place or code turned into, as they are on a day: itself, its heirs, or none."""
    current = set(places_of(ledger, which, known_on))
    for day, heirs in _steps(ledger, current, "before", "after", known_on):
        if day <= on:
            current = {heir for place in current for heir in heirs.get(place, {place})}
    return _standing(ledger, current, on, known_on)


def was(ledger: Ledger, which: str, *, on: date, known_on: date | datetime | None = None) -> list[Record]:
    """The units a place or code grew out of, as they were on a day."""
    current = set(places_of(ledger, which, known_on))
    for day, parents in reversed(_steps(ledger, current, "after", "before", known_on)):
        if day > on:
            current = {parent for place in current for parent in parents.get(place, {place})}
    return _standing(ledger, current, on, known_on)


_Step = tuple[date, dict[str, set[str]]]


def _steps(ledger: Ledger, places: Iterable[str], near: str, far: str, known_on: date | datetime | None) -> list[_Step]:
    """Days on which kin of the places changed, oldest first, each with who leads to whom from ``near`` to ``far``."""
    steps: dict[date, dict[str, set[str]]] = {}
    waiting, seen = list(places), set()
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        for found in ledger.select(LINK, f'"{near}" = ?', (place,), known_on=known_on):
            day = found.valid.start or date.min
            steps.setdefault(day, {}).setdefault(place, set()).add(found[far])
            waiting.append(found[far])
    return sorted(steps.items(), key=lambda step: step[0])


def _standing(ledger: Ledger, places: Iterable[str], on: date, known_on: date | datetime | None) -> list[Record]:
    found = []
    for place in sorted(places):
        found += ledger.select(DIVISION, "thing = ?", (place,), on=on, known_on=known_on)
    return sorted(found, key=lambda record: str(record["code"]))


def history(ledger: Ledger, which: str, *, known_on: date | datetime | None = None) -> pd.DataFrame:
    """Everything the books say of a place, oldest first, one row a record, with the event it rests on."""
    rows = []
    for place in places_of(ledger, which, known_on):
        found = [r for kind in KINDS.values() for r in ledger.select(kind, "thing = ?", (place,), known_on=known_on)]
        found += ledger.select(LINK, '"before" = ? OR "after" = ?', (place, place), known_on=known_on)
        for record in found:
            event = ledger.event(record.begun)
            what = (
                f"{record['before']} → {record['after']} ({record['how']})" if record.kind is LINK else record["name"]
            )
            rows.append(
                {
                    "place": place, "kind": record.kind.name, "from": record.valid.start, "to": record.valid.end,
                    "name": what, "code": record["code"], "status": record["status"] or record["type"] or record["kind"],
                    "event": event.seq, "change": event.kind, "document": event.document, "authority": event.authority,
                    "recorded": event.recorded, "actor": event.actor,
                }
            )  # fmt: skip
    frame = pd.DataFrame(rows)
    return (
        frame.sort_values(["from", "event"], na_position="first", kind="stable", ignore_index=True) if rows else frame
    )


def tree(ledger: Ledger, root: str = "", *, on: date, depth: int = 2) -> str:
    """The divisions under a place as an indented text, codes before names."""
    tops = ledger.select(DIVISION, "thing = ?", (root,), on=on) if root else _tops(ledger, on)
    lines: list[str] = []

    def walk(record: Record, level: int) -> None:
        lines.append(f"{'  ' * level}{record['code']} {record['name']}" + (" (功能区)" if record["functional"] else ""))
        if level < depth:
            below = ledger.select(DIVISION, "parent = ?", (record.thing,), on=on)
            for child in sorted(below, key=lambda child: str(child["code"])):
                walk(child, level + 1)

    for top in sorted(tops, key=lambda record: str(record["code"])):
        walk(top, 0)
    return "\n".join(lines)


def _tops(ledger: Ledger, on: date) -> list[Record]:
    return ledger.select(DIVISION, "parent = ''", on=on)
