"""The project file killed at random moments: before or after, never between."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from planner.area import StudyArea
from planner.sources import read_sites
from planner.store import Act, GeoPackageStore, imported
from tests.office_files import lonlat, workbook

WRITER = """
import sys
import geopandas as gpd, pandas as pd
from planner.store import Act, GeoPackageStore
store = GeoPackageStore(sys.argv[1], wait_seconds=30)
print("go", flush=True)
n = store.version
while True:
    n += 1
    rows = {"n": [n] * 2000}
    rows = gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy([120.0 + n / 1e4] * 2000, [36.0] * 2000), crs=4490)
    twin, log = pd.DataFrame({"n": [n] * 500}), pd.DataFrame({"n": [n]})
    n = store.write(Act("again", replace={"rows": rows, "twin": twin}, append={"log": log}))
    print(n, flush=True)
"""


@pytest.mark.long
def test_fault_81_fifty_kills_at_random_moments_never_leave_half_an_act(tmp_path: Path) -> None:
    path = tmp_path / "project.gpkg"
    GeoPackageStore(path).write(
        Act("first", replace={"rows": pd.DataFrame({"n": [1]}), "twin": pd.DataFrame({"n": [1]})})
    )
    chance, seen = random.Random(7), 1
    for _ in range(50):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randint(1, 3)):
                writer.stdout.readline()
            time.sleep(chance.uniform(0, 0.2))
            os.kill(writer.pid, signal.SIGKILL)
        store = GeoPackageStore(path)
        store.check()
        version = store.version
        assert version >= seen
        assert set(store.read("rows")["n"]) == set(store.read("twin")["n"]) == {version}
        assert (store.read("log")["n"].tolist() if "log" in store.tables() else []) == list(range(2, version + 1))
        seen = version
    assert seen > 10


def _import_again_and_again(path: Path, lists: list[Path], area: StudyArea) -> None:
    """What a killed importer was doing: read a list, keep it with its account, take the next."""
    store = GeoPackageStore(path, wait_seconds=30)
    for at in itertools.count():
        sites = read_sites(lists[at % len(lists)], area=area, service="meal_station")
        assert sites.report is not None
        store.write(imported("sites", sites.frame, sites.report, who="importer"))


@pytest.mark.long
def test_fault_81_an_importer_killed_at_fifty_moments_leaves_a_valid_store_and_the_next_import_runs(
    tmp_path: Path, area: StudyArea
) -> None:
    path, lists = tmp_path / "project.gpkg", []
    for size in (300, 500):
        rows = [[f"{size}号{at}", *lonlat(10 + at, 500), "x" if at % 7 else "1,200张"] for at in range(size)]
        lists.append(workbook(tmp_path / f"{size}.xlsx", [["名称", "经度", "纬度", "床位"], *rows]))
    _import_once(path, lists[0], area)  # so that a child finds everything loaded
    start = time.monotonic()
    _import_once(path, lists[1], area)
    usual = time.monotonic() - start  # on this machine, as busy as it is
    chance, versions = random.Random(11), [GeoPackageStore(path).version]
    for _ in range(50):
        child = os.fork()
        if child == 0:  # pragma: no cover - killed
            try:
                _import_again_and_again(path, lists, area)
            finally:
                os._exit(1)
        time.sleep(chance.uniform(0.1, 2.2) * usual)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        store = GeoPackageStore(path)
        store.check()
        account = store.read("imports").iloc[-1]
        assert len(store.read("sites")) == account["accepted"]
        assert len(store.read("imports")) == store.version
        assert (store.read("quarantine")["import"] == store.read("imports").index[-1]).sum() == account["quarantined"]
        versions.append(store.version)
    assert versions == sorted(versions)
    assert versions[-1] > 10, "the importer was never let run"
    before = versions[-1]
    _import_once(path, lists[1], area)
    assert GeoPackageStore(path).version == before + 1
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".") or one.suffix == ".part"]


def _import_once(path: Path, source: Path, area: StudyArea) -> None:
    sites = read_sites(source, area=area, service="meal_station")
    assert sites.report is not None
    GeoPackageStore(path).write(imported("sites", sites.frame, sites.report, who="importer"))
