"""Wording: names cleaned of what nobody sees, and refused where they hold what no name may."""

from __future__ import annotations

import re
import sys

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.sources.ledger import Ledger
from planner.sources.values import texts

INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff\ufe00-\ufe0f]")
BLANKS = re.compile("[\u00a0\u2000-\u200a\u202f\u3000\\s]+")
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\U0001f000-\U0001faff\u2600-\u27bf]")
FORMULA = re.compile(r"'(?='*[=+\-@\t\r])")
TONES = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
TONED = re.compile(rf"[(（][a-z]*[{TONES}][a-z]*[)）]")  # 鎮(zhèn): what some conversions leave behind
ODD = re.compile(rf"^'|^\s|\s$|\s\s|[^\S ]|{INVISIBLE.pattern}|{BIDI.pattern}|{CONTROL.pattern}|[{TONES}]")
"""What a name that needs a look holds."""
ODD_CHARACTER = re.compile(rf"['\s]|{INVISIBLE.pattern}|{BIDI.pattern}|{CONTROL.pattern}|[{TONES}]")
"""A character without which no name needs one: most lists of a million names hold none."""


def names(values: pd.Series, ledger: Ledger, column: str) -> npt.NDArray[np.object_]:
    """Names as text without what nobody sees, each repair listed.

    Rows with direction marks, control characters or emoji are left out; an apostrophe that an export put before a
    formula sign is taken off again.
    """
    given = texts(values)
    hints = "".join(ODD_CHARACTER.findall(_characters(given)))
    if not hints:
        return given
    hint = re.compile(f"[{re.escape(hints)}]")
    odd = np.array([at for at, one in enumerate(given) if hint.search(one) and ODD.search(one)], dtype=np.int64)
    if not len(odd):
        return given
    told = given.copy()
    told[odd] = [tidy(one) for one in given[odd]]
    shown = np.array([_shown(one) for one in given[odd]], dtype=object)
    for rule, pattern in (("text.bidi", BIDI), ("text.control", CONTROL)):
        bad = np.array([pattern.search(one) is not None for one in given[odd]], bool)
        ledger.quarantine(odd[bad], rule, column=column, value=shown[bad])
    pinyin = odd[[TONED.search(one) is not None for one in given[odd]]]
    ledger.quarantine(pinyin, "text.pinyin", column=column, value=given[pinyin])
    marked = np.array([FORMULA.match(one) is not None for one in given[odd]], bool)
    changed = (told[odd] != given[odd]) & ledger.standing[odd]
    for which, rule, before in ((marked, "text.formula_mark", given[odd]), (~marked, "text.invisible", shown)):
        at = changed & which
        ledger.repair(odd[at], rule, column, before=before[at], after=told[odd[at]])
    return told


def _characters(given: npt.NDArray[np.object_]) -> str:
    """The different characters of all texts."""
    points = np.frombuffer("".join(given).encode("utf-32-le", "surrogatepass"), np.uint32)
    seen = np.zeros(sys.maxunicode + 1, bool)
    seen[points] = True
    return "".join(map(chr, np.flatnonzero(seen)))


def tidy(name: str) -> str:
    r"""One name without what nobody sees, its blanks single.

    >>> tidy("历下\u200b区\u00a0助餐点 ")
    '历下区 助餐点'
    """
    return BLANKS.sub(" ", INVISIBLE.sub("", FORMULA.sub("", name, count=1))).strip()


def _shown(name: str) -> str:
    """The name with its invisible characters written out, so that a reader of the report sees them."""
    return "".join(c if c.isprintable() and not INVISIBLE.match(c) else f"\\u{ord(c):04x}" for c in name)
