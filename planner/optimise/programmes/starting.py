"""Starting: choices to begin from, made of one problem after another, each solved as a question of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from planner.arrays import Mask
from planner.errors import OptimiseError
from planner.optimise.clock import Clock
from planner.optimise.objectives import Objective
from planner.optimise.problem import Problem
from planner.optimise.solvers import Highs

Way = Callable[[Clock], list[Mask]]
"""One way to a choice, open sites of each problem, by a clock of its own."""

SHARE = 0.2
"""The share of the time left that each way may take."""


def starts(ways: Iterable[Way], clock: Clock) -> Iterator[list[Mask]]:
    """What each way finds; one that finds none is passed over, since the joint search has others."""
    for way in ways:
        own = clock.part(clock.left * SHARE)
        try:
            yield way(own)
        except OptimiseError:
            continue
        except KeyboardInterrupt:
            own.stopped = True
        finally:
            clock.stopped |= own.stopped
        if clock.stopped:
            return


def solved_alone(problem: Problem, goal: Objective, clock: Clock, *, left: int, effort: int | None, seed: int) -> Mask:
    """The open sites of one problem, in an equal share of the time with the others ``left``, itself included."""
    part = clock.part(clock.left / left)
    choice = Highs().solve(problem, goal, part, effort=effort, seed=seed)
    clock.stopped |= part.stopped
    return np.asarray(choice.opened, bool)
