"""Maps: plans and the register as HTML pages officials can open."""

from planner.maps.comparison import draw_comparison
from planner.maps.draw import draw
from planner.maps.frontier import FrontierPage, draw_frontier
from planner.maps.index import write_index
from planner.maps.online import OnlineBase, tianditu
from planner.maps.page import PlanMap
from planner.maps.register import Imprint
from planner.maps.register_boundaries import draw_boundaries
from planner.maps.register_divisions import draw_changes, draw_divisions
from planner.maps.register_names import draw_names, draw_signs, names_in_force

__all__ = [
    "FrontierPage",
    "Imprint",
    "OnlineBase",
    "PlanMap",
    "draw",
    "draw_boundaries",
    "draw_changes",
    "draw_comparison",
    "draw_divisions",
    "draw_frontier",
    "draw_names",
    "draw_signs",
    "names_in_force",
    "tianditu",
    "write_index",
]
