"""Slopes: walking uphill takes longer, either way by its own slope (坡度)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from planner.arrays import Metres, Minutes, Points
from planner.errors import QuestionError
from planner.network import Network
from planner.texts import Text

Heights = Callable[[Points], Metres]
"""Heights in metres at points ``(n, 2)``, NaN where they are not known."""

SOURCE = Text(
    "Tobler（1993）步行坡度函数的相对值，乘在老人平路步速上；下坡不快于平路（规划假定）",
    "Tobler's (1993) hiking function relative to the level, times an elder's level speed; downhill no faster than the level"
    " (planner's assumption)",
)
_STEEPNESS, _EASIEST = 3.5, 0.05


def slope_factors(slopes: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """How many times as long walking takes as on the level, by slope (rise over run, uphill positive).

    Tobler's ``exp(-3.5 |s + 0.05|)``, level walking being 1, and never below 1.

    >>> slope_factors([0.0, 0.1, -0.05]).round(2).tolist()
    [1.0, 1.42, 1.0]
    """
    given = np.asarray(slopes, float)
    return np.maximum(1.0, np.exp(_STEEPNESS * (np.abs(given + _EASIEST) - _EASIEST)))


def on_slopes(
    network: Network, heights: Heights, *, step_metres: float = 30.0, steepest: float | None = None
) -> Network:
    """The same network with walking times by the slope of each step of each edge, uphill and downhill apart.

    Slopes are taken every ``step_metres``, about the width of the elevation model's cells: finer steps only measure
    its noise. An edge with a step steeper than ``steepest`` (such as ``1 / 12`` for wheelchairs) is closed. Where a height is not
    known the step counts as level, and so do bridges and tunnels if the model leaves them out; the first is in
    `Network.findings`. Raises `QuestionError` for a network to drive on, or for numbers that cannot be.
    """
    if network.profile.mode != "walk":
        raise QuestionError("slopes change how people walk; this network is to drive on")
    if not 0 < step_metres < float("inf") or (steepest is not None and not 0 < steepest < float("inf")):
        raise QuestionError(f"step_metres and steepest must be numbers above 0, not {step_metres!r} and {steepest!r}")
    parts = np.maximum(1, np.round(network.metres / step_metres)).astype(np.int64)
    slopes, edge, unknown = _slopes(network, heights, parts)
    up, down = (np.bincount(edge, slope_factors(sign * slopes), len(network)) / parts for sign in (1.0, -1.0))
    kept = np.ones(len(network), bool)
    if steepest is not None:
        kept[edge[np.abs(slopes) > steepest]] = False
        if not kept.any():
            raise QuestionError(f"every road is steeper somewhere than {steepest:.1%}; no one can walk anywhere")
    told = _told(int((~kept).sum()), unknown, steepest)
    sources = {**network.profile.sources, "slope": SOURCE}
    changed = replace(
        network,
        forward=network.forward * up,
        backward=network.backward * down,
        profile=network.profile.but(sources=sources),
        findings=pd.concat([network.findings, told], ignore_index=True) if len(told) else network.findings,
    )
    return changed if kept.all() else _only(changed, kept)


def _slopes(
    network: Network, heights: Heights, parts: npt.NDArray[np.int64]
) -> tuple[Minutes, npt.NDArray[np.int64], int]:
    """Slope of each step from tail to head, the edge of each, and how many are not known."""
    ends = parts + 1
    edge_of_end = np.repeat(np.arange(len(network)), ends)
    first = np.repeat(np.cumsum(ends) - ends, ends)
    share = (np.arange(len(edge_of_end)) - first) / np.repeat(parts, ends)
    points = shapely.line_interpolate_point(network.lines[edge_of_end], share, normalized=True)
    high = np.asarray(heights(shapely.get_coordinates(points)), float)
    same = edge_of_end[1:] == edge_of_end[:-1]
    edge = edge_of_end[1:][same]
    rise = np.diff(high)[same]
    slopes = rise / (network.metres / parts)[edge]
    lost = ~np.isfinite(slopes)
    return np.where(lost, 0.0, slopes), edge, int(lost.sum())


def _only(network: Network, kept: npt.NDArray[np.bool_]) -> Network:
    names = ("tail", "head", "metres", "forward", "backward", "lines", "road", "road_class", "attaches")
    return replace(network, **{name: getattr(network, name)[kept] for name in names})


def _told(closed: int, unknown: int, steepest: float | None) -> pd.DataFrame:
    rows = []
    if closed:
        rows.append(
            ("slope.closed", "", closed, f"steeper than {steepest:.1%}: closed", f"坡度超过 {steepest:.1%}，不可通行")
        )
    if unknown:
        detail = f"{unknown} steps without a height count as level"
        rows.append(("slope.unknown", "", unknown, detail, f"{unknown} 段没有高程，按平路计"))
    return pd.DataFrame(rows, columns=["rule", "road", "roads", "detail", "detail_zh"])
