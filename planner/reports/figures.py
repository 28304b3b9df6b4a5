"""Figures: the map of a plan and the frontier of plans as still pictures for documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from planner.arrays import Points
from planner.errors import DataError
from planner.facts import Facts, time_classes, title, words
from planner.facts.secrecy import public
from planner.layers import Layer
from planner.network import Network
from planner.plan import Plan

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei",
    "PingFang SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei", "Noto Serif CJK SC", "Noto Serif CJK JP",
    "SimSun", "Heiti SC",
)  # fmt: skip
COLOURS = ("#0b4f8a", "#3f8fc5", "#9ccbe6", "#f0a04b", "#6b6b6b")
EXISTING, ADDED = "#1d2b36", "#8a0f6b"
AREA_COLOURS = {"water": "#bcd9ea", "green": "#d5e6c5"}
WIDE_ROADS = ("motorway", "trunk", "primary", "secondary")


def has_chinese_font() -> bool:
    """Whether this machine has a font with Chinese letters, which figures and the brief's picture need."""
    return _chinese_font() is not None


def _chinese_font() -> str | None:
    from matplotlib import font_manager

    here = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in here), None)


def chinese_font() -> str:
    """Name of a font here that has Chinese letters; raises `DataError`, saying what to install, where none is."""
    found = _chinese_font()
    if found is None:
        raise DataError(
            "no Chinese font on this machine, so a figure would show boxes: install one"
            " (Debian and Ubuntu: apt install fonts-noto-cjk; Windows has Microsoft YaHei) and run again"
        )
    return found


