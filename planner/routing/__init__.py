"""Routing: minutes between sites and demand, by an engine of your choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from planner.network import Attachment, Network
from planner.routing.nearest import Nearest, nearest
from planner.routing.reach import Reach
from planner.routing.stream import StreamedReach, people_in_reach, stream_reach

__all__ = [
    "Nearest",
    "Reach",
    "Router",
    "StreamedReach",
    "default_router",
    "nearest",
    "people_in_reach",
    "stream_reach",
]


class Router(Protocol):
    """What planner asks of a routing engine."""

    @property
    def name(self) -> str:
        """What the engine is called in reports."""

    def reach(
        self,
        network: Network,
        sites: Attachment,
        demand: Attachment,
        *,
        minutes: float,
        towards: Literal["sites", "people"] = "sites",
        progress: Callable[[int, int], None] | None = None,
    ) -> Reach:
        """Find every demand point within the limit of each site, door to door."""


def default_router() -> Router:
    """The router used when none is named."""
    from planner.routing.compiled import Compiled

    return Compiled()
