"""Roads: read the lines people travel on from any vector file."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from planner.area import StudyArea
from planner.arrays import Mask, Positions
from planner.errors import DataError, QuestionError
from planner.roads import Roads
from planner.sources.ledger import Ledger
from planner.sources.naming import apart, as_bounded, coded, from_content, leave_out_copies
from planner.sources.opening import open_records
from planner.sources.osm import is_osm, read_osm
from planner.sources.records import Geometries, Records
from planner.sources.references import Said
from planner.sources.schema import plain, schema
from planner.sources.shapes import checked, placed, referred, within
from planner.sources.values import absent, text, texts, yes_or_no
from planner.sources.watching import Progress

LINES = ("LineString", "MultiLineString")
ALONG = frozenset({"yes", "true", "t", "1", "1.0", "y", "f", "ft", "是", "单行", "单行线", "单向", "正向", "顺向"})
AGAINST = frozenset({"-1", "-1.0", "reverse", "tf", "反向", "逆向"})
BOTH = frozenset(
    {"", "no", "false", "0", "0.0", "n", "b", "both", "否", "双向", "双行", "reversible", "alternating", "2"}
)
KMH_OF_MPH = 1.609344
TWINS = 0.5  # a file half of whose lines run both ways draws each direction as a row

Path = str | os.PathLike[str]
Words = npt.NDArray[np.object_]


def read_roads(
    path: Path,
    *,
    area: StudyArea,
    crs: Said = None,
    layer: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    ignore: Iterable[str] = (),
    classes: Mapping[str, str] | None = None,
    directed: bool | None = None,
    transformation: str | None = None,
    repair: bool = False,
    progress: Progress | None = None,
) -> Roads:
    """Read road lines that touch the area or its buffer, whole: roads are never clipped at a border.

    Works with shapefile, GeoPackage, GeoParquet, GeoJSON, FlatGeobuf, FileGDB and KML, and with OpenStreetMap's
    ``.osm.pbf``, ``.osm`` and ``.graphml``, which `read_osm` reads: their tags say everything, so that options of
    other files are refused. ``columns`` maps our
    columns to the file's headings where they differ from the usual ones, ``classes`` its class words to
    OpenStreetMap's. ``directed`` says that each row is one direction of travel; by default it is
    found out: no one-way column, and half of the lines drawn both ways. The account of every row is in
    ``.report``. Raises `SourceError`, `CrsError`, `ColumnError`, or `QuestionError` for options that do not apply.
    """
    if is_osm(path):
        told = {"layer": layer, "encoding": encoding, "columns": columns, "ignore": tuple(ignore), "classes": classes,
                "directed": directed, "transformation": transformation, "repair": repair}  # fmt: skip
        return _from_osm(path, area, crs, [name for name, value in told.items() if value not in (None, False, (), {})])
    words = schema("roads")
    records = open_records(path, words, layer=layer, encoding=encoding, ignore=ignore, progress=progress)
    found = words.match(records.headings, columns=columns, file=records.where)
    ledger = Ledger(records)
    ledger.fact("columns", ", ".join(f"{name} <- {heading}" for name, heading in found.items()) or "none known")
    shapes = checked(records, ledger, of=LINES, repair=repair)
    reference = referred(records, ledger, shapes, crs=crs, area=area, transformation=transformation)
    lines = placed(shapes, ledger, reference, area)
    within(lines, ledger, area.wide)
    leave_out_copies(records.frame, lines, records.rows, ledger)
    if not ledger.standing.any():
        raise DataError(f"{records.where}: no road lies in {area.name} or within {area.buffer_metres:g} m of it")
    frame = _attributes(records, ledger, found, classes or {})
    lines, along = _directions(records, ledger, found, frame, lines, directed)
    frame["oneway"] = along
    return _roads(records, ledger, found, frame, lines, area)


def _from_osm(path: Path, area: StudyArea, crs: Said, told: list[str]) -> Roads:
    if crs is not None and CRS.from_user_input(crs).to_epsg() != 4326:
        told = ["crs", *told]
    if told:
        raise QuestionError(
            f"{os.fspath(path)} is OpenStreetMap data, always in WGS 84 and with its own tags;"
            f" leave out {', '.join(f'{name}=' for name in told)}"
        )
    return read_osm(path, area=area)


def _roads(
    records: Records, ledger: Ledger, found: Mapping[str, str], frame: pd.DataFrame, lines: Geometries, area: StudyArea
) -> Roads:
    """Single lines with IDs: a line of several parts becomes rows ``road:7/1``, ``road:7/2``, listed."""
    names = _names(records, found, lines)
    at = ledger.positions
    parts, which = _parts(lines[at])
    counts = np.bincount(which, minlength=len(at))
    ids = names[at[which]]
    if (several := counts > 1).any():
        counts = counts[several]
        ledger.repair(at[several], "geometry.split", "geometry", before="1", after=[str(one) for one in counts])
        for node in ("from_node", "to_node"):
            if node in frame:
                frame = frame.drop(columns=node)
        split = np.flatnonzero(several[which])
        numbers = pd.Series(which[split]).groupby(which[split]).cumcount() + 1
        ids[split] = [f"{name}/{number}" for name, number in zip(ids[split], numbers, strict=True)]
    table = frame.iloc[at[which]].set_axis(pd.Index(apart(ids), name="id", dtype=object))
    return Roads(gpd.GeoDataFrame(table, geometry=parts, crs=area.crs), report=ledger.report())


def _parts(lines: Geometries) -> tuple[Geometries, Positions]:
    """Single lines, and the row each is of."""
    if (shapely.get_type_id(lines) == shapely.GeometryType.LINESTRING).all():
        return lines, np.arange(len(lines))
    parts, which = shapely.get_parts(lines, return_index=True)
    return parts, which


def _names(records: Records, found: Mapping[str, str], lines: Geometries) -> Words:
    """IDs from a unique code column, else from class and shape."""
    if "id" in found:
        codes = texts(records.frame[found["id"]])
        if (codes != "").all() and len(set(codes)) == len(codes):
            return coded("road", codes)
    stands = ~shapely.is_missing(lines)
    names = np.full(len(records), "", dtype=object)
    rounded = shapely.set_precision(lines[stands], 0.01, mode="pointwise")
    names[stands] = from_content("road", [one.hex() for one in shapely.to_wkb(rounded)])
    return names


def _attributes(records: Records, ledger: Ledger, found: Mapping[str, str], classes: Mapping[str, str]) -> pd.DataFrame:
    frame = records.frame
    told: dict[str, Any] = {"road_class": _classes(records, ledger, found, classes)}
    if "speed_kmh" in found:
        told["speed_kmh"] = _speeds(frame[found["speed_kmh"]], ledger, found["speed_kmh"])
    if "name" in found:
        told["name"] = texts(frame[found["name"]])
    for name in ("walk", "drive"):
        if name in found:
            told[name] = yes_or_no(frame[found[name]], ledger, found[name])
    if "from_node" in found and "to_node" in found:
        ends = {name: frame[found[name]] for name in ("from_node", "to_node")}
        if not any((absent(one) & ledger.standing).any() for one in ends.values()):
            told |= {name: texts(values) for name, values in ends.items()}
        else:
            ledger.note(
                "节点编号不全，按端点坐标连接", "some rows have no node IDs; lines are joined by their end points"
            )
    return pd.DataFrame(told, index=pd.RangeIndex(len(records)))


@cache
def _class_words() -> tuple[frozenset[str], Mapping[str, str]]:
    data = tomllib.loads(files("planner.sources").joinpath("road_classes.toml").read_text(encoding="utf-8"))
    chinese = {plain(word): road_class for road_class, known in data["words"].items() for word in known}
    return frozenset(data["osm"]["classes"]), chinese


def _classes(records: Records, ledger: Ledger, found: Mapping[str, str], asked: Mapping[str, str]) -> Words:
    if "road_class" not in found:
        ledger.note(
            "没有道路等级列，全部按未知等级（road）处理", "there is no class column; every line is read as 'road'"
        )
        return np.full(len(records), "road", dtype=object)
    heading = found["road_class"]
    given = texts(records.frame[heading])
    mine = {plain(word): road_class for word, road_class in asked.items()}
    known = {word: mine.get(plain(word)) or _class_of(word) for word in set(given[ledger.standing])}
    word_of, words = pd.factorize(given)
    told = np.array([known.get(word) or "road" for word in words], dtype=object)[word_of]
    odd = ledger.standing & np.array([known.get(word) is None for word in words], bool)[word_of]
    ledger.repair(odd, "road.class_unknown", heading, before=given, after="road")
    counts = pd.Series(given[ledger.standing]).value_counts()
    ledger.table(
        "classes",
        pd.DataFrame(
            {
                "word": counts.index,
                "road_class": [known.get(word) or "road" for word in counts.index],
                "rows": counts.to_numpy(),
            }
        ),
    )
    return told


def _class_of(word: str) -> str | None:
    """The OpenStreetMap class of a word of the file, None where it is not known; of several, the first."""
    osm, chinese = _class_words()
    if word.startswith("["):
        try:
            word = text(next(iter(ast.literal_eval(word)), ""))
        except (ValueError, SyntaxError):
            return None
    lower = word.strip().lower().replace(" ", "_")
    return lower if lower in osm else chinese.get(plain(word))


def _speeds(values: pd.Series, ledger: Ledger, heading: str) -> npt.NDArray[np.float64]:
    """Posted speeds in km/h, NaN where unknown; 0 means unknown, a word that is no speed is listed."""
    known = {one: _kmh(one) for one in set(texts(values))}
    given = texts(values)
    told = np.array([known[one] or np.nan for one in given], dtype=float)
    odd = ledger.standing & np.array([known[one] is None for one in given], bool)
    ledger.repair(odd, "value.unknown", heading, before=given, after="")
    return told


def _kmh(one: str) -> float | None:
    """A speed in km/h; 0 where nothing is said, None where it cannot be understood."""
    if one.lower() in {"", "none", "signals", "variable", "walk", "nan"}:
        return 0.0
    match = re.fullmatch(
        r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|公里/小时|公里/时|千米/小时|mph)?", one.strip(), re.IGNORECASE
    )
    if match is None or float(match[1]) > 200:
        return None
    return float(match[1]) * (KMH_OF_MPH if (match[2] or "").lower() == "mph" else 1.0)


def _directions(
    records: Records,
    ledger: Ledger,
    found: Mapping[str, str],
    frame: pd.DataFrame,
    lines: Geometries,
    directed: bool | None,
) -> tuple[Geometries, Mask]:
    """Lines drawn the way they are travelled, and which may only be driven that way."""
    if "oneway" not in found:
        every = _drawn_both_ways(lines[ledger.standing]) if directed is None else directed
        ledger.fact("directed", f"{'yes' if every else 'no'} ({'found out' if directed is None else 'as asked'})")
        return lines, np.full(len(records), every)
    word_of, words = pd.factorize(texts(records.frame[found["oneway"]]))
    given = np.array([word.casefold() for word in words], dtype=object)
    along, against = np.isin(given, list(ALONG)), np.isin(given, list(AGAINST))
    odd = ledger.standing & (~along & ~against & ~np.isin(given, list(BOTH)))[word_of]
    given, along, against = given[word_of], along[word_of], against[word_of]
    ledger.repair(odd, "value.unknown", found["oneway"], before=given, after="no")
    turned = lines.copy()
    backwards = against & ledger.standing
    turned[backwards] = shapely.reverse(lines[backwards])
    ledger.repair(backwards, "road.reversed", found["oneway"], before=given, after="yes")
    if "from_node" in frame:
        swap = frame.loc[backwards, ["to_node", "from_node"]].to_numpy()
        frame.loc[backwards, ["from_node", "to_node"]] = swap
    return turned, (along | against | bool(directed)).astype(bool)


def _drawn_both_ways(lines: Geometries) -> bool:
    """Tell whether at least half of the lines have a twin drawn the other way."""
    boxed = lines[as_bounded(lines)]
    forward = shapely.to_wkb(boxed)
    backward = set(shapely.to_wkb(shapely.reverse(boxed)))
    return sum(one in backward for one in forward) >= TWINS * len(lines)
