"""Styles: how each exported layer looks when QGIS opens it."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd

POINT = (
    '<symbol type="marker" name="{at}"><layer class="SimpleMarker"><Option type="Map">'
    '<Option name="color" type="QString" value="{rgb},255"/><Option name="size" type="QString" value="{size}"/>'
    '<Option name="outline_color" type="QString" value="255,255,255,255"/>'
    '<Option name="outline_width" type="QString" value="0.2"/>'
    "</Option></layer></symbol>"
)
LINE = (
    '<symbol type="line" name="{at}"><layer class="SimpleLine"><Option type="Map">'
    '<Option name="line_color" type="QString" value="{rgb},255"/><Option name="line_width" type="QString" value="0.4"/>'
    "</Option></layer></symbol>"
)
POLYGON = (
    '<symbol type="fill" name="{at}"><layer class="SimpleFill"><Option type="Map">'
    '<Option name="color" type="QString" value="{rgb},0"/>'
    '<Option name="outline_color" type="QString" value="{rgb},255"/>'
    '<Option name="outline_width" type="QString" value="0.4"/></Option></layer></symbol>'
)
PAGE = '<!DOCTYPE qgis><qgis version="3.28" styleCategories="Symbology">{renderer}</qgis>'
RED, BLUE, GREEN, GREY = "196,52,45", "31,94,168", "74,152,98", "110,110,110"
SYMBOLS = {"Point": POINT, "MultiPoint": POINT, "LineString": LINE, "MultiLineString": LINE}
SIMPLE = {"new_sites": (RED, "3.2"), "existing_sites": (BLUE, "2.6"), "units": (GREY, "1"), "area": (GREY, "1")}


def style_of(name: str, frame: gpd.GeoDataFrame) -> str:
    """QGIS style (QML) of a layer: demand by who is covered, everything else in one colour."""
    shape = str(frame.geom_type.iloc[0]) if len(frame) else "Point"
    symbol = SYMBOLS.get(shape, POLYGON)
    if name == "demand" and "covered" in frame:
        told = (("true", "可及 covered", GREEN), ("false", "不可及 not covered", RED))
        return _by_value("covered", symbol, told)
    colour, size = SIMPLE.get(name, (BLUE, "2"))
    one = symbol.format(at=0, rgb=colour, size=size)
    return PAGE.format(renderer=f'<renderer-v2 type="singleSymbol"><symbols>{one}</symbols></renderer-v2>')


def _by_value(column: str, symbol: str, values: Sequence[tuple[str, str, str]]) -> str:
    symbols = "".join(symbol.format(at=at, rgb=rgb, size="1.2") for at, (_, _, rgb) in enumerate(values))
    categories = "".join(
        f'<category value="{value}" symbol="{at}" label="{label}" render="true" type="bool"/>'
        for at, (value, label, _) in enumerate(values)
    )
    return PAGE.format(
        renderer=f'<renderer-v2 type="categorizedSymbol" attr="{column}"><categories>{categories}</categories>'
        f"<symbols>{symbols}</symbols></renderer-v2>"
    )
