"""The page of a plan, driven as an official would, with the network cut."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import pytest

from planner.access import find_gaps, summarise
from planner.area import StudyArea
from planner.maps import PlanMap, draw, draw_comparison, draw_frontier, tianditu, write_index
from planner.reports import report
from planner.services import service
from planner.sites import Sites
from tests.browser.test_accessibility import faults
from tests.plans import small_plan, small_readings

Open = Callable[..., Any]


NOTED = """() => { window.written = [];
    const fill = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...at) { written.push(text); fill.call(this, text, ...at); }; }"""


@pytest.fixture
def page_map(area: StudyArea) -> PlanMap:
    readings = small_readings()
    plan = small_plan(readings)
    summary = summarise(plan, by=area.units, readings=readings)
    return draw(plan, by=area, summary=summary, service=service("meal_station"), sources=["手绘小镇"])


@pytest.fixture
def page(page_map: PlanMap, tmp_path: Path) -> Path:
    return page_map.save(tmp_path / "plan.html")


def test_fault_87_a_saved_page_opens_without_the_network_in_silence(page: Path, open_page: Open) -> None:
    for size in ((1440, 900), (390, 844), (3840, 2160)):
        opened = open_page(page, *size)
        opened.is_quiet()
        assert opened.tab.evaluate("document.querySelector('canvas.sheet').width") > 300


def test_the_sheet_shows_people_and_stations_in_their_colours(page: Path, open_page: Open) -> None:
    tab = open_page(page).tab
    seen = tab.evaluate(
        """() => { const c = document.querySelector('canvas.sheet');
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        const found = new Set();
        for (let i = 0; i < d.length; i += 4) found.add(d[i] + ',' + d[i + 1] + ',' + d[i + 2]);
        return [...found]; }"""
    )
    for colour in ("11,79,138", "240,160,75", "107,107,107", "138,15,107", "29,43,54"):
        assert colour in seen


def test_a_district_is_named_even_where_stations_crowd(
    area: StudyArea, page_map: PlanMap, open_page: Open, tmp_path: Path
) -> None:
    west = next(unit for unit in page_map.data["units"]["rows"] if unit["level"] == "district")
    first = page_map.data["sites"][0]
    page_map.data["sites"] += [
        {**first, "ref": f"crowd{i}", "x": west["x"] + (i % 40 - 20) * 2500, "y": west["y"] + (i // 40 - 20) * 2500}
        for i in range(1600)
    ]
    tab = open_page(page_map.save(tmp_path / "crowd.html")).tab
    tab.evaluate(NOTED)
    tab.click(".leaflet-control-zoom-in")
    tab.wait_for_timeout(400)
    assert west["name"] in tab.evaluate("window.written")


def test_the_slider_tells_how_many_are_covered_at_each_step(page: Path, page_map: PlanMap, open_page: Open) -> None:
    tab = open_page(page).tab
    steps = page_map.data["steps"]
    assert len(steps) == 4
    for step, covered in enumerate(steps):
        tab.locator("#step").fill(str(step))
        assert f"{covered:,}" in tab.inner_text("#stepsaid")
    tab.click("[data-step='0']")
    assert "现状" in tab.inner_text("#stepsaid")


def test_a_search_by_pinyin_initials_finds_a_town_and_opens_its_card(page: Path, open_page: Open) -> None:
    opened = open_page(page)
    opened.tab.fill("#query", "xbjd")
    assert opened.tab.inner_text("#hits li").startswith("西北街道")
    opened.tab.keyboard.press("ArrowDown")
    opened.tab.keyboard.press("Enter")
    assert opened.tab.inner_text("#card h2") == "西北街道"
    assert opened.tab.inner_text("tr.chosen td:first-child") == "西北街道"
    opened.tab.fill("#query", "没有这个")
    assert "没有找到" in opened.tab.text_content("#searchsaid")
    opened.is_quiet()


def test_a_row_of_the_table_leads_to_the_map_and_a_click_on_the_map_to_its_row(page: Path, open_page: Open) -> None:
    tab = open_page(page).tab
    tab.click("#tab-added")
    tab.click("#panel-added tbody tr:first-child")
    title = tab.inner_text("#card h2")
    assert title.startswith("1. ")
    tab.click("#card button")
    assert tab.is_hidden("#card")
    tab.wait_for_timeout(400)
    box = tab.locator(".folium-map").bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert tab.inner_text("#card h2") == title
    assert tab.locator("tr.chosen").count() == 1


def test_a_heading_sorts_its_column_and_leaves_the_total_last(page: Path, open_page: Open) -> None:
    tab = open_page(page).tab
    tab.click("#tab-town")
    tab.click("#panel-town thead th:nth-child(2) button")

    def column() -> list[int]:
        cells = tab.locator("#panel-town tbody tr:not(.total) td:nth-child(2)").all_inner_texts()
        return [int(text.replace(",", "")) for text in cells]

    assert column() == sorted(column(), reverse=True)
    tab.click("#panel-town thead th:nth-child(2) button")
    assert column() == sorted(column())
    assert tab.inner_text("#panel-town tbody tr:last-child td:first-child") == "合计"


def test_the_language_switch_changes_every_word_and_no_number(page: Path, open_page: Open) -> None:
    tab = open_page(page).tab
    numbers = "Array.from(document.querySelectorAll('td.n'), e => e.textContent).join()"
    before = tab.evaluate(numbers)
    tab.click("#language")
    assert tab.inner_text("#legend summary") == "Legend"
    assert tab.evaluate("document.documentElement.lang") == "en"
    assert "people" in tab.inner_text(".finding")
    assert tab.evaluate(numbers) == before
    tab.click("#language")
    assert tab.inner_text("#legend summary") == "图例"


def test_the_tabs_follow_the_arrow_keys(page: Path, open_page: Open) -> None:
    tab = open_page(page).tab
    tab.focus("#tab-district")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("document.activeElement.id") == "tab-town"
    assert tab.is_visible("#panel-town")
    assert tab.is_hidden("#panel-district")


def test_a_printed_page_holds_title_legend_stamp_and_every_table(page: Path, open_page: Open, tmp_path: Path) -> None:
    opened = open_page(page)
    opened.tab.pdf(path=str(tmp_path / "plan.pdf"), prefer_css_page_size=True, print_background=True)
    assert (tmp_path / "plan.pdf").stat().st_size > 20_000
    opened.tab.emulate_media(media="print")
    for shown in ("h1", ".stamp", "#legend", ".leaflet-control-scale", "#panel-district", "#panel-added", ".imprint"):
        assert opened.tab.is_visible(shown), shown
    for hidden in ("#search", "#language", ".leaflet-control-zoom"):
        assert opened.tab.is_hidden(hidden), hidden
    opened.is_quiet()


def test_layers_added_with_folium_work_without_the_network(page_map: PlanMap, open_page: Open, tmp_path: Path) -> None:
    folium.Marker([36.12, 120.01], popup="<b>here</b>", tooltip="a tip").add_to(page_map)
    folium.Marker([36.13, 120.01], icon=folium.Icon(color="red")).add_to(page_map)
    folium.GeoJson({"type": "Point", "coordinates": [120.01, 36.125]}).add_to(page_map)
    folium.LayerControl().add_to(page_map)
    opened = open_page(page_map.save(tmp_path / "more.html"))
    opened.is_quiet()
    assert opened.tab.locator(".leaflet-marker-icon").count() == 3
    opened.tab.locator(".leaflet-marker-icon").first.dispatch_event("click")
    assert opened.tab.inner_text(".leaflet-popup-content") == "here"


def test_a_notebook_shows_the_same_page_in_a_frame(page_map: PlanMap, open_page: Open, tmp_path: Path) -> None:
    cell = tmp_path / "cell.html"
    cell.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{page_map._repr_html_()}", encoding="utf-8")
    opened = open_page(cell, ready="")
    frame = opened.tab.frame_locator("iframe")
    frame.locator("canvas.sheet").wait_for(state="attached")
    assert "手绘小镇" in frame.locator("body").inner_text() or frame.locator("h1").inner_text()
    opened.is_quiet()


def test_an_online_base_asks_its_host_only_once_switched_on(area: StudyArea, open_page: Open, tmp_path: Path) -> None:
    page = draw(small_plan(small_readings()), by=area, online=tianditu())
    opened = open_page(page.save(tmp_path / "online.html"))
    opened.is_quiet()
    opened.tab.fill("#onlinekey", "a key&x=1")
    opened.tab.check("[data-layer=online]")
    opened.tab.wait_for_timeout(500)
    assert opened.requests
    assert all(asked.startswith("https://t") and ".tianditu.gov.cn/vec_w/" in asked for asked in opened.requests)
    assert all(asked.endswith("&tk=a%20key%26x%3D1") for asked in opened.requests)


def test_two_plans_are_swiped_by_mouse_key_and_in_both_languages(
    area: StudyArea, open_page: Open, tmp_path: Path
) -> None:
    readings = small_readings()
    first, second = small_plan(readings, new=1), small_plan(readings, new=3)
    second = replace(second, scenario=second.scenario.but(name="bigger"))
    opened = open_page(draw_comparison(first, second, by=area).save(tmp_path / "two.html"), bypass_csp=True)
    tab = opened.tab
    assert tab.locator("canvas.sheet").count() == 1
    tab.check("#swiping")
    assert tab.locator("canvas.sheet").count() == 2
    clips = "Array.from(document.querySelectorAll('canvas.sheet'), c => c.style.clipPath)"
    before = tab.evaluate(clips)
    tab.focus("#swipe")
    tab.keyboard.press("ArrowRight")
    after = tab.evaluate(clips)
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert tab.inner_text("#swipebox .right") == "bigger"
    tab.keyboard.press("End")
    colours = """() => { const c = document.querySelectorAll('canvas.sheet')[0];
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, found = new Set();
        for (let i = 0; i < d.length; i += 4) found.add(d[i] + ',' + d[i + 1] + ',' + d[i + 2]);
        return [...found]; }"""
    seen = tab.evaluate(colours)
    assert "122,79,163" in seen
    assert "27,138,107" not in seen, "the first plan's side shows nothing of the second"
    assert faults(tab) == []
    tab.uncheck("#swiping")
    assert tab.locator("canvas.sheet").count() == 1
    assert tab.is_hidden("#swipe")
    opened.is_quiet()


def test_a_service_area_shows_when_switched_on_and_for_the_chosen_station(
    area: StudyArea, open_page: Open, tmp_path: Path
) -> None:
    plan = small_plan(small_readings())
    sites = Sites(plan.scenario.coverage.sites.frame.loc[plan.ids])
    areas = gpd.GeoDataFrame(
        {"site": sites.ids, "minutes": 10.0}, geometry=sites.frame.geometry.buffer(400).to_numpy(), crs=sites.crs
    )
    opened = open_page(draw(plan, by=area, service_areas=areas).save(tmp_path / "areas.html"))
    tab = opened.tab
    picture = "document.querySelector('canvas.sheet').toDataURL()"
    plain = tab.evaluate(picture)
    tab.check("[data-layer=reach]")
    tab.wait_for_timeout(100)
    assert tab.evaluate(picture) != plain
    opened.is_quiet()


def test_gaps_stand_in_a_table_linked_to_the_map(area: StudyArea, open_page: Open, tmp_path: Path) -> None:
    plan = small_plan(small_readings(), new=0)
    gaps = find_gaps(plan, by=area.units, least_people=5)
    tab = open_page(draw(plan, by=area, gaps=gaps).save(tmp_path / "gaps.html")).tab
    tab.click("#tab-gap")
    row = tab.locator("#panel-gap tbody tr[data-ref]").first
    name = row.locator("td").first.inner_text()
    row.click()
    assert tab.inner_text("#card h2") == name
    assert name in set(gaps.loc[gaps["kind"] == "cluster", "name"])


def test_the_page_prints_on_a3_when_asked(page: Path, open_page: Open, tmp_path: Path) -> None:
    tab = open_page(page).tab
    tab.select_option("#paper", "A3")
    tab.pdf(path=str(tmp_path / "a3.pdf"), prefer_css_page_size=True, print_background=True)
    text = (tmp_path / "a3.pdf").read_bytes().decode("latin-1")
    wide, high = re.findall(r"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", text)[0]
    assert (round(float(wide) / 72 * 25.4), round(float(high) / 72 * 25.4)) == (420, 297)


def test_a_sensitive_service_shows_its_stations_but_nobody_s_home(
    area: StudyArea, open_page: Open, tmp_path: Path
) -> None:
    plan = small_plan(small_readings())
    page = draw(plan, by=area, service=service("recovery_house"))
    opened = open_page(page.save(tmp_path / "houses.html"))
    tab = opened.tab
    tab.locator("#step").fill("1")
    assert tab.inner_text("#stepsaid") == "建成前 1 个新增站点"
    assert tab.locator("[data-layer=people0]").count() == 0
    assert "<10" in tab.inner_text("#panel-district")
    tab.click("#tab-town")
    tab.click("#panel-town thead th:nth-child(2) button")
    opened.is_quiet()


def test_the_index_of_a_folder_opens_in_silence(page: Path, open_page: Open) -> None:
    opened = open_page(write_index(page.parent), ready="", bypass_csp=True)
    assert faults(opened.tab) == []
    assert opened.tab.locator("li a").first.get_attribute("href") == "plan.html"
    opened.is_quiet()


def test_a_frontier_and_a_report_page_open_in_silence(area: StudyArea, open_page: Open, tmp_path: Path) -> None:
    readings = small_readings()
    plans = [small_plan(readings, new=new) for new in (1, 3)]
    opened = open_page(draw_frontier(plans).save(tmp_path / "frontier.html"), ready="svg", bypass_csp=True)
    assert opened.tab.locator("circle").count() == 2
    assert faults(opened.tab) == []
    opened.is_quiet()
    opened = open_page(report(plans[1], by=area).save(tmp_path / "report.html"), ready="table")
    opened.is_quiet()
