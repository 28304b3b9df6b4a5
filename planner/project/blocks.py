"""Blocks: the base of every block of a planner.toml, and those of programmes over years and tiers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Block(BaseModel):
    """A block of a planner.toml: no key it does not know, no value of another kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


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
