"""Joint: several siting questions answered as one, because rules link the sites of one to those of another.

Years of a programme and tiers of a network are such questions: each is a plain problem with rules of its own, and rows over
the sites of all of them say what holds between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import block_array, coo_array, csr_array

from planner.arrays import Mask, Positions, frozen
from planner.errors import DataError
from planner.optimise.model import Model, Numbers, Rows
from planner.optimise.objectives import Objective, PeopleCovered
from planner.optimise.problem import Amounts, Problem
from planner.optimise.programmes.lifting import lift
from planner.optimise.reduce import OUT_OF_REACH, Reduced, reduce
from planner.optimise.rules import SLACK, broken, covered
from planner.optimise.sharing import PeopleServed


@dataclass(frozen=True, eq=False)
class Links:
    """What holds between the sites of all problems in turn: ``low <= rows @ opened <= high``, a row a rule."""

    rows: csr_array
    low: Numbers
    high: Numbers

    @classmethod
    def of(cls, given: Iterable[tuple[Positions, Numbers, float, float]], columns: int) -> Links:
        """Make links of (sites, factors, low, high), sites counted through all problems."""
        rows = Rows(columns)
        for site, factor, low, high in given:
            rows.one(site, factor, low=low, high=high)
        empty = np.zeros(columns)
        model = rows.model(empty, empty, empty, empty.astype(bool))
        return cls(model.rows, model.low, model.high)


@dataclass(frozen=True, eq=False)
class Joint:
    """Problems that are answered together: the worth of a choice is the sum of what each covers, times its weight.

    With ``together`` a row counts only where every problem covers it; then all of them have the same rows, and one
    weight. ``above`` has, for each problem, ones where a site of the one before carries a site of it, shape ``(sites,
    sites before)``, or None; the ``links`` ask it, this says it again for `lift`. Raises `DataError` for parts that disagree.
    """

    parts: tuple[Problem, ...]
    weights: Amounts
    links: Links
    together: bool = False
    above: tuple[csr_array | None, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", frozen(self.weights, np.float64))
        if len(self.weights) != len(self.parts) or not self.parts:
            raise DataError(f"{len(self.parts)} problems need as many weights, not {len(self.weights)}")
        if not (np.isfinite(self.weights) & (self.weights >= 0)).all():
            raise DataError("weights must be numbers, 0 or more")
        if self.links.rows.shape[1] != self.firsts[-1]:
            raise DataError(f"links must have a column for each of the {self.firsts[-1]:,} sites of all problems")
        if self.together and len({len(part.people) for part in self.parts}) > 1:
            raise DataError("problems whose people count together must have the same rows")

    @cached_property
    def firsts(self) -> Positions:
        """Where each problem's sites begin among all, and their number at the end."""
        return np.concatenate(([0], np.cumsum([part.sites for part in self.parts])))

    @cached_property
    def objectives(self) -> tuple[Objective, ...]:
        """What each problem counts: people covered, or served where sites are of limited size."""
        sized = [part.capacity is not None or part.least_people > 0 for part in self.parts]
        return tuple(PeopleServed() if limited else PeopleCovered() for limited in sized)

    def split(self, opened: Mask) -> list[Mask]:
        """The open sites of each problem, of those of all in turn."""
        return [opened[first:last] for first, last in zip(self.firsts[:-1], self.firsts[1:], strict=True)]

    def value(self, opened: Sequence[Mask]) -> float:
        """Worth of opening these sites in each problem."""
        if self.together:
            both = np.all([covered(part, some) for part, some in zip(self.parts, opened, strict=True)], axis=0)
            return float(self.weights[0] * self.parts[0].people[both].sum())
        values = [goal.value(part, some) for goal, part, some in zip(self.objectives, self.parts, opened, strict=True)]
        return float(self.weights @ np.array(values))

    def broken(self, opened: Sequence[Mask]) -> list[str]:
        """What a choice breaks, of each problem's rules and of the links; empty where it keeps them all."""
        found = []
        for place, (part, some) in enumerate(zip(self.parts, opened, strict=True)):
            found += [f"{fault} (part {place + 1})" for fault in broken(part, some)]
        sums = self.links.rows @ np.concatenate(opened).astype(float)
        slack = SLACK * np.maximum(1.0, np.abs(np.where(np.isfinite(self.links.high), self.links.high, 0.0)))
        wrong = (sums < self.links.low - slack) | (sums > self.links.high + slack)
        return [*found, f"breaks {wrong.sum()} rules between its parts"] if wrong.any() else found

    def only(self, allowed: Sequence[Mask]) -> Joint:
        """The same question with fewer sites that may open in each problem."""
        parts = [part.but(possible=part.possible & some) for part, some in zip(self.parts, allowed, strict=True)]
        return Joint(tuple(parts), self.weights, self.links, self.together, self.above)


