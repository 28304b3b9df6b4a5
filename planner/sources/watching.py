"""Watching: how far the reading of a file is, told to whoever asked, or shown where a person waits."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]
"""Called now and then with the rows read so far and the rows there are."""

PATIENCE = 3.0  # seconds before a bar appears that nobody asked for


@contextmanager
def watched(progress: Progress | None, name: str) -> Iterator[Progress]:
    """Give what to tell the progress to: the caller's own, or a bar where somebody sits at a terminal or notebook.

    The bar appears only where the reading takes longer than a few seconds, and goes when it is done.
    """
    if progress is not None:
        yield progress
        return
    if not somebody_waits():
        yield unheard
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm's remark on notebooks without widgets
        from tqdm.auto import tqdm
    with tqdm(desc=name, total=1, delay=PATIENCE, leave=False, file=sys.stderr, unit_scale=True) as bar:

        def show(done: int, of: int) -> None:
            bar.total = max(of, 1)
            bar.update(done - bar.n)

        yield show


def somebody_waits() -> bool:
    """Tell whether the process talks to a person: at a terminal, or in a notebook."""
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())


def unheard(done: int, of: int) -> None:
    """Tell nobody."""
