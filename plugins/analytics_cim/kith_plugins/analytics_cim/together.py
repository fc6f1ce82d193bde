"""Working together for customers, and keeping in touch with them (domain B2 2f, 2g)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.types import N_, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cim.book import added
from kith_plugins.analytics_cim.capture import NO_TALK, words
from kith_plugins.analytics_cim.funnel import until

LOOK_BACK = 90  # days in which departments must have been in touch
DEPARTMENTS = 2
WRITTEN = ("mail", "chat")  # a talk is answered while it lasts
ONE = ibis.literal(1, type="int64")


def _contacts(scope: MetricScope) -> ir.Table:
    rows = scope.frames.at(scope.today)["activities"]
    return rows.filter(rows.customer_id.notnull(), rows.kind.fill_null("").notin(NO_TALK))


def _accounts(scope: MetricScope) -> ir.Table:
    """Today's key accounts at the end of each period, but who was no customer yet: place, customer_id, touched (0 or 1)."""
    records, marks = scope.frames.at(scope.today)["records"], scope.days.select("place", "end")
    key = records.filter(records.key_account.fill_null(False), records.customer_id.notnull())
    key = key.group_by("customer_id").aggregate(since=key.since.min())
    key = key.join(marks, key.since.isnull() | (key.since < marks.end)).select("place", "customer_id")
    rows = _contacts(scope)
    rows = rows.filter(rows.department.fill_null("").strip() != "")
    rows = rows.inner_join(marks, rows.occurred_on < marks.end)
    rows = rows.filter(rows.occurred_on >= on_day(rows.end - ibis.interval(days=LOOK_BACK)))
    seen = rows.group_by(in_place="place", of="customer_id").aggregate(departments=rows.department.strip().nunique())
    joined = key.left_join(seen, [key.place == seen.in_place, key.customer_id == seen.of])
    touched = (joined.departments >= DEPARTMENTS).fill_null(False)
    return joined.select("place", "customer_id", accounts=ONE, touched=touched.cast("int64"))


ACCOUNTS = Rows(key="key_accounts", make=_accounts)


def _handoffs(scope: MetricScope) -> ir.Table:
    """Hand-offs that fell due: place, in_time (0 or 1)."""
    rows = scope.happened("handoffs", at="due_at")
    return rows.select("place", due=ONE, in_time=(rows.accepted_at <= rows.due_at).fill_null(False).cast("int64"))


HANDOFFS = Rows(key="handoffs", make=_handoffs)


def _planned(scope: MetricScope) -> ir.Table:
    """Customers whose plan runs at the end of the period and whose first interval is over by then: place, customer_id, rep,
    contacted (in the interval up to the end). The newest plan counts; who refused marketing on every channel is not due.
    """
    marks = scope.days.select("place", "end")
    plans = scope.frames.at(scope.today)["contact_plans"]
    plans = plans.filter(plans.customer_id.notnull(), plans.every_days > 0)
    plans = plans.inner_join(marks, plans.occurred_on < marks.end)
    by = [plans.place, plans.customer_id]
    plans = plans.mutate(turn=ibis.row_number().over(group_by=by, order_by=[plans.occurred_on.desc(), plans.id.desc()]))
    plans = plans.filter(plans.turn == 0, plans.ends_on.isnull() | (plans.ends_on >= on_day(plans.end - ibis.interval(days=1))))
    plans = plans.mutate(days=plans.end.delta(plans.occurred_on, unit="day").cast("int64"), every=plans.every_days.cast("int64"))
    plans = plans.filter(plans.days >= plans.every).select("place", "end", "customer_id", "rep", "every")
    said = words(scope).group_by(word_place="place", word_of="customer_id").aggregate(some=ibis._.granted.any())
    joined = plans.left_join(said, [plans.place == said.word_place, plans.customer_id == said.word_of])
    due = joined.filter(joined.some.fill_null(True)).select("place", "end", "customer_id", "rep", "every")
    talks = _contacts(scope).select(talk_of="customer_id", on="occurred_on")
    days = marks.rename(talk_place="place", by_day="end")
    talks = talks.inner_join(days, talks.on < days.by_day)
    last = talks.group_by("talk_place", "talk_of").aggregate(last=talks.on.max())
    rows = due.left_join(last, [due.place == last.talk_place, due.customer_id == last.talk_of])
    kept = (rows.end.delta(rows["last"], unit="day") <= rows.every).fill_null(False)
    return rows.select("place", "customer_id", "rep", due=ONE, contacted=kept.cast("int64"))


