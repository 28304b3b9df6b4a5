"""Schema: which columns a kind of file has, by which headings, and what its values may be - as data."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from planner.errors import ColumnError

UNITS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
GROUP = " › "  # between the two lines of a heading


@dataclass(frozen=True, slots=True)
class Field:
    """One column: the headings it goes by, best first; with ``ask``, two fitting headings are never chosen between."""

    name: str
    aliases: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    ask: bool = False


@dataclass(frozen=True, eq=False)
class Schema:
    """The columns of one kind of file: roads, population, sites, districts, census ..."""

    name: str
    fields: Mapping[str, Field]

    def known(self, headings: Iterable[str]) -> int:
        """How many of the headings are words of this schema."""
        words = {alias for one in self.fields.values() for alias in one.aliases}
        patterns = [pattern for one in self.fields.values() for pattern in one.patterns]
        plains = {plain(heading.rpartition(GROUP)[2]) for heading in headings} - {""}
        return sum(one in words or any(re.fullmatch(p, one) for p in patterns) for one in plains)

    def match(self, headings: list[str], *, columns: Mapping[str, str] | None = None, file: str) -> dict[str, str]:
        """Find the heading of each field; ``columns`` (field to heading) overrides; absent fields are absent.

        Raises `ColumnError` for an unknown field or heading in ``columns``, and where two headings fit a
        field that asks.
        """
        given = self._given(headings, columns or {}, file)
        taken = set(given.values())
        found = dict(given)
        for field in self.fields.values():
            if field.name in found:
                continue
            fitting = [heading for heading in _fitting(field, headings) if heading not in taken]
            if len(fitting) > 1 and field.ask:
                raise ColumnError(
                    f"{file}: {', '.join(map(repr, fitting))} could all be {field.name}; say which with"
                    f" columns={{{field.name!r}: {fitting[0]!r}}}",
                    zh=f"{file}：{'、'.join(fitting)} 都可能是 {field.name} 列，请用 --columns 对照文件指明一列",
                )
            if fitting:
                found[field.name] = fitting[0]
                taken.add(fitting[0])
        return found

    def require(self, found: Mapping[str, str], wanted: Iterable[str], headings: list[str], *, file: str) -> None:
        """Raise `ColumnError` telling every wanted field that was not found, and the headings there are."""
        if missing := [name for name in wanted if name not in found]:
            usual = "; ".join(f"{name} (such as {', '.join(self.fields[name].aliases[:4])})" for name in missing)
            raise ColumnError(
                f"{file} has no column for {usual}; its headings are {', '.join(headings) or 'none'}."
                f" Say which with columns={{{missing[0]!r}: heading}}",
                zh=f"{file} 缺少列："
                + "；".join(f"{name}（如 {'、'.join(self.fields[name].aliases[:4])}）" for name in missing)
                + f"。现有表头：{'、'.join(headings) or '无'}。请用 --columns 对照文件指明",
            )

    def _given(self, headings: list[str], columns: Mapping[str, str], file: str) -> dict[str, str]:
        told = {}
        for name, heading in columns.items():
            if name not in self.fields:
                raise ColumnError(
                    f"columns= names {name!r}, which is no column of {self.name}; known: {', '.join(self.fields)}"
                )
            if heading not in headings:
                raise ColumnError(f"{file} has no column {heading!r}; its headings are {', '.join(headings)}")
            told[name] = heading
        return told


def _fitting(field: Field, headings: list[str]) -> list[str]:
    by_plain: dict[str, str] = {}
    for heading in headings:
        by_plain.setdefault(plain(heading), heading)
    for heading in headings:
        by_plain.setdefault(plain(heading.rpartition(GROUP)[2]), heading)
    named = [by_plain[alias] for alias in field.aliases if alias in by_plain]
    patterned = [
        heading
        for one, heading in by_plain.items()
        if heading not in named and any(re.fullmatch(pattern, one) for pattern in field.patterns)
    ]
    return [*named, *patterned]


def plain(heading: str) -> str:
    """A heading as it is compared: no width, case, blanks, marks or units in brackets.

    >>> plain(" 总人口（人） "), plain("Road_Class")
    ('总人口', 'roadclass')
    """
    text = unicodedata.normalize("NFKC", str(heading)).casefold()
    text = UNITS.sub("", text) or text
    return re.sub(r"[\s_\-./:·*、,]+", "", text)


@cache
def every_schema() -> Schema:
    """All shipped schemas as one, to find the headings of a table whose kind is not known."""
    names = tomllib.loads(files("planner.sources").joinpath("schemas.toml").read_text(encoding="utf-8"))
    fields = {f"{name}.{field.name}": field for name in names for field in schema(name).fields.values()}
    return Schema("every kind", MappingProxyType(fields))


@cache
def schema(name: str) -> Schema:
    """Give a shipped schema by name."""
    data = tomllib.loads(files("planner.sources").joinpath("schemas.toml").read_text(encoding="utf-8"))
    fields = {}
    for field, words in data[name].items():
        aliases = tuple(dict.fromkeys(plain(alias) for alias in words["aliases"]))
        fields[field] = Field(field, aliases, tuple(words.get("patterns", ())), bool(words.get("ask", False)))
    return Schema(name, MappingProxyType(fields))
