"""The register killed at random moments: every event is whole or absent, and the chain holds."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from planner.gazetteer import open_gazetteer
from planner.gazetteer.schema import NAME

WRITER = """
import sys
from datetime import date
from planner.gazetteer import Basis, NewName, open_gazetteer
from planner.gazetteer.naming import name_record
from planner.layers import Period
books = open_gazetteer(sys.argv[1], wait_seconds=30)
while True:
    start = books.ledger.last()
    new = (NewName(f"第{start}至{i}路", "street", "370202") for i in range(400))
    since = Period(date(2020, 1, 1), None)
    books.load((name_record(n, f"place:{start}:{i}", since, kind="standard", status="in use") for i, n in enumerate(new)),
               basis=Basis("writer"))
    print(start, flush=True)
"""


@pytest.mark.long
def test_fault_81_a_register_killed_while_loading_keeps_whole_events_and_a_sound_chain(tmp_path: Path) -> None:
    path, chance, seen = tmp_path / "project.gpkg", random.Random(3), 0
    for _ in range(15):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randint(1, 3)):
                writer.stdout.readline()
            time.sleep(chance.uniform(0, 0.3))
            os.kill(writer.pid, signal.SIGKILL)
        with open_gazetteer(path) as books:
            assert books.verify()
            events = books.ledger.last()
            assert books.ledger.db.execute(f"SELECT count(*) FROM {NAME.table}").fetchone()[0] == 400 * events
            assert events > seen
            seen = events
