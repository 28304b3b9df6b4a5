"""Reports: plans as tables, documents and figures to forward and sign."""

from planner.reports.figures import frontier_figure, has_chinese_font, plan_figure
from planner.reports.report import PlanReport, report

__all__ = ["PlanReport", "frontier_figure", "has_chinese_font", "plan_figure", "report"]
