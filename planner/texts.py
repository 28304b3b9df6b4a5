"""Texts: words an official may read, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in both languages; as plain text it is Chinese."""

    zh: str
    en: str

    @classmethod
    def of(cls, given: str | Mapping[str, str] | Text) -> Text:
        """Make a text from ``{"zh": ..., "en": ...}``, or from words that are the same in both."""
        if isinstance(given, Text):
            return given
        return cls(given, given) if isinstance(given, str) else cls(**given)

    def words(self, lang: str = "zh") -> str:
        """The words in one language, ``zh`` or ``en``."""
        return self.en if lang == "en" else self.zh

    def __str__(self) -> str:
        return self.zh
