"""A small register to draw: a city of three districts, one upgraded and one merged away, lines, markers, names and signs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import shapely

from planner.gazetteer import Basis, Gazetteer, Line, Marker, NewName, Unit, open_gazetteer
from planner.gazetteer.boundaries import patrol
from planner.gazetteer.naming import name_record
from planner.gazetteer.signs import advance_sign, order_sign
from planner.layers import Period

CLERK = Basis("李明", document="鲁民〔2019〕1号", authority="省人民政府")
FOUNDED, MERGED, TODAY = date(1990, 1, 1), date(2019, 1, 9), date(2024, 6, 1)
SECRET = "哨兵机密路"
HOSTILE = "<img src=x onerror=alert(1)>路"


def box(x: float, y: float, wide: float = 0.1) -> shapely.Polygon:
    """A square of degrees from its south-west corner, in tenths of a degree."""
    return shapely.box(120 + x, 36 + y, 120 + x + wide, 36.1 + y)


def make_register(path: Path) -> Gazetteer:
    """Write the register into a project file and give it, open."""
    books = open_gazetteer(path, clock=lambda: datetime(2024, 6, 1, tzinfo=UTC))
    books.create(
        Unit("370200", "澜湾市", type="市", geometry=shapely.box(120, 36, 120.3, 36.1)), on=FOUNDED, basis=CLERK
    )
    for code, name, x in (("370202", "望海区", 0.0), ("370203", "青禾县", 0.1), ("370205", "旧港区", 0.2)):
        books.create(Unit(code, name, type="区", geometry=box(x, 0)), on=FOUNDED, parent="370200", basis=CLERK)
    _divisions(books)
    _lines(books)
    _names(books)
    _signs(books)
    return books


def _divisions(books: Gazetteer) -> None:
    books.upgrade("370203", name="青禾区", code="370215", type="区", on=MERGED, basis=CLERK)
    books.merge(["370202", "370205"], "370202", on=MERGED, basis=CLERK)


def _lines(books: Gazetteer) -> None:
    places = ("place:370202", "place:370203")
    for number, x, inspected in (
        ("02-15", 0.1, date(2018, 3, 1)),
        ("15-05", 0.2, date(2019, 10, 1)),
        ("15-06", 0.15, date(2023, 1, 1)),
    ):
        edge = shapely.LineString([(120 + x, 36.0), (120 + x, 36.1)])
        line = Line(number, *places, f"协议{number}", edge, inspected=inspected, round=4)
        books.agree(line, on=date(2001, 1, 1), basis=CLERK)
    for number, y, condition in ((1, 36.02, "good"), (2, 36.05, "tilted"), (3, 36.08, "lost")):
        marker = Marker(f"0215-{number}", "double", "line:02-15", places, shapely.Point(120.1, y))
        thing = books.set_marker(marker, on=date(2001, 1, 1), basis=CLERK)
        if condition != "good":
            patrol(books.ledger, thing, on=date(2024, 5, 1), basis=CLERK, condition=condition)


def _names(books: Gazetteer) -> None:
    rows = [
        ("台东路", "street", "in use", shapely.LineString([(120.01, 36.02), (120.08, 36.06)]), "公开"),
        ("朝阳山", "natural", "in use", shapely.Point(120.14, 36.04), "公开"),
        ("新港小区", "building", "approved", shapely.Point(120.25, 36.07), "公开"),
        (HOSTILE, "street", "in use", shapely.Point(120.05, 36.08), "公开"),
        (SECRET, "street", "in use", shapely.Point(120.07, 36.03), "秘密"),
        ("无坐标路", "street", "in use", None, "公开"),
    ]
    records = [
        name_record(
            NewName(name, category, "370202", geometry=shape, secrecy=secrecy, values={"division": "place:370202"}),
            f"place:n{number}", Period(date(2010, 1, 1), None), kind="standard", status=status,
        )
        for number, (name, category, status, shape, secrecy) in enumerate(rows)
    ]  # fmt: skip
    books.load(records, basis=CLERK)
    books.propose(
        NewName("听涛路", "street", "370202", geometry=shapely.Point(120.02, 36.09)), on=date(2024, 1, 5), basis=CLERK
    )


def _signs(books: Gazetteer) -> None:
    start = date(2024, 1, 1)
    order_sign(books.ledger, "S-1", "place:n0", on=start, due=date(2024, 3, 1), basis=CLERK)
    order_sign(books.ledger, "S-2", "place:n0", on=start, due=date(2024, 12, 1), basis=CLERK)
    advance_sign(
        books.ledger, "sign:S-2", "installed", on=date(2024, 2, 1), basis=CLERK, geometry=shapely.Point(120.05, 36.043)
    )
    order_sign(books.ledger, "S-3", "place:n4", on=start, due=date(2024, 2, 1), basis=CLERK)
