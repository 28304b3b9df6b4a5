"""Holders: who is writing a file just now, said in a note beside it, so that others who wait know whom to ask."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from planner.errors import StoreError


@contextlib.contextmanager
def announced(path: Path, who: str, why: str) -> Iterator[None]:
    """Leave a note beside the file saying who writes, for as long as the block runs."""
    note = note_of(path)
    here = {"who": who, "why": why, "pid": os.getpid(), "host": socket.gethostname()}
    since = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        note.write_text(json.dumps({**here, "since": since}, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot write in {path.parent}: {error.strerror}; nothing was changed") from error
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def note_of(path: Path) -> Path:
    """Where the note on a file lies."""
    return path.with_name(path.name + ".writer")


def holder(path: Path) -> str:
    """Say who holds a file, as far as a note tells."""
    try:
        note = json.loads(note_of(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "another program (QGIS, perhaps)"
    return f"{note['who']} (process {note['pid']} on {note['host']}, since {note['since']}: {note['why']})"


def left_behind(path: Path) -> tuple[str, ...]:
    """Say what a writer that died left: SQLite undoes its unfinished act, its unfinished copies are removed."""
    found = []
    if note_of(path).exists() and not _alive(path):
        found.append(f"the last writer died before it had finished: {holder(path)}; its act was undone")
        note_of(path).unlink(missing_ok=True)
    for part in path.parent.glob(f"{path.stem}*.part") if path.parent.is_dir() else ():
        if _runs(_maker(part)):
            continue
        found.append(f"an unfinished copy was removed: {part.name}")
        part.unlink(missing_ok=True)
    return tuple(found)


def part_of(target: Path) -> Path:
    """The name a copy has until it is whole: it tells whose it is."""
    return target.with_name(f"{target.name}.{os.getpid()}.part")


def _maker(part: Path) -> int:
    number = part.name.removesuffix(".part").rpartition(".")[2]
    return int(number) if number.isdigit() else 0


def _runs(process: int) -> bool:
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _alive(path: Path) -> bool:
    try:
        note = json.loads(note_of(path).read_text(encoding="utf-8"))
        if note["host"] != socket.gethostname():
            return True
        return _runs(int(note["pid"]))
    except (OSError, ValueError, KeyError):
        return note_of(path).exists()


def user() -> str:
    """Give the login name, for records that were given no other."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
