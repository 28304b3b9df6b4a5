"""Spelling: how a name is cleaned, compared and looked up.

Names are stored as given. What is compared is a key: compatibility forms and width folded (NFKC),
traditional turned to simplified, spaces, dots and case away. The converter is not perfect (著力 and 着力),
so its result is never shown or stored as a name.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e")
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
PLACEHOLDERS = re.compile(
    r"^(无名|未命名|待定|暂无|暂缺|无|未知|规划[一二三四五六七八九十百\d]*|[xX×]+)([路街巷道桥村]*)$"
)
BRACKET_PINYIN = re.compile(r"[(（][a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]+[)）]", re.IGNORECASE)
_PLAIN = re.compile(r"[\u4e00-\u9fff]+")
_DROPPED = re.compile(r"[\s·•・\-—－_'’`]+")

GENERICS = [
    "自然保护区",
    "风景名胜区",
    "开发区",
    "工业园区",
    "居民委员会",
    "村民委员会",
    "街道办事处",
    "立交桥",
    "互通立交",
    "公交站",
    "火车站",
    "高速公路",
    "新区",
    "小区",
    "社区",
    "街道",
    "公园",
    "广场",
    "花园",
    "大厦",
    "水库",
    "大街",
    "大道",
    "小街",
    "小巷",
    "胡同",
    "支路",
    "环路",
    "公路",
    "铁路",
    "大桥",
    "机场",
    "码头",
    "半岛",
    "群岛",
    "家园",
    "新村",
    "山庄",
    "里弄",
    "省",
    "市",
    "区",
    "县",
    "镇",
    "乡",
    "村",
    "庄",
    "屯",
    "寨",
    "路",
    "街",
    "巷",
    "道",
    "弄",
    "里",
    "桥",
    "河",
    "江",
    "湖",
    "海",
    "湾",
    "岛",
    "山",
    "岭",
    "峰",
    "沟",
    "溪",
    "泉",
    "泊",
    "港",
    "站",
    "塔",
    "寺",
    "庙",
    "苑",
    "园",
    "城",
    "楼",
    "厦",
    "埠",
    "疃",
    "夼",
]


_GENERICS = frozenset(GENERICS)
_LONGEST = max(map(len, GENERICS))


@dataclass(frozen=True)
class Cleaned:
    """A name as it may be stored, and what had to be taken away: ``(what, how many)``."""

    text: str
    repairs: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@lru_cache(maxsize=1_000)
def clean(name: str) -> Cleaned:
    """Take invisible characters out of a name, and say what keeps it from being one.

    ``repairs`` name what was stripped, each to be recorded; ``faults`` are rule ids of what is refused
    (`name.bidi`, `name.control`, `name.emoji`, `name.empty`, `name.bracket-pinyin`).
    """
    if _PLAIN.fullmatch(name):
        return Cleaned(name)
    faults, repairs = [], []
    if any(letter in BIDI for letter in name):
        faults.append("name.bidi")
    if found := sorted({letter for letter in name if letter in INVISIBLE}):
        repairs.append("invisible " + " ".join(f"U+{ord(letter):04X}" for letter in found))
    text = "".join(letter for letter in name if letter not in INVISIBLE)
    if "\u00a0" in text or "\u3000" in text or text != text.strip():
        repairs.append("spaces")
        text = text.replace("\u00a0", " ").replace("\u3000", " ").strip()
    kinds = {unicodedata.category(letter) for letter in text if letter not in BIDI}
    if "Cc" in kinds:
        faults.append("name.control")
    if any(_is_emoji(letter) for letter in text):
        faults.append("name.emoji")
    if BRACKET_PINYIN.search(text):
        faults.append("name.bracket-pinyin")
    if not text:
        faults.append("name.empty")
    return Cleaned(text, tuple(repairs), tuple(faults))


def _is_emoji(letter: str) -> bool:
    code = ord(letter)
    return (
        0x1F000 <= code <= 0x1FAFF or 0x2600 <= code <= 0x27BF or 0xFE00 <= code <= 0xFE0F or 0x1F1E6 <= code <= 0x1F1FF
    )


def private_use(text: str) -> list[str]:
    """Code points of a text that no standard gives a character, as ``U+E000``."""
    return [f"U+{ord(letter):04X}" for letter in text if unicodedata.category(letter) == "Co"]


def is_placeholder(name: str) -> bool:
    """Tell whether a name only stands where a name should be (无名路, 规划一路, 待定)."""
    return PLACEHOLDERS.match(name.strip()) is not None or not name.strip()


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


@lru_cache(maxsize=200_000)
def key(name: str) -> str:
    """What a name is looked up and compared by."""
    if _PLAIN.fullmatch(name):
        return str(_converter().convert(name))
    folded = _DROPPED.sub("", unicodedata.normalize("NFKC", name)).casefold()
    folded = "".join(letter for letter in folded if letter not in INVISIBLE)
    return folded if folded.isascii() else str(_converter().convert(folded))


def is_simplified(name: str) -> bool:
    """Tell whether a name holds no traditional character, as far as the converter knows."""
    return bool(_converter().convert(name) == name)


@lru_cache(maxsize=1_000)  # a name is split for its parts, its spelling and its sound, one after another
def split(name: str) -> tuple[str, str]:
    """Part a name into its specific part (专名) and its generic part (通名), which may be empty."""
    for size in range(min(_LONGEST, len(name) - 1), 0, -1):
        if name[-size:] in _GENERICS:
            return name[:-size], name[-size:]
    return name, ""
