"""Maps: plans as HTML pages officials can open."""

from planner.maps.comparison import draw_comparison
from planner.maps.draw import draw
from planner.maps.index import write_index
from planner.maps.online import OnlineBase, tianditu
from planner.maps.page import PlanMap

__all__ = ["OnlineBase", "PlanMap", "draw", "draw_comparison", "tianditu", "write_index"]
