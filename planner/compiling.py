"""Compiling: inner loops compiled by numba, kept on disk for as long as the code they came from stays the same.

numba looks only at the file a function stands in before it takes the compiled one from disk. A function that calls one of
another file would go on with the old one, and a record that has moved would stop it with an `AttributeError`. So compiled
functions carry a digest of all code in their folder in their names, constants included.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

Compiler = Callable[[Callable[..., Any]], Any]


def compiler(module: str, **options: Any) -> Compiler:
    """Give the decorator that compiles the functions of a module (its ``__file__``), free of Python's lock.

    ``options`` are numba's.
    """
    from numba import njit

    digest = _digest(Path(module).parent)

    def compiled(function: Callable[..., Any]) -> Any:
        function.__qualname__ = f"{function.__qualname__}_{digest}"
        return njit(nogil=True, cache=True, **options)(function)

    return compiled


@cache
def _digest(folder: Path) -> str:
    """Digest of the files of a folder."""
    digest = blake2b(digest_size=4)
    for path in sorted(folder.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache  # said once, however many rooms compile
def _tell() -> None:
    words = "planner compiles its inner loops for this machine; this takes a minute or two, and only the first time"
    logging.getLogger("planner").warning(words)


@contextmanager
def compiling(*, after_seconds: float = 3.0) -> Iterator[None]:
    """Say so where the compiled code takes long to load: that happens once on a machine."""
    timer = threading.Timer(after_seconds, _tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
