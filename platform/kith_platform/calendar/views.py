"""The page of the company's working hours and days off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_day_names
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db, current_tenant
from kith_platform.auth.gate import requires
from kith_platform.calendar import service
from kith_platform.calendar.business import DAY, Hours
from kith_platform.errors import FieldError, Invalid
from kith_platform.i18n import N_
from kith_platform.web import locale
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem

pages = Blueprint("calendar", __name__, url_prefix="/c/<slug>/calendar")
NAVIGATION = (
    NavItem(
        key="calendar",
        label=N_("Working hours"),
        icon="clock",
        endpoint="calendar.show",
        permission=service.PERMISSION,
        section="settings",
        order=15,
    ),
)
SPANS = 2  # of a weekday that the form offers: before and after lunch


@pages.get("/")
@requires(service.PERMISSION)
def show(slug: str) -> str:
    """Opening hours by weekday, and the days off from today on."""
    return _page(slug, _stored(service.hours(current_db())))


@pages.post("/")
@requires(service.PERMISSION)
def save(slug: str) -> AnyResponse | tuple[str, int]:
    """Put the hours of the form in place of the former ones."""
    hours, errors = _read(request.form)
    try:
        if errors:
            raise Invalid(fields=errors)
        service.set_hours(current_db(), current_actor(), hours)
    except Invalid as error:
        return _page(slug, request.form, hours=error.fields), 422
    flash(gettext("Saved. Figures in business time follow with the next refresh; what was promised stays as it was."), "good")
    return redirect(url_for("calendar.show", slug=slug))


@pages.post("/closed")
@requires(service.PERMISSION)
def close(slug: str) -> AnyResponse | tuple[str, int]:
    """Close on a day, or on all days up to another."""
    given = request.form
    try:
        first, last = (_day(given, name) for name in ("first", "last"))
        if first is None:
            raise Invalid(fields=[FieldError("first", N_("Fill this in."))])
        number = service.close(current_db(), current_actor(), first, last, given.get("name", ""))
    except Invalid as error:
        return _page(slug, _stored(service.hours(current_db())), closing=error.fields), 422
    flash(ngettext("%(num)s day is closed.", "%(num)s days are closed.", number), "good")
    return redirect(url_for("calendar.show", slug=slug, _anchor="closed"))


@pages.post("/closed/<day>/open")
@requires(service.PERMISSION)
def reopen(slug: str, day: str) -> AnyResponse:
    """Take a closed day back."""
    try:
        service.reopen(current_db(), current_actor(), dt.date.fromisoformat(day))
    except ValueError:
        flash(gettext("“%(value)s” is not a date.", value=day[:40]), "bad")
    return redirect(url_for("calendar.show", slug=slug, _anchor="closed"))


def _page(slug: str, values: Mapping[str, Any], hours: Iterable[FieldError] = (), closing: Iterable[FieldError] = ()) -> str:
    session = current_db()
    today = dt.datetime.now(ZoneInfo(current_tenant().timezone)).date()
    names = get_day_names("wide", locale=locale.language())
    most = max(SPANS, *(sum(day == weekday for day, _from, _to in service.hours(session)) for weekday in range(7)))
    return render_template(
        "calendar/show.html",
        slug=slug,
        form=Form(values, hours),
        closing=Form(request.form, closing),
        weekdays=[(weekday, names[weekday]) for weekday in range(7)],
        spans=range(1, most + 1),
        closed=service.closed_days(session, today),
        zone=current_tenant().timezone,
    )


def _stored(hours: Iterable[Hours]) -> dict[str, str]:
    values: dict[str, str] = {}
    for weekday, opens, closes in hours:
        span = next(number for number in range(1, service.MOST_SPANS + 1) if f"opens_{weekday}_{number}" not in values)
        values[f"opens_{weekday}_{span}"] = service.clock(opens)
        values[f"closes_{weekday}_{span}"] = service.clock(closes % DAY)
    return values


def _read(form: Mapping[str, str]) -> tuple[list[Hours], list[FieldError]]:
    """The hours of the form; an end at 00:00 is the day's end. A span with one of its two times alone is an error."""
    found: list[Hours] = []
    errors: list[FieldError] = []
    for weekday in range(7):
        for span in range(1, service.MOST_SPANS + 1):
            texts = [form.get(f"{name}_{weekday}_{span}", "").strip() for name in ("opens", "closes")]
            if not any(texts):
                continue
            try:
                opens, closes = (dt.time.fromisoformat(text) for text in texts)
            except ValueError:
                errors.append(FieldError(f"weekday_{weekday}", N_("Give both times, such as 09:00 and 17:00.")))
                continue
            found.append((weekday, opens.hour * 60 + opens.minute, (closes.hour * 60 + closes.minute) or DAY))
    return found, errors


def _day(form: Mapping[str, str], name: str) -> dt.date | None:
    text = form.get(name, "").strip()
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(fields=[FieldError(name, N_("“%(value)s” is not a date."), {"value": text[:40]})]) from None
