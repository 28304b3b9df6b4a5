"""Findings: what was mended, merged or left out while a network was built, in Chinese and English."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.arrays import Lines, Metres

COLUMNS = ("rule", "road", "roads", "detail", "detail_zh")
LENGTH_SHARE = 0.05  # a source's length may differ from the drawn one by this much
LENGTH_METRES = 2.0  # or by this much
Values = str | float | npt.NDArray[Any]


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads(files("planner.network").joinpath("findings.toml").read_text(encoding="utf-8"))


def finding(rule: str, roads: Iterable[str], **values: Values) -> pd.DataFrame:
    """Rows of one rule, a road each; ``values`` fill its sentence, one for all or one a road."""
    ids = list(roads)
    filled = pd.DataFrame({"roads": 1, **values}, index=range(len(ids)))
    return _told(rule, ids, filled)


def summary(rule: str, roads: int, **values: Values) -> pd.DataFrame:
    """One row about so many roads (or pieces) together, with none named."""
    return _told(rule, [""], pd.DataFrame({"roads": roads, **values}, index=[0]))


def _told(rule: str, ids: list[str], filled: pd.DataFrame) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        dict(zip(map(str, filled.columns), row, strict=True)) for row in filled.itertuples(index=False)
    ]
    translated = _words()["words"]["zh"]
    chinese = [{name: translated.get(value, value) for name, value in row.items()} for row in rows]
    return pd.DataFrame({
        "rule": pd.Series(rule, filled.index, dtype=object),
        "road": pd.Series(ids, filled.index, dtype=object),
        "roads": filled["roads"].astype(np.int64),
        "detail": pd.Series([_words()[rule]["en"].format(**row) for row in rows], filled.index, dtype=object),
        "detail_zh": pd.Series([_words()[rule]["zh"].format(**row) for row in chinese], filled.index, dtype=object),
    })  # fmt: skip


def gathered(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """All findings in one table, in the order found."""
    found = [part for part in parts if len(part)]
    return pd.concat(found, ignore_index=True) if found else finding("twins", [])


def describe_findings(findings: pd.DataFrame, *, lang: str = "zh") -> list[str]:
    """A line for each rule met: its title and how many roads, or the sentence itself where there is only one."""
    lines = []
    for rule, rows in findings.groupby("rule", sort=False):
        if len(rows) == 1 and not rows["road"].iloc[0]:
            lines.append(str(rows["detail" if lang == "en" else "detail_zh"].iloc[0]))
            continue
        title, count = _words()[str(rule)][f"{'en' if lang == 'en' else 'zh'}_title"], int(rows["roads"].sum())
        lines.append(f"{title}: {count:,}" if lang == "en" else f"{title}：{count:,} 条")
    return lines


def lengths_that_differ(ids: Lines, drawn: Metres, said: pd.Series) -> pd.DataFrame:
    """Roads whose length in the source is missing, not above 0, or not the drawn length; only compared, never used."""
    given = np.asarray(pd.to_numeric(said, errors="coerce"), dtype=np.float64)
    with np.errstate(invalid="ignore"):
        differs = ~(np.abs(given - drawn) <= np.maximum(LENGTH_METRES, LENGTH_SHARE * drawn))
    if differs.sum() > len(drawn) / 2:
        known = np.isfinite(given) & (given > 0)
        ratio = float(np.median(given[known] / drawn[known])) if known.any() else float("nan")
        return summary("length-unit", int(differs.sum()), of=len(drawn), ratio=ratio)
    return finding("length", ids[differs], said=given[differs], metres=drawn[differs])
