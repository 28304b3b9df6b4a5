"""Centre: the sites that leave nobody far, and the proof that no choice leaves them nearer (p-centre)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from planner.arrays import Mask, Minutes, Positions
from planner.errors import InfeasibleError, NoPlanInTimeError, OptimiseError
from planner.optimise.clock import Clock, Progress
from planner.optimise.highs import solve_relaxed, solve_whole
from planner.optimise.model import Model
from planner.optimise.siting import SitingProblem

Status = Literal["proven", "within gap", "time limit"]


@dataclass(frozen=True, eq=False)
class CentreChoice:
    """Which sites to open so that the last person is near, and how good that provably is.

    ``opened`` ``(sites,)`` includes the kept sites. ``value`` is the minutes of the person furthest from an open
    site, over the points with people that some site reaches; ``bound`` is the least any choice could have;
    ``certified`` the part of it that ``weights`` ``(demand,)`` prove alone, by `verify_centre`: points so
    spread that each site reaches at most a weight of 1 in less than ``certified``, and all weigh more than
    ``new``. ``proven_by`` tells what closed the gap: ``certificate``, ``HiGHS`` (its tree), or nothing.
    """

    opened: Mask
    value: float
    bound: float
    certified: float
    status: Status
    proven_by: Literal["certificate", "HiGHS", ""]
    seconds: float
    weights: Minutes
    unreached: Mask

    @property
    def gap(self) -> float:
        """How far from proven best, relative to the value, 0 or more."""
        return max(0.0, self.value - self.bound) / max(abs(self.value), 1e-12)


def least_worst_time(
    problem: SitingProblem, *, seconds: float = 60.0, seed: int = 0, progress: Progress | None = None
) -> CentreChoice:
    """Open at most ``new`` sites so that the person furthest from one is as near as can be.

    Points without people, and those no kept or possible site reaches, are left out. Halves the range of the
    times that occur and asks of each whether ``new`` sites cover everyone within it (Minieka 1970). Raises
    `InfeasibleError` with the smallest number of sites that would do where not everyone can be reached, and
    `NoPlanInTimeError` where the time did not suffice to find any plan.
    """
    search = _Search(problem, Clock(seconds), seed, progress)
    try:
        search.run()
    except KeyboardInterrupt:
        search.clock.stopped = True
    return search.choice()


def verify_centre(problem: SitingProblem, choice: CentreChoice) -> None:
    """Check a choice without any solver: who it opens, its value afresh, and the bound its weights certify.

    Raises `OptimiseError` naming what is wrong.
    """
    opened = problem.checked(choice.opened)
    value = worst_time(problem, opened)
    if value != choice.value:
        raise OptimiseError(f"the choice claims {choice.value!r} minutes; measured afresh it takes {value!r}")
    if choice.bound > value:
        raise OptimiseError(f"the choice claims that nothing beats {choice.bound!r} minutes, yet takes {value!r}")
    if choice.certified > _lowest(problem) and not _proves(problem, choice.weights, choice.certified):
        raise OptimiseError(f"the weights do not prove that {choice.certified!r} minutes are needed")


def reach_everyone(problem: SitingProblem, *, seconds: float = 60.0, seed: int = 0) -> Mask:
    """Some choice ``(sites,)`` of at most ``new`` sites that leaves nobody out of reach whom any site reaches.

    Raises `InfeasibleError` with the smallest number of sites that would do, `NoPlanInTimeError` as above.
    """
    search = _Search(problem, Clock(seconds), seed, None)
    search.run_once()
    return search.choice().opened


def worst_time(problem: SitingProblem, opened: Mask) -> float:
    """Minutes of the person furthest from an open site; ``inf`` where someone reaches a site but none that is open."""
    nearest = problem.nearest(opened)
    asked = _asked(problem)
    return float(nearest[asked].max()) if asked.any() else 0.0


def _site_of_pairs(problem: SitingProblem) -> Positions:
    return np.repeat(np.arange(problem.sites, dtype=np.int32), np.diff(problem.starts))


def _asked(problem: SitingProblem) -> Mask:
    """Points with people that some kept or possible site reaches."""
    return np.isfinite(problem.nearest(problem.kept | problem.possible)) & (problem.people > 0)


def _lowest(problem: SitingProblem) -> float:
    """The least the last person could have if every site opened."""
    return worst_time(problem, problem.kept | problem.possible)


def _proves(problem: SitingProblem, weights: Minutes, minutes: float) -> bool:
    """Whether the weights show that ``new`` sites cannot cover everyone in less than the minutes."""
    weights = np.where(_asked(problem) & (problem.nearest(problem.kept) >= minutes), weights, 0.0)
    quick = problem.minutes < minutes
    loads = np.bincount(_site_of_pairs(problem)[quick], weights=weights[problem.points[quick]], minlength=problem.sites)
    heaviest = loads[problem.possible].max(initial=0.0)
    return bool((weights >= 0).all() and weights.sum() > problem.new * max(1.0, heaviest) * (1 + 1e-9))


class _Search:
    """One search: the best sites so far, the times still in question, and the weights that rule out the lower ones."""

    def __init__(self, problem: SitingProblem, clock: Clock, seed: int, progress: Progress | None) -> None:
        self.problem, self.clock, self.seed, self.progress = problem, clock, seed, progress
        self.site = _site_of_pairs(problem)
        self.asked = _asked(problem)
        self.kept_time = np.where(self.asked, problem.nearest(problem.kept), -np.inf)
        self.usable = problem.possible[self.site] & self.asked[problem.points]
        self.opened: Mask | None = None
        self.value = np.inf
        self.bound = self.certified = _lowest(problem)
        self.weights = np.zeros(problem.demand)

    def run(self) -> None:
        """Halve the range of times until one is left."""
        times = self.run_once()
        low, high = int(np.searchsorted(times, self.bound)), int(np.searchsorted(times, self.value))
        while low < high and not self.clock.up:
            middle = (low + high) // 2
            answer = self._covered(float(times[middle]))
            if answer is None:
                return
            if answer:
                high = int(np.searchsorted(times, self.value))
            else:
                low = middle + 1
                self.bound = float(times[low])
            if self.progress is not None:
                self.progress(self.value, self.bound)

    def run_once(self) -> Minutes:
        """Find any plan at all, or say how many sites would do; gives the times that may be the least."""
        minutes = self.problem.minutes[self.usable].astype(np.float64)
        times = np.unique(np.concatenate((minutes, self.kept_time[self.asked], [0.0])))
        times = times[np.isfinite(times) & (times >= self.bound)]
        if not len(times):
            self.opened, self.value = self.problem.kept.copy(), worst_time(self.problem, self.problem.kept)
        elif self._covered(float(times[-1])) is False:
            raise InfeasibleError(
                f"{self.problem.new} new sites cannot reach everyone within {times[-1]:g} minutes;"
                f" {self._fewest(float(times[-1]))} would do, or a longer limit"
            )
        return times

    def choice(self) -> CentreChoice:
        """The outcome, measured afresh."""
        if self.opened is None:
            raise NoPlanInTimeError(
                f"no plan that reaches everyone was found in {self.clock.spent:.1f} seconds; allow more of them"
            )
        proven = self.bound >= self.value
        alone = self.certified >= self.value
        status: Status = "proven" if proven else "time limit"
        unreached = ~np.isfinite(self.problem.nearest(self.problem.kept | self.problem.possible))
        return CentreChoice(
            self.opened, self.value, self.bound, self.certified, status,
            "certificate" if alone else "HiGHS" if proven else "", self.clock.spent, self.weights, unreached,
        )  # fmt: skip

    def _take(self, chosen: Positions) -> None:
        opened = self.problem.kept.copy()
        opened[chosen] = True
        value = worst_time(self.problem, opened)
        if value < self.value:
            self.opened, self.value = opened, value

    def _covered(self, minutes: float) -> bool | None:
        """Whether ``new`` sites cover everyone within the minutes, taking them if so; None when the time is up."""
        cover = _Cover(self, minutes)
        if cover.impossible:
            return False
        chosen = cover.greedy()
        if len(chosen) <= self.problem.new:
            self._take(chosen)
            return True
        return None if self.clock.up else self._covered_exactly(cover)

    def _covered_exactly(self, cover: _Cover) -> bool | None:
        """The same where greedy does not tell, by the relaxed cover and then by the tree."""
        cover.reduce()
        relaxed = solve_relaxed(cover.model(), self.clock, seed=self.seed)
        if relaxed.duals is not None and self._ruled_out(cover, np.maximum(relaxed.duals, 0.0)):
            return False
        answer = solve_whole(cover.model(), self.clock, seed=self.seed)
        if answer.x is not None:
            chosen = cover.sites[answer.x > 0.5]
            if len(chosen) <= self.problem.new:
                self._take(chosen)
                return True
        if answer.infeasible or answer.bound > self.problem.new + 1e-6:
            return False
        return None

    def _ruled_out(self, cover: _Cover, duals: Minutes) -> bool:
        """Whether the relaxed cover's duals prove by themselves that ``new`` sites are too few."""
        weights = np.zeros(self.problem.demand)
        weights[cover.rows] = duals / max(1.0, float((cover.matrix.T @ duals).max(initial=0.0)))
        beyond = np.concatenate((self.problem.minutes[self.usable], self.kept_time[self.asked])).astype(np.float64)
        following = float(beyond[beyond > cover.minutes].min(initial=np.inf))
        if not (np.isfinite(following) and _proves(self.problem, weights, following)):
            return False
        if following > self.certified:
            self.certified, self.weights = following, weights
        return True

    def _fewest(self, minutes: float) -> str:
        """How many new sites would cover everyone within the minutes, as far as the time allows to tell."""
        cover = _Cover(self, minutes)
        cover.reduce()
        answer = solve_whole(cover.model(), self.clock, seed=self.seed)
        if answer.x is not None and answer.optimal:
            return str(round(answer.x.sum()))
        return f"at most {len(cover.greedy())}"


