"""Giving and getting with suppliers and partners (domain B4): the same balance as with customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_csm.windows import UNIT, counted


def balance(ours: float | None, theirs: float | None) -> float | None:
    """1 − |2s − 1| with s = ours/(ours + theirs), from 0 (all for one) to 1 (even); None unless both gain.

    >>> round(balance(30, 20), 4), balance(30, 0), balance(None, 1)
    (0.8, None, None)
    """
    if ours is None or theirs is None or ours <= 0 or theirs <= 0:
        return None
    return 1 - abs(2 * ours / (ours + theirs) - 1)


def _dealings(scope: MetricScope, kind: str, day: str) -> ir.Table:
    """Dealings of a kind whose `day` lies in the period, with their place; money in the tenant's currency."""
    rows = scope.known("supplier_transactions")
    rows = rows.filter(rows.kind == kind)
    marks = scope.days.select("place", "start", "end")
    return rows.inner_join(marks, [rows[day] >= marks.start, rows[day] < marks.end])


def _deliveries(scope: MetricScope) -> ir.Table:
    rows = _dealings(scope, "delivery", "promised_on")
    whole = rows.quantity.isnull() | (rows.delivered_quantity >= rows.quantity)
    kept = ((rows.delivered_on <= rows.promised_on) & whole).fill_null(False)
    return rows.select("place", "supplier", "our_saving", "their_margin", kept=kept.cast("int64"))


def _invoices(scope: MetricScope) -> ir.Table:
    rows = _dealings(scope, "invoice", "due_on")
    return rows.select("place", "supplier", kept=(rows.paid_on <= rows.due_on).fill_null(False).cast("int64"))


def _won(scope: MetricScope) -> ir.Table:
    """What was won in the period, a row per amount: `won`, `partner` (null without one), and `whole`, all that was won in it."""
    deals = scope.happened("opportunities", at="closed_at")
    deals = deals.filter(deals.status == "won", ~deals.duplicate.fill_null(False))
    partners = scope.known("partner_transactions")
    partners = partners.filter(partners.opportunity_id.notnull())
    by = partners.group_by(of_id="opportunity_id").aggregate(of_partner=partners.partner.min())
    deals = deals.left_join(by, deals.id == by.of_id)
    rows = deals.select(
        "place",
        "customer_id",
        partner=ibis.coalesce(deals.of_partner, deals.partner),
        won=ibis.coalesce(deals.won_amount, deals.amount),
        had_won=deals.had_won_amount | deals.had_amount,
    )
    alone = scope.happened("partner_transactions")
    alone = alone.filter(alone.opportunity_id.isnull(), alone.had_won_amount)
    rows = rows.union(
        alone.select("place", "partner", customer_id=ibis.null("int64"), won="won_amount", had_won="had_won_amount").select(
            *rows.columns
        )
    )
    return rows.mutate(whole=rows.won.sum().over(group_by=rows.place))


def _margins(scope: MetricScope) -> ir.Table:
    """Dealings with partners; a margin counts where the other side's is known, too, and `unknown` is 1 where one is not."""
    rows = scope.happened("partner_transactions")
    known = rows.had_our_margin & rows.had_their_margin
    return rows.select(
        "place",
        "partner",
        our_margin=ibis.ifelse(known, rows.our_margin, ibis.null("int64")),
        their_margin=ibis.ifelse(known, rows.their_margin, ibis.null("int64")),
        had_our_margin=known,
        had_their_margin=known,
        unknown=(~known).cast("int64"),
    )


def total(key: str, rows: Rows, column: str, *, money: str = "") -> Measure:
    """The sum of a column."""
    return Measure(key=key, fact=rows, aggregate=lambda found: found[column].sum().cast("float64"), money=money)


def count(key: str, rows: Rows) -> Measure:
    """How many rows."""
    return Measure(key=key, fact=rows, aggregate=lambda found: found.count())


