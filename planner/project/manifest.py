"""Manifest: what went into an answer, so that it can be checked and made again."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import file_digest
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from planner.imports import ImportReport
from planner.plan import Plan
from planner.project.settings import Settings
from planner.project.watch import Stage

_LIBRARIES = (
    "service-coverage-planner",
    "geopandas",
    "shapely",
    "pyproj",
    "pyogrio",
    "numpy",
    "scipy",
    "numba",
    "highspy",
)


def input_hashes(settings: Settings, data: Path) -> dict[str, dict[str, Any]]:
    """Name, size and SHA-256 of every input file, by the key that names it; all parts of a shapefile count."""
    found = {}
    for key, name in settings.files().items():
        parts = _parts(data / name)
        found[key] = {"file": name, "parts": {part.name: _hash(part) for part in parts}}
    return found


def import_facts(report: ImportReport, *, blank: bool = False) -> dict[str, Any]:
    """What became of a file's rows, in plain values; where ``blank``, without what was worked out of their content."""
    return {
        "file": report.file,
        "sha256": report.sha256,
        "rows_read": report.read,
        "accepted": report.accepted,
        "quarantined": report.faulty,
        "not_of_this_area": report.expected,
        "duplicates": len(report.duplicates),
        "repairs": len(report.repairs),
        "facts": {} if blank else dict(report.facts),
        "notes": [] if blank else [str(note) for note in report.notes],
    }


def plan_facts(plan: Plan, *, blank: bool = False) -> dict[str, Any]:
    """Value, bound, gap and status of a plan, in plain values; where ``blank``, without any count of people."""
    told = {
        "name": plan.scenario.name,
        "objective": plan.objective,
        "new_sites": list(map(str, plan.added)),
        "kept_sites": int(plan.scenario.kept.sum()),
        "limit_minutes": plan.scenario.coverage.limit,
        "value": plan.value,
        "bound": plan.bound,
        "gap": plan.gap,
        "proven": plan.proven,
        "status": str(plan.status),
        "solver": plan.solver,
        "seconds": round(plan.seconds, 3),
        "seed": plan.seed,
        "share": plan.share,
    }
    return {key: value for key, value in told.items() if not (blank and key in {"value", "bound", "share"})}


def stage_facts(stages: Iterable[Stage]) -> list[dict[str, Any]]:
    """Seconds and peak memory of each stage."""
    return [
        {
            "stage": stage.name,
            "seconds": round(stage.seconds, 3),
            "peak_megabytes": None if stage.peak_megabytes is None else round(stage.peak_megabytes),
        }
        for stage in stages
    ]


def environment() -> dict[str, str]:
    """Versions of Python and of the libraries that decide an answer, and when it was made."""
    found = {"made": datetime.now(UTC).isoformat(timespec="seconds"), "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed as a package"
    return found


def save_manifest(manifest: dict[str, Any], path: Path) -> None:
    """Write the manifest as JSON, whole or not at all."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(json.dumps(manifest, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
    temporary.replace(path)


def _parts(path: Path) -> list[Path]:
    if path.suffix.lower() != ".shp":
        return [path]
    return sorted(part for part in path.parent.glob(f"{path.stem}.*") if part.is_file())


def _hash(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": file_digest(file, "sha256").hexdigest()}
