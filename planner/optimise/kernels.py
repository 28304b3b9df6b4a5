"""Kernels: the compiled inner loops over compressed rows.

All take the rows by site (``starts``, ``rows``) and by row (``row_starts``, ``row_sites``). Importing this
module loads numba; callers import it inside functions, so that ``import planner`` stays quick.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from planner.compiling import compiler

jit = compiler(__file__)

Array: TypeAlias = npt.NDArray[Any]

FAR = 0.2
"""How often annealing tries a place where nobody is served, rather than one nearby."""
FITS = 60
"""Most looks for the level that leaves just the room."""


@jit
def undominated(starts: Array, rows: Array, row_starts: Array, row_sites: Array, cost: Array) -> Array:
    """Which sites stay: those whose rows no other site covers too at no more cost; of equals, the first."""
    sites = len(starts) - 1
    stays = np.ones(sites, np.bool_)
    seen = np.full(len(row_starts) - 1, -1, np.int64)
    for site in range(sites):
        low, high = starts[site], starts[site + 1]
        if low == high:
            stays[site] = False
            continue
        rarest = rows[low]
        for k in range(low, high):
            seen[rows[k]] = site
            if row_starts[rows[k] + 1] - row_starts[rows[k]] < row_starts[rarest + 1] - row_starts[rarest]:
                rarest = rows[k]
        for k in range(row_starts[rarest], row_starts[rarest + 1]):
            other = row_sites[k]
            if other == site or not stays[other] or cost[other] > cost[site]:
                continue
            size = starts[other + 1] - starts[other]
            if size < high - low or (size == high - low and cost[other] == cost[site] and other > site):
                continue
            shared = 0
            for m in range(starts[other], starts[other + 1]):
                if seen[rows[m]] == site:
                    shared += 1
            if shared == high - low:
                stays[site] = False
                break
    return stays


@jit
def gains_of(starts: Array, rows: Array, people: Array, count: Array, need: Array) -> Array:
    """People each site would add now: those of its rows that want just one more, shape ``(sites,)``."""
    gains = np.zeros(len(starts) - 1)
    for site in range(len(starts) - 1):
        for k in range(starts[site], starts[site + 1]):
            if count[rows[k]] == need[rows[k]] - 1:
                gains[site] += people[rows[k]]
    return gains


@jit
def open_site(
    site: int, starts: Array, rows: Array, row_starts: Array, row_sites: Array, people: Array, need: Array,
    count: Array, gains: Array, losses: Array,
) -> None:  # fmt: skip
    """Open a site and keep ``count`` (open sites a row), ``gains`` and ``losses`` (people lost by closing) right."""
    for k in range(starts[site], starts[site + 1]):
        row = rows[k]
        before = count[row]
        count[row] = before + 1
        wants = need[row]
        if before == wants - 1:
            for m in range(row_starts[row], row_starts[row + 1]):
                gains[row_sites[m]] -= people[row]
                losses[row_sites[m]] += people[row]
        elif before == wants:
            for m in range(row_starts[row], row_starts[row + 1]):
                losses[row_sites[m]] -= people[row]
        if before == wants - 2:
            for m in range(row_starts[row], row_starts[row + 1]):
                gains[row_sites[m]] += people[row]


@jit
def close_site(
    site: int, starts: Array, rows: Array, row_starts: Array, row_sites: Array, people: Array, need: Array,
    count: Array, gains: Array, losses: Array,
) -> None:  # fmt: skip
    """Close a site: the reverse of `open_site`."""
    for k in range(starts[site], starts[site + 1]):
        row = rows[k]
        after = count[row] - 1
        count[row] = after
        wants = need[row]
        if after == wants - 1:
            for m in range(row_starts[row], row_starts[row + 1]):
                gains[row_sites[m]] += people[row]
                losses[row_sites[m]] -= people[row]
        elif after == wants:
            for m in range(row_starts[row], row_starts[row + 1]):
                losses[row_sites[m]] += people[row]
        if after == wants - 2:
            for m in range(row_starts[row], row_starts[row + 1]):
                gains[row_sites[m]] -= people[row]


@jit
def add_best(opened: Array, gains: Array, cost: Array, left: float, room: int, by_cost: bool) -> int:
    """Closed site with the greatest gain (or gain a unit of cost) that still fits, or -1; ties go to the first."""
    best, most = -1, 0.0
    if room <= 0:
        return best
    for site in range(len(gains)):
        if opened[site] or cost[site] > left:
            continue
        worth = gains[site] / max(cost[site], 1e-9) if by_cost else gains[site]
        if worth > most * (1 + 1e-12) + 1e-12:
            best, most = site, worth
    return best


@jit
def greedy(
    opened: Array, starts: Array, rows: Array, row_starts: Array, row_sites: Array, people: Array, need: Array,
    count: Array, gains: Array, losses: Array, cost: Array, budget: float, room: int, by_cost: bool,
) -> float:  # fmt: skip
    """Open the best site again and again until nothing more fits or helps; gives the cost spent."""
    spent = 0.0
    while True:
        site = add_best(opened, gains, cost, budget - spent, room, by_cost)
        if site < 0:
            return spent
        opened[site] = True
        spent += cost[site]
        room -= 1
        open_site(site, starts, rows, row_starts, row_sites, people, need, count, gains, losses)


@jit
def swap_descent(
    opened: Array, starts: Array, rows: Array, row_starts: Array, row_sites: Array, people: Array, need: Array,
    count: Array, gains: Array, losses: Array, cost: Array, slack: float, sweeps: int,
) -> float:  # fmt: skip
    """Swap one open site for a better closed one until none helps; of equally good ones the lower ID stands.

    Each open site in turn steps aside and the best site takes its place (Teitz and Bart 1968). Gives the slack left
    in the budget.
    """
    sites = len(opened)
    for _ in range(sweeps):
        moved = False
        for out in range(sites):
            if not opened[out]:
                continue
            close_site(out, starts, rows, row_starts, row_sites, people, need, count, gains, losses)
            opened[out] = False
            best, most = out, gains[out]
            for site in range(sites):
                if opened[site] or cost[site] > slack + cost[out]:
                    continue
                edge = 1e-10 * max(1.0, most)
                if gains[site] > most + edge or (site < best and gains[site] >= most - edge):
                    best, most = site, gains[site]
            opened[best] = True
            slack += cost[out] - cost[best]
            moved = moved or best != out
            open_site(best, starts, rows, row_starts, row_sites, people, need, count, gains, losses)
        if not moved:
            break
    return slack


@jit
def _random(state: Array) -> float:
    """A number from 0 to 1 (xorshift64*), the state kept in ``state[0]``: the same on every machine."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return ((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@jit
