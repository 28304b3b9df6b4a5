"""Verify: check a plan without any solver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.arrays import Mask
from planner.errors import OptimiseError
from planner.optimise.cover.trios import sound, with_trios
from planner.optimise.covering import CoverChoice
from planner.optimise.from_scenario import problem_of
from planner.optimise.objectives import Objective, PeopleCovered, SitesNeeded
from planner.optimise.problem import Problem
from planner.optimise.programmes.making import check_programme
from planner.optimise.programmes.phases import joint_of_phases
from planner.optimise.programmes.tiers import joint_of_tiers
from planner.optimise.reduce import layered
from planner.optimise.rules import broken, covered
from planner.optimise.sharing import Shares, faults_of
from planner.optimise.sized_cover import SitesServing
from planner.optimise.times.asking import Evidence, check_centre, check_times
from planner.optimise.times.centre_rules import RuledCentre
from planner.optimise.times.mean_rules import proved_by_median
from planner.plan import PROVEN_GAP, Plan
from planner.programme import PhasedPlan, Programme, TieredPlan

CLOSE = 1e-9


@dataclass(frozen=True)
class Verified:
    """What a check found: the value afresh, the bound its certificate proves, and the bound it claims.

    ``proven_by`` is ``certificate`` where the duals alone close the gap, the solver's name where only its
    tree does and has to be believed, and empty where a gap is left.
    """

    value: float
    certified: float
    claimed: float
    proven_by: str

    def __str__(self) -> str:
        how = f"proven by {self.proven_by}" if self.proven_by else "not proven best"
        return f"value {self.value:,.6g} checked, certified bound {self.certified:,.6g}, claimed bound {self.claimed:,.6g}, {how}"


def verify(plan: Plan | Programme | CoverChoice) -> Verified:
    """Check a plan's rules, value and dual certificate afresh, in one pass over the pairs and without any solver.

    A programme over years or tiers is checked whole, with what binds its parts; a choice for a plain problem like a plan.

    Raises `OptimiseError` naming what does not hold: a rule broken, a value misstated, a bound that its
    certificate does not prove, or a bound on the wrong side of the value.
    """
    if isinstance(plan, Programme):
        return Verified(plan.value, _check_programme(plan), plan.bound, plan.proven_by)
    evidence = plan.details.get("evidence")
    if isinstance(plan, Plan) and isinstance(evidence, Evidence):
        return Verified(plan.value, check_times(plan, evidence), plan.bound, plan.proven_by)
    if isinstance(plan, Plan) and isinstance(evidence, RuledCentre):
        return Verified(plan.value, check_centre(plan, evidence), plan.bound, plan.proven_by)
    objective: Objective | None = plan.details.get("asked")
    if objective is None:
        raise OptimiseError("the plan carries no question to check it by; only plans made by this session's verbs do")
    problem, opened = _asked(plan)
    faults = broken(problem, opened) + _unmet(problem, objective, opened)
    value = _value(plan, problem, objective, opened, faults)
    if abs(value - plan.value) > CLOSE * max(1.0, abs(value)):
        faults.append(f"claims a value of {plan.value!r}; measured afresh it is {value!r}")
    certified = _certified(plan, problem, objective, faults)
    sense, slack = plan.sense, PROVEN_GAP * max(1.0, abs(value))
    if sense * (value - plan.bound) > slack:
        faults.append(f"claims that nothing beats {plan.bound!r}, yet is itself worth {value!r}")
    if sense * (plan.bound - certified) > slack:
        faults.append(
            f"states a bound of {plan.bound!r}, which is looser than the {certified!r} its certificate proves"
        )
    if faults:
        raise OptimiseError(f"the plan {'; '.join(faults)}")
    return Verified(value, certified, plan.bound, plan.proven_by)


def _asked(plan: Plan | CoverChoice) -> tuple[Problem, Mask]:
    """The problem in plain arrays, and the open sites ``(sites,)``."""
    if isinstance(plan, CoverChoice):
        return plan.problem, np.asarray(plan.opened, bool)
    problem = problem_of(plan.scenario)
    opened = np.zeros(problem.sites, bool)
    opened[plan.opened] = True
    return problem, opened


def _check_programme(plan: Programme) -> float:
    if isinstance(plan, PhasedPlan):
        return check_programme(joint_of_phases(plan.question), plan)
    if isinstance(plan, TieredPlan):
        return check_programme(joint_of_tiers(plan.question), plan)
    raise OptimiseError(f"a {type(plan).__name__} cannot be checked; only programmes over years or tiers can")


def _value(plan: Plan | CoverChoice, problem: Problem, objective: Objective, opened: Mask, faults: list[str]) -> float:
    """The value afresh; people shared out are counted from the assignment the plan carries."""
    shares = plan.details.get("shares")
    if not isinstance(shares, Shares):
        if isinstance(objective, SitesServing):
            faults.append("carries no assignment of people to its sites")
        return objective.value(problem, opened)
    faults += faults_of(problem, opened, shares)
    if isinstance(objective, SitesServing):
        faults += objective.unmet(shares)
        return objective.value(problem, opened)
    return float(shares.people.sum())


def _unmet(problem: Problem, objective: Objective, opened: Mask) -> list[str]:
    if not isinstance(objective, SitesNeeded):
        return []
    problem = layered(problem)
    have, reachable = covered(problem, opened), covered(problem, problem.kept | problem.possible)
    if objective.people is None:
        missed = float(problem.people[reachable & ~have].sum())
        return [f"leaves {missed:,.0f} people who can be reached uncovered"] if missed > 0 else []
    reached = float(problem.people[have].sum())
    short = reached < objective.people * (1 - 1e-6)
    return [f"covers {reached:,.0f} people where {objective.people:,.0f} are wanted"] if short else []


def _certified(plan: Plan | CoverChoice, problem: Problem, objective: Objective, faults: list[str]) -> float:
    """The bound that the plan's duals prove, rounded where values are whole numbers."""
    from planner.optimise.run import certified_bound, reduction

    duals = plan.details.get("duals")
    if (easier := proved_by_median(problem, plan.details.get("relaxed"))) is not None:
        if abs(easier - plan.certified) > PROVEN_GAP * max(1.0, abs(easier)):
            faults.append(f"states a certified bound of {plan.certified!r}; the median without rules proves {easier!r}")
        return easier
    if duals is None:
        return plan.sense * float("inf")
    reduced = reduction(problem, objective)
    model, extra = objective.model(reduced)
    trios = plan.details.get("trios")
    if trios is not None and len(trios):
        if not (isinstance(objective, PeopleCovered) and sound(np.asarray(trios), reduced)):
            faults.append("carries a certificate with cuts that do not hold")
            return plan.sense * float("inf")
        model = with_trios(model, reduced, np.asarray(trios))
    if len(duals) != len(model.low):
        faults.append("carries a certificate of another question")
        return plan.sense * float("inf")
    bound = certified_bound(problem, objective, model, extra, np.asarray(duals, float))
    if abs(bound - plan.certified) > PROVEN_GAP * max(1.0, abs(bound)):
        faults.append(f"states a certified bound of {plan.certified!r}; its duals prove {bound!r}")
    return bound
