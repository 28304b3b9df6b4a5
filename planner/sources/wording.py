"""Wording: names cleaned of what nobody sees, and refused where they hold what no name may."""

from __future__ import annotations

import re

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


def names(values: pd.Series, ledger: Ledger, column: str) -> npt.NDArray[np.object_]:
    """Names as text without what nobody sees, each repair listed.

    Rows with direction marks, control characters or emoji are left out; an apostrophe that an export put before a
    formula sign is taken off again.
    """
    given = texts(values)
    odd = np.array([not one.isascii() or one.startswith("'") or not one.isprintable() for one in given], bool)
    if not odd.any():
        return given
    told = given.copy()
    for at in np.flatnonzero(odd):
        told[at] = tidy(given[at])
    for rule, pattern in (("text.bidi", BIDI), ("text.control", CONTROL)):
        bad = np.array([pattern.search(one) is not None for one in given], bool)
        if bad.any():
            ledger.quarantine(
                bad & ledger.standing, rule, column=column, value=np.array([_shown(one) for one in given], dtype=object)
            )
    marked = np.array([FORMULA.match(one) is not None for one in given], bool)
    changed = (told != given) & ledger.standing
    ledger.repair(changed & marked, "text.formula_mark", column, before=given, after=told)
    shown = np.array([_shown(one) for one in given], dtype=object)
    ledger.repair(changed & ~marked, "text.invisible", column, before=shown, after=told)
    return told


def tidy(name: str) -> str:
    r"""One name without what nobody sees, its blanks single.

    >>> tidy("历下\u200b区\u00a0助餐点 ")
    '历下区 助餐点'
    """
    return BLANKS.sub(" ", INVISIBLE.sub("", FORMULA.sub("", name, count=1))).strip()


def _shown(name: str) -> str:
    """The name with its invisible characters written out, so that a reader of the report sees them."""
    return "".join(c if c.isprintable() and not INVISIBLE.match(c) else f"\\u{ord(c):04x}" for c in name)
