"""Encodings: which one a file's text is in, judged by trial.

GIS offices hand over GBK without saying so, UTF-8 without saying so, and files that say one and
hold the other. Decoding is strict: nothing is replaced, nothing becomes mojibake.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from planner.errors import SourceError

Some = TypeVar("Some")
PUNCTUATION = frozenset("，。、（）：；“”‘’《》—…·　")
BESIDE_LETTER = re.compile(rb"[A-Za-z][\xc2-\xdf][\x80-\xbf]|[\xc2-\xdf][\x80-\xbf][A-Za-z]")
SINGLE_BYTE = frozenset(
    {"iso8859-1", "iso8859-15", "cp1252"}
)  # every byte is a letter in these: decoding proves nothing


SAMPLES = 20_000  # texts an encoding is judged by, spread over the whole file


@dataclass(frozen=True, slots=True)
class Decoder:
    """An encoding and how sure we are of it: declared by the file, asked for by the user, or found by trial."""

    name: str
    how: str

    def __str__(self) -> str:
        return f"{self.name} ({self.how})"


def canonical(name: str) -> str:
    """Give Python's name of an encoding; the Chinese national ones all become GB18030, which holds them."""
    plain = name.strip().strip("\ufeff\x00").strip()
    if plain.isdigit():
        plain = {"936": "gb18030", "65001": "utf-8", "54936": "gb18030", "950": "big5", "1252": "cp1252"}.get(
            plain, plain
        )
    if plain.upper().startswith("LDID/"):
        plain = {"77": "gb18030", "79": "big5", "120": "big5", "87": "cp1252", "3": "cp1252"}.get(plain[5:], plain)
    try:
        found = codecs.lookup(plain).name
    except LookupError:
        raise SourceError(f"unknown encoding {name!r}; give one such as encoding='gb18030' or 'utf-8'") from None
    return "gb18030" if found in {"gbk", "gb2312", "gb18030", "cp936", "hz"} else found


def han_share(text: str) -> float:
    """Share of everyday Chinese characters (those of GB 2312) among all beyond ASCII, 1 where there are none.

    Latin text read as GB18030 gives characters too, but rare ones.

    >>> han_share("历下区 A"), han_share("Ãû³Æ"), han_share("Málaga".encode("latin-1").decode("gb18030"))
    (1.0, 0.0, 0.0)
    """
    beyond = [c for c in text if c > "\x7f" and c not in PUNCTUATION]
    return sum(_everyday(c) for c in beyond) / len(beyond) if beyond else 1.0


def _everyday(character: str) -> bool:
    try:
        return character.encode("gb2312")[0] >= 0xB0
    except UnicodeEncodeError:
        return False


def decodes(raw: bytes, encoding: str) -> bool:
    """Tell whether the bytes are text in the encoding; half a character after whole ones is forgiven."""
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        cut = error.start >= len(raw) - 3 and error.reason.startswith(("unexpected end", "incomplete"))
        return cut and not raw[: error.start].isascii()
    return True


def looks_utf8(raw: bytes) -> bool:
    """Tell whether the bytes are UTF-8 beyond doubt: valid, and holding a character of three bytes or more."""
    return decodes(raw, "utf-8") and any(byte >= 0xE0 for byte in raw)


def find_encoding(samples: Iterable[bytes], *, declared: str = "", asked: str | None = None, file: str = "") -> Decoder:
    """Find the encoding of a file's texts.

    ``asked`` (by the user) is used as it is; ``declared`` (by the file) only where every text decodes, else
    `SourceError` says which encoding would. With neither: strict UTF-8, then GB18030, then Big5 and Latin-1 are
    named but never chosen.
    """
    if asked:
        return Decoder(canonical(asked), "as asked")
    texts = spread([raw for raw in samples if not raw.isascii()])
    found = _by_trial(texts)
    if not declared:
        if found is None:
            raise SourceError(
                f"{file}: its text is neither UTF-8 nor GB18030; say which encoding with encoding=",
                zh=f"{file} 的文字既不是 UTF-8 也不是 GB18030，请用 --encoding 说明编码",
            )
        return Decoder(found, "found by trial" if texts else "plain ASCII")
    said = canonical(declared)
    lies = bool(texts) and found is not None and (said in SINGLE_BYTE or (said == "gb18030" and found == "utf-8"))
    if _most(texts, said) and not lies:
        return Decoder(said, "declared")
    if found is None:
        raise SourceError(
            f"{file} says its text is {declared}, but it is not; say which encoding with encoding=",
            zh=f"{file} 声明文字编码为 {declared}，实际不是；请用 --encoding 说明编码",
        )
    raise SourceError(
        f"{file} says its text is {declared}, but the bytes are not; they read well as {found.upper()}:"
        f" read it with encoding={found!r}",
        zh=f"{file} 声明文字编码为 {declared}，实际是 {found.upper()}；请指定 encoding={found}（命令行加 --encoding {found}）重新读取",
    )


def spread(texts: list[Some]) -> list[Some]:
    """Some of the texts, evenly spread over all: enough to judge by."""
    return texts[:: max(1, len(texts) // SAMPLES)]


def _by_trial(texts: list[bytes]) -> str | None:
    if _most(texts, "utf-8") and not _only_pairs(texts):
        return "utf-8"
    if not _most(texts, "gb18030"):
        return None
    read = "".join(raw.decode("gb18030", "ignore") for raw in texts[:2000])
    return "gb18030" if han_share(read) >= 0.6 else None


def _only_pairs(texts: list[bytes]) -> bool:
    """Tell whether every text is GB18030 that happens to be UTF-8 too: pairs of bytes (路), none beside a letter."""
    if not texts or any(byte >= 0xE0 for raw in texts for byte in raw):
        return False
    return not any(BESIDE_LETTER.search(raw) for raw in texts) and _most(texts, "gb18030")


def _most(texts: list[bytes], encoding: str) -> bool:
    """Tell whether at least nine texts in ten decode: a few rows of another encoding are the rows' fault."""
    if not texts:
        return True
    fitting = sum(decodes(raw, encoding) for raw in texts)
    return fitting >= 0.9 * len(texts)
