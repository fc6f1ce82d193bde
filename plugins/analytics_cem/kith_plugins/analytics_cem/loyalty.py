"""Buying again (domain B3): second purchase rate, and loyalty in words and deeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import ONE_DAY, mark, repeated, tenant_gap, usual_gap
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cem.opinions import FEW

SECOND_WITHIN = 90  # days, or twice the usual gap where that is longer
MOST = 10.0  # of the intention to stay
DEVOTED = 0.7  # mean intention from which the attitude is that of a loyal customer


def _ripened(scope: MetricScope) -> ir.Table:
    return repeated(scope.buying.purchases, scope.days, usual_gap(scope.settings))


REPEATED = Rows(key="repeated", make=_ripened, keep=True)
DEEDS = (
    Measure(key="buyers", fact=REPEATED, aggregate=lambda rows: rows.count()),
    Measure(key="repeated", fact=REPEATED, aggregate=lambda rows: rows.repeated.sum()),
)


def meant(scope: MetricScope) -> ir.Table:
    """place, customer_id, `intention` (0 to 1, the mean of their answers of the twelve months before the period's end), and how
    they stand in words and deeds: `truly`, `latently`, `spuriously` or not at all.
    """
    answers, marks = answered_before(scope), _ripened(scope)
    rows = answers.left_join(marks, [answers.place == marks.place, answers.customer_id == marks.customer_id])
    again, devoted = rows.repeated.fill_null(0) == 1, rows.intention >= DEVOTED
    return rows.select(
        "place",
        "customer_id",
        "intention",
        truly=(again & devoted).cast("int64"),
        latently=(~again & devoted).cast("int64"),
        spuriously=(again & ~devoted).cast("int64"),
    )


def answered_before(scope: MetricScope) -> ir.Table:
    """place, customer_id, intention of those asked in the twelve months before each period's end."""
    rows, marks = scope.known("survey_responses"), scope.days.select("place", "year_end", "end")
    rows = rows.filter(rows.kind == "loyalty", rows.score.between(0, MOST), rows.customer_id.notnull())
    rows = rows.inner_join(marks, [rows.occurred_on >= marks.year_end, rows.occurred_on < marks.end])
    return rows.group_by("place", "customer_id").aggregate(intention=rows.score.mean() / MOST)


MEANT = Rows(key="meant", make=meant)
WORDS = (
    Measure(key="asked_intention", fact=MEANT, aggregate=lambda rows: rows.count()),
    Measure(key="intention", fact=MEANT, aggregate=lambda rows: rows.intention.sum()),
    Measure(key="truly", fact=MEANT, aggregate=lambda rows: rows.truly.sum()),
    Measure(key="latently", fact=MEANT, aggregate=lambda rows: rows.latently.sum()),
    Measure(key="spuriously", fact=MEANT, aggregate=lambda rows: rows.spuriously.sum()),
)


def loyalty(values: Mapping[str, Any]) -> Reading:
    """½ · mean intention + ½ · repeat rate; behind it how many are loyal in words and deeds (Dick & Basu 1994)."""
    n = values["asked_intention"]
    if not n or not values["buyers"]:
        return Reading.none()
    kinds = {
        N_("Loyal in words and deeds"): values["truly"],
        N_("Loyal in words alone (latent)"): values["latently"],
        N_("Loyal in deeds alone (spurious)"): values["spuriously"],
        N_("Not loyal"): n - values["truly"] - values["latently"] - values["spuriously"],
    }
    intention, repeat = values["intention"] / n, values["repeated"] / values["buyers"]
    rows = (
        {"name": N_("Intention to stay"), "share": intention},
        {"name": N_("Bought again within twelve months"), "share": repeat},
        *({"name": name, "count": count} for name, count in kinds.items()),
    )
    flags = ("low_confidence",) if min(n, values["buyers"]) < FEW else ()
    return Reading(value=0.5 * intention + 0.5 * repeat, n=int(n), rows=rows, flags=flags)


def second(scope: MetricScope) -> ir.Table:
    """place, customer_id, channel of those whose first purchase day lies in the period: `ripe` where their time to come back is
    over, `back` where they did within it.
    """
    purchases, usual = scope.buying.purchases, usual_gap(scope.settings)
    turn = ibis.row_number().over(group_by=purchases.customer_id, order_by=purchases.day)
    rows = purchases.mutate(turn=turn)
    own = rows.group_by("customer_id").aggregate(first=rows.day.min(), second=rows.day.min(where=rows.turn == 1))
    own = own.cross_join(tenant_gap(purchases, mark(scope.today + ONE_DAY), usual))
    within = ibis.greatest(own.segment_gap * 2.0, ibis.literal(float(SECOND_WITHIN)))
    ripe = ibis.literal(scope.today).delta(own["first"], unit="day") >= within
    back = ripe & (own.second.delta(own["first"], unit="day") <= within)
    own = own.select("customer_id", "first", ripe=ripe.cast("int64"), back=back.fill_null(False).cast("int64"))
    marks = scope.days.select("place", "start", "end")
    inside = own.inner_join(marks, [own["first"] >= marks.start, own["first"] < marks.end])
    orders = scope.sold()
    came = orders.group_by(came_place="place", who="customer_id").aggregate(channel=orders.channel.argmin(orders.occurred_at))
    joined = inside.left_join(came, [inside.place == came.came_place, inside.customer_id == came.who])
    return joined.select("place", "customer_id", "channel", "ripe", "back")


SECOND = Rows(key="second", make=second)
AGAIN = (
    Measure(key="fresh", fact=SECOND, aggregate=lambda rows: rows.count()),
    Measure(key="matured", fact=SECOND, aggregate=lambda rows: rows.ripe.sum()),
    Measure(key="returned", fact=SECOND, aggregate=lambda rows: rows.back.sum()),
)


def second_rate(values: Mapping[str, Any]) -> Reading:
    """The share that came back, of those whose time is over."""
    if not values["matured"]:
        return Reading.none("immature" if values["fresh"] else "empty_denominator", n=int(values["fresh"] or 0))
    waiting = values["fresh"] > values["matured"]
    return Reading.share(values["returned"], values["matured"], flags=("provisional",) if waiting else ())


METRICS = (
    Metric(
        key="cem.loyalty",
        name=N_("Loyalty index"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Half the mean intention to stay (0 to 10, as a share), half the share of customers who bought again within "
            "twelve months. "
            "Behind it: who is loyal in words and deeds, in one alone, or not at all."
        ),
        code="½ · intention/10 + ½ · repeat rate",
        needs=("survey_responses", "orders"),
        grains=("tenant", "segment"),
        measures=(*WORDS, *DEEDS),
        formula=loyalty,
    ),
    Metric(
        key="cem.second_purchase",
        name=N_("Second purchase rate"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Of the customers who bought for the first time in this period, the share who bought again within 90 days, "
            "or within two usual gaps where that is longer. Customers whose time is not over are left out."
        ),
        needs=("orders",),
        code="second purchase day within max(90 d, 2 τ) / new customers whose time is over",
        grains=("tenant", "segment", "channel"),
        measures=AGAIN,
        formula=second_rate,
    ),
)
