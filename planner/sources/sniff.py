"""Sniff: what a file is, by what it begins with and never by its name.

GDAL opens whatever it recognises, and a virtual format under a ``.geojson`` name makes it read
other files. So only formats named here are opened, and only after their first bytes were seen.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from zlib import crc32

from planner.errors import SourceError

HEAD = 65536
REMOTE = re.compile(r"^(?:[a-z][a-z0-9+.-]*://|/vsi|[A-Z0-9_]+:)", re.IGNORECASE)
DRIVE = re.compile(r"^[A-Za-z]:[\\/]")


class Format(StrEnum):
    """The formats that are read."""

    SHAPEFILE = "shapefile"
    DBF = "dBASE table"
    GEOPACKAGE = "GeoPackage"
    GEOJSON = "GeoJSON"
    FLATGEOBUF = "FlatGeobuf"
    PARQUET = "Parquet"
    FILEGDB = "FileGDB"
    KML = "KML"
    GEOTIFF = "GeoTIFF"
    CSV = "CSV"
    XLSX = "Excel"
    XLS = "Excel 97-2003"
    ZIP = "zip"


def local(path: str | os.PathLike[str]) -> Path:
    """Give the path of a file on this machine; refuse addresses, GDAL's virtual paths, and what is no file.

    Raises `SourceError`.
    """
    text = os.fspath(path)
    if REMOTE.match(text) and not DRIVE.match(text):
        raise SourceError(
            f"{text!r} is an address, not a file; download it first, then give the file's path",
            zh=f"{text} 是网络地址，不是文件；请先下载，再给出文件路径",
        )
    found = Path(text)
    try:
        mode = found.stat().st_mode
    except FileNotFoundError:
        raise SourceError(f"no such file: {text}", zh=f"没有这个文件：{text}") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{text!r} cannot be opened: {error}") from error
    if stat.S_ISDIR(mode) and found.suffix.lower() != ".gdb":
        raise SourceError(f"{text} is a folder; give the file within it", zh=f"{text} 是文件夹，请指明其中的文件")
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise SourceError(f"{text} is not a regular file (a pipe or device); copy its content into a file first")
    if stat.S_ISREG(mode) and found.stat().st_size == 0:
        raise SourceError(f"{text} is empty (0 bytes)", zh=f"{text} 是空文件（0 字节）")
    return found


def recognise(path: Path) -> Format:
    """Tell a file's format from its content; raises `SourceError` for one that is not read, and says why."""
    if path.is_dir():
        if any(path.glob("a00000001.gdbtable")):
            return Format.FILEGDB
        raise SourceError(f"{path.name} is named like a FileGDB but holds none")
    with path.open("rb") as file:
        head = file.read(HEAD)
    return _by_magic(head, path) or _by_text(head, path)


MAGIC = (
    (b"\x00\x00\x27\x0a", Format.SHAPEFILE),
    (b"fgb", Format.FLATGEOBUF),
    (b"PAR1", Format.PARQUET),
    (b"II*\x00", Format.GEOTIFF),
    (b"MM\x00*", Format.GEOTIFF),
    (b"II+\x00", Format.GEOTIFF),
    (b"MM\x00+", Format.GEOTIFF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format.XLS),
)


def _by_magic(head: bytes, path: Path) -> Format | None:
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    if head[:16] == b"SQLite format 3\x00":
        return _sqlite(head, path)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return Format.XLSX if _is_workbook(path) else Format.ZIP
    for magic, what, advice in REFUSED:
        if head.startswith(magic):
            raise SourceError(f"{path.name} is {what}; {advice}")
    return None


