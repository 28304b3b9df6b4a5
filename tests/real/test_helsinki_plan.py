"""The main job on one OpenStreetMap extract: central Helsinki."""

from __future__ import annotations

from pathlib import Path

from tests.commands import outcome

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "helsinki.toml"


def test_one_extract_gives_roads_people_candidates_and_a_plan(real_data: Path, tmp_path: Path) -> None:
    code, said = outcome("plan", str(EXAMPLE), "--data", str(real_data / "helsinki"), "--out", str(tmp_path), "--quiet")
    assert code == 1, said  # an extract cuts ways at its edge, and those are told
    assert "6 new sites; proven best" in said
    assert "8,000 people" in said
    assert (tmp_path / "meal_station.html").is_file()