def _leave(site: int, starts: Array, rows: Array, people: Array, count: Array, bare: Array) -> float:
    """Take an open site away from the ``count`` of its rows; gives the people whom no other serves, who join ``bare``."""
    lost = 0.0
    for k in range(starts[site], starts[site + 1]):
        row = rows[k]
        count[row] -= 1
        bare[row] = people[row] * (count[row] == 0)
        lost += bare[row]
    return lost


@jit
def _enter(site: int, starts: Array, rows: Array, count: Array, bare: Array) -> None:
    """Count an open site in its rows."""
    for k in range(starts[site], starts[site + 1]):
        count[rows[k]] += 1
        bare[rows[k]] = 0.0


@jit
def _sum_at(values: Array, at: Array, first: int, last: int) -> float:
    """The sum of the values at ``at[first:last]``, in four strands since one waits for each addition."""
    one, two, three, four = 0.0, 0.0, 0.0, 0.0
    whole = last - (last - first) % 4
    for k in range(first, whole, 4):
        one += values[at[k]]
        two += values[at[k + 1]]
        three += values[at[k + 2]]
        four += values[at[k + 3]]
    for k in range(whole, last):
        one += values[at[k]]
    return (one + two) + (three + four)


@jit
def _proposed(
    out: int, far: float, starts: Array, rows: Array, row_starts: Array, row_sites: Array, count: Array, state: Array
) -> int:  # fmt: skip
    """A site to open in place of another: one that shares a row with it or, so often as ``far``, one of a row not served."""
    row = rows[starts[out] + int(_random(state) * (starts[out + 1] - starts[out]))]
    if _random(state) < far:
        for _ in range(10):
            other = int(_random(state) * len(count))
            if count[other] == 0:
                row = other
                break
    return row_sites[row_starts[row] + int(_random(state) * (row_starts[row + 1] - row_starts[row]))]


