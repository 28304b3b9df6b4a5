"""The project file killed at random moments: before or after, never between."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from planner.store import Act, GeoPackageStore

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
