"""Amounts in the tenant's currency, at the rate of the day they happened."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

RATE_DAYS = 7  # a day without a rate takes the last one of so many days before


def daily_rates(rates: ir.Table) -> ir.Table:
    """`fx_rates` rows → one rate per (rate_day, rate_currency), gaps filled with the last rate within RATE_DAYS."""
    turn = ibis.row_number().over(group_by=[rates.occurred_on, rates.currency_from], order_by=rates.id.desc())
    one = rates.mutate(turn=turn)
    one = one.filter(one.turn == 0, one.rate.notnull())
    following = one.occurred_on.lead().over(group_by=one.currency_from, order_by=one.occurred_on)
    spread = one.select(
        rate_currency=one.currency_from,
        rate=one.rate,
        first=one.occurred_on,
        following=following,
        gap=ibis.range(RATE_DAYS + 1).unnest(),
    )
    spread = spread.mutate(rate_day=spread.first + spread.gap.as_interval("D"))
    spread = spread.mutate(rate_day=spread.rate_day.cast("date"))
    spread = spread.filter(spread.following.isnull() | (spread.rate_day < spread.following))
    return spread.select("rate_day", "rate_currency", "rate")


def in_currency(rows: ir.Table, columns: tuple[str, ...], currency: str, rates: ir.Table | None) -> ir.Table:
    """The rows with their money `columns` in `currency`, int64 ten-thousandths; null where the day has no rate.

    `rates` are daily rates, None where the tenant has none. The currency column goes: afterwards there is one.
    """
    home = rows.currency == currency
    dated = "occurred_on" in rows.columns
    if rates is None or not dated:
        told = {name: ibis.ifelse(home, rows[name], ibis.null("int64")) for name in columns}
        return rows.mutate(**told).drop("currency")
    joined = rows.left_join(rates, [rows.occurred_on == rates.rate_day, rows.currency == rates.rate_currency])
    told = {
        name: ibis.ifelse(joined.currency == currency, joined[name], (joined[name] * joined.rate).round().cast("int64"))
        for name in columns
    }
    return joined.mutate(**told).drop("currency", "rate_day", "rate_currency", "rate")


def coverage(rows: ir.Table, column: str, told: ir.Table) -> ir.Table:
    """One row: `rows` with an amount, and `covered`, those of them that have one in the tenant's currency (`told`)."""
    return ibis.cross_join(rows.aggregate(rows=rows[column].count()), told.aggregate(covered=told[column].count()))
