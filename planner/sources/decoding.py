"""Decoding: the text of a shapefile's table, from bytes that say nothing, or lie, about what they are."""

from __future__ import annotations

import re
from contextlib import suppress

import numpy as np
import pandas as pd

from planner.arrays import Positions
from planner.errors import SourceError
from planner.sources.encodings import Decoder, find_encoding, spread
from planner.sources.records import Blemish
from planner.sources.shapefiles import Parts

BYTES = "ISO-8859-1"  # maps every byte to one character, so the raw bytes can be had back
HAN_IN_UTF8 = re.compile("(?:[\x00-\x7f]*[\xe4-\xe9][\x80-\xbf]{2}){2,}[\x00-\x7f]*")


def decoded(raw: pd.DataFrame, parts: Parts, asked: str | None) -> tuple[pd.DataFrame, list[Blemish], Decoder]:
    """Turn byte-preserving text into text; a row that does not decode is a blemish, never mojibake."""
    columns = {name: _different(raw[name]) for name in raw if pd.api.types.is_string_dtype(raw[name])}
    headings = [str(name).encode(BYTES) for name in raw]
    samples = [value.encode(BYTES) for _, values in columns.values() for value in spread(values)]
    decoder = find_encoding([*headings, *samples], declared=parts.declared_encoding, asked=asked, file=parts.shp.name)
    names = [_heading(one, decoder.name, parts) for one in headings]
    blemishes: list[Blemish] = []
    told: dict[str, pd.Series] = {}
    for name, heading in zip(raw, _unlike(names), strict=True):
        told[heading] = raw[name]
        if name in columns:
            which, values = columns[name]
            told[heading] = _column(which, values, heading, decoder.name, blemishes)
    return pd.DataFrame(told, index=raw.index), blemishes, decoder


def _different(column: pd.Series) -> tuple[Positions, list[str]]:
    """The different values of a column, and which of them each row holds, -1 where missing."""
    which, values = pd.factorize(column)
    return which, values.tolist()  # walking Arrow's texts one by one would take thirty times as long


def _heading(raw: bytes, encoding: str, parts: Parts) -> str:
    """A field name, cut at ten bytes by the format and so perhaps within a character."""
    for cut in range(4):
        try:
            return raw[: len(raw) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SourceError(
        f"{parts.dbf.name} has a field name that is no {encoding} text: {raw.hex(' ')};"
        " say which encoding with encoding="
    )


def _unlike(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    told = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        told.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return told


def _column(
    which: Positions,
    values: list[str],
    heading: str,
    encoding: str,
    blemishes: list[Blemish],
) -> pd.Series:
    """The texts of a column, given its different values and which of them each row holds."""
    told, bad = _texts(values, encoding)
    for at in np.flatnonzero(np.isin(which, list(bad))):
        kept = bad[int(which[at])]
        rule = "text.undecodable" if kept is None else "text.cut"
        blemishes.append(Blemish(int(at), rule, heading, values[which[at]].encode(BYTES).hex(" "), kept))
    known = np.array([*told, None], dtype=object)  # -1, the last, is missing
    return pd.Series(known[which], dtype=object)


def _texts(values: list[str], encoding: str) -> tuple[list[str], dict[int, str | None]]:
    """Text of each value, and of those that are no text, by position, what can be kept of it, or None."""
    alien = []
    if encoding == "gb18030":
        alien = [at for at, value in enumerate(values) if not value.isascii() and _utf8_han(value)]
    if "\n".encode(encoding) == b"\n" and not any("\n" in value for value in values):
        with suppress(UnicodeDecodeError):  # all at once is ten times as fast as one by one
            told = "\n".join(values).encode(BYTES).decode(encoding).split("\n")
            if len(told) == len(values):
                return told, dict.fromkeys(alien)
    one_by_one = [_text(value.encode(BYTES), encoding) for value in values]
    bad = {at: kept for at, (_, kept, whole) in enumerate(one_by_one) if not whole}
    return [text for text, _, _ in one_by_one], bad | dict.fromkeys(alien)


def _text(raw: bytes, encoding: str) -> tuple[str, str | None, bool]:
    """The text of bytes, or their hex where they are none; what can be kept of it; and whether that is all."""
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        kept = raw[: error.start].decode(encoding) if error.start >= len(raw) - 3 else None
        return (raw.hex(" ") if kept is None else kept), kept, False
    return text, text, True


def _utf8_han(value: str) -> bool:
    """Tell whether bytes in a GB18030 table are UTF-8 Chinese after all: valid, and every character of three bytes."""
    if HAN_IN_UTF8.fullmatch(value) is None:
        return False
    try:
        text = value.encode(BYTES).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all("\u4e00" <= c <= "\u9fff" for c in text if c > "\x7f")
