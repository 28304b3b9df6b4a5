"""Programmes: plans over years or tiers, chosen together because what opens in one binds the others."""

from __future__ import annotations

from planner.optimise.programmes.phases import maximise_over_years
from planner.optimise.programmes.tiers import maximise_tiers

__all__ = ["maximise_over_years", "maximise_tiers"]
