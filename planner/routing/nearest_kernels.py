"""Kernels of nearest: searches from all sites at once, labels of (ticks, site) that propagate over the network.

Sites are numbered by rank, so that the lesser of two labels is the one to keep, ties included.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
# numba infers the types of what it compiles
from __future__ import annotations

import heapq

import numpy as np

from planner.routing.kernels import HEAD_BITS, HEAD_MASK, jit
from planner.routing.row_kernels import TICK
from planner.routing.ticks import NEVER

ENTRY = np.dtype([("ticks", np.int64), ("node", np.int32), ("next", np.int32)], align=True)


@jit
def nodes_nearest_one(arcs, doors, cut, shift):
    """Give the nearest site of each node and its ticks, shape ``(nodes, 1)``."""
    nodes = len(arcs.starts) - 1
    starts, links = arcs.starts, arcs.arcs
    site, time = np.full((nodes, 1), -1, np.int32), np.full((nodes, 1), NEVER, np.int64)
    pool = np.empty(len(links) + 2 * len(doors.tail) + 16, ENTRY)
    buckets = np.full((cut >> shift) + 1, -1, np.int32)
    used, free = 0, -1
    for end in range(2):
        for door in range(len(doors.tail)):
            node = doors.tail[door] if end == 0 else doors.head[door]
            ticks = doors.to_tail[door] if end == 0 else doors.to_head[door]
            better = ticks < time[node, 0] or (ticks == time[node, 0] and door < site[node, 0])
            if ticks <= cut and better:
                time[node, 0], site[node, 0] = ticks, door
                pool[used].ticks, pool[used].node, pool[used].next = ticks, node, buckets[ticks >> shift]
                buckets[ticks >> shift] = used
                used += 1
    for bucket in range(len(buckets)):
        while buckets[bucket] >= 0:
            entry = buckets[bucket]
            now, node = pool[entry].ticks, pool[entry].node
            buckets[bucket] = pool[entry].next
            pool[entry].next = free
            free = entry
            if now != time[node, 0]:
                continue
            door = site[node, 0]
            for at in range(starts[node], starts[node + 1]):
                ticks = now + (links[at] >> HEAD_BITS)
                head = links[at] & HEAD_MASK
                if ticks > cut or ticks > time[head, 0] or (ticks == time[head, 0] and door >= site[head, 0]):
                    continue
                time[head, 0], site[head, 0] = ticks, door
                if free >= 0:
                    entry = free
                    free = pool[entry].next
                else:
                    if used == len(pool):
                        larger = np.empty(2 * len(pool), ENTRY)
                        larger[:used] = pool
                        pool = larger
                    entry = used
                    used += 1
                pool[entry].ticks, pool[entry].node, pool[entry].next = ticks, head, buckets[ticks >> shift]
                buckets[ticks >> shift] = entry
    return site, time


@jit
def nodes_nearest(arcs, doors, count, cut):
    """Give the few nearest sites of each node and their ticks, shape ``(nodes, count)``, nearest first."""
    nodes = len(arcs.starts) - 1
    starts, links = arcs.starts, arcs.arcs
    site, time = np.full((nodes, count), -1, np.int32), np.full((nodes, count), NEVER, np.int64)
    have = np.zeros(nodes, np.int32)
    heap = [(np.int64(0), np.int64(0), np.int64(0))]
    heap.pop()
    for door in range(len(doors.tail)):
        if doors.to_tail[door] <= cut:
            heap.append((np.int64(doors.to_tail[door]), np.int64(door), np.int64(doors.tail[door])))
        if doors.to_head[door] <= cut:
            heap.append((np.int64(doors.to_head[door]), np.int64(door), np.int64(doors.head[door])))
    heapq.heapify(heap)
    while len(heap) > 0:
        now, door, node = heapq.heappop(heap)
        if have[node] == count or _knows(site, node, have[node], door):
            continue
        site[node, have[node]], time[node, have[node]] = door, now
        have[node] += 1
        for at in range(starts[node], starts[node + 1]):
            ticks = now + (links[at] >> HEAD_BITS)
            head = links[at] & HEAD_MASK
            if ticks <= cut and have[head] < count and not _knows(site, head, have[head], door):
                heapq.heappush(heap, (np.int64(ticks), np.int64(door), np.int64(head)))
    return site, time


@jit
def _knows(site, node, have, door):
    for at in range(have):  # noqa: SIM110 - numba compiles no generators
        if site[node, at] == door:
            return True
    return False


@jit
def homes_nearest(homes, doors, node_site, node_time, cut):
    """Give the nearest sites of each demand point and their ticks: over either end of its edge, or along it."""
    count = node_site.shape[1]
    site, time = np.full((len(homes.homes), count), -1, np.int32), np.full((len(homes.homes), count), NEVER, np.int64)
    for home in range(len(homes.homes)):
        for end in range(2):
            node = homes.homes[home].low if end == 0 else homes.homes[home].high
            leg = homes.homes[home].to_low if end == 0 else homes.homes[home].to_high
            for at in range(count):
                if node_site[node, at] >= 0 and node_time[node, at] + leg <= cut:
                    _insert(site, time, home, node_site[node, at], node_time[node, at] + leg)
    for door in range(len(doors.tail)):
        for home in range(doors.first[door], doors.last[door]):
            step = homes.fraction[home] - doors.fraction[door]
            along = 0.0
            if step != 0.0:
                along = abs(step) * (doors.upward[door] if step > 0 else doors.downward[door])
            if along <= cut * TICK:
                ticks = np.int64(np.rint(along / TICK)) + homes.access[home] + doors.access[door]
                if ticks <= cut:
                    _insert(site, time, home, door, ticks)
    return site, time


@jit
def _insert(site, time, home, door, ticks):
    """Put a site among a point's nearest, once, where it belongs; the last falls out."""
    count = site.shape[1]
    at = 0
    while at < count - 1 and site[home, at] != door:
        at += 1
    if site[home, at] == door:
        if ticks >= time[home, at]:
            return
    elif not (ticks < time[home, at] or (ticks == time[home, at] and door < site[home, at])):
        return
    while at > 0 and (ticks < time[home, at - 1] or (ticks == time[home, at - 1] and door < site[home, at - 1])):
        site[home, at], time[home, at] = site[home, at - 1], time[home, at - 1]
        at -= 1
    site[home, at], time[home, at] = door, ticks
