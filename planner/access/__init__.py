"""Access: what coverage means for people."""

from planner.access.catchments import floating_catchments, gaussian_decay, step_decay
from planner.access.inequality import Inequality, inequality
from planner.access.readings import Readings, readings
from planner.access.summary import TOTAL, UNASSIGNED, Summary, summarise
from planner.access.times import Times, nearest_times

__all__ = [
    "TOTAL",
    "UNASSIGNED",
    "Inequality",
    "Readings",
    "Summary",
    "Times",
    "floating_catchments",
    "gaussian_decay",
    "inequality",
    "nearest_times",
    "readings",
    "step_decay",
    "summarise",
]
