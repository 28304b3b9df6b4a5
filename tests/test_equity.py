"""The worst-served group and the next: against brute force over all choices, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.coverage import Coverage
from planner.demand import Demand
from planner.errors import OptimiseError, QuestionError
from planner.optimise import maximise_worst_share, verify
from planner.plan import Scenario
from tests.siting import choices, people_reached, random_coverage, table, unit_shares
from tests.test_optimise_brute import question, seeds

BANDS = ("60-69", "70-79", "80+")


def with_bands(coverage: Coverage, seed: int) -> Coverage:
    """The same people split into age bands, each living in other places."""
    frame = coverage.demand.frame
    parts = np.random.default_rng(seed).dirichlet([0.4] * len(BANDS), len(frame))
    for at, band in enumerate(BANDS):
        frame[band] = frame["people"] * parts[:, at]
    return replace(coverage, demand=Demand(frame, bands=BANDS))


def sorted_shares(scenario: Scenario, opened: tuple[int, ...], bands: tuple[str, ...]) -> list[float]:
    """Shares of the groups somebody of whom can be reached, worst first."""
    if not bands:
        return sorted(share for share, reached in unit_shares(scenario, opened).values() if reached)
    near = np.isfinite(table(scenario.coverage))
    possible = [at for at, site in enumerate(scenario.coverage.sites.ids) if site not in scenario.avoid]
    found = []
    for band in bands:
        people = scenario.coverage.demand[band].to_numpy()
        if people[near[:, possible].sum(axis=1) >= scenario.backup].sum() > 0:
            found.append(people[near[:, list(opened)].sum(axis=1) >= scenario.backup].sum() / people.sum())
    return sorted(found)


def judge(scenario: Scenario, bands: tuple[str, ...]) -> None:
    every = [(opened, sorted_shares(scenario, opened, bands)) for opened in choices(scenario)]
    best = max((np.round(shares, 7).tolist() for _, shares in every))
    equal = [opened for opened, shares in every if np.allclose(shares, best, atol=1e-6)]
    plan = maximise_worst_share(scenario, bands=bands, in_turn=True)
    assert sorted(plan.details["group_shares"]) == pytest.approx(best, abs=1e-6)
    assert plan.details["settled"] == len(best)
    assert plan.value == pytest.approx(best[0], abs=1e-6)
    covered = people_reached(scenario, tuple(sorted(plan.opened)))
    assert covered == pytest.approx(max(people_reached(scenario, opened) for opened in equal), abs=1e-6)
    verify(plan)


@pytest.mark.parametrize("seed", seeds(60, 8))
def test_fault_79_shares_of_units_in_turn_equal_brute_force(seed: int) -> None:
    judge(question(seed, "people_units", new=3), ())


@pytest.mark.parametrize("seed", seeds(60, 6))
def test_fault_79_shares_of_age_bands_in_turn_equal_brute_force(seed: int) -> None:
    scenario = question(seed, new=2)
    judge(scenario.but(coverage=with_bands(scenario.coverage, seed)), BANDS)


@pytest.mark.parametrize("rule", ["budget", "backup", "apart_metres", "may_close", "avoid"])
@pytest.mark.parametrize("seed", seeds(10, 1))
def test_shares_in_turn_under_each_rule_equal_brute_force(rule: str, seed: int) -> None:
    judge(question(seed, rule, "people_units", new=2), ())


def test_a_tampered_plan_of_shares_is_rejected() -> None:
    plan = maximise_worst_share(question(1, "people_units", new=2), in_turn=True)
    verify(plan)
    with pytest.raises(OptimiseError, match="measured afresh"):
        verify(replace(plan, value=plan.value * 0.5))
    with pytest.raises(OptimiseError, match="looser"):
        verify(replace(plan, bound=plan.bound + 1))


def test_what_equity_cannot_honour_or_lacks_is_refused_by_name() -> None:
    coverage = random_coverage(1)
    units = dict.fromkeys(coverage.demand.ids, "east")
    with pytest.raises(QuestionError, match="people_units"):
        maximise_worst_share(Scenario("no groups", coverage, new=1))
    with pytest.raises(QuestionError, match="no band '80\\+'"):
        maximise_worst_share(Scenario("no bands", coverage, new=1), bands=["80+"])
    with pytest.raises(QuestionError, match="capacity"):
        maximise_worst_share(Scenario("sized", coverage, new=1, capacity=True, people_units=units))
    frame = coverage.demand.frame
    frame.loc[frame.index[0], "people"] = 0.0
    frame["80+"] = 1.0
    odd = replace(coverage, demand=Demand(frame, bands=("80+",)))
    with pytest.raises(QuestionError, match="part of the people"):
        maximise_worst_share(Scenario("odd", odd, new=1), bands=["80+"])
