"""Beds: shares, conversions and new beds in whole numbers, as brute force has them."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.beds import TOTAL, Beds, nursing_beds
from planner.errors import ColumnError, DataError, QuestionError
from planner.services import service

AIM = service("care_home")["nursing_share"]


@given(st.integers(0, 400), st.data())
def test_conversions_and_new_beds_are_the_fewest_that_reach_the_target(beds: int, data: st.DataObject) -> None:
    nursing = data.draw(st.integers(0, beds))
    one = Beds(beds, nursing)
    fewest = next(k for k in range(beds + 1) if 5 * (nursing + k) >= 4 * beds)
    assert one.conversions(AIM) == fewest
    more = next(x for x in range(4 * beds + 1) if 5 * (nursing + x) >= 4 * (beds + x))
    assert one.new_beds(AIM) == more == max(0, 4 * beds - 5 * nursing)


def test_whole_numbers_decide_where_floats_would_not() -> None:
    assert 0.1 + 0.2 != 0.3  # the trap
    assert Beds(10, 3).conversions(0.3) == 0
    assert Beds(10**17, 8 * 10**16).conversions("0.8") == 0
    assert Beds(10**17, 8 * 10**16 - 1).conversions("0.8") == 1


def test_family_beds_are_not_in_the_denominator() -> None:
    assert Beds(100, 80, family=500).share == Fraction(4, 5)
    assert Beds(100, 80, family=500).conversions(AIM) == 0


def test_jinan_reached_the_target_and_its_share_reads_as_reported() -> None:
    assert Beds(10_000, 8_166).conversions(AIM) == 0


def test_a_city_needs_no_more_than_its_districts_together() -> None:
    homes = pd.DataFrame(
        {"district": ["西区", "东区", "东区"], "beds": [100, 60, 41], "nursing": [100, 40, 20], "family": [3, 0, 0]},
        index=["a", "b", "c"],
    )
    table = nursing_beds(homes, target=AIM)
    assert table.index.tolist() == ["东区", "西区", TOTAL]
    assert table["beds"].tolist() == [101, 100, 201]
    assert table["conversions"].tolist() == [21, 0, 1]
    assert table["new_beds"].tolist() == [104, 0, 4]
    assert table["reached"].tolist() == [False, True, False]
    assert table.loc[TOTAL, "family"] == 3


def test_a_district_without_beds_has_no_share() -> None:
    table = nursing_beds(pd.DataFrame({"district": ["东区"], "beds": [0], "nursing": [0]}), target=AIM)
    assert table["share"].isna().all()
    assert table["conversions"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("homes", "words"),
    [
        ({"district": ["东区"], "beds": [10]}, "need the columns nursing"),
        ({"district": [None], "beds": [10], "nursing": [1]}, "name no district"),
        ({"district": ["东区"], "beds": [10], "nursing": [11]}, "nursing beds are some of the beds"),
        ({"district": ["东区"], "beds": [10.5], "nursing": [1]}, "beds of home"),
        ({"district": ["东区"], "beds": ["多"], "nursing": [1]}, "whole number"),
        ({"district": ["东区"], "beds": [float("nan")], "nursing": [1]}, "whole number"),
    ],
)
def test_impossible_beds_are_told_by_home(homes: dict[str, list[object]], words: str) -> None:
    with pytest.raises(ColumnError, match=words):
        nursing_beds(pd.DataFrame(homes), target=AIM)


def test_impossible_targets_and_counts_are_refused() -> None:
    with pytest.raises(QuestionError, match="target is a share"):
        Beds(10, 1).conversions(80)
    with pytest.raises(QuestionError, match="never bring the share to 1"):
        Beds(10, 1).new_beds(1)
    assert Beds(10, 10).new_beds(1) == 0
    with pytest.raises(DataError, match="whole number"):
        Beds(10, True)
