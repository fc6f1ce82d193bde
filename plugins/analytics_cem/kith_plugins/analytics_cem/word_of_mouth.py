"""What customers say to others (domain B3): referrals, the reach of promoters and detractors, rated posts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cem.opinions import ASKED, DETRACTORS, FEW, PROMOTERS

PROMOTED, WARNED = 3.5, 12.0  # people reached by a promoter and by a detractor: figures of the trade, never verified
LIKED, DISLIKED = 4, 2  # of five stars


def recommending(scope: MetricScope) -> ir.Table:
    """place, customer_id of the active, `converted`: 1 for those with a referral that converted in the twelve months before."""
    given, marks = scope.known("referrals"), scope.days.select("place", "year_end", "end", "ends_at")
    given = given.filter(~given.void.fill_null(False), given.customer_id.notnull(), given.converted_at.notnull())
    within = given.inner_join(marks, [given.occurred_on >= marks.year_end, given.occurred_on < marks.end])
    within = within.filter(within.converted_at < within.ends_at)
    who = within.select(who_place="place", who="customer_id").distinct()
    active = scope.active()
    rows = active.left_join(who, [active.place == who.who_place, active.customer_id == who.who])
    return rows.select("place", "customer_id", converted=rows.who.notnull().cast("int64"))


RECOMMENDING = Rows(key="recommending", make=recommending)
ACTIVE = Measure(key="active", fact=RECOMMENDING, aggregate=lambda rows: rows.count())
CONVERTED = Measure(key="converted", fact=RECOMMENDING, aggregate=lambda rows: rows.converted.sum())


def reaching(scope: MetricScope) -> ir.Table:
    """place, customer_id of the active, with how many people a promoter and a detractor reach."""
    settings = scope.settings
    promoted, warned = settings.get("promoter_reach"), settings.get("detractor_reach")
    return scope.active().mutate(
        promoted=ibis.literal(PROMOTED if promoted is None else float(promoted)),
        warned=ibis.literal(WARNED if warned is None else float(warned)),
    )


REACHING = Rows(key="reaching", make=reaching)
REACH = (
    Measure(key="customers", fact=REACHING, aggregate=lambda rows: rows.count()),
    Measure(key="promoted", fact=REACHING, aggregate=lambda rows: rows.promoted.max()),
    Measure(key="warned", fact=REACHING, aggregate=lambda rows: rows.warned.max()),
)


def wom_net(values: Mapping[str, Any]) -> Reading:
    """Promoters among the active customers times their reach, less detractors times theirs."""
    n, customers = values["asked"], values["customers"]
    if not n or not customers:
        return Reading.none()
    promoters, detractors = customers * values["promoters"] / n, customers * values["detractors"] / n
    even = values["warned"] / values["promoted"] if values["promoted"] else None
    rows = (
        {"name": N_("Promoters"), "count": round(promoters)},
        {"name": N_("Detractors"), "count": round(detractors)},
        *(({"name": N_("Promoters who make up for one detractor"), "value": even},) if even else ()),
    )
    flags = ("illustrative", *(("low_confidence",) if n < FEW else ()))
    return Reading(value=promoters * values["promoted"] - detractors * values["warned"], n=int(n), rows=rows, flags=flags)


def inviting(scope: MetricScope) -> ir.Table:
    """Referrals made in each period: customer_id, channel, invites, converted; and the number of active customers."""
    rows = scope.happened("referrals")
    rows = rows.filter(~rows.void.fill_null(False), rows.customer_id.notnull())
    active = scope.active()
    active = active.group_by(active_place="place").aggregate(active=active.count())
    rows = rows.left_join(active, rows.place == active.active_place)
    converted = rows.converted_at.notnull().cast("int64")
    return rows.mutate(invited_by_it=ibis.greatest(rows.invites.fill_null(1), 1), converted=converted)


INVITING = Rows(key="inviting", make=inviting)
INVITES = (
    Measure(key="inviters", fact=INVITING, aggregate=lambda rows: rows.customer_id.nunique()),
    Measure(key="invites", fact=INVITING, aggregate=lambda rows: rows.invited_by_it.sum()),
    Measure(key="won", fact=INVITING, aggregate=lambda rows: rows.converted.sum()),
    Measure(key="of", fact=INVITING, aggregate=lambda rows: rows.active.max()),
)


def k_factor(values: Mapping[str, Any]) -> Reading:
    """Share of active customers who invite · invitations of each · share of invitations that convert."""
    if not values["of"] or not values["invites"]:
        return Reading.none()
    share, each = values["inviters"] / values["of"], values["invites"] / values["inviters"]
    conversion = values["won"] / values["invites"]
    rows = (
        {"name": N_("Active customers who invite"), "share": share},
        {"name": N_("Invitations of each"), "value": each},
        {"name": N_("Invitations that convert"), "share": conversion},
    )
    flags = ("low_confidence",) if values["invites"] < FEW else ()
    return Reading(value=share * each * conversion, n=int(values["invites"]), rows=rows, flags=flags)


def posted(scope: MetricScope) -> ir.Table:
    """Rated posts: `liked` 1, `disliked` 1, or neither; by their words where they are read, else by their stars."""
    rows = scope.happened("rated_posts")
    rows = rows.filter(rows.sentiment.notnull() | rows.rating.notnull())
    by_stars, read = rows.sentiment.isnull(), rows.sentiment
    return rows.mutate(
        liked=((read == "positive") | (by_stars & (rows.rating >= LIKED))).fill_null(False).cast("int64"),
        disliked=((read == "negative") | (by_stars & (rows.rating <= DISLIKED))).fill_null(False).cast("int64"),
    )


POSTED = Rows(key="posted", make=posted)
POSTS = (
    Measure(key="posts", fact=POSTED, aggregate=lambda rows: rows.count()),
    Measure(key="liked", fact=POSTED, aggregate=lambda rows: rows.liked.sum()),
    Measure(key="disliked", fact=POSTED, aggregate=lambda rows: rows.disliked.sum()),
)


def review_sentiment(values: Mapping[str, Any]) -> Reading:
    """(positive − negative) / rated posts."""
    n = values["posts"]
    if not n:
        return Reading.none()
    rows = ({"name": N_("Positive"), "count": values["liked"]}, {"name": N_("Negative"), "count": values["disliked"]})
    flags = ("low_confidence",) if n < FEW else ()
    return Reading(value=(values["liked"] - values["disliked"]) / n, n=int(n), rows=rows, flags=flags)


METRICS = (
    Metric(
        key="cem.referral_rate",
        name=N_("Referral rate"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Active customers with at least one referral of the last twelve months that became a customer, divided by active "
            "customers. Who refers themselves, by device, payment or address, does not count."
        ),
        code="active with a converted referral in 12 months / active",
        needs=("referrals", "orders|subscription_events"),
        grains=("tenant", "segment"),
        measures=(CONVERTED, ACTIVE),
        formula=lambda values: Reading.share(values["converted"], values["active"]),
    ),
    Metric(
        key="cem.wom_net",
        name=N_("Net word of mouth"),
        unit="count",
        better="up",
        kind="outcome",
        words=N_(
            "Promoters among active customers times the people each tells, less detractors times the people each warns. "
            "The reach "
            "of 3.5 and 12 is a figure of the trade, not a measured one: illustrative, and yours to set."
        ),
        code="N(promoters)·3.5 − N(detractors)·12",
        needs=("survey_responses", "orders|subscription_events"),
        grains=("tenant", "segment"),
        measures=(PROMOTERS, DETRACTORS, ASKED, *REACH),
        formula=wom_net,
    ),
    Metric(
        key="cem.k_factor",
        name=N_("Viral coefficient"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Share of active customers who invited somebody in the period, times the invitations of each, times the share of "
            "invitations that became customers."
        ),
        code="inviting/active · invites/inviting · converted/invites",
        needs=("referrals", "orders|subscription_events"),
        grains=("tenant", "channel"),
        measures=INVITES,
        formula=k_factor,
    ),
    Metric(
        key="cem.review_sentiment",
        name=N_("Net sentiment of reviews"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Positive rated posts less negative ones, divided by all rated posts. Where a post carries no sentiment, four "
            "stars or "
            "more are positive and two or fewer negative."
        ),
        code="(positive − negative) / rated posts",
        needs=("rated_posts",),
        grains=("tenant", "product"),
        measures=POSTS,
        formula=review_sentiment,
    ),
)
