"""The health of a customer on a day: six signs, each from 0 to 100, and their weighted mean (domain B4, csm.health). Ibis.

Every sign takes the tables and a day's marks (place, past: the day after, past_at: the instant it begins) and gives place,
customer_id and `score` of the customers of whom the sign can be told. Nothing that came to be at or after `past_at` counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.windows import within

if TYPE_CHECKING:
    from kith_platform.sdk.types import Tables

NEED = 0.60  # of the weight must be known
USED_DAYS, OF_DAYS, USERS_DAYS = 4, 28, 30
MOST = 1.2  # of a goal; more does not count
WORKING_DAYS = 20  # of 28
OPINION_DAYS, SERVICE_DAYS, WEEKS = 180, 90, 10
SOLVED_WITHIN = 3 * 86_400  # seconds, where a ticket has no time of its own
BEST = {"csat": (1.0, 5.0), "ces": (1.0, 7.0), "nps": (0.0, 10.0), "loyalty": (0.0, 10.0)}  # scales of the answers

Windows = Callable[[int], ir.Table]  # the last so many days before each mark; 0: twelve months


def people_at_work(events: ir.Table) -> ir.Table:
    """customer_id, occurred_on, module and user of customers' events, without bots."""
    rows = events.filter(events.customer_id.notnull(), ~events.bot.fill_null(False))
    return rows.select("customer_id", "occurred_on", "module", "user")


def running(entitlements: ir.Table, window: ir.Table) -> ir.Table:
    """Entitlements that hold on the last day of each window, with its columns."""
    rows = entitlements.filter(entitlements.customer_id.notnull())
    rows = rows.select("customer_id", "occurred_on", "ends_on", "module", "seats")
    return rows.inner_join(window, [rows.occurred_on < window.past, rows.ends_on.isnull() | (rows.ends_on >= window["last"])])


def breadth(events: ir.Table, entitlements: ir.Table, window: ir.Table) -> ir.Table:
    """place, customer_id, module, `used` (0 or 1): each licensed module, and whether it was used on 4 days of the window."""
    held = running(entitlements, window)
    held = held.filter(held.module.notnull()).select("place", "customer_id", "module").distinct()
    used = within(people_at_work(events), window)
    days = used.group_by(used_place="place", used_id="customer_id", used_module="module").aggregate(
        days=used.occurred_on.nunique()
    )
    rows = held.left_join(
        days, [held.place == days.used_place, held.customer_id == days.used_id, held.module == days.used_module]
    )
    return rows.select("place", "customer_id", "module", used=(rows.days >= USED_DAYS).fill_null(False).cast("int64"))


def depth(events: ir.Table, entitlements: ir.Table, window: ir.Table) -> ir.Table:
    """place, customer_id, users (of the window), seats: of the whole, or, where only modules have them, the module with most."""
    held = running(entitlements, window)
    held = held.filter(held.seats > 0)
    seats = held.group_by("place", "customer_id").aggregate(
        whole=held.seats.sum(where=held.module.isnull()), most=held.seats.max(where=held.module.notnull())
    )
    seats = seats.select("place", "customer_id", seats=ibis.coalesce(seats.whole, seats.most).cast("int64"))
    used = within(people_at_work(events), window)
    users = used.group_by(used_place="place", used_id="customer_id").aggregate(users=used.user.nunique())
    rows = seats.left_join(users, [seats.place == users.used_place, seats.customer_id == users.used_id])
    return rows.select("place", "customer_id", "seats", users=rows.users.fill_null(0))


def confirmed(goals: ir.Table) -> ir.Table:
    """The goals a customer confirmed, with `agreed_at`; a name without a time counts from when it was measured, or set."""
    goals = goals.filter(goals.confirmed_at.notnull() | goals.confirmed_by.notnull())
    return goals.mutate(agreed_at=ibis.coalesce(goals.confirmed_at, goals.measured_at, goals.occurred_at))


def progress(goals: ir.Table) -> ir.Value:
    """(actual − baseline)/(target − baseline), from 0 to 1.2; null where one is missing or the target is the baseline."""
    way = goals.target - goals.baseline
    part = (goals.actual - goals.baseline) / way.nullif(0)
    return ibis.ifelse(part.isnull(), ibis.null("float64"), part.clip(0.0, MOST))


