"""Office files: builders of the files GIS staff hand over, good and bad, for tests."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from shapely import LineString, Point, box

from tests.town import CRS, SOUTH, WEST

DEGREES = "EPSG:4490"


def lines_frame(count: int = 4, **columns: list[Any]) -> gpd.GeoDataFrame:
    """Streets from west to east, 200 m apart, in the town."""
    geometry = [LineString([(WEST + 100, SOUTH + 200 * at), (WEST + 1900, SOUTH + 200 * at)]) for at in range(count)]
    data = {"等级": ["支路"] * count, "路名": [f"东西{at}路" for at in range(count)]} | columns
    return gpd.GeoDataFrame(data, geometry=geometry, crs=CRS)


def shapefile(
    folder: Path,
    frame: gpd.GeoDataFrame,
    name: str = "roads",
    *,
    encoding: str = "GB18030",
    cpg: str | None = None,
    prj: bool = True,
) -> Path:
    """A shapefile in an encoding, with the .cpg told (none by default) and with or without a .prj."""
    path = folder / f"{name}.shp"
    pyogrio.write_dataframe(frame, path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    dbf[29] = 0  # no code page in the header either
    path.with_suffix(".dbf").write_bytes(dbf)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg, encoding="ascii")
    if not prj:
        path.with_suffix(".prj").unlink(missing_ok=True)
    return path


def zipped(path: Path, *files: Path, names: list[str] | None = None) -> Path:
    """An archive of files under their own or the given names."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for at, file in enumerate(files):
            archive.write(file, file.name if names is None else names[at])
    return path


def parts(shp: Path) -> list[Path]:
    """Every file of a shapefile."""
    return sorted(one for one in shp.parent.iterdir() if one.stem == shp.stem)


def gbk_named_zip(path: Path, entries: dict[str, bytes]) -> Path:
    """An archive whose names are GBK bytes without the UTF-8 flag, as Windows tools in China write them."""
    plain = {f"{at:08d}{'x' * (len(name.encode('gb18030')) - 8)}": name for at, name in enumerate(entries)}
    with zipfile.ZipFile(path, "w") as archive:
        for stand_in, name in plain.items():
            archive.writestr(stand_in, entries[name])
    raw = path.read_bytes()
    for stand_in, name in plain.items():
        raw = raw.replace(stand_in.encode(), name.encode("gb18030"))
    path.write_bytes(raw)
    return path


def degrees(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The same in CGCS2000 degrees."""
    return frame.to_crs(DEGREES)


def lonlat(x: float, y: float) -> tuple[float, float]:
    """Degrees of a place in metres from the town's corner."""
    point = gpd.GeoSeries([Point(WEST + x, SOUTH + y)], crs=CRS).to_crs(DEGREES).iloc[0]
    return point.x, point.y


def districts_file(folder: Path, name: str = "districts.gpkg") -> Path:
    """Two districts side by side, one a neighbour far away."""
    frame = gpd.GeoDataFrame(
        {"code": ["379901", "379902", "379903"], "name": ["东区", "西区", "远区"]},
        geometry=[
            box(WEST + 1000, SOUTH, WEST + 2000, SOUTH + 2000),
            box(WEST, SOUTH, WEST + 1000, SOUTH + 2000),
            box(WEST + 50_000, SOUTH, WEST + 51_000, SOUTH + 1000),
        ],
        crs=CRS,
    )
    path = folder / name
    pyogrio.write_dataframe(degrees(frame), path)
    return path


def workbook(
    path: Path, rows: list[list[Any]], *, merged: list[tuple[int, int, int, int]] = (), sheet: str = "一览表"
) -> Path:
    """An Excel file with rows from the first line on; merged ranges by first row, first column, last row, last column."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet(sheet)
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    page.write(at, column, value)
        for first, left, last, right in merged:
            page.merge_range(first, left, last, right, rows[first][left])
    return path


def copy_into(folder: Path, *files: Path) -> Path:
    """Copies of files in a folder of their own."""
    folder.mkdir(exist_ok=True)
    for file in files:
        shutil.copyfile(file, folder / file.name)
    return folder


def cells_csv(
    path: Path, rows: list[tuple[float, float, Any]], *, encoding: str = "utf-8", heading: str = "总人口"
) -> Path:
    """Cells by place in metres from the corner and people."""
    told = [(*lonlat(x, y), people) for x, y, people in rows]
    pd.DataFrame(told, columns=["lon", "lat", heading]).to_csv(path, index=False, encoding=encoding)
    return path


def valid(frame: gpd.GeoDataFrame) -> bool:
    """Whether every shape is valid."""
    return bool(shapely.is_valid(frame.geometry.to_numpy()).all())
