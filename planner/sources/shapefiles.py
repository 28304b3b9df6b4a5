"""Shapefiles: the parts of one, and whether they agree.

A ``.shp`` cut short reads without an error and loses its last shapes, so the counts in the three headers
and the sizes of the files are compared before anything is read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from planner.errors import SourceError

SUFFIXES = (".shp", ".shx", ".dbf", ".prj", ".cpg")
NULL_SHAPE = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """The files of one shapefile that are there; ``.shp`` and ``.dbf`` always, ``.shx`` maybe rebuilt as bytes."""

    shp: Path
    dbf: Path
    shx: Path | bytes
    prj: Path | None
    cpg: Path | None

    @property
    def declared_encoding(self) -> str:
        """What ``.cpg`` says, else a code page in the ``.dbf`` header that somebody chose on purpose, else nothing."""
        if self.cpg is not None and (
            said := self.cpg.read_bytes()[:64].decode("ascii", "replace").strip("\x00 \r\n\t\ufeff")
        ):
            return said
        with self.dbf.open("rb") as file:
            head = file.read(32)
        language = head[29] if len(head) > 29 else 0
        return f"LDID/{language}" if language in (77, 79, 120) else ""  # GBK, Big5; the Western ones are a default


def companions(shp: Path) -> dict[str, Path]:
    """The files of a shapefile that are there, by suffix, in a fixed order, the ``.shp`` first."""
    beside = {file.suffix.lower(): file for file in sorted(shp.parent.iterdir()) if file.stem == shp.stem}
    beside[".shp"] = shp
    return {suffix: beside[suffix] for suffix in SUFFIXES if suffix in beside}


def find_parts(shp: Path) -> Parts:
    """Find the companions of a ``.shp`` and check that they agree; raises `SourceError` telling the counts."""
    beside = companions(shp)
    if ".dbf" not in beside:
        raise SourceError(
            f"{shp.name} has no attribute table (无属性表): {shp.stem}.dbf is missing;"
            " copy all parts of the shapefile together",
            zh=f"{shp.name} 无属性表：缺少 {shp.stem}.dbf，请将 shapefile 的全部文件一并复制",
        )
    index = beside.get(".shx")
    count = None if index is None else _indexed(shp, index)
    offsets = _scan(shp) if count is None else []
    shx: Path | bytes = index or _index(shp, offsets)
    parts = Parts(shp, beside[".dbf"], shx, beside.get(".prj"), beside.get(".cpg"))
    _compare(parts, len(offsets) if count is None else count)
    return parts


def deleted_rows(dbf: Path) -> int:
    """Count the rows a ``.dbf`` marks as deleted; readers pass over them."""
    count, header, width = dbf_shape(dbf)
    if not count or not width:
        return 0
    with dbf.open("rb") as file:
        file.seek(header)
        body = file.read(count * width)
    marks = np.frombuffer(body, np.uint8)[: len(body) // width * width : width]
    return int((marks == ord("*")).sum())


def dbf_shape(dbf: Path) -> tuple[int, int, int]:
    """Rows, bytes of the header and bytes a row, as a ``.dbf`` header says."""
    with dbf.open("rb") as file:
        head = file.read(32)
    if len(head) < 32:
        raise SourceError(f"{dbf.name} is cut short: it has no complete header")
    count, header, width = struct.unpack("<IHH", head[4:12])
    return int(count), int(header), int(width)


def _indexed(shp: Path, shx: Path) -> int | None:
    """Count the records where the index leads through the whole file without a gap; None where it does not."""
    data = np.fromfile(shp, np.uint8)
    index = shx.read_bytes()[100:]
    if len(data) < 100 or not index or len(index) % 8:
        return None
    entries = np.frombuffer(index, ">i4")
    starts, lengths = entries[0::2].astype(np.int64) * 2, entries[1::2].astype(np.int64) * 2
    ends = starts + 8 + lengths
    said = int.from_bytes(data[24:28].tobytes(), "big") * 2
    if (
        starts[0] != 100
        or (lengths < 4).any()
        or (starts[1:] != ends[:-1]).any()
        or ends[-1] != len(data)
        or said != len(data)
    ):
        return None
    told = data[starts[:, None] + 4 + np.arange(4)].astype(np.int64) @ np.array([1 << 24, 1 << 16, 1 << 8, 1])
    return len(starts) if (told * 2 == lengths).all() else None


def _scan(shp: Path) -> list[tuple[int, int]]:
    """Offset and length, in 16-bit words, of every record, walking the file itself."""
    data = shp.read_bytes()
    if len(data) < 100:
        raise SourceError(f"{shp.name} is cut short: its header has {len(data)} of 100 bytes")
    said = int.from_bytes(data[24:28], "big") * 2
    found, at = [], 100
    end = min(said, len(data))
    while at + 8 <= end:
        length = int.from_bytes(data[at + 4 : at + 8], "big")
        if length < 2 or at + 8 + length * 2 > len(data):
            break
        found.append((at // 2, length))
        at += 8 + length * 2
    if len(data) < said:
        raise SourceError(
            f"{shp.name} is cut short: {len(data):,} bytes of {said:,}, {len(found):,} whole records can be read;"
            " get the file again",
            zh=f"{shp.name} 不完整：应有 {said:,} 字节，实有 {len(data):,} 字节，只能读出 {len(found):,} 个完整图形；请重新获取该文件",
        )
    if at < end:
        raise SourceError(
            f"{shp.name} is damaged after record {len(found):,} (byte {at:,} of {said:,}); get the file again",
            zh=f"{shp.name} 在第 {len(found):,} 个图形之后损坏（第 {at:,} 字节），请重新获取该文件",
        )
    return found


def _index(shp: Path, offsets: list[tuple[int, int]]) -> bytes:
    with shp.open("rb") as file:
        head = bytearray(file.read(100))
    head[24:28] = ((100 + 8 * len(offsets)) // 2).to_bytes(4, "big")
    return bytes(head) + b"".join(struct.pack(">ii", *one) for one in offsets)


def _compare(parts: Parts, shapes: int) -> None:
    rows, header, width = dbf_shape(parts.dbf)
    size = parts.dbf.stat().st_size
    if size < header + rows * width:
        whole = max(0, size - header) // width if width else 0
        raise SourceError(
            f"{parts.dbf.name} is cut short: it says {rows:,} rows but holds {whole:,}; get the shapefile again",
            zh=f"{parts.dbf.name} 不完整：应有 {rows:,} 行，实有 {whole:,} 行；请重新获取整套文件",
        )
    counts = {".shp": shapes, ".dbf": rows}
    if isinstance(parts.shx, Path):
        counts[".shx"] = (parts.shx.stat().st_size - 100) // 8
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        raise SourceError(
            f"the parts of {parts.shp.stem} do not belong together: records in {told}; get all parts from one export",
            zh=f"{parts.shp.stem} 的各文件不配套，记录数分别为 {told}；请使用同一次导出的全套文件",
        )
