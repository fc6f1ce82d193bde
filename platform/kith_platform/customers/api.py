"""Customers for programs: `/api/v1/customers`."""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import erasure, figures, listing, service
from kith_platform.customers.listing import Filter
from kith_platform.customers.models import Customer
from kith_platform.customers.schemas import (
    CustomerPageSchema,
    CustomerQuerySchema,
    CustomerSchema,
    NewCustomerSchema,
    WholeCustomerSchema,
)
from kith_platform.labelled import shown as questions
from kith_platform.predict import scores

SHOWN = (*service.FIELDS, "public_id", "attributes", "created_at", "changed_at")

api = Blueprint("customers_api", __name__, url_prefix="/customers", description="Customers: who they are and what they bring")


@api.route("")
class Customers(MethodView):
    @requires("customers:read")
    @api.arguments(CustomerQuerySchema, location="query")
    @api.response(200, CustomerPageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Customers the caller may see, in one of four orders; sorted by a score, only those who have one."""
        sort, after, limit = asked.pop("sort"), asked.pop("after"), asked.pop("limit")
        page = listing.page(current_db(), current_actor(), Filter(**asked), sort=sort, after=after, limit=limit)
        return {"customers": page.customers, "next": page.next}

    @requires("customers:write")
    @api.arguments(NewCustomerSchema)
    @api.response(201, CustomerSchema)
    def post(self, given: dict[str, Any]) -> Customer:
        """Add a customer. A name, an e-mail address or a phone number is enough."""
        return service.create(current_db(), current_actor(), given)


@api.route("/<uuid:public_id>")
class One(MethodView):
    @requires("customers:read")
    @api.response(200, WholeCustomerSchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """One customer with records, figures and scores. For a merged one, the survivor: compare `id`."""
        session, actor = current_db(), current_actor()
        row = service.get(session, actor, public_id)
        found = scores.of_customers(session, [row.id])[row.id] if actor.can("models:read") else {}
        secret = questions.hidden(session, actor)
        found = {task: score for task, score in found.items() if task not in secret}
        plain = {column: getattr(row, column) for column in SHOWN}
        return {
            **plain,
            "records": service.records(session, row.id),
            "figures": figures.of_customers(session, [row.id]).get(row.id, figures.NONE),
            "scores": found,
        }

    @requires("customers:erase")
    @api.response(204)
    def delete(self, public_id: uuid.UUID) -> None:
        """Erase a customer for good, with everything that is known of the person. A merged one is erased with its survivor."""
        session, actor = current_db(), current_actor()
        erasure.erase(session, actor, service.get(session, actor, public_id), runtime().facts)
