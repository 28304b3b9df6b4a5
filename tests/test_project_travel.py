"""How people walk, said in planner.toml: the frail, slopes, waits at crossings; and places without roads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from planner.access import cover_straight
from planner.candidates import candidates_in_squares, candidates_in_units
from planner.errors import DataError, QuestionError
from planner.facts import Facts
from planner.facts.parameters import shown
from planner.profiles import travel_profile
from planner.project import open_project
from planner.project.single import answer_one
from tests.tiny_project import CRS, SOUTH, WEST, make_project
from tests.town import demand_of, sites_of, units_of

ROADS = '[roads]\nfile = "roads.shp"\n'
CENTRES = (
    '[straight]\ndetour = 1.4\nsource = "本市实测"\n',
    'candidates = { spacing_metres = 400.0, one_in = "town" }\none_per = "town"\n',
)


def hill(folder: Path, *, west: float = WEST - 600) -> None:
    """An elevation model that climbs one metre in ten to the east."""
    x = west + 20 * (np.arange(160) + 0.5)
    cells = np.tile((x - west) * 0.1, (160, 1)).astype("float32")
    shape = {"height": 160, "width": 160, "count": 1, "dtype": "float32"}
    transform = from_origin(west, SOUTH + 2600, 20, 20)
    with rasterio.open(folder / "dem.tif", "w", driver="GTiff", crs=CRS, transform=transform, **shape) as out:
        out.write(cells, 1)


Asked = Callable[..., Any]


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """A project whose planner.toml has some of its words changed, and blocks added at its end."""

    def made(*changes: tuple[str, str], more: str = "") -> Any:
        path = make_project(tmp_path)
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text + more, encoding="utf-8")
        return open_project(path)

    return made


def told(facts: Facts) -> str:
    """Every parameter as it is printed in Chinese, a line each."""
    return "\n".join("|".join(shown(row, facts.summary, "zh").values()) for row in facts.parameters.itertuples())


def test_walking_as_the_frail_do_reaches_fewer_and_says_so(asked: Asked) -> None:
    usual, frail = answer_one(asked()), answer_one(asked(more='[walking]\nwalker = "frail"\n'))
    assert frail.answer.plan.share < usual.answer.plan.share
    assert "行进速度|0.64 m/s|" in told(frail.facts)
    assert "不走台阶|是" in told(frail.facts)
    assert "台阶耗时倍数" in told(usual.facts)


def test_one_service_may_be_for_the_frail_alone(asked: Asked) -> None:
    project = asked(("minutes = 10.0", 'minutes = 10.0\nwalker = "frail"'))
    assert project.settings.service[0].walker == "frail"
    with pytest.raises(QuestionError, match="walker goes with walking"):
        asked(("minutes = 10.0", 'minutes = 10.0\nwalker = "frail"\nmode = "drive"'))


def test_slopes_and_waits_slow_people_down_with_their_sources(asked: Asked, tmp_path: Path) -> None:
    hill(tmp_path)
    usual = answer_one(asked())
    hilly = answer_one(asked(more='[walking]\nterrain = { file = "dem.tif" }\n'))
    waiting = answer_one(asked(more="[walking]\ncrossing_seconds = { tertiary = 60, residential = 60 }\n"))
    assert hilly.answer.plan.share < usual.answer.plan.share
    assert waiting.answer.plan.share < usual.answer.plan.share
    assert "按坡度计步行时间|是|Tobler" in told(hilly.facts)
    assert "横过道路的等候（tertiary）|60 s|方案给定" in told(waiting.facts)


def test_terrain_of_another_area_is_refused(asked: Asked, tmp_path: Path) -> None:
    hill(tmp_path, west=WEST + 90_000)
    with pytest.raises(DataError, match="no height where people live"):
        answer_one(asked(more='[walking]\nterrain = { file = "dem.tif" }\n'))


@pytest.mark.parametrize(
    ("changes", "more", "message"),
    [
        ((), '[walking]\nterrain = { file = "none.tif" }\n', r"walking.terrain.file: no file 'none.tif'"),
        ((), "[walking]\ncrossing_seconds = { primery = 30 }\n", "no class of road by primery"),
        ((), "[walking]\ncrossing_seconds = { primary = -1 }\n", r"walking.crossing_seconds.primary"),
        ((), '[walking]\nwalkers = "frail"\n', "is 'walker' meant"),
        (((ROADS, ""),), "", r"give \[roads\], or where there are none \[straight\]"),
        ((), '[straight]\ndetour = 1.3\nsource = "x"\n', "not both"),
        (((ROADS, '[straight]\ndetour = 0.9\nsource = "x"\n'),), "", r"straight.detour"),
        (((ROADS, "[straight]\ndetour = 1.3\n"),), "", r"straight.source: is missing"),
        (((ROADS, CENTRES[0]),), "[walking]\nsteps = false\n", r"\[straight\] has none"),
    ],
)
def test_what_cannot_be_is_told_by_key(
    asked: Asked, changes: tuple[tuple[str, str], ...], more: str, message: str
) -> None:
    with pytest.raises(QuestionError, match=message):
        asked(*changes, more=more)


def test_without_roads_a_plan_is_by_straight_lines_and_every_output_says_so(asked: Asked, tmp_path: Path) -> None:
    changes = (ROADS, CENTRES[0]), ("candidates = { spacing_metres = 400.0 }\n", CENTRES[1]), ("new = 2", "new = 4")
    run = asked(*changes).run(tmp_path / "out")
    plan = run.plans["meal_station"]
    units = plan.scenario.site_units
    assert units is not None
    assert set(units[plan.ids]) == {"东南街道", "东北街道", "西南街道", "西北街道"}
    assert "绕行系数（沿路距离与直线之比）|1.4|本市实测" in told(run.facts["meal_station"])
    inputs = json.loads(run.files["manifest"].read_text(encoding="utf-8"))["inputs"]
    assert "roads.file" not in inputs
    page = run.files["meal_station.map"].read_text(encoding="utf-8")
    assert "按直线距离估算" in page
    assert any("没有道路数据" in one for one in run.warnings("zh"))
    if "meal_station.brief" in run.files:
        brief = "\n".join(one.text for one in docx.Document(str(run.files["meal_station.brief"])).paragraphs)
        assert "没有道路数据" in brief
        assert "实有道路网" not in brief


def test_driving_without_roads_needs_a_speed(asked: Asked) -> None:
    by_car = ("minutes = 10.0", 'minutes = 10.0\nmode = "drive"')
    with pytest.raises(QuestionError, match="give metres_per_second"):
        answer_one(asked((ROADS, CENTRES[0]), by_car))


def test_a_service_people_walk_to_may_be_driven_to_at_the_speeds_of_roads(asked: Asked) -> None:
    found = answer_one(asked(("minutes = 10.0", 'minutes = 10.0\nmode = "drive"')))
    assert "出行方式|驾车" in told(found.facts)


def test_straight_lines_equal_brute_force_and_take_in_the_limit() -> None:
    rng = np.random.default_rng(5)
    homes, doors = (rng.uniform(0, 2000, (count, 2)) for count in (300, 20))
    people, sites = demand_of([*map(tuple, homes), (0, 0)]), sites_of([*map(tuple, doors), (480, 0)])
    profile = travel_profile("walk").but(detour=1.5)
    found = cover_straight(people, sites, minutes=15, profile=profile)  # 720 m walked are 480 m straight
    metres = np.hypot(*(people.xy[None, :, :] - sites.xy[:, None, :]).transpose(2, 0, 1))
    assert set(zip(found.site.tolist(), found.points.tolist(), strict=True)) == set(
        zip(*(at.tolist() for at in np.nonzero(metres <= 480 + 1e-6)), strict=True)
    )
    assert found.minutes == pytest.approx(metres[found.site, found.points] * 1.5 / 48, abs=1e-5)
    assert (20, 300) in set(zip(found.site.tolist(), found.points.tolist(), strict=True))
    with pytest.raises(QuestionError, match="need a detour"):
        cover_straight(people, sites, minutes=15, profile=travel_profile("walk"))


def test_every_unit_has_a_candidate_of_its_own_even_where_nobody_is_known_to_live() -> None:
    units = units_of(
        ("370202001", "一街道", "town", "", (0, 0, 1000, 1000)),
        ("370202002", "二街道", "town", "", (1000, 0, 2000, 1000)),
    )
    people = demand_of([(100, 100), (300, 300), (320, 320), (900, 900)], [1, 5, 5, 1])
    sites = candidates_in_units(people, units, level="town")
    assert units.locate(sites, "town").tolist() == units.ids.tolist()
    assert tuple(sites.xy[0] - (WEST, SOUTH)) == (320, 320)
    squares = candidates_in_squares(people, spacing_metres=500)
    assert sorted(tuple(xy - (WEST, SOUTH)) for xy in squares.xy) in (
        [(300, 300), (900, 900)],
        [(320, 320), (900, 900)],
    )
    with pytest.raises(QuestionError, match="no units of level 'village'"):
        candidates_in_units(people, units, level="village")
