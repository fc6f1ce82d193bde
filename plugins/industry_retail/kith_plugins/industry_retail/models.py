"""Who will send goods back: a return costs a shop freight and a used article, and mostly comes from the same few customers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.models import Model
from kith_platform.sdk.types import N_

if TYPE_CHECKING:
    from kith_platform.sdk.types import Tables

HORIZON, BUYING = 60, 365  # days


def asked_of(tables: Tables, cutoff: dt.date) -> ir.Table:
    """Who bought in the last BUYING days."""
    purchases = tables.purchases
    return purchases.filter(purchases.day >= ibis.date(cutoff - dt.timedelta(days=BUYING))).select("customer_id").distinct()


def came(tables: Tables, start: dt.date, end: dt.date) -> ir.Table:
    """Who sent something back in the window."""
    returns = tables["returns"]
    back = returns.filter(returns.occurred_on >= ibis.date(start), returns.occurred_on < ibis.date(end))
    return back.select("customer_id").distinct().mutate(outcome=ibis.literal(1.0))


RETURNS = Model(
    key="industry_retail.returns",
    label=N_("Customers who send goods back"),
    answers=N_("Who will return something in the next two months?"),
    chance=N_("Chance of a return"),
    yes=N_("Typical of customers who send goods back:"),
    no=N_("Typical of customers who keep what they buy:"),
    of_whom=N_("Who bought in the last 12 months."),
    counts=N_("At least one return is noted."),
    begins_with="returns",
    horizon_days=HORIZON,
    asked_of=asked_of,
    came=came,
    rule_feature="returns_365",
    rule_edges=(0.5, 1.5),
    prior=0.05,
    plain=("returns_365", "orders_90", "purchase_days"),
)

MODELS = (RETURNS,)
