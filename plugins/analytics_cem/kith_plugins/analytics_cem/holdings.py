"""What customers have of us and how much of their need we serve (domain B3): products held, upgrades, share of wallet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.staying import BY_CHOICE, BY_US
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows

FEW = 30
UNIT = 10_000.0
BACK_WITHIN = 60  # days in which going down again undoes an upgrade
RANKS = ("procurement", "survey", "estimate")  # the more trusted first


def _last(events: ir.Table, marks: ir.Table) -> ir.Table:
    """Per mark the last event of each subscription before its `end`."""
    rows = events.filter(events.customer_id.notnull())
    rows = rows.inner_join(marks.select("place", "end"), rows.occurred_on < marks.end)
    turn = ibis.row_number().over(
        group_by=[rows.place, rows.customer_id, rows.subscription], order_by=[rows.occurred_at.desc(), rows.id.desc()]
    )
    rows = rows.mutate(turn=turn)
    return rows.filter(rows.turn == 0)


def _running(events: ir.Table, marks: ir.Table) -> ir.Table:
    rows = _last(events, marks)
    return rows.filter(rows.kind.notin((BY_CHOICE, BY_US)))


def held(scope: MetricScope) -> ir.Table:
    """place, customer_id of the active, `families`: how many product families they bought in twelve months or subscribe to."""
    parts = []
    if scope.has("order_lines"):
        lines, products, marks = (
            scope.known("order_lines"),
            scope.known("products"),
            scope.days.select("place", "year_end", "end"),
        )
        named = products.select(named_id="id", family=ibis.coalesce(products.family, products.name))
        orders = scope.known("orders")
        buyers = orders.select(buyer="customer_id", order="id")
        lines = lines.select("occurred_on", "order_id", "product_id").inner_join(buyers, lines.order_id == buyers.order)
        lines = lines.left_join(named, lines.product_id == named.named_id)
        lines = lines.filter(lines.family.notnull(), lines.buyer.notnull())
        rows = lines.inner_join(marks, [lines.occurred_on >= marks.year_end, lines.occurred_on < marks.end])
        parts.append(rows.select("place", who="buyer", family="family").distinct())
    if scope.has("subscription_events"):
        rows = _running(scope.known("subscription_events"), scope.days)
        family = ibis.coalesce(rows.product_id.cast("string"), rows.plan, rows.subscription)
        parts.append(rows.select("place", who=rows.customer_id, family=family).distinct())
    both = (ibis.union(*parts) if len(parts) > 1 else parts[0]).view()
    own = both.group_by(own_place="place", who="who").aggregate(families=both.family.nunique())
    active = scope.active()
    rows = active.left_join(own, [active.place == own.own_place, active.customer_id == own.who])
    return rows.select("place", "customer_id", families=rows.families.fill_null(0))


HELD = Rows(key="held", make=held)
HOLDINGS = (
    Measure(key="holders", fact=HELD, aggregate=lambda rows: rows.count()),
    Measure(key="families", fact=HELD, aggregate=lambda rows: rows.families.sum()),
)


def products_per_customer(values: Mapping[str, Any]) -> Reading:
    """Families per active customer."""
    n = values["holders"]
    if not n:
        return Reading.none()
    return Reading(value=values["families"] / n, n=int(n), flags=("low_confidence",) if n < FEW else ())


def upgraded(scope: MetricScope) -> ir.Table:
    """place, customer_id, product_id of customers with a running subscription when the period began: `up` where they moved to a
    higher tier in it and not back within 60 days; `ripe` where that is known.
    """
    events = scope.known("subscription_events")
    at_start = _running(events, scope.days.select("place", end="start"))
    base = at_start.group_by("place", "customer_id").aggregate(product_id=at_start.product_id.max())
    moves = scope.happened("subscription_events")
    ups = moves.filter(moves.kind == "upgraded")
    ups = ups.group_by(up_place="place", who="customer_id").aggregate(up_on=ups.occurred_on.max())
    downs = events.filter(events.kind == "downgraded").select(down_on="occurred_on", downer="customer_id")
    ups = ups.mutate(until=on_day(ups.up_on + ibis.interval(days=BACK_WITHIN)))
    undone = ups.inner_join(downs, [ups.who == downs.downer, downs.down_on >= ups.up_on, downs.down_on <= ups.until])
    undone = undone.select(undone_place="up_place", undone_id="who").distinct()
    rows = base.left_join(ups, [base.place == ups.up_place, base.customer_id == ups.who])
    rows = rows.left_join(undone, [rows.place == undone.undone_place, rows.customer_id == undone.undone_id])
    up = rows.up_on.notnull() & rows.undone_id.isnull()
    late = rows.until > ibis.literal(scope.today)
    return rows.select(
        "place",
        "customer_id",
        "product_id",
        up=up.cast("int64"),
        waiting=(up & late).fill_null(False).cast("int64"),
    )


UPGRADED = Rows(key="upgraded", make=upgraded)
UPGRADES = (
    Measure(key="eligible", fact=UPGRADED, aggregate=lambda rows: rows.count()),
    Measure(key="up", fact=UPGRADED, aggregate=lambda rows: rows.up.sum()),
    Measure(key="waiting", fact=UPGRADED, aggregate=lambda rows: rows.waiting.sum()),
)


def upgrade_rate(values: Mapping[str, Any]) -> Reading:
    """The share who moved up and stayed up; provisional while some may still go back."""
    if not values["eligible"]:
        return Reading.none()
    return Reading.share(values["up"], values["eligible"], flags=("provisional",) if values["waiting"] else ())


def shared(scope: MetricScope) -> ir.Table:
    """place, customer_id, own and whole spending of twelve months of those whose wallet is known, by the most trusted basis;
    `capped` where they spent more with us than the wallet holds.
    """
    wallets, days = scope.known("wallets"), scope.days
    wallets = wallets.filter(wallets.customer_id.notnull(), wallets.amount > 0)
    rank = ibis.cases(*((wallets.basis == name, place) for place, name in enumerate(RANKS)), else_=len(RANKS))
    wallets = wallets.mutate(trust=rank).inner_join(days.select("place", "end"), wallets.occurred_on < days.end)
    turn = ibis.row_number().over(
        group_by=[wallets.place, wallets.customer_id], order_by=[wallets.trust, wallets.occurred_on.desc(), wallets.id.desc()]
    )
    wallets = wallets.mutate(turn=turn)
    wallets = wallets.filter(wallets.turn == 0).select("place", "customer_id", "trust", whole="amount")
    book, marks = scope.buying.ledger, days.select(year_place="place", year_end="year_end", end="end")
    spent = book.inner_join(marks, [book.day >= marks.year_end, book.day < marks.end])
    spent = spent.group_by(spent_place="year_place", spender="customer_id").aggregate(own=spent.net.sum().fill_null(0))
    rows = wallets.left_join(spent, [wallets.place == spent.spent_place, wallets.customer_id == spent.spender])
    rows = rows.mutate(own=ibis.greatest(rows.own.fill_null(0), 0))
    capped = rows.own > rows.whole
    return rows.select(
        "place",
        "customer_id",
        own=rows.own,
        whole=ibis.greatest(rows.own, rows.whole),
        capped=capped.cast("int64"),
        guessed=(rows.trust == len(RANKS) - 1).cast("int64"),
    )


SHARED = Rows(key="shared", make=shared)
WALLET = (
    Measure(key="own", fact=SHARED, aggregate=lambda rows: rows.own.sum()),
    Measure(key="whole", fact=SHARED, aggregate=lambda rows: rows.whole.sum()),
    Measure(key="known", fact=SHARED, aggregate=lambda rows: rows.count()),
    Measure(key="capped", fact=SHARED, aggregate=lambda rows: rows.capped.sum()),
    Measure(key="guessed", fact=SHARED, aggregate=lambda rows: rows.guessed.sum()),
)


def share_of_wallet(values: Mapping[str, Any]) -> Reading:
    """Own spending over all spending of the category, of customers whose wallet is known."""
    if not values["whole"]:
        return Reading.none()
    rows = (
        {"name": N_("Spent with you"), "money": values["own"] / UNIT},
        {"name": N_("Spent in all"), "money": values["whole"] / UNIT},
    )
    flags = [name for name, key in (("wallet_capped", "capped"), ("estimated", "guessed")) if values[key]]
    if values["known"] < FEW:
        flags.append("low_confidence")
    return Reading(value=values["own"] / values["whole"], n=int(values["known"]), flags=tuple(flags), rows=rows)


def ranked(scope: MetricScope) -> ir.Table:
    """The last answer of each customer in each period to 'which of the brands you use comes first': its allocated share."""
    rows = scope.happened("survey_responses")
    rows = rows.filter(rows.brand_rank.notnull(), rows.brands_used >= 1, rows.customer_id.notnull())
    rows = rows.filter(rows.brand_rank >= 1, rows.brand_rank <= rows.brands_used)
    turn = ibis.row_number().over(group_by=[rows.place, rows.customer_id], order_by=[rows.occurred_at.desc(), rows.id.desc()])
    rows = rows.mutate(turn=turn)
    brands = rows.brands_used.cast("float64")
    rows = rows.mutate(allocated=(1.0 - rows.brand_rank / (brands + 1.0)) * (2.0 / brands))
    return rows.filter(rows.turn == 0).select("place", "customer_id", "allocated")


RANKED = Rows(key="ranked", make=ranked)
ALLOCATED = (
    Measure(key="ranking", fact=RANKED, aggregate=lambda rows: rows.count()),
    Measure(key="allocated", fact=RANKED, aggregate=lambda rows: rows.allocated.sum()),
)


def allocated_share(values: Mapping[str, Any]) -> Reading:
    """The mean share over customers who were asked."""
    n = values["ranking"]
    if not n:
        return Reading.none()
    return Reading(value=values["allocated"] / n, n=int(n), flags=("estimated", *(("low_confidence",) if n < FEW else ())))


METRICS = (
    Metric(
        key="cem.products_per_cust",
        name=N_("Products per customer"),
        unit="count",
        better="up",
        kind="outcome",
        words=N_(
            "Different product families that an active customer bought in the last twelve months or subscribes to, on "
            "average over "
            "active customers."
        ),
        code="Σ families held / active customers",
        needs=("order_lines|subscription_events",),
        grains=("tenant", "segment"),
        measures=HOLDINGS,
        formula=products_per_customer,
    ),
    Metric(
        key="cem.upgrade_rate",
        name=N_("Upgrade rate"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Customers who moved to a higher tier in the period and not back within 60 days, divided by those with a running "
            "subscription when it began."
        ),
        code="upgraded and not back in 60 days / subscribed at the start",
        needs=("subscription_events",),
        grains=("tenant", "product"),
        measures=UPGRADES,
        formula=upgrade_rate,
    ),
    Metric(
        key="cem.sow",
        name=N_("Share of wallet"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "What customers spent with you in the last twelve months, divided by what they spend in the whole category; of "
            "customers "
            "for whom that is known, from their purchasing data, else a survey, else an estimate."
        ),
        code="own / wallet",
        needs=("wallets", "orders"),
        grains=("tenant", "customer", "segment"),
        measures=WALLET,
        formula=share_of_wallet,
    ),
    Metric(
        key="cem.sow_war",
        name=N_("Share of wallet by rank"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Where customers said how your brand ranks among those they use: (1 − rank/(N + 1)) · 2/N, the wallet "
            "allocation rule of "
            "Keiningham and others (2011); the mean over customers."
        ),
        code="(1 − rank/(N + 1)) · 2/N",
        needs=("survey_responses",),
        grains=("tenant", "customer"),
        measures=ALLOCATED,
        formula=allocated_share,
    ),
)
