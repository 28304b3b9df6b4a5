"""Suitability: what excludes a site, to the metre; and room for thirty years."""

from __future__ import annotations

from fractions import Fraction

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from planner.errors import CrsError, DataError, QuestionError
from planner.services import service
from planner.suitability import Exclusion, Keep, exclusion, places_needed
from planner.texts import Text
from tests.town import CRS, SOUTH, WEST, roads_of, sites_of

PARK = gpd.GeoSeries([shapely.box(WEST, SOUTH, WEST + 100, SOUTH + 100)], crs=CRS)


@pytest.fixture
def masks() -> Exclusion:
    """A park to keep 300 m from, and a road to keep 50 m from."""
    road = roads_of([[(1000, -500), (1000, 500)]])
    return exclusion([(PARK, 300, Text("公园", "park")), (road, 50, Text("公路", "main road"))])


def test_a_site_is_excluded_by_every_mask_that_is_too_near(masks: Exclusion) -> None:
    sites = sites_of([(50, 50), (399, 50), (400, 50), (975, 50), (1050, 0)])
    table = masks.excluded(sites, lang="en")
    assert list(table[["site", "reason", "metres"]].itertuples(index=False, name=None)) == [
        ("site:0", "park", 0.0), ("site:1", "park", 299.0), ("site:3", "main road", 25.0),
    ]  # fmt: skip
    assert masks.excluded(sites)["reason"].tolist() == ["公园", "公园", "公路"]
    assert masks.allowed(sites).ids.tolist() == ["site:2", "site:4"]  # at exactly the buffer it may stand


def test_a_mask_without_a_buffer_excludes_its_inside_and_edge() -> None:
    found = exclusion([(PARK, 0, "park")])
    assert found.allowed(sites_of([(50, 50), (100, 50), (100.5, 50)])).ids.tolist() == ["site:2"]
    assert found.polygon.equals(PARK.iloc[0])


def test_the_polygon_holds_every_excluded_place(masks: Exclusion, rng: np.random.Generator) -> None:
    sites = sites_of([(float(x), float(y)) for x, y in rng.uniform((-400, -600), (1200, 600), (500, 2))])
    out = set(masks.excluded(sites)["site"])
    inside = shapely.intersects(masks.polygon, shapely.points(sites.xy))
    assert out <= set(sites.ids[inside])
    assert len(set(sites.ids[inside]) - out) <= 5  # a sliver more, round corners
    assert masks.zones()["reason"].tolist() == ["公园", "公路"]
    assert repr(masks).startswith("<Exclusion of")


def test_masks_must_agree_and_be_whole() -> None:
    with pytest.raises(CrsError, match="must share one CRS"):
        exclusion([(PARK, 1, "a"), (PARK.to_crs(32651), 1, "b")])
    with pytest.raises(CrsError, match="projected CRS"):
        exclusion([(PARK.to_crs(4490), 1, "a")])
    with pytest.raises(DataError, match="missing or invalid"):
        exclusion([(gpd.GeoSeries([shapely.Polygon()], crs=CRS), 1, "a")])
    with pytest.raises(QuestionError, match="buffer_metres"):
        Keep(PARK, -1, Text.of("a"))
    with pytest.raises(QuestionError, match="at least one mask"):
        exclusion([])
    elsewhere = exclusion([(PARK.to_crs(32651), 1, "b")])
    with pytest.raises(CrsError, match="sites are in"):
        elsewhere.excluded(sites_of([(0, 0)]))


def test_an_empty_mask_excludes_nothing() -> None:
    found = exclusion([(gpd.GeoSeries([], crs=CRS), 100, "nothing")])
    assert found.excluded(sites_of([(0, 0)])).empty
    assert found.polygon.is_empty


@given(st.integers(0, 10**7), st.integers(0, 2000), st.integers(1, 50), st.integers(0, 10**5))
def test_room_over_the_years_is_people_times_rate_times_years(people: int, rate: int, years: int, there: int) -> None:
    needed = places_needed(people, deaths_per_1000=Fraction(rate, 100), years=years, standing=there)
    exactly = Fraction(people * rate * years, 100_000) - there
    assert max(0, exactly) <= needed < max(0, exactly) + 1


def test_the_preset_says_rate_years_and_buffers_with_sources() -> None:
    funeral = service("funeral")
    assert places_needed(300_000, deaths_per_1000=funeral["deaths_per_1000"], years=funeral["years"]) == 69_840
    assert funeral.parameters["park_buffer_metres"].basis == "assumption"


def test_impossible_rooms_are_refused() -> None:
    with pytest.raises(QuestionError, match="years must be"):
        places_needed(10, deaths_per_1000=7, years=0)
    with pytest.raises(QuestionError, match="share must be"):
        places_needed(10, deaths_per_1000=7, years=1, share=2)
    with pytest.raises(DataError, match="deaths_per_1000"):
        places_needed(10, deaths_per_1000=-7, years=1)
