"""The register at national scale: 1,000,000 names and 700,000 divisions, made by script.

    python benchmarks/gazetteer.py [--names 1000000] [--divisions 700000] [--folder DIR]

Prints seconds to load, peak memory, and the median, 95th percentile and worst of 200 searches, as-of divisions of a point and
duplicate checks, against the goals of the register: load under 5 minutes and 4 GB; 20, 5 and 50 milliseconds.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import shapely

from planner.gazetteer import Basis, Gazetteer, NewName, Unit, open_gazetteer
from planner.gazetteer.divisions import new_division
from planner.gazetteer.naming import name_record
from planner.gazetteer.records import Record
from planner.layers import Period

FOUR = np.arange(16) % 4, np.arange(16) // 4
"""Column and row of each of sixteen boxes in one."""
FIRST = "云山海东西南北中青红金石龙凤松柏桃李春秋江河湖泉林峰华光明安康宁和平福寿文武德仁义信解放建设团结胜利"
LAST = "路街巷庄村里园桥河山"
SINCE = date(2000, 1, 1)
BASIS = Basis("benchmark", document="generated")


def divisions(count: int) -> Iterator[Record]:
    """Generate counties, towns and villages as nested boxes on a grid, about 250 villages a county."""
    made, number = 0, 0
    while made < count:
        county = f"{11 + number // 2500:02d}{number // 50 % 50 + 1:02d}{number % 50 + 21:02d}"
        x, y = 75 + number % 60, 18 + number // 60 * 0.5
        number += 1
        yield new_division(
            Unit(
                county, f"{FIRST[number % 40]}{FIRST[number // 40 % 40]}县", geometry=shapely.box(x, y, x + 1, y + 0.5)
            ),
            on=SINCE,
            parent="",
        )
        made += 1
        for t, place in enumerate(sixteen(x, y, 1, 0.5)):
            town = f"{county}{t + 100:03d}"
            yield new_division(
                Unit(town, f"{FIRST[t]}{FIRST[number % 41]}镇", geometry=place),
                on=SINCE,
                parent=f"place:{county}",
            )
            made += 1
            for v, spot in enumerate(sixteen(x + t % 4 / 4, y + t // 4 / 8, 0.25, 0.125)):
                if made >= count:
                    return
                name = f"{FIRST[v]}{FIRST[(number + t) % 41]}村"
                yield new_division(
                    Unit(f"{town}{v + 200:03d}", name, geometry=spot),
                    on=SINCE,
                    parent=f"place:{town}",
                )
                made += 1


def sixteen(west: float, south: float, width: float, height: float) -> list[shapely.Polygon]:
    """Cut a box into four by four."""
    x, y = west + FOUR[0] * width / 4, south + FOUR[1] * height / 4
    cut: list[shapely.Polygon] = shapely.box(x, y, x + width / 4, y + height / 4).tolist()
    return cut


def names(count: int) -> Iterator[Record]:
    """Generate names of two or three letters with a generic part, spread over counties."""
    draw, valid = np.random.default_rng(1), Period(SINCE, None)
    for began in range(0, count, 10_000):
        size = min(10_000, count - began)
        letters = np.array(list(FIRST))[draw.integers(0, len(FIRST), (size, 3))]
        lengths, lasts = draw.choice((2, 2, 3), size), draw.integers(0, len(LAST), size)
        points = shapely.points(75 + draw.random(size) * 60, 18 + draw.random(size) * 20)
        for at, (row, length, last) in enumerate(zip(letters.tolist(), lengths.tolist(), lasts.tolist(), strict=True)):
            text = "".join(row[:length]) + LAST[last]
            county = (began + at) // 400 % 2500
            within = f"{11 + county // 2500:02d}{county // 50 % 50 + 1:02d}{county % 50 + 21:02d}"
            new = NewName(text, "street", within, geometry=points[at])
            yield name_record(new, f"place:n{began + at}", valid, kind="standard", status="in use")


def timed(what: str, goal: float, act: Callable[[int], object], *, times: int = 200) -> None:
    """Print the median, the 95th percentile and the worst time of an act against its goal, in milliseconds."""
    spent = []
    for turn in range(times):
        began = time.perf_counter()
        act(turn)
        spent.append((time.perf_counter() - began) * 1000)
    late = statistics.quantiles(spent, n=20)[-1]
    print(
        f"{what:34s} median {statistics.median(spent):6.2f}   95 % within {late:6.2f}   worst {max(spent):6.2f}   goal {goal:g} ms"
    )


def queries(books: Gazetteer, held: list[str]) -> None:
    """Time the questions people ask."""
    draw = random.Random(2)
    day = date(2026, 1, 1)
    timed("search by name", 20, lambda turn: books.find(held[turn]))
    timed("search by the first two letters", 20, lambda turn: books.find(held[turn][:2]))
    timed("search by pinyin initials", 20, lambda turn: books.find("ys" if turn % 2 else "jfl"))
    timed(
        "divisions of a point, as of a day",
        5,
        lambda _: books.divisions_at(75 + draw.random() * 40, 18 + draw.random() * 10, on=day),
    )
    timed("duplicate check of a proposed name", 50, lambda turn: books.check(NewName(held[turn], "street", "110121")))


def main() -> None:
    """Load, then ask."""
    options = argparse.ArgumentParser()
    options.add_argument("--names", type=int, default=1_000_000)
    options.add_argument("--divisions", type=int, default=700_000)
    options.add_argument("--folder")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder, open_gazetteer(Path(folder) / "big.gpkg") as books:
        began = time.perf_counter()
        books.load(divisions(given.divisions), basis=BASIS)
        between = time.perf_counter()
        books.load(names(given.names), basis=BASIS)
        ended = time.perf_counter()
        size = (Path(folder) / "big.gpkg").stat().st_size / 2**30
        print(
            f"{given.divisions:,} divisions in {between - began:.0f} s, {given.names:,} names in {ended - between:.0f} s, {size:.2f} GiB on disk"
        )
        print(f"processor time so far {time.process_time():.0f} s")
        queries(books, [record["name"] for record in names(200)])
        began = time.perf_counter()
        verdict = books.verify()
        print(f"verify: {verdict.sound}, {verdict.records:,} records in {time.perf_counter() - began:.0f} s")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB (goal 4)")


if __name__ == "__main__":
    main()
