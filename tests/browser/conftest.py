"""A browser with the network cut: what a page asks for, complains of and shows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Opened:
    """A page that was opened, and everything that went wrong with it."""

    tab: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def is_quiet(self) -> None:
        """Fail unless nothing was asked of any host, complained of or popped up."""
        assert self.requests == []
        assert self.complaints == []
        assert self.dialogs == []


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium; without one the tests skip, saying so, and fail under CI."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        said = f"NO BROWSER, so no page was opened: install one of {', '.join(BROWSERS)} (tests/browser/install.sh)"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Opened]]:
    """Open a page offline at a size, 1440 by 900 unless told, and wait until it has started."""
    contexts = []

    def opener(path: Path, width: int = 1440, height: int = 900, *, ready: str = "html.ready", **more: Any) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        context.set_offline(True)
        opened = Opened(context.new_page())
        watch(opened)
        opened.tab.goto(path.resolve().as_uri(), wait_until="load")
        if ready:
            opened.tab.wait_for_selector(ready, timeout=20_000)
        return opened

    yield opener
    for context in contexts:
        context.close()


def watch(opened: Opened) -> None:
    """Note every request to a host, complaint and dialog of a tab."""
    tab = opened.tab
    local = ("file:", "data:", "blob:")
    tab.on("request", lambda asked: None if asked.url.startswith(local) else opened.requests.append(asked.url))
    tab.on("pageerror", lambda error: opened.complaints.append(str(error)))
    tab.on("console", lambda said: opened.complaints.append(said.text) if said.type in ("error", "warning") else None)

    def dismiss(dialog: Any) -> None:
        opened.dialogs.append(dialog.message)
        dialog.dismiss()

    tab.on("dialog", dismiss)
