"""Access: what coverage means for people."""

from planner.access.catchments import floating_catchments, gaussian_decay, step_decay
from planner.access.delivery import Deliveries, deliver
from planner.access.gaps import CLUSTER, NOT_CONNECTED, find_gaps
from planner.access.inequality import Inequality, inequality
from planner.access.readings import Readings, read_ways, readings, widest_minutes
from planner.access.robustness import Robustness, robustness
from planner.access.straight import cover_straight
from planner.access.summary import TOTAL, UNASSIGNED, Summary, summarise, units_of
from planner.access.suppressed import Suppressed, is_sensitive, suppress
from planner.access.suppression import ALONGSIDE, hide, suppress_counts
from planner.access.times import Times, nearest_times

__all__ = [
    "ALONGSIDE",
    "CLUSTER",
    "NOT_CONNECTED",
    "TOTAL",
    "UNASSIGNED",
    "Deliveries",
    "Inequality",
    "Readings",
    "Robustness",
    "Summary",
    "Suppressed",
    "Times",
    "cover_straight",
    "deliver",
    "find_gaps",
    "floating_catchments",
    "gaussian_decay",
    "hide",
    "inequality",
    "is_sensitive",
    "nearest_times",
    "read_ways",
    "readings",
    "robustness",
    "step_decay",
    "summarise",
    "suppress",
    "suppress_counts",
    "units_of",
    "widest_minutes",
]