def adoption(tables: Tables, window: Windows) -> ir.Table:
    """The mean of the share of licensed modules in use and the share of seats in use; of customers without licences, days of use
    out of twenty in four weeks.
    """
    events, held = tables["events"], tables["entitlements"]
    wide = breadth(events, held, window(OF_DAYS))
    wide = wide.group_by("place", "customer_id").aggregate(score=wide.used.mean() * 100)
    deep = depth(events, held, window(USERS_DAYS))
    deep = deep.select("place", "customer_id", score=ibis.least(deep.users / deep.seats, 1.0) * 100)
    told = wide.union(deep)
    told = told.group_by("place", "customer_id").aggregate(score=told.score.mean())
    return told.union(days_of_use(tables, window).anti_join(told, ["place", "customer_id"]))


def days_of_use(tables: Tables, window: Windows) -> ir.Table:
    """Adoption without licences."""
    used = within(people_at_work(tables["events"]), window(OF_DAYS))
    days = used.group_by("place", "customer_id").aggregate(days=used.occurred_on.nunique())
    return days.select("place", "customer_id", score=ibis.least(days.days / WORKING_DAYS, 1.0) * 100)


def outcome(tables: Tables, window: Windows) -> ir.Table:
    """How far the goals measured and confirmed in twelve months got, 100 at most."""
    goals = confirmed(tables["outcomes"])
    goals = goals.mutate(part=progress(goals), seen_at=ibis.greatest(goals.agreed_at, goals.measured_at))
    goals = goals.filter(goals.customer_id.notnull(), goals.part.notnull(), goals.measured_at.notnull())
    goals = goals.select("customer_id", "measured_at", "seen_at", "part")
    marks = window(0)
    rows = goals.inner_join(marks, [goals.measured_at >= marks.first_at, goals.seen_at < marks.past_at])
    return rows.group_by("place", "customer_id").aggregate(score=ibis.least(rows.part, 1.0).mean() * 100)


def sentiment(tables: Tables, window: Windows) -> ir.Table:
    """The mean of the answers of 180 days, each from the worst to the best its scale allows."""
    rows = tables["survey_responses"]
    rows = rows.filter(rows.customer_id.notnull(), rows.score.notnull(), rows.kind.isin(tuple(BEST)))
    rows = rows.select("customer_id", "kind", "score", answer_at=rows.answered_at.fill_null(rows.occurred_at))
    marks = window(OPINION_DAYS)
    rows = rows.inner_join(marks, [rows.answer_at >= marks.first_at, rows.answer_at < marks.past_at])
    scales = [(rows.kind == kind, (rows.score - low) / (high - low)) for kind, (low, high) in BEST.items()]
    part = ibis.cases(*scales, else_=ibis.null("float64"))
    rows = rows.mutate(part=part.clip(0.0, 1.0))
    return rows.group_by("place", "customer_id").aggregate(score=rows.part.mean() * 100)


def service(tables: Tables, window: Windows) -> ir.Table:
    """Tickets of 90 days solved in time and not opened again, by those solved or overdue. Without a time of their own, in time
    means within three days.
    """
    rows = tables["tickets"]
    rows = rows.filter(rows.customer_id.notnull())
    rows = rows.select("customer_id", "occurred_at", "occurred_on", "resolved_at", "reopened_at", "sla_due_at")
    rows = within(rows, window(SERVICE_DAYS))
    solved = (rows.resolved_at < rows.past_at).fill_null(False)
    again = (rows.reopened_at < rows.past_at).fill_null(False)
    quick = rows.resolved_at.delta(rows.occurred_at, unit="second") <= SOLVED_WITHIN
    in_time = ibis.ifelse(rows.sla_due_at.notnull(), rows.resolved_at <= rows.sla_due_at, quick).fill_null(False)
    waited = rows.past_at.delta(rows.occurred_at, unit="second") > SOLVED_WITHIN
    overdue = ibis.ifelse(rows.sla_due_at.notnull(), rows.sla_due_at < rows.past_at, waited)
    rows = rows.mutate(counts=solved | overdue, good=solved & in_time & ~again)
    rows = rows.filter(rows.counts)
    return rows.group_by("place", "customer_id").aggregate(score=rows.good.cast("float64").mean() * 100)


