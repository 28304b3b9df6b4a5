"""Imports: 1,000,000 points from a zipped GBK shapefile without a .cpg, beside a bare `geopandas.read_file`.

    python -m benchmarks.imports [--rows 1000000]

Each reading runs in a process of its own. Prints rows per second of processor time, its ratio to the bare reading, and
peak memory; the goal is under 2 GB. The bare reading is told the encoding, and neither checks nor names a row.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio

BOX = (116.9, 36.55, 117.2, 36.75)
READINGS = ("bare", "people", "sites")


def make(path: Path, rows: int) -> None:
    """Write the archive: a number, a name, a town, beds and people at each point, in GBK that nothing declares."""
    rng = np.random.default_rng(1)
    number = np.arange(rows).astype(str)
    frame = gpd.GeoDataFrame(
        {
            "编号": np.char.add("JN", number),
            "名称": np.char.add(np.char.add("助餐点", number), "号"),
            "镇街": rng.choice(["泉城路街道", "大明湖街道", "龙洞街道"], rows),
            "床位": rng.integers(0, 80, rows),
            "人口": rng.uniform(0, 30, rows).round(2),
        },
        geometry=gpd.points_from_xy(rng.uniform(BOX[0], BOX[2], rows), rng.uniform(BOX[1], BOX[3], rows)),
        crs=4490,
    )
    shp = path.with_name("points.shp")
    pyogrio.write_dataframe(frame, shp, encoding="GBK")
    with shp.with_suffix(".dbf").open("r+b") as file:
        file.seek(29)
        file.write(b"\0")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix in (".shp", ".shx", ".dbf", ".prj"):
            archive.write(shp.with_suffix(suffix), f"点位{suffix}")
            shp.with_suffix(suffix).unlink()


def read(path: Path, reading: str) -> None:
    """Read the archive one way and print rows, seconds of processor time, and megabytes."""
    from planner.area import area_in_box
    from planner.sources import read_population, read_sites

    area = area_in_box("济南", BOX, on=date(2024, 1, 1))
    told: list[int] = []
    start = time.process_time()
    if reading == "bare":
        rows = len(gpd.read_file(f"zip://{path}!点位.shp", encoding="GBK"))
    elif reading == "people":
        rows = len(read_population(path, area=area, progress=lambda done, _: told.append(done)))
    else:
        rows = len(read_sites(path, area=area, service="meal_station", progress=lambda done, _: told.append(done)))
    seconds = time.process_time() - start
    print(rows, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, len(told))


def main() -> None:
    """Make the archive and read it every way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        read(Path(given.one[0]), given.one[1])
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points.zip"
        make(path, given.rows)
        bare = 0.0
        for reading in READINGS:
            command = [sys.executable, "-m", "benchmarks.imports", "--one", str(path), reading]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            rows, seconds, megabytes, calls = (float(part) for part in done.stdout.split()[-4:])
            bare = bare or seconds
            print(
                f"{reading:7} {rows:,.0f} rows, {rows / seconds:,.0f} rows a second of processor time,"
                f" {seconds / bare:.2f} x bare, {megabytes:,.0f} MB at most, progress told {calls:.0f} times"
            )


if __name__ == "__main__":
    main()