PLANNED = Rows(key="contact_plans", make=_planned)


def answered(rows: ir.Table) -> ir.Table:
    """Activities with `answered_at`: the reply that was noted, else the next activity outward with the same customer."""
    outward = ibis.ifelse(rows.direction == "out", rows.occurred_at, ibis.null(rows.occurred_at.type()))
    following = outward.min().over(group_by=rows.customer_id, order_by=[rows.occurred_at, rows.id], rows=(1, None))
    following = ibis.ifelse(rows.customer_id.isnull(), ibis.null(rows.occurred_at.type()), following)
    return rows.mutate(answered_at=ibis.coalesce(rows.replied_at, following))


def _inbound(scope: MetricScope) -> ir.Table:
    """Messages that came in: place, channel, ripe (answered, or a working day is over), late (0 or 1)."""
    rows = scope.frames.at(scope.today)["activities"]
    rows = answered(rows.filter(rows.kind.fill_null("").notin(NO_TALK)))
    rows = rows.filter(rows.direction == "in", rows.kind.isnull() | rows.kind.isin(WRITTEN))
    marks = scope.days.select("place", "start", "end")
    rows = rows.inner_join(marks, [rows.occurred_on >= marks.start, rows.occurred_on < marks.end])
    rows = rows.mutate(over_at=ibis.coalesce(rows.answered_at, until(scope)))
    rows = scope.open_minutes(rows, "occurred_at", "over_at", "waited")
    late = (rows.waited > scope.calendar.day_minutes).fill_null(False)
    ripe = late | rows.answered_at.notnull()
    return rows.select("place", "channel", came=ONE, ripe=ripe.cast("int64"), late=late.cast("int64"))


INBOUND = Rows(key="inbound", make=_inbound)


def unanswered(values: Mapping[str, Any]) -> Reading:
    """Without a reply in a working day ÷ all; those whose day is not over are left out."""
    came, ripe = values["came"] or 0.0, values["ripe"] or 0.0
    if came and not ripe:
        return Reading.none("immature", n=int(came))
    return Reading.share(values["late"], ripe, flags=("provisional",) if came > ripe else ())


METRICS = (
    Metric(
        key="cim.col.cross_dept",
        name=N_("Key accounts seen by several departments"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_(
            "Key accounts that two departments or more were in touch with in the 90 days up to the end of the period, divided by "
            "key accounts. Notes and tasks are no contact."
        ),
        code="key accounts with ≥ 2 departments in 90 d/key accounts",
        needs=("customers", "activities"),
        measures=(added("touched", ACCOUNTS), added("accounts", ACCOUNTS)),
        formula=lambda values: Reading.share(values["touched"], values["accounts"]),
    ),
    Metric(
        key="cim.col.handoff",
        name=N_("Hand-offs in time"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_("Hand-offs accepted by the time they were due, divided by hand-offs due in the period."),
        code="accepted in time/due",
        needs=("handoffs",),
        measures=(added("in_time", HANDOFFS), added("due", HANDOFFS)),
        formula=lambda values: Reading.share(values["in_time"], values["due"]),
        target=0.95,
    ),
    Metric(
        key="cim.com.plan_coverage",
        name=N_("Contact plans kept"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_(
            "Customers contacted inside their planned interval up to the end of the period, divided by customers with a plan "
            "whose first interval is over. Customers who refused marketing on every channel are not due."
        ),
        code="contacted in interval/due",
        needs=("contact_plans",),
        grains=("tenant", "rep", "segment"),
        measures=(added("contacted", PLANNED), added("due", PLANNED)),
        formula=lambda values: Reading.share(values["contacted"], values["due"]),
        target=0.90,
    ),
    Metric(
        key="cim.com.unanswered",
        name=N_("Unanswered messages"),
        unit="ratio",
        better="down",
        kind="process",
        words=N_(
            "Mails and chats from customers without a reply within one working day of your opening hours, divided by those of "
            "the period. A reply is the time noted as such, or else the next contact outward with the same customer."
        ),
        code="no reply in 1 business day/inbound",
        needs=("activities",),
        grains=("tenant", "channel"),
        measures=tuple(added(name, INBOUND) for name in ("came", "ripe", "late")),
        formula=unanswered,
        target=0.02,
    ),
)
