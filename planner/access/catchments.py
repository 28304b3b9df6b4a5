"""Catchments: supply within reach, shared among those who can reach it (two-step floating catchment areas)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from planner.arrays import Minutes
from planner.coverage import Coverage
from planner.errors import ColumnError, QuestionError

Decay = Callable[[Minutes], Minutes]


def step_decay(steps: dict[float, float]) -> Decay:
    """Weights by zones of minutes, ``{5: 1.0, 10: 0.68, 15: 0.22}``: the enhanced method (Luo and Qi 2009)."""
    limits = np.array(sorted(steps))
    if not len(limits):
        raise QuestionError("step_decay needs at least one zone, such as {15: 1.0}")
    weights = np.append([steps[limit] for limit in limits], 0.0)
    return lambda minutes: weights[np.searchsorted(limits, minutes)]


def gaussian_decay(limit: float) -> Decay:
    """Weights that fall smoothly from 1 at 0 minutes to 0 at the limit (Dai 2010)."""
    edge = np.exp(-0.5)
    return lambda minutes: np.where(
        minutes <= limit, (np.exp(-0.5 * (np.asarray(minutes) / limit) ** 2) - edge) / (1 - edge), 0.0
    )


def floating_catchments(
    coverage: Coverage, ids: Iterable[str], *, supply: str = "capacity", decay: Decay | None = None
) -> pd.Series:
    """Supply per person at each demand point, by demand ID: the two-step floating catchment area (Luo and Wang 2003).

    Each of the given sites shares its ``supply`` (a column of the sites) among all people in reach, and each point adds
    up what the sites in its reach offer; ``decay`` weighs nearer pairs more. A point that reaches no site has 0. Summed
    over people it gives back the supply of every site someone reaches. Raises `ColumnError` where a supply is
    unknown.
    """
    positions = coverage.sites.positions(ids)
    amounts = coverage.sites[supply].astype(float).to_numpy()
    if np.isnan(amounts[positions]).any():
        unknown = coverage.sites.ids[positions][np.isnan(amounts[positions])]
        raise ColumnError(
            f"{supply} is unknown for {len(unknown)} of the sites, first {unknown[0]!r}; give it or leave them out"
        )
    chosen = np.zeros(len(coverage.sites), bool)
    chosen[positions] = True
    pairs = np.flatnonzero(chosen[coverage.site])
    site, point = coverage.site[pairs], coverage.points[pairs]
    minutes = coverage.minutes[pairs].astype(np.float64)
    weight = np.ones(len(pairs)) if decay is None else np.asarray(decay(minutes), dtype=float)
    wanted = np.bincount(site, weight * coverage.demand.people[point], minlength=len(coverage.sites))
    ratio = np.divide(amounts, wanted, out=np.zeros_like(wanted), where=wanted > 0)
    ratio[~chosen] = 0.0
    reached = np.bincount(point, weight * ratio[site], minlength=len(coverage.demand))
    return pd.Series(reached, index=coverage.demand.ids, name=f"{supply}_per_person")
