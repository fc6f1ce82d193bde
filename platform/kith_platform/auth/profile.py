"""A person's own account: name and language, password, e-mail address, second factor, sessions."""

from __future__ import annotations

import uuid

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform import i18n
from kith_platform.auth import account, sessions
from kith_platform.auth.edge import browser, current_person, runtime, settled
from kith_platform.auth.gate import signed_in
from kith_platform.auth.models import WebSession
from kith_platform.auth.qr import picture
from kith_platform.auth.views import GUESSES, MAILS, pages
from kith_platform.errors import Invalid, KithError
from kith_platform.web import locale
from kith_platform.web.forms import Form
from kith_platform.web.limits import limiter

__all__ = ["pages"]
OFFER = "second_factor_offer"  # key in the session: a second factor that was shown and not yet proved


@pages.get("/account")
@signed_in
def profile() -> str:
    """Everything about oneself on one page."""
    return _profile()


def _profile(name: str = "", error: KithError | None = None) -> str:
    person = current_person()
    with runtime().doors.auth_scope() as database:
        open_ones = sessions.living(database, person.id)
        codes = account.left_recovery_codes(database, person)
    wrong = {name: Form({**request.form}, error.fields)} if error else {}
    own = Form({"name": person.name, "language": person.language})
    forms = {"own": own, "password": Form(), "email": Form(), "off": Form(), "codes": Form(), **wrong}
    here = settled().web
    return render_template(
        "auth/profile.html",
        person=person,
        sessions=open_ones,
        here=here.id if here else 0,
        codes=codes,
        filled=forms,
        device=device,
    )


_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "macOS", "Linux": "Linux"}


def device(user_agent: str) -> str:
    """A browser in words, such as `Safari · macOS`; the text it sent where we cannot tell. The order matters: they imitate."""
    browser_name = next((name for mark, name in _BROWSERS.items() if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), "")
    return " · ".join(part for part in (browser_name, system) if part) or user_agent[:60]


def _wrong(name: str, error: KithError) -> AnyResponse:
    if not error.fields:
        raise error
    return make_response(_profile(name, error), error.status)


@pages.post("/account/name")
@signed_in
def rename() -> AnyResponse:
    """Change name and language."""
    chosen = request.form.get("language", "")
    try:
        account.rename(runtime(), current_person(), name=request.form.get("name", ""), language=chosen)
    except Invalid as error:
        return _wrong("own", error)
    response = redirect(url_for("auth.profile"))
    if chosen:
        response.set_cookie(locale.COOKIE, chosen, max_age=31_536_000, samesite="Lax", httponly=True, secure=request.is_secure)
    flash(i18n.translate("Saved.", chosen or locale.language()), "good")
    return response


@pages.post("/account/password")
@signed_in
@limiter.limit(GUESSES)
def change_password() -> AnyResponse:
    """Change the password; other sessions end and this one gets a new key."""
    web = settled().web
    assert web is not None  # noqa: S101 - signed_in routes have a session
    try:
        given = (request.form.get("current", ""), request.form.get("password", ""))
        account.change_password(runtime(), current_person(), *given, keep=web.id)
    except Invalid as error:
        return _wrong("password", error)
    _new_key()
    flash(gettext("Your password is changed. All other sessions were ended."), "good")
    return redirect(url_for("auth.profile"))


def _new_key() -> None:
    """Rights or proofs changed: this browser's session goes on under a new key."""
    web = settled().web
    if web is None:
        return
    with runtime().doors.auth_scope() as database:
        row = database.get_one(WebSession, web.id)
        mine = browser()
        mine.key = mine.new_key = sessions.rotate(row)
        row.former_hash = None  # whoever copied the old key is out now


@pages.post("/account/email")
@signed_in
@limiter.limit(MAILS)
def change_email() -> AnyResponse:
    """Mail a link to the new address."""
    try:
        account.ask_new_email(runtime(), current_person(), request.form.get("email_current", ""), request.form.get("email", ""))
    except Invalid as error:
        return _wrong("email", error)
    flash(gettext("Open the link that was mailed to the new address. Until then the old one stays."), "good")
    return redirect(url_for("auth.profile"))


@pages.get("/account/second-factor")
@signed_in
def set_up() -> str:
    """Offer a second factor: scan, type a code."""
    offered = account.new_second_factor(runtime(), current_person())
    browser()[OFFER] = offered.secret
    return render_template("auth/set_up.html", form=Form(), offered=offered, qr=picture(offered.address))


@pages.post("/account/second-factor")
@signed_in
@limiter.limit(GUESSES)
def turn_on() -> AnyResponse:
    """Take it into use and show the recovery codes, once."""
    web, person = settled().web, current_person()
    assert web is not None  # noqa: S101 - signed_in routes have a session
    secret = str(browser().get(OFFER, ""))
    try:
        codes = account.turn_on_second_factor(runtime(), person, secret, request.form.get("code", ""), keep=web.id)
    except Invalid as error:
        offered = account.new_second_factor(runtime(), person, secret)
        browser()[OFFER] = offered.secret
        page = render_template("auth/set_up.html", form=Form({}, error.fields), offered=offered, qr=picture(offered.address))
        return make_response(page, 422)
    browser().pop(OFFER, None)
    _new_key()
    return make_response(render_template("auth/codes.html", codes=codes))


@pages.post("/account/second-factor/off")
@signed_in
@limiter.limit(GUESSES)
def turn_off() -> AnyResponse:
    """Go back to the password alone."""
    try:
        account.turn_off_second_factor(runtime(), current_person(), request.form.get("off_current", ""))
    except Invalid as error:
        return _wrong("off", error)
    _new_key()
    flash(gettext("The second factor is off. You can set it up again at any time."), "warn")
    return redirect(url_for("auth.profile"))


@pages.post("/account/recovery-codes")
@signed_in
@limiter.limit(GUESSES)
def new_codes() -> AnyResponse:
    """Fresh recovery codes, shown once."""
    try:
        codes = account.new_recovery_codes(runtime(), current_person(), request.form.get("codes_current", ""))
    except Invalid as error:
        return _wrong("codes", error)
    return make_response(render_template("auth/codes.html", codes=codes))


@pages.post("/account/sessions/<uuid:public_id>/end")
@signed_in
def end_session(public_id: uuid.UUID) -> AnyResponse:
    """End one of one's sessions."""
    with runtime().doors.auth_scope() as database:
        sessions.end(database, current_person().id, one=public_id)
    flash(gettext("That session is ended."), "good")
    return redirect(url_for("auth.profile"))


@pages.post("/account/sessions/end-others")
@signed_in
def end_others() -> AnyResponse:
    """End all sessions but this one."""
    web = settled().web
    with runtime().doors.auth_scope() as database:
        sessions.end(database, current_person().id, but=web.id if web else None)
    flash(gettext("All other sessions are ended."), "good")
    return redirect(url_for("auth.profile"))
