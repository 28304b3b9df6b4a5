"""Page: a folium map whose saved HTML needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import warnings
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import folium
from branca.element import CssLink, Figure, JavascriptLink
from jinja2 import Environment
from markupsafe import Markup

from planner.errors import DataError
from planner.facts import count_text, replacing

WARN_BYTES = 5_000_000
REFUSE_BYTES = 20_000_000

FOLIUM_OWN = {"meta_http", "css_style", "map_style"}
"""What folium puts in every header and our own page says better."""

SHIMS = """
L.Icon.Default.mergeOptions({imagePath: '', iconUrl: PIN, iconRetinaUrl: PIN2, shadowUrl: SHADOW});
L.AwesomeMarkers = {icon: function (o) { return L.divIcon({className: 'pin', iconSize: [14, 14],
  html: '<svg width="14" height="14"><circle cx="7" cy="7" r="6" stroke="#fff" fill="' +
    String(o.markerColor || 'blue').replace(/[^a-z0-9#]/gi, '') + '"/></svg>'}); }};
window.$ = window.jQuery = function (what) {
  if (typeof what !== 'string') return {ready: function (run) { run(); }};
  var holder = document.createElement('template'); holder.innerHTML = what.trim(); return [holder.content.firstChild];
};
"""
"""Stand-ins for the three things folium's markers and popups take from jQuery and Awesome Markers."""


class PlanMap(folium.Map):
    """A folium map of a plan: add layers to it as to any folium map, then `save` it as one offline page.

    ``inline`` maps the address of a script or stylesheet that an added layer asks for (a folium plugin, say)
    to a local file that is put into the page instead.
    """

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 (folium's own shape)
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    def __init__(self, content: Mapping[str, Any], data: Mapping[str, Any], *, hosts: tuple[str, ...] = ()) -> None:
        (south, west), (north, east) = data["bounds"]
        super().__init__(
            location=[(south + north) / 2, (west + east) / 2],
            zoom_start=10,
            tiles=None,
            zoom_snap=0.25,
            zoom_delta=0.5,
            wheel_px_per_zoom_level=100,
        )
        self.options |= {"min_zoom": 5, "max_zoom": 18}  # folium hands these to tile layers only
        self._id = "plan"
        self.content = dict(content)
        self.data = dict(data)
        self.hosts = hosts
        self.inline: dict[str, str | os.PathLike[str]] = {}

    def to_html(self) -> str:
        """The whole page as text."""
        figure = self._figure()
        head, scripts = self._added(figure)
        bodies = [_leaflet_js(), _shims(), *scripts, _rendered(figure.script), _page_js(self.get_name())]
        bodies = [_no_early_end(body) for body in bodies]
        return _template().render(
            **self.content,
            policy=self._policy(bodies),
            leaflet_css=_trusted(_leaflet_css()),
            page_css=_trusted(_own("page.css")),
            extra_head=_trusted(head),
            map_html=_trusted(_rendered(figure.html)),
            data=_trusted(_json(self.data)),
            scripts=_trusted("\n".join(f"<script>{body}</script>" for body in bodies)),
        )

    def save(  # type: ignore[override]  # a page is a file, never a stream
        self,
        outfile: str | os.PathLike[str],
        *,
        warn_bytes: int = WARN_BYTES,
        refuse_bytes: int = REFUSE_BYTES,
    ) -> Path:
        """Write the page, whole or not at all, and give its path.

        Warns above ``warn_bytes``; raises `DataError` above ``refuse_bytes``, naming the largest layer, and
        where an added layer would ask the Internet for something.
        """
        page = self.to_html().encode()
        if len(page) > warn_bytes:
            size = f"the page is {len(page) / 1e6:.1f} MB; its largest layer is {self._largest()}"
            if len(page) > refuse_bytes:
                raise DataError(
                    f"{size}; over {refuse_bytes / 1e6:.0f} MB office browsers stall: drop or thin that layer,"
                    " or pass refuse_bytes= to allow it"
                )
            warnings.warn(size, stacklevel=2)
        with replacing(outfile) as path:
            path.write_bytes(page)
        return Path(outfile)

    def _repr_html_(self, **_: Any) -> str:
        frame = "width:100%;height:680px;border:1px solid #999"
        return f'<iframe srcdoc="{escape(self.to_html())}" style="{frame}" title="map"></iframe>'

    def _figure(self) -> Figure:
        """The parts of this map alone, rendered by folium."""
        held = self._parent
        figure = Figure()
        figure.add_child(self)
        try:
            _rendered(self)
        finally:
            self._parent = held
        if held is not None:
            for name, child in held.html._children.items():  # noqa: SLF001 (what a user put beside the map)
                figure.html._children.setdefault(name, child)  # noqa: SLF001
        return figure

    def _added(self, figure: Figure) -> tuple[str, list[str]]:
        """Styles and scripts in the header that the user's layers brought along."""
        self._check_tiles()
        head, scripts = [], []
        for name, part in figure.header._children.items():  # noqa: SLF001 (folium offers no other way)
            if name in FOLIUM_OWN or name == self.get_name() or name == "GlobalSwitches":
                continue
            if isinstance(part, JavascriptLink):
                scripts.append(self._local(part.url))
            elif isinstance(part, CssLink):
                head.append(f"<style>{self._local(part.url)}</style>")
            else:
                text = part.render()
                scripts += re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)
                head.append(re.sub(r"<script[^>]*>.*?</script>", "", text, flags=re.DOTALL))
        return "\n".join(head), scripts

    def _local(self, url: str) -> str:
        if url not in self.inline:
            raise DataError(
                f"an added layer asks the Internet for {url}; name a local copy with"
                f" page.inline[{url!r}] = 'file', or leave that layer out"
            )
        return Path(self.inline[url]).read_text(encoding="utf-8")

    def _check_tiles(self) -> None:
        for child in self._children.values():
            url = str(getattr(child, "tiles", "") or getattr(child, "url", ""))
            host = urlsplit(url).netloc
            if host and not any(allowed.endswith(host.replace("{s}", "*")) for allowed in self.hosts):
                raise DataError(
                    f"a tile layer asks {host} of the Internet; draw(..., online=...) allows one host, said on the page"
                )

    def _policy(self, scripts: list[str]) -> str:
        hashes = (base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in scripts)
        allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
        images = " ".join(["data:", "blob:", *self.hosts])
        return (
            f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src {images};"
            " base-uri 'none'; form-action 'none'"
        )

    def _largest(self) -> str:
        sizes = {name: len(_json(value)) for name, value in self.data.items()}
        sizes |= {child.get_name(): len(str(getattr(child, "data", ""))) for child in self._children.values()}
        name = max(sizes, key=lambda key: sizes[key])
        return f"{name!r} ({sizes[name] / 1e6:.1f} MB)"


def _json(data: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("\u2028", "\\u2028")


def _no_early_end(script: str) -> str:
    return re.sub(r"<(?=/script|!--|script)", r"\\x3c", script, flags=re.IGNORECASE)


def _rendered(part: Any) -> str:
    """What folium makes of a part of its figure."""
    return str(part.render())


def _trusted(text: str) -> Markup:
    """Text the template takes as it stands: our own files, folium's output and JSON that cannot end its element."""
    return Markup(text)  # noqa: S704


@cache
def _own(name: str) -> str:
    return files("planner.maps").joinpath(name).read_text(encoding="utf-8")


@cache
def _leaflet_js() -> str:
    text = (_leaflet() / "leaflet.js").read_text(encoding="utf-8")
    return text.split("//# sourceMappingURL")[0]


@cache
def _leaflet_css() -> str:
    text = (_leaflet() / "leaflet.css").read_text(encoding="utf-8")
    return re.sub(r"url\((images/[\w.-]+)\)", lambda found: f"url({_picture(found[1])})", text)


@cache
def _shims() -> str:
    text = SHIMS
    for word, name in (("PIN2", "marker-icon-2x"), ("PIN", "marker-icon"), ("SHADOW", "marker-shadow")):
        text = re.sub(rf"\b{word}\b", f"'{_picture(f'images/{name}.png')}'", text)
    return text


def _picture(name: str) -> str:
    return "data:image/png;base64," + base64.b64encode((_leaflet() / name).read_bytes()).decode()


def _leaflet() -> Path:
    from xstatic.pkg import leaflet

    return Path(leaflet.BASE_DIR)


def _page_js(map_name: str) -> str:
    parts = "\n".join(_own(name) for name in ("sheet.js", "paint.js", "tables.js", "page.js"))
    return (
        "(function () {\n'use strict';\nconst DATA = JSON.parse(document.getElementById('plan-data').textContent);\n"
        f"{parts}\nstartPage({map_name});\n}})();"
    )


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, trim_blocks=True)
    environment.filters["told"] = count_text
    return environment.from_string(_own("page.html"))
