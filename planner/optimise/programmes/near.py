"""Near: sites of all parts around one open site, to be chosen afresh while the rest stays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from planner.arrays import Mask
from planner.optimise.model import Numbers
from planner.optimise.programmes.joint import Joint

FEWEST, MOST = 8, 40
"""Open sites set free at once, over all parts."""

INSIDE = 0.5
"""The share of a site's people that must live around for it to be near."""


class Near:
    """Who lives within reach of which site of which part, to draw neighbourhoods from."""

    def __init__(self, joint: Joint) -> None:
        self.joint = joint

    @property
    def possible(self) -> bool:
        """Whether all parts have the same rows, so that being near has a meaning between them."""
        return len({len(part.people) for part in self.joint.parts}) == 1

    @cached_property
    def reach(self) -> csr_array:
        """Ones where a site of any part, counted through, reaches a row."""
        starts, rows = [np.zeros(1, np.int64)], []
        for part in self.joint.parts:
            starts.append(part.starts[1:] + starts[-1][-1])
            rows.append(part.rows)
        held = np.concatenate(rows)
        shape = (int(self.joint.firsts[-1]), len(self.joint.parts[0].people))
        return csr_array((np.ones(len(held)), held, np.concatenate(starts)), shape=shape)

    @cached_property
    def size(self) -> Numbers:
        """Rows within reach of each site."""
        return np.maximum(np.diff(self.reach.indptr), 1).astype(float)

    def draw(self, opened: Sequence[Mask], random: np.random.Generator) -> Mask:
        """Sites of all parts, counted through, around an open site drawn at random; the nearest ones where there are many."""
        every = np.concatenate(opened)
        part = int(random.integers(len(opened)))
        pool = np.flatnonzero(opened[part]) + self.joint.firsts[part]
        anchor = random.choice(pool if len(pool) else np.arange(len(every)))
        around = np.zeros(self.reach.shape[1])
        around[self.reach.indices[self.reach.indptr[anchor] : self.reach.indptr[anchor + 1]]] = 1.0
        share = self._share(around)
        for _ in range(3):
            if (every & (share >= INSIDE)).sum() >= FEWEST:
                break
            around = np.minimum(self.reach.T @ (share > 0).astype(float), 1.0)
            share = self._share(around)
        near = share >= INSIDE
        near[anchor] = True
        chosen = np.flatnonzero(near & every)
        if len(chosen) > MOST:
            keep = chosen[np.argsort(-share[chosen] - random.random(len(chosen)), kind="stable")][:MOST]
            near[np.setdiff1d(chosen, keep)] = False
        return near

    def _share(self, around: Numbers) -> Numbers:
        return np.asarray(self.reach @ around) / self.size
