"""Codes: the numbers of divisions (GB/T 2260, GB/T 10114), as text, and what their digits say."""

from __future__ import annotations

import re

from planner.errors import DataError

LENGTHS = {2: "province", 4: "city", 6: "district", 9: "town", 12: "village"}
LEVELS = ("province", "city", "district", "town", "village")
_CODE = re.compile(r"[0-9]{6}|[0-9]{9}|[0-9]{12}")


def level_of(code: str) -> str:
    """Level a code stands for: 370000 a province, 370200 a city, 370202 a district, 9 digits a town, 12 a village.

    Raises `DataError` for anything else, with a guess at what happened to it.
    """
    if not _CODE.fullmatch(code):
        raise DataError(f"{code!r} is no division code: {_guess(code)}")
    if len(code) > 6:
        return LENGTHS[len(code)]
    return "province" if code.endswith("0000") else "city" if code.endswith("00") else "district"


def _guess(code: str) -> str:
    if re.fullmatch(r"[0-9.]+[eE][+]?[0-9]+", code):
        return "a spreadsheet turned it into a number; format the column as text and fill it in again"
    if re.fullmatch(r"[0-9]+\.0", code):
        return f"a spreadsheet made it a number; is it {code[:-2]!r}?"
    if re.fullmatch(r"[0-9]{5}|[0-9]{8}|[0-9]{11}", code):
        return f"a leading zero may be lost; is it {code.zfill(len(code) + 1)!r}?"
    return "it has 6 digits to the county, 9 to the town, 12 to the village"


def parent_code(code: str) -> str:
    """Code of the unit above, by the digits alone; empty above a province."""
    level = level_of(code)
    if level == "province":
        return ""
    return {"city": code[:2] + "0000", "district": code[:4] + "00", "town": code[:6], "village": code[:9]}[level]


def prefix(code: str) -> str:
    """Leading digits that every unit within this one shares."""
    level = level_of(code)
    return {"province": code[:2], "city": code[:4]}.get(level, code)


def class_doubt(code: str) -> str:
    """What the last digits say against the level's usual classes; empty where nothing, and never more than a doubt.

    Towns: 001-099 街道, 100-199 镇, 200-399 乡. Villages: 001-199 居委会, 200-399 村委会. Functional zones use others.
    """
    level, last = level_of(code), int(code[-3:])
    if level in {"town", "village"} and not 1 <= last <= 399:
        return f"{code} ends in {code[-3:]}, outside the classes of a {level} (001-399): a functional zone?"
    return ""
