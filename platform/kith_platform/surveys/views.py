"""Pages of surveys: the list, making one, one with its links and answers, and entering what a customer said."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.auth.qr import picture
from kith_platform.customers import listing as customer_list
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.errors import FieldError, Invalid
from kith_platform.i18n import LANGUAGES, N_
from kith_platform.metrics import service as metrics
from kith_platform.segments import service as segments
from kith_platform.surveys import answering, asking, links, reading, service
from kith_platform.surveys.kinds import KINDS, SurveyKind
from kith_platform.surveys.models import OPEN, Survey
from kith_platform.surveys.reading import Tally
from kith_platform.web import locale
from kith_platform.web.charts import Chart, Series
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem

pages = Blueprint("surveys", __name__, url_prefix="/c/<slug>/surveys")
NAVIGATION = (
    NavItem(
        key="surveys",
        label=N_("Surveys"),
        icon="mood-happy",
        endpoint="surveys.index",
        permission=service.READ,
        section="service",
        order=40,
    ),
)
MATCHES = 8  # customers offered for a typed name


@pages.get("/")
@requires(service.READ)
def index(slug: str) -> str:
    """The list."""
    session, asked = current_db(), request.args
    state = asked.get("state", "")
    found = service.page(session, state=state, before=_uuid(asked.get("after", "")))
    rows = found[: service.PAGE]
    return render_template(
        "surveys/index.html",
        slug=slug,
        rows=rows,
        next=rows[-1].public_id if len(found) > len(rows) else None,
        state=state,
        kinds=KINDS,
        tallies=reading.tallies(session, rows),
        written=written,
    )


@pages.get("/new")
@requires(service.MANAGE)
def new(slug: str) -> str:
    """First which kind, then the form with its usual words."""
    kind = KINDS.get(request.args.get("kind", ""))
    if kind is None:
        return render_template("surveys/kinds.html", slug=slug, kinds=KINDS)
    words = {service.QUESTION + language: text for language, text in kind.questions().items()}
    return _form(slug, kind, Form({"name": gettext(kind.label), **words}))


@pages.post("/new")
@requires(service.MANAGE)
def create(slug: str) -> Any:
    """Make a survey."""
    kind = KINDS.get(request.args.get("kind", ""))
    questions = {language: request.form.get(service.QUESTION + language, "") for language in LANGUAGES}
    given = {**request.form, "kind": kind.code if kind else "", "questions": questions}
    try:
        row = service.create(current_db(), current_actor(), given)
    except Invalid as error:
        if kind is None:
            return render_template("surveys/kinds.html", slug=slug, kinds=KINDS), 422
        return _form(slug, kind, Form(request.form, error.fields)), 422
    flash(gettext("The survey is open. Its link stands below."), "good")
    return _to(slug, row)


@pages.get("/<uuid:public_id>")
@requires(service.READ)
def show(slug: str, public_id: uuid.UUID) -> str:
    """One survey: its links, how the scores spread, and the answers."""
    return _show(slug, service.get(current_db(), public_id), Form({"channel": "email"}))


@pages.post("/<uuid:public_id>/close")
@requires(service.MANAGE)
def close(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Take no more answers."""
    row = service.close(current_db(), current_actor(), service.get(current_db(), public_id))
    flash(gettext("The survey is closed. What was answered stays."), "good")
    return _to(slug, row)


