"""Findings: what was mended or left out while a network was built, one row each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from planner.arrays import Lines, Metres

COLUMNS = ("rule", "road", "detail")
LENGTH_SHARE = 0.05  # a source's length may differ from the drawn one by this much
LENGTH_METRES = 2.0  # or by this much


def finding(rule: str, roads: Iterable[str], details: Iterable[str] | str) -> pd.DataFrame:
    """Rows of one rule, a road each; ``details`` may be one text for all."""
    ids = list(roads)
    said = [details] * len(ids) if isinstance(details, str) else list(details)
    return pd.DataFrame({"rule": [rule] * len(ids), "road": ids, "detail": said}, columns=COLUMNS, dtype=object)


def summary(rule: str, detail: str) -> pd.DataFrame:
    """One row about the roads as a whole, with no road named."""
    return finding(rule, [""], detail)


def gathered(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """All findings in one table, by rule in the order found, each by road."""
    found = [part for part in parts if len(part)]
    if not found:
        return finding("", [], [])
    return pd.concat(found, ignore_index=True)


def lengths_that_differ(ids: Lines, drawn: Metres, said: pd.Series) -> pd.DataFrame:
    """Roads whose length in the source is missing, not above 0, or not the drawn length; only compared, never used."""
    given = np.asarray(pd.to_numeric(said, errors="coerce"), dtype=np.float64)
    with np.errstate(invalid="ignore"):
        differs = ~(np.abs(given - drawn) <= np.maximum(LENGTH_METRES, LENGTH_SHARE * drawn))
    if differs.sum() > len(drawn) / 2:
        known = np.isfinite(given) & (given > 0)
        ratio = float(np.median(given[known] / drawn[known])) if known.any() else float("nan")
        return summary(
            "length",
            f"length_metres is not the drawn length for {differs.sum():,} of {len(drawn):,} roads"
            f" (median ratio {ratio:.3g}): is it in another unit? Drawn lengths are used",
        )
    details = (
        f"length_metres is {length:g}, the drawn length {metres:.1f} m is used"
        for length, metres in zip(given[differs], drawn[differs], strict=True)
    )
    return finding("length", ids[differs], details)
