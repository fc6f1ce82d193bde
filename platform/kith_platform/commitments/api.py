"""Commitments for programs: `/api/v1/commitments`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.commitments import service
from kith_platform.commitments.schemas import (
    CommitmentFieldsSchema,
    CommitmentPageSchema,
    CommitmentQuerySchema,
    CommitmentSchema,
    DoneSchema,
    NewCommitmentSchema,
)
from kith_platform.commitments.service import Filter
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.errors import FieldError, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.tickets import service as tickets

api = Blueprint("commitments_api", __name__, url_prefix="/commitments", description="What was promised to customers")
PLAIN = (*(name for name in CommitmentSchema().fields if name not in ("id", "customer", "customer_name", "promised_at")),)


def _plain(row: Any, customer: Customer | None) -> dict[str, Any]:
    whose = {"customer": customer.public_id, "customer_name": customer.name} if customer else {}
    plain = {name: getattr(row, name) for name in (*PLAIN, "public_id", "occurred_at")}
    return plain | {"customer": None, "customer_name": None} | whose


def _one(row: Any) -> dict[str, Any]:
    return _plain(row, tickets.customer_of(current_db(), row))


def _held(public_id: uuid.UUID) -> Any:
    return service.get(current_db(), current_actor(), public_id, lock=True)


@api.route("")
class Commitments(MethodView):
    @requires("success:read")
    @api.arguments(CommitmentQuerySchema, location="query")
    @api.response(200, CommitmentPageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Commitments to customers the caller may see: open ones by what is due first, others newest first."""
        wanted = Filter(asked["show"], asked["rep"])
        page = service.page(current_db(), current_actor(), wanted, after=asked["after"], limit=asked["limit"])
        return {"commitments": [_plain(row, customer) for row, customer in page.rows], "next": page.next}

    @requires("success:write")
    @api.arguments(NewCommitmentSchema)
    @api.response(201, CommitmentSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Promise something to a customer, if wished about a ticket. Without `rep` it is the caller's."""
        session, actor = current_db(), current_actor()
        about = given.pop("ticket")
        try:
            customer = customers.get(session, actor, given.pop("customer"))
        except NotFound:
            raise Invalid(fields=[FieldError("customer", N_("There is no such customer that you can see."))]) from None
        try:
            ticket = tickets.get(session, actor, about) if about else None
        except NotFound:
            raise Invalid(fields=[FieldError("ticket", N_("There is no such ticket that you can see."))]) from None
        return _one(service.create(session, actor, given, customer, ticket=ticket))


@api.route("/<uuid:public_id>")
class One(MethodView):
    @requires("success:read")
    @api.response(200, CommitmentSchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """One commitment."""
        return _one(service.get(current_db(), current_actor(), public_id))

    @requires("success:write")
    @api.arguments(CommitmentFieldsSchema)
    @api.response(200, CommitmentSchema)
    def patch(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Change the given fields of an open one."""
        return _one(service.change(current_db(), current_actor(), _held(public_id), given))


@api.route("/<uuid:public_id>/done")
class Done(MethodView):
    @requires("success:write")
    @api.arguments(DoneSchema)
    @api.response(200, CommitmentSchema)
    def post(self, given: Mapping[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """It is kept."""
        return _one(service.done(current_db(), current_actor(), _held(public_id), given["done_at"]))


@api.route("/<uuid:public_id>/cancelled")
class Cancelled(MethodView):
    @requires("success:write")
    @api.response(200, CommitmentSchema)
    def post(self, public_id: uuid.UUID) -> dict[str, Any]:
        """It is called off and counts nowhere."""
        return _one(service.cancel(current_db(), current_actor(), _held(public_id)))
