"""Saving: a file appears whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from planner.errors import SourceError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name beside ``path`` that takes its place on success and vanishes on failure.

    Raises `SourceError` where the folder is missing or may not be written; the old file stays as it was.
    """
    wanted = Path(path)
    if not wanted.parent.is_dir():
        raise SourceError(f"cannot save {wanted}: the folder {wanted.parent} does not exist; make it first")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{wanted.stem}-", suffix=wanted.suffix, dir=wanted.parent)
    except OSError as error:
        raise SourceError(f"cannot save {wanted}: {error.strerror}; the old file, if any, is untouched") from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(wanted)
    except OSError as error:
        raise SourceError(
            f"cannot save {wanted}: {error.strerror or error}; the old file, if any, is untouched"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
