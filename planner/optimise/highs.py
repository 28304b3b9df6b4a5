"""HiGHS: run a model through the solver, and read its status before trusting anything it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from time import perf_counter
from typing import Any

import numpy as np

from planner.errors import OptimiseError
from planner.optimise.clock import Clock
from planner.optimise.model import Model, Numbers

MIP_GAP = 1e-7
"""HiGHS stops at 1 in 10,000 unless told otherwise, which is no proof."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What HiGHS found: ``x`` or nothing, a bound it claims, and why it stopped."""

    x: Numbers | None
    bound: float
    status: str
    infeasible: bool = False
    optimal: bool = False
    duals: Numbers | None = None


def solve_whole(
    model: Model,
    clock: Clock,
    *,
    start: Numbers | None = None,
    seed: int = 0,
    nodes: int | None = None,
    watch: Callable[[float, float], None] | None = None,
) -> Answer:
    """Solve with whole numbers by branch and cut; ``watch(value, bound)`` hears of progress, in the model's sense."""
    import highspy

    solver = _loaded(model, whole=True, seed=seed)
    solver.setOptionValue("mip_rel_gap", MIP_GAP)
    solver.setOptionValue("mip_abs_gap", 1e-9)
    solver.setOptionValue("mip_feasibility_tolerance", 1e-7)
    if nodes is not None:
        solver.setOptionValue("mip_max_nodes", int(nodes))
    if start is not None:
        solver.setSolution(len(start), np.arange(len(start), dtype=np.int32), np.asarray(start, float))
    _run(solver, clock, watch)
    status, info = solver.getModelStatus(), solver.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    x = np.array(solver.getSolution().col_value) if found else None
    return Answer(
        x, float(info.mip_dual_bound), solver.modelStatusToString(status).lower(),
        infeasible=status == highspy.HighsModelStatus.kInfeasible, optimal=status == highspy.HighsModelStatus.kOptimal,
    )  # fmt: skip


def solve_relaxed(model: Model, clock: Clock, *, seed: int = 0, interior: bool = False) -> Answer:
    """Solve without whole numbers, for the duals; ``interior`` takes the interior point method without crossover."""
    import highspy

    solver = _loaded(model, whole=False, seed=seed)
    if interior:
        solver.setOptionValue("solver", "ipm")
        solver.setOptionValue("run_crossover", "off")
    _run(solver, clock, None)
    status = solver.getModelStatus()
    solution = solver.getSolution()
    duals = np.array(solution.row_dual) if solution.dual_valid else None
    x = np.array(solution.col_value) if solution.value_valid else None
    return Answer(
        x, -np.inf, solver.modelStatusToString(status).lower(),
        infeasible=status == highspy.HighsModelStatus.kInfeasible, optimal=status == highspy.HighsModelStatus.kOptimal,
        duals=duals,
    )  # fmt: skip


def _loaded(model: Model, *, whole: bool, seed: int) -> Any:
    import highspy

    new_solver: Any = highspy.Highs
    solver = new_solver()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", seed % 2**31)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(model.cost), len(model.low)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = model.cost, model.floor, model.ceiling
    lp.row_lower_, lp.row_upper_ = model.low, model.high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = model.rows.indptr.astype(np.int32)
    lp.a_matrix_.index_ = model.rows.indices.astype(np.int32)
    lp.a_matrix_.value_ = model.rows.data
    if whole and model.whole.any():
        lp.integrality_ = [
            highspy.HighsVarType.kInteger if integer else highspy.HighsVarType.kContinuous for integer in model.whole
        ]
    if solver.passModel(lp) == highspy.HighsStatus.kError:
        raise OptimiseError("HiGHS refused the model; this is a fault of planner, please report the scenario")
    return solver


def _run(solver: Any, clock: Clock, watch: Callable[[float, float], None] | None) -> None:
    """Run in a thread of its own, so that Ctrl-C reaches us and stops the search instead of losing it."""

    def interrupt(event: Any) -> None:
        if clock.up:
            event.interrupt()

    def told(event: Any) -> None:
        if watch is not None:
            watch(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound)

    on_wall = clock.timer is perf_counter  # HiGHS knows no other; by another clock it stops when asked
    solver.setOptionValue("time_limit", max(clock.left, 0.01) if on_wall else float("inf"))
    for signal in (solver.cbMipInterrupt, solver.cbSimplexInterrupt, solver.cbIpmInterrupt):
        signal.subscribe(interrupt)
    if watch is not None:
        solver.cbMipLogging.subscribe(told)
    worker = Thread(target=solver.run, daemon=True)
    worker.start()
    while worker.is_alive():
        try:
            worker.join(0.1)
        except KeyboardInterrupt:
            clock.stopped = True
