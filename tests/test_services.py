"""Services: presets that say their sources, the golden arithmetic, and services of one's own."""

from __future__ import annotations

import ast
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import cli
from planner.errors import DataError, QuestionError
from planner.project.settings import read_settings
from planner.ratios import Progress, Ratio, exact, half_up
from planner.service_files import check_service, read_service
from planner.services import Service, service, service_data, service_keys, tier_systems, walking_readings
from planner.texts import Text

PRESETS = {
    "meal_station", "care_station", "care_centre", "district_centre", "care_home", "dementia_day_care",
    "social_work_station", "recovery_house", "shelter", "marriage_registry", "funeral", "service_point",
}  # fmt: skip


def test_every_preset_of_the_domain_is_shipped() -> None:
    assert set(service_keys()) == PRESETS


@pytest.mark.parametrize("key", service_keys())
def test_a_preset_prints_the_source_of_every_number_in_both_languages(key: str) -> None:
    one = service(key)
    for table in (one.table, one.reported_table):
        zh, en = table("zh"), table("en")
        assert (zh["source"] != "").all()
        assert (en["source"] != "").all()
        assert (zh["source"] != en["source"]).all()
        assert (zh["since"] != "").all()
    assert one["minutes"] > 0
    assert one.sources()
    assert all(host.zh and host.en for host in one.hosts)


@pytest.mark.parametrize("key", service_keys())
def test_a_preset_keeps_the_contract_of_a_service_file(key: str) -> None:
    check_service({"key": key, "based_on": key, **service_data(key)}, where=key)


@pytest.mark.parametrize("key", service_keys())
def test_an_assumption_says_so_in_its_source(key: str) -> None:
    one = service(key)
    for parameter in (*one.parameters.values(), *one.reported.values()):
        assert (parameter.basis == "assumption") == parameter.source.zh.startswith("规划假定")
        assert (parameter.basis == "assumption") == parameter.source.en.startswith("Planner's assumption")


def test_only_services_that_promise_it_are_sensitive_or_do_without_a_building() -> None:
    assert [key for key in service_keys() if service(key).sensitive] == ["recovery_house"]
    assert {key for key in service_keys() if not service(key).needs_building} == {"marriage_registry", "funeral"}


def test_a_parameter_holds_only_on_its_days() -> None:
    minutes = service("meal_station").parameters["minutes"]
    assert minutes.holds_on(date(2025, 1, 1))
    assert not minutes.holds_on(date(2024, 12, 31))
    assert not minutes.holds_on(date(2028, 1, 1))
    assert service("care_centre").parameters["per_unit"].holds_on(date(1990, 1, 1))  # its start is not known


def test_tiers_are_data_and_one_never_stands_in_for_another() -> None:
    assert [len(tier_systems()[key].tiers) for key in ("three", "four")] == [3, 4]
    assert service("care_station").tier == "village"
    assert not service("care_centre").stands_in_for(service("care_station"))
    assert not service("care_station").stands_in_for(service("care_centre"))
    assert service("care_station").stands_in_for(service("care_station"))


GOLDEN = [
    ("meal_station", "meals_per_user", 1, "23.9"),
    ("meal_station", "users_per_station", 1, "106.2"),
    ("meal_station", "jimo_elders_per_station", 0, "38143"),
    ("care_home", "beds_per_home", 1, "161.4"),
    ("care_home", "jimo_beds_per_home", 1, "136.2"),
    ("care_home", "beds_per_1000_elders", 2, "9.69"),
    ("care_centre", "jimo_centres_per_town", 0, "1"),
]


@pytest.mark.parametrize(("key", "ratio", "digits", "shown"), GOLDEN)
def test_the_golden_arithmetic_of_the_reports_holds(key: str, ratio: str, digits: int, shown: str) -> None:
    assert half_up(service(key).ratio(ratio), digits) == Decimal(shown)


def test_the_golden_counts_of_the_reports_hold() -> None:
    said = {name: one.value for name, one in service("meal_station").reported.items()}
    assert Progress(said["stations"], said["stations"] + said["new_in_a_year"]).total == 1724
    assert Progress(said["jinan_upgraded"], said["jinan_venues"]).left == 2372
    roads = Progress(78, 229)
    assert roads.left == 151
    assert half_up(roads.share * 100, 2) == Decimal("34.06")
    assert str(roads) == "78 / 229 (34.1%)"


def test_a_ratio_of_ones_own_counts_is_exact() -> None:
    assert service("meal_station").ratio("users_per_station", users=1, stations=3) == Fraction(1, 3)


def test_a_ratio_tells_what_is_missing_or_cannot_be() -> None:
    per_home = Ratio(Text("每家", "beds per home"), "beds", "homes")
    with pytest.raises(DataError, match="needs homes"):
        per_home.value({"beds": 3})
    with pytest.raises(DataError, match="of which there are none"):
        per_home.value({"beds": 3, "homes": 0})
    with pytest.raises(DataError, match="0 or more"):
        per_home.value({"beds": -3, "homes": 1})
    with pytest.raises(QuestionError, match="knows no ratio nothing"):
        service("meal_station").ratio("nothing")
    with pytest.raises(DataError, match="from 0 to the total"):
        Progress(3, 2)


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.integers(0, 4))
def test_rounding_is_from_the_exact_amount_and_a_half_goes_up(of: int, per: int, digits: int) -> None:
    shown = half_up(Fraction(of, per), digits)
    off = Fraction(shown) - Fraction(of, per)
    assert Fraction(-1, 2 * 10**digits) < off <= Fraction(1, 2 * 10**digits)