DELIVERIES = Rows(key="deliveries", make=_deliveries)
LINES = (
    total("on_time", DELIVERIES, "kept"),
    count("lines", DELIVERIES),
    total("saving", DELIVERIES, "our_saving"),
    total("margin", DELIVERIES, "their_margin"),
)
INVOICES = Rows(key="supplier_invoices", make=_invoices)
PAID = total("paid", INVOICES, "kept"), count("invoices", INVOICES)
WON = Rows(key="won", make=_won)
SOURCED = (
    Measure(
        key="sourced",
        fact=WON,
        aggregate=lambda rows: rows.won.sum(where=rows.partner.notnull()).fill_null(0).cast("float64"),
        money="won",
    ),
    Measure(key="won", fact=WON, aggregate=lambda rows: rows.whole.max().cast("float64")),
    count("deals", WON),
)
MARGINS = Rows(key="partner_margins", make=_margins)
SHARED = (
    total("ours", MARGINS, "our_margin", money="our_margin"),
    total("theirs", MARGINS, "their_margin", money="their_margin"),
    count("dealings", MARGINS),
    total("unknown", MARGINS, "unknown"),
)


def on_time_in_full(values: Mapping[str, Any]) -> Reading:
    """The share, and beside it how evenly the gain is shared: what we saved against their margin."""
    even = balance(values["saving"], values["margin"])
    return Reading.share(
        values["on_time"], values["lines"], rows=() if even is None else ({"name": N_("Balance"), "share": even},)
    )


def sourced(values: Mapping[str, Any]) -> Reading:
    """Won through partners, by all that was won."""
    whole = values["won"]
    if not whole:
        return Reading.none()
    rows = (
        {"name": N_("Won through partners"), "money": values["sourced"] / UNIT},
        {"name": N_("Won in all"), "money": whole / UNIT},
    )
    return counted(values["sourced"] / whole, values["deals"], rows=rows)


def shared(values: Mapping[str, Any]) -> Reading:
    """Our margin against theirs in dealings of which both are known; none where none is, or one side does not gain."""
    ours, theirs = values["ours"], values["theirs"]
    if ours is None or theirs is None:
        return Reading.none("one_unknown" if values["dealings"] else "empty_denominator", n=int(values["dealings"] or 0))
    rows = (
        {"name": N_("Our margin"), "money": ours / UNIT},
        {"name": N_("Their margin"), "money": theirs / UNIT},
        {"name": N_("Dealings of which a margin is not known"), "count": int(values["unknown"])},
    )
    return counted(balance(ours, theirs), values["dealings"] - values["unknown"], reason="one_sided", rows=rows)


METRICS = (
    Metric(
        key="csm.sup_otif",
        name=N_("Suppliers on time in full"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Deliveries of suppliers that came whole and by the day promised, divided by those promised for the period. Beside "
            "it the balance between what we saved and what they earned."
        ),
        code="lines on time in full / lines",
        needs=("supplier_transactions",),
        grains=("tenant", "supplier"),
        measures=LINES,
        formula=on_time_in_full,
    ),
    Metric(
        key="csm.sup_pay_ontime",
        name=N_("Suppliers paid on time"),
        unit="ratio",
        better="up",
        kind="outcome",
        target=1.0,
        words=N_("Invoices of suppliers that we paid by the day they were due, divided by those due in the period."),
        code="paid by due / due",
        needs=("supplier_transactions",),
        grains=("tenant", "supplier"),
        measures=PAID,
        formula=lambda values: Reading.share(values["paid"], values["invoices"]),
    ),
    Metric(
        key="csm.par_sourced",
        name=N_("Revenue through partners"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Amounts won in the period through partners, divided by all that was won: opportunities with a partner, and dealings "
            "with partners that name an amount but no opportunity."
        ),
        code="partner-sourced won / won",
        needs=("opportunities|partner_transactions",),
        grains=("tenant", "partner"),
        measures=SOURCED,
        formula=sourced,
    ),
    Metric(
        key="csm.par_balance",
        name=N_("Balance with partners"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "How evenly margin is shared with partners in the period: 1 where ours and theirs are alike, 0 where one has it all. "
            "Of dealings of which both margins are known; no value where one of them gains nothing."
        ),
        code="1 − |2s − 1|, s = ours / (ours + theirs)",
        needs=("partner_transactions",),
        grains=("tenant", "partner"),
        measures=SHARED,
        formula=shared,
    ),
)
