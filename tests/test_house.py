"""The house rules, kept by a test: a room imports only rooms on lower floors."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import planner

ROOT = Path(planner.__file__).parent
FLOORS = [
    "errors arrays compiling texts",
    "layers imports rounding profiles ratios",
    "area roads demand sites services store",
    "gazetteer network service_files",
    "routing slopes",
    "coverage candidates",
    "access live plan allotment beds village_homes projection suitability",
    "facts programme",
    "optimise maps reports exports rezone",
    "sources",
    "project",
    "cli cli_files cli_gazetteer cli_outputs",
]
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms.split()}
NEIGHBOURS_THAT_MAY = {
    ("layers", "imports"),  # a layer carries the report of its reading
    ("candidates", "coverage"),
    ("access", "plan"),  # a summary is of a plan
    ("exports", "reports"),
    ("store", "geopackage"),
    ("cli", "cli_files"),
    ("cli", "cli_gazetteer"),
    ("cli", "cli_outputs"),
}


def room_of(module: str) -> str:
    return module.split(".")[1]


def imported_rooms(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("planner."):
            yield room_of(node.module or "")
        if isinstance(node, ast.Import):
            yield from (room_of(alias.name) for alias in node.names if alias.name.startswith("planner."))


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_from_lower_floors(path: Path) -> None:
    room = path.relative_to(ROOT).with_suffix("").parts[0]
    assert room in FLOOR, f"give {room} a floor"
    for other in imported_rooms(path):
        lower = FLOOR[other] < FLOOR[room]
        assert other == room or lower or (room, other) in NEIGHBOURS_THAT_MAY, f"{room} must not import {other}"


def test_maps_and_reports_never_import_the_optimiser() -> None:
    for room in ("maps", "reports"):
        for path in (ROOT / room).rglob("*.py"):
            assert "optimise" not in set(imported_rooms(path)), path


def test_importing_planner_takes_less_than_a_second_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); import planner; spent = time.perf_counter() - start;"
        "heavy = {'numba', 'sklearn', 'osmnx', 'folium', 'docx', 'matplotlib', 'rasterio', 'highspy'} & set(sys.modules);"
        "assert not heavy, heavy; assert spent < 1, spent"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_exists_and_the_list_is_sorted() -> None:
    assert list(planner.__all__) == sorted(planner.__all__)
    for name in planner.__all__:
        assert getattr(planner, name).__doc__, f"{name} needs a docstring"


def test_modules_stay_small_enough_to_hold_one_idea() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert not {name: lines for name, lines in long.items() if lines > 400}
