"""Published p-median and p-centre instances: our answers are the published optima, and proven."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse.csgraph import shortest_path

from planner.optimise.centre import least_worst_time, verify_centre
from planner.optimise.median import least_mean_time, verify_median
from planner.optimise.siting import SitingProblem


def beasley(folder: Path, name: str) -> np.ndarray:
    """Shortest paths of an OR-Library graph; the last of repeated edges wins."""
    numbers = np.array((folder / f"{name}.txt").read_text().split(), float)
    nodes, edges = int(numbers[0]), numbers[3:].reshape(-1, 3)
    graph = np.zeros((nodes, nodes))
    for start, end, cost in edges:
        graph[int(start) - 1, int(end) - 1] = graph[int(end) - 1, int(start) - 1] = cost
    return shortest_path(graph, directed=False)


def rl1304(folder: Path) -> np.ndarray:
    """Distances of TSPLIB's rl1304, rounded down."""
    text = (folder / "rl1304.tsp").read_text().split("NODE_COORD_SECTION")[1].split("EOF")[0]
    xy = np.array(text.split(), float).reshape(-1, 3)[:, 1:]
    return np.floor(np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)))


@pytest.mark.parametrize("number", [pytest.param(n, marks=() if n < 11 else pytest.mark.long) for n in range(1, 21)])
def test_beasleys_instances_are_solved_to_the_published_optima(real_data, number):
    folder = real_data / "instances" / "pmed"
    known = pd.read_csv(folder / "best_known.csv", index_col="instance").loc[f"pmed{number}"]
    problem = SitingProblem.from_matrix(beasley(folder, f"pmed{number}"), new=int(known["p"]))
    median = least_mean_time(problem, unserved_minutes=np.inf)
    centre = least_worst_time(problem)
    assert (median.value, median.status) == (known["pmedian_opt"], "proven")
    assert (centre.value, centre.status) == (known["pcenter_opt"], "proven")
    verify_median(problem, median)
    verify_centre(problem, centre)


@pytest.mark.long
@pytest.mark.parametrize("new", [5, 10, 20, 50, 100, 200, 300, 400, 500])
def test_rl1304_is_solved_to_the_published_optima(real_data, new):
    folder = real_data / "instances" / "tsplib"
    known = pd.read_csv(folder / "best_known.csv", index_col="p").loc[new]
    problem = SitingProblem.from_matrix(rl1304(folder), new=new)
    choice = least_mean_time(problem, unserved_minutes=np.inf, seconds=300)
    assert (choice.value, choice.status) == (known["opt_or_bkn"], "proven")
    verify_median(problem, choice)


def test_san_francisco_agrees_with_every_subset(real_data):
    folder = real_data / "instances" / "san_francisco"
    table = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    matrix = table.pivot_table(index="name", columns="DestinationName", values="distance")
    people = table.drop_duplicates("DestinationName").set_index("DestinationName")["demand"][matrix.columns]
    known = pd.read_csv(folder / "best_known.csv", index_col="model")["objective"]
    problem = SitingProblem.from_matrix(matrix.to_numpy(), people=people.to_numpy(), new=4)
    median, centre = least_mean_time(problem, unserved_minutes=np.inf), least_worst_time(problem)
    assert median.status == centre.status == "proven"
    assert median.value == pytest.approx(known["PMedian"], rel=1e-12)
    assert centre.value == pytest.approx(known["PCenter"], rel=1e-12)
    verify_median(problem, median)
    verify_centre(problem, centre)
