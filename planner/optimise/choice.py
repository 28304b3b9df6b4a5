"""Choice: what a solver hands back."""

from __future__ import annotations

from dataclasses import dataclass

from planner.arrays import Mask, Positions
from planner.optimise.model import Numbers


@dataclass(frozen=True, eq=False)
class Choice:
    """Which sites to open, shape ``(sites,)``, and a value no choice can beat.

    ``certified`` is the bound that the ``duals`` prove by themselves; ``bound`` may be closer where a
    solver's tree closed the rest of the gap (``by_tree``). The last duals are those of ``trios`` of rows. ``relaxed`` is the
    answer of an easier question that certifies it where no duals do.
    """

    opened: Mask
    bound: float
    status: str = "time limit"
    certified: float = float("nan")
    duals: Numbers | None = None
    by_tree: bool = False
    trios: Positions | None = None
    relaxed: object = None
