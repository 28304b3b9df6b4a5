"""Village homes: the share of villages that have a happiness home (农村幸福院), by code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from planner.errors import ColumnError, IdError
from planner.ratios import Progress
from planner.texts import Text

VILLAGE = Text("村委会以外（居委会）不计入", "not a village (a community's code)")
COMMITTEES = ("200", "399")


@dataclass(frozen=True, eq=False)
class VillageHomes:
    """Villages with a home of all villages, by unit; ``excluded`` are not villages, ``unknown`` homes name no village."""

    table: pd.DataFrame
    excluded: pd.DataFrame
    unknown: tuple[str, ...]

    @property
    def overall(self) -> Progress:
        """Villages with a home of all villages."""
        return Progress(int(self.table["with_home"].sum()), int(self.table["villages"].sum()))

    def __repr__(self) -> str:
        return f"<VillageHomes: {self.overall} villages, {len(self.excluded)} excluded, {len(self.unknown)} unknown>"


def village_homes(villages: pd.DataFrame, homes: Iterable[str], *, by: str) -> VillageHomes:
    """Count the villages that have at least one happiness home, a row a unit of the column ``by``.

    ``villages`` has a row a village or community with a 12-digit ``code`` as text; those whose code is no village committee's
    (200-399, GB/T 10114) are excluded and listed, unless a column ``village`` says yes or no. ``homes`` are
    codes of the villages with a home; a village counts once, a code of no village is listed as unknown.
    """
    if missing := [name for name in ("code", by) if name not in villages]:
        raise ColumnError(
            f"villages need the columns {', '.join(missing)}; they have {', '.join(map(str, villages.columns))}"
        )
    code = villages["code"]
    wrong = ~code.map(lambda v: isinstance(v, str) and len(v) == 12 and v.isdigit())
    if wrong.any():
        raise ColumnError(f"code must be 12 digits as text; {int(wrong.sum())} are not, first {code[wrong].iloc[0]!r}")
    if code.duplicated().any():
        raise IdError(f"village codes must be unique; {code[code.duplicated()].iloc[0]!r} repeats")
    kind = code.str[9:]
    rural = villages["village"].astype(bool) if "village" in villages else kind.between(*COMMITTEES)
    have = code.isin(set(homes))
    counted = pd.DataFrame({"villages": rural, "with_home": rural & have}).groupby(villages[by]).sum().astype(int)
    counted["without"] = counted["villages"] - counted["with_home"]
    counted["share"] = counted["with_home"] / counted["villages"].where(counted["villages"] > 0)
    excluded = villages[~rural].assign(why_not=VILLAGE.zh, has_home=have[~rural])
    return VillageHomes(counted, excluded, tuple(sorted(set(homes) - set(code))))
