"""Romanise: names in roman letters by the rules of Hanyu Pinyin for place names, as drafts a person confirms.

The specific and the generic part stand apart (``Tàiháng Shān``); a generic that has become part of a
specific is joined to it (``Jiěfànglù Nánxiǎojiē``); an apostrophe before a, o, e (``Xī'ān``); ordinals of
streets in digits. Source: 中国地名汉语拼音字母拼写规则(汉语地名部分), 1984, and GB/T 16159.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from planner.gazetteer.spelling import split

TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ", "aaaaeeeeiiiioooouuuuüüüü")
ENGLISH = re.compile(
    r"\b(road|street|avenue|lane|bridge|river|lake|mountain|hill|park|square|village|town|city|county|district|island|bay|garden|rd|st|ave)\b",
    re.IGNORECASE,
)
_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_ORDINAL = re.compile(r"([一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])$")
_LANES = frozenset(["路", "街", "巷", "道", "弄", "支路", "大街", "小街", "大道", "胡同"])
_NEVER_ASKED = frozenset("路巷道区场广山中大小西东南北一三四五六七八九石红家海台")
_TREACHEROUS = frozenset("朝单曾盖葛任仇")  # a dictionary word may mislead: 朝阳, 单县
_ROAD_IN_SPECIFIC = re.compile(r"^(.+[路街巷道])([东西南北中前后上下大小新老]*(?:[一二三四五六七八九十]+)?)$")


@dataclass(frozen=True)
class Draft:
    """A name in roman letters, drafted by machine: ``doubts`` are the characters with more than one reading.

    ``exception`` tells that a table of local readings decided, which still needs a person's word.
    """

    text: str
    doubts: tuple[str, ...] = ()
    exception: bool = False


@cache
def exceptions() -> Mapping[str, str]:
    """Local readings by name or part of one: syllables with tones, one a character."""
    text = files("planner.gazetteer").joinpath("pinyin_exceptions.csv").read_text(encoding="utf-8")
    return {row["name"]: row["pinyin"] for row in csv.DictReader(text.splitlines())}


def draft(name: str) -> Draft:
    """Draft a name in roman letters; a named person confirms it before it is published.

    >>> draft("解放路").text
    'Jiěfàng Lù'
    """
    doubts = tuple(dict.fromkeys(letter for letter, certain in zip(name, _certain(name), strict=True) if not certain))
    return Draft(spell(name), doubts, _read(name)[1])


def spell(name: str) -> str:
    """A name in roman letters, drafted by machine, without the doubts about it."""
    specific, generic = split(name)
    readings, _ = syllables(name)
    head, tail = readings[: len(specific)], readings[len(specific) :]
    if joined := _ROAD_IN_SPECIFIC.match(specific) if generic in _LANES else None:
        first = len(joined[1])
        return f"{_word(head[:first])} {_ordinal_or_word(specific[first:], head[first:], tail)}"
    ordinal = _ORDINAL.search(specific) if generic in _LANES else None
    if ordinal and len(specific) > len(ordinal[0]):
        return f"{_word(head[: -len(ordinal[0])])} {_number(ordinal[0])} {_word(tail)}"
    if generic in _LANES and len(specific) > 2 and specific[-1] in "东西南北中":  # 香港中路: Xiānggǎng Zhōnglù
        return f"{_word(head[:-1])} {_word([head[-1], *tail])}"
    return " ".join(_word(part) for part in (head, tail) if part)


def _ordinal_or_word(lead: str, head: list[str], tail: list[str]) -> str:
    ordinal = _ORDINAL.search(lead)
    if not ordinal:
        return _word([*head, *tail])
    before = head[: len(lead) - len(ordinal[0])]
    return " ".join([*([_word(before)] if before else []), str(_number(ordinal[0])), _word(tail)])


def _number(numeral: str) -> int:
    if "十" not in numeral:
        return _DIGITS[numeral]
    tens, ones = numeral.split("十")
    return 10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)


def _word(readings: list[str]) -> str:
    word = ""
    for reading in readings:
        word += f"'{reading}" if word and _is_open(reading) and word[-1:].isalpha() else reading
    return word[:1].upper() + word[1:]


@lru_cache(maxsize=5_000)
def _is_open(syllable: str) -> bool:
    return syllable[:1].translate(TONES) in {"a", "o", "e"}


def _apart(text: str) -> Any:
    return list(text)


@lru_cache(maxsize=30_000)
def _of_character(letter: str) -> str:
    from pypinyin import Style, pinyin

    return str(pinyin(letter, style=Style.TONE, errors=_apart)[0][0])


@cache
def _phrases() -> Mapping[str, list[list[str]]]:
    from pypinyin.constants import PHRASES_DICT

    phrases: Mapping[str, list[list[str]]] = PHRASES_DICT
    return phrases


@cache
def _local() -> re.Pattern[str]:
    return re.compile("|".join(sorted(exceptions(), key=len, reverse=True)))


@lru_cache(maxsize=100_000)
def _read(name: str) -> tuple[tuple[str, ...], bool]:
    """Readings by the longest words the dictionary knows, from the left; local readings go before."""
    readings = list(map(_of_character, name))
    phrases, at, end = _phrases(), 0, len(name)
    while at < end - 1:
        for until in range(min(at + 4, end), at + 1, -1):
            if found := phrases.get(name[at:until]):
                readings[at:until] = [sounds[0] for sounds in found]
                at = until
                break
        else:
            at += 1
    local = False
    for match in _local().finditer(name):
        readings[match.start() : match.end()] = exceptions()[match[0]].split()
        local = True
    return tuple(readings), local


def syllables(name: str) -> tuple[list[str], bool]:
    """Reading of each character with its tone, and whether a local reading decided."""
    readings, found = _read(name)
    return list(readings), found


def _certain(name: str) -> list[bool]:
    """Whether each character's reading is beyond doubt: one reading only, or part of a word the dictionary knows."""
    from pypinyin import Style, pinyin

    every = [pinyin(letter, style=Style.TONE, heteronym=True)[0] for letter in name]
    sure = [letter in _NEVER_ASKED or len(set(options)) == 1 for letter, options in zip(name, every, strict=True)]
    for size in (4, 3, 2):
        for at in range(len(name) - size + 1):
            if name[at : at + size] in _phrases():
                sure[at : at + size] = [True] * size
    return [certain and letter not in _TREACHEROUS for certain, letter in zip(sure, name, strict=True)]