class Stack:
    """The programme of a joint question: one block of variables and rows a problem, then what links them.

    ``columns`` are where each problem's variables begin, its sites first; ``extra`` is what to add to the cost, turned,
    to get the value. The last ``lifted`` rows only say more strictly what the others do.
    """

    def __init__(self, joint: Joint) -> None:
        self.joint = joint
        self.reduced = [reduce(part, dominance=False) for part in joint.parts]
        stated = [goal.model(part) for goal, part in zip(joint.objectives, self.reduced, strict=True)]
        self.models = [model for model, _ in stated]
        self.extras = np.array([extra for _, extra in stated])
        self.columns = np.concatenate(([0], np.cumsum([len(model.cost) for model in self.models])))
        self.heights = np.concatenate(([0], np.cumsum([len(model.low) for model in self.models])))
        self.extra = float(joint.weights @ self.extras)
        self.groups, self.group_people = np.zeros((0, len(joint.parts)), np.int64), np.zeros(0)
        if joint.together:
            self._count_together()
        plain = self._model()
        self.model = plain
        if any(near is not None for near in joint.above):
            rows = Rows(len(plain.cost))
            lift(joint.above, self.reduced, joint.objectives, self.columns, rows)
            self.model = rows.joined(plain)
        self.lifted = len(self.model.low) - len(plain.low)

    @property
    def plain(self) -> Model:
        """The model without its lifted rows."""
        last = len(self.model.low) - self.lifted
        model = self.model
        return replace(model, rows=csr_array(model.rows[:last]), low=model.low[:last], high=model.high[:last])

    @cached_property
    def sites(self) -> Positions:
        """Column of each reduced site, problem after problem."""
        return np.concatenate(
            [first + np.arange(len(part.sites)) for first, part in zip(self.columns[:-1], self.reduced, strict=True)]
        )

    @cached_property
    def places(self) -> Positions:
        """Position among the sites of all problems of each reduced site."""
        return np.concatenate(
            [first + part.sites for first, part in zip(self.joint.firsts[:-1], self.reduced, strict=True)]
        )

    def widen(self, fractions: Numbers) -> list[Mask]:
        """The open sites of each problem, of a solution's variables."""
        opened = [part.kept.copy() for part in self.joint.parts]
        for at, (first, part) in enumerate(zip(self.columns[:-1], self.reduced, strict=True)):
            opened[at] |= part.widen(np.flatnonzero(fractions[first : first + len(part.sites)] > 0.5))
        return opened

    def start(self, opened: Sequence[Mask]) -> Numbers:
        """Values of the variables for a choice."""
        values = [
            goal.start(part, part.narrow(some))
            for goal, part, some in zip(self.joint.objectives, self.reduced, opened, strict=True)
        ]
        whole = np.concatenate(values) if values else np.zeros(0)
        if not len(self.groups):
            return whole
        column = self._covers()
        counted = np.where(column >= 0, whole[np.maximum(column, 0)], 1.0).min(axis=1)
        return np.concatenate([whole, counted])

    def alone(self, at: int) -> tuple[Reduced, Model]:
        """One problem as if no other were; where people count together, only those who can be covered in all."""
        part, model = self.reduced[at], self.models[at]
        if not self.joint.together:
            return part, model
        inside = self.groups[:, at] >= 0
        at_row, people = self.groups[inside, at], self.group_people[inside]
        people = np.asarray(np.bincount(at_row, weights=people, minlength=len(part.people)), float)
        cost = np.concatenate([np.zeros(len(part.sites)), -people])
        return replace(part, people=people, served=0.0), replace(model, cost=cost)

    def duals_of_part(self, at: int, duals: Numbers) -> Numbers:
        """Duals of one problem's own model as duals of the whole; the other problems' are 0, and so are the links'."""
        found = np.zeros(len(self.model.low))
        scale = self.joint.weights[0 if self.joint.together else at]
        found[self.heights[at] : self.heights[at + 1]] = scale * duals
        if self.joint.together:
            first = self.heights[-1] + self._pairs_before(at)
            inside = self.groups[:, at] >= 0
            found[first : first + inside.sum()] = -scale * self.group_people[inside]
        return found

    def _model(self) -> Model:
        blocks = [
            Model(weight * model.cost, model.rows, model.low, model.high, model.floor, model.ceiling, model.whole)
            for weight, model in zip(self.joint.weights, self.models, strict=True)
        ]
        more = len(self.groups)
        cost = np.concatenate([*(np.zeros_like(b.cost) if self.joint.together else b.cost for b in blocks),
                               -self.joint.weights[0] * self.group_people])  # fmt: skip
        floor = np.concatenate([*(block.floor for block in blocks), np.zeros(more)])
        ceiling = np.concatenate([*(block.ceiling for block in blocks), np.ones(more)])
        whole = np.concatenate([*(block.whole for block in blocks), np.zeros(more, bool)])
        joined, low, high = self._joining(len(cost))
        own = _diagonal([block.rows for block in blocks], len(cost))
        rows = csr_array(block_array([[own], [joined]])) if joined.shape[0] else own
        low = np.concatenate([*(block.low for block in blocks), low])
        high = np.concatenate([*(block.high for block in blocks), high])
        return Model(cost, rows, low, high, floor, ceiling, whole)

    def _joining(self, columns: int) -> tuple[csr_array, Numbers, Numbers]:
        """Rows that hold between problems: people who count together, then the links."""
        links = self.joint.links
        constant = np.concatenate([part.kept for part in self.joint.parts]).astype(float)
        constant[self.places] = 0.0  # a kept site that is a variable is fixed there
        moved = links.rows @ constant
        turn = coo_array((np.ones(len(self.places)), (self.places, self.sites)), shape=(links.rows.shape[1], columns))
        linked = csr_array(links.rows @ csr_array(turn))
        rows = Rows(columns)
        if len(self.groups):
            covers = self._covers()
            for at in range(len(self.reduced)):
                inside = np.flatnonzero(covers[:, at] >= 0)
                each = np.arange(len(inside))
                rows.add(
                    np.concatenate([each, each]), np.concatenate([self.columns[-1] + inside, covers[inside, at]]),
                    np.repeat([1.0, -1.0], len(inside)), low=np.full(len(inside), -np.inf), high=np.zeros(len(inside)),
                )  # fmt: skip
        empty = np.zeros(columns)
        counted = rows.model(empty, empty, empty, empty.astype(bool))
        joined = csr_array(block_array([[counted.rows], [linked]])) if linked.shape[0] else counted.rows
        low, high = links.low - moved, links.high - moved
        return joined, np.concatenate([counted.low, low]), np.concatenate([counted.high, high])

    def _count_together(self) -> None:
        """Merge demand rows with the same reduced rows everywhere; those served everywhere are a constant."""
        people = self.joint.parts[0].people
        rows = np.column_stack([part.row_of for part in self.reduced])
        asked = (people > 0) & (rows != OUT_OF_REACH).all(axis=1)
        kinds, kind = np.unique(rows[asked], axis=0, return_inverse=True)
        weight = np.asarray(np.bincount(kind.ravel(), weights=people[asked], minlength=len(kinds)), float)
        served = (kinds < 0).all(axis=1) if len(kinds) else np.zeros(0, bool)
        self.extra = float(self.joint.weights[0] * weight[served].sum())
        self.groups, self.group_people = kinds[~served], weight[~served]

    def _covers(self) -> Positions:
        """Column of the cover variable of each group in each problem, -1 where it is served anyway."""
        first = np.array([start + len(part.sites) for start, part in zip(self.columns[:-1], self.reduced, strict=True)])
        return np.where(self.groups >= 0, self.groups + first, -1)

    def _pairs_before(self, at: int) -> int:
        return int((self.groups[:, :at] >= 0).sum())


def _diagonal(blocks: list[csr_array], columns: int) -> csr_array:
    """The blocks along a diagonal, in a matrix as wide as asked."""
    parts = [block.tocoo() for block in blocks]
    down = np.cumsum([0, *(block.shape[0] for block in blocks)])
    across = np.cumsum([0, *(block.shape[1] for block in blocks)])
    row = np.concatenate([part.row + first for part, first in zip(parts, down[:-1], strict=True)])
    column = np.concatenate([part.col + first for part, first in zip(parts, across[:-1], strict=True)])
    value = np.concatenate([part.data for part in parts])
    return csr_array(coo_array((value, (row, column)), shape=(int(down[-1]), columns)))
