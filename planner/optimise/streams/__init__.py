"""Streams: customers by the million, taken block by block, and merged by the sites that reach them as they come.

A set of sites is known by a 64-bit sum of random keys, one a site, and a second sum checks it. Memory holds one block
and the sets met so far. What is left is a `Problem` of some thousands of rows.
"""

from __future__ import annotations

from planner.optimise.streams.merging import Pairs, Places, merge_pairs, merge_places

__all__ = ["Pairs", "Places", "merge_pairs", "merge_places"]
