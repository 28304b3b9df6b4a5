"""Online base: a base map from the Internet, for those who ask for one; the page says so and allows that host alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from planner.errors import QuestionError

TIANDITU = (
    "https://t{{s}}.tianditu.gov.cn/{kind}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={kind}&STYLE=default"
    "&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={{key}}"
)
TIANDITU_KEY = "TIANDITU_KEY"


@dataclass(frozen=True, slots=True)
class OnlineBase:
    """Tiles by address: ``{x}``, ``{y}`` and ``{z}`` are filled in, ``{s}`` by one of ``subdomains``, ``{key}`` by the key.

    Nothing is asked of the host until the reader of the page switches the layer on. The ``key`` stays out of the page
    unless ``store_key``; without, the page asks its reader for one and forgets it.
    """

    url: str
    attribution: str
    subdomains: str = ""
    key: str = ""
    store_key: bool = False

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" or not parts.netloc or not all(f"{{{axis}}}" in self.url for axis in "xyz"):
            raise QuestionError(f"an online base is an https address with {{x}}, {{y}} and {{z}}, not {self.url!r}")
        if self.key and not self.store_key and self.key in self.url:
            raise QuestionError("write {key} in the address where the key goes, so that it stays out of the page")

    def __repr__(self) -> str:
        return f"<OnlineBase {self.host}>"

    @property
    def host(self) -> str:
        """The host asked, with a star for the subdomains."""
        return urlsplit(self.url).netloc.replace("t{s}", "*").replace("{s}", "*")

    def payload(self) -> dict[str, object]:
        """What the page needs; the key only where it may be stored."""
        url = self.url.replace("{key}", self.key) if self.store_key and self.key else self.url
        return {"url": url, "attribution": self.attribution, "subdomains": self.subdomains, "ask": "{key}" in url}


def tianditu(kind: str = "vec", *, store_key: bool = False) -> OnlineBase:
    """The national platform's tiles (天地图): ``vec`` streets, ``img`` pictures, ``ter`` relief.

    With ``store_key`` the key is taken from the environment variable TIANDITU_KEY and written into the page; raises
    `QuestionError` where it is not set.
    """
    if kind not in {"vec", "img", "ter"}:
        raise QuestionError(f"tianditu() offers vec, img and ter, not {kind!r}")
    key = os.environ.get(TIANDITU_KEY, "")
    if store_key and not key:
        raise QuestionError(f"store_key needs the key in the environment variable {TIANDITU_KEY}, which is not set")
    return OnlineBase(TIANDITU.format(kind=kind), "天地图", "01234567", key if store_key else "", store_key)