def test_a_float_counts_as_the_decimal_it_prints() -> None:
    assert exact(0.8) == Fraction(4, 5)
    for wrong in ("many", float("nan"), float("inf"), True):
        with pytest.raises(DataError, match="must be a number"):
            exact(wrong)


OWN = """
key = "toy_library"
zh = "玩具图书馆"
en = "toy library"
mode = "walk"
tier = "village"
audience = "0-6"

[parameters.minutes]
value = 10
unit = { zh = "分钟", en = "minutes" }
source = "council decision 12/2026"
basis = "reported"
since = "2026-03"
"""


def file_of(text: str, folder: Path) -> Path:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_service_of_ones_own_is_read_with_its_sources(tmp_path: Path) -> None:
    own = read_service(file_of(OWN, tmp_path))
    assert isinstance(own, Service)
    assert (own.key, own["minutes"], own.parameters["minutes"].unit.en) == ("toy_library", 10, "minutes")
    assert own.sources("en") == ("council decision 12/2026",)


def test_a_service_based_on_a_preset_changes_only_what_it_says(tmp_path: Path) -> None:
    changed = """
key = "meal_station"
based_on = "meal_station"
[parameters.target_share]
value = 0.9
unit = "share"
source = "plan of our district"
basis = "reported"
"""
    own, shipped = read_service(file_of(changed, tmp_path)), service("meal_station")
    assert own["target_share"] == 0.9
    assert own.parameters["target_share"].source.zh == "plan of our district"
    assert own["minutes"] == shipped["minutes"]
    assert own.hosts == shipped.hosts
    assert own.ratio("meals_per_user") == shipped.ratio("meals_per_user")


def test_a_changed_number_never_keeps_the_old_source(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match=r"parameters\.minutes\.source: is missing"):
        read_service(
            file_of('key = "meal_station"\nbased_on = "meal_station"\n[parameters.minutes]\nvalue = 20\n', tmp_path)
        )


def test_every_fault_of_a_service_file_is_told_at_once(tmp_path: Path) -> None:
    wrong = (
        OWN.replace('"walk"', '"swim"')
        .replace('"village"', '"county"')
        .replace('"2026-03"', '"March"')
        .replace("10", "-1")
        + 'colour = "red"\n'
    )
    with pytest.raises(QuestionError) as told:
        read_service(file_of(wrong, tmp_path))
    for key in ("mode", "tier: unknown tier", "parameters.minutes.since", "parameters.minutes.colour: no such key"):
        assert key in str(told.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("toy_library", "meal_station"), "is shipped"),
        (("toy_library", "../evil"), "letters, digits and underscores"),
        (("value = 10", "value = -1"), "minutes must be a number above 0"),
        (("[parameters.minutes]", "[parameters.metres]"), "minutes is missing"),
        (('since = "2026-03"', 'since = "2026-03"\nuntil = "2026"'), "must come before until"),
        (('{ zh = "分钟", en = "minutes" }', '{ zh = "分钟" }'), "both zh and en"),
    ],
)
def test_a_fault_of_a_service_file_says_what_to_mend(change: tuple[str, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match=words):
        read_service(file_of(OWN.replace(*change), tmp_path))


def test_a_service_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="does not exist"):
        read_service(tmp_path / "none.toml")
    with pytest.raises(QuestionError, match="cannot be read as TOML"):
        read_service(file_of("key = ", tmp_path))
    with pytest.raises(QuestionError, match="unknown service 'lake'"):
        read_service(file_of('based_on = "lake"', tmp_path))


def test_readings_stand_widest_first() -> None:
    assert [reading.metres for reading in walking_readings()] == [1000, 800, 720, 576]


MANUAL = Path(__file__).resolve().parent.parent / "docs" / "手册.md"


def blocks_of(language: str) -> list[str]:
    """Code blocks of the manual."""
    return re.findall(rf"```{language}\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)


def test_the_manuals_service_file_can_be_read(tmp_path: Path) -> None:
    (own,) = [block for block in blocks_of("toml") if block.startswith("key")]
    assert read_service(file_of(own, tmp_path)).key == "toy_library"


def test_every_name_the_manual_imports_exists() -> None:
    python = blocks_of("python")
    assert len(python) >= 8
    for block in python:
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                module = import_module(str(node.module))
                assert all(hasattr(module, one.name) for one in node.names), node.module


def test_the_manuals_planner_toml_holds_only_keys_there_are(tmp_path: Path) -> None:
    (whole,) = [block for block in blocks_of("toml") if block.startswith("[project]")]
    for name in ("区界.gpkg", "镇街.gpkg", "道路.shp", "人口格网.csv", "普查.csv", "现有站点.xlsx"):
        (tmp_path / name).write_bytes(b"x")
    assert read_settings(file_of(whole, tmp_path), tmp_path).service[0].new == 50


def test_the_manuals_exit_codes_are_the_commands() -> None:
    (told,) = re.findall(r"退出码：(.*)", MANUAL.read_text(encoding="utf-8"))
    codes = {int(code) for code in re.findall(r"(\d) ", told)}
    assert codes == {cli.DONE, cli.FINDINGS, 2, cli.BAD_INPUT, cli.NO_PLAN, cli.STORE}
