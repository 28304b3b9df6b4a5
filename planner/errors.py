"""Errors: everything planner raises on purpose, in one tree, by whose fault it is.

PlannerError
├── DataError (also ValueError)          the records, files or question break their contract
│   ├── SourceError                      a file cannot be read as asked
│   ├── ColumnError                      a column is missing, or holds impossible values
│   ├── IdError                          identifiers are missing, repeated or unknown
│   ├── CrsError                         no CRS, not in metres, wrong zone, or two layers disagree
│   ├── PeriodError                      dates out of order, or two truths on one day
│   └── QuestionError                    a scenario or planner.toml asks what cannot be asked
├── OptimiseError (also RuntimeError)    the optimiser could not answer
│   ├── InfeasibleError                  no plan can satisfy the scenario; says what would
│   └── NoPlanInTimeError                the time was up before any plan was found
└── StoreError (also RuntimeError)       the project file is locked, damaged, newer or tampered with

A message says what is wrong, where (file, row, ID) and what to do about it.
"""

from __future__ import annotations


class PlannerError(Exception):
    """Base of every error planner raises on purpose; ``zh`` says it in Chinese where officials meet it."""

    def __init__(self, message: str = "", *, zh: str = "") -> None:
        super().__init__(message)
        self.zh = zh

    def words(self, lang: str = "zh") -> str:
        """The message in a language; in English where nobody has said it in Chinese."""
        return self.zh if lang == "zh" and self.zh else str(self)


class DataError(PlannerError, ValueError):
    """Records, a file or a question that break their contract."""


class SourceError(DataError):
    """A file that cannot be read as asked."""


class ColumnError(DataError):
    """A column that is missing, or holds impossible values."""


class IdError(DataError):
    """Identifiers that are missing, repeated or unknown."""


class CrsError(DataError):
    """No CRS, not in metres, the wrong zone, or two layers that disagree."""


class PeriodError(DataError):
    """Dates out of order, or two truths on one day."""


class QuestionError(DataError):
    """A scenario or planner.toml that asks what cannot be asked."""


class OptimiseError(PlannerError, RuntimeError):
    """The optimiser could not answer."""


class InfeasibleError(OptimiseError):
    """No plan can satisfy the scenario; the message says what would."""


class NoPlanInTimeError(OptimiseError):
    """The time was up before any plan was found."""


class StoreError(PlannerError, RuntimeError):
    """The project file is locked, damaged, newer than this software, or tampered with."""
