"""Reports: plans as tables and documents to forward and sign."""

from planner.reports.report import PlanReport, report

__all__ = ["PlanReport", "report"]
