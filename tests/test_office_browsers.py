"""The browsers offices have are Chromium 86 and its descendants: our pages use nothing newer."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

PAGES = ["maps/page.html", "maps/index.html", "reports/report.html"]
SCRIPTS = ["sheet.js", "paint.js", "tables.js", "page.js"]
NEWER_SCRIPT = {
    r"\.at\(": 92, r"structuredClone": 98, r"Object\.(hasOwn|groupBy)": 93, r"\.findLast": 97, r"\.to(Sorted|Reversed|Spliced)\(": 110,
    r"static\s*\{": 94, r"roundRect": 99, r"Array\.fromAsync": 121, r"randomUUID": 92, r"#\w+ in ": 91, r"\.replaceChildren": 86.5,
    r"Promise\.(try|withResolvers)": 119, r"\bimport\(": 999, r"/[a-z]*v[a-z]*\.(test|exec)\(": 112, r"\.isWellFormed": 111,
    r"AbortSignal\.(timeout|any)": 103, r"Intl\.Segmenter": 87, r"\bcreateConicGradient": 99, r"\.letterSpacing": 99, r"ctx\.reset\(": 99,
}  # fmt: skip
NEWER_STYLE = {
    r":has\(": 105, r":(is|where)\(": 88, r":not\([^)]*,": 88, r"\binset:": 87, r"aspect-ratio": 88, r"accent-color": 93, r"@layer": 99,
    r"@container": 105, r"\d(d|s|l)v[hw]\b": 108, r"color-mix|oklch|lab\(": 111, r"text-wrap": 114, r"@property": 85.5, r"overflow: clip": 90,
    r"^\s*&": 112, r"@scope": 118, r"scrollbar-gutter": 94, r"\btranslate:|\brotate:|\bscale:": 104, r"@media[^{]*[<>]=?": 104,
}  # fmt: skip
NEWER_MARKUP = {r"<(dialog|search|selectedcontent)\b": 118, r"\b(popover|inert)\b[ =>]": 114}


def read(name: str) -> str:
    return files("planner").joinpath(name).read_text(encoding="utf-8")


def newer(text: str, patterns: dict[str, float]) -> list[str]:
    return [pattern for pattern in patterns if re.search(pattern, text, re.MULTILINE)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_uses_no_syntax_newer_than_chromium_86(name: str) -> None:
    assert newer(read(f"maps/{name}"), NEWER_SCRIPT) == []


@pytest.mark.parametrize("name", ["maps/page.css", *PAGES])
def test_a_style_uses_no_rule_newer_than_chromium_86(name: str) -> None:
    text = read(name)
    style = text if name.endswith(".css") else "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
    assert newer(style, NEWER_STYLE) == []


@pytest.mark.parametrize("name", PAGES)
def test_markup_uses_no_element_newer_than_chromium_86(name: str) -> None:
    assert newer(read(name), NEWER_MARKUP) == []


def test_the_check_finds_what_it_looks_for() -> None:
    assert newer("rows.at(-1)", NEWER_SCRIPT)
    assert newer("a:has(b) { inset: 0 }", NEWER_STYLE)
    assert newer("<dialog open>", NEWER_MARKUP)


def test_fonts_come_by_stack_with_those_of_windows_mac_and_linux() -> None:
    for name in ("maps/page.css", "maps/index.html", "reports/report.html"):
        stack = re.search(r'font: [^;]*"Microsoft YaHei"[^;]*', read(name))
        assert stack
        assert all(face in stack[0] for face in ("PingFang SC", "Noto Sans CJK SC", "SimHei", "sans-serif"))
