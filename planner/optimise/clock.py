"""Clock: how long a search may still run, and whether it was told to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

Progress = Callable[[float, float], None]
"""Called now and then with the value of the best plan so far and the bound."""


@dataclass
class Clock:
    """Seconds since the call began; ``stopped`` is set by Ctrl-C. ``timer`` is the wall clock unless a benchmark counts otherwise."""

    seconds: float
    stopped: bool = False
    timer: Callable[[], float] = perf_counter
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.timer()

    def part(self, seconds: float) -> Clock:
        """A clock of its own, of the same kind, for at most so many seconds of what is left."""
        return Clock(min(seconds, self.left), timer=self.timer)

    @property
    def spent(self) -> float:
        """Seconds since the call."""
        return self.timer() - self.began

    @property
    def left(self) -> float:
        """Seconds left, 0 or more."""
        return 0.0 if self.stopped else max(0.0, self.seconds - self.spent)

    @property
    def up(self) -> bool:
        """Whether the time is over."""
        return self.left <= 0.0
