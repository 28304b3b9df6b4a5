"""Joint search: answers offered, bounds part by part, then all together by relaxation, cores and branch and cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from planner.arrays import Mask
from planner.errors import InfeasibleError, NoPlanInTimeError, OptimiseError
from planner.optimise import highs, search
from planner.optimise.clock import Clock, Progress
from planner.optimise.cover.prices import Prices, duals_of
from planner.optimise.model import Model, Numbers
from planner.optimise.objectives import PeopleCovered
from planner.optimise.programmes.joint import Joint, Stack
from planner.optimise.programmes.near import Near
from planner.optimise.run import PROVEN, Limits

CLOSE = 1e-9
WIDE_GAP = 0.006
"""While value and bound are farther apart than this, a better value pays more than a larger tree."""
WHOLE_PAIRS = 2_000_000
"""The most non-zeros handed to branch and cut; above this a relaxation or a tree would not end in useful time."""

CORES = (1.5, 2.5, 4.0)

SMALL_PAIRS = 50_000
"""Non-zeros up to which the tree over everything comes before neighbourhoods."""

ROUNDS, NODES, IDLE = 10, 500, 20
"""Neighbourhoods tried for each unit of effort, the nodes each may take, and how many in vain end the trying."""


@dataclass(frozen=True, eq=False)
class JointChoice:
    """Which sites to open in each problem, and how good that provably is.

    ``certified`` is the bound that ``duals`` prove alone; where ``bound`` is closer, HiGHS' tree closed the rest.
    ``part_bounds`` are what each problem could be worth at most if it stood alone, by ``part_duals``.
    """

    opened: tuple[Mask, ...]
    value: float
    bound: float
    certified: float
    duals: Numbers
    part_bounds: tuple[float, ...]
    part_duals: tuple[Numbers, ...]
    status: str
    seconds: float


def best_together(
    joint: Joint,
    clock: Clock,
    *,
    effort: int | None = None,
    seed: int = 0,
    starts: Iterable[Sequence[Mask]] = (),
    progress: Progress | None = None,
) -> JointChoice:
    """Choose sites in every problem for the most worth, within all rules; ``starts`` are choices to begin from.

    Raises `InfeasibleError` where no choice keeps the rules, `NoPlanInTimeError` where none was found in time.
    """
    run = _Run(joint, Limits(clock, effort), seed, progress)
    try:
        for opened in starts:
            run.offer(opened)
        run.solve()
    except KeyboardInterrupt:
        clock.stopped = True
    return run.choice()


def verify_joint(joint: Joint, choice: JointChoice, values: Sequence[float] | None = None) -> float:
    """Check a choice without any solver: rules, links, value and certificates afresh; gives the certified bound.

    ``values`` are those of the parts where assignments to sized sites show them, which the caller has checked. Raises
    `OptimiseError` naming what does not hold.
    """
    stack = Stack(joint)
    faults = joint.broken(choice.opened)
    measured = values is None or joint.together
    value = joint.value(choice.opened) if measured else float(joint.weights @ np.array(values))
    if abs(value - choice.value) > PROVEN * max(1.0, abs(value)):
        faults.append(f"claims a worth of {choice.value!r}; measured afresh it is {value!r}")
    certified = _proved(stack, choice.duals, faults)
    slack = PROVEN * max(1.0, abs(certified))
    if abs(certified - choice.certified) > slack:
        faults.append(f"states a certified bound of {choice.certified!r}; its duals prove {certified!r}")
    if value - choice.bound > PROVEN * max(1.0, abs(value)):
        faults.append(f"claims that nothing beats {choice.bound!r}, yet is itself worth {value!r}")
    if choice.bound - certified > slack:
        faults.append(f"states a bound of {choice.bound!r}, looser than the {certified!r} its certificate proves")
    for at, (bound, duals) in enumerate(zip(choice.part_bounds, choice.part_duals, strict=True)):
        shown = _part_bound(stack, at, duals)
        if bound < shown - PROVEN * max(1.0, abs(shown)):
            faults.append(f"states a bound of {bound!r} for part {at + 1}; its duals prove {shown!r}")
    if faults:
        raise OptimiseError(f"the plan {'; '.join(faults)}")
    return certified


def _proved(stack: Stack, duals: Numbers, faults: list[str]) -> float:
    if len(duals) != len(stack.model.low):
        faults.append("carries a certificate of another question")
        return float("inf")
    return stack.extra - stack.model.bound(duals)


def _part_bound(stack: Stack, at: int, duals: Numbers) -> float:
    """What one problem can be worth at most if it stood alone."""
    model = stack.models[at]
    if len(duals) != len(model.low):
        return float("inf")
    return float(stack.extras[at] - model.bound(duals))


class _Run:
    """The best choice so far and the best bound, made to meet."""

    def __init__(self, joint: Joint, limits: Limits, seed: int, progress: Progress | None) -> None:
        self.joint, self.limits, self.seed, self.progress = joint, limits, seed, progress
        self.stack = Stack(joint)
        self.opened: list[Mask] | None = None
        self.value, self.bound, self.certified = -np.inf, np.inf, np.inf
        self.duals = np.zeros(len(self.stack.model.low))
        self.part_duals = [np.zeros(len(model.low)) for model in self.stack.models]
        self.claim(self.stack.model.bound(self.duals), proof=self.duals)

    @property
    def closed(self) -> bool:
        """Whether value and bound meet."""
        return self.opened is not None and self.bound - self.value <= PROVEN * max(1.0, abs(self.value))

    @property
    def over(self) -> bool:
        """Whether nothing is left to do, or no time to do it."""
        return self.closed or self.limits.clock.up

    @property
    def wide(self) -> bool:
        """Whether value and bound are still far apart, so that a better value pays more than a larger tree."""
        return self.opened is not None and self.bound - self.value > WIDE_GAP * abs(self.value)

    def solve(self) -> None:
        """Bound part by part, relax the whole, branch over cores, then over all that matters."""
        self.offer([part.kept for part in self.joint.parts])
        for at in range(len(self.joint.parts)):
            if not self.over:
                self.bound_part(at)
        if self.opened is None and not self.over:
            self.begin()
        if not self.over and self.stack.model.rows.nnz <= WHOLE_PAIRS:
            self.relax()
        for times in CORES:
            if not self.over:
                self.core(times)
            if not self.over and times == CORES[0] and self.wide and self.stack.model.rows.nnz > SMALL_PAIRS:
                self.neighbours()
        if not self.over:
            self.branch(self.useful(), self.limits.slice(1.0), whole=True)

    def offer(self, opened: Sequence[Mask]) -> None:
        """Take a choice if it keeps every rule, measured afresh, and beats the best so far."""
        if self.joint.broken(opened) or self.stack.model.breach(self.stack.start(opened)) > 1e-6:
            return
        value = self.joint.value(opened)
        if value > self.value:
            self.opened, self.value = [np.array(some) for some in opened], value
            self.tell()

    def claim(self, cost: float, *, proof: Numbers | None = None) -> None:
        """Take a bound on the cost if it is closer; ``proof`` are the duals that certify it."""
        bound = self.stack.extra - cost
        if proof is not None and bound < self.certified:
            self.certified, self.duals = bound, proof
        if bound < self.bound:
            self.bound = bound
            self.tell()

    def tell(self) -> None:
        """Report progress."""
        if self.progress:
            self.progress(self.value, self.bound)

    def bound_part(self, at: int) -> None:
        """Bound one problem as if it stood alone: what it proves holds for the whole, which is only stricter."""
        part, model = self.stack.alone(at)
        share = 0.3 / (len(self.joint.parts) - at + 1)
        plain = isinstance(self.joint.objectives[at], PeopleCovered) and part.problem.rules <= {"worth"}
        if plain and bool((part.need == 1).all()):
            duals = self._priced(at, share)
        else:
            answer = highs.solve_relaxed(
                model, self.limits.slice(share), seed=self.seed, interior=model.rows.nnz > 20_000
            )
            if answer.infeasible:
                raise InfeasibleError(f"part {at + 1} of the question keeps no choice of sites, not even in fractions")
            if answer.duals is None:
                return
            duals = answer.duals
        self.part_duals[at] = model.signed(duals)
        proof = sum((self.stack.duals_of_part(k, self.part_duals[k]) for k in self._parts(at)), 0.0 * self.duals)
        self.claim(self.stack.model.bound(proof), proof=proof)

    def _parts(self, at: int) -> Iterable[int]:
        """Problems whose duals go together: all so far, or one alone where people count together."""
        return (at,) if self.joint.together else range(len(self.joint.parts))

    def _priced(self, at: int, share: float) -> Numbers:
        part, _ = self.stack.alone(at)
        prices = Prices(part)
        steps = 2_000 if self.limits.effort is None else 500 * self.limits.effort
        aim = search.value(part, search.first_answer(part))
        prices.improve(aim, self.limits.slice(share), steps=steps)
        return duals_of(part, prices.proof)

    def begin(self) -> None:
        """A first choice, by the rules on sites alone: those that are worth most at the prices so far and keep every one.

        Without people in it, the question is small: where sites of one tier after another end in no choice, this finds one.
        """
        model, sites = self.stack.model, self.stack.sites
        others = np.setdiff1d(np.arange(len(model.cost)), sites)
        rows = np.flatnonzero(np.diff(model.rows[:, others].indptr) == 0)
        own = csr_array(model.rows[rows][:, sites])
        part = Model(
            self.reduced_costs() + own.T @ self.duals[rows], own, model.low[rows], model.high[rows],
            model.floor[sites], model.ceiling[sites], np.ones(len(sites), bool),
        )  # fmt: skip
        clock = self.limits.slice(0.3)
        answer = highs.solve_whole(part, clock, seed=self.seed, nodes=self.limits.nodes(1000))
        self.limits.clock.stopped |= clock.stopped
        if answer.x is not None:
            fractions = np.zeros(len(model.cost))
            fractions[sites] = answer.x
            self.offer(self.stack.widen(fractions))

    def relax(self) -> None:
        """Bound the whole by its linear relaxation, first without the lifted rows, which take longer, then with them."""
        self._relax(self.stack.plain, 0.3)
        if self.stack.lifted and not self.over:
            self._relax(self.stack.model, 0.6)

    def _relax(self, model: Model, share: float) -> None:
        answer = highs.solve_relaxed(model, self.limits.slice(share), seed=self.seed, interior=model.rows.nnz > 20_000)
        if answer.infeasible:
            raise InfeasibleError("no choice of sites keeps every rule of the question, not even in fractions")
        if answer.duals is not None:
            duals = np.append(model.signed(answer.duals), np.zeros(len(self.duals) - len(model.low)))
            self.claim(self.stack.model.bound(duals), proof=duals)
        if answer.x is not None:
            self.offer(self.stack.widen(answer.x))

    def reduced_costs(self) -> Numbers:
        """What opening each reduced site costs at the duals, less what it earns."""
        model = self.stack.model
        return np.asarray((model.cost - model.rows.T @ self.duals)[self.stack.sites])

    def useful(self) -> Mask:
        """Reduced sites that a better choice could still open: the rest cost more than the gap."""
        if self.opened is None:
            return np.ones(len(self.stack.places), bool)
        slack = PROVEN * max(1.0, abs(self.value))
        return np.asarray(self.reduced_costs() <= self.certified - self.value + slack)

    def core(self, times: float) -> None:
        """Branch over the sites that the duals like best, and those of the best choice."""
        useful, count = self.useful(), 1 if self.opened is None else sum(int(some.sum()) for some in self.opened)
        order = np.argsort(self.reduced_costs(), kind="stable")
        inside = np.zeros(len(order), bool)
        inside[order[: max(30, int(times * count))]] = True
        if self.opened is not None:
            inside |= np.concatenate(self.opened)[self.stack.places]
        if not inside[useful].all():
            self.branch(inside, self.limits.slice(0.35), whole=False)

    def neighbours(self) -> None:
        """Choose afresh what lies around one open site after another, all else fixed, while the gap is wide."""
        near, random = Near(self.joint), np.random.default_rng(self.seed)
        own = self.limits.slice(0.7)
        rounds = None if self.limits.effort is None else ROUNDS * self.limits.effort
        done = idle = 0
        while near.possible and self.wide and not own.up and not self.over and idle < IDLE and done != rounds:
            before = self.value
            self._around(near.draw(self.opened or [], random)[self.stack.places], own)
            done, idle = done + 1, 0 if self.value > before else idle + 1

    def _around(self, free: Mask, own: Clock) -> None:
        """Branch and cut with every site fixed as it is but the free ones."""
        model, start = self.stack.model, self.stack.start(self.opened or [])
        fixed = self.stack.sites[~free]
        floor, ceiling = model.floor.copy(), model.ceiling.copy()
        floor[fixed] = ceiling[fixed] = np.round(start[fixed])
        clock = own.part(own.left if self.limits.effort is not None else max(2.0, 0.1 * own.left))
        part = replace(model, floor=floor, ceiling=ceiling)
        answer = highs.solve_whole(part, clock, start=start, seed=self.seed, nodes=self.limits.nodes(50) or NODES)
        self.limits.clock.stopped |= clock.stopped
        if answer.x is not None:
            self.offer(self.stack.widen(answer.x))

    def branch(self, inside: Mask, clock: Clock, *, whole: bool) -> None:
        """Branch and cut over some of the sites; ``whole`` where the rest cannot beat the best."""
        allowed = np.zeros(self.joint.firsts[-1], bool)
        allowed[self.stack.places[inside]] = True
        part = Stack(self.joint.only(self.joint.split(allowed)))
        if part.model.rows.nnz > WHOLE_PAIRS:
            return
        start = None if self.opened is None else part.start(self.opened)
        if start is not None and part.model.breach(start) > 1e-6:
            start = None
        nodes = self.limits.nodes(1000 if whole else 50)
        answer = highs.solve_whole(part.model, clock, start=start, seed=self.seed, nodes=nodes)
        self.limits.clock.stopped |= clock.stopped
        if answer.x is not None:
            self.offer(part.widen(answer.x))
        if not whole:
            return
        if answer.infeasible and self.opened is None:
            raise InfeasibleError("no choice of sites keeps every rule of the question")
        worth = -np.inf if answer.infeasible else part.extra - answer.bound
        if np.isfinite(answer.bound) or answer.infeasible:
            self.claim(self.stack.extra - max(worth, self.value))

    def choice(self) -> JointChoice:
        """The answer so far."""
        clock = self.limits.clock
        if self.opened is None:
            raise NoPlanInTimeError(f"no plan was found in {clock.spent:.1f} s; give it more seconds= or effort=")
        bound = max(self.bound, self.value)
        status = "proven" if self.closed else "interrupted" if clock.stopped else "time limit"
        bounds = tuple(_part_bound(self.stack, at, duals) for at, duals in enumerate(self.part_duals))
        return JointChoice(
            tuple(self.opened), self.value, bound, self.certified, self.duals, bounds, tuple(self.part_duals), status,
            clock.spent,
        )  # fmt: skip
