"""Personal: columns of identity-card or telephone numbers, which a planner never holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from planner.errors import ColumnError
from planner.sources.records import Records
from planner.sources.values import text

CARD = re.compile(r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]")
MOBILE = re.compile(r"(?:\+?86[- ]?)?1[3-9]\d{9}")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
PERSONAL_ZH = {"identity-card numbers": "身份证号", "telephone numbers": "手机号"}
SAMPLE, FEWEST, SHARE = 2000, 2, 0.5  # values looked at, numbers found, and their share, before a column is refused


def refuse_personal(records: Records, ignore: Iterable[str]) -> Records:
    """The records without the columns of ``ignore``; raises `ColumnError` where another holds personal numbers."""
    left_out = list(ignore)
    if unknown := [name for name in left_out if name not in records.headings]:
        raise ColumnError(
            f"{records.where} has no column {', '.join(unknown)} to ignore; it has {', '.join(records.headings)}"
        )
    frame = records.frame.drop(columns=left_out)
    for name in frame.columns:
        if kind := personal_kind(frame[name]):
            raise ColumnError(
                f"{records.where}: column {name!r} holds {kind}; the planner keeps no personal data: delete the column,"
                f" or leave it out with ignore=[{name!r}]",
                zh=f"{records.where}：“{name}”列是{PERSONAL_ZH[kind]}，规划软件不保存个人信息；请删除该列，或加 --ignore {name}",
            )
    return replace(records, frame=frame) if left_out else records


def personal_kind(values: pd.Series) -> str:
    """``identity-card numbers`` or ``telephone numbers`` where a column is full of them, else nothing."""
    if pd.api.types.is_float_dtype(values) or pd.api.types.is_bool_dtype(values):
        return ""
    said = [one for one in map(text, values.dropna().head(SAMPLE).tolist()) if one]
    for kind, test in (("identity-card numbers", is_card), ("telephone numbers", is_mobile)):
        found = sum(test(one) for one in said)
        if found >= FEWEST and found >= SHARE * len(said):
            return kind
    return ""


def is_mobile(value: str) -> bool:
    """Tell whether a text is a mobile telephone number of China."""
    return MOBILE.fullmatch(value) is not None


def is_card(value: str) -> bool:
    """Tell whether a text is a citizen's identity number (GB 11643), check digit and all.

    >>> is_card("11010519491231002X"), is_card("370202001001")
    (True, False)
    """
    if not CARD.fullmatch(value):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, value, strict=False))
    return CHECKS[total % 11] == value[-1].upper()
