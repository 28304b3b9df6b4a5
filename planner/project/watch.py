"""Watch: tells how far the work is, and remembers how long each stage took."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the work: its name, its seconds, and the most memory the process had used by its end."""

    name: str
    seconds: float
    peak_megabytes: float | None


@dataclass
class Watch:
    """Runs stages one after another, with a bar each where ``visible``."""

    visible: bool = False
    stages: list[Stage] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[Progress]:
        """Run a stage; what it gives is a ``progress(done, of)`` to pass on."""
        from tqdm.auto import tqdm

        start = time.perf_counter()
        bar = tqdm(desc=name, total=1, disable=not self.visible, file=sys.stderr, leave=True, bar_format=_BAR)

        def progress(done: int, of: int) -> None:
            bar.total = max(of, 1)
            bar.update(done - bar.n)

        try:
            yield progress
            progress(1, 1)
        finally:
            bar.close()
            self.stages.append(Stage(name, time.perf_counter() - start, peak_megabytes()))


_BAR = "{desc} |{bar:24}| {percentage:3.0f}% {elapsed}"


def peak_megabytes() -> float | None:
    """Most memory this process has used so far, in MB; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows keeps no such count
        return None
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1e6 if sys.platform == "darwin" else 1e3)
