"""Tables of a report: the same rows for Excel, Word and HTML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from planner.access import ALONGSIDE, TOTAL, UNASSIGNED
from planner.facts import Facts, headline, less, words
from planner.facts.facts import table_of
from planner.facts.parameters import shown
from planner.imports import QUARANTINE_COLUMNS

COUNTS = {
    "people", "covered_before", "newly_covered", "covered", "uncovered", "not_connected", "new_sites", "existing_sites",
    "rank", "gain", "covered_so_far", "nearest",
}  # fmt: skip
UNIT_COLUMNS = (
    "code", "name", "parent", "people", "covered_before", "newly_covered", "covered", "share_before", "share",
    "uncovered", "not_connected", "existing_sites", "new_sites",
)  # fmt: skip
MAX_LISTED = 100_000
"""Points listed one by one at most; the rest is told as one line."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: its key, what it says, its meaning; ``kind`` is text, count, share or degrees."""

    key: str
    text: str
    kind: str = "text"
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: rows of plain values under headings, with a note; ``totals`` tells how many last rows are totals."""

    key: str
    title: str
    headings: tuple[Heading, ...]
    rows: list[list[Any]] = field(repr=False)
    note: str = ""
    totals: int = 0


def tables(
    facts: Facts, *, quarantine: pd.DataFrame | None = None, more: Iterable[Table] = (), lang: str = "zh"
) -> list[Table]:
    """Every table of a report, in the order of its sheets; ``more`` come after the stations."""
    found = [_summary(facts, lang), *(_units(facts, level, lang) for level in facts.summary.levels)]
    found += [_new(facts, lang), _existing(facts, lang), *more, _uncovered(facts, lang)]
    found += [_gaps(facts.gaps, lang)] if facts.gaps is not None else []
    found.append(_offline(facts, lang))
    found += [_parameters(facts, lang), _quarantine(quarantine, lang)]
    found.insert(-1, _dictionary(found, lang))
    return found


def _headings(keys: Iterable[str], lang: str) -> tuple[Heading, ...]:
    said = words(lang)
    kinds = dict.fromkeys(COUNTS, "count") | {"longitude": "degrees", "latitude": "degrees"}
    return tuple(
        Heading(
            key, said[key], kinds.get(key, "share" if key.startswith("share") else "text"), said.get(f"m_{key}", "")
        )
        for key in keys
    )


def _summary(facts: Facts, lang: str) -> Table:
    said, whole = words(lang), facts.overall
    people, offline = whole["people"], whole["not_connected"]
    columns = (
        Heading("figure", said["figure"], "text", said["m_figure"]),
        Heading("before", said["before"], "count", said["m_before"]),
        Heading("after", said["after"], "count", said["m_after"]),
        Heading("share_before", said["share_before"], "share", said["m_share_before"]),
        Heading("share", said["share"], "share", said["m_share"]),
    )
    reached = less(people, offline)
    counts = [(row["name"], row["before"], row["after"]) for row in headline(facts, lang)]
    counts.append((said["uncovered"], _rest(facts, less(reached, whole["covered_before"])), whole["uncovered"]))
    counts.append((said["not_connected"], offline, offline))
    rows: list[list[Any]] = [[said["people"], people, people, None, None]]
    rows += [[name, was, now, _ratio(was, people), _ratio(now, people)] for name, was, now in counts]
    rows.append([said["existing_site_short"], facts.existing_count, facts.existing_count, None, None])
    rows.append([said["new_site_short"], 0, facts.new_count, None, None])
    return Table("summary", said["sheet_summary"], columns, rows, " ".join([said["note_whole"], *facts.notes(lang)]))


def _rest(facts: Facts, value: Any) -> Any:
    """A count that is worked out from those shown, hidden like them where it is small."""
    return (
        value
        if facts.hidden is None or isinstance(value, str)
        else f"<{facts.hidden.limit}"
        if value < facts.hidden.limit
        else value
    )


def _ratio(part: Any, whole: Any) -> Any:
    if isinstance(part, str) or isinstance(whole, str):
        return ALONGSIDE
    return part / whole if whole else None


def _units(facts: Facts, level: str, lang: str) -> Table:
    said, table = words(lang), table_of(facts, level)
    headings = list(_headings(UNIT_COLUMNS, lang))
    for reading in facts.summary.readings:
        name = reading.zh if lang == "zh" else reading.en
        headings.append(
            Heading(f"{reading.key}_before", f"{name} · {said['before']}", "count", said["m_reading_before"])
        )
        headings.append(Heading(reading.key, f"{name} · {said['after']}", "count", said["m_reading_after"]))
    keys = [heading.key for heading in headings if heading.key in table]
    rows = [_unit_row(str(unit), row, keys, lang) for unit, row in table.iterrows()]
    kept = tuple(heading for heading in headings if heading.key in table)
    return Table(
        level, said[f"sheet_{level}"], kept, rows, " ".join([said["note_whole"], *facts.notes(lang)]), totals=1
    )


def _unit_row(unit: str, row: pd.Series, keys: list[str], lang: str) -> list[Any]:
    special = {TOTAL: "total", UNASSIGNED: "unassigned"}.get(unit)
    values: list[Any] = []
    for key in keys:
        if key.startswith("share"):
            part = "covered_before" if key == "share_before" else "covered"
            values.append(_ratio(_plain(row[part]), _plain(row["people"])))
        elif key in {"code", "name", "parent"}:
            values.append(words(lang)[special] if special and key == "name" else str(row[key]))
        else:
            values.append(_plain(row[key]))
    return values


def _plain(count: Any) -> Any:
    return count if isinstance(count, str) else int(count)


def _listed(frame: pd.DataFrame, keys: list[str]) -> list[list[Any]]:
    columns = [frame.index.astype(str) if key == "id" else frame[key] for key in keys]
    return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _new(facts: Facts, lang: str) -> Table:
    keys = ["rank", "name", *_levels(facts), "gain", "covered_so_far", "share_so_far", "longitude", "latitude", "id"]
    note = words(lang)["note_new" if facts.hidden is None else "note_sensitive"]
    return _sites("new", facts.new_sites, keys, lang, note)


def _existing(facts: Facts, lang: str) -> Table:
    keys = ["name", *_levels(facts), "nearest", "longitude", "latitude", "id"]
    note = "" if facts.hidden is None else words(lang)["note_sensitive"]
    return _sites("existing", facts.existing_sites, keys, lang, note)


def _sites(key: str, table: pd.DataFrame, keys: list[str], lang: str, note: str) -> Table:
    """A list of stations; an empty one keeps every heading."""
    kept = [name for name in keys if name == "id" or name in table or not len(table)]
    rows = _listed(table, kept) if len(table) else []
    return Table(key, words(lang)[f"sheet_{key}"], _renamed(_headings(kept, lang), lang), rows, note)


def _levels(facts: Facts) -> tuple[str, ...]:
    return facts.units.levels if facts.units is not None else ()


def _renamed(headings: tuple[Heading, ...], lang: str) -> tuple[Heading, ...]:
    """A list of stations calls its name column a station."""
    site = Heading("name", words(lang)["site"], "text", words(lang)["m_site"])
    return tuple(site if heading.key == "name" else heading for heading in headings)


def _uncovered(facts: Facts, lang: str) -> Table:
    said, level = words(lang), facts.summary.levels[-1]
    table = table_of(facts, level)
    some = table[(table["uncovered"] != 0) & (table.index != TOTAL)]
    most = some["uncovered"].map(
        lambda count: 1 if isinstance(count, str) else -int(count)
    )  # hidden ones last, by code
    some = some.loc[most.sort_values(kind="stable").index]
    keys = ["code", "name", "uncovered", "people", "covered", "share"]
    rows = [_unit_row(str(unit), row, keys, lang) for unit, row in some.iterrows()]
    if rows:
        rows.append(_unit_row(TOTAL, pd.Series(table.loc[TOTAL]), keys, lang))
    return Table("uncovered", said["sheet_uncovered"], _headings(keys, lang), rows, said["note_uncovered"], bool(rows))


def _gaps(gaps: pd.DataFrame, lang: str) -> Table:
    said = words(lang)
    keys = ("name", "kind", "people", "units", "site_name", "metres", "minutes", "longitude", "latitude", "id")
    told = {
        "name": "gap",
        "kind": "gap_kind",
        "people": "gap_people",
        "site_name": "nearest_site",
        "metres": "metres_away",
    }
    counts = {"people", "metres", "minutes"}
    headings = tuple(
        Heading(key, said[told.get(key, f"gap_{key}" if key == "minutes" else key)],
                "count" if key in counts else "degrees" if key.endswith("itude") else "text", said[f"m_gap_{key}"])
        for key in keys
    )  # fmt: skip
    frame = gaps.assign(kind=gaps["kind"].map(lambda kind: said[f"gap_{kind}"]))
    rows = [[None if pd.isna(value) else value for value in row] for row in _listed(frame, list(keys))]
    rows = [
        [
            round(value) if keys[at] in {"metres", "minutes"} and value is not None else value
            for at, value in enumerate(row)
        ]
        for row in rows
    ]
    if rows:
        rows.append([said["total"], None, int(gaps["people"].sum()), *([None] * (len(keys) - 3))])
    return Table("gaps", said["gaps"], headings, rows, said["note_gaps"], bool(rows))


def _offline(facts: Facts, lang: str) -> Table:
    said, frame = words(lang), facts.not_connected
    listed, rest = frame.head(MAX_LISTED), frame.iloc[MAX_LISTED:]
    keys = ["id", *_levels(facts), "people", "longitude", "latitude"] if len(frame) else ["id", "people"]
    note = said["note_offline"]
    if len(rest):
        note += said["note_offline_rest"].format(n=f"{len(rest):,}", people=f"{int(rest['people'].sum()):,}")
    rows = _listed(listed, keys)
    if rows:
        blank: list[Any] = [None] * len(keys)
        blank[0], blank[keys.index("people")] = said["total"], int(frame["people"].sum())
        rows.append(blank)
    return Table("offline", said["sheet_offline"], _headings(keys, lang), rows, note, bool(rows))


def _parameters(facts: Facts, lang: str) -> Table:
    said = words(lang)
    rows: list[list[Any]] = []
    for row in facts.parameters.itertuples(index=False):
        told = shown(row, facts.summary, lang)
        rows.append([told["name"], told["value"], told["source"]])
    rows += [[said["sources"], source, ""] for source in facts.sources]
    crs = facts.coverage.demand.crs
    rows.append([said["crs"], f"{crs.name} ({crs.to_string()})", ""])
    if facts.on:
        rows.append([said["date"], str(facts.on), ""])
    rows.append([said["made_on"], str(facts.made_on), ""])
    rows.append([said["approval"], facts.map_approval or said["internal"], ""])
    return Table("parameters", said["sheet_parameters"], _headings(("parameter", "value", "source"), lang), rows)


def _dictionary(found: list[Table], lang: str) -> Table:
    said = words(lang)
    rows = [[table.title, heading.text, heading.meaning] for table in found for heading in table.headings]
    return Table("dictionary", said["sheet_dictionary"], _headings(("sheet", "column", "meaning"), lang), rows)


def _quarantine(quarantine: pd.DataFrame | None, lang: str) -> Table:
    said = words(lang)
    headings = _headings(QUARANTINE_COLUMNS, lang)
    if quarantine is None or quarantine.empty:
        return Table("quarantine", said["sheet_quarantine"], headings, [], said["note_none"])
    frame = quarantine.reindex(columns=list(QUARANTINE_COLUMNS)).astype(object)
    rows = [["" if pd.isna(value) else str(value) for value in row] for row in frame.to_numpy().tolist()]
    return Table("quarantine", said["sheet_quarantine"], headings, rows)


def value_text(value: Any, kind: str) -> str:
    """A value as a document shows it: thousands apart, shares in percent, a dash where there is none."""
    if value is None or pd.isna(value):
        return "—"
    if isinstance(value, str):
        return value
    if kind == "share":
        return f"{int(value * 1000 + 0.5 + 1e-9) / 10:.1f}%"
    if kind == "count":
        return f"{int(value):,}"
    return f"{value:.6f}" if kind == "degrees" else str(value)


def valid_text(text: str) -> str:
    """A text without the control characters that documents cannot hold."""
    return "".join(
        letter if letter >= " " or letter in "\t\n" else "\ufffd"
        for letter in str(text)
        if letter not in "\ufffe\uffff"
    )
