"""Whole people: every group's sum is its own sum rounded up or down, and the total is rounded to nearest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.rounding import whole_people


def test_whole_amounts_stay_as_they_are() -> None:
    assert whole_people(np.array([3.0, 0.0, 7.0]), [np.array([0, 0, 1])]).tolist() == [3, 0, 7]


def test_thirds_of_a_person_become_one_person() -> None:
    rounded = whole_people(np.full(3, 1 / 3), [np.zeros(3, int)])
    assert rounded.sum() == 1


def test_no_cells_give_no_people() -> None:
    assert whole_people(np.empty(0), [np.empty(0, int)]).tolist() == []


def test_groupings_that_cross_three_ways_and_cannot_be_kept_are_told() -> None:
    half = np.full(3, 0.5)
    pairs = [np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0, 1, 0])]
    rounded = whole_people(half * 2, pairs)  # whole amounts never fail
    assert rounded.tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="nested families"):
        whole_people(half, pairs)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 500), st.integers(0, 5), st.integers(0, 3)),
        min_size=1,
        max_size=40,
    )
)
def test_towns_districts_and_classes_all_add_up(cells: list[tuple[float, int, int]]) -> None:
    amounts = np.array([amount for amount, _, _ in cells])
    town = np.array([town for _, town, _ in cells])
    state = np.array([state for _, _, state in cells])
    families = [town, town // 3, state, state // 2]
    whole = whole_people(amounts, families, nearest=state < 2)
    assert abs(whole[state < 2].sum() - amounts[state < 2].sum()) <= 0.5 + 1e-6
    assert (np.abs(whole - amounts) < 1 + 1e-6).all()
    assert abs(whole.sum() - amounts.sum()) <= 0.5 + 1e-6
    for group in families:
        exact, shown = np.bincount(group, amounts), np.bincount(group, whole)
        assert (np.abs(exact - shown) < 1 + 1e-6).all()
