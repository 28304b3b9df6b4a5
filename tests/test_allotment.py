"""Allotment: what quarters owe by the standard of their permit date, worked by hand; and villages with a home."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from planner.allotment import Allotment, Quarters, Standard, allot, circles_of, standard, suggest_pools
from planner.coverage import Coverage
from planner.errors import ColumnError, DataError, IdError, PeriodError, QuestionError
from planner.layers import Period
from planner.ratios import Progress
from planner.texts import Text
from planner.village_homes import village_homes
from tests.town import CRS, points_at, sites_of

NEW = date(2022, 5, 1)
NOTICE = standard("qingdao_2019")


def quarters_of(*rows: tuple[str, int, float, date | None, str], step: float = 250.0, **more: list[object]) -> Quarters:
    """Quarters in a row, ``step`` metres apart: (name, households, m2, permit, kind)."""
    columns = ("name", "households", "square_metres", "permit", "kind")
    data = {name: [row[at] for row in rows] for at, name in enumerate(columns)} | more
    places = points_at([(step * at, 0.0) for at in range(len(rows))])
    ids = pd.Index([f"quarter:{at}" for at in range(len(rows))], dtype=object)
    return Quarters(gpd.GeoDataFrame(data, geometry=places, index=ids, crs=CRS))


def rule(key: str, new: object, start: date | None = None, end: date | None = None, least: object = 0) -> Standard:
    return Standard(key, Text.of(key), new, new, Text.of("test"), least, Period(start, end))  # type: ignore[arg-type]


def test_twenty_square_metres_per_hundred_households_are_owed_exactly() -> None:
    account = allot(quarters_of(("甲", 1234, 246.8, NEW, "new"), ("乙", 1234, 246.79, NEW, "new")), NOTICE)
    assert account.frame["required"].tolist() == [Fraction(1234, 5)] * 2
    assert account.frame["compliant"].tolist() == [True, False]
    assert account.shortfall == Fraction(1, 100)
    assert account.rate == Progress(1, 2)
    assert account.shortfalls()["name"].tolist() == ["乙"]
    assert account.table()["shortfall"].tolist() == [0.0, 0.01]
    assert repr(account) == "<Allotment: 1 / 2 (50.0%) compliant, 0.0 m2 short>"


def test_a_shortfall_is_never_printed_as_nothing() -> None:
    account = allot(quarters_of(("甲", 1, 0.1999, NEW, "new")), NOTICE)
    assert account.shortfall == Fraction(1, 10000)
    assert account.table()["shortfall"].tolist() == [0.01]


def test_new_and_existing_quarters_owe_what_their_standard_says() -> None:
    both = quarters_of(("甲", 1000, 0, NEW, "new"), ("乙", 1000, 0, NEW, "existing"))
    assert allot(both, standard("general_30_20")).frame["required"].tolist() == [300, 200]
    assert allot(both, standard("general_30_15")).frame["required"].tolist() == [300, 150]
    assert allot(both, standard("least_350")).frame["required"].tolist() == [350, 350]


def test_the_standard_in_force_on_the_permit_date_applies() -> None:
    old = rule("old", 10, date(2010, 1, 1), date(2019, 7, 1))
    later = rule("later", 20, date(2019, 7, 1))
    days = (date(2009, 12, 31), date(2010, 1, 1), date(2019, 6, 30), date(2019, 7, 1))
    account = allot(quarters_of(*(("区", 100, 0.0, day, "new") for day in days)), [later, old])
    assert account.frame["standard"].tolist() == ["", "old", "old", "later"]
    assert account.frame["required"].tolist() == [0, 10, 10, 20]
    with pytest.raises(PeriodError, match="both in force on 2019-07-01"):
        allot(quarters_of(("区", 100, 0.0, days[3], "new")), [later, rule("other", 5)])


def test_the_excluded_are_listed_with_the_reason_and_count_nowhere() -> None:
    told = quarters_of(
        ("甲", 100, 0, NEW, "new"), ("乙", 100, 0, None, "new"), ("丙", 100, 0, date(2001, 1, 1), "new"),
        ("丁", 0, 0, NEW, "new"), ("戊", 100, 20, NEW, "new"), exempt=["军产", "", "", "", ""],
    )  # fmt: skip
    account = allot(told, NOTICE)
    assert account.rate == Progress(1, 1)
    assert account.excluded()["why_not"].tolist() == [
        "免配：军产", "许可日期不详", "许可日（2001-01-01）尚无配建标准", "没有住户"
    ]  # fmt: skip
    assert account.excluded("en")["why_not"].iloc[1] == "its permit date is not known"


def test_quarters_of_one_pool_stand_in_for_each_other() -> None:
    three = quarters_of(("甲", 1000, 350, NEW, "new"), ("乙", 500, 0, NEW, "new"), ("丙", 500, 0, NEW, "new"))
    account = allot(three, NOTICE, pools={"quarter:0": "东", "quarter:1": "东"}, circles=300)
    assert account.frame["compliant"].tolist() == [True, True, False]
    whole = allot(three, NOTICE, pools=dict.fromkeys(three.ids, "全"), circles=300)
    assert whole.shortfall == 50  # 400 owed, 350 there
    assert whole.frame["shortfall"].tolist() == [0, 25, 25]  # by what each lacks alone
    assert not whole.frame["compliant"].any()


def test_a_pool_needs_one_place_of_the_least_size() -> None:
    two = quarters_of(("甲", 1000, 300, NEW, "new"), ("乙", 100, 100, NEW, "new"))
    account = allot(two, standard("least_350"), pools=dict.fromkeys(two.ids, "东"))
    assert account.shortfall == 50  # 330 owed and 400 there, but no place of 350


def test_a_pool_beyond_one_circle_is_refused() -> None:
    apart = quarters_of(("甲", 100, 40, NEW, "new"), ("乙", 100, 0, NEW, "new"), step=301)
    with pytest.raises(QuestionError, match="lies in no one circle"):
        allot(apart, NOTICE, pools=dict.fromkeys(apart.ids, "东"), circles=300)
    assert allot(apart, NOTICE, pools=dict.fromkeys(apart.ids, "东"), circles=301.0).rate == Progress(2, 2)


def test_a_circle_may_be_five_minutes_on_the_road() -> None:
    near = quarters_of(("甲", 100, 40, NEW, "new"), ("乙", 100, 0, NEW, "new"), ("丙", 100, 0, NEW, "new"))
    homes = allot(near, NOTICE).missing()
    assert homes.people.tolist() == [100, 100]
    everyone = allot(near, rule("much", 1000)).missing()
    sites = sites_of([(0, 0)], prefix="centre")
    walk = Coverage.from_pairs(
        everyone, sites, site=np.array([0, 0]), point=np.array([0, 2]), minutes=np.array([1.0, 5.0]), limit=5
    )
    assert circles_of(near, walk) == {"centre:0": ["quarter:0", "quarter:2"]}
    assert suggest_pools(allot(near, NOTICE), walk) == {"quarter:0": "pool:centre:0", "quarter:2": "pool:centre:0"}
    with pytest.raises(IdError, match="of the quarters themselves"):
        circles_of(quarters_of(("甲", 100, 40, NEW, "new")), walk)


def test_suggested_pools_heal_and_lie_in_their_circle() -> None:
    row = quarters_of(
        ("甲", 500, 0, NEW, "new"),
        ("乙", 1000, 400, NEW, "new"),
        ("丙", 500, 0, NEW, "new"),
        ("丁", 900, 0, NEW, "new"),
    )
    before = allot(row, NOTICE)
    pools = suggest_pools(before, 300)
    assert pools == dict.fromkeys(("quarter:0", "quarter:1", "quarter:2"), "pool:quarter:1")
    after = allot(row, NOTICE, pools=pools, circles=300)
    assert (before.rate, after.rate) == (Progress(1, 4), Progress(3, 4))
    assert after.shortfalls()["name"].tolist() == ["丁"]


def test_a_community_building_below_its_area_is_told_by_the_same_account() -> None:
    account = allot(quarters_of(("社区", 2000, 559.5, NEW, "existing")), standard("community_building"))
    assert account.shortfall == Fraction(81, 2)


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (("甲", -1, 0, NEW, "new"), ColumnError),
        (("甲", 10.5, 0, NEW, "new"), ColumnError),
        (("甲", 10, float("nan"), NEW, "new"), ColumnError),
        (("甲", 10, 0, "2022", "new"), ColumnError),
        (("甲", 10, 0, NEW, "old"), ColumnError),
    ],
)
def test_impossible_quarters_are_refused(row: tuple[str, int, float, date, str], error: type[DataError]) -> None:
    with pytest.raises(error, match="impossible"):
        quarters_of(row)


def test_unknown_standards_and_quarters_are_told() -> None:
    with pytest.raises(QuestionError, match="unknown standard 'x'; known: qingdao_2019"):
        standard("x")
    with pytest.raises(IdError, match="quarter:9"):
        allot(quarters_of(("甲", 1, 1, NEW, "new")), NOTICE, pools={"quarter:9": "东"})
    with pytest.raises(QuestionError, match="circles must be metres"):
        circles_of(quarters_of(("甲", 1, 1, NEW, "new")), 0)
    assert isinstance(allot(quarters_of(("甲", 1, 1, NEW, "new")), NOTICE), Allotment)


def test_every_shipped_standard_has_a_source_in_both_languages() -> None:
    for key in ("qingdao_2019", "general_30_20", "general_30_15", "least_350", "community_building"):
        assert standard(key).source.zh != standard(key).source.en != ""


VILLAGES = pd.DataFrame(
    {
        "code": ["370215001200", "370215001201", "370215001399", "370215001001", "370283002202"],
        "district": ["即墨区", "即墨区", "即墨区", "即墨区", "平度市"],
    }
)


def test_a_village_with_two_homes_counts_once_and_communities_not_at_all() -> None:
    found = village_homes(
        VILLAGES, ["370215001200", "370215001200", "370215001201", "370215001001", "999999999999"], by="district"
    )
    assert found.overall == Progress(2, 4)
    assert found.table.loc["即墨区", ["villages", "with_home", "without"]].tolist() == [3, 2, 1]
    assert found.excluded["has_home"].tolist() == [True]
    assert found.unknown == ("999999999999",)
    assert found.overall.share < Fraction(57, 100)


def test_village_codes_are_text_of_twelve_digits_and_unique() -> None:
    with pytest.raises(ColumnError, match="12 digits as text"):
        village_homes(VILLAGES.assign(code=VILLAGES["code"].astype(float)), [], by="district")
    with pytest.raises(IdError, match="repeats"):
        village_homes(pd.concat([VILLAGES, VILLAGES]), [], by="district")
    with pytest.raises(ColumnError, match="need the columns town"):
        village_homes(VILLAGES, [], by="town")
