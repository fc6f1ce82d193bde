"""Surveys for programs: `/api/v1/surveys`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import service as customers
from kith_platform.errors import FieldError, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.surveys import answering, asking, links, reading, service
from kith_platform.surveys.models import Survey
from kith_platform.surveys.schemas import (
    NewSurveyAnswerSchema,
    NewSurveyLinksSchema,
    NewSurveySchema,
    SurveyAnswerPageSchema,
    SurveyAnswerQuerySchema,
    SurveyAnswerSchema,
    SurveyLinksSchema,
    SurveyPageSchema,
    SurveyQuerySchema,
    SurveySchema,
)

api = Blueprint("surveys_api", __name__, url_prefix="/surveys", description="Surveys: NPS, CSAT, CES and eNPS")
PLAIN = ("public_id", "name", "kind", "questions", "state", "made_at", "closed_at", *service.WHERE)


def _documents(rows: Sequence[Survey]) -> list[dict[str, Any]]:
    tallies = reading.tallies(current_db(), rows)
    return [_document(row, tallies[row.id]) for row in rows]


def _document(row: Survey, tally: reading.Tally) -> dict[str, Any]:
    kind, company = service.kind_of(row), current_tenant().public_id
    path = links.PATH + links.token(runtime().secret_key, links.Link(company, row.public_id))
    return {
        **{name: getattr(row, name) for name in PLAIN},
        "link": runtime().settings.public_url.rstrip("/") + path,
        "sent": tally.sent,
        "answered": tally.answered,
        "counts": [{"score": score, "answers": number} for score, number in tally.counts.items()],
        "value": tally.value,
        "unit_of_value": kind.unit,
        "metric": kind.metric,
        "few": tally.few,
    }


def _get(public_id: uuid.UUID) -> Survey:
    return service.get(current_db(), public_id)


@api.route("")
class Surveys(MethodView):
    @requires(service.READ)
    @api.arguments(SurveyQuerySchema, location="query")
    @api.response(200, SurveyPageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Surveys, newest first, with what came of them."""
        found = service.page(current_db(), state=asked["state"], before=asked["after"], limit=asked["limit"])
        rows = found[: asked["limit"]]
        return {"surveys": _documents(rows), "next": rows[-1].public_id if len(found) > len(rows) else None}

    @requires(service.MANAGE)
    @api.arguments(NewSurveySchema)
    @api.response(201, SurveySchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Make a survey. It is open at once."""
        return _documents([service.create(current_db(), current_actor(), given)])[0]


@api.route("/<uuid:public_id>")
class One(MethodView):
    @requires(service.READ)
    @api.response(200, SurveySchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """One survey."""
        return _documents([_get(public_id)])[0]


@api.route("/<uuid:public_id>/closed")
class Closed(MethodView):
    @requires(service.MANAGE)
    @api.response(200, SurveySchema)
    def post(self, public_id: uuid.UUID) -> dict[str, Any]:
        """Take no more answers."""
        return _documents([service.close(current_db(), current_actor(), _get(public_id))])[0]

    @requires(service.MANAGE)
    @api.response(200, SurveySchema)
    def delete(self, public_id: uuid.UUID) -> dict[str, Any]:
        """Take answers again."""
        return _documents([service.reopen(current_db(), current_actor(), _get(public_id))])[0]


@api.route("/<uuid:public_id>/answers")
class Answers(MethodView):
    @requires(service.READ)
    @api.arguments(SurveyAnswerQuerySchema, location="query")
    @api.response(200, SurveyAnswerPageSchema)
    def get(self, asked: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Answers of customers the caller may see and of nobody known, newest first; of an anonymous survey only comments."""
        session, row = current_db(), _get(public_id)
        page = reading.answers(session, current_actor(), row, after=asked["after"], limit=asked["limit"])
        return {
            "answers": [_answer(one, customer) for one, customer in page.rows],
            "next": page.next,
            "comments": reading.comments(session, row),
        }

    @requires(service.ANSWER)
    @api.arguments(NewSurveyAnswerSchema)
    @api.response(201, SurveyAnswerSchema)
    def post(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Enter what a customer said."""
        session, actor, row = current_db(), current_actor(), _get(public_id)
        try:
            customer = customers.get(session, actor, given["customer"])
        except NotFound:
            raise Invalid(fields=[FieldError("customer", N_("There is no such customer that you can see."))]) from None
        return _answer(answering.by_staff(session, actor, row, customer, given), customer)


@api.route("/<uuid:public_id>/links")
class Links(MethodView):
    @requires("customers:export")
    @api.arguments(NewSurveyLinksSchema)
    @api.response(201, SurveyLinksSchema)
    def post(self, given: Mapping[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Personal links for customers the caller may see, who count as asked from now on. Kith sends nothing."""
        session, actor, row = current_db(), current_actor(), _get(public_id)
        ids = asking.by_public_id(session, actor, given["customers"])
        whom = asking.Whom(given["channel"], given["agreed"], customers=ids)
        asking.allow(session, actor, row, whom)
        return {"links": asking.batch(session, runtime(), actor, row, whom)[0]}


def _answer(row: Any, customer: Any) -> dict[str, Any]:
    whose = {"customer": customer.public_id, "customer_name": customer.name} if customer else {}
    plain = {name: getattr(row, name) for name in ("score", "comment", "answered_at")}
    return {"customer": None, "customer_name": None, **plain, **whose}
