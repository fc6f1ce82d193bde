"""How what is known of customers is captured: by itself, of known people, and of people one may write to (domain B2 1c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.types import N_, Metric, MetricScope, Reading, Rows, Setting
from kith_plugins.analytics_cim.book import added

NO_TALK = ("note", "task")  # activities that are no contact
BY_MAIL = ("email", "e-mail", "mail", "邮件", "電子郵件")
BY_PHONE = ("sms", "phone", "call", "text", "mms", "whatsapp", "mobile", "短信", "簡訊", "电话", "電話")
MARKETING = ("marketing", "advertising", "营销", "行銷")
BOUNCES = ("bounce", "bounced", "hard_bounce", "email_bounce", "email_bounced", "mail_bounced", "退信")
SHORTEST_PHONE = 6
MONTHS = "consent_months"

SETTINGS = (
    Setting(
        key=MONTHS,
        label=N_("Months after which a consent expires"),
        kind="number",
        default=0,
        minimum=0,
        maximum=120,
        help=N_("Of consents to marketing, counted from the day they were given. 0: they do not expire."),
    ),
)


def _contacts(scope: MetricScope) -> ir.Table:
    rows = scope.happened("activities")
    rows = rows.filter(rows.kind.fill_null("").notin(NO_TALK), rows.captured.notnull())
    kinds = {name: (rows.captured == name).cast("int64") for name in ("automatic", "manual", "missed")}
    return rows.select("place", "channel", known=ibis.literal(1, type="int64"), **kinds)


CONTACTS = Rows(key="contacts_captured", make=_contacts)


def captured(values: Mapping[str, Any]) -> Reading:
    """Recorded automatically ÷ known; behind it those recorded by hand and those nobody recorded."""
    names = {"manual": N_("Recorded by hand"), "missed": N_("Not recorded")}
    rows = [{"name": name, "count": int(values[key] or 0)} for key, name in names.items()] if values["known"] else []
    return Reading.share(values["automatic"], values["known"], rows=rows)


def _events(scope: MetricScope) -> ir.Table:
    rows = scope.happened("events")
    rows = rows.filter(~rows.bot.fill_null(False))
    return rows.select("place", "channel", events=ibis.literal(1, type="int64"), known=rows.customer_id.notnull().cast("int64"))


EVENTS = Rows(key="events_known", make=_events)


def words(scope: MetricScope) -> ir.Table:
    """Per place, customer and channel the last words on marketing before the period's end: `granted`, whether all of them
    grant, and `valid`, whether one that does has not expired.
    """
    rows = scope.frames.at(scope.today)["consents"]
    purpose = rows.purpose.fill_null("").lower()
    rows = rows.filter(rows.customer_id.notnull(), (purpose == "") | purpose.isin(MARKETING))
    marks = scope.days.select("place", "end", "ends_at")
    rows = rows.inner_join(marks, rows.occurred_at < marks.ends_at)
    rows = rows.mutate(channel=rows.channel.strip().lower(), said_of=rows.purpose.fill_null(""))
    by = [rows.place, rows.customer_id, rows.channel, rows.said_of]
    rows = rows.mutate(turn=ibis.row_number().over(group_by=by, order_by=[rows.occurred_at.desc(), rows.id.desc()]))
    rows = rows.filter(rows.turn == 0)
    months = int(scope.settings.get(MONTHS) or 0)
    fresh = on_day(rows.occurred_on + ibis.interval(months=months)) >= rows.end if months else ibis.literal(True)
    rows = rows.mutate(yes=rows.status == "granted", fresh=fresh)
    return rows.group_by("place", "customer_id", "channel").aggregate(granted=rows.yes.all(), valid=(rows.yes & rows.fresh).any())


def reachable(records: ir.Table, events: ir.Table) -> ir.Table:
    """customer_id, mail, phone: whether there is an address that mail did not come back from, and a telephone number."""
    rows = records.filter(records.customer_id.notnull())
    rows = rows.select(
        "customer_id",
        mail=rows.email.fill_null("").strip().lower(),
        phone=(rows.phone.fill_null("").strip().length() >= SHORTEST_PHONE),
    )
    back = events.filter(events.name.lower().isin(BOUNCES), events.customer_id.notnull())
    back = back.select(to="customer_id", address=back.detail.fill_null("").strip().lower()).distinct()
    joined = rows.left_join(back, [rows.customer_id == back.to, (rows.mail == back.address) | ~back.address.contains("@")])
    good = joined.mail.contains("@") & joined.to.isnull()
    return joined.group_by("customer_id").aggregate(mail=good.any(), phone=joined.phone.any())


def _allowed(scope: MetricScope) -> ir.Table:
    """Active customers with `allowed`: one channel at least that works and on which they consented."""
    tables, active = scope.frames.at(scope.today), scope.active()
    said = words(scope)
    said = said.filter(said.granted & said.valid).rename(of_place="place", of_customer="customer_id")
    ways = reachable(tables["records"], tables["events"])
    both = said.inner_join(ways, said.of_customer == ways.customer_id).drop("customer_id")
    works = ibis.cases(
        (both.channel.isin(BY_MAIL), both.mail), (both.channel.isin(BY_PHONE), both.phone), else_=both.mail | both.phone
    )
    some = both.filter(works).select("of_place", "of_customer").distinct()
    rows = active.left_join(some, [active.place == some.of_place, active.customer_id == some.of_customer])
    return rows.select(
        "place", "customer_id", active=ibis.literal(1, type="int64"), allowed=rows.of_customer.notnull().cast("int64")
    )


ALLOWED = Rows(key="contactable", make=_allowed)

METRICS = (
    Metric(
        key="cim.acqd.auto_capture",
        name=N_("Captured automatically"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_(
            "Contacts recorded automatically, divided by all contacts known: recorded automatically, by hand, or not at all and "
            "found in invoices, telephony or mail logs. Contacts that do not say how they were recorded do not count."
        ),
        code="automatic/known",
        needs=("activities",),
        grains=("tenant", "channel"),
        measures=tuple(added(name, CONTACTS) for name in ("known", "automatic", "manual", "missed")),
        formula=captured,
        target=0.80,
    ),
    Metric(
        key="cim.acqd.identity_rate",
        name=N_("Events of known customers"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_("Events that belong to a known customer, divided by all events. What bots did does not count."),
        code="events with customer/events",
        needs=("events",),
        grains=("tenant", "channel"),
        measures=(added("known", EVENTS), added("events", EVENTS)),
        formula=lambda values: Reading.share(values["known"], values["events"]),
    ),
    Metric(
        key="cim.acqd.contactable",
        name=N_("Customers you may contact"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_(
            "Active customers who consented to marketing on a channel that works (an e-mail address that mail does not come back "
            "from, a telephone number), divided by active customers. The last word before the period's end counts; when "
            "a consent expires is set in the module's settings."
        ),
        code="active with channel and consent/active",
        needs=("orders|subscription_events", "consents"),
        grains=("tenant", "segment"),
        measures=(added("allowed", ALLOWED), added("active", ALLOWED)),
        formula=lambda values: Reading.share(values["allowed"], values["active"]),
    ),
)
