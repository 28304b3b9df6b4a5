"""The documentation is true: notebooks run, the readme's Python runs, its links and commands exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tests.figures import unfounded

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ON_REAL_DATA = {"08_jinan_real_data"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")  # Jupyter's own machinery warns; the notebook's warnings stay in its cells
def test_a_notebook_runs_from_top_to_bottom_and_prints_the_figures_it_says(
    path: Path, request: pytest.FixtureRequest
) -> None:
    if path.stem in ON_REAL_DATA:
        request.getfixturevalue("real_data")
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": ROOT}}).execute()
    assert unfounded(notebook.cells) == []


def test_a_figure_no_cell_prints_is_found() -> None:
    table = new_output("execute_result", data={"text/plain": "12 of 512, 0.551567, 280.9"})
    prose = (
        "100 米以内。\n\n**读法**：512 个中有 12 个，占 55%，约 280 人，`tried 3`；错的是 56% 和 13 个。\n\n## 第 7 节"
    )
    cells = [new_code_cell("table", outputs=[table]), new_markdown_cell(prose)]
    assert unfounded(cells) == ["1: 56", "1: 13"]


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


def test_the_manuals_offline_installation_uses_what_the_makefile_packs() -> None:
    makefile, manual = ((ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "docs/手册.md"))
    packed = set(re.findall(r"^WHEELS_(\w+) :=", makefile, re.MULTILINE))
    assert set(re.findall(r"--find-links (\w+)", manual)) == packed == {"windows", "linux"}
    assert set(re.findall(r"make wheelhouse-(\w+)", manual)) == packed
    for system, slash in (("windows", "\\"), ("linux", "/")):
        assert f"--require-hashes -r {system}{slash}requirements.txt" in manual
        assert f"plan data{slash}demo{slash}planner.toml --out demo" in manual
    assert "--output-file wheelhouse/$*/requirements.txt" in makefile
    for folder in ("data/demo", "notebooks", "examples", "docs/手册.md"):
        assert folder in re.findall(r"cp -R .*", makefile)[0]


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
