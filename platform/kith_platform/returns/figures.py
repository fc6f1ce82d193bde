"""Figures of initiatives from their costs and benefits, in the company's currency."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from kith_platform.facts.models import Benefit as BenefitRow
from kith_platform.facts.models import Cost as CostRow
from kith_platform.facts.models import FxRate
from kith_platform.sdk import returns
from kith_platform.sdk.returns import BUCKETS, Benefit, Cost
from kith_tenants.context import tenant_of

SHARES = tuple(f"share_{bucket}" for bucket in BUCKETS)
RATE_DAYS = 7  # a day without a rate takes the last one within so many days


@dataclass(frozen=True)
class Return:
    """One way to look at it: all benefits (claimed), or those of grades A and B alone (proven)."""

    benefit: float
    roi: float | None
    npv: float | None
    payback: float | None  # months
    split: Mapping[str, float]


@dataclass(frozen=True)
class Figures:
    """Cost and return of one initiative, or of all. `coverage` is the share of amounts that had an exchange rate."""

    cost: float
    claimed: Return
    proven: Return
    coverage: float | None
    first: dt.date | None  # the month that everything is discounted to


@dataclass
class _Flows:
    costs: list[Cost] = field(default_factory=list)
    benefits: list[Benefit] = field(default_factory=list)
    rows: int = 0
    covered: int = 0

    def figures(self, rate: float) -> Figures:
        cost = sum(one.amount for one in self.costs)
        months = returns.flows(self.costs, self.benefits)
        return Figures(
            cost,
            self._return(self.benefits, cost, rate),
            self._return([one for one in self.benefits if one.proven], cost, rate),
            self.covered / self.rows if self.rows else None,
            min(months, default=None),
        )

    def _return(self, benefits: Sequence[Benefit], cost: float, rate: float) -> Return:
        benefit = sum(one.amount for one in benefits)
        months = returns.flows(self.costs, benefits)
        return Return(
            benefit,
            returns.roi(benefit, cost),
            returns.npv(months, rate),
            returns.payback(months) if cost else None,
            returns.split(benefits),
        )


def of_initiatives(session: Session, external_ids: Collection[str], rate: float) -> dict[str, Figures]:
    """Figures by the initiative's external id, for each one asked for, in three queries."""
    found = _flows(session, external_ids)
    return {one: found[one].figures(rate) if one in found else _Flows().figures(rate) for one in external_ids}


def of_all(session: Session, rate: float) -> Figures:
    """Figures of all initiatives together; costs that belong to none are not in it."""
    whole = _Flows()
    for one in _flows(session, None).values():
        whole.costs += one.costs
        whole.benefits += one.benefits
        whole.rows += one.rows
        whole.covered += one.covered
    return whole.figures(rate)


def _flows(session: Session, wanted: Collection[str] | None) -> dict[str, _Flows]:
    """Costs and benefits by initiative, summed by day; amounts without a rate are left out and counted."""
    costs = _read(session, CostRow, (), wanted)
    benefits = _read(session, BenefitRow, (BenefitRow.grade, *(getattr(BenefitRow, name) for name in SHARES)), wanted)
    rates = _Rates(session, [*costs, *benefits])
    found: dict[str, _Flows] = defaultdict(_Flows)
    for row in costs:
        one, factor = found[row.initiative], rates.at(row.currency, row.occurred_on)
        one.rows += row.rows
        if factor is not None:
            one.covered += row.rows
            one.costs.append(Cost(row.occurred_on, float(row.amount) * factor))
    for row in benefits:
        one, factor = found[row.initiative], rates.at(row.currency, row.occurred_on)
        one.rows += row.rows
        if factor is not None:
            one.covered += row.rows
            shares = {bucket: float(getattr(row, name)) for bucket, name in zip(BUCKETS, SHARES, strict=True)}
            one.benefits.append(Benefit(row.occurred_on, float(row.amount) * factor, row.grade, shares))
    return found


def _read(session: Session, row: Any, by: Sequence[Any], wanted: Collection[str] | None) -> Sequence[Any]:
    keys = (row.initiative, row.occurred_on, row.currency, *by)
    statement: Select[Any] = (
        select(*keys, func.sum(row.amount).label("amount"), func.count().label("rows"))
        .where(row.initiative.is_not(None))
        .group_by(*keys)
    )
    if wanted is not None:
        statement = statement.where(row.initiative.in_(wanted))
    return session.execute(statement).all()


class _Rates:
    """Company currency for one unit of another, by day, as frames have it."""

    def __init__(self, session: Session, rows: Iterable[Any]) -> None:
        self.own = tenant_of(session).currency
        foreign = {row.currency for row in rows} - {self.own}
        self._days: dict[str, list[dt.date]] = defaultdict(list)
        self._rates: dict[str, list[float]] = defaultdict(list)
        if not foreign:
            return
        statement = select(FxRate.currency_from, FxRate.occurred_on, FxRate.rate).where(FxRate.currency_from.in_(foreign))
        for currency, day, rate in session.execute(statement.order_by(FxRate.occurred_on, FxRate.id)):
            self._days[currency].append(day)
            self._rates[currency].append(float(rate))

    def at(self, currency: str, day: dt.date) -> float | None:
        if currency == self.own:
            return 1.0
        place = bisect_right(self._days[currency], day) - 1
        if place < 0 or (day - self._days[currency][place]).days > RATE_DAYS:
            return None
        return self._rates[currency][place]
