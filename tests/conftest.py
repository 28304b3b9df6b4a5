"""No network, the same random numbers each time, a small area, and where the real data are."""

from __future__ import annotations

import socket
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from planner.area import StudyArea
from tests.town import units_of


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same each time."""
    return np.random.default_rng(20240101)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any connection but to this machine fails the test that makes it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family != socket.AF_UNIX and host not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test tried to reach {address!r}; nothing but fetch_* may use the network")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real open data beside the checkout; the test is skipped where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip("real data is absent: this test needs the open data of data/README.md in ../shared/data")
    return REAL_DATA


@pytest.fixture
def area() -> StudyArea:
    """Two districts side by side, 2 km square together, of two towns each."""
    units = units_of(
        ("379901", "东区", "district", "", (1000, 0, 2000, 2000)),
        ("379902", "西区", "district", "", (0, 0, 1000, 2000)),
        ("379901001", "东南街道", "town", "379901", (1000, 0, 2000, 1000)),
        ("379901002", "东北街道", "town", "379901", (1000, 1000, 2000, 2000)),
        ("379902001", "西南街道", "town", "379902", (0, 0, 1000, 1000)),
        ("379902002", "西北街道", "town", "379902", (0, 1000, 1000, 2000)),
    )
    polygon = units.at("district").frame.union_all()
    return StudyArea("两区", polygon, units.crs, units, date(2024, 1, 1), buffer_metres=1000)