def plan_figure(
    facts: Facts,
    *,
    network: Network | None = None,
    layers: Mapping[str, gpd.GeoDataFrame | Layer] | None = None,
    lang: str = "zh",
    inches: tuple[float, float] = (10.0, 7.2),
) -> Figure:
    """The map of a plan as a matplotlib figure; ``figure.savefig("x.png"|"x.pdf"|"x.svg")`` writes it.

    Raises `DataError` where the machine has no Chinese font.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"font.family": chinese_font(), "axes.unicode_minus": False, "svg.fonttype": "path"}):
        figure = Figure(figsize=inches, layout="constrained", dpi=200)
        axes: Any = figure.add_subplot()
        axes.set_axis_off()
        axes.set_aspect("equal")
        _base(axes, facts, network, layers or {})
        if facts.hidden is None:
            _people(axes, facts, lang)
        _stations(axes, facts, lang)
        _furniture(axes, facts, lang)
        figure.suptitle(title(facts, lang), fontsize=16, fontweight="bold")
        return figure


def _base(axes: Any, facts: Facts, network: Network | None, layers: Mapping[str, gpd.GeoDataFrame | Layer]) -> None:
    crs = facts.coverage.demand.crs
    for name, shape in layers.items():
        frame = public(shape.frame if isinstance(shape, Layer) else shape)
        frame.to_crs(crs).plot(ax=axes, color=AREA_COLOURS.get(name, "#e5dccb"), linewidth=1, zorder=1, aspect=None)
    if network is not None:
        from matplotlib.collections import LineCollection

        wide = np.array([str(name).startswith(WIDE_ROADS) for name in network.road_class])
        for rows, colour, width in ((~wide, "#dcd8ce", 0.25), (wide, "#c4a46f", 0.6)):
            lines = [shapely.get_coordinates(line) for line in shapely.simplify(network.lines[rows], 5.0)]
            axes.add_collection(LineCollection(lines, colors=colour, linewidths=width, zorder=2, rasterized=True))
    if facts.units is None:
        return
    for level, width, style in (
        ("village", 0.2, ":"),
        ("town", 0.5, "--"),
        ("district", 1.1, "-."),
        ("city", 1.4, "-"),
    ):
        if level in facts.units.levels:
            units = facts.units.at(level).frame
            units.boundary.plot(ax=axes, color="#444444", linewidth=width, linestyle=style, zorder=4, aspect=None)
    for row in facts.units.at(facts.units.levels[0]).frame.itertuples():
        at = row.geometry.representative_point()
        axes.annotate(
            row.name, (at.x, at.y), ha="center", fontsize=10, fontweight="bold", zorder=8, path_effects=_halo()
        )


def _halo() -> list[Any]:
    from matplotlib import patheffects

    return [patheffects.withStroke(linewidth=2.5, foreground="white")]


def _people(axes: Any, facts: Facts, lang: str) -> None:
    """People by travel time to the nearest open station, each point once."""
    coverage, said = facts.coverage, words(lang)
    opened = facts.opened[~facts.opened.isin(facts.secret)]
    minutes = pd.Series(np.inf, index=coverage.demand.ids)
    nearest = coverage.nearest(opened)["minutes"]
    minutes.loc[nearest.index] = nearest
    ends = time_classes(coverage.limit)
    kind = np.searchsorted(ends, minutes.to_numpy() - 1e-6)
    kind[(kind == 3) & ~coverage.connected] = 4
    names = [said["class_first"].replace("{to}", f"{ends[0]:g}")]
    names += [
        said["class_next"].replace("{from}", f"{start:g}").replace("{to}", f"{end:g}") for start, end in pairwise(ends)
    ]
    names += [said["uncovered_word"], said["not_connected_word"]]
    lived, side = coverage.demand.people > 0, _cell_points(axes, coverage.demand.xy)
    for row, (name, colour) in enumerate(zip(names, COLOURS, strict=True)):
        xy = coverage.demand.xy[(kind == row) & lived]
        axes.scatter(*xy.T, s=side**2, c=colour, marker="s", linewidths=0, label=name, zorder=3, rasterized=True)


def _cell_points(axes: Any, xy: Points) -> float:
    """Side of a cell in points, so that neighbours just touch on paper."""
    extent = np.ptp(xy, axis=0).max() if len(xy) else 1.0
    near = cKDTree(xy).query(xy[:: max(1, len(xy) // 1000)], k=2)[0][:, 1] if len(xy) > 1 else np.array([100.0])
    inches = min(axes.figure.get_size_inches()) * 0.8
    return float(np.clip(np.median(near) / max(extent, 1.0) * inches * 72, 0.4, 6.0))


def _stations(axes: Any, facts: Facts, lang: str) -> None:
    said, sites = words(lang), facts.coverage.sites
    for table, style in (
        (
            facts.existing_sites,
            {"s": 9, "c": EXISTING, "marker": "s", "label": said["existing_site_short"], "zorder": 5},
        ),
        (facts.new_sites, {"s": 42, "c": ADDED, "marker": "o", "label": said["new_site_short"], "zorder": 6}),
    ):
        if len(table):
            xy = sites.xy[sites.positions(table.index)]
            axes.scatter(*xy.T, edgecolors="white", linewidths=0.5, **style)
    if len(facts.new_sites):
        xy = sites.xy[sites.positions(facts.new_sites.index)]
        for (x, y), rank in zip(xy, facts.new_sites["rank"], strict=True):
            axes.annotate(str(rank), (x, y), ha="center", va="center", fontsize=4.5, color="white", zorder=7)


def _furniture(axes: Any, facts: Facts, lang: str) -> None:
    """Legend, scale bar, north, and the line below with coordinate system, dates and stamp."""
    said = words(lang)
    axes.autoscale_view()
    legend = axes.legend(loc="lower right", fontsize=8, title=said["legend"], markerscale=1.6, framealpha=0.95)
    legend.set_zorder(9)
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    length = _nice((east - west) / 5)
    x, y = west + (east - west) * 0.02, south + (north - south) * 0.02
    axes.plot([x, x + length], [y, y], color="#222222", linewidth=2.5, zorder=9)
    axes.annotate(
        f"{length / 1000:g} km", (x + length / 2, y), (0, 4), textcoords="offset points", ha="center", fontsize=8
    )
    arrow = {"arrowstyle": "-|>", "color": "#222222"}
    axes.annotate("", (0.97, 0.95), (0.97, 0.87), xycoords="axes fraction", arrowprops=arrow)
    axes.annotate(said["north"], (0.97, 0.955), xycoords="axes fraction", ha="center", va="bottom", fontsize=11)
    stamp = f"{said['approval']} {facts.map_approval}" if facts.map_approval else said["internal"]
    crs = facts.coverage.demand.crs
    parts = [f"{said['crs']}: {crs.to_string()}", f"{said['made_on']}: {facts.made_on}", stamp]
    if facts.on:
        parts.insert(1, f"{said['date']}: {facts.on}")
    axes.set_title("    ".join(parts), y=-0.04, fontsize=8, color="#444444")


def _nice(metres: float) -> float:
    """A round length of at most so many metres: 1, 2 or 5 times a power of ten."""
    power = 10 ** np.floor(np.log10(metres))
    return float(max(step * power for step in (1, 2, 5) if step * power <= metres))


def frontier_figure(plans: Sequence[Plan], *, lang: str = "zh", inches: tuple[float, float] = (7.2, 4.4)) -> Figure:
    """Share of people covered against the number of new stations, one point a plan; the gap to the bound as a bar."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    if not plans:
        raise DataError("a frontier needs at least one plan")
    said = words(lang)
    ordered = sorted(plans, key=lambda plan: (len(plan.added), plan.share))
    with mpl.rc_context({"font.family": chinese_font(), "axes.unicode_minus": False}):
        figure = Figure(figsize=inches, layout="constrained", dpi=200)
        axes: Any = figure.add_subplot()
        new, shares = [len(plan.added) for plan in ordered], [100 * plan.share for plan in ordered]
        above = [100 * plan.share * plan.gap for plan in ordered]
        axes.errorbar(new, shares, yerr=[[0] * len(new), above], color=COLOURS[0], marker="o", capsize=3, linewidth=1.6)
        for count, share in zip(new, shares, strict=True):
            axes.annotate(f"{share:.1f}%", (count, share), (0, 7), textcoords="offset points", ha="center", fontsize=8)
        axes.set(xlabel=said["new_site_short"], ylabel=f"{said['share']} (%)", ylim=(0, 105))
        axes.grid(alpha=0.3)
        figure.suptitle(said["frontier"], fontsize=13, fontweight="bold")
        return figure
