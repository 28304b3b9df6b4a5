"""Neighbourhoods of a programme too large to close at once: drawn around open sites, and never worse."""

from __future__ import annotations

import numpy as np
import pytest

from planner.optimise import verify
from planner.optimise.clock import Clock
from planner.optimise.programmes import search
from planner.optimise.programmes.near import MOST, Near
from planner.optimise.programmes.phases import joint_of_phases
from planner.optimise.programmes.search import best_together, verify_joint
from planner.optimise.programmes.tiers import joint_of_tiers, maximise_tiers
from planner.optimise.run import Limits
from tests import test_phases, test_tiers


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["years", "tiers"])
def test_choosing_afresh_around_open_sites_never_worsens_and_keeps_the_rules(seed: int, kind: str) -> None:
    asked = test_phases.question(seed) if kind == "years" else test_tiers.question(seed, purse=True)
    joint = joint_of_phases(asked) if kind == "years" else joint_of_tiers(asked)
    best = best_together(joint, Clock(20.0))
    run = search._Run(joint, Limits(Clock(np.inf), effort=1), seed, None)
    run.offer([part.kept for part in joint.parts])
    values = [run.value]
    near, random = Near(joint), np.random.default_rng(seed)
    for _ in range(12):
        run._around(near.draw(run.opened, random)[run.stack.places], Clock(20.0))
        values.append(run.value)
    assert values == sorted(values)
    assert joint.broken(run.opened) == []
    assert run.value <= best.value * (1 + 1e-9)
    verify_joint(joint, best)


def test_a_neighbourhood_holds_its_anchor_and_no_more_open_sites_than_can_be_solved() -> None:
    joint = joint_of_tiers(test_tiers.question(1, levels=3, sites=5))
    near, random = Near(joint), np.random.default_rng(2)
    opened = [np.ones(part.sites, bool) for part in joint.parts]
    for _ in range(20):
        drawn = near.draw(opened, random)
        assert 1 <= (drawn & np.concatenate(opened)).sum() <= MOST


def test_a_programme_left_open_says_so_and_its_bound_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = test_tiers.question(3, purse=True)
    best = maximise_tiers(asked)
    monkeypatch.setattr(search, "WHOLE_PAIRS", 0)  # as if the whole were too large for relaxation and tree
    plan = maximise_tiers(asked, seconds=5)
    assert plan.value <= best.value * (1 + 1e-9) <= plan.bound * (1 + 2e-9)
    assert plan.status == ("proven" if plan.proven else "time limit")
    verify(plan)


def test_ctrl_c_gives_the_best_programme_so_far() -> None:
    def interrupt(value: float, bound: float) -> None:
        if np.isfinite(value) and np.isfinite(bound):
            raise KeyboardInterrupt

    plan = maximise_tiers(test_tiers.question(3, purse=True), progress=interrupt)
    assert plan.status in {"interrupted", "proven"}
    assert plan.bound >= plan.value
    verify(plan)
