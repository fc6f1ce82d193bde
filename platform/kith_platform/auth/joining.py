"""New companies and new members: sign-up, and invitations that are opened."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth import invitations, sign_in
from kith_platform.auth.edge import browser, runtime, settled
from kith_platform.auth.gate import public
from kith_platform.auth.service import SignUp, sign_up_company
from kith_platform.errors import Invalid, TooMany
from kith_platform.i18n import N_
from kith_platform.web.forms import Form
from kith_platform.web.limits import limiter
from kith_platform.web.locale import language

pages = Blueprint("joining", __name__)

# Codes that industry plugins name in their manifests, with words to choose by.
INDUSTRIES = {
    "retail": N_("Retail and e-commerce"),
    "subscription": N_("Subscriptions and telecom"),
    "banking": N_("Banking"),
    "insurance": N_("Insurance"),
    "hospitality": N_("Hotels and restaurants"),
    "health": N_("Health care"),
    "education": N_("Education"),
    "manufacturing": N_("Manufacturing and wholesale"),
    "services": N_("Other services"),
}
_CODES = (
    "USD EUR CNY HKD TWD JPY GBP SGD INR KRW AUD CAD CHF MYR THB VND IDR PHP AED BRL CZK DKK HUF ILS MOP MXN NOK NZD PLN RON "
    "SAR SEK TRY UAH ZAR"
)
_NO_PLACES = ("Etc/", "posix/", "right/")


@lru_cache
def currencies(spoken: str) -> tuple[tuple[str, str], ...]:
    """ISO codes with their names in a language."""
    names = Locale.parse(spoken).currencies
    return tuple((code, f"{code} · {names.get(code, code)}") for code in _CODES.split())


@lru_cache
def zones() -> tuple[str, ...]:
    """Time zones people live in, by name."""
    return ("UTC", *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(_NO_PLACES)))


@pages.get("/sign-up")
@public
def sign_up() -> str:
    """The form of a new company. Somebody signed in already only names the company."""
    person = settled().person
    known = {"name": person.name, "email": person.email} if person else {}
    return _form(Form({"language": language(), "currency": _guess(language()), "timezone": "UTC", **known}))


def _form(form: Form) -> str:
    industries = {key: gettext(words) for key, words in INDUSTRIES.items()}
    return render_template(
        "auth/sign_up.html",
        form=form,
        industries=industries,
        currencies=currencies(language()),
        zones=[(zone, zone.replace("_", " ")) for zone in zones()],
    )


def _guess(spoken: str) -> str:
    return {"zh_Hans": "CNY", "zh_Hant": "TWD"}.get(spoken, "USD")


@pages.post("/sign-up")
@public
@limiter.limit("10 per minute; 60 per hour")
def sign_up_now() -> AnyResponse:
    """Make the company and sign its owner in."""
    form = request.form
    given = SignUp(
        **{key: form.get(key, "") for key in ("company", "name", "email", "password", "industry")},
        language=form.get("language") or language(),
        currency=form.get("currency") or _guess(language()),
        timezone=form.get("timezone") or "UTC",
    )
    try:
        tenant, _owner = sign_up_company(runtime(), given)
    except (Invalid, TooMany) as error:
        if not error.fields:
            flash(error.text(gettext), "bad")
        return make_response(_form(Form(form, error.fields)), error.status)
    return _signed_in(given.email, given.password, f"/c/{tenant.slug}/")


def _signed_in(email: str, password: str, onward: str) -> AnyResponse:
    known = settled()
    done = sign_in.with_password(
        runtime(),
        email,
        password,
        address=request.remote_addr or "",
        user_agent=request.user_agent.string,
        former=known.web.id if known.web else None,
    )
    browser().belongs_to(done.web, new_key=done.key)
    return redirect(url_for("auth.second_factor", next=onward) if done.second_factor else onward)


@pages.get("/join/<company>/<secret>")
@public
def join(company: str, secret: str) -> str:
    """What the invitation is to, and the way to accept it that fits the person."""
    return _join(invitations.opened(runtime(), company, secret), Form())


def _join(found: invitations.Opened, form: Form) -> str:
    person = settled().person
    mine = person is not None and person.email == found.invitation.email
    return render_template("auth/join.html", found=found, form=form, person=person, mine=mine)


@pages.post("/join/<company>/<secret>")
@public
@limiter.limit("10 per minute; 60 per hour")
def join_now(company: str, secret: str) -> AnyResponse:
    """Accept: as who is signed in, or with a new account for the invited address."""
    person = settled().person
    if person is not None:
        tenant = invitations.accept(runtime(), person, company, secret)
        return redirect(f"/c/{tenant.slug}/")
    found = invitations.opened(runtime(), company, secret)
    if found.known:
        return redirect(url_for("auth.sign_in", next=request.path, email=found.invitation.email))
    given = {key: request.form.get(key, "") for key in ("name", "password")}
    try:
        tenant = invitations.accept_as_newcomer(runtime(), company, secret, **given, language=language())
    except Invalid as error:
        if not error.fields:
            raise
        return make_response(_join(found, Form(request.form, error.fields)), 422)
    return _signed_in(found.invitation.email, given["password"], f"/c/{tenant.slug}/")
