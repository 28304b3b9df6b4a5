"""Programmes of a planner.toml: a service built year by year, and services that are tiers of one network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planner.demand import Demand
from planner.errors import QuestionError
from planner.network import build_network
from planner.optimise import maximise_over_years, maximise_tiers
from planner.plan import Scenario
from planner.programme import Phase, PhasedPlan, PhasedScenario, Programme, Tier, TieredPlan, TieredScenario, link_sites
from planner.project.blocks import TiersBlock
from planner.project.inputs import Inputs
from planner.project.settings import ServiceBlock, Settings
from planner.projection import project_demand


def plan_phases(block: ServiceBlock, scenario: Scenario, people: Demand, settings: Settings) -> PhasedPlan:
    """Site a service year by year; with ``ageing`` for the elders of each year, ``people`` being those of the census."""
    phases, last = [], block.phases[-1].year
    for phase in block.phases:
        then = None
        if block.ageing:
            later = phase.year == last  # the scenario's own people are those of the last year
            then = scenario.coverage.demand if later else _people_of(people, phase.year, settings)
        phases.append(Phase(phase.year, phase.new, phase.budget, then))
    question = PhasedScenario(
        scenario, phases, discount=block.discount, until=block.until, carry_over=block.carry_over,
        floors_from=block.floors_from,
    )  # fmt: skip
    return maximise_over_years(question, seconds=block.seconds, effort=block.effort, seed=block.seed)


def _people_of(people: Demand, year: int, settings: Settings) -> Demand:
    return project_demand(people, year=year, base_year=settings.population.census_year)


def plan_tiers(
    block: TiersBlock, first: ServiceBlock, scenarios: Sequence[Scenario], inputs: Inputs, settings: Settings
) -> TieredPlan:
    """Site the services of a network together; time, effort and seed are those of the ``first`` service."""
    if inputs.roads is None:
        raise QuestionError("tiers are linked along roads; give [roads]")
    network = build_network(inputs.roads, mode=block.link_mode)
    tiers = []
    for at, (ident, scenario) in enumerate(zip(block.services, scenarios, strict=True)):
        links = None
        if at and block.link_minutes[at - 1] > 0:
            sites, above = scenario.coverage.sites, scenarios[at - 1].coverage.sites
            links = link_sites(network, sites, above, minutes=block.link_minutes[at - 1])
        named = scenario if len({each.name for each in scenarios}) == len(scenarios) else scenario.but(name=ident)
        tiers.append(Tier(named, links))
    question = TieredScenario(block.name or settings.project.name, tiers, block.counting, block.budget)
    return maximise_tiers(question, seconds=first.seconds, effort=first.effort, seed=first.seed)


def programme_facts(programme: Programme, *, blank: bool = False) -> Mapping[str, Any]:
    """Worth, bound, gap and status of a programme, and its table, in plain values; ``blank`` leaves out counts of people."""
    found: dict[str, Any] = {
        "name": programme.name, "gap": programme.gap, "proven": programme.proven, "proven_by": programme.proven_by,
        "status": programme.status, "seconds": round(programme.seconds, 3), "seed": programme.seed,
    }  # fmt: skip
    if isinstance(programme, PhasedPlan | TieredPlan) and not blank:
        found |= {"value": programme.value, "bound": programme.bound}
        found["parts"] = programme.table.reset_index().astype(object).to_dict(orient="records")
    if isinstance(programme, PhasedPlan):
        found["openings"] = {str(site): int(year) for site, year in programme.openings["year"].items()}
    if isinstance(programme, TieredPlan):
        found["above"] = {str(site): str(above) for site, above in programme.parents["above"].dropna().items()}
    return found