def payment(tables: Tables, window: Windows) -> ir.Table:
    """Invoices due in twelve months and paid in full by the day they were due, by all of these; without invoices, payments that
    went through.
    """
    invoices, payments = tables["invoices"], tables["payments"]
    payments = payments.select(
        "customer_id", "invoice_id", "occurred_on", "amount", "succeeded", went=payments.succeeded.fill_null(True)
    )
    due = invoices.filter(invoices.customer_id.notnull(), invoices.due_on.notnull())
    due = due.filter(due.status.isnull() | (due.status != "cancelled"))
    due = due.select("id", "customer_id", "occurred_on", "due_on", "amount", "status", "status_at")
    good = payments.filter(payments.went, payments.invoice_id.notnull())
    good = good.select(of_id="invoice_id", paid_on="occurred_on", sum="amount")
    paid = good.inner_join(due.select("id", "due_on"), good.of_id == due.id)
    paid = paid.filter(paid.paid_on <= paid.due_on).group_by("of_id").aggregate(paid=paid.sum.sum())
    settled = (due.status == "paid") & (due.status_at.cast("date") <= due.due_on)
    due = due.mutate(settled=settled.fill_null(False))
    due = due.left_join(paid, due.id == paid.of_id)
    due = due.mutate(good=due.settled | (due.paid >= due.amount).fill_null(False))
    marks = window(0)
    rows = due.inner_join(marks, [due.due_on >= marks["first"], due.due_on < marks.past, due.occurred_on < marks.past])
    told = rows.group_by("place", "customer_id").aggregate(score=rows.good.cast("float64").mean() * 100)
    tried = within(payments.filter(payments.customer_id.notnull(), payments.succeeded.notnull()), marks)
    plain = tried.group_by("place", "customer_id").aggregate(score=tried.went.cast("float64").mean() * 100)
    return told.union(plain.anti_join(told, ["place", "customer_id"]))


def engagement(tables: Tables, window: Windows) -> ir.Table:
    """Weeks of the last ten in which there was a contact or use; of everybody with whom there ever was any before."""
    parts = [
        rows.filter(rows.customer_id.notnull()).select("customer_id", "occurred_on")
        for rows in (tables["activities"], people_at_work(tables["events"]))
    ]
    marks = window(WEEKS * 7)
    every = parts[0].union(parts[1], distinct=True)
    rows = every.inner_join(marks, every.occurred_on < marks.past)
    ago = rows["last"].delta(rows.occurred_on, unit="day") // 7
    rows = rows.mutate(week=ibis.ifelse(ago < WEEKS, ago, ibis.null("int64")))
    return rows.group_by("place", "customer_id").aggregate(score=rows.week.nunique() / WEEKS * 100.0)


@dataclass(frozen=True)
class Sign:
    """One of the six, its weight, and the facts (plurals) it is read from; `without` one of them there may be a shorter way."""

    weight: float
    needs: tuple[str, ...]
    read: Callable[[Tables, Windows], ir.Table]
    without: Mapping[str, Callable[[Tables, Windows], ir.Table]] = field(default_factory=dict)

    def way(self, has: Callable[[str], bool]) -> Callable[[Tables, Windows], ir.Table]:
        """The shortest way to it, by which facts there are."""
        return next((short for plural, short in self.without.items() if not has(plural)), self.read)


SIGNS: Mapping[str, Sign] = {
    "adoption": Sign(0.30, ("events", "entitlements"), adoption, {"entitlements": days_of_use}),
    "outcome": Sign(0.20, ("outcomes",), outcome),
    "sentiment": Sign(0.15, ("survey_responses",), sentiment),
    "service": Sign(0.15, ("tickets",), service),
    "payment": Sign(0.10, ("invoices", "payments"), payment),
    "engagement": Sign(0.10, ("activities", "events"), engagement),
}


def health(tables: Tables, window: Windows, has: Callable[[str], bool]) -> ir.Table:
    """Per mark and customer: health, known (of the weight), and each sign's score by its name; health is null where less than
    60 % of the weight is known. Signs of which there are no facts at all are left out.
    """
    parts = [
        sign.way(has)(tables, window).mutate(sign=ibis.literal(name), weight=ibis.literal(sign.weight))
        for name, sign in SIGNS.items()
        if any(has(plural) for plural in sign.needs)
    ]
    names = ("place", "customer_id", "score", "sign", "weight")
    told = [
        rows.select("place", "customer_id", "sign", "weight", score=rows.score.cast("float64")).select(*names) for rows in parts
    ]
    rows = ibis.union(*told) if len(told) > 1 else told[0]
    own = rows.group_by("place", "customer_id").aggregate(
        sum=(rows.score * rows.weight).sum(),
        known=rows.weight.sum(),
        **{name: rows.score.max(where=rows.sign == name) for name in SIGNS},
    )
    # A sum of fractions may miss the gate by the last bit.
    value = ibis.ifelse(own.known >= NEED - 1e-9, own["sum"] / own.known, ibis.null("float64"))
    return own.mutate(health=value).drop("sum")
