"""Secrecy: what may leave the house. Anything of a place that bears, or ever bore, a name not 公开 stays in."""

from __future__ import annotations

from collections.abc import Iterable

from planner.gazetteer.ledger import Ledger
from planner.gazetteer.records import Record
from planner.gazetteer.schema import NAME

OPEN = "公开"


def withheld(ledger: Ledger) -> frozenset[str]:
    """Places whose records never leave: any of their names, in any edition of the books, is not 公开."""
    sql = f"SELECT DISTINCT thing FROM {NAME.table} WHERE secrecy IS NOT ?"  # noqa: S608
    return frozenset(row[0] for row in ledger.db.execute(sql, (OPEN,)))


def may_leave(records: Iterable[Record], secret: frozenset[str]) -> list[Record]:
    """Records that touch no withheld place."""
    return [
        record
        for record in records
        if record.thing not in secret
        and secret.isdisjoint(value for value in record.values.values() if isinstance(value, str))
    ]
