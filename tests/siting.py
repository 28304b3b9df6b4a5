"""Small random siting questions, and a judge of them that shares no code with the optimiser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

import numpy as np
from scipy.optimize import linprog

from planner.coverage import Coverage
from planner.plan import Scenario
from planner.sites import Sites
from tests.town import demand_of, sites_of

METRES_A_MINUTE = 50.0


def random_coverage(seed: int, *, points: int = 24, sites: int = 8, standing: int = 2, whole: bool = True) -> Coverage:
    """A town of 2 km: people, sites and minutes as the crow flies; some homes stand on a site, some distances tie."""
    random = np.random.default_rng(seed)
    homes = random.integers(0, 20, (points, 2)) * 100.0
    places = np.unique(random.integers(0, 20, (4 * sites, 2)), axis=0) * 100.0
    places = places[random.permutation(len(places))[:sites]]
    people = random.integers(0, 20, points).astype(float) if whole else random.uniform(0, 9, points)
    demand = demand_of([tuple(home) for home in homes], people.tolist())
    here = sites_of([tuple(place) for place in places[:standing]], existing=True, prefix="old")
    could = sites_of([tuple(place) for place in places[standing:]], prefix="new")
    frame = (here + could).frame
    frame["cost"] = random.integers(1, 9, sites).astype(float)
    frame["capacity"] = random.integers(10, 60, sites).astype(float)
    minutes = np.hypot(*(homes[:, None] - places[None]).transpose(2, 0, 1)) / METRES_A_MINUTE
    point, site = np.nonzero(minutes <= 10)
    return Coverage.from_pairs(demand, Sites(frame), site=site, point=point, minutes=minutes[point, site], limit=10.0)


@lru_cache(maxsize=8)
def table(coverage: Coverage) -> np.ndarray:
    """Minutes of every pair, inf out of reach, shape ``(demand, sites)``."""
    dense = np.full((len(coverage.demand), len(coverage.sites)), np.inf)
    dense[coverage.points, coverage.site] = coverage.minutes
    return dense


def choices(scenario: Scenario) -> Iterator[tuple[int, ...]]:
    """Every set of sites the scenario allows, judged rule by rule."""
    coverage = scenario.coverage
    ids = list(coverage.sites.ids)
    keep, closable, avoid = set(scenario.kept_ids), set(scenario.may_close), set(scenario.avoid)
    free = [at for at, site in enumerate(ids) if site not in keep and site not in avoid]
    kept = [at for at, site in enumerate(ids) if site in keep]
    most = len(free) if scenario.new is None else scenario.new + len(closable)
    for size in range(min(most, len(free)) + 1):
        for some in combinations(free, size):
            opened = tuple(sorted([*kept, *some]))
            if allowed(scenario, opened, closable):
                yield opened


def allowed(scenario: Scenario, opened: tuple[int, ...], closable: set[str]) -> bool:
    """Whether a choice keeps the rules on sites and units."""
    coverage = scenario.coverage
    ids, keep = list(coverage.sites.ids), set(scenario.kept_ids)
    names = {ids[at] for at in opened}
    if scenario.moves is not None and len(closable - names) > scenario.moves:
        return False
    fresh = names - keep - closable
    if scenario.budget is not None and coverage.sites["cost"][sorted(fresh)].sum() > scenario.budget + 1e-9:
        return False
    place = coverage.sites.xy
    for a, b in combinations(opened, 2):
        if np.hypot(*(place[a] - place[b])) < scenario.apart_metres and not {ids[a], ids[b]} <= keep:
            return False
    if scenario.near_metres is not None:
        for a in opened:
            others = [b for b in opened if b != a and np.hypot(*(place[a] - place[b])) <= scenario.near_metres]
            if ids[a] not in keep and not others:
                return False
    return units_hold(scenario, opened, names)


def units_hold(scenario: Scenario, opened: tuple[int, ...], names: set[str]) -> bool:
    """Whether every unit has its sites and its share of people."""
    if scenario.site_units is not None:
        here = Counter(scenario.site_units[name] for name in names)
        if any(here[unit] < scenario.least_sites for unit in set(scenario.site_units.values())):
            return False
    if scenario.people_units is None:
        return True
    shares = unit_shares(scenario, opened)
    return all(share >= scenario.least_share - 1e-9 for share, _ in shares.values())


def unit_shares(scenario: Scenario, opened: tuple[int, ...]) -> dict[str, tuple[float, bool]]:
    """Share covered in each unit where people live, and whether anybody there can be reached."""
    coverage = scenario.coverage
    near = np.isfinite(table(coverage))
    people, counted = coverage.demand.people, near[:, list(opened)].sum(axis=1) >= scenario.backup
    possible = [at for at, site in enumerate(coverage.sites.ids) if site not in scenario.avoid]
    could = near[:, possible].sum(axis=1) >= scenario.backup
    units = np.array([scenario.people_units[cell] for cell in coverage.demand.ids])
    found = {}
    for unit in sorted(set(units)):
        inside = units == unit
        if (total := people[inside].sum()) > 0:
            found[unit] = (people[inside & counted].sum() / total, people[inside & could].sum() > 0)
    return found


def people_reached(scenario: Scenario, opened: tuple[int, ...]) -> float:
    """People who count with these sites open."""
    coverage = scenario.coverage
    steps = sorted(scenario.worth.items(), reverse=True) or [(coverage.limit, 1.0)]
    minutes = table(coverage)[:, list(opened)]
    worth = np.zeros(minutes.shape)
    for step, value in steps:
        worth[minutes <= step + 1e-6] = value
    worth = np.sort(worth, axis=1)[:, ::-1]
    counts = worth[:, scenario.backup - 1] if len(opened) >= scenario.backup else np.zeros(len(worth))
    return float(coverage.demand.people @ counts)


def people_served(scenario: Scenario, opened: tuple[int, ...]) -> float | None:
    """Most people the open sites can serve within their sizes; None where some new site cannot get its least."""
    coverage = scenario.coverage
    near = np.isfinite(table(coverage))
    pairs = [(i, j) for j in opened for i in np.flatnonzero(near[:, j])]
    capacity = coverage.sites.frame["capacity"].to_numpy() if scenario.capacity else np.full(len(coverage.sites), 1e9)
    rows, limits = [], []
    for i, people in enumerate(coverage.demand.people):
        rows.append([float(pair[0] == i) for pair in pairs])
        limits.append(people)
    for j in opened:
        rows.append([float(pair[1] == j) for pair in pairs])
        limits.append(capacity[j])
        if scenario.least_people and coverage.sites.ids[j] not in scenario.kept_ids:
            rows.append([-float(pair[1] == j) for pair in pairs])
            limits.append(-scenario.least_people)
    if not pairs:
        return 0.0 if all(limit >= 0 for limit in limits) else None
    found = linprog(-np.ones(len(pairs)), A_ub=np.array(rows), b_ub=np.array(limits))
    return None if found.status != 0 else float(-found.fun)
