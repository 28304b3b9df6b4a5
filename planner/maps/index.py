"""Index: one page that lists the maps and reports of a folder, with a small picture of each."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from planner.errors import SourceError
from planner.facts import replacing, words

HEAD_BYTES = 400_000
"""How far into a page its title, picture and finding are looked for."""

FINDS = {
    "title": r"<title>(.*?)</title>",
    "picture": r'<meta name="planner-picture" content="(data:image/png;base64,[A-Za-z0-9+/=]+)">',
    "finding": r'<p class="finding"[^>]*>(.*?)</p>',
    "stamp": r'<p class="stamp[^"]*">(.*?)</p>',
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the folder, and the files beside it that bear its name."""

    href: str
    title: str
    finding: str
    stamp: str
    picture: str
    beside: tuple[str, ...]


def write_index(folder: str | os.PathLike[str], *, lang: str = "zh") -> Path:
    """Write ``index.html`` into a folder, listing the pages planner made there, and give its path.

    Other pages are left alone and left out. Raises `SourceError` where the folder is missing.
    """
    where, said = Path(folder), words(lang)
    if not where.is_dir():
        raise SourceError(f"there is no folder {where} to list; draw a map into it first")
    entries = [entry for page in sorted(where.rglob("*.html")) if (entry := _entry(page, where)) is not None]
    with replacing(where / "index.html") as path:
        path.write_text(_page(entries, said["index_title"], said["index_none"], lang), encoding="utf-8")
    return where / "index.html"


def _entry(page: Path, folder: Path) -> Entry | None:
    with page.open("rb") as file:
        head = file.read(HEAD_BYTES).decode("utf-8", errors="replace")
    if page.name == "index.html" or '<meta name="generator" content="planner">' not in head:
        return None
    found = {key: _plain(match[1]) if (match := re.search(how, head, re.DOTALL)) else "" for key, how in FINDS.items()}
    beside = sorted(other.name for other in page.parent.glob(f"{glob_escaped(page.stem)}.*") if other != page)
    base = page.parent.relative_to(folder)
    return Entry(
        (base / page.name).as_posix(), found["title"] or page.name, found["finding"], found["stamp"], found["picture"],
        tuple((base / name).as_posix() for name in beside),
    )  # fmt: skip


def glob_escaped(name: str) -> str:
    """A file name with nothing in it that a pattern would take for more than itself."""
    return re.sub(r"([*?\[])", r"[\1]", name)


def _plain(markup: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", markup)).strip()


def _page(entries: list[Entry], title: str, none: str, lang: str) -> str:
    from importlib.resources import files
    from urllib.parse import quote

    from jinja2 import Environment

    template = files("planner.maps").joinpath("index.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["address"] = quote
    language = "zh-CN" if lang == "zh" else "en"
    return environment.from_string(template).render(entries=entries, title=title, none=none, lang=language)
