"""Stage: a private folder in which a recognised file stands under a plain name.

A reader that sees only ``data.shp`` cannot be led astray by the real name: by an extension that
lies, by ``!`` and ``?`` (which some readers take for archive paths), by characters a C library cannot open,
or by companions that were not meant for it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def staged(parts: Mapping[str, Path | bytes]) -> Iterator[Path]:
    """Give a folder holding each part under its plain name (a link where the system allows, else a copy)."""
    with TemporaryDirectory(prefix="planner-") as folder:
        stage = Path(folder)
        for name, part in parts.items():
            target = stage / name
            if isinstance(part, bytes):
                target.write_bytes(part)
                continue
            try:
                target.symlink_to(part.resolve(), target_is_directory=part.is_dir())
            except OSError:  # Windows without the privilege
                if part.is_dir():
                    shutil.copytree(part, target)
                else:
                    shutil.copyfile(part, target)
        yield stage
