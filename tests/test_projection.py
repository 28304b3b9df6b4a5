"""Projection: cohorts grow five years older and some die, worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planner.demand import Demand
from planner.errors import ColumnError, DataError, QuestionError
from planner.projection import BANDS, ELDERS, Ageing, growth, project_bands, project_demand, shipped_ageing
from planner.texts import Text
from tests.town import demand_of

HALF = Ageing(dict.fromkeys(BANDS, 0.5), {"55-59": 2.0, "50-54": 3.0, "45-49": 4.0}, Text.of("test"), Text.of("test"))
TODAY = pd.DataFrame([[100.0, 80, 60, 40, 20, 10]], columns=list(ELDERS), index=["东区"])


def test_every_cohort_moves_up_a_band_and_the_last_one_stays() -> None:
    later = project_bands(TODAY, year=2025, ageing=HALF)
    assert later.loc["东区"].tolist() == [100, 50, 40, 30, 20, 15]  # 200 aged 55-59 halved; 20/2 + 10/2


def test_nobody_ages_in_the_base_year() -> None:
    pd.testing.assert_frame_equal(project_bands(TODAY, year=2020, ageing=HALF), TODAY.astype(float))


def test_three_steps_bring_in_the_three_younger_cohorts() -> None:
    later = project_bands(TODAY, year=2035, ageing=HALF)
    assert later["60-64"].tolist() == [400 / 8]
    assert later["65-69"].tolist() == [300 / 8]
    assert later["70-74"].tolist() == [200 / 8]


def test_a_year_between_two_steps_lies_on_the_line_between_them() -> None:
    low, high = (project_bands(TODAY, year=year, ageing=HALF) for year in (2025, 2030))
    found = project_bands(TODAY, year=2027, ageing=HALF)
    assert np.allclose(found, low + (high - low) * 0.4)


def test_known_younger_bands_are_used_as_they_are() -> None:
    known = TODAY.assign(**{"45-49": 8.0, "50-54": 6.0, "55-59": 4.0})
    assert project_bands(known, year=2025, ageing=HALF)["60-64"].tolist() == [2]
    with pytest.raises(ColumnError, match="give all of"):
        project_bands(known.drop(columns="50-54"), year=2025, ageing=HALF)


def test_a_demand_for_2027_and_2035_is_its_own_bands_grown_older() -> None:
    points = demand_of([(0, 0), (10, 0)], [310.0, 0.0]).frame
    bands = pd.DataFrame([TODAY.iloc[0], TODAY.iloc[0] * 0], index=points.index)
    now = Demand(points.join(bands), bands=ELDERS)
    for year in (2027, 2035):
        later = project_demand(now, year=year)
        assert later.bands == ELDERS
        assert later.people.tolist() == pytest.approx([project_bands(TODAY, year=year).to_numpy().sum(), 0])
        assert later.ids.tolist() == now.ids.tolist()
    table = growth(now, project_demand(now, year=2035))
    assert table.loc["60+", "times"] > 1
    assert table.loc[list(ELDERS), "later"].sum() == pytest.approx(table.loc["60+", "later"])


def test_every_shipped_number_has_its_source_and_survival_falls_with_age() -> None:
    rule = shipped_ageing()
    table = rule.table("en")
    assert len(table) == 12
    assert table["source"].str.startswith("Planner's assumption").all()
    assert (rule.table("zh")["source"] != table["source"]).all()
    shares = [rule.survival[band] for band in BANDS]
    assert shares == sorted(shares, reverse=True)


def test_impossible_questions_are_refused() -> None:
    for year in (2019, 2036):
        with pytest.raises(QuestionError, match="year must be from 2020 to 2035"):
            project_bands(TODAY, year=year)
    with pytest.raises(ColumnError, match="60-79 cannot be aged"):
        project_bands(TODAY.rename(columns={"60-64": "60-79"}), year=2025)
    with pytest.raises(ColumnError, match=r"85\+ are missing"):
        project_bands(TODAY.drop(columns="85+"), year=2025)
    with pytest.raises(DataError, match="known and 0 or more"):
        project_bands(-TODAY, year=2025)
    with pytest.raises(QuestionError, match="no age bands"):
        project_demand(demand_of([(0, 0)]), year=2025)
    with pytest.raises(QuestionError, match=r"survival of 45-49 is missing.*younger band 55-59 is missing"):
        Ageing({}, {}, Text.of("x"), Text.of("x"))
