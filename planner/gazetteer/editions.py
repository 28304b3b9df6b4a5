"""Editions: yearly code lists compared, so that a person can confirm what changed; and outside layers held against the register.

A list only says which codes stood on its day. What changed between two editions is a candidate of lineage
(rename, code change, creation, end), never an event. Where editions contradict one another - a code gone,
back, and gone again, as 370205 in 2011-2013 - the contradiction is reported and nothing is believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import geopandas as gpd
import pandas as pd
import shapely

from planner.errors import ColumnError, DataError, IdError
from planner.gazetteer import divisions, lineage
from planner.gazetteer.codes import class_doubt, parent_code
from planner.gazetteer.divisions import Unit
from planner.gazetteer.forms import read_form
from planner.gazetteer.ledger import Ledger
from planner.gazetteer.records import Basis
from planner.gazetteer.schema import DIVISION
from planner.gazetteer.spelling import key

CANDIDATES = ["change", "after", "by", "code", "name", "to_code", "to_name", "reason"]
NO_DIVISION = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""Headings that lists give a code and that are no division."""


def candidates(editions: pd.DataFrame) -> pd.DataFrame:
    """What changed between consecutive editions: columns ``as_of``, ``code``, ``name`` in, one candidate a row out.

    ``change`` is rename, code change, create, end, or contradiction; ``after`` and ``by`` are the editions between
    which it happened.
    """
    frame, _, _ = read_form(editions)
    if missing := [column for column in ("as_of", "code", "name") if column not in frame]:
        raise ColumnError(f"editions need columns as_of, code and name; missing: {', '.join(missing)}")
    frame = frame[~frame["name"].isin(NO_DIVISION)]
    days = sorted(frame["as_of"].unique())
    lists = {str(as_of): dict(zip(part["code"], part["name"], strict=True)) for as_of, part in frame.groupby("as_of")}
    flapping = _flapping(days, lists)
    rows: list[tuple[str, ...]] = list(flapping.values())
    for earlier, later in pairwise(days):
        rows += _between(earlier, later, lists[earlier], lists[later], frozenset(flapping))
    table = pd.DataFrame(rows, columns=CANDIDATES)
    return table.sort_values(["by", "code", "change"], kind="stable", ignore_index=True)


