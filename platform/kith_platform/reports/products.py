"""Which products moved sales most: findings for the section on products, where the period was computed by product."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session, aliased

from kith_platform.i18n import N_
from kith_platform.metrics import service as metrics
from kith_platform.metrics import store
from kith_platform.metrics.answers import Offered
from kith_platform.metrics.grains import PRODUCT
from kith_platform.metrics.models import MetricValue
from kith_platform.metrics.periods import MOM, YOY
from kith_platform.reports.report import Amount, Finding, Omitted, Phrase, Reference, confidence
from kith_platform.sdk.metrics import FEW, Period

KEY = "cim.sal.product_mix"
MATTERS = 0.10  # of the sales of the product before
MOST = 3  # in each direction
EACH = N_("Sales of each product")
SO = N_("It is one of the products that moved sales most.")
MORE, LESS = N_("That is %(money)s more than then."), N_("That is %(money)s less than then.")
RISEN = N_("Make sure that it does not run out, and offer it with what is bought beside it.")
FALLEN = N_("Find out whether fewer customers buy it or each buys less, and decide: mend it, push it or drop it.")


def read(session: Session, found: Offered | None, period: Period, day: dt.date) -> list[Finding | Omitted]:
    """The products whose sales fell and rose most, on the year before, else on the month or period before.

    `found` is the metric, None where no module brings it; `day` the day of the report.
    """
    if found is None:
        return []
    if store.noted(session, period, PRODUCT) is None:
        return [Omitted(name=EACH, key=KEY, why="not_asked")]
    against = metrics.compared_with(session, period, PRODUCT)
    for name in (YOY, MOM):
        moved = [*_moved(session, period, against[name], rising=False), *_moved(session, period, against[name], rising=True)]
        if moved:
            names = metrics.unit_names(session, None, PRODUCT, [now.unit for now, _then in moved])
            return [_finding(now, then, name, names, found.metric.name, day) for now, then in moved]
    return [Omitted(name=EACH, key=KEY, why="steady")]


def _moved(session: Session, period: Period, before: Period, *, rising: bool) -> list[tuple[MetricValue, MetricValue]]:
    """Products with enough cases in both periods, the largest change in money first."""
    now, then = aliased(MetricValue), aliased(MetricValue)
    change: Any = now.value - then.value
    far = change >= MATTERS * then.value if rising else change <= -MATTERS * then.value
    statement = (
        select(now, then)
        .join(then, and_(then.unit == now.unit, *_of(then, before)))
        .where(*_of(now, period), now.n >= FEW, then.n >= FEW, then.value > 0, far)
        .order_by(change.desc() if rising else change, now.unit)
        .limit(MOST)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def _of(one: Any, period: Period) -> tuple[ColumnElement[bool], ...]:
    return one.key == KEY, one.grain == PRODUCT, one.period_start == period.start, one.period_end == period.end


def _finding(now: MetricValue, then: MetricValue, name: str, names: Mapping[str, Any], whole: str, day: dt.date) -> Finding:
    value, old = now.value or 0.0, then.value or 0.0
    before = Reference(value=old, n=then.n)
    flags = tuple(str(flag) for flag in now.flags)
    good = value > old
    money = {"money": Amount(abs(value - old), "money")}
    return Finding(
        section="products",
        kind="metric",
        key=KEY,
        name=whole,
        label=names[now.unit].name or names[now.unit].public if now.unit in names else now.unit,
        unit="money",
        value=value,
        n=now.n,
        interval=None,
        coverage=now.coverage,
        flags=flags,
        against={name: before},
        told="yoy" if name == YOY else "mom",
        good=good,
        size=abs(value - old) / old / MATTERS,
        so=(Phrase(SO), Phrase(MORE if good else LESS, money)),
        do=Phrase(RISEN if good else FALLEN),
        owner="",
        due=day + dt.timedelta(days=21),
        confidence=confidence("money", now.n, None, now.coverage, flags, before),
    )