REFUSED = (
    (b"\x80\x02", "a pickle", "pickles can run code and are never read; save it as GeoParquet or GeoPackage"),
    (b"\x80\x03", "a pickle", "pickles can run code and are never read; save it as GeoParquet or GeoPackage"),
    (b"\x80\x04", "a pickle", "pickles can run code and are never read; save it as GeoParquet or GeoPackage"),
    (b"\x80\x05", "a pickle", "pickles can run code and are never read; save it as GeoParquet or GeoPackage"),
    (b"AutoCAD Binary DXF", "a DXF drawing", "a drawing has no attributes; convert its layer to a shapefile first"),
    (b"AC10", "a DWG drawing", "a drawing has no attributes; convert its layer to a shapefile first"),
    (b"Rar!", "a RAR archive", "unpack it, or pack it as zip"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it, or pack it as zip"),
    (b"\x1f\x8b", "a gzip archive", "unpack it, or pack it as zip"),
    (b"%PDF", "a PDF", "ask for the data it was made from"),
    (b"\x89PNG", "a picture", "ask for the data it was made from"),
    (b"\xff\xd8\xff", "a picture", "ask for the data it was made from"),
)


def _sqlite(head: bytes, path: Path) -> Format:
    if head[68:72] in (b"GPKG", b"GP10", b"GP11"):
        return Format.GEOPACKAGE
    raise SourceError(
        f"{path.name} is an SQLite database but no GeoPackage (application_id {head[68:72].hex()});"
        " open it in QGIS and export the layer as GeoPackage"
    )


def _is_workbook(path: Path) -> bool:
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
    except (BadZipFile, OSError, ValueError, RuntimeError, OverflowError, struct.error) as error:
        raise SourceError(f"{path.name} is a damaged zip archive: {error}") from error
    return "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names)


def _by_text(head: bytes, path: Path) -> Format:
    if path.suffix.lower() == ".dbf" and head[:1] in (b"\x03", b"\x30", b"\x83", b"\x8b", b"\xf5"):
        return Format.DBF
    text = _opening(head)
    start = text[:2000].lower()
    if start.startswith(("{", "[", "\x1e")):
        return _json(text, path)
    if start.startswith("<"):
        return _xml(start, path)
    if re.match(r"\s*0\r?\n\s*section", start) or re.match(r"\s*999\r?\n", start):
        raise SourceError(
            f"{path.name} is a DXF drawing; it has no attributes and often no CRS: in QGIS or CAD save the layer you"
            " need as shapefile or GeoPackage, with its coordinate system",
            zh=f"{path.name} 是 DXF 图形文件，没有属性表，通常也没有坐标系：请在 QGIS 或 CAD 中将所需图层另存为 shapefile 或"
            " GeoPackage，并指定坐标系",
        )
    if b"\x00" in head[:4096] and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceError(f"{path.name} is in a format that is not read (it begins with {head[:8].hex(' ')})")
    if path.suffix.lower() in {
        ".shp",
        ".gpkg",
        ".geojson",
        ".fgb",
        ".parquet",
        ".xlsx",
        ".xls",
        ".tif",
        ".tiff",
        ".zip",
    }:
        raise SourceError(
            f"{path.name} is named {path.suffix} but does not hold that (it begins with {head[:8].hex(' ')});"
            " the file is damaged or wrongly named",
            zh=f"{path.name} 的内容不是 {path.suffix} 格式，文件已损坏或扩展名有误",
        )
    return Format.CSV


def _opening(head: bytes) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace").lstrip()
    return head.decode("latin-1").lstrip()


def _json(text: str, path: Path) -> Format:
    if '"Topology"' in text[:2000]:
        raise SourceError(f"{path.name} is TopoJSON, which is for drawing; save it as GeoJSON (a FeatureCollection)")
    if '"FeatureCollection"' in text or re.search(
        r'"type"\s*:\s*"(?:Feature|(?:Multi)?(?:Point|LineString|Polygon))"', text
    ):
        return Format.GEOJSON
    if '"coordinates"' in text or '"features"' in text:
        return Format.GEOJSON
    raise SourceError(f"{path.name} is JSON without features; save it as GeoJSON (a FeatureCollection)")


def _xml(start: str, path: Path) -> Format:
    if "<!doctype html" in start or "<html" in start or "<table" in start:
        raise SourceError(
            f"{path.name} is a web page, whatever its name says; open it in Excel and save it as .xlsx",
            zh=f"{path.name} 实为网页文件；请用 Excel 打开后另存为 .xlsx",
        )
    if _declares_entities(path):
        raise SourceError(f"{path.name} declares a DOCTYPE, which data files never need and attacks do; it is refused")
    if "<kml" in start:
        return Format.KML
    if "<ogrvrt" in start or "<vrtdataset" in start:
        raise SourceError(f"{path.name} is a GDAL virtual dataset that points to other files; give the data itself")
    if "<?mso-application" in start or "urn:schemas-microsoft-com:office:spreadsheet" in start:
        raise SourceError(f"{path.name} is an XML spreadsheet of Excel 2003; open it in Excel and save it as .xlsx")
    raise SourceError(f"{path.name} is XML of a kind that is not read; give GeoPackage, shapefile, GeoJSON or KML")


def _declares_entities(path: Path) -> bool:
    """Tell whether an XML file holds a DOCTYPE or ENTITY anywhere, in whatever width its characters are."""
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            plain = (tail + chunk.replace(b"\x00", b"")).lower()
            if b"<!doctype" in plain or b"<!entity" in plain:
                return True
            tail = plain[-16:]
    return False


def digest(paths: list[Path]) -> str:
    """SHA-256 over the content of files, in the order given, as hex."""
    total = hashlib.sha256()
    for chunk in _chunks(paths):
        total.update(chunk)
    return total.hexdigest()


@contextmanager
def unchanged(paths: list[Path]) -> Iterator[str]:
    """Give the SHA-256 of files about to be read; raises `SourceError` where they change while they are."""
    total, before = hashlib.sha256(), 0
    for chunk in _chunks(paths):
        total.update(chunk)
        before = crc32(chunk, before)
    yield total.hexdigest()
    after = 0  # a checksum shows a change as well, five times as fast
    for chunk in _chunks(paths):
        after = crc32(chunk, after)
    if after != before:
        raise SourceError(
            f"{paths[0].name} changed while it was being read; wait until it is complete and read it again",
            zh=f"{paths[0].name} 在读取过程中发生了变化，请等文件写完后重新读取",
        )


def _chunks(paths: list[Path]) -> Iterator[bytes]:
    for path in paths:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk
