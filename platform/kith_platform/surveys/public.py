"""The page on which people answer: behind a signed link, without account, cookie or script, in three languages.

It shows a company's name and its question, and of the person nothing, for links are passed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale, gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth import visiting
from kith_platform.auth.edge import PATIENCE, runtime
from kith_platform.auth.gate import public
from kith_platform.errors import BadRequest, Expired, Invalid, KithError, NotFound
from kith_platform.i18n import DEFAULT_LANGUAGE, LANGUAGES, N_, language_of
from kith_platform.surveys import answering, links, service
from kith_platform.surveys.links import Link
from kith_platform.surveys.models import Survey
from kith_platform.web.forms import Form
from kith_platform.web.limits import limiter
from kith_platform.web.security import csrf
from kith_tenants.tenant import TenantContext

pages = Blueprint("survey_answers", __name__, url_prefix=links.PATH.rstrip("/"))
# By address, and whole offices share one: generous, but not for who makes up a thousand answers.
READS, ANSWERS = "120 per minute", "30 per minute; 600 per hour"
UNKNOWN = N_("There is no survey at this address. Look whether the link is complete, or ask for a new one.")


@pages.get("/<token>")
@public
@limiter.limit(READS)
def show(token: str) -> AnyResponse:
    """The question."""
    tenant = None
    try:
        link, tenant = _of(token)
        with runtime().doors.tenant_scope(tenant.id, read_only=True, patience=PATIENCE) as session:
            survey, _customer = answering.opened(session, link)
            return _question(token, tenant, survey, Form())
    except KithError as error:
        return _sorry(token, error, tenant)


@pages.post("/<token>")
@public
@limiter.limit(ANSWERS)
def answer(token: str) -> AnyResponse:
    """Take an answer; sent again, it replaces the one before."""
    tenant = None
    try:
        number = links.proven(runtime().secret_key, token, request.form.get("proof", ""))
        if number is None:
            raise Expired
        link, tenant = _of(token)
        with runtime().doors.tenant_scope(tenant.id, patience=PATIENCE) as session:
            try:
                answering.by_link(session, link, number, request.form)
            except Invalid as error:
                survey = service.get(session, link.survey)
                return _question(token, tenant, survey, Form(request.form, error.fields), 422)
    except KithError as error:
        return _sorry(token, error, tenant)
    return redirect(url_for(".thanks", token=token, language=request.args.get("language")), 303)


# There is no cookie whose rights another site could use; the form's own proof says that our page made it.
csrf.exempt(answer)


@pages.get("/<token>/thanks")
@public
@limiter.limit(READS)
def thanks(token: str) -> AnyResponse:
    """What stands after an answer. A page of its own, so that loading it again sends nothing again."""
    try:
        _link, tenant = _of(token)
    except KithError as error:
        return _sorry(token, error)
    return _page("surveys/thanks.html", tenant, _language(tenant), 200, token=token)


def _of(token: str) -> tuple[Link, TenantContext]:
    """Raises NotFound for a damaged link, and for a company that is gone."""
    link = links.read(runtime().secret_key, token)
    tenant = visiting.company(runtime(), link.company) if link is not None else None
    if link is None or tenant is None:
        raise NotFound(UNKNOWN)
    return link, tenant


def _question(token: str, tenant: TenantContext, survey: Survey, form: Form, status: int = 200) -> AnyResponse:
    language = _language(tenant)
    words: Mapping[str, str] = survey.questions
    return _page(
        "surveys/answer.html",
        tenant,
        language,
        status,
        token=token,
        kind=service.kind_of(survey),
        question=words.get(language) or next(iter(words.values())),
        proof=request.form.get("proof") or links.proof(runtime().secret_key, token),
        longest=answering.LONGEST,
        form=form,
    )


def _sorry(token: str, error: KithError, tenant: TenantContext | None = None) -> AnyResponse:
    if error.status >= 500:
        raise error
    shown = error if error.status in (NotFound.status, answering.Gone.status, BadRequest.status) else NotFound(UNKNOWN)
    language = _language(tenant)
    with force_locale(language):
        text, title = shown.text(gettext), gettext(shown.title)
    return _page("surveys/sorry.html", tenant, language, shown.status, token=token, text=text, title=title)


def _page(template: str, tenant: TenantContext | None, language: str, status: int, **given: Any) -> AnyResponse:
    company = tenant.name if tenant is not None else ""
    with force_locale(language):
        body = render_template(template, company=company, choices=LANGUAGES, spoken=language, **given)
    response = make_response(body, status)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _language(tenant: TenantContext | None) -> str:
    """What the person chose here, else what the browser asks for, else the company's."""
    asked = (request.args.get("language"), *(tag for tag, _quality in request.accept_languages))
    usual = tenant.language if tenant is not None else DEFAULT_LANGUAGE
    return next((found for tag in asked if (found := language_of(tag))), usual)
