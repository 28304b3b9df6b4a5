"""Divisions: what happens to units, each verb one event (设立、更名、升格、合并、析置、划转、撤销、改码、迁址)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from planner.errors import DataError, IdError, PeriodError
from planner.gazetteer.codes import LEVELS, level_of, prefix
from planner.gazetteer.ledger import Ledger, cut
from planner.gazetteer.records import Basis, Record
from planner.gazetteer.romanise import initials
from planner.gazetteer.schema import DIVISION, LINK
from planner.gazetteer.spelling import clean, key
from planner.layers import Period

MAIN = ""


@dataclass(frozen=True)
class Unit:
    """A unit to be: what a split or a merger makes. ``place`` continues a unit that exists."""

    code: str
    name: str
    type: str = ""
    geometry: BaseGeometry | None = None
    place: str = ""
    functional: bool = False


def new_division(unit: Unit, *, on: date | None, parent: str, seat: str = "") -> Record:
    """Make the record of a unit from its first day on, checked by itself."""
    level = level_of(unit.code)
    if (cleaned := clean(unit.name)).faults:
        raise DataError(f"{unit.name!r} cannot name a division: {', '.join(cleaned.faults)}")
    values = {
        "code": unit.code, "name": cleaned.text, "level": level, "type": unit.type, "parent": parent, "seat": seat,
        "functional": unit.functional, "key": key(cleaned.text), "initials": initials(cleaned.text),
    }  # fmt: skip
    place = unit.place or f"place:{unit.code}"
    return Record(DIVISION, place, values, Period(on, None), MAIN, unit.geometry)


def link(before: str, after: str, how: str, on: date) -> Record:
    """Make a link of descent: ``before`` became ``after``, or a part of it did."""
    return Record(LINK, f"link:{before}>{after}@{on}", {"before": before, "after": after, "how": how}, Period(on, None))


def create(ledger: Ledger, unit: Unit, *, on: date, parent: str, basis: Basis) -> str:
    """Set up a unit that grew out of none (设立); gives its place ID."""
    _free(ledger, unit.code)
    _parent_stands(ledger, unit.code, parent, on)
    ledger.act("create", basis, begin=[new_division(unit, on=on, parent=parent)])
    return unit.place or f"place:{unit.code}"


def change(ledger: Ledger, place: str, how: str, *, on: date, basis: Basis, changes: Mapping[str, Any]) -> int:
    """Give a unit other particulars from a day on, keeping who it is: rename, upgrade, code change, seat move, new border."""
    old = ledger.one(DIVISION, place, on=on)
    changes = dict(changes)
    if "name" in changes:
        changes |= {"key": key(changes["name"]), "initials": initials(changes["name"])}
    begin, end = _revised(old, on, changes), [old]
    if (code := changes.get("code")) and code != old["code"]:
        if level_of(code) != old["level"]:
            raise DataError(f"{code} is the code of a {level_of(code)}, {old['name']} is a {old['level']}")
        _free(ledger, code, but=place)
        for child, recoded in _recoded(ledger, old["code"], code, on):
            begin += _revised(child, on, {"code": recoded})
            end.append(child)
    return ledger.act(how, basis, begin=begin, end=end)


def transfer(ledger: Ledger, place: str, to: str, *, on: date, basis: Basis, code: str | None = None) -> int:
    """Move a unit under another (划转), with a new code where it gets one."""
    ledger.one(DIVISION, to, on=on)
    changes: dict[str, Any] = {"parent": to}
    if code is not None:
        _parent_stands(ledger, code, to, on)
        changes["code"] = code
    return change(ledger, place, "transfer", on=on, basis=basis, changes=changes)


def merge(
    ledger: Ledger, places: Sequence[str], into: str | Unit, *, on: date, basis: Basis, parent: str | None = None
) -> str:
    """Merge units into one of them, or into a new unit (合并、撤并); gives the heir's place ID.

    The heir's border becomes the union of theirs where all are known; their children move under it.
    """
    olds = [ledger.one(DIVISION, place, on=on) for place in dict.fromkeys(places)]
    if len(olds) < 2:
        raise DataError("a merger needs at least two units; to rename one, use rename")
    shapes = [old.geometry for old in olds]
    union = None if any(shape is None for shape in shapes) else shapely.union_all(shapes)
    begin, end = [], list(olds)
    if isinstance(into, Unit):
        _free(ledger, into.code)
        fresh = new_division(into, on=on, parent=parent or olds[0]["parent"])
        begin.append(fresh if into.geometry is not None else fresh.but(geom=union))
        heir = fresh.thing
    else:
        heir = into
        if heir not in {old.thing for old in olds}:
            raise DataError(f"{heir} is not among the units merged; name one of them, or give a new Unit")
        begin += _revised(next(old for old in olds if old.thing == heir), on, {"geom": union})
    gone = [old for old in olds if old.thing != heir]
    for old in gone:
        _ends_here(ledger, old)
        begin += cut(old, on)
    begin += [link(old.thing, heir, "merge", on) for old in olds]
    for child in _children(ledger, [old.thing for old in gone], on):
        begin += _revised(child, on, {"parent": heir})
        end.append(child)
    ledger.act("merge", basis, begin=begin, end=end)
    return heir


def split(ledger: Ledger, place: str, into: Sequence[Unit], *, on: date, basis: Basis) -> list[str]:
    """Split a unit (析置、拆分); a part whose ``place`` is the old unit's continues it. Gives the parts' place IDs.

    Where the parts' borders are known they must make up the old one: no land lost, none twice.
    """
    old = ledger.one(DIVISION, place, on=on)
    if len(into) < 2:
        raise DataError("a split needs at least two parts")
    _makes_up(old, into)
    begin: list[Record] = []
    for part in into:
        if part.place == place:
            begin += _revised(
                old, on, {"code": part.code, "name": part.name, "key": key(part.name), "geom": part.geometry}
            )
        else:
            _free(ledger, part.code)
            begin.append(new_division(part, on=on, parent=old["parent"]))
    if place not in {part.place for part in into}:
        _ends_here(ledger, old)
        if children := _children(ledger, [place], on):
            raise DataError(f"{old['name']} has {len(children)} units under it; transfer them first, then split it")
        begin += cut(old, on)
    heirs = [part.place or f"place:{part.code}" for part in into]
    begin += [link(place, heir, "split", on) for heir in heirs]
    ledger.act("split", basis, begin=begin, end=[old])
    return heirs


def abolish(ledger: Ledger, place: str, *, on: date, basis: Basis, heirs: Sequence[str] = ()) -> int:
    """Abolish a unit (撤销); ``heirs`` are those its land and people went to. Units under it are transferred before."""
    old = ledger.one(DIVISION, place, on=on)
    _ends_here(ledger, old)
    if children := _children(ledger, [place], on):
        raise DataError(
            f"{old['name']} still has {len(children)} units under it, first {children[0]!r}; transfer them first"
        )
    into = [ledger.one(DIVISION, heir, on=on).thing for heir in heirs]
    links = [link(before, heir, "abolish", on) for heir in into for before in (place, heir)]
    return ledger.act("abolish", basis, begin=[*cut(old, on), *links], end=[old])


def correct(ledger: Ledger, record: Record, basis: Basis, *, valid: Period | None = None, **changes: Any) -> int:
    """Correct what the books say of a thing (更正): the old record stays readable by ``known_on=``."""
    if "name" in changes and "key" in record.kind.columns:
        changes |= {"key": key(changes["name"]), "initials": initials(changes["name"])}
    return ledger.act("correct", basis, begin=[record.but(valid=valid, **changes)], end=[record])


def _revised(old: Record, on: date, changes: Mapping[str, Any]) -> list[Record]:
    """Split a record at a day: as it was before, with the changes from then to its end."""
    changes = dict(changes)
    if changes.get("geom", old.geometry) is None:
        changes.pop("geom", None)
    return [*cut(old, on), old.but(valid=Period(on, old.valid.end), **changes)]


def _recoded(ledger: Ledger, old: str, new: str, on: date) -> list[tuple[Record, str]]:
    start, fresh = prefix(old), prefix(new)
    under = ledger.select(DIVISION, "code >= ? AND code < ? AND code != ?", (start, start + ":", old), on=on)
    return [(child, fresh + child["code"][len(start) :]) for child in under if len(child["code"]) > len(start)]


def _children(ledger: Ledger, places: Sequence[str], on: date) -> list[Record]:
    return [child for place in places for child in ledger.select(DIVISION, "parent = ?", (place,), on=on)]


def _free(ledger: Ledger, code: str, but: str = "") -> None:
    level_of(code)
    taken = [record for record in ledger.select(DIVISION, "code = ?", (code,)) if record.thing != but]
    if taken:
        raise IdError(f"code {code} was given to {taken[0]['name']} {taken[0].valid}; a code is never used again")


def _ends_here(ledger: Ledger, old: Record) -> None:
    later = [
        r
        for r in ledger.select(DIVISION, "thing = ?", (old.thing,))
        if old.valid.end and r.valid.start == old.valid.end
    ]
    if old.valid.end is not None:
        after = f"; the register holds a later record from {later[0].valid.start}" if later else ""
        raise PeriodError(f"{old['name']} ends on {old.valid.end} already{after}")


def _parent_stands(ledger: Ledger, code: str, parent: str, on: date) -> None:
    level = level_of(code)
    if not parent:
        if level != "province" and ledger.select(
            DIVISION, "level = ?", (LEVELS[LEVELS.index(level) - 1],), on=on, limit=1
        ):
            raise DataError(f"{code} is a {level}; say which unit it lies under with parent=")
        return
    above = ledger.one(DIVISION, parent, on=on)
    if not code.startswith(prefix(above["code"])):
        raise DataError(f"{code} does not begin with {prefix(above['code'])}, the code of {above['name']} on {on}")


def _makes_up(old: Record, parts: Sequence[Unit]) -> None:
    shapes = [part.geometry for part in parts if part.geometry is not None]
    if old.geometry is None or len(shapes) < len(parts):
        return
    whole = old.geometry.area
    missing = old.geometry.symmetric_difference(shapely.union_all(shapes)).area / whole
    twice = (sum(shape.area for shape in shapes) - shapely.union_all(shapes).area) / whole
    if missing > 1e-6 or twice > 1e-6:
        raise DataError(
            f"the parts do not make up {old['name']}: {missing:.4%} of it lost or added, {twice:.4%} given twice"
        )
