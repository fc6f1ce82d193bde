"""What customers did in their first days (domain C8): purchases, the first order's traits, and what else happened."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.types import PlacementScope
from kith_plugins.analytics_cem.buyers import history

UNIT = 10_000.0
WINDOWS = (1, 7, 14, 30)  # days after the first purchase, that day included
STAY_FROM, STAY_UNTIL = 31, 120  # stayed: bought in the 90 days after the first thirty
VISITS, LONGEST = 7, 30  # days

ONCE, AGAIN, REGULAR = "once", "again", "regular"


def place(scope: PlacementScope) -> ir.Table:
    """Every customer who ever bought: start (the first day), purchase days and net of the first 1, 7, 14 and 30 days, the first
    order's traits, and what else happened in the first days.
    """
    rows = history(scope)
    rows = rows.mutate(start=rows.days.mins()).view()
    columns: dict[str, ir.Value] = {}
    for days in WINDOWS:
        end = _after(rows["start"], days)
        columns[f"days_{days}"] = rows.days.filter(lambda day, end=end: day < end).length()
        net = rows.bought.map(lambda one, end=end: ibis.ifelse(one.day < end, one.net, 0)).sums()
        columns[f"net_{days}"] = net.fill_null(0).cast("float64") / UNIT
    later, end = _after(rows["start"], STAY_FROM), _after(rows["start"], STAY_UNTIL)
    back = rows.days.filter(lambda day: (day >= later) & (day < end)).length() > 0
    ripe = ibis.literal(scope.day).delta(rows["start"], unit="day") >= STAY_UNTIL
    found = rows.select("customer_id", "start", stayed=back, ripe=ripe, **columns).view()
    first = _first_orders(scope)
    joined = found.left_join(first, found.customer_id == first.first_id).drop("first_id")
    joined = _with_happenings(joined, scope)
    code = ibis.cases((joined.days_30 >= 3, REGULAR), (joined.days_30 == 2, AGAIN), else_=ONCE)
    stayed = ibis.ifelse(joined.ripe, joined.stayed.cast("float64"), ibis.null("float64"))
    return joined.mutate(code=code, stayed=stayed).drop("ripe")


def _after(day: ir.Value, days: int) -> ir.Value:
    return on_day(day + ibis.interval(days=days))


def _first_orders(scope: PlacementScope) -> ir.Table:
    """first_id and the traits of each customer's first order."""
    orders = scope.tables["orders"]
    orders = orders.filter(orders.customer_id.notnull(), (orders.net >= 0).fill_null(True))
    turn = ibis.row_number().over(group_by=orders.customer_id, order_by=[orders.occurred_at, orders.id])
    rows = orders.mutate(turn=turn)
    rows = rows.filter(rows.turn == 0)
    kept = rows.promised_on.notnull() & rows.delivered_on.notnull()
    rows = rows.select(
        "channel",
        "campaign",
        order_id="id",
        first_id="customer_id",
        basket="quantity",
        weekday=rows.occurred_on.day_of_week.index().cast("float64"),
        hour=ibis.ifelse(rows.day_only, ibis.null("float64"), rows.occurred_local.hour().cast("float64")),
        discounted=(rows.discount > 0).fill_null(False).cast("float64"),
        depth=rows.discount / (rows.net + rows.discount).nullif(0),
        punctual=ibis.ifelse(kept, (rows.delivered_on <= rows.promised_on).cast("float64"), ibis.null("float64")),
    )
    if not scope.has("order_lines"):
        return rows.mutate(family=ibis.null("string"), price_third=ibis.null("float64")).drop("order_id")
    largest = _largest(scope)
    rows = rows.left_join(largest, rows.order_id == largest.line_order)
    third = ibis.ntile(3).over(group_by=rows.price.notnull(), order_by=[rows.price, rows.order_id]) + 1
    rows = rows.mutate(price_third=ibis.ifelse(rows.price.notnull(), third.cast("float64"), ibis.null("float64")))
    return rows.drop("order_id", "line_order", "price")


