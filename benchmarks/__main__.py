"""Every benchmark, each in a process of its own, so that one's memory and warm caches do not flatter another's."""

from __future__ import annotations

import subprocess
import sys

ALL = (
    "routing",
    "service_areas",
    "building",
    "siting_coverage",
    "siting_streams",
    "siting_median",
    "siting_peers",
    "gazetteer",
    "imports",
)


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; tell how many failed."""
    unknown = sorted(set(names) - set(ALL))
    if unknown:
        sys.exit(f"unknown benchmark {', '.join(unknown)}; there are {', '.join(ALL)}")
    failed = 0
    for name in names or ALL:
        print(f"## {name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
