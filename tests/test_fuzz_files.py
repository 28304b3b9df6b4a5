"""Fuzz: damaged bytes of every format give a `DataError` or a whole account, never anything else, and hang nowhere."""

from __future__ import annotations

import shutil
import time
import warnings
from pathlib import Path
from random import Random

import pytest

from planner.area import StudyArea
from planner.errors import DataError
from planner.layers import Layer
from planner.sources import inspect, read_population, read_roads, read_sites
from tests.office_files import cells_csv, lines_frame, lonlat, parts, shapefile, workbook, zipped

SECONDS = 60.0  # for all formats together
SLOWEST = 20.0  # seconds one damaged file may take, on a busy machine
FORMATS = ("shp", "zip", "csv", "geojson", "gpkg", "fgb", "parquet", "xlsx")


def original(folder: Path, kind: str) -> Path:
    """A good small file of a format."""
    frame = lines_frame(12)
    if kind == "csv":
        return cells_csv(folder / "cells.csv", [(100.0 * at, 500.0, at) for at in range(15)], encoding="gb18030")
    if kind == "xlsx":
        rows: list[list[object]] = [
            ["名称", "经度", "纬度"],
            *([f"点{at}", *lonlat(100 * at, 500)] for at in range(15)),
        ]
        return workbook(folder / "sites.xlsx", rows)
    if kind in ("shp", "zip"):
        path = shapefile(folder, frame)
        return path if kind == "shp" else zipped(folder / "roads.zip", *parts(path))
    path = folder / f"roads.{kind}"
    if kind == "parquet":
        frame.to_parquet(path)
    else:
        (frame.to_crs(4326) if kind == "geojson" else frame).to_file(path)
    return path


def damaged(raw: bytes, random: Random) -> bytes:
    """The bytes with a few changes: flipped, cut out, doubled, cut short or overwritten."""
    data = bytearray(raw)
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(data)) if data else 0
        end = min(len(data), at + random.randint(1, 40))
        match random.randrange(6):
            case 0:
                data[at:end] = random.randbytes(end - at)
            case 1:
                del data[at:end]
            case 2:
                data[at:at] = data[at:end]
            case 3:
                del data[at:]
            case 4:
                data[at:end] = bytes([random.choice((0, 0x20, 0x22, 0x7F, 0xFF))]) * (end - at)
            case 5:
                data[at:at] = random.choice((b'"', b"\n", b"1e999", b"NaN", b"\xef\xbb\xbf", b"{", b"]", b"\x00"))
    return bytes(data)


def read(path: Path, area: StudyArea) -> Layer:
    if path.suffix == ".csv":
        return read_population(path, area=area)
    if path.suffix == ".xlsx":
        return read_sites(path, area=area, service="meal_station")
    return read_roads(path, area=area)


@pytest.mark.long
@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_files_give_data_errors_or_a_whole_account(tmp_path: Path, area: StudyArea, kind: str) -> None:
    random = Random(f"planner {kind}")
    good = tmp_path / "good"
    good.mkdir()
    source = original(good, kind)
    until = time.monotonic() + SECONDS / len(FORMATS)
    tried = 0
    while time.monotonic() < until or tried < 5:
        folder = tmp_path / f"bad{tried}"
        shutil.copytree(good, folder)
        victim = random.choice(parts(folder / source.name)) if kind == "shp" else folder / source.name
        victim.write_bytes(damaged(victim.read_bytes(), random))
        before = sorted((one.name, one.read_bytes()) for one in folder.iterdir())
        start = time.monotonic()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for verb in (lambda path: read(path, area), inspect):
                try:
                    told = verb(folder / source.name)
                except DataError:
                    continue
                report = getattr(told, "report", None)
                if report is not None:
                    assert report.read == report.accepted + len(report.quarantine) + len(report.duplicates)
        assert time.monotonic() - start < SLOWEST, f"try {tried} took too long"
        assert sorted((one.name, one.read_bytes()) for one in folder.iterdir()) == before
        shutil.rmtree(folder)
        tried += 1
    assert tried >= 5