def toneless(name: str, *, within: str = "") -> str:
    """Sound of a name without tones, syllables run together: what homophones share.

    ``within`` is the whole name that begins with it, where the reading hangs on what follows.
    """
    return "".join(map(_plain, _read(within or name)[0][: len(name)]))


def initials(name: str) -> str:
    """First letters of a name's syllables, as people type them to search (``jfl`` for 解放路)."""
    return "".join([_plain(syllable)[:1] for syllable in _read(name)[0]])


@lru_cache(maxsize=5_000)
def _plain(syllable: str) -> str:
    return unicodedata.normalize("NFC", syllable).translate(TONES).casefold()


def faults(name: str, roman: str) -> list[tuple[str, str]]:
    """What is wrong with a name in roman letters, as ``(rule id, message)``.

    >>> faults("西安路", "Xian Lu")[0][0]
    'pinyin.apostrophe'
    """
    wanted = draft(name).text
    plain, plain_wanted = roman.translate(TONES).replace("’", "'"), wanted.translate(TONES)
    found = []
    if ENGLISH.search(roman):
        found.append(
            ("pinyin.english", f"{roman!r} holds an English word; the generic part is spelt too, like {wanted!r}")
        )
    if re.search(r"[a-zü][1-5]\b|[a-zü][1-5][a-z]", roman):
        found.append(
            ("pinyin.tone-numbers", f"{roman!r} writes tones as numbers; put marks on the vowels, like {wanted!r}")
        )
    if roman.isupper():
        found.append(
            ("pinyin.capitals", f"{roman!r} is in capitals; only the first letter of each part is, like {wanted!r}")
        )
    if "'" in plain_wanted and plain.casefold() == plain_wanted.replace("'", "").casefold():
        found.append(("pinyin.apostrophe", f"{roman!r} needs an apostrophe before a, o or e: {wanted!r}"))
    squeezed = re.sub(r"[\s']", "", plain).casefold()
    if (
        not found
        and squeezed == re.sub(r"[\s']", "", plain_wanted).casefold()
        and plain.split() != plain_wanted.split()
    ):
        found.append(("pinyin.parts", f"{roman!r} parts or capitalises the name wrongly; it is written {wanted!r}"))
    if not found and squeezed != re.sub(r"[\s']", "", plain_wanted).casefold():
        found.append(
            (
                "pinyin.reading",
                f"{roman!r} reads otherwise than expected ({wanted!r}); a person must confirm the reading",
            )
        )
    return found
