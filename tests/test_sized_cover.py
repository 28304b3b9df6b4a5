"""The fewest sites with room for everyone, or for what they are worth: against brute force, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.errors import InfeasibleError, OptimiseError, QuestionError
from planner.optimise import cover_everyone, verify
from planner.plan import Plan, Scenario
from tests.siting import choices, people_reached, people_served, random_coverage, table
from tests.test_optimise_brute import question, seeds


def small(seed: int, rule: str) -> Scenario:
    """A question of few points, whose sites have room for about half of the people each."""
    coverage = random_coverage(seed, points=10, sites=6, standing=seed % 3, whole=seed % 2 == 0)
    return Scenario("sized", coverage, **({"capacity": True} if rule == "capacity" else {"least_people": 9.0}))


def judge(plan: Plan, best: float) -> None:
    assert plan.value == pytest.approx(best, abs=1e-6)
    assert plan.status == "proven"
    verify(plan)


@pytest.mark.parametrize("rule", ["capacity", "least_people"])
@pytest.mark.parametrize("share", [1.0, 0.7])
@pytest.mark.parametrize("seed", seeds(10, 3))
def test_fault_79_fewest_sites_of_limited_size_equal_brute_force(seed: int, share: float, rule: str) -> None:
    scenario = small(seed, rule)
    people = scenario.coverage.demand.people[np.isfinite(table(scenario.coverage)).any(axis=1)].sum()
    served = {opened: people_served(scenario, opened) for opened in choices(scenario)}
    enough = [len(opened) for opened, value in served.items() if value is not None and value >= share * people - 1e-6]
    if not enough:
        with pytest.raises(InfeasibleError, match="people are to be served"):
            cover_everyone(scenario, share=share)
        return
    judge(cover_everyone(scenario, share=share), min(enough) - int(scenario.kept.sum()))


@pytest.mark.parametrize("rules", [(), ("backup",), ("budget",), ("apart_metres",), ("may_close",)])
@pytest.mark.parametrize("share", [1.0, 0.8])
@pytest.mark.parametrize("seed", seeds(10, 2))
def test_fewest_sites_under_gradual_worth_equal_brute_force(seed: int, share: float, rules: tuple[str, ...]) -> None:
    scenario = question(seed, "worth", *rules, new=None)
    possible = tuple(at for at, site in enumerate(scenario.coverage.sites.ids) if site not in scenario.avoid)
    target = share * people_reached(scenario, possible)
    enough = [len(opened) for opened in choices(scenario) if people_reached(scenario, opened) >= target - 1e-6]
    if not enough:
        with pytest.raises(InfeasibleError):
            cover_everyone(scenario, share=share)
        return
    judge(cover_everyone(scenario, share=share), min(enough) - int(scenario.kept.sum()))


def test_fault_74_too_little_room_tells_how_much_there_is() -> None:
    coverage = random_coverage(1, points=10, sites=4)
    frame = coverage.sites.frame
    frame["capacity"] = 1.0
    tight = replace(coverage, sites=type(coverage.sites)(frame))
    with pytest.raises(InfeasibleError, match="4 sites together have room for 4"):
        cover_everyone(Scenario("tight", tight, capacity=True))


def test_a_tampered_plan_of_sized_sites_is_rejected() -> None:
    plan = next(
        plan for plan in (cover_everyone(small(seed, "least_people"), share=0.6) for seed in range(9)) if plan.value > 0
    )
    verify(plan)
    shares = plan.details["shares"]
    for changed, words in (
        (replace(shares, people=shares.people * 0.5), "are wanted|fewer people"),
        (replace(shares, people=shares.people * 3), "more people than live there"),
        (None, "no assignment"),
    ):
        with pytest.raises(OptimiseError, match=words):
            verify(replace(plan, details=plan.details | {"shares": changed}))


def test_worth_cannot_be_asked_of_people_out_of_reach() -> None:
    with pytest.raises(QuestionError, match="of='all'"):
        cover_everyone(question(1, "worth", new=None), of="all")
