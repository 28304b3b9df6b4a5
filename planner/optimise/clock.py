"""Clock: how long a search may still run, and whether it was told to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

Progress = Callable[[float, float], None]
"""Called now and then with the value of the best plan so far and the bound."""


@dataclass
class Clock:
    """Seconds since the call began; ``stopped`` is set by Ctrl-C."""

    seconds: float
    began: float = field(default_factory=perf_counter)
    stopped: bool = False

    @property
    def spent(self) -> float:
        """Seconds since the call."""
        return perf_counter() - self.began

    @property
    def left(self) -> float:
        """Seconds left, 0 or more."""
        return 0.0 if self.stopped else max(0.0, self.seconds - self.spent)

    @property
    def up(self) -> bool:
        """Whether the time is over."""
        return self.left <= 0.0
