"""R-tree: SQLite's spatial index built whole, where adding row by row would cost more than all other indexes together.

The layout is what SQLite documents of its R*Tree module (https://www.sqlite.org/rtree.html, "shadow tables"): a table of
nodes, each a blob of cells, big-endian, node 1 the root with the depth in front; and two tables that say in which node a
row or a node lies. Rows are packed in tiles (Leutenegger, Lopez and Edgington 1997: sort-tile-recursive).
"""

from __future__ import annotations

import sqlite3

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float64]
"""West, east, south, north of each row, as SQLite orders them; shape ``(rows, 4)``."""

_CELL = np.dtype([("id", ">i8"), ("box", ">f4", (4,))])
_HEAD = 4
_FULL = 0.8  # a little room, so that the next single rows do not split every node
_ROOT = 1
_LOW, _HIGH = [0, 2], [1, 3]


def fill(db: sqlite3.Connection, tree: str, ids: npt.NDArray[np.int64], boxes: Boxes) -> None:
    """Give an R-tree the rows ``ids`` and their boxes, and nothing else, in an open transaction."""
    (size,) = db.execute(f'SELECT length(data) FROM "{tree}_node" WHERE nodeno = {_ROOT}').fetchone()  # noqa: S608
    for part, kept in (("rowid", ""), ("parent", ""), ("node", f" WHERE nodeno != {_ROOT}")):
        db.execute(f'DELETE FROM "{tree}_{part}"{kept}')  # noqa: S608
    most = (size - _HEAD) // _CELL.itemsize
    cells, depth, made = _cells(ids, boxes), 0, _ROOT
    while len(cells) > most:
        nodes, cells = _packed(cells, int(most * _FULL), after=made)
        blobs = ((number, _blob(held, size)) for number, held in nodes)
        db.executemany(f'INSERT INTO "{tree}_node" VALUES (?, ?)', blobs)  # noqa: S608
        _enter(db, tree, nodes, depth)
        made, depth = nodes[-1][0], depth + 1
    db.execute(f'UPDATE "{tree}_node" SET data = ? WHERE nodeno = {_ROOT}', (_blob(cells, size, depth=depth),))  # noqa: S608
    _enter(db, tree, [(_ROOT, cells)], depth)


def _cells(ids: npt.NDArray[np.int64], boxes: Boxes) -> npt.NDArray[np.void]:
    """Round boxes to 32 bits outwards, so that nothing in one is ever missed."""
    cells = np.empty(len(ids), dtype=_CELL)
    cells["id"] = ids
    near = boxes.astype(np.float32)
    for sides, beyond, far in ((_LOW, near > boxes, -np.inf), (_HIGH, near < boxes, np.inf)):
        moved = np.where(beyond, np.nextafter(near, np.float32(far)), near)
        cells["box"][:, sides] = moved[:, sides]
    return cells


def _packed(
    cells: npt.NDArray[np.void], room: int, *, after: int
) -> tuple[list[tuple[int, npt.NDArray[np.void]]], npt.NDArray[np.void]]:
    """Share cells out to nodes numbered from ``after`` on; gives the nodes, and a cell for each of them."""
    box = cells["box"].astype(np.float64)
    across, along = box[:, 0] + box[:, 1], box[:, 2] + box[:, 3]
    strips = max(round(np.sqrt(len(cells) / room)), 1)
    strip = np.empty(len(cells), dtype=np.int64)
    strip[np.argsort(across, kind="stable")] = np.arange(len(cells)) * strips // len(cells)
    order = np.lexsort((along, strip))
    cells, box = cells[order], box[order]
    starts = np.arange(0, len(cells), room)
    above = np.empty(len(starts), dtype=_CELL)
    above["id"] = after + 1 + np.arange(len(starts))
    above["box"][:, _LOW] = np.minimum.reduceat(box[:, _LOW], starts)
    above["box"][:, _HIGH] = np.maximum.reduceat(box[:, _HIGH], starts)
    return list(zip(above["id"].tolist(), np.split(cells, starts[1:]), strict=True)), above


def _blob(cells: npt.NDArray[np.void], size: int, *, depth: int = 0) -> bytes:
    return (depth.to_bytes(2, "big") + len(cells).to_bytes(2, "big") + cells.tobytes()).ljust(size, b"\0")


def _enter(db: sqlite3.Connection, tree: str, nodes: list[tuple[int, npt.NDArray[np.void]]], depth: int) -> None:
    """Write down in which node each row lies, or, above the leaves, each node."""
    table = f'"{tree}_parent"' if depth else f'"{tree}_rowid"'
    held = np.concatenate([cells["id"] for _, cells in nodes]).astype(np.int64)
    where = np.repeat([number for number, _ in nodes], [len(cells) for _, cells in nodes])
    order = np.argsort(held)
    db.executemany(f"INSERT INTO {table} VALUES (?, ?)", zip(held[order].tolist(), where[order].tolist(), strict=True))  # noqa: S608
