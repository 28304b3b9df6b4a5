"""Published instances with sites of limited size: our answers are the published optima, and proven."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planner.optimise.capacitated import SizedProblem, least_cost, verify_sized


def osman(path: Path) -> SizedProblem:
    """A capacitated p-median: every point is a site of the same size, distances are rounded down."""
    numbers = np.array(path.read_text().split(), float)
    _, _, count, new, size = numbers[:5]
    _, x, y, people = numbers[5:].reshape(int(count), 4).T
    cost = np.floor(np.hypot(x[:, None] - x, y[:, None] - y))
    every = np.ones(int(count))
    return SizedProblem(cost, people, every * size, every * 0, every < 0, int(new), whole=True)


def warehouses(path: Path) -> SizedProblem:
    """Capacitated warehouse location: every customer may be split."""
    numbers = np.array(path.read_text().split(), float)
    sites, demand = numbers[:2].astype(int)
    capacity, opening = numbers[2 : 2 + 2 * sites].reshape(sites, 2).T
    table = numbers[2 + 2 * sites :].reshape(demand, sites + 1)
    return SizedProblem(table[:, 1:].T, table[:, 0], capacity, opening, np.zeros(sites, bool), int(sites))


@pytest.mark.parametrize(
    "number", [pytest.param(1, marks=pytest.mark.long), 2, pytest.param(3, marks=pytest.mark.long), 4, 5]
)
def test_capacitated_medians_are_solved_to_the_published_optima(real_data, number):
    folder = real_data / "instances" / "pmedcap"
    best = pd.read_csv(folder / "best_known.csv", index_col="instance")["best"][f"pmedcap{number}"]
    problem = osman(folder / f"pmedcap1_{number}.txt")
    choice = least_cost(problem, seconds=300)
    assert (choice.value, choice.status) == (best, "proven")
    verify_sized(problem, choice)


@pytest.mark.parametrize("name", ["cap61", "cap62", "cap82", "cap124"])
def test_warehouses_are_sited_at_the_published_cost(real_data, name):
    folder = real_data / "instances" / "cap"
    best = pd.read_csv(folder / "best_known.csv", index_col="instance")["cflp_opt"][name]
    problem = warehouses(folder / f"{name}.txt")
    choice = least_cost(problem)
    assert choice.value == pytest.approx(best, abs=1e-3)
    assert choice.status == "proven"
    verify_sized(problem, choice)