@pages.post("/<uuid:public_id>/open")
@requires(service.MANAGE)
def reopen(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Take answers again."""
    row = service.reopen(current_db(), current_actor(), service.get(current_db(), public_id))
    flash(gettext("The survey is open again."), "good")
    return _to(slug, row)


@pages.post("/<uuid:public_id>/links.csv")
@requires("customers:export")
def personal(slug: str, public_id: uuid.UUID) -> Any:
    """A file with a link for each customer of a segment or list. A post, because who gets one was asked from then on."""
    session, actor, held = current_db(), current_actor(), runtime()
    row = service.get(session, public_id)
    try:
        whom = _whom()
        asking.allow(session, actor, row, whom)
    except Invalid as error:
        return _show(slug, row, Form(request.form, error.fields)), 422
    lines = asking.lines(held, current_tenant().id, actor, row.public_id, whom)
    head = {"Content-Disposition": f'attachment; filename="survey-{row.public_id.hex[-8:]}.csv"'}
    return Response(stream_with_context(lines), mimetype="text/csv; charset=utf-8", headers=head)


@pages.get("/of/<uuid:public_id>")
@requires(service.ANSWER)
def of_customer(slug: str, public_id: uuid.UUID) -> str:
    """Which survey a customer answers."""
    session = current_db()
    customer = customers.get(session, current_actor(), public_id)
    rows = service.page(session, state=OPEN, of_customers=True)[: service.PAGE]
    return render_template("surveys/choose_survey.html", slug=slug, customer=customer, rows=rows, kinds=KINDS)


@pages.get("/<uuid:public_id>/answer")
@requires(service.ANSWER)
def said(slug: str, public_id: uuid.UUID) -> str:
    """First who said it, then the form."""
    session, actor, asked = current_db(), current_actor(), request.args
    row = service.get(session, public_id)
    if "customer" in asked:
        return _said(slug, row, _customer(), Form())
    typed = asked.get("q", "").strip()[: customers.LONGEST]
    found = customer_list.page(session, actor, customer_list.Filter(q=typed), limit=MATCHES).customers if typed else ()
    return render_template("surveys/choose_customer.html", slug=slug, row=row, typed=typed, found=found)


@pages.post("/<uuid:public_id>/answer")
@requires(service.ANSWER)
def enter(slug: str, public_id: uuid.UUID) -> Any:
    """Enter what a customer said."""
    session = current_db()
    row, customer = service.get(session, public_id), _customer()
    try:
        answering.by_staff(session, current_actor(), row, customer, request.form)
    except Invalid as error:
        return _said(slug, row, customer, Form(request.form, error.fields)), 422
    flash(gettext("Written down."), "good")
    return redirect(url_for("customers.show", slug=slug, public_id=customer.public_id, show="service"))


def written(kind: SurveyKind, value: float | None) -> Any:
    """What a pile of answers is worth, as people read it."""
    if kind.unit == "ratio":
        return locale.percent(value, 0)
    return locale.number(value, 0 if kind.unit == "points" else 1)


def _show(slug: str, row: Survey, form: Form) -> str:
    session, actor = current_db(), current_actor()
    kind, tally = service.kind_of(row), reading.tallies(session, [row])[row.id]
    carried = links.Link(current_tenant().public_id, row.public_id)
    link = runtime().settings.public_url.rstrip("/") + links.PATH + links.token(runtime().secret_key, carried)
    found = reading.answers(session, actor, row, after=request.args.get("after", ""))
    may_ask = actor.can(service.MANAGE) and actor.can("customers:export") and row.state == OPEN and not kind.anonymous
    offered = {one.metric.key for one in metrics.catalogue(session, runtime().plugins)}
    return render_template(
        "surveys/show.html",
        slug=slug,
        row=row,
        kind=kind,
        tally=tally,
        value=written(kind, tally.value) if tally.value is not None else None,
        chart=_chart(kind, tally) if tally.answered and tally.counts else None,
        few=reading.FEW,
        link=link,
        qr=picture(link) if "qr" in request.args else None,
        found=found,
        comments=reading.comments(session, row),
        languages=LANGUAGES,
        may_manage=actor.can(service.MANAGE),
        segments=[(one.public_id, one.name) for one in segments.listed(session)] if may_ask else None,
        channels={code: gettext(one.label) for code, one in asking.CHANNELS.items()},
        metric=kind.metric if kind.metric in offered and actor.can("metrics:read") else "",
        form=form,
    )


def _chart(kind: SurveyKind, tally: Tally) -> Chart:
    return Chart(
        key="scores",
        title=gettext("Answers by score"),
        kind="bar",
        categories=[str(score) for score in kind.scores],
        series=[Series(name=gettext("Answers"), values=[tally.counts.get(score, 0) for score in kind.scores])],
        colours=[kind.tone(score) for score in kind.scores],
        x_label=gettext("Score"),
    )


def _form(slug: str, kind: SurveyKind, form: Form) -> str:
    return render_template("surveys/form.html", slug=slug, kind=kind, form=form, languages=LANGUAGES)


def _said(slug: str, row: Survey, customer: Customer, form: Form) -> str:
    return render_template(
        "surveys/enter.html",
        slug=slug,
        row=row,
        kind=service.kind_of(row),
        question=row.questions.get(locale.language()) or next(iter(row.questions.values())),
        customer=customer,
        form=form,
    )


def _whom() -> asking.Whom:
    """Whom the form of personal links names. Raises Invalid, NotFound."""
    session, actor, sent = current_db(), current_actor(), request.form
    channel, agreed = sent.get("channel", ""), "agreed" in sent
    if chosen := _uuid(sent.get("segment", "")):
        return asking.Whom(channel, agreed, segment_id=segments.get(session, chosen).id)
    if not sent.get("customers", "").strip():
        raise Invalid(fields=[FieldError("segment", N_("Choose a segment, or name customers below."))])
    return asking.Whom(channel, agreed, customers=asking.named(session, actor, sent["customers"]))


def _customer() -> Customer:
    """The customer the address names. Raises NotFound."""
    return customers.get(current_db(), current_actor(), _uuid(request.args.get("customer", "")) or uuid.UUID(int=0))


def _to(slug: str, row: Survey) -> AnyResponse:
    return redirect(url_for("surveys.show", slug=slug, public_id=row.public_id))


def _uuid(typed: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(typed)
    except ValueError:
        return None
