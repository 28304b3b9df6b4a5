"""Words: what officials read, in Chinese and English, from one file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from planner.errors import QuestionError

LANGUAGES = ("zh", "en")


@cache
def _shipped() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("planner.facts").joinpath("words.toml").read_text(encoding="utf-8"))


@cache
def words(lang: str = "zh") -> Mapping[str, str]:
    """Give every word of a language, ``zh`` or ``en``, by its key."""
    if lang not in LANGUAGES:
        raise QuestionError(f"lang must be one of {', '.join(LANGUAGES)}, not {lang!r}")
    column = LANGUAGES.index(lang)
    return MappingProxyType({key: both[column] for table in _shipped().values() for key, both in table.items()})
