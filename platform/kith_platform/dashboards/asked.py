"""What the address of a dashboard asks for: the period, and whether its values are there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.dashboards import readiness
from kith_platform.dashboards.readiness import Need, last_day
from kith_platform.jobs.subjects import told
from kith_platform.metrics import service, store
from kith_platform.metrics.grains import PRODUCT, REP, UNIT
from kith_platform.metrics.models import MetricPeriod
from kith_platform.metrics.periods import of_text
from kith_platform.scorecards.card import month_name
from kith_platform.sdk.types import Period

# By the endpoint of the dashboard: what it shows values of.
NEEDS: dict[str, tuple[Need, ...]] = {
    "dashboard_products.show": (Need(PRODUCT),),
    "dashboard_targets.show": (Need(REP, 12), Need(UNIT)),
    "dashboard_people.show": (Need(REP, 12),),
    "dashboard_people.person": (Need(REP, 12),),
}


@dataclass(frozen=True)
class Asked:
    """`text` is the period as one types it. `noted` says as of when its values are; None where some are `missing`."""

    period: Period
    text: str
    missing: list[Need]
    noted: MetricPeriod | None

    @property
    def name(self) -> str:
        return month_name(self.period)


def asked(endpoint: str) -> Asked | None:
    """The period in the address, else the newest month; None before there are any data. Raises Invalid for what is no period."""
    session, typed = current_db(), request.args.get("period", "").strip()
    period = of_text(typed) if typed else service.latest_period(session)
    if period is None:
        return None
    missing = readiness.missing(session, period, NEEDS[endpoint])
    noted = None if missing else store.noted(session, period, NEEDS[endpoint][0].grain)
    return Asked(period, typed or f"{period.start:%Y-%m}", missing, noted)


def offered(session: Session, key: str) -> bool:
    """Whether one of the company's modules brings the metric."""
    return any(one.metric.key == key for one in service.catalogue(session, runtime().plugins))


def page(template: str, endpoint: str, slug: str, found: Asked | None, **given: Any) -> str:
    """The dashboard; where values are missing, how far they are."""
    if found is None:
        return render_template("dashboards/empty.html", slug=slug, endpoint=endpoint)
    if found.missing:
        return render_template("dashboards/computing.html", slug=slug, endpoint=endpoint, asked=found, **waiting(endpoint, found))
    return render_template(template, slug=slug, endpoint=endpoint, asked=found, choices=choices(found.period), **given)


def waiting(endpoint: str, found: Asked) -> dict[str, Any]:
    """For the fragment: the job that runs, or the one that failed; neither where nobody has asked yet."""
    session = current_db()
    jobs = readiness.asked(session, found.period, found.missing)
    chosen = next((job for job in jobs if job.finished_at is None), None)
    chosen = chosen or next((job for job in jobs if job.state in ("failed", "cancelled")), None)
    return {"job": told(session, [chosen], gettext)[0] if chosen else None, "back": back(endpoint, found)}


def back(endpoint: str, found: Asked) -> str:
    """The dashboard's own address."""
    slug = (request.view_args or {})["slug"]
    return url_for(endpoint, slug=slug, period=found.text, rep=request.args.get("rep"))


def choices(period: Period) -> list[tuple[str, str, bool]]:
    """(text, name, whether it is shown): the month, quarter and year in which the period ends, and the month before."""
    day = last_day(period)
    before = day.replace(day=1) - dt.timedelta(days=1)
    texts = [f"{before:%Y-%m}", f"{day:%Y-%m}", f"{day:%Y}-Q{(day.month + 2) // 3}", f"{day:%Y}"]
    return [(text, month_name(of_text(text)), of_text(text) == period) for text in texts]


def wanted(text: str) -> Sequence[Need]:
    """The needs of a dashboard by its endpoint; none for another word."""
    return NEEDS.get(text, ())


def ask(endpoint: str, found: Asked) -> None:
    """Ask for what is missing."""
    readiness.ask(current_db(), current_actor(), found.period, NEEDS[endpoint])
