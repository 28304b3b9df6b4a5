"""Straight: who is within reach by the straight line and a detour, where there are no roads to go by (直线估算)."""

from __future__ import annotations

import numpy as np

from planner.coverage import Coverage
from planner.demand import Demand
from planner.errors import QuestionError
from planner.layers import same_crs
from planner.profiles import Profile
from planner.routing.reach import TOLERANCE_MINUTES, Reach
from planner.sites import Sites


def cover_straight(demand: Demand, sites: Sites, *, minutes: float, profile: Profile) -> Coverage:
    """Find every demand point within the given minutes of each site by the straight line times the profile's ``detour``.

    An estimate, for where no roads are to be had: it knows no rivers, walls or railways, so it is never mixed with
    coverage along roads, and what is printed of it says so. Everybody counts as connected. Raises `QuestionError` for a
    profile without a detour, or for minutes that are not a number above 0.
    """
    if profile.detour is None:
        raise QuestionError("straight lines need a detour, as in profile.but(detour=1.4, sources=...)")
    if not 0 < minutes < float("inf"):
        raise QuestionError(f"minutes must be a number above 0, not {minutes!r}")
    same_crs(demand, sites)
    from scipy.spatial import KDTree

    per_metre = profile.detour / (profile.metres_per_second * 60)
    near = KDTree(demand.xy).query_ball_point(sites.xy, (minutes + 2 * TOLERANCE_MINUTES) / per_metre)
    counts = np.fromiter(map(len, near), np.int64, len(near))
    site = np.repeat(np.arange(len(sites)), counts)
    point = np.concatenate([np.asarray(row, np.int64) for row in near] or [np.empty(0, np.int64)])
    taken = np.hypot(*(demand.xy[point] - sites.xy[site]).T) * per_metre
    reach = Reach.from_pairs(site, point, taken, sites=len(sites), limit=minutes)
    everyone, every_site = np.ones(len(demand), bool), np.ones(len(sites), bool)
    return Coverage(demand, sites, reach.starts, reach.points, reach.minutes, minutes, everyone, every_site, profile)
