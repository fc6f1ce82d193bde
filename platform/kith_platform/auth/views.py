"""Coming in and going out: start page, sign-in, second factor, sign-out, forgotten passwords, confirmed addresses."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth import account, sign_in
from kith_platform.auth.edge import browser, runtime, settled
from kith_platform.auth.gate import public
from kith_platform.errors import Invalid, KithError, NotSignedIn
from kith_platform.web.address import local_path
from kith_platform.web.forms import Form
from kith_platform.web.limits import limiter

pages = Blueprint("auth", __name__)
GUESSES = "30 per minute; 300 per hour"
MAILS = "5 per minute; 30 per hour"


@pages.get("/")
@public
def start() -> AnyResponse:
    """Sends people where they left off: their company's Home, the choice of companies, or sign-in."""
    known = settled()
    if known.person is None:
        return redirect(url_for("auth.sign_in"))
    if known.tenant is not None:
        return redirect(f"/c/{known.tenant.slug}/")
    if len(known.companies) == 1:
        return redirect(f"/c/{known.companies[0].slug}/")
    return make_response(render_template("auth/companies.html", companies=known.companies))


@pages.get("/sign-in", endpoint="sign_in")
@public
def sign_in_page() -> AnyResponse:
    """The sign-in form; whoever is signed in goes on."""
    if settled().person is not None:
        return redirect(local_path(request.args.get("next")))
    return make_response(render_template("auth/sign_in.html", form=Form(request.args)))


@pages.post("/sign-in")
@public
@limiter.limit(GUESSES)
def sign_in_now() -> AnyResponse:
    """Check address and password; go on, or ask for the second factor."""
    known = settled()
    try:
        done = sign_in.with_password(
            runtime(),
            request.form.get("email", ""),
            request.form.get("password", ""),
            address=request.remote_addr or "",
            user_agent=request.user_agent.string,
            former=known.web.id if known.web else None,
        )
    except KithError as error:
        return _again("auth/sign_in.html", error)
    browser().belongs_to(done.web, new_key=done.key)
    onward = local_path(request.form.get("next"))
    return redirect(url_for("auth.second_factor", next=onward) if done.second_factor else onward)


@pages.get("/second-factor")
@public
def second_factor() -> AnyResponse:
    """Ask for the code."""
    if settled().pending is None:
        return redirect(url_for("auth.sign_in"))
    return make_response(render_template("auth/second_factor.html", form=Form(request.args)))


@pages.post("/second-factor")
@public
@limiter.limit(GUESSES)
def second_factor_now() -> AnyResponse:
    """Check the code; the session that owed it ends and a fresh one begins."""
    owed = settled().web
    if settled().pending is None or owed is None:
        raise NotSignedIn
    try:
        done = sign_in.with_code(runtime(), owed, request.form.get("code", ""))
    except KithError as error:
        return _again("auth/second_factor.html", error)
    browser().belongs_to(done.web, new_key=done.key)
    return redirect(local_path(request.form.get("next")))


@pages.post("/sign-out")
@public
def sign_out() -> AnyResponse:
    """End this browser's session."""
    known = settled()
    if known.web is not None:
        with runtime().doors.auth_scope() as database:
            sign_in.sign_out(database, known.web)
    browser().leave()
    return redirect(url_for("auth.sign_in"))


@pages.get("/forgotten")
@public
def forgotten() -> str:
    """Ask for which address."""
    return render_template("auth/forgotten.html", form=Form(request.args))


@pages.post("/forgotten")
@public
@limiter.limit(MAILS)
def forgotten_now() -> str:
    """Mail a link if the address is known. The answer is the same if not."""
    account.ask_reset(runtime(), request.form.get("email", ""))
    return render_template("auth/mailed.html", by_mail=bool(runtime().settings.mail_url))


@pages.route("/reset/<secret>", methods=["GET", "POST"])
@public
@limiter.limit(GUESSES, methods=["POST"])
def reset(secret: str) -> AnyResponse:
    """Choose a new password by a mailed link."""
    person = account.reset_opens(runtime(), secret)
    if request.method == "GET":
        return make_response(render_template("auth/reset.html", form=Form(), person=person))
    try:
        account.reset(runtime(), secret, request.form.get("password", ""))
    except Invalid as error:
        return make_response(render_template("auth/reset.html", form=Form({}, error.fields), person=person), 422)
    browser().leave()
    flash(gettext("Your new password is set. Sign in with it."), "good")
    return redirect(url_for("auth.sign_in", email=person.email))


@pages.route("/confirm-email/<secret>", methods=["GET", "POST"])
@public
@limiter.limit(GUESSES, methods=["POST"])
def confirm_email(secret: str) -> AnyResponse:
    """Take a new address into use. A button, because mail programs open links by themselves."""
    if request.method == "GET":
        return make_response(render_template("auth/confirm_email.html"))
    email = account.confirm_email(runtime(), secret)
    browser().leave()
    flash(gettext("From now on you sign in as %(email)s.", email=email), "good")
    return redirect(url_for("auth.sign_in", email=email))


def _again(template: str, error: KithError) -> Response:
    """The form once more, with what was typed, what was wrong, and when to come back."""
    fields = error.fields
    form = Form(request.form, fields)
    page = render_template(template, form=form, problem="" if fields else error.text(gettext))
    response = make_response(page, error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response
