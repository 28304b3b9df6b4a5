"""Columns: which heading of a file is which of our columns, kept in a file and used again."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from planner.errors import SourceError

HEADER = "# 列名对照：左边是规划软件的列，右边是文件中的表头。 Our column = the file's heading.\n"


def load_columns(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read a map of columns (TOML: ``people = "总人口"``) for ``columns=``; raises `SourceError` for anything else."""
    file = Path(path)
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SourceError(f"no such file: {file}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(
            f'{file.name} is no map of columns: {error}; write lines such as people = "总人口"'
        ) from error
    if wrong := [name for name, heading in data.items() if not isinstance(heading, str)]:
        raise SourceError(f'{file.name}: {", ".join(wrong)} must each name one heading, such as people = "总人口"')
    return {str(name): str(heading) for name, heading in data.items()}


def save_columns(columns: Mapping[str, str], path: str | os.PathLike[str]) -> None:
    """Write a map of columns, to be used again on the next list of the same form."""
    lines = [f"{name} = {json.dumps(heading, ensure_ascii=False)}\n" for name, heading in columns.items()]
    Path(path).write_text(HEADER + "".join(lines), encoding="utf-8")
