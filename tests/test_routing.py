"""Routing: nearest sites, people in reach, streams, live changes and tightening, each against the full search."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from benchmarks.networks import scattered, synthetic_network
from planner.compiling import _tell, compiling
from planner.coverage import Coverage, cover, nearest_sites, people_reached
from planner.errors import IdError, QuestionError, SourceError, StoreError
from planner.live import LiveCoverage
from planner.network import Attachment, Network, build_network
from planner.routing import Reach, StreamedReach, nearest, people_in_reach, stream_reach
from planner.routing.compiled import Compiled, check_fits
from planner.routing.reach import is_within
from planner.routing.search import Run, Take
from tests.contracts.test_routers import Case, table
from tests.networks import INF, hung, network_of, travel_cases
from tests.town import demand_of, roads_of, sites_of


@pytest.fixture(scope="module")
def city() -> tuple[Network, Attachment, Attachment]:
    network = synthetic_network(2000, "drive")
    return network, scattered(network, 60, seed=2), scattered(network, 2500, seed=3)


@pytest.fixture(scope="module")
def streets() -> Network:
    span = [at * 100.0 for at in range(9)]
    lines = [[(x, y), (x + 100, y)] for x in span[:-1] for y in span]
    return build_network(roads_of(lines + [[(x, y), (x, y + 100)] for x in span for y in span[:-1]]), mode="walk")


def placed(rng: np.random.Generator, count: int) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in rng.uniform(0, 800, (count, 2))]


# nearest


@settings(max_examples=50, deadline=None)
@given(case=travel_cases())
def test_the_nearest_sites_are_the_first_of_all_pairs(case: Case) -> None:
    network, sites, demand, limit = case
    everything = table(Compiled(threads=1).reach(network, sites, demand, minutes=limit), len(demand)).T
    for count in (1, 2, 4):
        found = nearest(network, sites, demand, minutes=limit, count=count)
        order = np.argsort(everything, axis=1, kind="stable")[:, :count]
        expected = np.take_along_axis(everything, order, axis=1)
        width = order.shape[1]
        assert np.array_equal(found.minutes[:, :width].astype(np.float32), expected.astype(np.float32))
        assert np.array_equal(found.site[:, :width], np.where(np.isfinite(expected), order, -1))
        assert (found.site[:, width:] == -1).all()


def test_ties_go_to_the_site_of_lower_rank() -> None:
    network = network_of(3, [(0, 1, 1.0, 1.0), (1, 2, 1.0, 1.0)])
    sites, home = hung((0, 0.0, 0.0), (1, 1.0, 0.0)), hung((0, 1.0, 0.0))
    assert nearest(network, sites, home, minutes=5.0).site.tolist() == [[0]]
    assert nearest(network, sites, home, minutes=5.0, rank=np.array([1, 0])).site.tolist() == [[1]]
    assert nearest(network, sites, home, minutes=5.0, count=3, rank=np.array([1, 0])).site.tolist() == [[1, 0, -1]]


def test_nearest_needs_at_least_one_to_look_for(city: tuple[Network, Attachment, Attachment]) -> None:
    with pytest.raises(QuestionError, match="count"):
        nearest(*city, minutes=5.0, count=0)


def test_nearest_sites_of_a_town_are_those_of_its_coverage(streets: Network, rng: np.random.Generator) -> None:
    demand, sites = demand_of(placed(rng, 300)), sites_of(placed(rng, 12))
    coverage = cover(streets, demand, sites, minutes=8.0)
    found = nearest_sites(streets, demand, sites, minutes=8.0)
    expected = coverage.nearest(sites.ids)
    assert found.index.equals(expected.index)
    assert found.site.tolist() == expected.site.tolist()
    np.testing.assert_allclose(found.minutes, expected.minutes, rtol=1e-6)
    assert (found["rank"] == 1).all()


# people in reach, streams


@pytest.mark.parametrize("threads", [1, 2])
def test_people_in_reach_are_the_sums_over_the_pairs(
    city: tuple[Network, Attachment, Attachment], threads: int
) -> None:
    network, sites, demand = city
    people = np.random.default_rng(1).random(len(demand))
    dense = np.isfinite(table(Compiled().reach(network, sites, demand, minutes=3.0), len(demand)))
    np.testing.assert_allclose(
        people_in_reach(network, sites, demand, people, minutes=3.0, threads=threads), dense @ people
    )


def test_people_reached_are_named_by_site(streets: Network, rng: np.random.Generator) -> None:
    demand = demand_of(placed(rng, 100), people=list(rng.random(100)))
    sites = sites_of([*placed(rng, 5), (9000.0, 9000.0)])
    coverage = cover(streets, demand, sites, minutes=6.0)
    found = people_reached(streets, demand, sites, minutes=6.0)
    assert found.index.equals(sites.ids)
    np.testing.assert_allclose(found, coverage.matrix @ demand.people)
    assert found["site:5"] == 0


@pytest.mark.parametrize("threads", [1, 2])
def test_a_streamed_search_holds_the_same_pairs(
    city: tuple[Network, Attachment, Attachment], threads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.routing.search.BLOCK_PAIRS", 5000)
    network, sites, demand = city
    whole = Compiled().reach(network, sites, demand, minutes=3.0)
    done = stream_reach(network, sites, demand, tmp_path / "reach", minutes=3.0, threads=threads)
    again = StreamedReach.open(tmp_path / "reach")
    assert again == done
    assert done.blocks > 3
    assert done.pairs == len(whole.points)
    loaded = again.load()
    assert np.array_equal(loaded.starts, whole.starts)
    assert np.array_equal(loaded.points, whole.points)
    assert np.array_equal(loaded.minutes, whole.minutes)


def test_a_stopped_stream_is_not_taken_for_a_finished_one(
    city: tuple[Network, Attachment, Attachment], tmp_path: Path
) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stream_reach(*city, tmp_path / "reach", minutes=3.0, progress=stop)
    with pytest.raises(SourceError, match="finished"):
        StreamedReach.open(tmp_path / "reach")


def test_a_stream_never_writes_into_a_folder_that_holds_something(
    city: tuple[Network, Attachment, Attachment], tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(StoreError, match="new folder"):
        stream_reach(*city, tmp_path, minutes=3.0)


def test_many_small_blocks_give_the_same_rows_as_one(
    city: tuple[Network, Attachment, Attachment], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Compiled(threads=1).reach(*city, minutes=3.0)
    monkeypatch.setattr("planner.routing.search.BLOCK_PAIRS", 1000)
    monkeypatch.setattr("planner.routing.compiled.SPARE", 0.0)  # so that the pairs need several slabs
    for threads in (1, 2, 3):
        parts = Compiled(threads=threads).reach(*city, minutes=3.0)
        assert np.array_equal(parts.starts, whole.starts)
        assert np.array_equal(parts.points, whole.points)
        assert np.array_equal(parts.minutes, whole.minutes)


def test_blocks_fill_the_same_rows_in_whatever_order_they_come(
    city: tuple[Network, Attachment, Attachment], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Compiled(threads=1).reach(*city, minutes=3.0)

    def backwards(run: Run, take: Take) -> None:
        for number in reversed(range(len(run.blocks))):
            found = run.desk.fill(run.doors, run.blocks[number], lambda _: False)
            assert found is not None
            take(number, run.site_of[run.blocks[number]], *found)

    monkeypatch.setattr("planner.routing.search.BLOCK_PAIRS", 1000)
    monkeypatch.setattr(Run, "each_block", backwards)
    parts = Compiled(threads=1).reach(*city, minutes=3.0)
    assert np.array_equal(parts.starts, whole.starts)
    assert np.array_equal(parts.points, whole.points)
    assert np.array_equal(parts.minutes, whole.minutes)


def test_pairs_that_would_not_fit_in_memory_are_refused_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.routing.compiled.free_bytes", lambda: 10**9)
    with pytest.raises(QuestionError, match="stream_reach"):
        check_fits(237_000_000)
    check_fits(1_000_000)


def test_an_error_in_a_worker_is_told_and_ends_the_others(
    city: tuple[Network, Attachment, Attachment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.routing.search.BLOCK_PAIRS", 1000)

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("planner.routing.compiled._Slabs.take", fail)
    with pytest.raises(ZeroDivisionError):
        Compiled(threads=2).reach(*city, minutes=3.0)


# within


def test_tightening_gives_what_a_search_to_the_shorter_limit_gives(
    city: tuple[Network, Attachment, Attachment],
) -> None:
    wide = Compiled().reach(*city, minutes=4.0).within(2.5)
    direct = Compiled().reach(*city, minutes=2.5)
    assert np.array_equal(wide.starts, direct.starts)
    assert np.array_equal(wide.points, direct.points)
    assert np.array_equal(wide.minutes, direct.minutes)


@pytest.mark.parametrize("limit", [15.0, 20.833333333333332, 33.33333333333333, 45.1, 99.7, 333.3])
def test_fault_71_rounding_to_store_never_loses_a_point_at_exactly_the_limit(limit: float) -> None:
    times = np.array([limit, limit + 1e-3])
    assert is_within(times, limit).tolist() == [True, False]
    assert is_within(times.astype(np.float32), limit).tolist() == [True, False]


def test_repeated_pairs_keep_the_quickest() -> None:
    reach = Reach.from_pairs(np.array([1, 0, 1]), np.array([4, 2, 4]), np.array([3.0, 1.0, 2.0]), sites=3, limit=5.0)
    assert reach.starts.tolist() == [0, 1, 2, 2]
    assert reach.minutes.tolist() == [1.0, 2.0]


# live changes


@pytest.fixture
def live(streets: Network, rng: np.random.Generator) -> tuple[LiveCoverage, Network, Coverage]:
    demand = demand_of(placed(rng, 200), people=list(rng.random(200)))
    coverage = cover(streets, demand, sites_of(placed(rng, 4)), minutes=4.0)
    return LiveCoverage(streets, coverage), streets, coverage


def test_a_site_added_live_is_one_searched_with_the_others(live: tuple[LiveCoverage, Network, Coverage]) -> None:
    changed, streets, coverage = live
    new = sites_of([(300.0, 500.0)], prefix="new")
    before = changed.share
    gained = changed.add("new:0", tuple(new.xy[0]))
    direct = cover(streets, coverage.demand, coverage.sites + new, minutes=4.0)
    assert changed.share == pytest.approx(direct.share(direct.sites.ids))
    assert gained == pytest.approx((changed.share - before) * coverage.demand.total)
    again = changed.coverage(direct.sites)
    assert np.array_equal(again.points, direct.points)
    assert np.array_equal(again.minutes, direct.minutes)


def test_adding_and_removing_a_site_leaves_everything_as_it_was(live: tuple[LiveCoverage, Network, Coverage]) -> None:
    changed, _, coverage = live
    before = changed.covered
    gained = changed.add("new:0", (coverage.demand.xy[3, 0], coverage.demand.xy[3, 1]))
    assert changed.remove("new:0") == pytest.approx(gained)
    assert np.array_equal(changed.covered, before)
    assert changed.ids == tuple(coverage.sites.ids)


def test_moving_a_site_is_removing_it_and_adding_it_there(live: tuple[LiveCoverage, Network, Coverage]) -> None:
    changed, _, coverage = live
    there = (coverage.demand.xy[5, 0], coverage.demand.xy[5, 1])
    before = changed.share
    change = changed.move("site:0", there)
    assert change == pytest.approx((changed.share - before) * coverage.demand.total)
    assert changed.minutes_to("site:0")["home:5"] < 4.0


def test_a_site_too_far_from_any_road_reaches_nobody(live: tuple[LiveCoverage, Network, Coverage]) -> None:
    changed, _, _ = live
    assert changed.add("far", (1e5, 1e5)) == 0
    assert changed.minutes_to("far").empty


def test_live_ids_are_checked(live: tuple[LiveCoverage, Network, Coverage]) -> None:
    changed, _, _ = live
    with pytest.raises(IdError, match="already"):
        changed.add("site:0", (0.0, 0.0))
    with pytest.raises(IdError, match="no site"):
        changed.remove("nobody")


# compiling


def test_nothing_is_compiled_or_even_loaded_at_import() -> None:
    code = "import sys, planner.coverage, planner.routing.service_areas; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_code_that_compiles_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    _tell.cache_clear()
    for _ in range(2):
        with caplog.at_level(logging.WARNING, logger="planner"), compiling(after_seconds=0.01):
            time.sleep(0.1)
    assert caplog.text.count("compiles") == 1


def test_one_that_does_not_compile_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with compiling():
        pass
    assert not caplog.text


def test_all_that_is_absent_is_infinite_in_the_table() -> None:
    empty = Reach(np.zeros(2, int), np.empty(0, int), np.empty(0))
    assert table(empty, 2).tolist() == [[INF, INF]]