def _flapping(days: Sequence[str], lists: dict[str, dict[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for code in sorted({code for held in lists.values() for code in held}):
        present = [code in lists[as_of] for as_of in days]
        runs = [at for at in range(1, len(days)) if present[at] != present[at - 1]]
        if len(runs) > 1 and not (len(runs) == 2 and not present[0]):  # come and gone is a life, gone and back is not
            told = "; ".join(f"{'in' if here else 'not in'} {as_of}" for as_of, here in zip(days, present, strict=True))
            name = next(lists[as_of][code] for as_of in days if code in lists[as_of])
            last = days[runs[-1]]
            found[code] = ("contradiction", days[runs[0] - 1], last, code, name, "", "", f"editions disagree: {told}")
    return found


def _between(
    earlier: str, later: str, before: dict[str, str], after: dict[str, str], doubtful: frozenset[str]
) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    rows += [
        ("rename", earlier, later, code, before[code], code, after[code], "same code, another name")
        for code in before.keys() & after.keys()
        if before[code] != after[code]
    ]
    gone = {code: before[code] for code in before.keys() - after.keys() - doubtful}
    fresh = {code: after[code] for code in after.keys() - before.keys() - doubtful}
    by_name: dict[str, list[str]] = {}
    for code, name in fresh.items():
        by_name.setdefault(_stem(name), []).append(code)
    for code, name in sorted(gone.items()):
        heirs = [heir for heir in by_name.get(_stem(name), []) if heir in fresh and heir[:4] == code[:4]]
        if len(heirs) == 1:
            heir = heirs[0]
            reason = "another code, the same name" + ("" if heir[:-3] == code[:-3] else ", under another unit")
            rows.append(("code change", earlier, later, code, name, heir, fresh.pop(heir), reason))
        else:
            rows.append(
                ("end", earlier, later, code, name, "", "", "gone from the list: abolished, merged or transferred?")
            )
    rows += [("create", earlier, later, "", "", code, name, "new in the list") for code, name in sorted(fresh.items())]
    return rows


def _stem(name: str) -> str:
    text = key(name)
    for tail in ("街道办事处", "街道", "办事处", "镇", "乡"):
        text = text.removesuffix(tail)
    return text


def spells(changes: pd.DataFrame) -> pd.DataFrame:
    """Turn a table of changes (``from_rev``, ``to_rev``, ``code``, ``old_name``, ``new_name``) into contradictions and candidates.

    A code that went, came back and went again is a contradiction of the editions.
    """
    table = changes.fillna("").astype(str)
    table = table[~table["old_name"].isin(NO_DIVISION) & ~table["new_name"].isin(NO_DIVISION)]
    rows: list[tuple[str, ...]] = []
    for code, steps in table.groupby("code"):
        ends = steps[(steps["new_name"] == "") & (steps["old_name"] != "")]
        backs = steps[(steps["old_name"] == "") & (steps["new_name"] != "")]
        if len(ends) > 1 and len(backs):
            told = "; ".join(
                f"{'gone' if not s.new_name else 'back'} between {s.from_rev} and {s.to_rev}"
                for s in steps.itertuples()
            )
            first, last = steps["from_rev"].min(), steps["to_rev"].max()
            rows.append(
                (
                    "contradiction",
                    first,
                    last,
                    str(code),
                    ends["old_name"].iloc[0],
                    "",
                    "",
                    f"editions disagree: {told}",
                )
            )
            continue
        for step in steps.itertuples():
            change = "rename" if step.old_name and step.new_name else "create" if step.new_name else "end"
            where = (step.from_rev, step.to_rev, code, step.old_name, code, step.new_name)
            rows.append((change, *map(str, where), "from the table of changes"))
    return pd.DataFrame(rows, columns=CANDIDATES)


def confirm(ledger: Ledger, candidate: pd.Series, *, on: date, basis: Basis) -> int | str:
    """Enter a candidate as an event, once a person has said on which day and by which document it happened."""
    if candidate["change"] == "contradiction":
        raise DataError(f"{candidate['code']}: {candidate['reason']}; find the document, then use the verb it names")
    if not basis.document:
        raise DataError("a candidate becomes an event only with a document: Basis(document=...)")
    if candidate["change"] == "create":
        above = lineage.places_of(ledger, parent_code(candidate["to_code"]))[0]
        return divisions.create(
            ledger, Unit(candidate["to_code"], candidate["to_name"]), on=on, parent=above, basis=basis
        )
    place = lineage.places_of(ledger, candidate["code"])[0]
    if candidate["change"] == "end":
        return divisions.abolish(ledger, place, on=on, basis=basis)
    changes = {"code": candidate["to_code"], "name": candidate["to_name"]}
    return divisions.change(ledger, place, candidate["change"], on=on, basis=basis, changes=changes)


CONFLICTS = ["finding", "code", "name", "register_code", "register_name", "share", "reason"]


def conflicts(ledger: Ledger, layer: pd.DataFrame, *, on: date, least_overlap: float = 0.9) -> pd.DataFrame:
    """Hold a list or layer of divisions (``code``, ``name``, geometry or not) against the register as of a day.

    Finds codes that no longer stand (and what they became), unknown codes, other names, doubtful classes, and borders
    that share less than ``least_overlap`` of their joint area with the register's.
    """
    frame, _, _ = read_form(layer)
    rows: list[tuple[object, ...]] = []
    for values in frame.to_dict("records"):
        code, name = str(values["code"]), str(values["name"])
        standing = ledger.select(DIVISION, "code = ?", (code,), on=on)
        if not standing:
            rows.append(_gone(ledger, code, name, on))
            continue
        held = standing[0]
        if _stem(held["name"]) != _stem(name):
            rows.append(
                ("other name", code, name, code, held["name"], None, f"the register calls {code} {held['name']}")
            )
        if doubt := class_doubt(code):
            rows.append(("doubtful class", code, name, code, held["name"], None, doubt))
        shape = values.get("geometry")
        if shape is not None and held.geometry is not None:
            share = shape.intersection(held.geometry).area / shape.union(held.geometry).area
            if share < least_overlap:
                rows.append(
                    (
                        "other border",
                        code,
                        name,
                        code,
                        held["name"],
                        share,
                        f"the borders share {share:.1%} of their joint area",
                    )
                )
    return pd.DataFrame(rows, columns=CONFLICTS)


def _gone(ledger: Ledger, code: str, name: str, on: date) -> tuple[object, ...]:
    try:
        heirs = lineage.became(ledger, code, on=on)
    except IdError:
        return ("unknown code", code, name, "", "", None, f"the register has never held {code}")
    codes, names = "、".join(str(h["code"]) for h in heirs), "、".join(h["name"] for h in heirs)
    return (
        "stale code",
        code,
        name,
        codes,
        names,
        None,
        f"{code} is no code on {on}; it became {codes or 'nothing'} {names}",
    )


def missing(ledger: Ledger, codes: Sequence[str], *, on: date, level: str) -> pd.DataFrame:
    """Divisions of a level that the register holds on a day and a list of codes does not."""
    listed = set(codes)
    rows = [
        (r["code"], r["name"]) for r in ledger.select(DIVISION, "level = ?", (level,), on=on) if r["code"] not in listed
    ]
    return pd.DataFrame(sorted(rows), columns=["code", "name"])


def clean_layer(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The same layer in EPSG:4490 with broken borders mended (make_valid), for comparison only."""
    moved = frame.to_crs(4490)
    moved.geometry = shapely.make_valid(moved.geometry.to_numpy())
    return moved
