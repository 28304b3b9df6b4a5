"""Lists as offices keep them: headings, totals, numbers, dates and names (FAULTS 26-37, 46, 48)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from planner.area import StudyArea
from planner.errors import ColumnError, SourceError
from planner.imports import ImportReport
from planner.sites import Sites
from planner.sources import load_columns, read_area, read_population, read_sites, save_columns
from planner.sources.codes import damaged
from planner.sources.dates import read_date
from planner.sources.personal import is_card, is_mobile
from planner.sources.schema import schema
from planner.sources.values import text
from tests.office_files import cells_csv, degrees, lines_frame, lonlat, workbook

SERVICE = "meal_station"


def report_of(sites: Sites) -> ImportReport:
    assert sites.report is not None
    return sites.report


def stations(path: Path, rows: list[list[object]]) -> Path:
    """A plain list: 名称, 经度, 纬度 and whatever rows hold."""
    return workbook(path, rows)


def row(name: object, x: float = 500, y: float = 500, *more: object) -> list[object]:
    lon, lat = lonlat(x, y)
    return [name, round(lon, 6), round(lat, 6), *more]


HEAD = ["名称", "经度", "纬度"]


def test_fault_26_title_two_line_headings_merged_cells_totals_and_remarks_are_recognised(
    tmp_path: Path, area: StudyArea
) -> None:
    rows: list[list[object]] = [
        ["某市老年助餐点一览表", None, None, None, None],
        ["序号", "名称", "坐标（度）", None, "能力（人）"],
        [None, None, "经度", "纬度", None],
        [1, *row("甲助餐点"), 120],
        [2, *row("乙助餐点", 600, 600), 80],
        ["合计", None, None, None, 200],
        ["制表人：某某", None, None, None, None],
    ]
    path = workbook(
        tmp_path / "s.xlsx", rows, merged=[(0, 0, 0, 4), (1, 0, 2, 0), (1, 1, 2, 1), (1, 2, 1, 3), (1, 4, 2, 4)]
    )
    sites = read_sites(path, area=area, service=SERVICE, columns={"capacity": "能力（人）"})
    report = report_of(sites)
    assert list(sites["name"]) == ["甲助餐点", "乙助餐点"]
    assert list(sites["capacity"]) == [120, 80]
    assert report.facts["headings"] == "line 2 to 3"
    assert (report.read, report.accepted, report.expected, report.faulty) == (4, 2, 2, 0)
    assert list(report.quarantine["rule"]) == ["table.total", "table.note"]
    assert list(report.quarantine["row"]) == [6, 7]


@pytest.mark.parametrize(("value", "first", "precision"), [
    (45000, date(2023, 3, 15), "day"), ("2023.5", date(2023, 5, 1), "month"), ("2023年5月", date(2023, 5, 1), "month"),
    ("民国三十年", date(1941, 1, 1), "year"), ("民国元年", date(1912, 1, 1), "year"), ("2023-05-04", date(2023, 5, 4), "day"),
    ("2023年5月4日", date(2023, 5, 4), "day"), ("20230504", date(2023, 5, 4), "day"), ("2023", date(2023, 1, 1), "year"),
    ("２０２３年５月", date(2023, 5, 1), "month"), (date(2020, 2, 29), date(2020, 2, 29), "day"),
])  # fmt: skip
def test_fault_27_dates_are_read_as_the_span_they_may_mean(value: object, first: date, precision: str) -> None:
    span = read_date(value)
    assert span is not None
    assert (span.first, span.precision) == (first, precision)


def test_fault_27_the_1904_base_is_a_choice() -> None:
    span = read_date(45000, base_1904=True)
    assert span is not None
    assert span.first == date(2027, 3, 16)


@pytest.mark.parametrize("value", ["去年", "2023-13-01", "2023年2月30日", "abc", 12])
def test_fault_27_what_is_no_date_is_none(value: object) -> None:
    assert read_date(value) is None


def test_fault_27_a_row_with_an_unreadable_date_is_quarantined(tmp_path: Path, area: StudyArea) -> None:
    rows = [[*HEAD, "启用时间"], row("甲", 500, 500, "2023年5月"), row("乙", 600, 500, "去年")]
    sites = read_sites(stations(tmp_path / "s.xlsx", rows), area=area, service=SERVICE)
    assert list(sites["opened"]) == [date(2023, 5, 1)]
    assert list(report_of(sites).quarantine["rule"]) == ["value.date"]


def test_fault_28_a_web_page_saved_as_xls_says_so(tmp_path: Path, area: StudyArea) -> None:
    (tmp_path / "s.xls").write_text("<html><table><tr><td>名称</td></tr></table></html>", encoding="utf-8")
    with pytest.raises(SourceError, match=r"web page.*save it as .xlsx"):
        read_sites(tmp_path / "s.xls", area=area, service=SERVICE)


def test_fault_28_an_xlsx_named_xls_is_read_for_what_it_is(tmp_path: Path, area: StudyArea) -> None:
    stations(tmp_path / "s.xlsx", [HEAD, row("甲")]).rename(tmp_path / "s.xls")
    assert len(read_sites(tmp_path / "s.xls", area=area, service=SERVICE)) == 1


def test_fault_28_a_damaged_workbook_is_one_clear_error(tmp_path: Path, area: StudyArea) -> None:
    path = stations(tmp_path / "s.xlsx", [HEAD, row("甲")])
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(SourceError):
        read_sites(path, area=area, service=SERVICE)


@pytest.mark.parametrize(("encoding", "separator"), [
    ("utf-8-sig", ","), ("gb18030", ","), ("utf-8", ";"), ("gb18030", "\t"), ("utf-16", ","),
])  # fmt: skip
def test_fault_29_csv_of_any_encoding_and_separator_is_read_right(
    tmp_path: Path, area: StudyArea, encoding: str, separator: str
) -> None:
    path = tmp_path / "s.csv"
    frame = pd.DataFrame([row("甲\n助餐点"), row("乙助餐点", 600)], columns=HEAD)
    frame.to_csv(path, index=False, encoding=encoding, sep=separator)
    sites = read_sites(path, area=area, service=SERVICE)
    assert list(sites["name"]) == ["甲 助餐点", "乙助餐点"]
    assert len(sites) == report_of(sites).read


def test_fault_29_an_open_quotation_mark_names_its_line(tmp_path: Path, area: StudyArea) -> None:
    lon, lat = lonlat(500, 500)
    (tmp_path / "s.csv").write_text(f'名称,经度,纬度\n甲,{lon},{lat}\n"乙,{lon},{lat}\n', encoding="utf-8")
    with pytest.raises(SourceError, match="line 3"):
        read_sites(tmp_path / "s.csv", area=area, service=SERVICE)


def test_fault_30_codes_damaged_by_a_spreadsheet_are_quarantined(tmp_path: Path, area: StudyArea) -> None:
    rows = [
        ["编号", *HEAD],
        ["0421", *row("甲")],
        ["422", *row("乙", 600)],
        ["3.7E+11", *row("丙", 700)],
        ["0423", *row("丁", 800)],
    ]
    sites = read_sites(stations(tmp_path / "s.xlsx", rows), area=area, service=SERVICE)
    assert list(sites.ids) == ["site:0421", "site:0423"]
    assert list(report_of(sites).quarantine["rule"]) == ["code.damaged"] * 2
    assert "文本" in report_of(sites).table("quarantine")["suggestion"].iloc[0]


def test_fault_30_division_codes_have_lengths() -> None:
    codes = pd.Series(["370202", "370203", "37020", "3.7E+5"], dtype=object).to_numpy()
    assert damaged(codes, divisions=True).tolist() == [False, False, True, True]


def test_fault_31_a_19_digit_code_with_gaps_stays_exact_text(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame(3, 编号=pd.array([1234567890123456789, None, 1234567890123456788], dtype="Int64"))
    frame.to_file(tmp_path / "r.gpkg")
    from planner.sources.opening import open_records

    values = open_records(tmp_path / "r.gpkg", schema("roads")).frame["编号"]
    assert [text(one) for one in values] == ["1234567890123456789", "", "1234567890123456788"]


def test_fault_32_numbers_are_put_right_by_listed_rules_only(tmp_path: Path, area: StudyArea) -> None:
    values = ["１２", "12人", "1,234", "约12", "十二", 7]
    rows = [[*HEAD, "服务能力"], *[row(f"点{at}", 100 + 200 * at, 500, value) for at, value in enumerate(values)]]
    sites = read_sites(stations(tmp_path / "s.xlsx", rows), area=area, service=SERVICE)
    report = report_of(sites)
    assert list(sites["capacity"]) == [12, 12, 1234, 7]
    assert list(report.repairs["before"]) == ["１２", "12人", "1,234"]
    assert list(report.quarantine["value"]) == ["约12", "十二"]
    assert set(report.quarantine["rule"]) == {"value.unreadable"}


def test_fault_35_invisible_characters_are_taken_out_and_direction_marks_refused(
    tmp_path: Path, area: StudyArea
) -> None:
    rows = [HEAD, row("甲\u200b助餐\u00a0点"), row("乙\u202e点", 600), row("丙\u00ad点", 700)]
    sites = read_sites(stations(tmp_path / "s.xlsx", rows), area=area, service=SERVICE)
    assert list(sites["name"]) == ["甲助餐 点", "丙点"]
    assert list(report_of(sites).quarantine["rule"]) == ["text.bidi"]
    assert list(report_of(sites).repairs["before"]) == ["甲\\u200b助餐\\u00a0点", "丙\\u00ad点"]


def test_fault_36_rare_characters_are_kept(tmp_path: Path, area: StudyArea) -> None:
    sites = read_sites(stations(tmp_path / "s.xlsx", [HEAD, row("䶮𬭚村助餐点")]), area=area, service=SERVICE)
    assert list(sites["name"]) == ["䶮𬭚村助餐点"]


@pytest.mark.parametrize("name", ["甲😀点", "甲\x07点"])
def test_fault_37_emoji_and_control_characters_are_refused(tmp_path: Path, area: StudyArea, name: str) -> None:
    lon, lat = lonlat(500, 500)
    (tmp_path / "s.csv").write_text(f"名称,经度,纬度\n{name},{lon},{lat}\n乙,{lon},{lat}\n", encoding="utf-8")
    sites = read_sites(tmp_path / "s.csv", area=area, service=SERVICE)
    assert list(report_of(sites).quarantine["rule"]) == ["text.control"]


def test_fault_46_the_apostrophe_of_an_export_is_taken_off_exactly(tmp_path: Path, area: StudyArea) -> None:
    lon, lat = lonlat(500, 500)
    (tmp_path / "s.csv").write_text(f"名称,经度,纬度\n'=甲,{lon},{lat}\n''-乙,{lon},{lat}\n", encoding="utf-8")
    sites = read_sites(tmp_path / "s.csv", area=area, service=SERVICE)
    assert sorted(sites["name"]) == ["'-乙", "=甲"]
    assert set(report_of(sites).repairs["rule"]) == {"text.formula_mark"}


@pytest.mark.parametrize(("values", "kind"), [
    (["13800138000", "15912345678"], "telephone numbers"), (["11010519491231002X", "440524188001010014"], "identity-card"),
])  # fmt: skip
def test_fault_48_columns_of_personal_numbers_are_refused_by_name(
    tmp_path: Path, area: StudyArea, values: list[str], kind: str
) -> None:
    rows = [[*HEAD, "备注"], row("甲", 500, 500, values[0]), row("乙", 600, 600, values[1])]
    path = stations(tmp_path / "s.xlsx", rows)
    if kind == "identity-card":
        assert is_card(values[0])
        rows[2][-1] = values[0]
        path = stations(tmp_path / "s.xlsx", rows)
    with pytest.raises(ColumnError, match=f"'备注' holds {kind}.*ignore="):
        read_sites(path, area=area, service=SERVICE)
    assert len(read_sites(path, area=area, service=SERVICE, ignore=["备注"])) == 2


def test_fault_48_village_codes_and_landlines_are_no_personal_numbers() -> None:
    assert not is_card("370202001001")
    assert not is_mobile("0532-88888888")


def test_a_missing_name_is_quarantined_with_the_row_as_it_stood(tmp_path: Path, area: StudyArea) -> None:
    rows = [[*HEAD, "地址"], row("甲"), row(None, 600, 500, "某路1号")]
    report = report_of(read_sites(stations(tmp_path / "s.xlsx", rows), area=area, service=SERVICE))
    assert list(report.quarantine["rule"]) == ["value.missing"]
    assert "某路1号" in report.quarantine["original"].iloc[0]


def test_two_columns_that_could_be_the_people_are_asked_about(tmp_path: Path, area: StudyArea) -> None:
    lon, lat = lonlat(500, 500)
    (tmp_path / "c.csv").write_text(f"lon,lat,POP_2015,POP_2020\n{lon},{lat},5,6\n", encoding="utf-8")
    with pytest.raises(ColumnError, match="could all be people; say which with columns="):
        read_population(tmp_path / "c.csv", area=area)
    assert read_population(tmp_path / "c.csv", area=area, people="POP_2020").total == 6


def test_a_missing_column_tells_the_headings_there_are(tmp_path: Path, area: StudyArea) -> None:
    (tmp_path / "c.csv").write_text("经,纬,人\n1,2,3\n", encoding="utf-8")
    with pytest.raises(ColumnError, match=r"no column for people .*headings are 经, 纬, 人"):
        read_population(tmp_path / "c.csv", area=area)
    with pytest.raises(ColumnError, match="no column 'x'"):
        read_population(tmp_path / "c.csv", area=area, people="x")
    with pytest.raises(ColumnError, match="columns= names 'heads'"):
        read_population(tmp_path / "c.csv", area=area, columns={"heads": "人"})


def test_column_maps_are_kept_in_a_file_and_used_again(tmp_path: Path, area: StudyArea) -> None:
    path = cells_csv(tmp_path / "c.csv", [(500, 500, 5)], heading="数量")
    save_columns({"people": "数量"}, tmp_path / "map.toml")
    assert load_columns(tmp_path / "map.toml") == {"people": "数量"}
    assert read_population(path, area=area, columns=load_columns(tmp_path / "map.toml")).total == 5
    (tmp_path / "bad.toml").write_text("people = ", encoding="utf-8")
    with pytest.raises(SourceError, match="no map of columns"):
        load_columns(tmp_path / "bad.toml")


def test_every_alias_of_a_schema_leads_to_its_own_field() -> None:
    for name in ("roads", "cells", "sites", "census"):
        words = schema(name)
        for field in words.fields.values():
            assert words.match([field.aliases[0]], file="x")


def test_a_sheet_is_chosen_by_its_headings(tmp_path: Path, area: StudyArea) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(tmp_path / "s.xlsx")) as book:
        book.add_worksheet("说明").write(0, 0, "填表说明")
        page = book.add_worksheet("数据")
        for at, cells in enumerate([HEAD, row("甲")]):
            page.write_row(at, 0, cells)
    sites = read_sites(tmp_path / "s.xlsx", area=area, service=SERVICE)
    assert report_of(sites).facts["sheet"] == "数据"


def test_districts_with_damaged_codes_are_told(tmp_path: Path) -> None:
    import geopandas as gpd
    from shapely import box

    from tests.town import CRS, SOUTH, WEST

    frame = gpd.GeoDataFrame(
        {"代码": ["379901", "37990", "379903"], "名称": ["东区", "西区", "北区"]},
        geometry=[box(WEST + at * 1000, SOUTH, WEST + at * 1000 + 900, SOUTH + 900) for at in range(3)],
        crs=CRS,
    )
    degrees(frame).to_file(tmp_path / "d.gpkg")
    report = read_area(tmp_path / "d.gpkg", on="2024-01-01").units.report
    assert report is not None
    assert list(report.quarantine["rule"]) == ["code.damaged"]
