"""Choosing: the sites a service may count on and could open, and what is said of those that do not count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path

from planner.area import StudyArea
from planner.candidates import (
    candidate_sites,
    candidates_from_hosts,
    candidates_from_people,
    candidates_in_squares,
    candidates_in_units,
)
from planner.errors import DataError
from planner.facts.secrecy import may_leave
from planner.imports import ImportReport
from planner.network import Network
from planner.project.inputs import Inputs, reading_options
from planner.project.settings import HostsBlock, ServiceBlock
from planner.project.watch import Progress
from planner.sites import Sites
from planner.sources import read_sites
from planner.sources.osm import is_osm, read_osm_sites
from planner.texts import Text


@dataclass(frozen=True, eq=False)
class Choosable:
    """Existing sites and candidates together, the accounts of their files, and what does not count."""

    sites: Sites
    reports: Mapping[str, ImportReport]
    notes: tuple[Text, ...]


def choose_sites(
    block: ServiceBlock,
    inputs: Inputs,
    network: Network | None,
    on: date,
    data: Path,
    *,
    sensitive: bool = False,
    progress: Progress | None = None,
) -> Choosable:
    """Read a service's existing sites and find its candidates.

    Sites not open on the day do not count, nor do those whose 密级 is not 公开: a plan's map and tables leave the
    office, so such sites must not be in it. Both are told. Sites of a ``sensitive`` service say so themselves.
    ``progress`` hears how far each file is read. Raises `DataError` where no site at all is left.
    """
    lists, reports, notes = list[Sites](), dict[str, ImportReport](), list[Text]()
    if block.existing is not None:
        given = block.existing
        how = reading_options(given, data)
        listed = read_sites(data / given.file, area=inputs.area, service=block.key, progress=progress, **how)
        public = _public(listed, notes)
        lists.append(public.on(on))
        notes += _not_open(len(public) - len(lists[0]), on)
        reports |= {} if listed.report is None else {"existing": listed.report}
    for at, sites in enumerate(_candidates(block, inputs, network, data, notes, progress), 1):
        lists.append(sites)
        reports |= {} if sites.report is None else {f"candidates_{at}": sites.report}
    if not any(len(sites) for sites in lists):
        raise DataError("there is no usable site at all, neither existing nor possible; name files that hold some")
    sites = reduce(Sites.__add__, lists)
    if sensitive:
        sites = Sites(sites.frame.assign(sensitive=True), report=sites.report)
    return Choosable(sites, reports, tuple(notes))


def _candidates(
    block: ServiceBlock,
    inputs: Inputs,
    network: Network | None,
    data: Path,
    notes: list[Text],
    progress: Progress | None,
) -> list[Sites]:
    ways, found = block.candidates, list[Sites]()
    if ways is None:
        return found
    within = inputs.area.polygon
    if ways.hosts is not None:
        hosts = _public(_hosts(ways.hosts, block.key, inputs.area, data, progress), notes)
        found.append(candidates_from_hosts(hosts, within=within))
    if ways.one_in is not None:
        found.append(candidates_in_units(inputs.people, inputs.area.units, level=ways.one_in, service=block.key))
    if ways.spacing_metres is not None and network is None:
        spacing = ways.spacing_metres
        found.append(candidates_in_squares(inputs.people, spacing_metres=spacing, service=block.key, within=within))
    elif ways.spacing_metres is not None and network is not None:
        spacing, roads = ways.spacing_metres, inputs.roads
        found.append(
            candidate_sites(
                network, inputs.people, spacing_metres=spacing, service=block.key, within=within, roads=roads
            )
        )
    if ways.clusters is not None:
        count, seed = ways.clusters, block.seed
        found.append(candidates_from_people(inputs.people, count=count, service=block.key, seed=seed, within=within))
    return found


def _hosts(block: HostsBlock, key: str, area: StudyArea, data: Path, progress: Progress | None) -> Sites:
    if is_osm(block.file):
        return read_osm_sites(data / block.file, area=area, service=key, tags=block.tags or None)
    how = reading_options(block, data)
    return read_sites(data / block.file, area=area, service=key, existing=False, progress=progress, **how)


def _public(sites: Sites, notes: list[Text]) -> Sites:
    frame = sites.frame
    open_to_all = may_leave(frame)
    if open_to_all.all():
        return sites
    held = int((~open_to_all).sum())
    notes.append(
        Text(
            f"站点名单中有 {held} 处的密级不是“公开”，不进入规划成果",
            f"{held} of the sites listed are not marked 公开 (public); they are left out of the plan",
        )
    )
    return Sites(frame[open_to_all], report=sites.report)


def _not_open(shut: int, day: date) -> list[Text]:
    if not shut:
        return []
    return [
        Text(
            f"现有站点名单中有 {shut} 处在 {day} 尚未启用或已经关闭，不计入",
            f"{shut} of the existing sites listed are not yet open, or closed, on {day}; they do not count",
        )
    ]
