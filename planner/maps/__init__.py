"""Maps: plans as HTML pages officials can open."""

from planner.maps.draw import draw
from planner.maps.page import PlanMap

__all__ = ["PlanMap", "draw"]
