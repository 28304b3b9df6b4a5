"""Pages as text: what they hold, what they refuse, and that they stay small."""

from __future__ import annotations

import base64
import io
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import pytest
import shapely

from planner.access import find_gaps, summarise
from planner.area import StudyArea
from planner.coverage import Coverage
from planner.demand import Demand
from planner.errors import DataError, QuestionError, SourceError
from planner.facts import gather, percent
from planner.layers import Layer
from planner.maps import OnlineBase, PlanMap, draw, draw_comparison, draw_frontier, tianditu, write_index
from planner.maps.layers import NEVER, build_steps, time_classes
from planner.maps.packing import Box, pack
from planner.maps.picture import small_picture
from tests.plans import small_plan, small_readings
from tests.town import CRS, SOUTH, WEST, demand_of, roads_of, sites_of


@pytest.fixture
def page(area: StudyArea) -> PlanMap:
    return draw(small_plan(small_readings()), by=area)


def unpacked(layer: dict[str, object]) -> dict[str, np.ndarray]:
    """What the page's unpack() makes of a layer, by the same rule written again."""
    data, at, found = zlib.decompress(base64.b64decode(str(layer["data"]))), 0, {}
    for name, width, length, is_delta in layer["columns"]:  # type: ignore[attr-defined]
        planes = np.frombuffer(data, np.uint8, width * length, at).reshape(width, length)
        at += width * length
        values = np.ascontiguousarray(planes.T).view(f"<{ {1: 'u1', 2: 'u2', 4: 'i4'}[width] }").ravel()
        found[name] = np.cumsum(values, dtype=values.dtype) if is_delta else values
    return found


def test_packed_arrays_come_back_as_they_were(rng: np.random.Generator) -> None:
    arrays = {
        "x": rng.integers(-(2**31), 2**31 - 1, 1000).astype(np.int32),
        "step": rng.integers(0, 65535, 1000, endpoint=True).astype(np.uint16),
        "size": rng.integers(0, 255, 1000, endpoint=True).astype(np.uint8),
        "none": np.empty(0, np.int32),
    }
    with np.errstate(over="ignore"):
        found = unpacked(pack(arrays, deltas=("x", "none")))
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_box_places_points_to_a_metre() -> None:
    box = Box.around(119.5, 35.5, 121.5, 37.5)
    here, there = box.steps(np.array([[120.0, 36.0], [120.0, 36.0 + 1 / 111_000 * 100]]))
    metres = (here - there)[1] * box.side / 262144 * 40075016.7 * np.cos(np.radians(36))
    assert metres == pytest.approx(100, abs=1.5)


def test_people_are_drawn_at_the_step_that_first_reaches_them(area: StudyArea) -> None:
    plan = small_plan(small_readings())
    facts = gather(plan, by=area)
    steps, coverage = build_steps(facts), plan.scenario.coverage
    order = ["old:0", "old:1", *facts.new_sites.index]
    for built in range(len(facts.new_sites) + 1):
        for row, bound in enumerate(time_classes(coverage.limit)):
            expected = coverage.within(bound).covered(order[: 2 + built])
            np.testing.assert_array_equal(steps[row] <= built, expected)
    assert (steps[2] == NEVER).any()


def test_the_last_step_of_the_page_is_the_summary_of_the_plan(area: StudyArea) -> None:
    plan = small_plan(small_readings())
    summary = summarise(plan, by=area.units)
    page = draw(plan, by=area, summary=summary)
    assert page.data["steps"][-1] == summary.overall["covered"]
    assert page.data["steps"][0] == summary.overall["covered_before"]


def test_a_coverage_is_drawn_as_it_stands_today(area: StudyArea, tmp_path: Path) -> None:
    coverage = small_readings().at(10)
    text = draw(coverage, by=area).save(tmp_path / "today.html").read_text(encoding="utf-8")
    assert "现有 2 个站点" in text
    assert 'id="step"' not in text


def test_a_plan_without_units_is_drawn_as_one(tmp_path: Path) -> None:
    assert "全域" in draw(small_plan(small_readings())).save(tmp_path / "one.html").read_text(encoding="utf-8")


