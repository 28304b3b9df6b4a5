"""Figures: the numbers a notebook's interpretations say, and those its cells print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

READING = "**读法**"  # "how to read it": from here to the next heading a cell says what those beside it found
NEAR = (3, 1)  # code cells before and after the prose that it may speak of
NUMBER = re.compile(r"(?<![\w.`/-])(\d[\d,]*(?:\.\d+)?)(\s*%)?(?![\w`])", re.ASCII)
YEAR = re.compile(r"(?<![\d,.])(?:19|20)\d\d(?![\d,.]*\d)", re.ASCII)
PRINTED = re.compile(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(\s*%)?", re.ASCII)


def unfounded(cells: list[Any]) -> list[str]:
    """Figures of interpretations that no cell nearby prints, as ``cell: figure``."""
    code = [at for at, cell in enumerate(cells) if cell.cell_type == "code"]
    found = []
    for at, cell in enumerate(cells):
        if cell.cell_type != "markdown" or READING not in cell.source:
            continue
        before, after = [c for c in code if c < at], [c for c in code if c > at]
        near = [*before[-NEAR[0] :], *after[: NEAR[1]]]
        printed = [number for c in near for output in cells[c].outputs for number in _printed(_text(output))]
        found += [f"{at}: {word}" for word, share in _said(cell.source) if not _among(word, share, printed)]
    return found


def _said(source: str) -> Iterator[tuple[str, bool]]:
    prose = re.sub(r"`[^`]*`", "", source.partition(READING)[2].split("\n## ")[0])
    for number, share in NUMBER.findall(YEAR.sub("", prose)):
        yield number.rstrip(",").replace(",", ""), bool(share)


def _printed(text: str) -> Iterator[tuple[float, bool]]:
    for number, share in PRINTED.findall(text):
        yield float(number.rstrip(",").replace(",", "")), bool(share)


def _text(output: Any) -> str:
    return f"{output.get('data', {}).get('text/plain', '')} {output.get('text', '')}"


def _among(word: str, share: bool, printed: list[tuple[float, bool]]) -> bool:
    """Whether a printed number rounds to the one said; a percentage may be printed as a share, 280 as 280.9 or 283."""
    digits = len(word.partition(".")[2])
    if not digits and len(word) > 2:
        digits = -(len(word) - len(word.rstrip("0")))
    return any(
        round(number * (100 if share and not percent else 1), digits) == float(word)
        for number, percent in printed
        if share or not percent
    )
