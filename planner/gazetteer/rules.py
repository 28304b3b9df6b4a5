"""Rules: what a name may not be, what it should not be, and what a person must look at.

One small function a rule. An ``error`` keeps a name from being approved; a ``warning`` is shown; a
``suspect`` (大、洋、怪、重) waits until a named person has decided. Each finding names its clause of the Regulation on
Place Names (地名管理条例, State Council order 753, in force 2022-05-01) by what it asks; articles are not numbered,
because our sources give no numbers and a wrong one in a refusal would be worse than none.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from planner.gazetteer.spelling import clean, is_placeholder, is_simplified, private_use, split

CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "natural": "自然地理实体", "division": "行政区划", "village": "村（居）民委员会、自然村", "park": "公园、保护区",
        "street": "街路巷", "building": "住宅区、楼宇", "facility": "交通、水利、电力、通信设施", "other": "其他",
    }
)  # fmt: skip
REGULATION = "地名管理条例（国务院令第753号，2022年5月1日起施行）"
CLAUSES: Mapping[str, str] = MappingProxyType(
    {
        "meaning": f"{REGULATION}命名原则：含义明确、健康", "feature": f"{REGULATION}命名原则：符合实际地域、规模、性质",
        "language": f"{REGULATION}命名原则：使用国家通用语言文字，避免生僻字", "person": f"{REGULATION}命名原则：不以国家领导人名字、一般不以人名作地名",
        "foreign": f"{REGULATION}命名原则：不以外国人名、地名作地名", "company": f"{REGULATION}命名原则：不以企业名称或者商标名称作地名",
        "duplicate": f"{REGULATION}命名原则：规定范围内不重名，避免同音", "local": f"{REGULATION}命名原则：设施名称与所在地地名一致",
        "protected": f"{REGULATION}地名文化保护：地名保护名录", "process": f"{REGULATION}命名、更名程序",
    }
)  # fmt: skip
_STREET = frozenset(
    ["路", "街", "巷", "道", "弄", "里", "大街", "小街", "大道", "小巷", "胡同", "支路", "环路", "公路", "高速公路"]
)
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙马胡朱郭何罗高林郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁"
)
_GIVEN = frozenset("伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛超霞刚桂建国志斌玉梅鹏辉婷雪峰")


@dataclass(frozen=True)
class Finding:
    """What a rule says of a name: ``severity`` is ``error``, ``warning`` or ``suspect``."""

    rule: str
    severity: str
    reason: str
    reason_zh: str
    clause: str = ""


@dataclass(frozen=True)
class Proposal:
    """A name to be judged, with what the rules need to know around it.

    ``same`` and ``homophones`` are names already in its scope that are written or sound alike, with where they
    lie; ``local_names`` are the names of the divisions it lies in; ``replaces_protected`` is the protected name
    it would push out.
    """

    name: str
    category: str = "street"
    same: Sequence[str] = ()
    homophones: Sequence[str] = ()
    local_names: Sequence[str] = ()
    replaces_protected: str = ""
    override: str = ""
    document: str = ""


Rule = Callable[[Proposal], Finding | None]


@cache
def _words() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    text = files("planner.gazetteer").joinpath("naming_words.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        found.setdefault(row["rule"], []).append(row["word"])
    return {rule: tuple(words) for rule, words in found.items()}


def _holds(name: str, rule: str) -> str:
    return next((word for word in _words().get(rule, ()) if word in name), "")


def unclean(p: Proposal) -> Finding | None:
    """Control characters, direction marks, emoji, pinyin in brackets: no part of a name."""
    cleaned = clean(p.name)
    if not cleaned.faults and not cleaned.repairs:
        return None
    what = ", ".join(cleaned.faults + cleaned.repairs)
    return Finding(
        "name.unclean",
        "error",
        f"{p.name!r} holds what no name may: {what}",
        f"含有不得用于地名的字符：{what}",
        CLAUSES["language"],
    )


def placeholder(p: Proposal) -> Finding | None:
    """无名路、规划一路、待定 stand where a name should be."""
    if not is_placeholder(p.name):
        return None
    return Finding(
        "name.placeholder",
        "error",
        f"{p.name!r} is a placeholder, not a name",
        "是占位名，不能批准为标准地名",
        CLAUSES["meaning"],
    )


def private(p: Proposal) -> Finding | None:
    """A private-use code point shows another character on every computer."""
    if not (points := private_use(p.name)):
        return None
    shown = ", ".join(points)
    return Finding(
        "name.private-use",
        "error",
        f"{p.name!r} uses private code points: {shown}",
        f"含有私用区字符：{shown}",
        CLAUSES["language"],
    )


def rare(p: Proposal) -> Finding | None:
    """Characters beyond the basic set cannot be typed or shown everywhere."""
    letters = [letter for letter in p.name if not _is_basic(letter) and not private_use(letter)]
    if not letters or not is_simplified(p.name):
        return None
    shown = " ".join(f"{letter} (U+{ord(letter):04X})" for letter in letters)
    return Finding("name.rare", "warning", f"rare characters: {shown}", f"含有生僻字：{shown}", CLAUSES["language"])


def _is_basic(letter: str) -> bool:
    try:
        letter.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def traditional(p: Proposal) -> Finding | None:
    """A standard name is written in simplified characters."""
    if is_simplified(p.name):
        return None
    return Finding(
        "name.traditional",
        "error",
        f"{p.name!r} holds traditional characters",
        "标准地名应使用规范汉字（含繁体字）",
        CLAUSES["language"],
    )


def duplicate(p: Proposal) -> Finding | None:
    """No two of one name within the scope of its category."""
    if not p.same:
        return None
    shown = "、".join(p.same[:3])
    return Finding(
        "name.duplicate",
        "error",
        f"{p.name} is taken within its scope: {shown}",
        f"规定范围内重名：{shown}",
        CLAUSES["duplicate"],
    )


def homophone(p: Proposal) -> Finding | None:
    """Names that sound alike send the ambulance to the wrong street."""
    if not p.homophones:
        return None
    shown = "、".join(p.homophones[:3])
    return Finding(
        "name.homophone",
        "warning",
        f"{p.name} sounds like {shown}",
        f"规定范围内同音：{p.name} / {shown}",
        CLAUSES["duplicate"],
    )


def leader(p: Proposal) -> Finding | None:
    """Never the name of a national leader."""
    if not (word := _holds(p.name, "name.leader")):
        return None
    return Finding(
        "name.leader", "error", f"{word} is a leader's name", f"以国家领导人名字作地名：{word}", CLAUSES["person"]
    )


def person(p: Proposal) -> Finding | None:
    """Generally no person's name; a machine only suspects one."""
    specific = split(p.name)[0]
    looks = len(specific) == 3 and specific[0] in _SURNAMES and set(specific[1:]) <= _GIVEN
    if not (word := _holds(p.name, "name.person") or (specific if looks else "")):
        return None
    return Finding(
        "name.person", "suspect", f"{word} may be a person's name", f"疑似以人名作地名：{word}", CLAUSES["person"]
    )


