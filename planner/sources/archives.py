"""Archives: zip files opened only after every entry has been looked at.

A shapefile travels as a zip; so do attacks. Nothing is unpacked before names, kinds and sizes of all entries are
found harmless, and unpacking counts bytes itself, since an archive may lie about them.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from struct import error as StructError  # noqa: N812 - an exception, named like one
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, LargeZipFile, ZipFile, ZipInfo
from zlib import error as DeflateError  # noqa: N812 - an exception, named like one

from planner.errors import SourceError

DAMAGE = (
    BadZipFile,
    LargeZipFile,
    DeflateError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    OverflowError,
    StructError,
)
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1
VECTORS = (".shp", ".gpkg", ".geojson", ".json", ".fgb", ".parquet", ".kml", ".gdb", ".tif", ".tiff")
LISTS = (".csv", ".xlsx", ".xls")
NESTED = (".zip", ".kmz", ".rar", ".7z", ".gz", ".tar")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an archive may hold: entries, bytes once unpacked, and how many times larger than packed."""

    entries: int = 2000
    unpacked_bytes: int = 4 << 30
    ratio: int = 500
    small_bytes: int = 16 << 20  # an archive this small once unpacked harms nobody, whatever its ratio


LIMITS = Limits()


@contextmanager
def unpacked(path: Path, *, limits: Limits = LIMITS) -> Iterator[Path]:
    """Give a private folder with the archive's files; raises `SourceError` before anything is unpacked."""
    with TemporaryDirectory(prefix="planner-") as folder:
        try:
            with ZipFile(path) as archive:
                _unpack(path, archive, _checked(path, archive.infolist(), limits), Path(folder), limits)
        except SourceError:
            raise
        except DAMAGE as error:
            raise SourceError(f"{path.name} is a damaged zip archive: {error}; get it again") from error
        yield Path(folder)


def _checked(path: Path, entries: list[ZipInfo], limits: Limits) -> dict[str, ZipInfo]:
    """Entries by their decoded, harmless names."""
    check_sizes(path, entries, limits)
    names: dict[str, ZipInfo] = {}
    for entry in entries:
        name = _name(entry)
        _must_be_harmless(path, name, entry)
        if entry.is_dir() or name.startswith("__MACOSX/") or Path(name).name.startswith("."):
            continue
        if name in names:
            raise SourceError(f"{path.name} holds {name!r} twice; pack it again")
        names[name] = entry
    return names


def check_sizes(path: Path, entries: list[ZipInfo], limits: Limits = LIMITS) -> None:
    """Raise `SourceError` where an archive holds too many files, or would grow too large."""
    if len(entries) > limits.entries:
        raise SourceError(f"{path.name} holds {len(entries):,} files, more than {limits.entries:,}; pack only the data")
    total = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if total > limits.unpacked_bytes:
        raise SourceError(f"{path.name} would unpack to {total:,} bytes, more than {limits.unpacked_bytes:,}")
    if total > limits.small_bytes and total / packed > limits.ratio:
        raise SourceError(
            f"{path.name} would grow {total / packed:,.0f} times when unpacked, like a zip bomb; refused",
            zh=f"{path.name} 解压后将膨胀 {total / packed:,.0f} 倍，疑似恶意文件，已拒绝",
        )


def _name(entry: ZipInfo) -> str:
    """The entry's name: UTF-8 where the archive says so, else UTF-8 or GB18030 by trial."""
    if entry.flag_bits & UTF8_FLAG:
        return entry.filename.replace("\\", "/")
    raw = entry.orig_filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding).replace("\\", "/")
        except UnicodeDecodeError:
            continue
    return entry.filename.replace("\\", "/")


def _must_be_harmless(path: Path, name: str, entry: ZipInfo) -> None:
    if name.startswith("/") or re.match(r"^[A-Za-z]:", name):
        raise SourceError(f"{path.name} holds an absolute path, {name!r}; it is refused")
    if ".." in name.split("/") or "\x00" in name:
        raise SourceError(f"{path.name} holds a path that leads outside, {name!r}; it is refused")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise SourceError(f"{path.name} holds a link, {name!r}; it is refused")
    if entry.flag_bits & ENCRYPTED_FLAG:
        raise SourceError(f"{path.name} is protected by a password; pack it without one")
    if name.lower().endswith(NESTED):
        raise SourceError(f"{path.name} holds another archive, {name!r}; unpack it and give the one with the data")


def _unpack(path: Path, archive: ZipFile, names: dict[str, ZipInfo], folder: Path, limits: Limits) -> None:
    left = limits.unpacked_bytes
    for name, entry in names.items():
        target = folder.joinpath(*[part for part in name.split("/") if part])
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as packed, target.open("xb") as out:
            while chunk := packed.read(1 << 20):
                left -= len(chunk)
                if left < 0:
                    raise SourceError(f"{path.name} unpacks to more than {limits.unpacked_bytes:,} bytes; refused")
                out.write(chunk)


def datasets(folder: Path) -> dict[str, Path]:
    """Data sets in an unpacked archive by the name they are asked for: layers first, lists where there are none."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    geodatabases = sorted({parent for file in files for parent in file.parents if parent.suffix.lower() == ".gdb"})
    found = geodatabases + [
        file
        for file in files
        if file.suffix.lower() in VECTORS and not any(one in file.parents for one in geodatabases)
    ]
    found = found or [file for file in files if file.suffix.lower() in LISTS]
    stems = [file.stem for file in found]
    return {(file.stem if stems.count(file.stem) == 1 else str(file.relative_to(folder))): file for file in found}


def choose(path: Path, folder: Path, layer: str | None) -> tuple[Path, str | None]:
    """The data set an unpacked archive is read for, and what is left of ``layer`` for it; raises `SourceError`."""
    found = datasets(folder)
    if not found:
        held = ", ".join(sorted(file.name for file in folder.rglob("*") if file.is_file())[:8])
        raise SourceError(
            f"{path.name} holds no data that is read ({held or 'it is empty'})",
            zh=f"{path.name} 中没有可读的数据（{held or '压缩包为空'}）",
        )
    if layer is not None and layer in found:
        return found[layer], None
    if len(found) == 1:
        return next(iter(found.values())), layer
    if layer is not None:
        raise SourceError(f"{path.name} has no layer {layer!r}; it has {', '.join(found)}")
    raise SourceError(
        f"{path.name} holds {len(found)} data sets: {', '.join(found)}; say which with layer= (--layer)",
        zh=f"{path.name} 中有 {len(found)} 份数据：{'、'.join(found)}；请用 --layer 指明读哪一份",
    )
