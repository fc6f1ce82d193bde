"""How customers use what they have (domain B4, csm.adopt_breadth, adopt_depth, stickiness)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.health import OF_DAYS, USERS_DAYS, breadth, depth, people_at_work
from kith_platform.sdk.rhythm import ONE_DAY
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_platform.sdk.windows import within
from kith_plugins.analytics_csm.windows import counted, windows


def _breadth(scope: MetricScope) -> ir.Table:
    tables = scope.frames.at(scope.today)
    return breadth(tables["events"], tables["entitlements"], windows(scope, OF_DAYS))


def _depth(scope: MetricScope) -> ir.Table:
    tables = scope.frames.at(scope.today)
    return depth(tables["events"], tables["entitlements"], windows(scope, USERS_DAYS))


def _user_days(scope: MetricScope) -> ir.Table:
    """Each user's days of use in the 30 days to the period's end: `who`; `counts`, whether the day is one of those counted; and
    `days`, how many of these there are.
    """
    events = people_at_work(scope.frames.at(scope.today)["events"])
    rows = within(events, windows(scope, USERS_DAYS))
    who = rows.customer_id.cast("string").concat("/", rows.user.fill_null(""))
    rows = rows.select("place", "customer_id", "occurred_on", who=who).distinct()
    if not scope.settings.get("working_days_only"):
        return rows.mutate(counts=ibis.literal(1), days=ibis.literal(USERS_DAYS))
    first = scope.start - dt.timedelta(days=USERS_DAYS)
    days = [first + number * ONE_DAY for number in range((scope.end - first).days)]
    works = [day for day in days if scope.calendar.works(day)]
    spans = [(one.end - dt.timedelta(days=USERS_DAYS), one.end) for one in scope.periods]
    found = [sum(since <= day < past for day in works) for since, past in spans]
    of_place = ibis.cases(*((rows.place == place, count) for place, count in enumerate(found)), else_=USERS_DAYS)
    return rows.mutate(counts=rows.occurred_on.isin(works).cast("int64") if works else ibis.literal(0), days=of_place)


BREADTH = Rows(key="modules", make=_breadth)
USED = Measure(key="used", fact=BREADTH, aggregate=lambda rows: rows.used.sum())
LICENSED = Measure(key="licensed", fact=BREADTH, aggregate=lambda rows: rows.count())
DEPTH = Rows(key="seats", make=_depth)
USERS = Measure(key="users", fact=DEPTH, aggregate=lambda rows: rows.users.sum())
SEATS = Measure(key="seats", fact=DEPTH, aggregate=lambda rows: rows.seats.sum())
USER_DAYS = Rows(key="user_days", make=_user_days)
DAILY = Measure(key="daily", fact=USER_DAYS, aggregate=lambda rows: rows.counts.sum())
COUNTED = Measure(key="days", fact=USER_DAYS, aggregate=lambda rows: rows.days.max())
MONTHLY = Measure(key="monthly", fact=USER_DAYS, aggregate=lambda rows: rows.who.nunique())


def taken(values: Mapping[str, Any]) -> Reading:
    """Users per seat; more than seats is a sign to offer more."""
    users, seats = values["users"] or 0, values["seats"]
    if not seats or users <= seats:
        return Reading.share(users, seats)
    return Reading(value=users / seats, n=int(seats), flags=("over_seats", *(("low_confidence",) if seats < USERS_DAYS else ())))


def sticky(values: Mapping[str, Any]) -> Reading:
    """Mean daily users by users of the thirty days."""
    if not values["monthly"] or not values["days"]:
        return Reading.none()
    return counted(values["daily"] / values["days"] / values["monthly"], values["monthly"])


METRICS = (
    Metric(
        key="csm.adopt_breadth",
        name=N_("Breadth of use"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Licensed modules used on at least 4 of the last 28 days of the period, divided by licensed modules. Of the company "
            "and of segments, all customers' modules together. Bots do not count."
        ),
        code="modules used ≥ 4 days of 28 / licensed",
        needs=("entitlements", "events"),
        grains=("tenant", "segment", "customer"),
        measures=(USED, LICENSED),
        formula=lambda values: Reading.share(values["used"], values["licensed"]),
    ),
    Metric(
        key="csm.adopt_depth",
        name=N_("Seats in use"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "People at the customer who used it in the last 30 days of the period, divided by seats. Above 100% the customer "
            "needs more seats than it has."
        ),
        code="active users of 30 days / seats",
        needs=("entitlements", "events"),
        grains=("tenant", "segment", "customer"),
        measures=(USERS, SEATS),
        formula=taken,
    ),
    Metric(
        key="csm.stickiness",
        name=N_("Stickiness"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Mean number of users a day, divided by the users of the last 30 days of the period. The module's settings say "
            "whether only working days count for the mean."
        ),
        code="mean DAU / MAU",
        needs=("events",),
        grains=("tenant", "segment", "customer"),
        measures=(DAILY, COUNTED, MONTHLY),
        formula=sticky,
    ),
)
