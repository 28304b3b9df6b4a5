"""Measuring: something done several times, by the processor's clock, since other work may share the machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TypeVar

REPEATS = 3
Answer = TypeVar("Answer")


def measured(name: str, act: Callable[[], Answer], *, repeats: int = REPEATS, goal: str = "") -> tuple[Answer, float]:
    """Do something several times; print medians of CPU and wall seconds, and give the answer and the former."""
    cpu, wall = [], []
    for _ in range(repeats):
        begun, since = time.process_time(), time.perf_counter()
        answer = act()
        cpu.append(time.process_time() - begun)
        wall.append(time.perf_counter() - since)
    print(
        f"{name:60s} {statistics.median(cpu):8.2f} s CPU {statistics.median(wall):8.2f} s wall"
        f" (medians of {repeats}{f'; goal {goal}' if goal else ''})",
        flush=True,
    )
    return answer, statistics.median(cpu)
