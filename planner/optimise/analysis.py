"""Analysis: plans beside each other, more sites for more people, what comes first, and what if."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from planner.errors import QuestionError
from planner.optimise.clock import Clock, Progress
from planner.optimise.coverage import maximise_coverage
from planner.optimise.solvers import Highs
from planner.plan import PROVEN_GAP, Plan, Scenario


def compare(*plans: Plan) -> pd.DataFrame:
    """Put plans side by side, a row each by scenario name: sites, people covered, share, value, bound, gap, cost."""
    if not plans:
        raise QuestionError("compare() needs at least one plan")
    rows = {}
    for plan in plans:
        name = plan.scenario.name
        while name in rows:
            name += " ·"
        rows[name] = {
            "objective": plan.objective, "new": len(plan.added), "closed": len(plan.closed), "minutes": plan.scenario.coverage.limit,
            "people": plan.share * plan.scenario.coverage.demand.total, "share": plan.share, "value": plan.value,
            "bound": plan.bound, "gap": plan.gap, "cost": _cost(plan), "status": plan.status, "seconds": plan.seconds,
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("plan")


def _cost(plan: Plan) -> float:
    sites = plan.scenario.coverage.sites
    if "cost" not in sites:
        return float("nan")
    return float(pd.to_numeric(sites["cost"].loc[plan.added], errors="coerce").sum(skipna=False))


def frontier(
    scenario: Scenario,
    new: Iterable[int],
    *,
    seconds: float = 60,
    effort: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """What more sites bring: people covered by the best plan of each number of new sites, by that number.

    ``people`` never fall as sites are added: each search starts from the answer before it. ``bound`` is what no plan of so
    many sites can beat, ``gain`` the people each further site brought. ``seconds`` are for the whole.
    """
    numbers = sorted(set(new))
    if not numbers:
        raise QuestionError("frontier() needs at least one number of new sites")
    clock, rows = Clock(seconds), []
    starts: tuple[np.ndarray, ...] = ()
    for place, number in enumerate(numbers):
        asked = scenario.but(new=int(number))
        share = max(0.05, clock.left / (len(numbers) - place))
        solver = Highs(starts=starts)
        plan = maximise_coverage(asked, seconds=share, effort=effort, seed=seed, solver=solver, progress=progress)
        opened = np.zeros(len(scenario.coverage.sites), bool)
        opened[plan.opened] = True
        starts = (opened,)
        rows.append((number, plan.value, plan.share, plan.bound, plan.status, plan.seconds))
    frame = pd.DataFrame(rows, columns=["new", "people", "share", "bound", "status", "seconds"]).set_index("new")
    frame["bound"] = frame["bound"][::-1].cummin()[::-1]  # fewer sites never beat more
    frame["gap"] = (frame["bound"] - frame["people"]).clip(lower=0) / frame["people"].clip(lower=1e-12)
    frame.loc[frame["gap"] <= PROVEN_GAP, "status"] = "proven"
    steps = np.diff(frame.index.to_numpy(), prepend=np.nan)
    frame["gain"] = frame["people"].diff() / steps
    return frame


def plot_frontier(frame: pd.DataFrame, *, lang: str = "zh") -> Any:
    """Draw a `frontier`: people covered against new sites, the bound as a band; gives a matplotlib figure."""
    from matplotlib.figure import Figure

    words = {"zh": ("新增站点数", "覆盖人数", "上界"), "en": ("new sites", "people covered", "bound")}[lang]
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.fill_between(frame.index, frame["people"], frame["bound"], alpha=0.25, label=words[2])
    axes.plot(frame.index, frame["people"], marker="o", label=words[1])
    axes.set(xlabel=words[0], ylabel=words[1], ylim=(0, None))
    axes.legend()
    return figure


def ranking(plan: Plan) -> pd.DataFrame:
    """Order to build the new sites in, if only some can be: people each adds, covered so far, and their share."""
    frame = plan.ranking.copy()
    total = plan.scenario.coverage.demand.total
    frame["share"] = frame["covered"] / total if total else 0.0
    return frame


def sensitivity(
    plan: Plan, *, speeds: Sequence[float] = (0.9, 0.8), bands: Sequence[str] = (), close_each: bool = True
) -> pd.DataFrame:
    """How the plan fares if things differ: people covered and share, a row per change, by its name.

    ``speeds`` are factors on the travel speed, at most 1 (slower means a shorter reach); ``bands`` age bands of the demand
    looked at alone; ``close_each`` shuts each new site in turn and counts the people it leaves.
    """
    coverage, ids = plan.scenario.coverage, plan.ids
    people = coverage.demand.people
    rows = [("as planned", float(people[coverage.covered(ids)].sum()), float(people.sum()))]
    for factor in speeds:
        if not 0 < factor <= 1:
            raise QuestionError(
                f"speeds are factors above 0 and at most 1, not {factor!r}; cover again for a faster walk"
            )
        slower = coverage.within(coverage.limit * factor)
        rows.append((f"speed x {factor:g}", float(people[slower.covered(ids)].sum()), float(people.sum())))
    for band in bands:
        some = coverage.demand[band].to_numpy(float)
        rows.append((f"only {band}", float(some[coverage.covered(ids)].sum()), float(some.sum())))
    if close_each:
        rows += _closing(plan)
    frame = pd.DataFrame(rows, columns=["change", "people", "of"]).set_index("change")
    frame["share"] = (frame["people"] / frame["of"].where(frame["of"] > 0)).fillna(0.0)
    frame["less"] = (frame["people"].iloc[0] - frame["people"]).where(frame["of"] == frame["of"].iloc[0])
    return frame.drop(columns="of")


def _closing(plan: Plan) -> list[tuple[str, float, float]]:
    coverage = plan.scenario.coverage
    people = coverage.demand.people
    times = np.zeros(len(people), np.int64)
    pairs = np.isin(coverage.site, plan.opened)
    np.add.at(times, coverage.points[pairs], 1)
    now, total = float(people[times > 0].sum()), float(people.sum())
    found = []
    for site in sorted(plan.added):
        at = coverage.sites.positions([site])[0]
        row = coverage.points[coverage.starts[at] : coverage.starts[at + 1]]
        found.append((f"without {site}", now - float(people[row[times[row] == 1]].sum()), total))
    return found
