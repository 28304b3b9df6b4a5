"""Stream: searches whose pairs are not kept in memory: written to files, or summed as they are found."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from planner.arrays import Minutes, People, Positions
from planner.errors import SourceError, StoreError
from planner.network import Attachment, Network
from planner.routing.reach import Reach
from planner.routing.search import Progress, Run, Search
from planner.routing.terminals import Towards

MANIFEST = "reach.json"


@dataclass(frozen=True)
class StreamedReach:
    """Pairs in a folder of Parquet files, a block of consecutive sites each: ``site``, ``point``, ``minutes``."""

    folder: Path
    sites: int
    pairs: int
    minutes: float
    blocks: int

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> StreamedReach:
        """Open a folder that `stream_reach` finished; raises `SourceError` on any other."""
        path = Path(folder)
        try:
            facts = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
            return cls(path, facts["sites"], facts["pairs"], facts["minutes"], facts["blocks"])
        except (OSError, ValueError, KeyError) as error:
            raise SourceError(
                f"{path} holds no finished search ({MANIFEST}): {error}; run stream_reach() again"
            ) from error

    def __iter__(self) -> Iterator[tuple[Positions, Positions, Minutes]]:
        """Give (site, point, minutes) block by block, sites and points ascending."""
        import pyarrow.parquet as pq

        for number in range(self.blocks):
            table = pq.read_table(self.folder / _name(number))
            yield table["site"].to_numpy(), table["point"].to_numpy(), table["minutes"].to_numpy()

    def load(self) -> Reach:
        """Read all pairs into memory."""
        parts = list(self) or [(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))]
        site, point, minutes = (np.concatenate(part) for part in zip(*parts, strict=True))
        starts = np.zeros(self.sites + 1, np.int64)
        np.cumsum(np.bincount(site, minlength=self.sites), out=starts[1:])
        return Reach(starts, point, minutes)


def stream_reach(
    network: Network,
    sites: Attachment,
    demand: Attachment,
    folder: str | os.PathLike[str],
    *,
    minutes: float,
    towards: Towards = "sites",
    threads: int | None = None,
    progress: Progress | None = None,
) -> StreamedReach:
    """Find every demand point within the limit of each site, as `Router.reach`, and write the pairs to Parquet files.

    ``folder`` must be new or empty. Memory stays at a few blocks however many pairs there are. A run that is
    stopped leaves a folder without its manifest, which `StreamedReach.open` refuses.
    """
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    if any(path.iterdir()):
        raise StoreError(f"{path} is not empty; give stream_reach() a new folder")
    run = Run(Search.prepare(network, demand, minutes=minutes, towards=towards), sites, threads, progress)
    totals = np.zeros(len(run.blocks), np.int64)

    def write(number: int, rows: Positions, counts: Positions, points: Positions, times: Minutes) -> None:
        totals[number] = len(points)
        _write_block(path / _name(number), rows, counts, points, times)

    run.each_block(write)
    done = StreamedReach(path, len(sites), int(totals.sum()), minutes, len(run.blocks))
    facts = {"sites": done.sites, "pairs": done.pairs, "minutes": minutes, "blocks": done.blocks, "towards": towards}
    _replace(path / MANIFEST, json.dumps(facts).encode())
    return done


def people_in_reach(
    network: Network,
    sites: Attachment,
    demand: Attachment,
    people: People,
    *,
    minutes: float,
    towards: Towards = "sites",
    threads: int | None = None,
    progress: Progress | None = None,
) -> People:
    """Count the people within the limit of each site, shape ``(sites,)``, without keeping any pair."""
    run = Run(Search.prepare(network, demand, minutes=minutes, towards=towards), sites, threads, progress)
    total = np.zeros(len(sites))
    weights = np.asarray(people, dtype=np.float64)

    def add(_: int, rows: Positions, counts: Positions, points: Positions, __: Minutes) -> None:
        filled = np.flatnonzero(counts)
        if len(filled):
            starts = (np.cumsum(counts) - counts)[filled]
            total[rows[filled]] = np.add.reduceat(weights[points], starts)

    run.each_block(add)
    return total


def _name(number: int) -> str:
    return f"reach-{number:05d}.parquet"


def _write_block(path: Path, rows: Positions, counts: Positions, points: Positions, times: Minutes) -> None:
    """Write a block with its sites ascending, under a temporary name first."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from planner.routing.row_kernels import copy_rows

    order = np.argsort(rows)
    starts = np.empty(len(rows), np.int64)
    starts[order] = np.cumsum(counts[order]) - counts[order]
    to_points, to_minutes = np.empty(len(points), np.int32), np.empty(len(points), np.float32)
    copy_rows(starts, counts, points, times, to_points, to_minutes)
    site = np.repeat(rows[order].astype(np.int32), counts[order])
    table = pa.table({"site": site, "point": to_points, "minutes": to_minutes})
    partial = path.with_suffix(".partial")
    pq.write_table(table, partial, compression="zstd", use_dictionary=["site"], column_encoding=None)
    partial.replace(path)


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)
