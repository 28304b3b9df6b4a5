"""Search: places by any name they ever bore, and names that clash within their scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from planner.gazetteer.codes import level_of
from planner.gazetteer.ledger import Ledger
from planner.gazetteer.records import Record
from planner.gazetteer.romanise import toneless
from planner.gazetteer.schema import DIVISION, NAME, Kind
from planner.gazetteer.spelling import key, split

HIGHEST = "\U0010ffff"


def find(
    ledger: Ledger,
    text: str,
    *,
    on: date | None = None,
    known_on: date | datetime | None = None,
    limit: int = 20,
) -> list[Record]:
    """Names and divisions that match a text, best first: the same, then beginning with it, then by pinyin initials.

    Any name ever borne is found unless ``on`` is given; traditional characters, width, dots and spaces do not matter.
    """
    wanted = key(text)
    if not wanted:
        return []
    found: list[Record] = []
    for where, values in _ways(wanted):
        for kind in (DIVISION, NAME):
            found += ledger.select(kind, where, values, on=on, known_on=known_on, limit=max(limit - len(found), 0))
        found = list({(record.kind.name, record.fid): record for record in found}.values())
        if len(found) >= limit:
            break
    return found[:limit]


def _ways(wanted: str) -> list[tuple[str, Sequence[Any]]]:
    ways: list[tuple[str, Sequence[Any]]] = [
        ("key = ?", (wanted,)),
        ("key > ? AND key < ?", (wanted, wanted + HIGHEST)),
    ]
    if wanted.isascii() and wanted.isalpha():
        ways.append(("initials = ?", (wanted,)))
        ways.append(("initials > ? AND initials < ?", (wanted, wanted + HIGHEST)))
    return ways


def scope(category: str, within: str) -> str:
    """Leading digits of the codes within which a name may stand only once.

    County-level divisions: the whole country; towns: the province; villages: the county; streets, quarters and the
    rest: the city (its built-up area, as far as codes tell).
    """
    if category == "division":
        level = level_of(within) if within else "district"
        return {"town": within[:2], "village": within[:6]}.get(level, "")
    return within[:6] if category in {"village", "natural"} else within[:4]


def same_name(ledger: Ledger, name: str, category: str, within: str, *, but: str = "", limit: int = 20) -> list[Record]:
    """Standing and proposed names written alike within the scope of a name's category."""
    kind = DIVISION if category == "division" else NAME
    return _alike(ledger, kind, ("key", key(name)), scope(category, within), but=but, limit=limit)


def homophones(
    ledger: Ledger, name: str, category: str, within: str, *, but: str = "", limit: int = 20
) -> list[Record]:
    """Standing and proposed names whose specific part sounds alike, tones aside, but is written otherwise."""
    if category == "division":
        return []
    specific, generic = split(name)
    found = _alike(
        ledger, NAME, ("sound", toneless(specific, within=name)), scope(category, within), but=but, limit=limit
    )
    return [record for record in found if key(record["name"]) != key(name) and record["generic"] == generic]


def _alike(ledger: Ledger, kind: Kind, by: tuple[str, str], prefix: str, *, but: str, limit: int) -> list[Record]:
    column = "code" if kind is DIVISION else "within"
    where, values = f"{by[0]} = ? AND thing != ?", [by[1], but]
    if prefix:
        where += f" AND {column} >= ? AND {column} < ?"
        values += [prefix, prefix + ":"]
    if kind is NAME:
        where += " AND kind IN ('standard', 'planned') AND status NOT IN ('rejected', 'withdrawn', 'retired') AND valid_to IS NULL"
    else:
        where += " AND valid_to IS NULL"
    return ledger.select(kind, where, values, limit=limit)
