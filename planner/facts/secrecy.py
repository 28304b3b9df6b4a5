"""Secrecy: records whose 密级 is not 公开 never leave, whatever the format."""

from __future__ import annotations

from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.arrays import Mask

Frame = TypeVar("Frame", gpd.GeoDataFrame, None)
COLUMNS = frozenset({"密级", "secrecy", "保密级别", "秘密等级"})
OPEN = frozenset({"公开", "public", "open"})


def may_leave(frame: pd.DataFrame) -> Mask:
    """Tell which records may leave, shape ``(rows,)``: those said to be public, or of which nothing was ever said.

    A blank in a secrecy column is not "public"; a missing value, as records without such a column have when put
    beside others, is.
    """
    allowed = np.ones(len(frame), bool)
    for name in frame.columns:
        if str(name).strip().casefold() in COLUMNS:
            said = frame[name]
            allowed &= (said.isna() | said.astype(str).str.strip().str.casefold().isin(OPEN)).to_numpy(dtype=bool)
    return allowed


def public(frame: Frame) -> Frame:
    """Only the records that may leave."""
    return None if frame is None else frame[may_leave(frame)]
