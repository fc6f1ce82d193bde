"""Which language, zone and currency a page speaks, and the filters by which templates write numbers and times."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from flask import Blueprint, Flask, Response, make_response, redirect, request
from flask_babel import Babel, get_locale, gettext
from jinja2 import pass_context
from markupsafe import Markup

from kith_platform import i18n
from kith_platform.web import context
from kith_platform.web.address import local_path
from kith_platform.web.translations import build as translations

COOKIE = "kith_language"
pages = Blueprint("language", __name__)


def install(app: Flask) -> None:
    """Set up Flask-Babel, the language switch and the filters."""
    translations.ensure()
    Babel(
        app,
        default_locale=i18n.DEFAULT_LANGUAGE,
        default_translation_directories=str(i18n.TRANSLATIONS),
        locale_selector=choose_language,
        timezone_selector=context.timezone,
    )
    app.register_blueprint(pages)
    app.jinja_env.globals.update(
        languages=i18n.LANGUAGES, language=language, html_language=lambda: i18n.html_language(language())
    )
    translated: Any = app.jinja_env  # its i18n extension adds the function
    translated.install_gettext_callables(
        gettext=lambda one: _words().ugettext(one),
        ngettext=lambda one, many, count: _words().ungettext(one, many, count),
        pgettext=lambda about, one: _words().upgettext(about, one),
        npgettext=lambda about, one, many, count: _words().unpgettext(about, one, many, count),
        newstyle=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "number": number,
        "compact": compact,
        "money": money,
        "percent": percent,
        "date": day,
        "datetime": moment,
    }
    filters |= {"ago": ago, "interval": interval, "duration": duration}
    app.jinja_env.filters.update({name: _per_request(write) for name, write in filters.items()})
    app.jinja_env.tests["missing"] = missing


def _words() -> Any:
    """The catalogue of the request's language. Flask-Babel's way to it costs a page of many words milliseconds."""
    return i18n.catalogue(language())


def _per_request(write: Callable[..., Any]) -> Callable[..., Any]:
    """Keep Jinja from computing a filter of a constant once, when it compiles: the next reader has another language."""

    @pass_context
    def filtered(_context: object, *values: Any, **options: Any) -> Any:
        return write(*values, **options)

    return filtered


def choose_language() -> str:
    """The person's choice (in this browser, then kept), else the company's, else what the browser asks for, else English."""
    kept = (request.cookies.get(COOKIE), context.detail("language"), context.detail("company_language"))
    asked = [tag for tag, _quality in request.accept_languages]
    return next((found for tag in (*kept, *asked) if (found := i18n.language_of(tag))), i18n.DEFAULT_LANGUAGE)


def language() -> str:
    """The language of this request: en, zh_Hans or zh_Hant."""
    return _tag(get_locale())


@cache
def _tag(locale: Locale | None) -> str:
    return str(locale or i18n.DEFAULT_LANGUAGE)


@pages.post("/language")
def switch() -> Response:
    """Remember the chosen language in this browser and go back where the person was."""
    response = make_response(redirect(local_path(request.form.get("next"))))
    chosen = i18n.language_of(request.form.get("language"))
    if chosen:
        response.set_cookie(COOKIE, chosen, max_age=31_536_000, samesite="Lax", httponly=True, secure=request.is_secure)
    return response


def missing(value: Any) -> bool:
    """None, NaN and infinity have no value to show."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def no_data() -> Markup:
    """What stands where a value is missing."""
    return Markup('<span class="no-data">{}</span>').format(gettext("no data"))


def number(value: Any, digits: int | None = None) -> str | Markup:
    return no_data() if missing(value) else i18n.number(value, language(), digits=digits)


def compact(value: Any, digits: int = 1) -> str | Markup:
    return no_data() if missing(value) else i18n.compact(value, language(), digits=digits)


def money(value: Any, currency: str | None = None, short: bool = False, whole: bool = False) -> str | Markup:
    if missing(value):
        return no_data()
    return i18n.money(value, currency or context.currency(), language(), short=short, whole=whole)


def percent(value: Any, digits: int = 1) -> str | Markup:
    return no_data() if missing(value) else i18n.percent(value, language(), digits=digits)


def day(value: date | None, style: str = "medium") -> str | Markup:
    """A calendar day; an instant is first moved to the company's zone."""
    if value is None:
        return no_data()
    if isinstance(value, datetime) and value.tzinfo:
        value = value.astimezone(ZoneInfo(context.timezone()))
    return i18n.day(value, language(), style=style)


def moment(value: datetime | None, style: str = "medium") -> str | Markup:
    return no_data() if value is None else i18n.moment(value, language(), context.timezone(), style=style)


def ago(value: datetime | None) -> Markup:
    """Relative, with the exact time on hover and for machines."""
    if value is None:
        return no_data()
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        value.isoformat(), moment(value), i18n.ago(value, datetime.now(UTC), language())
    )


def interval(value: tuple[Any, Any] | None, unit: str = "number", digits: int | None = None) -> str | Markup:
    """Both ends in one unit (`number`, `money`, `percent`, `compact`): 4.1% – 6.3%."""
    if value is None or missing(value[0]) or missing(value[1]):
        return no_data()
    write: Any = {"number": number, "money": money, "percent": percent, "compact": compact}[unit]
    ends = [write(one) if digits is None or unit == "money" else write(one, digits) for one in value]
    return f"{ends[0]} – {ends[1]}"


def duration(value: timedelta | float | None) -> str | Markup:
    """A length of time; a number means seconds."""
    return no_data() if value is None or missing(value) else i18n.duration(value, language())
