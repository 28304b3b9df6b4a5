"""Workbooks: Excel files, old and new, as sheets of cells, opened only when they are harmless."""

from __future__ import annotations

import io
import re
import struct
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from planner.errors import SourceError
from planner.sources.archives import DAMAGE, check_sizes

BASE_1904 = re.compile(rb"date1904\s*=\s*[\"'](?:1|true)[\"']")
BOF, EOF, DATEMODE = 0x0809, 0x000A, 0x0022  # record numbers of BIFF, which an .xls is made of
MOST_RECORDS = 20_000  # looked at for the base of dates, which stands near the beginning


def open_workbook(path: Path) -> tuple[Any, list[str]]:
    """The workbook and the names of the sheets that hold anything; raises `SourceError`."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    raw = path.read_bytes()
    if raw[:2] == b"PK":
        _must_be_harmless(path)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))  # by content, not by name
        return book, [name for name in book.sheet_names if book.get_sheet_by_name(name).to_python(nrows=1)]
    except PasswordError as error:
        raise SourceError(
            f"{path.name} is protected by a password; save it without one", zh=f"{path.name} 设有密码，请去掉密码后另存"
        ) from error
    except (CalamineError, OSError, ValueError) as error:
        raise SourceError(
            f"{path.name} cannot be read as an Excel workbook: {error}; save it again as .xlsx",
            zh=f"{path.name} 无法作为 Excel 文件读取，请在 Excel 中重新另存为 .xlsx",
        ) from error


def sheets(path: Path) -> list[str]:
    """Names of the sheets that hold anything."""
    return open_workbook(path)[1]


def counts_from_1904(path: Path) -> bool:
    """Tell whether the workbook counts its days from 1904, as Excel for the Macintosh did, and not from 1900."""
    raw = path.read_bytes()
    if raw[:2] != b"PK":
        return _datemode(raw) == 1
    try:
        with ZipFile(io.BytesIO(raw)) as archive:
            return BASE_1904.search(archive.read("xl/workbook.xml")) is not None
    except (*DAMAGE, KeyError):
        return False


def _must_be_harmless(path: Path) -> None:
    try:
        with ZipFile(path) as archive:
            check_sizes(path, archive.infolist())
    except DAMAGE as error:
        raise SourceError(f"{path.name} is a damaged workbook: {error}; save it again as .xlsx") from error


def _datemode(raw: bytes) -> int:
    """The base of dates an .xls declares, found by walking its records from the first on; 0 where it says nothing."""
    at = raw.find(struct.pack("<HH", BOF, 16))
    for _ in range(MOST_RECORDS):
        if at < 0 or at + 6 > len(raw):
            return 0
        kind, length = struct.unpack_from("<HH", raw, at)
        if kind == DATEMODE and length == 2:
            return int(struct.unpack_from("<H", raw, at + 4)[0])
        if kind == EOF:
            return 0
        at += 4 + length
    return 0
