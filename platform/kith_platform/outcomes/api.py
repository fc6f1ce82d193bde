"""Customers' goals for programs: `/api/v1/outcomes`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.errors import FieldError, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.outcomes import service
from kith_platform.outcomes.schemas import (
    ConfirmationSchema,
    MeasurementSchema,
    NewOutcomeSchema,
    OutcomeFieldsSchema,
    OutcomePageSchema,
    OutcomeQuerySchema,
    OutcomeSchema,
)
from kith_platform.outcomes.service import Filter
from kith_platform.tickets.service import customer_of

api = Blueprint("outcomes_api", __name__, url_prefix="/outcomes", description="What customers want to reach with us")
MADE = ("id", "customer", "customer_name", "set_at", "reached")
PLAIN = (*(name for name in OutcomeSchema().fields if name not in MADE), "public_id", "occurred_at")


def _plain(row: Any, customer: Customer | None) -> dict[str, Any]:
    whose = {"customer": customer.public_id, "customer_name": customer.name} if customer else {}
    made = {"reached": service.reached(row), "customer": None, "customer_name": None}
    return {name: getattr(row, name) for name in PLAIN} | made | whose


def _one(row: Any) -> dict[str, Any]:
    return _plain(row, customer_of(current_db(), row))


def _held(public_id: uuid.UUID) -> Any:
    return service.get(current_db(), current_actor(), public_id, lock=True)


@api.route("")
class Outcomes(MethodView):
    @requires("success:read")
    @api.arguments(OutcomeQuerySchema, location="query")
    @api.response(200, OutcomePageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Goals of customers the caller may see, newest first."""
        page = service.page(current_db(), current_actor(), Filter(asked["show"]), after=asked["after"], limit=asked["limit"])
        return {"outcomes": [_plain(row, customer) for row, customer in page.rows], "next": page.next}

    @requires("success:write")
    @api.arguments(NewOutcomeSchema)
    @api.response(201, OutcomeSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Agree on a goal with a customer."""
        session, actor = current_db(), current_actor()
        try:
            customer = customers.get(session, actor, given.pop("customer"))
        except NotFound:
            raise Invalid(fields=[FieldError("customer", N_("There is no such customer that you can see."))]) from None
        return _one(service.create(session, actor, given, customer))


@api.route("/<uuid:public_id>")
class One(MethodView):
    @requires("success:read")
    @api.response(200, OutcomeSchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """One goal."""
        return _one(service.get(current_db(), current_actor(), public_id))

    @requires("success:write")
    @api.arguments(OutcomeFieldsSchema)
    @api.response(200, OutcomeSchema)
    def patch(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Change the given fields. What the customer confirmed must be confirmed anew."""
        return _one(service.change(current_db(), current_actor(), _held(public_id), given))


@api.route("/<uuid:public_id>/confirmation")
class Confirmation(MethodView):
    @requires("success:write")
    @api.arguments(ConfirmationSchema)
    @api.response(200, OutcomeSchema)
    def post(self, given: Mapping[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """The customer says that this is the goal."""
        row = _held(public_id)
        return _one(service.confirm(current_db(), current_actor(), row, given["confirmed_by"], given["confirmed_at"]))


@api.route("/<uuid:public_id>/measurement")
class Measurement(MethodView):
    @requires("success:write")
    @api.arguments(MeasurementSchema)
    @api.response(200, OutcomeSchema)
    def post(self, given: Mapping[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """What came of it. Measured again, the newer word counts."""
        return _one(service.measure(current_db(), current_actor(), _held(public_id), given))
