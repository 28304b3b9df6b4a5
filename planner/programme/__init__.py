"""Programme: several plans that are one answer, over years or over the tiers of a network."""

from __future__ import annotations

from planner.programme.phases import Phase, PhasedPlan, PhasedScenario
from planner.programme.plans import Programme
from planner.programme.tiers import Tier, TieredPlan, TieredScenario, link_sites

__all__ = [
    "Phase",
    "PhasedPlan",
    "PhasedScenario",
    "Programme",
    "Tier",
    "TieredPlan",
    "TieredScenario",
    "link_sites",
]