def foreign(p: Proposal) -> Finding | None:
    """No foreign person's or place's name (洋)."""
    latin = "".join(letter for letter in p.name if letter.isascii() and letter.isalpha())
    if not (word := _holds(p.name, "name.foreign") or latin):
        return None
    return Finding(
        "name.foreign",
        "suspect",
        f"{word} may be foreign",
        f"疑似外国人名、地名或外文（洋）：{word}",
        CLAUSES["foreign"],
    )


def company(p: Proposal) -> Finding | None:
    """No company or trade mark."""
    if not (word := _holds(p.name, "name.company")):
        return None
    return Finding(
        "name.company",
        "suspect",
        f"{word} may be a company or trade mark",
        f"疑似企业名称或商标：{word}",
        CLAUSES["company"],
    )


def exaggerated(p: Proposal) -> Finding | None:
    """No name bigger than the place (大)."""
    if not (word := _holds(p.name, "name.exaggerated")):
        return None
    return Finding(
        "name.exaggerated", "suspect", f"{word} may exaggerate", f"疑似刻意夸大（大）：{word}", CLAUSES["feature"]
    )


def odd(p: Proposal) -> Finding | None:
    """No riddles: digits, punctuation or very long names (怪)."""
    strange = "".join(
        letter for letter in p.name if letter.isdigit() or (letter.isascii() and not letter.isalnum() and letter != " ")
    )
    if not strange and len(p.name) <= 12:
        return None
    what = strange or f"{len(p.name)} 字"
    return Finding(
        "name.odd", "suspect", f"{p.name!r} is odd: {what}", f"疑似怪异难懂（怪）：{what}", CLAUSES["meaning"]
    )


def generic(p: Proposal) -> Finding | None:
    """A name is a specific and a generic part, and the generic says what the thing is."""
    _, found = split(p.name)
    if p.category == "street" and found not in _STREET:
        return Finding(
            "name.generic",
            "warning",
            f"{p.name} has no street's generic part (路, 街, 巷 …)",
            "街路巷名称缺少相应通名",
            CLAUSES["feature"],
        )
    if p.category != "other" and not found:
        return Finding("name.generic", "warning", f"{p.name} has no generic part", "缺少通名", CLAUSES["feature"])
    return None


def local(p: Proposal) -> Finding | None:
    """A station, bridge or reservoir bears the name of where it is."""
    stems = [split(name)[0] for name in p.local_names]
    if p.category != "facility" or not stems or any(stem and stem in p.name for stem in stems):
        return None
    shown = "、".join(p.local_names)
    return Finding(
        "name.local",
        "warning",
        f"{p.name} agrees with none of {shown}",
        f"设施名称与所在地地名不一致：{shown}",
        CLAUSES["local"],
    )


def protected(p: Proposal) -> Finding | None:
    """A protected name yields only to a stated reason with a document."""
    if not p.replaces_protected or (p.override and p.document):
        return None
    old = p.replaces_protected
    return Finding(
        "name.protected",
        "error",
        f"{old} is protected; give Basis(override=reason, document=...)",
        f"{old} 列入地名保护名录，更名须说明理由并附文件",
        CLAUSES["protected"],
    )


RULES: tuple[Rule, ...] = (
    unclean, placeholder, private, rare, traditional, duplicate, homophone, leader, person, foreign, company, exaggerated,
    odd, generic, local, protected,
)  # fmt: skip


def judge(proposal: Proposal, rules: Sequence[Rule] = RULES) -> list[Finding]:
    """Everything the rules find against a name, gravest first."""
    found = [finding for rule in rules if (finding := rule(proposal)) is not None]
    return sorted(found, key=lambda finding: ("error", "suspect", "warning").index(finding.severity))