def _largest(scope: PlacementScope) -> ir.Table:
    """line_order, family, price: of each order the product family of its largest line, and the unit price of that line."""
    rows = scope.tables.money(scope.tables["order_lines"], "net").select("order_id", "product_id", "net", "quantity")
    rows = rows.mutate(net=rows.net.fill_null(0), price=rows.net / rows.quantity.nullif(0))
    if not scope.has("products"):
        rows = rows.mutate(family=ibis.null("string"))
    else:
        products = scope.tables["products"].select(sold="id", family="family")
        rows = rows.left_join(products, rows.product_id == products.sold)
    return rows.group_by(line_order="order_id").aggregate(
        family=rows.family.argmax(rows.net, where=rows.family.notnull()), price=rows.price.argmax(rows.net)
    )


# What a customer did beside buying, in one table: what it was, its day and time, and up to two words and a number of it.
HAPPENED = {"kind": "string", "on": "date", "at": "timestamp('UTC')", "word": "string", "module": "string", "amount": "float64"}
TOLD = {
    "events": ("visits", "sessions", "modules"),
    "tickets": ("complained",),
    "onboarding_steps": ("onboarded",),
    "referrals": ("invitees",),
}


def _happenings(scope: PlacementScope) -> list[ir.Table]:
    """customer_id and the columns of HAPPENED, of each fact there is."""

    def told(plural: str, **given: Any) -> ir.Table:
        rows = scope.tables[plural]
        values = {"kind": ibis.literal(plural), "on": rows.occurred_on, "at": rows.occurred_at}
        values |= {name: make(rows) for name, make in given.items()}
        filled = {name: values.get(name, ibis.null(kind)) for name, kind in HAPPENED.items()}
        return rows.select("customer_id", **filled)

    parts: dict[str, dict[str, Any]] = {
        "events": {"word": lambda rows: rows.session, "module": lambda rows: rows.module},
        "tickets": {"amount": lambda rows: rows.is_complaint.fill_null(False).cast("float64")},
        "activities": {},
        "onboarding_steps": {"on": lambda rows: rows.done_at.cast("date")},
        "referrals": {
            "amount": lambda rows: ibis.ifelse(rows.void.fill_null(False), 0, rows.invites.fill_null(1)).cast("float64")
        },
        "payments": {"word": lambda rows: ibis.ifelse(rows.succeeded.fill_null(True), rows.method, ibis.null("string"))},
    }
    return [told(plural, **given) for plural, given in parts.items() if scope.has(plural)]


def _with_happenings(rows: ir.Table, scope: PlacementScope) -> ir.Table:
    """`rows` (customer_id, start) with what happened beside buying in the first days; null where there are no facts of it."""
    parts = _happenings(scope)
    names = ("visits", "sessions", "second_visit", "modules", "complained", "contacts", "onboarded", "invitees")
    if not parts:
        return rows.mutate(**dict.fromkeys(names, ibis.null("float64")), payment=ibis.null("string"))
    every = ibis.union(*parts) if len(parts) > 1 else parts[0]
    starts = rows.select(starter="customer_id", start="start")
    seen = every.join(starts, every.customer_id == starts.starter)
    seen = seen.mutate(age=seen.on.delta(seen["start"], unit="day"))
    seen = seen.filter((seen.age >= 0) & (seen.age < LONGEST))
    visit, early = seen.kind == "events", seen.age < VISITS
    paid = (seen.kind == "payments") & seen.word.notnull()
    own = seen.group_by(joined_id="starter").aggregate(
        visits=seen.on.nunique(where=visit & early),
        sessions=seen.word.nunique(where=visit & early),
        second_visit=seen.age.min(where=visit & (seen.age > 0)).cast("float64"),
        modules=seen.module.nunique(where=visit),
        complained=seen.amount.max(where=seen.kind == "tickets"),
        contacts=seen.kind.isin(("tickets", "activities")).sum(),
        onboarded=(seen.kind == "onboarding_steps").sum(),
        invitees=seen.amount.sum(where=seen.kind == "referrals"),
        payment=seen.word.argmin(seen["at"], where=paid),
    )
    joined = rows.left_join(own, rows.customer_id == own.joined_id).drop("joined_id")
    counted = {name for plural, told in TOLD.items() if scope.has(plural) for name in told}
    counted |= {"contacts"} if scope.has("tickets") or scope.has("activities") else set()
    zero = {
        name: joined[name].cast("float64").fill_null(0.0) if name in counted else ibis.null("float64")
        for name in names
        if name != "second_visit"
    }
    return joined.mutate(**zero)
