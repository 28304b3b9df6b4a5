"""Codes: division codes and list numbers that a spreadsheet has damaged."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import numpy.typing as npt

from planner.arrays import Mask

SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
DIVISION_LENGTHS = frozenset({2, 4, 6, 9, 12})
COMMON = 0.5


def damaged(codes: npt.NDArray[np.object_], *, divisions: bool) -> Mask:
    """Tell which codes a spreadsheet damaged: turned into a number (3.7E+11), or robbed of leading zeros.

    Of divisions, lengths no division has; of lists, numbers one short where the others begin with 0.
    """
    numbers = [code for code in codes if code.isdigit()]
    lengths = Counter(map(len, numbers))
    usual, count = lengths.most_common(1)[0] if lengths else (0, 0)
    scientific = np.array([("e" in code or "E" in code) and bool(SCIENTIFIC.fullmatch(code)) for code in codes], bool)
    if not numbers or count < COMMON * len(numbers):
        return scientific
    if divisions:
        odd = {length for length in lengths if length not in DIVISION_LENGTHS} if usual in DIVISION_LENGTHS else set()
    else:
        zeros = any(code.startswith("0") and len(code) == usual for code in numbers)
        odd = {length for length in lengths if zeros and length < usual}
    if not odd:
        return scientific
    return scientific | np.array([code.isdigit() and len(code) in odd for code in codes], bool)