class _Cover:
    """The cover question at one time: rows ``(rows,)`` and the sites ``(sites,)`` that cover them, undominated once reduced."""

    def __init__(self, search: _Search, minutes: float) -> None:
        problem = search.problem
        self.minutes = minutes
        open_rows = search.asked & (search.kept_time > minutes)
        pairs = search.usable & (problem.minutes <= minutes) & open_rows[problem.points]
        rows = np.flatnonzero(open_rows)
        ones = np.ones(int(pairs.sum()))
        matrix = csr_array((ones, (problem.points[pairs], search.site[pairs])), shape=(problem.demand, problem.sites))
        matrix = csr_array(matrix[rows])
        self.impossible = bool((np.diff(matrix.indptr) == 0).any())
        self.matrix = matrix
        self.rows: Positions = rows
        self.sites: Positions = np.arange(problem.sites)

    def reduce(self) -> None:
        """Leave only what a model needs; a greedy answer is quicker without."""
        self.rows, self.sites, self.matrix = _reduced(self.matrix, self.rows)

    def model(self) -> Model:
        """Fewest sites that cover every row."""
        sites, rows = len(self.sites), len(self.rows)
        return Model(
            np.ones(sites), self.matrix, np.ones(rows), np.full(rows, np.inf), np.zeros(sites), np.ones(sites),
            np.ones(sites, bool),
        )  # fmt: skip

    def greedy(self) -> Positions:
        """Positions of sites that cover every row: the site that covers most, ties to the lower, again and again."""
        by_site = csr_array(self.matrix.T)
        left, chosen = np.ones(len(self.rows)), []
        while left.any():
            best = int(np.argmax(by_site @ left))
            chosen.append(best)
            left[by_site.indices[by_site.indptr[best] : by_site.indptr[best + 1]]] = 0.0
        return self.sites[np.array(chosen, int)]