@jit
def anneal(
    opened: Array, places: Array, starts: Array, rows: Array, row_starts: Array, row_sites: Array,
    people: Array, count: Array, heat: float, moves: int, tries: int, state: Array,
) -> None:  # fmt: skip
    """Move random open sites to random others, for worse ones as ``heat`` allows (in people).

    Each move looks at up to ``tries`` others in turn. Only ``count`` and people not served are kept, so that a move that is
    not taken costs a few looks at its rows. ``places`` are the open sites.
    """
    bare = people * (count == 0)
    for _ in range(moves):
        place = int(_random(state) * len(places))
        out = places[place]
        lost, taken = _leave(out, starts, rows, people, count, bare), out
        for _ in range(tries):
            site = _proposed(out, FAR, starts, rows, row_starts, row_sites, count, state)
            if opened[site]:
                continue
            gain = _sum_at(bare, rows, starts[site], starts[site + 1])
            if gain >= lost or _random(state) < np.exp((gain - lost) / heat):
                taken = site
                break
        opened[out], opened[taken] = False, True
        places[place] = taken
        _enter(taken, starts, rows, count, bare)


@jit
def _fit(marks: Array, strides: Array, room: float, openings: Array) -> None:
    """Set openings from 0 to 1 that sum to ``room`` or less, nearest to the marks where a site's stride is its freedom."""
    low, high, level = 0.0, 0.0, 0.0
    for site in range(len(marks)):
        high = max(high, marks[site] / strides[site])
    for _ in range(FITS):
        total, slope = 0.0, 0.0
        for site in range(len(marks)):
            left = marks[site] - level * strides[site]
            total += min(1.0, max(0.0, left))
            slope += strides[site] * (0.0 < left < 1.0)
        if total > room:
            low = level
        else:
            high = level
        if abs(total - room) <= 1e-10 * room or high <= 0.0:
            break
        level = level + (total - room) / slope if slope > 0.0 else low
        if not low < level < high:
            level = (low + high) / 2
    for site in range(len(marks)):
        openings[site] = min(1.0, max(0.0, marks[site] - level * strides[site]))


@jit
def walk(
    starts: Array, rows: Array, row_starts: Array, row_columns: Array, weight: Array, wants: Array, misses: Array, room: int,
    by_row: Array, by_column: Array, steps: int, shares: Array, parts: Array, all_shares: Array, all_parts: Array,
) -> None:  # fmt: skip
    """Take steps of prices and openings towards each other, with strides ``by_row`` and ``by_column``.

    A price, as a share of its row's ``weight``, falls where its columns sum to more than the row ``wants``; columns rise where their
    rows' prices call: sites, as far as there is room, then what is missed of some rows, which costs ``misses`` (primal-dual hybrid
    gradient). All that was met on the way adds to ``all_shares`` and ``all_parts``.
    """
    sites = len(parts) - len(misses)
    ahead, marks, after = parts.copy(), np.empty(sites), np.empty(sites)
    prices = weight * shares
    for _ in range(steps):
        for row in range(len(weight)):
            over = _sum_at(ahead, row_columns, row_starts[row], row_starts[row + 1]) - wants[row]
            shares[row] = min(1.0, max(0.0, shares[row] - by_row[row] * over))
            prices[row] = weight[row] * shares[row]
            all_shares[row] += shares[row]
        for site in range(sites):
            marks[site] = parts[site] + by_column[site] * _sum_at(prices, rows, starts[site], starts[site + 1])
        _fit(marks, by_column[:sites], float(room), after)
        for site in range(sites):
            ahead[site] = 2.0 * after[site] - parts[site]
            parts[site] = after[site]
        for k in range(len(misses)):
            column = sites + k
            call = _sum_at(prices, rows, starts[column], starts[column + 1]) - misses[k]
            missed = min(1.0, max(0.0, parts[column] + by_column[column] * call))
            ahead[column] = 2.0 * missed - parts[column]
            parts[column] = missed
        for column in range(len(parts)):
            all_parts[column] += parts[column]


@jit
def worth_of(starts: Array, rows: Array, prices: Array) -> Array:
    """What each site earns at these prices, ``(sites,)``."""
    worth = np.empty(len(starts) - 1)
    for site in range(len(worth)):
        worth[site] = _sum_at(prices, rows, starts[site], starts[site + 1])
    return worth


@jit
def left_out(row_starts: Array, row_sites: Array, openings: Array) -> Array:
    """What openings from 0 to 1 leave of each row, ``(rows,)``: 1 less what its sites open in sum, or 0."""
    left = np.empty(len(row_starts) - 1)
    for row in range(len(left)):
        left[row] = max(0.0, 1.0 - _sum_at(openings, row_sites, row_starts[row], row_starts[row + 1]))
    return left
