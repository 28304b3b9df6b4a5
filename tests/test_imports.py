"""The import report: every row accounted for, in words for officials."""

from __future__ import annotations

import pandas as pd
import pytest

from planner.errors import DataError
from planner.imports import QUARANTINE_COLUMNS, REPAIR_COLUMNS, ImportReport, rules
from planner.sources.ledger import Ledger
from planner.sources.records import Records


def records(rows: int = 4) -> Records:
    frame = pd.DataFrame({"名称": [f"点{at}" for at in range(rows)], "人数": range(rows)})
    return Records("a.csv", "", frame, pd.RangeIndex(2, rows + 2).to_numpy(), sha256="0" * 64)


def test_rows_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(DataError, match="5 rows read but 4 accounted for"):
        ImportReport("a.csv", "", read=5, accepted=4)


def test_a_row_is_left_out_once_by_the_first_rule_it_meets() -> None:
    ledger = Ledger(records())
    assert ledger.quarantine([1, 2], "value.missing", column="名称") == 2
    assert ledger.quarantine([2, 3], "value.negative", column="人数", value=["-2", "-3"]) == 1
    report = ledger.report()
    assert (report.read, report.accepted, len(report.quarantine)) == (4, 1, 3)
    assert list(report.quarantine["row"]) == [3, 4, 5]
    assert list(report.quarantine["value"]) == ["", "", "-3"]


def test_quarantine_keeps_the_row_as_it_stood() -> None:
    ledger = Ledger(records())
    ledger.quarantine([1], "value.missing", column="名称")
    assert ledger.report().quarantine["original"].iloc[0] == '{"名称": "点1", "人数": 1}'


def test_the_tables_have_their_promised_columns() -> None:
    report = Ledger(records()).report()
    assert tuple(report.quarantine.columns) == tuple(report.duplicates.columns) == QUARANTINE_COLUMNS
    assert tuple(report.repairs.columns) == REPAIR_COLUMNS
    assert report.clean


def test_rows_outside_and_totals_are_counted_but_no_fault() -> None:
    ledger = Ledger(records())
    ledger.quarantine([0], "place.outside")
    ledger.quarantine([1], "table.total", value="合计")
    report = ledger.report()
    assert (report.expected, report.faulty, report.clean) == (2, 0, True)


def test_the_summary_speaks_both_languages() -> None:
    ledger = Ledger(records())
    ledger.duplicate([3], "row.duplicate", value="2")
    report = ledger.report()
    assert report.summary() == "a.csv：读取 4 行，采用 3 行，隔离 0 行，范围外或合计行 0 行，重复 1 行，修正 0 处"
    assert "4 rows read, 3 accepted" in report.summary(lang="en")
    assert "：1 行（row.duplicate）" in report.describe()
    assert "× 1 (row.duplicate)" in report.describe(lang="en")


def test_tables_are_told_in_the_language_asked_for() -> None:
    ledger = Ledger(records())
    ledger.quarantine([0], "value.negative", column="人数", value="-5")
    report = ledger.report()
    assert report.table("quarantine")["reason"].iloc[0] == "“人数”为负数：-5"
    assert "is negative: -5" in report.table("quarantine", lang="en")["reason"].iloc[0]
    with pytest.raises(DataError, match=r"not .rows."):
        report.table("rows")


def test_repairs_of_rows_that_no_longer_stand_are_not_told() -> None:
    ledger = Ledger(records())
    ledger.quarantine([0], "value.missing")
    ledger.repair([0, 1], "value.normalised", "人数", before=["１", "２"], after=["1", "2"])
    assert list(ledger.report().repairs["before"]) == ["２"]


def test_untrusted_text_is_escaped_in_the_notebook() -> None:
    ledger = Ledger(records())
    ledger.quarantine([0], "value.unreadable", column="<b>", value="<script>alert(1)</script>")
    ledger.note("<img onerror=x>", "<img onerror=x>")
    page = ledger.report()._repr_html_()
    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_values_with_braces_are_told_as_they_stand() -> None:
    ledger = Ledger(records())
    ledger.quarantine([0], "value.unreadable", column="{0}", value="{7*7}")
    assert "{7*7}" in ledger.report().table("quarantine")["reason"].iloc[0]


def test_every_rule_fills_in_both_languages() -> None:
    for rule in rules().values():
        for lang in ("zh", "en"):
            assert rule.reason(column="列", value="值", lang=lang)
        assert bool(rule.mend_zh) == bool(rule.mend_en)


def test_why_nothing_stands_is_told_by_rule() -> None:
    ledger = Ledger(records(2))
    ledger.quarantine([0, 1], "place.missing")
    assert ledger.why_empty() == "2 × has no coordinates"
