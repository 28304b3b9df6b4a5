"""Programme tables: what opens in which year, and which station stands under which centre."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from planner.facts import Facts
from planner.facts.lists import site_names
from planner.facts.secrecy import may_leave
from planner.plan import Plan
from planner.programme import PhasedPlan, Programme, TieredPlan
from planner.reports.tables import Heading, Table
from planner.texts import Text

WORDS = {
    "year": (Text("年份", "Year"), Text("阶段开始的年份", "Year the phase begins")),
    "tier": (Text("层级", "Tier"), Text("设施层级，自上而下", "Tier of facilities, from the top down")),
    "new": (Text("新增站点数", "New stations"), Text("本阶段（层级）新增的站点数", "Stations opened in this phase or tier")),
    "open": (Text("累计站点数", "Open stations"), Text("届时运行的全部站点，含现有", "All stations open by then, those that stand included")),
    "cost": (Text("费用", "Cost"), Text("新增站点的费用合计，单位同候选点表", "Cost of the new stations, in the unit of the candidates' list")),
    "people": (Text("人数", "People"), Text("届时的服务对象人数", "People the service is for by then")),
    "covered": (Text("覆盖人数", "Covered"), Text("届时在规定时间内可到达站点的人数", "People within the limit of a station by then")),
    "share": (Text("覆盖率", "Share"), Text("覆盖人数除以人数", "Covered divided by people")),
    "unlinked": (Text("无上级的现有站点", "Unlinked"), Text("规定时间内没有上一级设施的现有站点数", "Standing stations with no open one above within reach")),
    "name": (Text("站点", "Station"), Text("站点名称", "Name of the station")),
    "above": (Text("上级设施", "Under"), Text("规定时间内最近的上一级设施", "The nearest open station of the tier above within the limit")),
    "id": (Text("编号", "ID"), Text("站点编号", "The station's identifier")),
}  # fmt: skip
SHEETS = {
    "phases": Text("分年安排", "By year"),
    "phase_sites": Text("分年站点", "Stations by year"),
    "tiers": Text("分级配置", "By tier"),
    "parents": Text("上下级关系", "Under which centre"),
}
NESTED = Text(
    "站点一经启用即保留；各年合计最优，不是逐年最优",
    "A station once opened stays; best over all years together, not year by year",
)
APART = Text(
    "各级设施分别计算，不相互代替（GB 50180）", "Each tier counts by itself; none stands in for another (GB 50180)"
)
COUNTED = ("new", "open", "cost", "people", "covered", "unlinked")
OF_PEOPLE = ("people", "covered", "share")


def programme_tables(programme: Programme, facts: Facts, lang: str = "zh") -> list[Table]:
    """The tables of a programme over years or tiers, whole people; of a sensitive service without counts of people."""
    if isinstance(programme, PhasedPlan):
        return _phases(programme, facts, lang)
    return _tiers(programme, facts, lang) if isinstance(programme, TieredPlan) else []


def _phases(programme: PhasedPlan, facts: Facts, lang: str) -> list[Table]:
    found = [_counts("phases", programme.table, NESTED, facts, lang)]
    names, rows = _names(programme.plans[-1]), []
    for site, year, cost in programme.openings.itertuples():
        if site in names:
            rows.append([str(year), names[site], _whole(cost), site])
    return [
        *found,
        Table("phase_sites", SHEETS["phase_sites"].words(lang), _headings(("year", "name", "cost", "id"), lang), rows),
    ]


def _tiers(programme: TieredPlan, facts: Facts, lang: str) -> list[Table]:
    found = [_counts("tiers", programme.table, APART, facts, lang)]
    names = {plan.scenario.name: _names(plan) for plan in programme.plans}
    above = dict(zip([plan.scenario.name for plan in programme.plans[1:]], programme.plans, strict=False))
    rows = []
    for site, tier, upper in programme.parents.itertuples():
        if site in names[tier]:
            rows.append([tier, names[tier][site], _names(above[tier]).get(upper, ""), site])
    return [
        *found,
        Table("parents", SHEETS["parents"].words(lang), _headings(("tier", "name", "above", "id"), lang), rows),
    ]


def _counts(key: str, table: pd.DataFrame, note: Text, facts: Facts, lang: str) -> Table:
    """A row a phase or tier; counts are whole, and a share is that of the counts shown."""
    first = str(table.index.name)
    keys = [first, *(name for name in WORDS if name in table.columns)]
    if facts.hidden is not None:
        keys = [name for name in keys if name not in OF_PEOPLE]
    rows: list[list[Any]] = []
    for label, row in table.iterrows():
        people, covered = _whole(row["people"]), _whole(row["covered"])
        shown: dict[str, Any] = {name: _whole(row[name]) for name in COUNTED if name in table.columns}
        shown |= {first: str(label), "share": covered / people if people and covered is not None else None}
        rows.append([shown[name] for name in keys])
    return Table(key, SHEETS[key].words(lang), _headings(keys, lang), rows, note.words(lang))


def _whole(value: float) -> int | None:
    """Rounded to nearest, halves up; nothing where it is not known."""
    return None if not np.isfinite(value) else int(np.floor(value + 0.5))


def _names(plan: Plan) -> dict[str, str]:
    """What to call the open sites that may be named."""
    sites = plan.scenario.coverage.sites
    frame = sites.frame
    called = site_names(sites)[may_leave(frame) & frame.index.isin(plan.ids)]
    return {str(site): str(name) for site, name in called.items()}


def _headings(keys: Any, lang: str) -> tuple[Heading, ...]:
    kinds = dict.fromkeys(COUNTED, "count") | {"share": "share"}
    return tuple(
        Heading(key, WORDS[key][0].words(lang), kinds.get(key, "text"), WORDS[key][1].words(lang)) for key in keys
    )
