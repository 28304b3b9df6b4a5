"""Saved: plans as documents, and read again for the question they answer."""

from __future__ import annotations

from planner.optimise.saved.saving import plan_document, plan_of, read_plan, save_plan

__all__ = ["plan_document", "plan_of", "read_plan", "save_plan"]
