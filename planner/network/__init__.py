"""Network: the roads as a graph of minutes and metres, for one way of travelling."""

from planner.network.building import build_network
from planner.network.clipping import clipping_at_the_border
from planner.network.findings import describe_findings
from planner.network.graph import Attachment, Network

__all__ = ["Attachment", "Network", "build_network", "clipping_at_the_border", "describe_findings"]
