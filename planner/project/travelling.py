"""Travelling: how the people of a service come to it, and who reaches what: along roads, or by straight lines."""

from __future__ import annotations

from dataclasses import dataclass

from planner.access import Readings, cover_straight, read_ways, readings, widest_minutes
from planner.coverage import Coverage, cover
from planner.errors import QuestionError
from planner.network import Network, build_network
from planner.profiles import Profile, frail_profile, travel_profile
from planner.project.blocks import Walker
from planner.project.inputs import Inputs
from planner.project.settings import ServiceBlock, Settings
from planner.project.watch import Progress
from planner.services import Service
from planner.sites import Sites
from planner.slopes import on_slopes
from planner.texts import Text


@dataclass(frozen=True, eq=False)
class Travelling:
    """The ways of one service: a profile, and the network it makes of the roads; None where there are no roads."""

    profile: Profile
    network: Network | None

    def reach(
        self, inputs: Inputs, sites: Sites, minutes: float, progress: Progress
    ) -> tuple[Coverage, Readings | None]:
        """Who reaches each site within the minutes; for a service on foot with the readings from the same search."""
        people, network = inputs.people, self.network
        if self.profile.mode == "walk":
            read = (
                readings(network, people, sites, minutes=minutes, progress=progress)
                if network is not None
                else read_ways(cover_straight(people, sites, minutes=self._widest(minutes), profile=self.profile))
            )
            return read.at(minutes), read
        if network is None:
            return cover_straight(people, sites, minutes=minutes, profile=self.profile), None
        return cover(network, people, sites, minutes=minutes, progress=progress), None

    def _widest(self, minutes: float) -> float:
        return max(minutes, widest_minutes(self.profile))


def travelling(block: ServiceBlock, preset: Service, inputs: Inputs, settings: Settings) -> Travelling:
    """Make a service's profile and network, by its own block, the walking block and its preset, in this order."""
    profile, speed = _profile(block, preset, settings), _speed(block, preset, settings)
    if inputs.roads is None:
        return Travelling(_straight(profile, speed, block, settings), None)
    network = build_network(inputs.roads, mode=profile.mode, profile=profile, metres_per_second=speed)
    terrain = settings.walking.terrain
    if inputs.heights is not None and terrain is not None and profile.mode == "walk":
        network = on_slopes(network, inputs.heights, step_metres=terrain.step_metres, steepest=terrain.steepest)
    return Travelling(network.profile, network)


def _walker(block: ServiceBlock, settings: Settings) -> Walker:
    return block.walker or settings.walking.walker


def _profile(block: ServiceBlock, preset: Service, settings: Settings) -> Profile:
    profile = travel_profile(block.mode or preset.mode)
    if profile.mode == "walk":
        profile = frail_profile() if _walker(block, settings) == "frail" else profile
        barred = profile.barred if settings.walking.steps else profile.barred | {"steps"}
        profile = profile.but(barred=barred, crossing_seconds=settings.walking.crossing_seconds)
    return profile if block.snap_metres is None else profile.but(snap_metres=block.snap_metres)


def _speed(block: ServiceBlock, preset: Service, settings: Settings) -> float | None:
    """The speed asked for, else that of the preset; None where it is the profile's, as by car and for the frail."""
    mode = block.mode or preset.mode
    given = block.metres_per_second
    if given is not None or mode != preset.mode or (mode == "walk" and _walker(block, settings) == "frail"):
        return given
    return preset["metres_per_second"] if "metres_per_second" in preset.parameters else None


def _straight(profile: Profile, speed: float | None, block: ServiceBlock, settings: Settings) -> Profile:
    if settings.straight is None:
        raise QuestionError("there are no roads; give [roads] or [straight]")
    if profile.mode == "drive" and speed is None:
        raise QuestionError(f"{block.ident}: without roads the speed of driving is not known; give metres_per_second")
    if speed is not None:
        profile = profile.but(metres_per_second=speed, access_metres_per_second=speed)
    told = Text(settings.straight.source, settings.straight.source)
    return profile.but(detour=settings.straight.detour, sources={**profile.sources, "detour": told})
