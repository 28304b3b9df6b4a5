"""The installed command, run in the test's own process."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from planner import cli


def outcome(*words: str) -> tuple[int, str]:
    """Exit code and all that was said, as the installed command gives them."""
    runner = CliRunner()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["planner", *words])
        with runner.isolation() as (out, err, _):
            try:
                cli.run_command()
                code = 0
            except SystemExit as stop:
                code = int(stop.code or 0)
            said = out.getvalue().decode() + err.getvalue().decode()
    assert "Traceback" not in said
    return code, said
