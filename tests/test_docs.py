"""The documentation is true: notebooks run, the readme's Python runs, its links and commands exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ON_REAL_DATA = {"08_jinan_real_data"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")  # Jupyter's own machinery warns; the notebook's warnings stay in its cells
def test_a_notebook_runs_from_top_to_bottom(path: Path, request: pytest.FixtureRequest) -> None:
    if path.stem in ON_REAL_DATA:
        request.getfixturevalue("real_data")
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": ROOT}}).execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert not any(cell.get("outputs") for cell in cells if cell.cell_type == "code")


def test_the_readmes_python_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    told: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), told)
    assert "50 new sites" in repr(told["fifty"])
    for name in ("fifty.html", "fifty.xlsx"):
        (ROOT / "maps" / name).unlink()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/design.md"])
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), f"{page} links to {link}"


def test_every_make_target_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE)) <= targets


def test_every_exit_code_of_the_readme_is_the_commands() -> None:
    from planner import cli

    told = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert told == {cli.DONE, cli.FINDINGS, 2, cli.BAD_INPUT, cli.NO_PLAN, cli.STORE, cli.INTERRUPTED}


def test_the_lock_pins_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [project["project"]["dependencies"], *(project["dependency-groups"][name] for name in ("test", "check"))]
    asked = {
        re.split(r"[><=;\[ ]", name)[0].lower().replace("_", "-")
        for group in groups
        for name in group
        if isinstance(name, str)
    }
    locked = re.findall(r"^([a-z0-9_.-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    assert asked <= {name.lower().replace("_", "-") for name in locked}
