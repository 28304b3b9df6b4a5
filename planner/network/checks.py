"""Checks: what looks wrong in a finished network, for the planner to judge."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from planner.arrays import Lines
from planner.network.findings import finding, summary
from planner.network.graph import Network

NEAR_METRES = 1.0  # a dead end this near another road was probably meant to join it


def self_loops(network: Network, ids: Lines) -> pd.DataFrame:
    """Edges that end where they start; people live along them, so they stay."""
    loops = np.flatnonzero(network.tail == network.head)
    loops = loops[np.lexsort((loops, network.road[loops]))]
    return finding("self-loop", ids[network.road[loops]], metres=network.metres[loops])


def near_misses(network: Network, ids: Lines) -> pd.DataFrame:
    """Dead ends that stop just short of a road, or on it where it has no vertex, and so do not join it."""
    roads_at = np.bincount(network.tail, minlength=len(network.xy)) + np.bincount(
        network.head, minlength=len(network.xy)
    )
    dead = np.flatnonzero(roads_at == 1)
    if not len(dead):
        return finding("near-miss", [])
    ends = np.asarray(shapely.points(network.xy[dead]), object)
    near, edge = shapely.STRtree(network.lines).query(ends, predicate="dwithin", distance=NEAR_METRES)
    other = (network.tail[edge] != dead[near]) & (network.head[edge] != dead[near])
    near, edge = near[other], edge[other]
    metres = shapely.distance(ends[near], network.lines[edge])
    own = np.full(len(network.xy), -1)
    own[network.tail], own[network.head] = np.arange(len(network)), np.arange(len(network))
    order = np.lexsort((network.road[edge], network.road[own[dead[near]]]))
    mine, theirs = network.road[own[dead[near]]][order], network.road[edge][order]
    return finding("near-miss", ids[mine], metres=metres[order], other=ids[theirs])


def pieces_apart(network: Network) -> pd.DataFrame:
    """Whether the network is in several pieces: who lives by one reaches nothing on another."""
    pieces = network.pieces[network.tail]
    metres = np.bincount(pieces, weights=network.metres)
    if len(metres) < 2:
        return finding("pieces", [])
    return summary("pieces", len(metres), share=float(metres[0] / metres.sum()))
