"""Published siting questions: San Francisco's optima, and New York and the Bronx within what was found by others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planner.optimise import Highs, Problem
from planner.optimise.clock import Clock
from planner.optimise.objectives import PeopleCovered, SitesNeeded


def city(folder: Path, name: str, new: int, radius: float) -> Problem:
    place, people, section = [], [], ""
    for line in (folder / f"{name}.txt").read_text().splitlines():
        if "SECTION" in line or line.strip() == "EOF":
            section = line
        elif "COORD_SECTION" in section:
            place.append([float(part) for part in line.split()])
        elif "DEMAND" in section:
            people.append(float(line.split()[-1]))
    lat, lon = np.radians(np.array(place)).T
    cosine = np.sin(lat)[:, None] * np.sin(lat) + np.cos(lat)[:, None] * np.cos(lat) * np.cos(lon[:, None] - lon)
    metres = (np.arccos(np.clip(cosine, -1, 1)) * 6_378_100).astype(np.float32)
    np.fill_diagonal(metres, 0)
    return Problem.from_matrix(np.array(people), metres, limit=radius, new=new)


def san_francisco(real_data: Path, new: int | None) -> Problem:
    folder = real_data / "instances" / "san_francisco"
    pairs = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    people = pd.read_csv(folder / "SF_demand_205_centroid_uniform_weight.csv")
    table = pairs.pivot_table(values="distance", index="DestinationName", columns="name")
    weights = people.set_index("NAME")["POP2000"].reindex(table.index)
    return Problem.from_matrix(weights.to_numpy(float), table.to_numpy(), limit=5000.0, new=new)


def test_san_francisco_is_solved_to_the_known_optima(real_data: Path) -> None:
    four = san_francisco(real_data, 4)
    most = Highs().solve(four, PeopleCovered(), Clock(30))
    assert (PeopleCovered().value(four, most.opened), most.status) == (875_247, "proven")
    every = san_francisco(real_data, None)
    fewest = Highs().solve(every, SitesNeeded(), Clock(30))
    assert (SitesNeeded().value(every, fewest.opened), fewest.status) == (8, "proven")


def test_new_york_comes_close_to_the_best_known_in_twenty_seconds(real_data: Path) -> None:
    problem = city(real_data / "instances" / "mclp_cities", "NewYork", 50, 400.0)
    choice = Highs().solve(problem, PeopleCovered(), Clock(20))
    value = PeopleCovered().value(problem, choice.opened)
    assert value >= 1_153_640 * (1 - 0.005)
    assert 1_153_640 <= choice.bound <= value * 1.01


@pytest.mark.long
@pytest.mark.parametrize(("name", "radius"), [("NewYork", 400.0), ("Bronx", 600.0)])
def test_cities_come_within_a_few_parts_in_a_thousand_of_the_best_known(
    real_data: Path, name: str, radius: float
) -> None:
    folder = real_data / "instances" / "mclp_cities"
    known = pd.read_csv(folder / "best_known.csv").query("instance == @name")
    for row in known.itertuples():
        problem = city(folder, name, int(row.p), radius)
        choice = Highs().solve(problem, PeopleCovered(), Clock(60))
        value = PeopleCovered().value(problem, choice.opened)
        assert value >= row.best_known * (1 - 0.003), row
        assert row.best_known <= choice.bound * (1 + 1e-9)
        assert choice.certified <= value * 1.01, row
        if name == "NewYork" and row.p <= 60:
            assert choice.status == "proven", row
