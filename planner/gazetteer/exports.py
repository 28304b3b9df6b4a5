"""Exports: the register as others read it: Linked Places, GeoNames-like text, GeoJSON, Excel. Secret records never leave."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import shapely

from planner.gazetteer import chain, wording
from planner.gazetteer.ledger import Ledger
from planner.gazetteer.records import Record
from planner.gazetteer.schema import DIVISION, KINDS, LINK, NAME, Kind
from planner.gazetteer.secrecy import may_leave, withheld

_CONTEXT = "https://raw.githubusercontent.com/LinkedPasts/linked-places/master/linkedplaces-context-v1.1.jsonld"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_GEONAMES = (
    "geonameid", "name", "asciiname", "alternatenames", "latitude", "longitude", "feature class", "feature code", "country code",
    "admin1 code", "admin2 code", "admin3 code", "admin4 code", "modification date",
)  # fmt: skip
_CLASSES = {
    "natural": "T",
    "division": "A",
    "village": "P",
    "park": "L",
    "street": "R",
    "building": "S",
    "facility": "S",
    "other": "L",
}


def open_records(ledger: Ledger, kind: Kind, on: date | None = None) -> list[Record]:
    """Records of a kind that may leave, those of a day or all."""
    return may_leave(ledger.select(kind, on=on), withheld(ledger))


def write_atomically(path: str | Path, write: Callable[[Path], object]) -> Path:
    """Write a file under another name, then put it in place: whole, or the old one stays."""
    target = Path(path)
    part = target.with_name(f".{target.stem}.part{target.suffix}")
    try:
        write(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _save(path: str | Path, text: str) -> Path:
    return write_atomically(path, lambda part: part.write_text(text, encoding="utf-8"))


def linked_places(ledger: Ledger, path: str | Path) -> Path:
    """Write every open place with all its names and periods in the Linked Places format (JSON-LD)."""
    places: dict[str, list[Record]] = {}
    for kind in (DIVISION, NAME):
        for record in open_records(ledger, kind):
            places.setdefault(record.thing, []).append(record)
    links = open_records(ledger, LINK)
    features = [_linked(place, records, links) for place, records in sorted(places.items())]
    return _save(
        path, json.dumps({"type": "FeatureCollection", "@context": _CONTEXT, "features": features}, ensure_ascii=False)
    )


def _linked(place: str, records: list[Record], links: list[Record]) -> dict[str, Any]:
    now = max(records, key=lambda record: (record.valid.end is None, record.valid.start or date.min))
    names = [{"toponym": r["name"], "lang": "zh", "when": _when(r)} for r in records]
    names += [
        {"toponym": r["pinyin"], "lang": "zh-Latn", "when": _when(r)} for r in records if r["pinyin"] and r["pinyin_by"]
    ]
    related = [
        {
            "relationType": "gvp:tgn3000_successor",
            "relationTo": link["after"],
            "label": link["how"],
            "when": _when(link),
        }
        for link in links
        if link["before"] == place and link["after"] != place
    ]
    shape = next((r.geometry for r in reversed(records) if r.geometry is not None), None)
    return {
        "@id": place, "type": "Feature", "properties": {"title": now["name"], "ccodes": ["CN"]},
        "names": names, "types": [{"label": now["level"] or now["category"]}], "relations": related,
        "geometry": None if shape is None else shapely.geometry.mapping(shape),
    }  # fmt: skip


def _when(record: Record) -> dict[str, Any]:
    span = {"start": record.valid.start, "end": record.valid.end}
    return {"timespans": [{name: {"in": day.isoformat()} for name, day in span.items() if day}]}


def geonames(ledger: Ledger, path: str | Path, *, on: date) -> Path:
    """Write the open names of a day as tab-separated text in GeoNames' columns."""
    others: dict[str, list[str]] = {}
    standing = []
    for record in open_records(ledger, NAME, on):
        if record.slot == "standard":
            standing.append(record)
        else:
            others.setdefault(record.thing, []).append(record["name"])
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(_GEONAMES)
    for record in standing:
        point = record.geometry.centroid if record.geometry is not None else None
        xy = ("", "") if point is None else (f"{point.y:.6f}", f"{point.x:.6f}")
        code = record["within"] or ""
        row = [
            record.thing, record["name"], (record["pinyin"] or "") if record["pinyin_by"] else "", ",".join(others.get(record.thing, [])),
            *xy, _CLASSES[record["category"]], record["category"], "CN", code[:2], code[:4], code[:6], code[:9],
            record["status_since"].isoformat() if record["status_since"] else "",
        ]  # fmt: skip
        writer.writerow([_defused(cell) for cell in row])
    return _save(path, out.getvalue())


def _defused(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula, with an apostrophe before it."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not cell.lstrip("-").replace(".", "").isdigit() else cell


def geojson(ledger: Ledger, path: str | Path, *, kind: str, on: date) -> Path:
    """Write the open records of a kind with geometry on a day as GeoJSON (RFC 7946, WGS 84)."""
    features = [
        {
            "type": "Feature", "id": record.thing, "geometry": shapely.geometry.mapping(shapely.orient_polygons(record.geometry)),
            "properties": {name: _plain(value) for name, value in record.values.items() if name not in {"key", "sound", "initials"}},
        }
        for record in open_records(ledger, KINDS[kind], on)
        if record.geometry is not None
    ]  # fmt: skip
    return _save(path, json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def registers(ledger: Ledger, path: str | Path, *, on: date, lang: str = "zh") -> Path:
    """Write the open records of a day as an Excel workbook, a sheet a kind; every cell is text or a number, never a formula."""
    import xlsxwriter

    def write(part: Path) -> None:
        book = xlsxwriter.Workbook(str(part), {"strings_to_formulas": False, "strings_to_urls": False})
        bold = book.add_format({"bold": True, "bg_color": "#DCE9F0"})
        for name, kind in KINDS.items():
            sheet = book.add_worksheet(wording.KINDS[name] if lang == "zh" else f"{name}s")
            columns = [
                "thing",
                "valid_from",
                "valid_to",
                *(c for c in kind.columns if c not in {"key", "sound", "initials"}),
            ]
            for at, column in enumerate(columns):
                sheet.write_string(0, at, wording.heading(column, lang), bold)
            for line, record in enumerate(open_records(ledger, kind, on), start=1):
                for at, (column, value) in enumerate(zip(columns, _cells(record, columns), strict=True)):
                    if isinstance(value, int | float) and not isinstance(value, bool):
                        sheet.write_number(line, at, value)
                    elif value is not None:
                        sheet.write_string(line, at, wording.said(column, value, lang))
            sheet.freeze_panes(1, 0)
            sheet.autofit()
        book.close()

    return write_atomically(path, write)


def _cells(record: Record, columns: Iterable[str]) -> list[Any]:
    own = {"thing": record.thing, "valid_from": record.valid.start, "valid_to": record.valid.end}
    return [own.get(column, record[column]) if column not in record.values else record[column] for column in columns]


def audit_bundle(ledger: Ledger, path: str | Path) -> Path:
    """Write the whole book as JSON Lines for an auditor; of withheld places only the seals, so that the chain still checks."""
    return chain.save_bundle(ledger, path, withheld=withheld(ledger))
