"""Median reduction: what no better answer can do, read off the prices, and the shorter lists that leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planner.arrays import Mask
from planner.optimise.median.lists import ShortLists
from planner.optimise.median.local import Ascent, compiled


@dataclass(frozen=True, eq=False)
class Reduced:
    """Short lists of the undecided sites; ``opened`` and ``free`` ``(listed sites,)`` refer to the lists before.

    Every answer better than the known one opens ``opened``, at most ``new`` of ``free`` and nothing else, and
    is worth the same on the shorter lists; a worse one is worth no less there than ``below``.
    """

    lists: ShortLists
    opened: Mask
    free: Mask
    new: int
    below: float

    def whole(self, chosen: Mask) -> Mask:
        """A choice of the free sites as a choice of the sites listed before."""
        full = self.opened.copy()
        full[np.flatnonzero(self.free)[chosen]] = True
        return full

    def inside(self, outer: Reduced) -> Reduced:
        """The same reduction, of lists that were themselves reduced before, told in the sites before both."""
        free = np.zeros_like(outer.free)
        free[np.flatnonzero(outer.free)[self.free]] = True
        return replace(self, opened=outer.whole(self.opened), free=free)


def reduce(ascent: Ascent, below: float) -> Reduced:
    """Fix sites and shorten lists, given that only answers worth less than ``below`` matter.

    A site whose forced change lifts the bound to ``below`` is fixed (Beasley 1993); a point that would pay
    so much above its price that the bound reaches ``below`` is never served that late.
    """
    from planner.optimise.median import dual, kernels

    lists, price = ascent.lists, ascent.price
    rho = np.zeros(len(lists.sites))
    own = dual.lagrangian(compiled(lists), price, rho)
    taken, chosen, last, following = dual.cheapest(rho, ascent.new)
    slack = max(0.0, below - lists.constant - own - chosen)
    opened = taken & (following - rho > slack)
    free = ~opened & (taken | (rho - last <= slack))
    cap = np.minimum(lists.cap, price + slack / lists.weight)
    cap = kernels.nearest_open(lists.first, lists.site, lists.minutes, cap, opened)
    cap = np.minimum(cap, np.minimum(lists.cap, price + slack / lists.weight))
    return Reduced(lists.only(free, cap), opened, free, ascent.new - int(opened.sum()), below)
