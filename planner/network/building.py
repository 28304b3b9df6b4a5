"""Building: from road lines to a network, in whole arrays."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.arrays import Lines, Mask, Points, Positions
from planner.errors import DataError
from planner.network.chains import Chains
from planner.network.checks import near_misses, pieces_apart, self_loops
from planner.network.crossings import with_waits
from planner.network.findings import finding, gathered, lengths_that_differ, summary
from planner.network.graph import Network
from planner.network.hilbert import hilbert_distance
from planner.network.pieces import Pieces, merged
from planner.network.travel import chosen_profile, pace, permitted, waited_for
from planner.profiles import Mode, Profile
from planner.roads import Roads

NODE_METRES = 1.0  # ends of one node may lie this far apart before it is told


def build_network(
    roads: Roads, *, mode: Mode = "walk", profile: Profile | None = None, metres_per_second: float | None = None
) -> Network:
    """Make the graph that people walk or drive on from road lines.

    Where roads name their own nodes (``from_node``, ``to_node``) these are trusted. Otherwise roads join where
    an end or a vertex of one equals an end or a vertex of another to the millimetre; roads that merely cross,
    as on a bridge, do not join. Lines drawn once for each direction become one edge; of lines that run the same
    course the quickest is kept. Lengths are measured along the lines; a ``length_metres`` of the source is only
    compared. The order of the roads changes nothing but the row numbers in ``Network.road``.

    ``metres_per_second`` replaces the walking speed of the profile, on the road and on the straight leg to it.
    With ``crossing_seconds`` in the profile, streets get the wait to cross the roads they meet (`with_waits`).
    `Network.findings` lists what was mended, merged or left out. Raises `DataError` where no road is open to
    the mode, `QuestionError` where mode, profile and speed do not go together.
    """
    profile = chosen_profile(mode, profile, metres_per_second)
    if not len(roads):
        raise DataError("there are no roads to build a network from; does the file overlap the area?")
    by_id = np.argsort(roads.ids.to_numpy(dtype=str), kind="stable")
    frame = roads.frame.iloc[by_id]
    open_, told = permitted(frame, profile)
    used = np.flatnonzero(open_ | (waited_for(frame, profile) > 0))  # those only crossed are left out in the end
    frame = frame.iloc[used]
    pieces, node_xy, notes = _noded(frame, open_[used], profile)
    told += notes
    network = _compiled(pieces, node_xy, frame, profile)
    ids = frame.index.to_numpy(dtype=object)
    told += [self_loops(network, ids), near_misses(network, ids), pieces_apart(network)]
    return replace(network, road=by_id[used][network.road], findings=gathered(told))


def _noded(frame: gpd.GeoDataFrame, open_: Mask, profile: Profile) -> tuple[Pieces, Points, list[pd.DataFrame]]:
    """Edges in the making, the place of each node they name, and what there is to tell."""
    ids = frame.index.to_numpy(dtype=object)
    trusted = _names_nodes(frame)
    whole, told = _whole(frame, open_, profile, exact=trusted)
    once = merged(whole, ids)
    if trusted:
        xy, notes = _node_places(once.pieces, ids)
        return once.pieces, xy, [*told, *_told_of(once.twins, [once.duplicates]), *notes]
    twice = merged(once.pieces.cut_where_they_meet(), ids)
    chains = whole.chains
    xy = np.empty((int(chains.vertex.max()) + 1, 2))
    xy[chains.vertex[::-1]] = chains.xy[::-1]  # of places equal to the millimetre, that of the lowest road ID
    told += _told_of(once.twins + twice.twins, [once.duplicates, twice.duplicates])
    return twice.pieces, xy, told


def _names_nodes(frame: gpd.GeoDataFrame) -> bool:
    named = [name for name in ("from_node", "to_node") if name in frame]
    if len(named) == 1:
        raise DataError(f"roads have {named[0]} but not the other end's; give both from_node and to_node, or neither")
    return len(named) == 2


def _whole(frame: gpd.GeoDataFrame, open_: Mask, profile: Profile, *, exact: bool) -> tuple[Pieces, list[pd.DataFrame]]:
    """Every road as one piece, those without length left out; one that is not open takes for ever."""
    ids = frame.index.to_numpy(dtype=object)
    speeds, told = pace(frame, profile)
    chains = Chains.of(frame.geometry.to_numpy(), exact=exact)
    tail, head = chains.first, chains.last
    if exact:
        ends = pd.concat([frame["from_node"], frame["to_node"]]).astype(str).to_numpy(dtype=object)
        tail, head = np.split(pd.factorize(ends, sort=True)[0], 2)
    empty = chains.corners < 2
    told.append(finding("zero-length", ids[empty]))
    if "length_metres" in frame:
        told.append(lengths_that_differ(ids[~empty], chains.metres[~empty], frame["length_metres"][~empty]))
    single = frame["oneway"].to_numpy(dtype=bool)
    forward, backward = (np.where(open_, minutes, np.inf) for minutes in (speeds.forward, speeds.backward))
    pieces = Pieces(chains, tail, head, np.arange(len(frame)), forward, backward, single)
    if empty.all():
        raise DataError(f"none of the {len(frame):,} roads has any length; are the coordinates metres?")
    return pieces.taken(np.flatnonzero(~empty)), told


def _node_places(pieces: Pieces, ids: Lines) -> tuple[Points, list[pd.DataFrame]]:
    """Where trusted nodes lie, by the end of the lowest road ID, and the roads that end elsewhere."""
    chains = pieces.chains
    node = np.concatenate((pieces.tail, pieces.head))
    ends = np.concatenate((chains.xy[chains.starts[:-1]], chains.xy[chains.starts[1:] - 1]))
    road = np.concatenate((pieces.road, pieces.road))
    order = np.lexsort((np.arange(len(node)), road))[::-1]
    xy = np.full((int(node.max()) + 1, 2), np.nan)
    xy[node[order]] = ends[order]
    apart = np.hypot(*(ends - xy[node]).T)
    far = np.flatnonzero(apart > NODE_METRES)
    return xy, [finding("node-apart", ids[road[far]], metres=apart[far])]


def _told_of(twins: int, duplicates: list[pd.DataFrame]) -> list[pd.DataFrame]:
    return ([summary("twins", twins)] if twins else []) + duplicates


def _compiled(pieces: Pieces, node_xy: Points, frame: gpd.GeoDataFrame, profile: Profile) -> Network:
    """Add waits at crossings, number nodes along the curve, put edges in order of their ends, and fill in minutes."""
    if profile.crossing_seconds:
        pieces, node_xy = with_waits(pieces, node_xy, waited_for(frame, profile)[pieces.road])
        pieces = pieces.taken(np.flatnonzero(np.isfinite(np.minimum(pieces.forward, pieces.backward))))
    xy, tail, head = _numbered_along_the_curve(node_xy, pieces.tail, pieces.head)
    order = np.lexsort((np.arange(len(pieces)), pieces.road, head, tail))
    pieces, tail, head = pieces.taken(order), tail[order], head[order]
    metres = pieces.chains.metres
    road_class = frame["road_class"].to_numpy(dtype=object)[pieces.road]
    attaches = ~pd.Series(road_class).isin(profile.never_attach).to_numpy(dtype=bool)
    forward, backward = metres * pieces.forward, metres * pieces.backward
    return Network(
        xy,
        tail,
        head,
        metres,
        forward,
        backward,
        pieces.chains.lines,
        pieces.road,
        road_class,
        attaches,
        profile,
        frame.crs,
    )


def _numbered_along_the_curve(node_xy: Points, tail: Positions, head: Positions) -> tuple[Points, Positions, Positions]:
    """Nodes in use, in the order a Hilbert curve passes them, ties by x, y and the number they had."""
    in_use = np.zeros(len(node_xy), bool)
    in_use[tail] = in_use[head] = True
    used = np.flatnonzero(in_use)
    xy = node_xy[used]
    order = np.lexsort((used, xy[:, 1], xy[:, 0], hilbert_distance(xy)))
    number = np.full(len(node_xy), -1, np.int64)
    number[used[order]] = np.arange(len(used))
    return xy[order], number[tail], number[head]
