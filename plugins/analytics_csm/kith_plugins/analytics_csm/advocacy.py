"""Customers who speak for us (domain B4, csm.advocacy)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_platform.sdk.windows import within, within_at
from kith_plugins.analytics_csm.windows import windows


def _advocates(scope: MetricScope) -> ir.Table:
    """Customers asked in the twelve months to the period's end, or who did something for us without being asked; where nobody was
    asked, those who are active, too. `gave`: a reference, case study, review, or a referral that became a customer.
    """
    tables, window = scope.frames.at(scope.today), windows(scope)
    asked, referrals = tables["advocacies"], tables["referrals"]
    won = referrals.filter(~referrals.void.fill_null(False))
    parts = [
        _people(within(asked, window), gave=0),
        _people(within_at(asked, window, "given_at"), gave=1),
        _people(within_at(won, window, "converted_at"), gave=1),
    ]
    if not scope.has("advocacies"):
        parts.append(_people(scope.active(), gave=0))
    rows = ibis.union(*parts)
    return rows.group_by("place", "customer_id").aggregate(gave=rows.gave.max())


def _people(rows: ir.Table, *, gave: int) -> ir.Table:
    return rows.filter(rows.customer_id.notnull()).select("place", "customer_id", gave=ibis.literal(gave, type="int64"))


ADVOCATES = Rows(key="advocates", make=_advocates)
GAVE = Measure(key="gave", fact=ADVOCATES, aggregate=lambda rows: rows.gave.sum())
ASKED = Measure(key="asked", fact=ADVOCATES, aggregate=lambda rows: rows.count())

METRICS = (
    Metric(
        key="csm.advocacy",
        name=N_("Advocates"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Customers who gave a reference, a case study or a review, or whose referral became a customer, in the last twelve "
            "months, divided by customers who were asked or did so unasked. Where nobody was asked, by all active customers."
        ),
        code="gave / asked or eligible",
        needs=("advocacies|referrals",),
        grains=("tenant", "segment"),
        measures=(GAVE, ASKED),
        formula=lambda values: Reading.share(values["gave"], values["asked"]),
    ),
)