def test_a_map_with_a_summary_needs_the_units_it_counts_by(area: StudyArea) -> None:
    plan = small_plan(small_readings())
    with pytest.raises(QuestionError, match="pass by="):
        draw(plan, summary=summarise(plan, by=area.units))


def test_an_unknown_language_is_refused(area: StudyArea) -> None:
    with pytest.raises(QuestionError, match="zh, en"):
        draw(small_plan(small_readings()), by=area, lang="fr")


def test_a_page_is_stamped_internal_unless_it_has_an_approval_number(area: StudyArea) -> None:
    plan = small_plan(small_readings())
    assert "内部资料，不得公开</span></p>" in draw(plan, by=area).to_html()
    approved = draw(plan, by=area, map_approval="鲁S（2024）001号").to_html()
    assert "鲁S（2024）001号" in approved
    assert '<p class="stamp">' not in approved


def test_the_same_plan_gives_the_same_page(area: StudyArea) -> None:
    assert (
        draw(small_plan(small_readings()), by=area).to_html() == draw(small_plan(small_readings()), by=area).to_html()
    )


def test_fault_87_a_page_names_no_address_to_load_from(page: PlanMap) -> None:
    text = page.to_html()
    loads = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=(?!.data:)", text)
    assert loads == []
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert "default-src &#39;none&#39;" in policy[1]
    assert "http" not in policy[1]


def test_fault_88_a_page_over_budget_is_refused_and_its_largest_layer_named(page: PlanMap, tmp_path: Path) -> None:
    page.data["areas"] = [{"data": "x" * 400_000, "columns": []}]
    with pytest.raises(DataError, match=r"largest layer is 'areas' \(0\.4 MB\)"):
        page.save(tmp_path / "big.html", warn_bytes=100_000, refuse_bytes=200_000)
    assert list(tmp_path.iterdir()) == []
    with pytest.warns(UserWarning, match="'areas'"):
        page.save(tmp_path / "big.html", warn_bytes=100_000)


