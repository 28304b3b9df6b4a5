"""Roads: the lines people travel on, as read."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd

from planner.layers import Column, Layer, is_text


def _yes_or_no(values: pd.Series) -> pd.Series:
    return values.isin([True, False])


def _positive_or_unknown(values: pd.Series) -> pd.Series:
    numbers: pd.Series = pd.to_numeric(values, errors="coerce")
    return values.isna() | ((numbers > 0) & (numbers < np.inf))


def _number_or_unknown(values: pd.Series) -> pd.Series:
    numbers: pd.Series = pd.to_numeric(values, errors="coerce")
    return values.isna() | numbers.notna()


def _text_or_unknown(values: pd.Series) -> pd.Series:
    return values.isna() | is_text(values)


class Roads(Layer):
    """Road lines with class and direction.

    ``road_class`` uses OpenStreetMap's ``highway`` words; ``oneway`` means driving only along the
    line's direction; ``from_node`` and ``to_node``, both or neither, are the source's own topology
    and are trusted over the coordinates; ``speed_kmh`` is the posted speed where known; ``walk``
    and ``drive`` are False where the source forbids it and missing where it does not say;
    ``surface`` is OpenStreetMap's word for what the road is made of;
    ``length_metres`` is the source's own length, only compared with the drawn one and never used.
    """

    columns: ClassVar[tuple[Column, ...]] = (
        Column("road_class", "OpenStreetMap highway class", lambda s: s.notna() & (s != "")),
        Column("oneway", "yes or no", _yes_or_no),
        Column("speed_kmh", "km/h, or unknown", _positive_or_unknown, optional=True),
        Column("walk", "yes, no or unknown", lambda s: s.isna() | _yes_or_no(s), optional=True),
        Column("drive", "yes, no or unknown", lambda s: s.isna() | _yes_or_no(s), optional=True),
        Column("from_node", "node of the first end", lambda s: s.notna(), optional=True),
        Column("to_node", "node of the last end", lambda s: s.notna(), optional=True),
        Column("length_metres", "metres, or unknown", _number_or_unknown, optional=True),
        Column("surface", "text, or unknown", _text_or_unknown, optional=True),
        Column("name", "text", _text_or_unknown, optional=True),
    )
    shapes: ClassVar[frozenset[str]] = frozenset({"LineString"})
