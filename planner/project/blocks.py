"""Blocks: the base of every block of a planner.toml, and those of programmes over years and tiers and of walking."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from planner.sources.osm.tags import meanings

Walker = Literal["typical", "frail"]


class Block(BaseModel):
    """A block of a planner.toml: no key it does not know, no value of another kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TownsBlock(Block):
    """``towns`` of ``[area]``: the polygons of sub-districts and towns (镇街), in the encoding of the districts' file."""

    file: str
    layer: str | None = None
    crs: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)


class PhaseBlock(Block):
    """``phases``: a year in which building begins, with the number of new sites, their budget, or both."""

    year: Annotated[int, Field(ge=1949, le=2200)]
    new: Annotated[int, Field(ge=0)] | None = None
    budget: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _says_how_much(self) -> PhaseBlock:
        if self.new is None and self.budget is None:
            raise ValueError("a phase needs new, the number of sites to open in it, or a budget")
        return self


class TiersBlock(Block):
    """``[tiers]``: services that are one network, widest first, planned together.

    ``services`` are ids of service blocks; ``link_minutes`` how far a site of each but the first may be from one of the
    tier above, by ``link_mode``; 0 for no link.
    """

    services: Annotated[list[str], Field(min_length=2)]
    link_minutes: list[Annotated[float, Field(ge=0, allow_inf_nan=False)]]
    link_mode: Literal["walk", "drive"] = "drive"
    counting: Literal["each", "all"] = "each"
    budget: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    name: str | None = None

    @model_validator(mode="after")
    def _links_every_tier(self) -> TiersBlock:
        if len(self.link_minutes) != len(self.services) - 1:
            raise ValueError(f"give {len(self.services) - 1} link_minutes, one for each tier below the first")
        if len(set(self.services)) < len(self.services):
            raise ValueError("a service is one tier only; name each once")
        return self


class TerrainBlock(Block):
    """``terrain``: an elevation model (GeoTIFF, metres), by which walking uphill takes longer; see `planner.slopes.on_slopes`.

    Roads with a step steeper than ``steepest`` (rise over run) are closed.
    """

    file: str
    band: Annotated[int, Field(ge=1)] = 1
    step_metres: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 30.0
    steepest: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class WalkingBlock(Block):
    """``[walking]``: how people walk to every service on foot: who, over which land, waiting how long at which roads.

    ``walker`` is a typical elder or a frail one, who takes no steps; ``steps = false`` bars steps for anybody.
    ``crossing_seconds`` are by the class of the road that is crossed, in OpenStreetMap's words.
    """

    walker: Walker = "typical"
    steps: bool = True
    terrain: TerrainBlock | None = None
    crossing_seconds: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _crosses_known_roads(self) -> WalkingBlock:
        known = meanings()["classes"]["drivable"]
        if unknown := [name for name in self.crossing_seconds if name not in known]:
            raise ValueError(
                f"crossing_seconds names no class of road by {', '.join(unknown)}; known: {', '.join(known)}"
            )
        return self


class StraightBlock(Block):
    """``[straight]``, in place of ``[roads]``: ways are estimated as straight lines times a ``detour``.

    ``source`` says where the detour comes from, and is printed beside it.
    """

    detour: Annotated[float, Field(ge=1, allow_inf_nan=False)]
    source: Annotated[str, Field(min_length=1)]