def test_fault_82_a_page_is_saved_whole_or_not_at_all(
    page: PlanMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "plan.html"
    kept.write_text("before", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(SourceError, match="No space left on device"):
            page.save(kept)
    assert kept.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [kept]
    with pytest.raises(SourceError, match="make it first"):
        page.save(tmp_path / "missing" / "plan.html")


def test_a_plugin_that_asks_the_internet_is_refused_until_a_local_copy_is_named(page: PlanMap, tmp_path: Path) -> None:
    from folium.plugins import MiniMap

    MiniMap(tile_layer=folium.TileLayer("https://tiles.example/{z}/{x}/{y}.png", attr="x")).add_to(page)
    with pytest.raises(DataError, match=r"page\.inline"):
        page.save(tmp_path / "plugin.html")
    folium.TileLayer("https://tiles.example/{z}/{x}/{y}.png", attr="x").add_to(page)
    with pytest.raises(DataError, match=r"tiles\.example"):
        page.save(tmp_path / "tiles.html")


def test_roads_and_water_are_packed_once_each(area: StudyArea) -> None:
    plan = small_plan(small_readings())
    water = gpd.GeoDataFrame(geometry=[shapely.box(WEST, SOUTH, WEST + 300, SOUTH + 300)], crs=CRS, index=["water:1"])

    class Streets:
        lines = roads_of([[(0, 0), (900, 0)], [(900, 0), (0, 0)], [(0, 0), (0, 900)]]).frame.geometry.to_numpy()
        road_class = np.array(["primary", "primary", "residential"], dtype=object)
        crs = area.crs

    page = draw(plan, by=area, network=Streets(), layers={"water": Layer(water)})  # type: ignore[arg-type]
    roads = unpacked(page.data["roads"])
    assert roads["sizes"].tolist() == [2, 2], "the same street drawn both ways is one street"
    assert roads["rank"].tolist() == [1, 3]
    assert page.data["areas"][0]["name"] == "water"


def test_the_data_of_a_page_cannot_end_its_element(area: StudyArea) -> None:
    names = ["</script><script>alert(1)</script>", "<!--"]
    text = draw(small_plan(small_readings(names)), by=area, title="</title><script>alert(2)</script>").to_html()
    assert "<script>alert" not in text
    data = re.search(r'id="plan-data">(.*?)</script>', text, re.DOTALL)
    assert data
    assert {site["name"] for site in json.loads(data[1])["sites"]} >= set(names)


def test_two_plans_are_compared_over_the_same_people(area: StudyArea, tmp_path: Path) -> None:
    readings = small_readings()
    first, second = small_plan(readings, new=1), small_plan(readings, new=3)
    with pytest.raises(QuestionError, match="another name"):
        draw_comparison(first, second, by=area)
    second = replace(second, scenario=second.scenario.but(name="bigger"))
    page = draw_comparison(first, second, by=area)
    states = unpacked(page.data["people"])["state"]
    here, there = (plan.scenario.coverage.covered(plan.ids) for plan in (first, second))
    assert np.bincount(states, minlength=5).tolist() == [
        (here & there).sum(), (here & ~there).sum(), (there & ~here).sum(), (~here & ~there).sum() - 3, 3,
    ]  # fmt: skip
    text = page.save(tmp_path / "compare.html").read_text(encoding="utf-8")
    gained = summarise(second, by=area.units).overall["covered"] - summarise(first, by=area.units).overall["covered"]
    assert f"+{int(gained):,}" in text
    frame = second.scenario.coverage.demand.frame
    others = Demand(frame.set_axis([f"other:{at}" for at in range(len(frame))]))
    elsewhere = replace(second.scenario.coverage, demand=others)
    with pytest.raises(QuestionError, match="same people"):
        draw_comparison(first, replace(second, scenario=second.scenario.but(coverage=elsewhere)), by=area)


def test_gaps_are_drawn_with_their_names_and_people(area: StudyArea) -> None:
    plan = small_plan(small_readings(), new=0)
    gaps = find_gaps(plan, by=area.units, least_people=5)
    page = draw(plan, by=area, gaps=gaps)
    drawn = [site for site in page.data["sites"] if site["kind"] == "gap"]
    clusters = gaps.loc[gaps["kind"] == "cluster", "name"]
    assert [site["name"] for site in drawn] == clusters.tolist() != []
    assert {entry["name"] for entry in page.data["index"]} >= set(clusters)
    table = next(table for table in page.content["tables"] if table["key"] == "gap")
    assert [row["cells"][0]["text"] for row in table["rows"][:-1]] == gaps["name"].tolist()
    whole = summarise(plan, by=area.units).overall
    assert table["rows"][-1]["cells"][2]["value"] == whole["uncovered"] + whole["not_connected"]


def test_an_index_lists_the_pages_of_a_folder_with_their_pictures(page: PlanMap, tmp_path: Path) -> None:
    page.save(tmp_path / "方案 一#1.html")
    (tmp_path / "方案 一#1.xlsx").write_bytes(b"")
    (tmp_path / "other.html").write_text("<title>not ours</title>", encoding="utf-8")
    text = write_index(tmp_path).read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 1
    assert "%231.html" in text
    assert "%231.xlsx" in text
    assert "not ours" not in text
    assert "内部资料" in text
    with pytest.raises(SourceError, match="no folder"):
        write_index(tmp_path / "missing")


def test_a_small_picture_is_a_png_others_can_read() -> None:
    from PIL import Image

    at = np.array([[0, 0], [100, 0], [0, 50]])
    address = small_picture(at, np.array([0, 1, 1]), ["#ff0000", "#0000ff"])
    image = Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB")
    assert image.size == (220, 136)
    colours = {colour for _, colour in image.getcolors() or []}
    assert colours == {(250, 249, 245), (255, 0, 0), (0, 0, 255)}


@pytest.mark.long
@pytest.mark.parametrize(("cells", "sites", "megabytes"), [(20_000, 2_000, 3), (500_000, 2_000, 12)])
def test_pages_of_cities_stay_within_their_budgets(
    cells: int, sites: int, megabytes: int, rng: np.random.Generator, tmp_path: Path
) -> None:
    side = int(np.sqrt(cells)) + 1
    places = [(100.0 * x, 100.0 * y) for x in range(side) for y in range(side)][:cells]
    demand = demand_of(places, rng.lognormal(1, 1, cells).tolist())
    near = rng.choice(cells, sites, replace=False)
    today = sites_of([places[at] for at in near], existing=True)
    coverage = Coverage.from_pairs(
        demand, today, site=np.arange(sites), point=near, minutes=rng.uniform(0, 15, sites), limit=15
    )
    page = draw(coverage).save(tmp_path / "city.html")
    assert page.stat().st_size < megabytes * 1e6


def test_fault_91_a_key_stays_out_of_the_page_unless_asked(area: StudyArea, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = small_plan(small_readings())
    monkeypatch.setenv("TIANDITU_KEY", "sentinel-key-9137")
    page = draw(plan, by=area, online=tianditu())
    text = page.to_html()
    assert "sentinel-key-9137" not in text + repr(tianditu(store_key=True))
    assert "img-src data: blob: https://*.tianditu.gov.cn;" in text
    assert "联网底图" in text
    assert "sentinel-key-9137" in draw(plan, by=area, online=tianditu(store_key=True)).to_html()
    assert "tianditu" not in draw(plan, by=area).to_html()
    monkeypatch.delenv("TIANDITU_KEY")
    with pytest.raises(QuestionError, match="TIANDITU_KEY"):
        tianditu(store_key=True)


@pytest.mark.parametrize("url", ["http://a.example/{z}/{x}/{y}", "https://a.example/tile", "javascript:alert(1)"])
def test_an_online_base_is_an_https_address_of_tiles(url: str) -> None:
    with pytest.raises(QuestionError, match="https"):
        OnlineBase(url, "x")


def test_a_frontier_page_tells_what_more_stations_bring(tmp_path: Path) -> None:
    readings = small_readings()
    plans = [small_plan(readings, new=new) for new in (3, 1)]
    page = draw_frontier(plans, title="<script>alert(1)</script>")
    text = page.save(tmp_path / "frontier.html").read_text(encoding="utf-8")
    for plan in plans:
        covered = round(plan.value)
        assert f"<td>{covered:,}</td>" in text
        assert percent(covered, round(plan.scenario.coverage.demand.total)) in text
    assert text.count("<circle") == 2
    assert "<script" not in text
    assert "&lt;script" in text
    assert "http:" not in text
    assert "https:" not in text
    with pytest.raises(QuestionError, match="at least one plan"):
        draw_frontier([])


def test_fault_89_a_page_asks_for_fonts_by_a_stack_and_loads_none(page: PlanMap) -> None:
    text = page.to_html()
    assert "@font-face" not in text
    assert text.count('"Noto Sans CJK SC"') >= 2


def test_fault_71_a_point_at_exactly_the_limit_is_covered_on_map_and_in_report(area: StudyArea) -> None:
    from planner.reports import report

    demand, today = demand_of([(100, 100), (900, 100)], [7, 5]), sites_of([(100, 900)], existing=True)
    pairs = {"site": np.array([0, 0]), "point": np.array([0, 1]), "minutes": np.array([15.0, 15.001])}
    coverage = Coverage.from_pairs(demand, today, **pairs, limit=15)
    facts = gather(coverage, by=area)
    page = draw(facts)
    assert unpacked(page.data["people"])["step2"].tolist() == [0, NEVER]
    assert page.data["steps"] == [7]
    summary = {str(row[0]): row[1] for row in report(facts).tables[0].rows}
    assert summary["15 分钟可达"] == facts.overall["covered"] == 7


@pytest.mark.parametrize("people", [[0.0, 0.0], [0.0]])
def test_fault_77_nobody_at_all_still_makes_a_page_and_a_workbook(
    people: list[float], area: StudyArea, tmp_path: Path
) -> None:
    from planner.reports import report

    places = [(100.0, 100.0), (900.0, 100.0)][: len(people)]
    demand, today = demand_of(places, people), sites_of([(100, 900)], existing=True)
    pairs = {"site": np.array([0]), "point": np.array([0]), "minutes": np.array([5.0])}
    coverage = Coverage.from_pairs(demand, today, **pairs, limit=15)
    gaps = find_gaps(coverage, by=area.units)
    text = draw(coverage, by=area, gaps=gaps).save(tmp_path / "nobody.html").read_text(encoding="utf-8")
    assert "—" in text
    for suffix in ("xlsx", "html"):
        assert report(coverage, by=area, gaps=gaps).save(tmp_path / f"nobody.{suffix}").stat().st_size > 1_000
