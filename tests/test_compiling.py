"""Compiled code on disk holds only for as long as the code it came from stays the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner import compiling
from planner.compiling import compiler


def name_of(folder: Path) -> str:
    compiling._digest.cache_clear()

    def add(one: int, other: int) -> int:
        return one + other

    return str(compiler(str(folder / "loops.py"))(add).py_func.__qualname__)


@pytest.mark.parametrize(("later", "same"), [("ONE = 2\n", False), ("ONE = 1\n", True)])
def test_a_change_in_a_neighbouring_file_names_compiled_code_anew(tmp_path: Path, later: str, same: bool) -> None:
    (tmp_path / "loops.py").write_text("@jit\ndef add(): ...\n")
    (tmp_path / "constants.py").write_text("ONE = 1\n")
    before = name_of(tmp_path)
    (tmp_path / "constants.py").write_text(later)
    assert (name_of(tmp_path) == before) is same
