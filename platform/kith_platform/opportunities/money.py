"""Amounts of several currencies as one sum: at the day's rate, or the last one of the seven days before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, case, select
from sqlalchemy.orm import Session

from kith_platform.facts.models import FxRate
from kith_tenants.context import tenant_of

RATE_DAYS = 7  # as in frames.money


def rates(session: Session, currencies: Iterable[str], day: dt.date) -> dict[str, Decimal]:
    """Company currency for one unit of each currency on `day`; a currency without a rate is not in it."""
    home = tenant_of(session).currency
    wanted = set(currencies) - {home}
    found = {home: Decimal(1)}
    if not wanted:
        return found
    rows = (
        select(FxRate.currency_from, FxRate.rate)
        .where(FxRate.currency_from.in_(wanted), FxRate.rate.is_not(None))
        .where(FxRate.occurred_on <= day, FxRate.occurred_on >= day - dt.timedelta(days=RATE_DAYS))
        .order_by(FxRate.occurred_on, FxRate.id)
    )
    return found | {row[0]: row[1] for row in session.execute(rows)}


def at_home(amount: Any, currency: Any, day: Any, home: str) -> ColumnElement[Any]:
    """SQL: an amount in the company's currency `home` at its day's rate; null where the day has none."""
    rate = (
        select(FxRate.rate)
        .where(FxRate.currency_from == currency, FxRate.rate.is_not(None))
        .where(FxRate.occurred_on <= day, FxRate.occurred_on >= day - RATE_DAYS)
        .order_by(FxRate.occurred_on.desc(), FxRate.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return case((currency == home, amount), else_=amount * rate)
