"""Imports: what became of every row of a file.

The contract every source keeps: ``rows read == accepted + quarantined + duplicates``, and no
value is mended without a row in ``repairs``. Why a row was left out is a rule with a stable ID,
such as ``geometry.empty``; the words of each rule, in Chinese and English, are in ``import_rules.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.resources import files
from types import MappingProxyType

import pandas as pd

from planner.errors import DataError
from planner.texts import Text

QUARANTINE_COLUMNS = ("file", "layer", "row", "rule", "column", "value", "reason", "suggestion", "original")
REPAIR_COLUMNS = ("file", "layer", "row", "rule", "column", "before", "after", "reason")


@dataclass(frozen=True, slots=True)
class Rule:
    """Why a row is left out or a value mended: what is wrong, and how to put it right, in both languages.

    ``expected`` rules leave out what was never a record of this area, such as a total row or a road
    far away; they are counted, but no fault of the file.
    """

    id: str
    zh: str
    en: str
    mend_zh: str = ""
    mend_en: str = ""
    expected: bool = False

    def reason(self, *, column: str = "", value: str = "", lang: str = "zh") -> str:
        """What is wrong, filled in."""
        return (self.en if lang == "en" else self.zh).format(column=column, value=value)

    def suggestion(self, *, column: str = "", value: str = "", lang: str = "zh") -> str:
        """How to put it right, filled in; empty where nothing needs to be done."""
        return (self.mend_en if lang == "en" else self.mend_zh).format(column=column, value=value)


@cache
def rules() -> Mapping[str, Rule]:
    """Every import rule by its ID."""
    known = tomllib.loads(files("planner").joinpath("import_rules.toml").read_text(encoding="utf-8"))
    return MappingProxyType({rule: Rule(rule, **words) for rule, words in known.items()})


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("planner").joinpath("import_words.toml").read_text(encoding="utf-8"))


def fact_words(value: str, *, lang: str = "zh") -> str:
    """How a file was read, in words: the phrases of a fact in the given language.

    >>> fact_words("gb18030 (found by trial)"), fact_words("gb18030 (found by trial)", lang="en")
    ('gb18030（试读判定）', 'gb18030 (found by trial)')
    """
    if lang == "en":
        return value
    value = re.sub(r"\bline (\d+)(?: to (\d+))?", lambda m: f"第 {' 至 '.join(filter(None, m.groups()))} 行", value)
    for phrase, zh in sorted(_words()["phrases"].items(), key=lambda pair: -len(pair[0])):
        value = value.replace(phrase, zh)
    return re.sub(r" ?\((.*?[\u4e00-\u9fff].*?)\)", r"（\1）", value)


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})


@dataclass(frozen=True, eq=False)
class ImportReport:
    """Every row of one file accounted for.

    ``quarantine`` and ``duplicates`` hold a row per record left out (columns `QUARANTINE_COLUMNS`),
    ``repairs`` a row per value changed (`REPAIR_COLUMNS`); ``facts`` says how the file was read (format,
    encoding, CRS and how sure), ``notes`` are findings about the file as a whole, and ``tables`` what
    else a planner should see, such as the census by district.
    """

    file: str
    sha256: str
    read: int
    accepted: int
    quarantine: pd.DataFrame = field(default_factory=lambda: _empty(QUARANTINE_COLUMNS))
    duplicates: pd.DataFrame = field(default_factory=lambda: _empty(QUARANTINE_COLUMNS))
    repairs: pd.DataFrame = field(default_factory=lambda: _empty(REPAIR_COLUMNS))
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: Iterable[Text | str] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))
        object.__setattr__(self, "notes", tuple(map(Text.of, self.notes)))
        accounted = self.accepted + len(self.quarantine) + len(self.duplicates)
        if accounted != self.read:
            raise DataError(
                f"{self.file}: {self.read} rows read but {accounted} accounted for"
                f" ({self.accepted} accepted, {len(self.quarantine)} quarantined, {len(self.duplicates)} duplicates)"
            )

    @property
    def faults(self) -> pd.DataFrame:
        """Quarantined rows somebody should look at: all but those outside the area and total rows."""
        fine = {rule.id for rule in rules().values() if rule.expected}
        return self.quarantine[~self.quarantine["rule"].isin(fine)].copy()

    @property
    def faulty(self) -> int:
        """How many quarantined rows somebody should look at."""
        return len(self.faults)

    @property
    def expected(self) -> int:
        """Quarantined rows that are no fault: outside the area, or total rows."""
        return len(self.quarantine) - self.faulty

    @property
    def clean(self) -> bool:
        """Whether nothing needs a look: no faulty row, no duplicate, no repair, no note."""
        return not (self.faulty or len(self.duplicates) or len(self.repairs) or tuple(self.notes))

    def counts(self) -> pd.DataFrame:
        """Rows by what became of them and why: ``outcome``, ``rule``, ``rows``."""
        parts = []
        for outcome in ("quarantine", "duplicates", "repairs"):
            by_rule = getattr(self, outcome)["rule"].value_counts().sort_index()
            parts.append(pd.DataFrame({"outcome": outcome, "rule": by_rule.index, "rows": by_rule.to_numpy()}))
        return pd.concat(parts, ignore_index=True)

    def table(self, outcome: str, *, lang: str = "zh") -> pd.DataFrame:
        """Rows of ``quarantine``, its ``faults``, ``duplicates`` or ``repairs``, with reasons in the given language."""
        if outcome not in ("quarantine", "faults", "duplicates", "repairs"):
            raise DataError(f"a report has the tables quarantine, faults, duplicates and repairs, not {outcome!r}")
        rows: pd.DataFrame = getattr(self, outcome).copy()
        known = rules()
        words = [
            (known[r].reason(column=c, value=v, lang=lang), known[r].suggestion(column=c, value=v, lang=lang))
            if r in known
            else None
            for r, c, v in zip(
                rows["rule"], rows["column"], rows["value" if "value" in rows else "before"], strict=True
            )
        ]
        for at, name in enumerate(("reason", "suggestion")):
            if name in rows:
                kept = rows[name].tolist()
                rows[name] = pd.Series(
                    [w[at] if w else k for w, k in zip(words, kept, strict=True)], rows.index, object
                )
        return rows

    def summary(self, *, lang: str = "zh") -> str:
        """One line an official understands, in Chinese (``zh``) or English (``en``)."""
        counts = (self.read, self.accepted, self.faulty, self.expected, len(self.duplicates), len(self.repairs))
        if lang == "en":
            words = (
                "{}: {:,} rows read, {:,} accepted, {:,} quarantined, {:,} outside or totals,"
                " {:,} duplicates, {:,} repairs"
            )
        else:
            words = "{}：读取 {:,} 行，采用 {:,} 行，隔离 {:,} 行，范围外或合计行 {:,} 行，重复 {:,} 行，修正 {:,} 处"
        return words.format(self.file, *counts)

    def describe(self, *, lang: str = "zh") -> str:
        """The summary, how the file was read, the notes, and how many rows each rule met; several lines."""
        known = rules()
        lines = [self.summary(lang=lang)]
        names = _words()["facts"] if lang != "en" else {}
        for name, value in self.facts.items():
            told = value.replace(" <- ", " ← ") if name == "columns" else fact_words(value, lang=lang)
            title = name if lang == "en" else names.get(name, name.replace("dates in ", "日期列 "))
            lines.append(f"  {title}{': ' if lang == 'en' else '：'}{told}")
        lines += [f"  ! {Text.of(note).words(lang)}" for note in self.notes]
        for rule, rows in self.counts().groupby("rule", sort=True)["rows"].sum().items():
            words = known[str(rule)].reason(column="…", value="…", lang=lang) if rule in known else ""
            lines.append(f"  - {words} × {rows:,} ({rule})" if lang == "en" else f"  - {words}：{rows:,} 行（{rule}）")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<ImportReport {self.summary(lang='en')}>"

    def _repr_html_(self) -> str:
        tables = [
            f"<h4>{title}</h4>{self.table(outcome).head(20).to_html(escape=True, index=False)}"
            for title, outcome in (("隔离", "quarantine"), ("重复", "duplicates"), ("修正", "repairs"))
            if len(getattr(self, outcome))
        ]
        notes = "".join(f"<li>{escape(str(note))}</li>" for note in self.notes)
        return f"<p>{escape(self.summary())}</p><ul>{notes}</ul>{''.join(tables)}"