def _reduced(matrix: csr_array, rows: Positions) -> tuple[Positions, Positions, csr_array]:
    """Drop rows whose sites include another's, and sites whose rows another covers too, while either is found."""
    sites = np.arange(matrix.shape[1])
    size = -1
    while size != matrix.nnz:
        size = matrix.nnz
        keep = _undominated(csr_array(matrix.T))
        sites, matrix = sites[keep], csr_array(matrix[:, keep])
        lean = _undominating(matrix)
        rows, matrix = rows[lean], csr_array(matrix[lean])
    return rows, sites, matrix


def _undominated(sets: csr_array) -> Positions:
    """Positions of the sets that no other contains; of equals, the first; empty ones go."""
    size = np.diff(sets.indptr)
    order = np.lexsort((np.arange(len(size)), -size))
    return np.sort(order[_first_of_chain(csr_array(sets[order]), contained=True)])


def _undominating(sets: csr_array) -> Positions:
    """Positions of the sets that contain no other; of equals, the first."""
    size = np.diff(sets.indptr)
    order = np.lexsort((np.arange(len(size)), size))
    return np.sort(order[_first_of_chain(csr_array(sets[order]), contained=False)])


def _first_of_chain(sets: csr_array, *, contained: bool) -> Mask:
    """Which sets stay when one goes as soon as an earlier one contains it, or is contained in it."""
    size = np.diff(sets.indptr)
    common = csr_array(sets @ sets.T).tocoo()
    earlier = common.col < common.row
    reach = size[common.row] if contained else size[common.col]
    gone = earlier & (common.data >= reach - 0.5)
    stays = size > 0
    stays[common.row[gone]] = False
    return np.asarray(stays)
