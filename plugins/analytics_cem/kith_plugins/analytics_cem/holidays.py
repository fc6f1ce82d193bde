"""Days on which a company sells nothing: they stop every customer's clock (domain C4)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import ONE_DAY

DAY = r"\d{4}-\d{2}-\d{2}"
PERIOD = re.compile(rf"({DAY})(?:\s*(?:\.\.|–|—|to)\s*({DAY}))?")


def closed(settings: Mapping[str, Any]) -> list[tuple[dt.date, dt.date]]:
    """First and last day of each period of the setting; what is no day is passed over.

    >>> closed({"closed_days": "2026-02-16..2026-02-22, 2026-05-01"})
    [(datetime.date(2026, 2, 16), datetime.date(2026, 2, 22)), (datetime.date(2026, 5, 1), datetime.date(2026, 5, 1))]
    """
    found = []
    for first, last in PERIOD.findall(str(settings.get("closed_days") or "")):
        try:
            start = dt.date.fromisoformat(first)
            end = dt.date.fromisoformat(last) if last else start
        except ValueError:
            continue
        if start <= end:
            found.append((start, end))
    return _merged(sorted(found))


def _merged(periods: list[tuple[dt.date, dt.date]]) -> list[tuple[dt.date, dt.date]]:
    """No day twice."""
    kept: list[tuple[dt.date, dt.date]] = []
    for start, end in periods:
        if kept and start <= kept[-1][1] + ONE_DAY:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return kept


def closed_days(after: ir.Value, until: ir.Value, settings: Mapping[str, Any]) -> ir.Value:
    """How many closed days lie after a day, up to another."""
    total: ir.Value = ibis.literal(0, "int64")
    for start, end in closed(settings):
        begin = ibis.greatest(after, ibis.literal(start - ONE_DAY))
        total = total + ibis.greatest(ibis.least(until, ibis.literal(end)).delta(begin, unit="day"), 0)
    return total
